//! A thread that makes the pages of turns ahead of the reader, and at once those that somebody waits for.

use std::collections::HashSet;
use std::io;
use std::sync::Arc;
use std::thread::{Builder, JoinHandle};

use rejoinder_core::RecordId;
use rejoinder_read::Chunk;
use rejoinder_run::RunDir;
use rejoinder_run::reading_sample::record_at;
use rejoinder_run::reviewing::ReviewTurn;
use rejoinder_scan::Engine;

use super::pass::Pass;
use super::shelf::{MadePage, NextPage, Shelf};
use super::turn_page::PageMaker;

/// What pages are made of.
pub(crate) struct PageSource {
    pub(crate) run: RunDir,
    pub(crate) engine: Engine,
    /// The turns, in reading order.
    pub(crate) turns: Vec<ReviewTurn>,
}

/// Pages of turns, made by a thread of their own.
pub(crate) struct TurnDesk {
    shelf: Arc<Shelf>,
    thread: Option<JoinHandle<()>>,
}

impl TurnDesk {
    /// Begins to make pages.
    ///
    /// # Errors
    /// If there can be no thread.
    pub(crate) fn open(source: PageSource) -> io::Result<Self> {
        let shelf = Arc::new(Shelf::default());
        let own = Arc::clone(&shelf);
        let thread = Builder::new().name("pages".to_owned()).spawn(move || {
            // Whoever waits is told, also where a page ends the thread.
            let _guard = EndGuard(Arc::clone(&own));
            if let Err(why) = make_pages(&source, &own) {
                own.end(&why);
            }
        })?;
        Ok(Self { shelf, thread: Some(thread) })
    }

    /// The page of a turn, by its number in reading order. Waits until the page is made.
    ///
    /// # Errors
    /// In words: why there is none.
    pub(crate) fn page(&self, number: usize) -> MadePage {
        self.shelf.page(number)
    }
}

impl Drop for TurnDesk {
    fn drop(&mut self) {
        self.shelf.close();
        if let Some(thread) = self.thread.take() {
            // A panic of the thread was told where it happened.
            let _ = thread.join();
        }
    }
}

struct EndGuard(Arc<Shelf>);

impl Drop for EndGuard {
    fn drop(&mut self) {
        self.0.end("A fault of the program: the terminal where `rejoinder review` runs says which.");
    }
}

/// Whether the record of a turn is read without all that stands before it in its file.
pub(crate) fn can_seek(run: &RunDir, id: RecordId) -> bool {
    let map = &run.manifest.config.input.map;
    run.manifest.inputs.get(id.shard as usize).is_none_or(|file| file.can_seek(map))
}

fn make_pages(source: &PageSource, shelf: &Shelf) -> Result<(), String> {
    let PageSource { run, engine, turns } = source;
    let asked: HashSet<RecordId> = run.asked().map_err(|error| error.to_string())?;
    let mut maker = PageMaker::new(run, engine, &asked).map_err(|error| error.to_string())?;
    let numbered = turns.iter().enumerate().map(|(number, turn)| (turn.id, number));
    let (sought, passed): (Vec<_>, Vec<_>) = numbered.partition(|(id, _)| can_seek(run, *id));
    let mut ahead = sought.into_iter().map(|(_, number)| number).peekable();
    let mut pass = Some(Pass::new(run, passed));
    let mut put = |number: usize, record: Result<Chunk, String>| {
        shelf.put(number, record.and_then(|record| maker.make(&record, &turns[number])));
    };
    loop {
        let wanted = match shelf.next(ahead.peek().is_some() || pass.is_some()) {
            NextPage::Closed => return Ok(()),
            NextPage::Wanted(number) => Some(number),
            NextPage::Ahead => ahead.next(),
        };
        // A pass that is under way comes to the turns of its files.
        let is_passed = wanted.is_none_or(|number| !can_seek(run, turns[number].id));
        while let Some(under_way) = pass.as_mut().filter(|_| is_passed) {
            match under_way.step() {
                Some(found) => found.into_iter().for_each(|(number, record)| put(number, record)),
                None => pass = None,
            }
            if wanted.is_none_or(|number| shelf.holds(number)) {
                break;
            }
        }
        if let Some(number) = wanted.filter(|number| !shelf.holds(*number)) {
            put(number, record_at(run, turns[number].id).map_err(|fault| fault.to_string()));
        }
    }
}
