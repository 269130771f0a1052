//! Whether a process is at work, as far as one machine can tell.

use std::path::Path;

/// What is known of a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Presence {
    /// A process of this number runs on this machine. It may be another process than the one that was meant.
    There,
    /// No process of this number runs on this machine.
    Gone,
    /// Nobody can say: the process is one of another machine, or this system does not tell.
    Unknown,
}

impl Presence {
    /// What is known of a process by its number and the name of its machine.
    pub(crate) fn of(process: u32, machine: &str) -> Self {
        let processes = Path::new("/proc");
        if machine != self::machine() || !processes.join("self").exists() {
            return Self::Unknown;
        }
        match processes.join(process.to_string()).exists() {
            true => Self::There,
            false => Self::Gone,
        }
    }
}

/// The name of this machine, where the system tells the name.
pub(crate) fn machine() -> String {
    let told = std::fs::read_to_string("/proc/sys/kernel/hostname").ok();
    let set = || ["HOSTNAME", "COMPUTERNAME"].iter().find_map(|name| std::env::var(name).ok());
    told.map(|name| name.trim().to_owned()).or_else(set).unwrap_or_else(|| "this machine".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_is_there_gone_or_out_of_sight() {
        let here = machine();
        assert_eq!(Presence::of(std::process::id(), &here), Presence::There);
        assert_eq!(Presence::of(u32::MAX, &here), Presence::Gone);
        assert_eq!(Presence::of(std::process::id(), "elsewhere"), Presence::Unknown);
    }
}
