//! Zstandard frame by frame: its library reads one of them, and leaves its checksum to others.

use std::{
    io::{self, Read},
    mem,
};

use ruzstd::decoding::{FrameDecoder, StreamingDecoder};

use super::refusal::wrong;

/// The most memory that a frame may ask for as its window, in bytes: `zstd --long` and `-22` ask for as much.
const WINDOW: u64 = 128 << 20;
/// The mark of a frame without content; the lowest bits are its maker's.
const SKIPPABLE: u32 = 0x184D_2A50;

/// Reads all frames, one behind the other; those that carry no content are left out.
pub(super) struct Frames<R: Read>(State<R>);

enum State<R: Read> {
    Between(Marked<R>),
    Within(Box<StreamingDecoder<Marked<R>, FrameDecoder>>),
    Over,
}

/// A file, and what was read of it ahead.
struct Marked<R> {
    ahead: Vec<u8>,
    file: R,
}

impl<R: Read> Read for Marked<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if self.ahead.is_empty() {
            return self.file.read(out);
        }
        let count = self.ahead.len().min(out.len());
        self.ahead.drain(..count).zip(out).for_each(|(byte, out)| *out = byte);
        Ok(count)
    }
}

impl<R: Read> Frames<R> {
    pub(super) fn new(file: R) -> Self {
        Self(State::Between(Marked {
            ahead: Vec::new(),
            file,
        }))
    }
}

impl<R: Read> Read for Frames<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        loop {
            self.0 = match mem::replace(&mut self.0, State::Over) {
                State::Over => return Ok(0),
                State::Between(file) => next(file)?,
                State::Within(mut frame) => {
                    let count = frame.read(out)?;
                    if count > 0 || out.is_empty() {
                        self.0 = State::Within(frame);
                        return Ok(count);
                    }
                    let decoder = &frame.decoder;
                    let told = decoder.get_checksum_from_data();
                    if told.is_some() && told != decoder.get_calculated_checksum() {
                        return Err(wrong("its checksum is another"));
                    }
                    State::Between(frame.into_inner())
                }
            };
        }
    }
}

/// What comes next.
fn next<R: Read>(mut file: Marked<R>) -> io::Result<State<R>> {
    loop {
        let mut mark = Vec::new();
        file.by_ref().take(4).read_to_end(&mut mark)?;
        let Ok(number) = <[u8; 4]>::try_from(mark.as_slice()).map(u32::from_le_bytes) else {
            return match mark.is_empty() {
                true => Ok(State::Over),
                false => Err(io::ErrorKind::UnexpectedEof.into()),
            };
        };
        if number & !0xF != SKIPPABLE {
            file.ahead = mark;
            let frame = StreamingDecoder::new_with_max_window_size(file, WINDOW);
            return match frame {
                Ok(frame) => Ok(State::Within(Box::new(frame))),
                Err(error) => Err(wrong(error.to_string())),
            };
        }
        let mut length = [0; 4];
        file.read_exact(&mut length)?;
        let length = u64::from(u32::from_le_bytes(length));
        if io::copy(&mut file.by_ref().take(length), &mut io::sink())? < length {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
}
