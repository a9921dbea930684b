//! A web server on loopback with one file, which serves ranges, does what a plan says that goes wrong, and counts. Not a test of its
//! own.

use std::{
    io::{self, BufRead as _, BufReader, Write as _},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    thread,
    time::Duration,
};

/// What happens to one request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Fate {
    /// The range is served.
    Served,
    /// So many bytes of it are, and the connection breaks.
    Breaks(u64),
    /// Only so many bytes of it are, in an answer that says so.
    Short(u64),
    /// The answer has this status, and no more.
    Status(u16),
    /// The whole file comes, as from a server that knows no ranges.
    Whole,
    /// Bytes come without end.
    Endless,
    /// The answer leads there.
    Redirect(String),
    /// It is served with this head line in place of the `ETag`.
    Etag(&'static str),
    /// The file is said to have so many bytes.
    Size(u64),
    /// The bytes are others, by the same name and tag.
    Altered,
    /// Nothing is answered.
    Hangs,
}

/// A request as the plan sees it.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    /// How many were there before.
    pub(crate) index: usize,
    /// Path and query.
    pub(crate) path: String,
    /// First and last byte.
    pub(crate) range: Option<(u64, u64)>,
    /// The head lines, as they came.
    pub(crate) head: Vec<String>,
}

/// A piece of the file by its first byte.
type Content = dyn Fn(u64, &mut [u8]) + Send + Sync;
type Plan = dyn FnMut(&Asked) -> Fate + Send;

struct Inner {
    size: u64,
    content: Box<Content>,
    plan: Mutex<Box<Plan>>,
    asked: Mutex<Vec<Asked>>,
    served: AtomicU64,
    under_way: AtomicU64,
    most_under_way: AtomicU64,
}

/// The server. It ends with the process.
#[derive(Clone)]
pub(crate) struct Web {
    pub(crate) address: SocketAddr,
    inner: Arc<Inner>,
}

impl Web {
    /// Serves these bytes.
    pub(crate) fn of(content: Vec<u8>) -> Self {
        let size = content.len() as u64;
        Self::start(size, move |first, piece| {
            let first = first as usize;
            piece.copy_from_slice(&content[first..first + piece.len()]);
        })
    }

    /// Serves a file of any size, whose bytes are made when they are asked for.
    pub(crate) fn start(size: u64, content: impl Fn(u64, &mut [u8]) + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let web = Self {
            address: listener.local_addr().unwrap(),
            inner: Arc::new(Inner {
                size,
                content: Box::new(content),
                plan: Mutex::new(Box::new(|_| Fate::Served)),
                asked: Mutex::default(),
                served: AtomicU64::new(0),
                under_way: AtomicU64::new(0),
                most_under_way: AtomicU64::new(0),
            }),
        };
        let inner = Arc::clone(&web.inner);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let inner = Arc::clone(&inner);
                thread::spawn(move || inner.connection(stream));
            }
        });
        web
    }

    /// From now on this goes wrong.
    pub(crate) fn plan(&self, plan: impl FnMut(&Asked) -> Fate + Send + 'static) {
        *locked(&self.inner.plan) = Box::new(plan);
    }

    /// The link to the file.
    pub(crate) fn link(&self) -> String {
        format!("http://{}/images/web.qcow2", self.address)
    }

    /// What was asked so far.
    pub(crate) fn asked(&self) -> Vec<Asked> {
        locked(&self.inner.asked).clone()
    }

    /// How many bytes of the file were handed to connections so far. An answer may be read before it is counted: what is under way is
    /// given a moment.
    pub(crate) fn served(&self) -> u64 {
        for _ in 0..100 {
            if self.inner.under_way.load(Ordering::SeqCst) == 0 {
                break;
            }
            thread::sleep(Duration::from_millis(10));
        }
        self.inner.served.load(Ordering::SeqCst)
    }

    /// The most requests that were under way at one time.
    pub(crate) fn most_under_way(&self) -> u64 {
        self.inner.most_under_way.load(Ordering::SeqCst)
    }
}

