//! The bytes of an object, wherever they lie, and a reader over any range of them. Holds no facts about the object.

use std::{
    fs::File,
    io::{self, Read, Seek, SeekFrom},
    path::{Path, PathBuf},
    sync::Arc,
};

use bytes::Bytes;

use super::{
    files::StoredFile,
    sniff::{self, HEAD, TAIL},
};

/// Where an object's bytes lie.
#[derive(Clone, Debug)]
pub(crate) enum Content {
    Memory(Bytes),
    /// A file that belongs to somebody else.
    File {
        path: PathBuf,
        size: u64,
    },
    /// Bodies that were received, one after another.
    Pieces(Arc<[Piece]>),
}

/// One body that was received.
#[derive(Clone, Debug)]
pub(crate) struct Piece {
    pub(crate) file: Arc<StoredFile>,
    pub(crate) size: u64,
}

impl Content {
    /// What these pieces make, one after another.
    pub(crate) fn joined(pieces: impl IntoIterator<Item = Piece>) -> Self {
        Content::Pieces(pieces.into_iter().collect())
    }

    pub(crate) fn size(&self) -> u64 {
        match self {
            Content::Memory(bytes) => bytes.len() as u64,
            Content::File { size, .. } => *size,
            Content::Pieces(pieces) => pieces.iter().map(|piece| piece.size).sum(),
        }
    }

    /// A reader of `length` bytes from `offset` on. Nothing is opened before the first read.
    pub(crate) fn reader(&self, offset: u64, length: u64) -> ObjectReader {
        ObjectReader {
            content: self.clone(),
            position: offset,
            left: length.min(self.size().saturating_sub(offset)),
            open: None,
        }
    }

    /// What first and last bytes tell about the disk.
    pub(crate) fn disk(&self) -> io::Result<sniff::Sniffed> {
        let size = self.size();
        let (mut head, mut tail) = (Vec::new(), Vec::new());
        self.reader(0, HEAD as u64).read_to_end(&mut head)?;
        self.reader(size.saturating_sub(TAIL as u64), TAIL as u64)
            .read_to_end(&mut tail)?;
        Ok(sniff::sniff(&head, &tail, size))
    }

    /// The file at this position: its path, where the position is in it, and how many bytes of it follow.
    fn file_at(&self, position: u64) -> Option<(&Path, u64, u64)> {
        match self {
            Content::Memory(_) => None,
            Content::File { path, size } => Some((path, position, size.saturating_sub(position))),
            Content::Pieces(pieces) => {
                let mut start = 0;
                for piece in pieces.iter() {
                    if position < start + piece.size {
                        let inside = position - start;
                        return Some((piece.file.path(), inside, piece.size - inside));
                    }
                    start += piece.size;
                }
                None
            }
        }
    }
}

/// Reads a range of an object's bytes. Keeps them readable even when the object is replaced or deleted meanwhile.
#[derive(Debug)]
pub struct ObjectReader {
    content: Content,
    position: u64,
    left: u64,
    open: Option<io::Take<File>>,
}

impl Read for ObjectReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let most = usize::try_from(self.left).unwrap_or(usize::MAX).min(buffer.len());
        if most == 0 {
            return Ok(0);
        }
        let read = if let Content::Memory(bytes) = &self.content {
            let start = usize::try_from(self.position).unwrap_or(usize::MAX);
            let rest = bytes.get(start..).unwrap_or_default();
            let count = most.min(rest.len());
            buffer[..count].copy_from_slice(&rest[..count]);
            count
        } else {
            self.read_file(&mut buffer[..most])?
        };
        if read == 0 {
            // A file that was put by its path has become shorter.
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        self.position += read as u64;
        self.left -= read as u64;
        Ok(read)
    }
}

impl ObjectReader {
    fn read_file(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if let Some(file) = &mut self.open {
            let read = file.read(buffer)?;
            if read > 0 {
                return Ok(read);
            }
        }
        let Some((path, inside, follow)) = self.content.file_at(self.position) else {
            return Ok(0);
        };
        let mut file = File::open(path)?;
        file.seek(SeekFrom::Start(inside))?;
        self.open.insert(file.take(follow)).read(buffer)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;
    use crate::objects::files::StoreDir;

    fn pieces(dir: &StoreDir, texts: &[&str]) -> Content {
        let piece = |text: &&str| {
            let (mut file, stored) = dir.create().unwrap();
            file.write_all(text.as_bytes()).unwrap();
            Piece {
                file: Arc::new(stored),
                size: text.len() as u64,
            }
        };
        Content::Pieces(texts.iter().map(piece).collect())
    }

    fn read(content: &Content, offset: u64, length: u64) -> String {
        let mut text = String::new();
        content.reader(offset, length).read_to_string(&mut text).unwrap();
        text
    }

    #[test]
    fn every_range_is_read_over_the_seams() {
        let dir = StoreDir::new(None);
        let whole = "abcdefghij";
        for content in [
            pieces(&dir, &["abc", "", "defg", "hij"]),
            Content::Memory(Bytes::from_static(whole.as_bytes())),
        ] {
            assert_eq!(content.size(), 10);
            for offset in 0..=11_usize {
                for length in 0..=11_usize {
                    let from = offset.min(10);
                    let to = (from + length).min(10);
                    assert_eq!(read(&content, offset as u64, length as u64), whole[from..to]);
                }
            }
        }
    }

    #[test]
    fn a_file_that_shrank_is_an_error_and_not_a_short_object() {
        let dir = StoreDir::new(None);
        let (mut file, stored) = dir.create().unwrap();
        file.write_all(b"abc").unwrap();
        let path = stored.path().to_owned();
        let content = Content::File { path, size: 5 };
        assert!(content.reader(0, 5).read_to_end(&mut Vec::new()).is_err());
    }

    #[test]
    fn pieces_outlive_what_named_them_while_they_are_read() {
        let dir = StoreDir::new(None);
        let content = pieces(&dir, &["abc"]);
        let mut reader = content.reader(0, 3);
        drop(content);
        let mut text = String::new();
        reader.read_to_string(&mut text).unwrap();
        assert_eq!(text, "abc");
    }
}
