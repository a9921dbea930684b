//! Standard output, and whether everything that was written arrived. Knows nothing of what is written.

use std::{
    io::{self, Write},
    sync::{Mutex, PoisonError},
    time::Duration,
};

/// How long a reader that takes no more at the moment is given before it is tried again.
const PAUSE: Duration = Duration::from_millis(10);

static OUT: Mutex<Out> = Mutex::new(Out::Unused);

/// What has become of standard output.
enum Out {
    Unused,
    Open(Stream),
    /// After this nothing is written any more.
    Failed(io::Error),
}

/// Writes a text and sees to it that it has left this process.
pub(super) fn write(text: &str) {
    let mut out = OUT.lock().unwrap_or_else(PoisonError::into_inner);
    let written = match &mut *out {
        Out::Failed(_) => return,
        Out::Open(stream) => write_all(stream, text.as_bytes()),
        Out::Unused => open().and_then(|mut stream| {
            let written = write_all(&mut stream, text.as_bytes());
            *out = Out::Open(stream);
            written
        }),
    };
    if let Err(error) = written {
        *out = Out::Failed(error);
    }
}

/// Why not all of it was written. A reader that went away has what it wanted.
pub(super) fn failure() -> Option<String> {
    match &*OUT.lock().unwrap_or_else(PoisonError::into_inner) {
        Out::Failed(error) if error.kind() != io::ErrorKind::BrokenPipe => Some(error.to_string()),
        _ => None,
    }
}

fn write_all(stream: &mut impl Write, mut bytes: &[u8]) -> io::Result<()> {
    while !bytes.is_empty() {
        match stream.write(bytes) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(written) => bytes = &bytes[written..],
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            // Whoever gave us the stream does not want to wait for its reader: we do.
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => std::thread::sleep(PAUSE),
            Err(error) => return Err(error),
        }
    }
    stream.flush()
}

#[cfg(unix)]
type Stream = std::fs::File;

/// As a file of its own: the standard library's handle says that it wrote what a descriptor that cannot be written did not take.
#[cfg(unix)]
fn open() -> io::Result<Stream> {
    use std::os::fd::AsFd as _;
    io::stdout().as_fd().try_clone_to_owned().map(Stream::from)
}

#[cfg(not(unix))]
type Stream = io::Stdout;

#[cfg(not(unix))]
fn open() -> io::Result<Stream> {
    Ok(io::stdout())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Takes a byte at a time, and does not always want to.
    struct Slow(Vec<u8>, u32);

    impl Write for Slow {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.1 += 1;
            match self.1 % 3 {
                0 => Err(io::ErrorKind::WouldBlock.into()),
                1 => Err(io::ErrorKind::Interrupted.into()),
                _ => {
                    self.0.push(bytes[0]);
                    Ok(1)
                }
            }
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn all_is_written_however_slowly_it_is_taken() {
        let mut slow = Slow(Vec::new(), 0);
        write_all(&mut slow, b"m-1\n").unwrap();
        assert_eq!(slow.0, b"m-1\n");
    }
}
