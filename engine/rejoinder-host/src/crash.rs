//! A plugin that takes the program's process with it (a crash, `abort`, `exit`) is named on the way: in a line on standard error,
//! and in a file for whoever looks at the run later. The process still ends as it would have.

use std::ffi::{CString, c_int, c_void};
use std::fmt;
use std::mem::MaybeUninit;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::ptr;
use std::sync::atomic::{AtomicBool, AtomicPtr, Ordering};
use std::sync::{Once, OnceLock};

use crate::activity::Slot;
use crate::descriptor::Descriptor;

/// The signals by which a process ends for its own fault, with their names.
const SIGNALS: [(c_int, &str); 5] = [
    (libc::SIGSEGV, "SIGSEGV"),
    (libc::SIGBUS, "SIGBUS"),
    (libc::SIGILL, "SIGILL"),
    (libc::SIGFPE, "SIGFPE"),
    (libc::SIGABRT, "SIGABRT"),
];

/// The exit code of the command where a plugin fails: a plugin that calls `exit` decides about no other.
const FAILED: c_int = 8;

/// How often, and for how many nanoseconds each, a thread that crashes waits until another has told of its own crash.
const MOST_WAITS: u32 = 1000;
const WAIT: libc::c_long = 1_000_000;

/// What was done with the signals before.
static BEFORE: OnceLock<[libc::sigaction; SIGNALS.len()]> = OnceLock::new();
/// Whether plugins that end the process are to be named at all.
static IS_WANTED: AtomicBool = AtomicBool::new(false);
static IS_TOLD: AtomicBool = AtomicBool::new(false);
/// Whether all is written that is told.
static IS_WRITTEN: AtomicBool = AtomicBool::new(false);
static PLACE: AtomicPtr<CrashPlace> = AtomicPtr::new(ptr::null_mut());

/// The run that is worked on.
#[derive(Debug)]
struct CrashPlace {
    file: CString,
    next: String,
}

/// Says what becomes of a crash, as long as it lives or until another takes its place.
#[derive(Debug)]
pub struct CrashNote(*mut CrashPlace);

impl CrashNote {
    /// From now on, a plugin that ends this process is named in `file`, one line of JSON (`plugin`, which may be null, and
    /// `signal`, 0 for a call of `exit`), and the line on standard error names the command `next`, which goes on.
    pub fn in_file(file: &Path, next: &str) -> Self {
        // A path with a zero byte leads nowhere.
        let Ok(file) = CString::new(file.as_os_str().as_bytes()) else { return Self(ptr::null_mut()) };
        // It is never freed: a handler may be reading it.
        let place = Box::into_raw(Box::new(CrashPlace { file, next: next.to_owned() }));
        PLACE.store(place, Ordering::Release);
        Self(place)
    }
}

impl Drop for CrashNote {
    fn drop(&mut self) {
        // Where another note stands by now, it stays.
        let _ = PLACE.compare_exchange(self.0, ptr::null_mut(), Ordering::AcqRel, Ordering::Relaxed);
    }
}

/// From now on, a plugin whose library is loaded into this process and that ends it (a crash, `abort`, `exit`) is named on standard
/// error, and where a [`CrashNote`] says. For a program that is a command and nothing else: another one may have handlers of its own for the
/// signals of a crash, and live on.
pub fn name_plugins_that_end_the_process() {
    IS_WANTED.store(true, Ordering::Relaxed);
}

/// To be called before code of a library runs in the process.
pub(crate) fn watch() {
    if !IS_WANTED.load(Ordering::Relaxed) {
        return;
    }
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        // SAFETY: plain data, where all zeros are a value.
        let mut before: [libc::sigaction; SIGNALS.len()] = unsafe { MaybeUninit::zeroed().assume_init() };
        // The handler goes on with what was there before, so that must be known first.
        for ((signal, _), before) in SIGNALS.iter().zip(&mut before) {
            // SAFETY: it only asks.
            unsafe { libc::sigaction(*signal, ptr::null(), before) };
        }
        if BEFORE.set(before).is_err() {
            return;
        }
        for (signal, _) in SIGNALS {
            // SAFETY: as above.
            let mut action: libc::sigaction = unsafe { MaybeUninit::zeroed().assume_init() };
            action.sa_sigaction = on_signal as *const () as usize;
            // A stack that has overflowed is no place to run: threads of Rust have another one for this.
            action.sa_flags = libc::SA_SIGINFO | libc::SA_ONSTACK;
            // SAFETY: the handler calls only what handlers of signals may.
            unsafe {
                libc::sigemptyset(&raw mut action.sa_mask);
                libc::sigaction(signal, &raw const action, ptr::null_mut());
            }
        }
        // SAFETY: the function lives as long as the process.
        unsafe { libc::atexit(on_exit) };
    });
}

extern "C" fn on_signal(signal: c_int, info: *mut libc::siginfo_t, _: *mut c_void) {
    // SAFETY: the system hands over a valid one.
    let info = unsafe { info.as_ref() };
    let was_sent = info.is_some_and(|info| info.si_code <= 0);
    // What another process sends (`kill`) finds a thread by chance, and the plugin that the thread is in has not done it.
    // SAFETY: it is a signal that was sent, and the system says by whom.
    if !(was_sent && info.is_some_and(|info| unsafe { info.si_pid() != libc::getpid() })) {
        tell(signal);
    }
    let index = SIGNALS.iter().position(|(number, _)| *number == signal);
    if let Some(before) = BEFORE.get().zip(index).map(|(before, index)| &before[index]) {
        // SAFETY: what stood there before stands there again.
        unsafe { libc::sigaction(signal, before, ptr::null_mut()) };
    }
    if was_sent {
        // SAFETY: what stood there before takes it, once this returns; an instruction that failed fails again by itself.
        unsafe { libc::raise(signal) };
    }
}

