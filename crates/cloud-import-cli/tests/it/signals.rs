//! The signals that ask a command to stop.

use std::fs;

/// All that count where the tests run: under `nohup` a hang-up is ignored here and by what is started from here, as it should be.
pub(crate) fn that_stop() -> Vec<&'static str> {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let ignored = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    match ignored.unwrap_or_default() & 1 {
        0 => vec!["INT", "TERM", "HUP"],
        _ => vec!["INT", "TERM"],
    }
}
