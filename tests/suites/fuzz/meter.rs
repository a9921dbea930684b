//! One execution, and what it took: time, memory, panics that were caught on the way.

use std::{
    panic,
    sync::{
        Mutex, Once,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use cap::Cap;
use cloud_import::env::{Env as _, SystemEnv};
use cloud_import_tests::fuzz::Target;
use peak_alloc::PeakAlloc;

/// An execution that takes longer is a finding.
const SLOW: Duration = Duration::from_secs(if cfg!(debug_assertions) { 20 } else { 2 });

/// How often a slow one is run again.
const TRIES: u32 = 4;

/// What all of it may take: room that is asked for beyond that is refused, which ends the program, and not the machine.
const ALL: usize = 2 << 30;

/// Limits what all of it may take; what is handed out is counted under it.
#[global_allocator]
static LIMITED: Cap<PeakAlloc> = Cap::new(PeakAlloc, ALL);

/// Where the last panic was.
static PLACE: Mutex<String> = Mutex::new(String::new());
static PANICS: AtomicU64 = AtomicU64::new(0);

/// What one execution took and gave.
pub(crate) struct Meter {
    pub(crate) answer: Option<u64>,
    /// What is wrong with it.
    pub(crate) finding: Option<String>,
    pub(crate) took: Duration,
    /// Bytes that were in use at once, besides what was before.
    pub(crate) peak: u64,
    /// Panics that did not come out of the reader.
    pub(crate) caught: u64,
}

impl Meter {
    /// Again where it was slow, and the fastest counts: on a busy machine another program may have been the reason.
    pub(crate) fn run(target: &Target, input: &[u8]) -> Self {
        let mut fastest = Self::once(target, input);
        for _ in 0..TRIES {
            if fastest.took <= SLOW {
                break;
            }
            let other = Self::once(target, input);
            if other.took < fastest.took {
                fastest = other;
            }
        }
        fastest
    }

    fn once(target: &Target, input: &[u8]) -> Self {
        static HOOK: Once = Once::new();
        HOOK.call_once(|| {
            panic::set_hook(Box::new(|what| {
                PANICS.fetch_add(1, Ordering::Relaxed);
                if let Ok(mut place) = PLACE.lock() {
                    *place = what.location().map(ToString::to_string).unwrap_or_default();
                }
            }));
        });
        let panics = PANICS.load(Ordering::Relaxed);
        PeakAlloc.reset_peak_usage();
        let (before, begun) = (PeakAlloc.current_usage(), SystemEnv.monotonic());
        let result = panic::catch_unwind(|| (target.run)(input));
        let took = SystemEnv.monotonic() - begun;
        let peak = PeakAlloc.peak_usage().saturating_sub(before);
        let caught = PANICS.load(Ordering::Relaxed) - panics - u64::from(result.is_err());
        let finding = match &result {
            Err(cause) => {
                let text = cause.downcast_ref::<String>().map(String::as_str);
                let text = text
                    .or_else(|| cause.downcast_ref::<&str>().copied())
                    .unwrap_or_default();
                let place = PLACE.lock().map(|place| place.clone()).unwrap_or_default();
                Some(format!("{place}: {text}"))
            }
            Ok(_) if took > SLOW => Some(format!("it took {took:?}")),
            Ok(_) if peak > target.memory => Some(format!("it took {} MiB of memory", peak >> 20)),
            Ok(_) => None,
        };
        Self {
            answer: result.ok().flatten(),
            finding,
            took,
            peak: peak as u64,
            caught,
        }
    }
}
