//! Memory that states and calls leave behind. A run makes few states, but a plugin that fails is made anew each time, for a
//! whole night; and what a call keeps, it keeps some billion times.

use std::fs::File;
use std::io::Read;
use std::time::{Duration, Instant};

use super::outcome::{Breach, Outcome, about_to_ask, outcome};
use super::{Setting, Subject, material};

/// States or calls in a round, unless they are slow.
const TIMES: u64 = 1000;
/// How long a round lasts, where these are quick or slow.
const SHORTEST: Duration = Duration::from_millis(100);
const LONGEST: Duration = Duration::from_secs(3);
/// A leak shows in each round; what an allocator, a cache or a table keeps for itself does not.
const ROUNDS: u32 = 5;
/// The smallest leak that is reported where only pages are counted, in bytes a time: what the smallest allocation takes.
const SMALLEST_OF_PAGES: u64 = 16;

pub fn growth(subject: &Subject, _: &Setting) -> Outcome {
    if allocated().is_none() && resident().is_none() {
        return Outcome::Skipped("this system does not tell how much memory a process uses".into());
    }
    outcome((|| {
        let batch = material::batch(&material::TURNS[..8]);
        about_to_ask("states by the thousand");
        leaves_nothing("states, made, asked once and destroyed,", "a state", || {
            subject.ask(&mut subject.state()?, &batch).map(drop)
        })?;
        about_to_ask("a batch by the thousand, on one state");
        let mut state = subject.state()?;
        leaves_nothing("calls of one state", "a call", || subject.ask(&mut state, &batch).map(drop))
    })())
}

/// Does something by the thousand, round for round, and looks at what each round leaves behind.
fn leaves_nothing(what: &str, one: &str, mut once: impl FnMut() -> Result<(), Breach>) -> Result<(), Breach> {
    let (begun, mut times) = (Instant::now(), 0);
    while begun.elapsed() < SHORTEST || (times < TIMES && begun.elapsed() < LONGEST) {
        once()?;
        times += 1;
    }
    let (mut least_pages, mut least_bytes) = (u64::MAX, u64::MAX);
    for _ in 0..ROUNDS {
        let (pages, bytes) = (resident().unwrap_or(0), allocated().unwrap_or(0));
        (0..times).try_for_each(|_| once())?;
        least_bytes = least_bytes.min(allocated().unwrap_or(0).saturating_sub(bytes));
        least_pages = least_pages.min(resident().unwrap_or(0).saturating_sub(pages));
    }
    // What the allocator hands out is counted exactly, so the least is told; what a plugin takes from the system by itself shows
    // in pages only.
    let leaked = match least_pages >= SMALLEST_OF_PAGES * times {
        true => least_bytes.max(least_pages),
        false => least_bytes,
    };
    if leaked == 0 {
        return Ok(());
    }
    let each = leaked as f64 / times as f64;
    Err(format!(
        "each of {ROUNDS} rounds of {times} {what} left {leaked} bytes or more behind: about {} bytes {one}",
        if each < 10.0 { format!("{each:.1}") } else { format!("{each:.0}") }
    )
    .into())
}

/// The counters of the C library's allocator, as its header has them.
#[repr(C)]
struct Mallinfo2 {
    arena: usize,
    ordblks: usize,
    smblks: usize,
    hblks: usize,
    hblkhd: usize,
    usmblks: usize,
    fsmblks: usize,
    uordblks: usize,
    fordblks: usize,
    keepcost: usize,
}

/// Bytes that the C library's allocator has handed out in this process and not got back, where it can tell: a plugin takes its
/// memory there, be it in C or in Rust.
fn allocated() -> Option<u64> {
    if !cfg!(all(target_os = "linux", target_env = "gnu", target_pointer_width = "64")) {
        return None;
    }
    let process = libloading::os::unix::Library::this();
    // SAFETY: the function of this name takes nothing and returns this struct, since glibc 2.33; it is not there before.
    let counters = unsafe {
        let mallinfo2 = process.get::<unsafe extern "C" fn() -> Mallinfo2>(b"mallinfo2").ok()?;
        mallinfo2()
    };
    Some((counters.uordblks + counters.hblkhd) as u64)
}

/// Memory of this process that is no file's, in bytes. Exact, which the figures of `/proc/self/statm` are not: the kernel
/// collects those from its processors now and then. Takes nothing from the allocator, which is looked at beside.
fn resident() -> Option<u64> {
    let mut buffer = [0; 8192];
    let mut file = File::open("/proc/self/smaps_rollup").ok()?;
    let mut len = 0;
    while len < buffer.len() {
        match file.read(&mut buffer[len..]).ok()? {
            0 => break,
            read => len += read,
        }
    }
    let rollup = std::str::from_utf8(&buffer[..len]).ok()?;
    let line = rollup.lines().find_map(|line| line.strip_prefix("Anonymous:"))?;
    line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok().map(|kib| kib << 10)
}
