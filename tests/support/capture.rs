//! Keeps everything that is logged on a thread, by all crates and at every level, whether through `tracing` or `log`.
//!
//! A test on tokio's current-thread runtime does all its work on its own thread, so that a capture holds that test's text
//! and no other's.

use std::{
    cell::RefCell,
    fmt::Write as _,
    io,
    sync::{Arc, Mutex, Once, PoisonError},
};

use tracing_subscriber::fmt::{MakeWriter, format::FmtSpan};

thread_local! {
    static CURRENT: RefCell<Option<Arc<Mutex<String>>>> = const { RefCell::new(None) };
}

static INSTALLED: Once = Once::new();

/// What was logged on this thread since it was made. It ends when it is dropped.
#[derive(Debug)]
pub struct Capture(Arc<Mutex<String>>);

impl Capture {
    /// Begins.
    #[must_use]
    pub fn begin() -> Self {
        INSTALLED.call_once(|| {
            let subscriber = tracing_subscriber::fmt()
                .with_max_level(tracing::Level::TRACE)
                .with_span_events(FmtSpan::FULL)
                .with_ansi(false)
                .with_writer(ToCurrent)
                .finish();
            // Someone else's subscriber would take the text away: then the capture is empty, and its user says so.
            let _ = tracing::subscriber::set_global_default(subscriber);
            if log::set_logger(&ToCurrent).is_ok() {
                log::set_max_level(log::LevelFilter::Trace);
            }
        });
        let text = Arc::new(Mutex::default());
        CURRENT.with_borrow_mut(|current| *current = Some(Arc::clone(&text)));
        Self(text)
    }

    /// What was logged so far.
    #[must_use]
    pub fn text(&self) -> String {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Drop for Capture {
    fn drop(&mut self) {
        CURRENT.with_borrow_mut(Option::take);
    }
}

#[derive(Debug, Clone, Copy)]
struct ToCurrent;

impl ToCurrent {
    fn add(text: &str) {
        CURRENT.with_borrow(|current| {
            if let Some(buffer) = current {
                buffer.lock().unwrap_or_else(PoisonError::into_inner).push_str(text);
            }
        });
    }
}

impl io::Write for ToCurrent {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        Self::add(&String::from_utf8_lossy(bytes));
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for ToCurrent {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        *self
    }
}

impl log::Log for ToCurrent {
    fn enabled(&self, _: &log::Metadata<'_>) -> bool {
        true
    }

    fn log(&self, record: &log::Record<'_>) {
        let mut line = String::new();
        let _ = writeln!(line, "log {} {}: {}", record.level(), record.target(), record.args());
        Self::add(&line);
    }

    fn flush(&self) {}
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ways_of_logging_are_kept_from_begin_to_drop() {
        tracing::info!("before");
        let capture = Capture::begin();
        tracing::trace_span!("outer", field = 7).in_scope(|| tracing::trace!("inside"));
        log::trace!("by log");
        let text = capture.text();
        assert!(text.contains("outer{field=7}") && text.contains("inside"), "{text}");
        assert!(text.contains("by log") && !text.contains("before"), "{text}");
        drop(capture);
        tracing::info!("after");
        assert_eq!(Capture::begin().text(), "");
    }
}