impl Inner {
    fn connection(&self, stream: TcpStream) {
        let mut reader = BufReader::new(stream.try_clone().unwrap());
        let mut stream = stream;
        while let Some(asked) = self.request(&mut reader) {
            let now = self.under_way.fetch_add(1, Ordering::SeqCst) + 1;
            self.most_under_way.fetch_max(now, Ordering::SeqCst);
            let answered = self.answer(&asked, &mut stream);
            self.under_way.fetch_sub(1, Ordering::SeqCst);
            if !matches!(answered, Ok(true)) {
                return;
            }
        }
    }

    fn request(&self, reader: &mut BufReader<TcpStream>) -> Option<Asked> {
        let mut head = Vec::new();
        loop {
            let mut line = String::new();
            if reader.read_line(&mut line).ok()? == 0 {
                return None;
            }
            match line.trim_end() {
                "" => break,
                line => head.push(line.to_owned()),
            }
        }
        let range = head.iter().find_map(|line| {
            let (name, value) = line.split_once(':')?;
            let range = value
                .trim()
                .strip_prefix("bytes=")
                .filter(|_| name.eq_ignore_ascii_case("range"))?;
            let (first, last) = range.split_once('-')?;
            Some((first.parse().ok()?, last.parse().ok()?))
        });
        let mut asked = locked(&self.asked);
        let request = Asked {
            index: asked.len(),
            path: head.first()?.split(' ').nth(1)?.to_owned(),
            range,
            head,
        };
        asked.push(request.clone());
        Some(request)
    }

    /// Whether the connection can go on.
    fn answer(&self, asked: &Asked, stream: &mut TcpStream) -> io::Result<bool> {
        let fate = (*locked(&self.plan))(asked);
        let size = match fate {
            Fate::Size(size) => size,
            _ => self.size,
        };
        let etag = match fate {
            Fate::Etag(etag) => etag,
            _ => "\"one\"",
        };
        let (first, last) = asked.range.unwrap_or((0, size - 1));
        let length = last.min(self.size - 1).saturating_sub(first) + 1;
        let head = |length: u64| {
            let last = first + length - 1;
            format!("HTTP/1.1 206 Partial\r\netag: {etag}\r\ncontent-range: bytes {first}-{last}/{size}\r\n")
        };
        match fate {
            Fate::Status(status) => write!(stream, "HTTP/1.1 {status} X\r\ncontent-length: 0\r\n\r\n")?,
            Fate::Redirect(to) => write!(
                stream,
                "HTTP/1.1 302 Found\r\nlocation: {to}\r\ncontent-length: 0\r\n\r\n"
            )?,
            Fate::Hangs => thread::park(),
            Fate::Whole => {
                write!(
                    stream,
                    "HTTP/1.1 200 OK\r\netag: {etag}\r\ncontent-length: {size}\r\n\r\n"
                )?;
                self.send(stream, 0, size, false)?;
            }
            Fate::Endless => {
                write!(stream, "{}transfer-encoding: chunked\r\n\r\n", head(length))?;
                loop {
                    write!(stream, "1000\r\n")?;
                    stream.write_all(&[7; 0x1000])?;
                    write!(stream, "\r\n")?;
                }
            }
            Fate::Breaks(after) => {
                write!(stream, "{}content-length: {length}\r\n\r\n", head(length))?;
                self.send(stream, first, after.min(length), false)?;
                return Ok(false);
            }
            Fate::Short(many) => {
                let many = many.min(length);
                write!(stream, "{}content-length: {many}\r\n\r\n", head(many))?;
                self.send(stream, first, many, false)?;
            }
            Fate::Served | Fate::Etag(_) | Fate::Size(_) | Fate::Altered => {
                write!(stream, "{}content-length: {length}\r\n\r\n", head(length))?;
                self.send(stream, first, length, fate == Fate::Altered)?;
            }
        }
        Ok(true)
    }

    fn send(&self, stream: &mut TcpStream, first: u64, length: u64, is_altered: bool) -> io::Result<()> {
        let mut sent = 0;
        while sent < length {
            let mut piece = vec![0; (length - sent).min(64 << 10) as usize];
            (self.content)(first + sent, &mut piece);
            if is_altered {
                piece.iter_mut().for_each(|byte| *byte = !*byte);
            }
            stream.write_all(&piece)?;
            sent += piece.len() as u64;
            self.served.fetch_add(piece.len() as u64, Ordering::SeqCst);
        }
        Ok(())
    }
}

fn locked<T: ?Sized>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
