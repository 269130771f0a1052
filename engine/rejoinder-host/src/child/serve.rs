//! The child's side: one plugin, asked until the parent goes.

use std::io;
use std::ops::Range;
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::time::Instant;

use super::frame::{self, Header, kind};
use super::greeting::{Greeting, PluginReference};
use super::wait::Waiter;
use super::watch::{end_at_once, end_with_parent};
use crate::abi::Plugin;
use crate::activity::{Activity, PluginTag, PluginWork};
use crate::earlier_votes::EarlierVotes;
use crate::facts::FactValues;
use crate::handshake::{CheckedPlugin, Description};
use crate::output::Columns;
use crate::registry::Starter;
use crate::state::{AnswerRoom, State};
use crate::{Batch, LoadCause, LoadContext, PluginSpec, locate, panics, services};

/// Serves the parent on standard input until it goes. `built_in` are the plugins that are linked in.
///
/// # Errors
/// If standard input is no socket, or what comes over it makes no sense.
pub fn serve(built_in: &[&'static Plugin]) -> io::Result<()> {
    end_with_parent()?;
    let mut stream = UnixStream::from(io::stdin().as_fd().try_clone_to_owned()?);
    panics::install();
    let mut served = ServedPlugin::new();
    let mut waiter = Waiter::default();
    loop {
        let answered = Instant::now();
        waiter.wait(&stream);
        let header = match Header::read(&mut stream) {
            Err(e) if e.kind() == io::ErrorKind::UnexpectedEof => {
                // Nobody is left to end what the plugin has started.
                drop(served);
                end_at_once();
                return Ok(());
            }
            header => header?,
        };
        waiter.took(answered.elapsed());
        if header.kind == kind::END {
            return Ok(());
        }
        if matches!(header.kind, kind::BATCH | kind::FACTS) {
            served.answer(&mut stream, &header)?;
            continue;
        }
        if header.kind == kind::MODEL {
            frame::send_bytes(&mut stream, kind::DONE, served.model())?;
            continue;
        }
        let text = frame::read_text(&mut stream, header.text)?;
        let result = match header.kind {
            kind::HELLO => served
                .load(&text, built_in)
                .map(|d| serde_json::to_string(&d).expect("a description is plain data")),
            kind::START => served.start(&text).map(|()| String::new()),
            other => Err(format!("a frame of kind {other}")),
        };
        let (kind, text) = match &result {
            Ok(text) => (kind::DONE, text),
            Err(reason) => (kind::FAILED, reason),
        };
        frame::send_text(&mut stream, kind, text)?;
    }
}

/// What a child has by now.
struct ServedPlugin {
    activity: Activity,
    /// The plugin as whoever watches knows it.
    tag: &'static PluginTag,
    loaded: Option<(CheckedPlugin, &'static crate::abi::Host)>,
    started: Option<(Starter, State)>,
    batch: Batch,
    earlier: EarlierVotes,
    output: Columns,
    facts: FactValues,
}

impl ServedPlugin {
    fn new() -> Self {
        Self {
            activity: Activity::new(),
            tag: PluginTag::of("", true),
            loaded: None,
            started: None,
            batch: Batch::default(),
            earlier: EarlierVotes::default(),
            output: Columns::default(),
            facts: FactValues::default(),
        }
    }

    fn load(&mut self, hello: &str, built_in: &[&'static Plugin]) -> Result<Description, String> {
        let hello: Greeting = serde_json::from_str(hello).map_err(|e| e.to_string())?;
        let located = match hello.plugin {
            PluginReference::File { path, blake3, place } => locate::handed_over(path, &blake3, place),
            PluginReference::Script { .. } => return Err("a file of Python needs an interpreter".into()),
            PluginReference::BuiltIn(name) => {
                let context = LoadContext { built_in, ..LoadContext::default() };
                locate::locate(&PluginSpec::named(name), &context)
            }
        };
        let host = services::start(hello.rules);
        let checked = located.and_then(|located| located.open(host)).map_err(LoadCause::reason)?;
        let description = checked.description.clone();
        self.tag = PluginTag::of(&description.name, true);
        self.loaded = Some((checked, host));
        Ok(description)
    }

    /// The plugin's own model; none before it is loaded.
    fn model(&self) -> &'static [u8] {
        self.loaded.as_ref().map_or(&[], |(checked, _)| checked.model)
    }

    fn start(&mut self, config: &str) -> Result<(), String> {
        let (checked, host) = self.loaded.as_ref().ok_or("nothing is loaded")?;
        let config = serde_json::from_str(config).map_err(|e| e.to_string())?;
        let starter = Starter::new(checked.functions, host, &config);
        let _starting = self.activity.enter(self.tag, PluginWork::Starting);
        let state = starter.start()?;
        self.started = Some((starter, state));
        Ok(())
    }

    fn answer(&mut self, stream: &mut UnixStream, header: &Header) -> io::Result<()> {
        let n_earlier = header.n_earlier as usize;
        let columns = self.batch.make_room(header).into_iter();
        frame::read_parts(stream, columns.chain(self.earlier.make_room(header.n as usize, n_earlier)))?;
        let (Some((starter, state)), Some((checked, _))) = (&mut self.started, &self.loaded) else {
            return frame::send_text(stream, kind::STUCK, "nothing is started");
        };
        let range = header.start as usize..header.end as usize;
        let columns = self.batch.columns(&range, &self.earlier);
        let mut room = if header.kind == kind::FACTS {
            self.facts.resize(header.n as usize, checked.description.facts.len());
            AnswerRoom::Facts(self.facts.prefilled(&range))
        } else {
            self.output.resize(header.n as usize);
            AnswerRoom::Votes(self.output.prefilled(&range, header.flag != 0))
        };
        let _busy = self.activity.enter(self.tag, PluginWork::Batch(range.len() as u32));
        // SAFETY: the columns are those of a `Batch` of the parent, and `prefilled` gave room for the range.
        let result = unsafe { state.answer(&columns, &mut room) };
        if let Err(reason) = result {
            return match starter.start() {
                Ok(fresh) => {
                    *state = fresh;
                    frame::send_text(stream, kind::FAILED, &reason)
                }
                Err(stuck) => frame::send_text(stream, kind::STUCK, &stuck),
            };
        }
        match room {
            AnswerRoom::Votes(_) => self.send_votes(stream, &range),
            AnswerRoom::Facts(_) => {
                let values = Header { n: range.len() as u32, ..Header::new(kind::FACT_VALUES) };
                frame::send(stream, &values, &[self.facts.as_bytes(&range)])
            }
        }
    }

    fn send_votes(&mut self, stream: &mut UnixStream, range: &Range<usize>) -> io::Result<()> {
        let notes = match self.output.take_notes() {
            notes if notes.is_empty() => String::new(),
            notes => serde_json::to_string(&notes).expect("notes are plain data"),
        };
        let has_probs = self.output.has_probs(range);
        let answers = Header {
            n: range.len() as u32,
            flag: u32::from(has_probs),
            text: u32::try_from(notes.len()).unwrap_or(u32::MAX),
            ..Header::new(kind::ANSWERS)
        };
        let mut parts = self.output.as_bytes(range, has_probs);
        parts.push(notes.as_bytes());
        frame::send(stream, &answers, &parts)
    }
}