extern "C" fn on_exit() {
    if Slot::plugin_of_this_thread().is_some() {
        tell(0);
        // SAFETY: it may be called anywhere; other handlers of the end would run beside threads at work.
        unsafe { libc::_exit(FAILED) };
    }
}

/// Tells once which plugin ends the process, and returns when that is told. Takes no lock and no memory.
fn tell(signal: c_int) {
    if IS_TOLD.swap(true, Ordering::Relaxed) {
        // Another thread tells of its own crash just now, and would end with this one. One that crashes over it is not waited for.
        for _ in 0..MOST_WAITS {
            if IS_WRITTEN.load(Ordering::Acquire) {
                return;
            }
            let time = libc::timespec { tv_sec: 0, tv_nsec: WAIT };
            // SAFETY: it may be called anywhere.
            unsafe { libc::nanosleep(&raw const time, ptr::null_mut()) };
        }
        return;
    }
    let plugin = Slot::plugin_of_this_thread().map(|plugin| plugin.name.as_str());
    // SAFETY: it is null, or a place that lives until the process ends.
    let place = unsafe { PLACE.load(Ordering::Acquire).as_ref() };
    // What cannot be written reaches nobody.
    let _ =
        words(&mut Descriptor(libc::STDERR_FILENO), plugin, signal, place.map(|place| place.next.as_str()));
    if let Some(place) = place {
        let flags = libc::O_WRONLY | libc::O_CREAT | libc::O_TRUNC | libc::O_CLOEXEC;
        // SAFETY: the path ends with a zero byte.
        let file = unsafe { libc::open(place.file.as_ptr(), flags, 0o644) };
        if file >= 0 {
            let _ = json(&mut Descriptor(file), plugin, signal);
        }
    }
    IS_WRITTEN.store(true, Ordering::Release);
}

/// What has happened, and the way on.
fn words(out: &mut impl fmt::Write, plugin: Option<&str>, signal: c_int, next: Option<&str>) -> fmt::Result {
    // A line of progress may be drawn.
    // SAFETY: it only asks.
    if unsafe { libc::isatty(libc::STDERR_FILENO) } == 1 {
        out.write_char('\n')?;
    }
    match (plugin, signal) {
        (Some(plugin), 0) => {
            write!(out, "rejoinder: plugin `{plugin}` has ended this process: it called `exit`. ")?;
        }
        (Some(plugin), _) => {
            let name = name(signal);
            write!(out, "rejoinder: plugin `{plugin}` has crashed, and this process with it: {name}. ")?;
        }
        (None, _) => write!(
            out,
            "rejoinder: this process has crashed ({}), outside of all calls of plugins; those that run inside of it may have harmed it. ",
            name(signal)
        )?,
    }
    match next {
        Some(next) => writeln!(
            out,
            "What is committed stays. To go on with plugins in processes of their own, where a crash costs one turn: {next}"
        ),
        None => writeln!(
            out,
            "isolation = \"process\" in the [[plugin]] table of a config keeps a plugin apart, and a crash then costs one turn"
        ),
    }
}

/// The same for programs.
fn json(out: &mut impl fmt::Write, plugin: Option<&str>, signal: c_int) -> fmt::Result {
    out.write_str("{\"plugin\":")?;
    match plugin {
        None => out.write_str("null")?,
        Some(plugin) => {
            out.write_char('"')?;
            for char in plugin.chars() {
                match char {
                    '"' | '\\' => write!(out, "\\{char}")?,
                    char if char.is_control() => out.write_char('?')?,
                    char => out.write_char(char)?,
                }
            }
            out.write_char('"')?;
        }
    }
    writeln!(out, ",\"signal\":{signal}}}")
}

/// The name of a signal by which a process ends for its own fault.
fn name(signal: c_int) -> &'static str {
    SIGNALS.iter().find(|(number, _)| *number == signal).map_or("a signal", |(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_note_takes_away_itself_alone() {
        let note = |path: &str| CrashNote::in_file(Path::new(path), "rejoinder resume r");
        let first = note("first");
        let second = note("second");
        drop(first);
        assert_eq!(PLACE.load(Ordering::Relaxed), second.0);
        drop(second);
        assert!(PLACE.load(Ordering::Relaxed).is_null());
    }

    #[test]
    fn a_crash_is_told_in_one_line_of_words_and_one_of_json() {
        let told = |plugin, signal, next| {
            let mut text = String::new();
            words(&mut text, plugin, signal, next).unwrap();
            text.trim_start().to_owned()
        };
        let line = told(Some("bad"), libc::SIGABRT, Some("rejoinder resume r"));
        assert!(
            line.starts_with("rejoinder: plugin `bad` has crashed, and this process with it: SIGABRT. "),
            "{line}"
        );
        assert!(line.ends_with(": rejoinder resume r\n"), "{line}");
        assert!(told(None, libc::SIGSEGV, None).contains("(SIGSEGV), outside of all calls of plugins"));
        assert!(told(Some("bad"), 0, None).contains("it called `exit`. isolation"));
        for (plugin, signal, expected) in [
            (Some("a\"b\\c\n"), 6, "{\"plugin\":\"a\\\"b\\\\c?\",\"signal\":6}\n"),
            (None, 11, "{\"plugin\":null,\"signal\":11}\n"),
        ] {
            let mut text = String::new();
            json(&mut text, plugin, signal).unwrap();
            assert_eq!(text, expected);
        }
    }
}
