//! One run of `qemu-img`: what it says, how far it is, and its end. What is asked of it is not decided here.

use std::{io, process::Stdio};

use cloud_import::Result;
use tokio::{
    io::{AsyncRead, AsyncReadExt as _},
    process::Command,
};

use super::failure::{ANOTHER_FOLDER, NOT_CONFINED, local, unconfined};

/// The most that is kept of what `qemu-img` says, in bytes.
const WORDS_KEPT: usize = 1024;

/// Runs `qemu-img` to its end, and kills it when the future is dropped. `heard` gets its standard output piece by piece.
///
/// The child dies with the thread that this is called on: not for a thread that ends before the process.
pub(super) async fn run(mut command: Command, mut heard: impl FnMut(&[u8]) + Send) -> Result<()> {
    command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    // An interrupt at the terminal is for this program, which then decides about its child.
    #[cfg(unix)]
    command.process_group(0);
    let mut child = command
        .spawn()
        .map_err(|error| local(format!("cannot start qemu-img: {error}")))?;
    let mut words = Vec::new();
    let (said, failed) = tokio::join!(
        pieces(child.stdout.take(), &mut heard),
        pieces(child.stderr.take(), |bytes: &[u8]| {
            let room = WORDS_KEPT.saturating_sub(words.len());
            words.extend_from_slice(&bytes[..bytes.len().min(room)]);
        }),
    );
    let lost = |error: io::Error| local(format!("cannot read the output of qemu-img: {error}"));
    said.and(failed).map_err(lost)?;
    let status = child.wait().await.map_err(lost)?;
    if status.success() {
        return Ok(());
    }
    let words = String::from_utf8_lossy(&words);
    let words = words.trim().trim_start_matches("qemu-img: ");
    let shown = if words.is_empty() { "it gave no reason" } else { words };
    if status.code() == Some(NOT_CONFINED.into()) {
        return Err(unconfined(&shown.escape_debug().to_string()));
    }
    let error = local(format!("qemu-img failed ({status}): {}", shown.escape_debug()));
    let full = ["No space left on device", "Disk quota exceeded"];
    Err(if full.iter().any(|text| words.contains(text)) {
        error.with_remedy(ANOTHER_FOLDER)
    } else {
        error.with_remedy("Check the file with qemu-img check; if it cannot be read, create it again.")
    })
}

async fn pieces(stream: Option<impl AsyncRead + Unpin + Send>, mut heard: impl FnMut(&[u8]) + Send) -> io::Result<()> {
    let Some(mut stream) = stream else { return Ok(()) };
    let mut piece = [0; 1024];
    loop {
        match stream.read(&mut piece).await? {
            0 => return Ok(()),
            n => heard(&piece[..n]),
        }
    }
}

/// Reads `qemu-img`'s progress, `(12.34/100%)` again and again, however it is cut into pieces.
#[derive(Debug, Default)]
pub(super) struct Meter {
    /// What came since the last opening bracket; `None` outside.
    number: Option<String>,
}

impl Meter {
    /// The last number in these bytes, as a part of 1.
    pub(super) fn read(&mut self, bytes: &[u8]) -> Option<f32> {
        let mut last = None;
        for byte in bytes {
            match (byte, &mut self.number) {
                (b'(', number) => *number = Some(String::new()),
                (b'/', Some(number)) => {
                    last = number.parse().ok().or(last);
                    self.number = None;
                }
                (b'0'..=b'9' | b'.', Some(number)) if number.len() < 8 => number.push(char::from(*byte)),
                (b' ', Some(_)) | (_, None) => {}
                (_, number) => *number = None,
            }
        }
        last.map(|percent: f32| (percent / 100.0).clamp(0.0, 1.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn progress_is_read_however_it_is_cut() {
        let text = b"    (0.00/100%)\r    (12.50/100%)\r (x/100%) (1(50.00/100%)";
        let mut meter = Meter::default();
        let parts: Vec<f32> = text.iter().filter_map(|byte| meter.read(&[*byte])).collect();
        assert_eq!(parts, [0.0, 0.125, 0.5]);
        assert_eq!(Meter::default().read(text), Some(0.5));
        let mut endless = Meter::default();
        assert_eq!(endless.read(&b"(1".repeat(1000)), None);
        assert_eq!(endless.read(&[b'1'; 1000]), None);
        assert!(endless.number.is_none_or(|number| number.len() <= 8));
    }
}
