//! The slots: one for each thread that may be inside of a plugin. They are never freed, and are read without a lock.

use std::ptr;
use std::sync::atomic::{AtomicBool, AtomicPtr, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

/// A plugin as whoever watches knows it. Tags live until the process ends.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct PluginTag {
    /// The plugin's name; the path of its library before the name is known.
    pub name: String,
    /// Whether it runs in a process of its own.
    pub is_isolated: bool,
}

/// What a plugin does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PluginWork {
    /// Its library is loaded.
    Loading,
    /// A state of it is made.
    Starting,
    /// It is asked about a batch of so many turns.
    Batch(u32),
    /// Its state, or its process, ends.
    Ending,
}

/// A thread's slot.
#[derive(Debug)]
pub(crate) struct Slot {
    is_taken: AtomicBool,
    /// The plugin whose code the thread is in, or waits for; null for none.
    plugin: AtomicPtr<PluginTag>,
    /// The thread, as [`this_thread`] tells it.
    thread: AtomicUsize,
    /// Milliseconds since [`clock`] began.
    since: AtomicU64,
    /// [`PluginWork`] as a number.
    work: AtomicU64,
    next: OnceLock<&'static Self>,
}

static FIRST: Slot = Slot::new();

/// A session's slot, which others take once it is dropped.
#[derive(Debug)]
pub(crate) struct Activity(&'static Slot);

/// The time inside of a plugin; it ends when this is dropped.
#[derive(Debug)]
pub(crate) struct Entered(&'static Slot);

/// What a slot says.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Seen {
    pub plugin: &'static PluginTag,
    pub work: PluginWork,
    pub time: Duration,
}

impl PluginTag {
    /// The tag of a plugin, which is made once.
    pub fn of(name: &str, is_isolated: bool) -> &'static Self {
        static TAGS: Mutex<Vec<&'static PluginTag>> = Mutex::new(Vec::new());
        let mut tags = TAGS.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(tag) = tags.iter().find(|tag| tag.name == name && tag.is_isolated == is_isolated) {
            return tag;
        }
        let tag: &'static Self = Box::leak(Box::new(Self { name: name.to_owned(), is_isolated }));
        tags.push(tag);
        tag
    }
}

impl PluginWork {
    const BATCH: u64 = 3;

    fn number(self) -> u64 {
        match self {
            Self::Loading => 0,
            Self::Starting => 1,
            Self::Ending => 2,
            Self::Batch(turns) => Self::BATCH + u64::from(turns),
        }
    }

    fn of_number(number: u64) -> Self {
        match number {
            0 => Self::Loading,
            1 => Self::Starting,
            2 => Self::Ending,
            batch => Self::Batch((batch - Self::BATCH) as u32),
        }
    }
}

impl Slot {
    const fn new() -> Self {
        Self {
            is_taken: AtomicBool::new(false),
            plugin: AtomicPtr::new(ptr::null_mut()),
            thread: AtomicUsize::new(0),
            since: AtomicU64::new(0),
            work: AtomicU64::new(0),
            next: OnceLock::new(),
        }
    }

    /// All slots.
    fn all() -> impl Iterator<Item = &'static Self> {
        std::iter::successors(Some(&FIRST), |slot| slot.next.get().copied())
    }

    fn plugin(&self) -> Option<&'static PluginTag> {
        // SAFETY: what stands there is a tag, and tags live until the process ends.
        unsafe { self.plugin.load(Ordering::Acquire).as_ref() }
    }

    /// The plugin that this thread is in. Takes no lock and no memory, so that a handler of a signal may ask.
    #[cfg(unix)]
    pub fn plugin_of_this_thread() -> Option<&'static PluginTag> {
        let here = this_thread();
        Self::all().filter(|slot| slot.thread.load(Ordering::Relaxed) == here).find_map(Self::plugin)
    }

    /// All plugins that threads are in.
    pub fn seen() -> Vec<Seen> {
        let now = clock();
        let seen = |slot: &'static Self| {
            let plugin = slot.plugin()?;
            let since = slot.since.load(Ordering::Relaxed);
            let work = PluginWork::of_number(slot.work.load(Ordering::Relaxed));
            Some(Seen { plugin, work, time: Duration::from_millis(now.saturating_sub(since)) })
        };
        Self::all().filter_map(seen).collect()
    }
}

impl Activity {
    /// A slot that nobody else has.
    pub fn new() -> Self {
        let mut slot = &FIRST;
        while slot.is_taken.swap(true, Ordering::AcqRel) {
            slot = slot.next.get_or_init(|| Box::leak(Box::new(Slot::new())));
        }
        Self(slot)
    }

    /// From now on the calling thread is inside of a plugin, as long as what is returned lives, and `self` must live as long.
    pub fn enter(&self, plugin: &'static PluginTag, work: PluginWork) -> Entered {
        let Self(slot) = self;
        slot.since.store(clock(), Ordering::Relaxed);
        slot.work.store(work.number(), Ordering::Relaxed);
        slot.thread.store(this_thread(), Ordering::Relaxed);
        slot.plugin.store(ptr::from_ref(plugin).cast_mut(), Ordering::Release);
        Entered(slot)
    }
}

impl Drop for Activity {
    fn drop(&mut self) {
        self.0.is_taken.store(false, Ordering::Release);
    }
}

impl Drop for Entered {
    fn drop(&mut self) {
        self.0.plugin.store(ptr::null_mut(), Ordering::Release);
    }
}

/// Milliseconds since the first call.
fn clock() -> u64 {
    static BEGUN: OnceLock<Instant> = OnceLock::new();
    BEGUN.get_or_init(Instant::now).elapsed().as_millis() as u64
}

/// A number that no other thread has that runs at the same time.
#[cfg(unix)]
fn this_thread() -> usize {
    // SAFETY: it only tells, and may be called anywhere.
    unsafe { libc::pthread_self() as usize }
}

#[cfg(not(unix))]
fn this_thread() -> usize {
    0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(name: &str) -> Vec<PluginWork> {
        Slot::seen().into_iter().filter(|seen| seen.plugin.name == name).map(|seen| seen.work).collect()
    }

    #[test]
    fn a_slot_tells_who_is_in_a_plugin_until_its_call_ends() {
        let tag = PluginTag::of("of this test", false);
        assert!(ptr::eq(tag, PluginTag::of("of this test", false)));
        let (one, other) = (Activity::new(), Activity::new());
        let entered = one.enter(tag, PluginWork::Batch(7));
        let starting = other.enter(tag, PluginWork::Starting);
        assert_eq!(seen("of this test").len(), 2);
        drop(starting);
        assert_eq!(seen("of this test"), [PluginWork::Batch(7)]);
        #[cfg(unix)]
        {
            assert_eq!(Slot::plugin_of_this_thread(), Some(tag));
            std::thread::scope(|scope| {
                scope.spawn(|| assert_eq!(Slot::plugin_of_this_thread(), None));
            });
        }
        drop(entered);
        assert!(seen("of this test").is_empty());
    }

    #[test]
    fn work_is_told_by_its_number() {
        for work in [
            PluginWork::Loading,
            PluginWork::Starting,
            PluginWork::Ending,
            PluginWork::Batch(0),
            PluginWork::Batch(u32::MAX),
        ] {
            assert_eq!(PluginWork::of_number(work.number()), work);
        }
    }
}
