//! A store that takes everything and looks at nothing: what a client costs is seen beside it, as it is the same for all of them. It
//! throws bodies away, and answers what clients need to go on: an ETag, the CRC-64 of OSS and COS, the size.

use std::{
    collections::HashMap,
    io::{self, BufRead as _, BufReader, Read as _, Write as _},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::{Arc, Mutex, PoisonError},
    thread,
};

use crc_fast::{CrcAlgorithm::Crc64Xz, Digest, checksum_combine};

/// Size and CRC-64 of a body.
type Sum = (u64, u64);

/// What arrived: parts by key and number, objects by key.
#[derive(Default)]
struct Kept {
    parts: HashMap<String, Vec<(u32, Sum)>>,
    objects: HashMap<String, Sum>,
}

/// Serves in threads of its own, for ever.
pub(crate) fn start() -> io::Result<SocketAddr> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?;
    let kept = Arc::new(Mutex::new(Kept::default()));
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let kept = Arc::clone(&kept);
            // A client that leaves is none of its business.
            thread::spawn(move || serve(stream, &kept));
        }
    });
    Ok(address)
}

struct Head {
    method: String,
    path: String,
    query: String,
    headers: HashMap<String, String>,
}

impl Head {
    fn read(reader: &mut BufReader<TcpStream>) -> io::Result<Option<Self>> {
        let mut line = String::new();
        if reader.read_line(&mut line)? == 0 {
            return Ok(None);
        }
        let mut words = line.split(' ');
        let method = words.next().unwrap_or_default().to_owned();
        let target = words.next().unwrap_or_default();
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let (path, query) = (path.to_owned(), query.to_owned());
        let mut headers = HashMap::new();
        loop {
            let mut line = String::new();
            reader.read_line(&mut line)?;
            match line.trim_end().split_once(": ") {
                Some((name, value)) => drop(headers.insert(name.to_ascii_lowercase(), value.to_owned())),
                None => break,
            }
        }
        Ok(Some(Self {
            method,
            path,
            query,
            headers,
        }))
    }

    fn number(&self, name: &str) -> Option<u64> {
        self.headers.get(name)?.parse().ok()
    }

    fn has(&self, name: &str) -> bool {
        self.query.split('&').any(|pair| pair.split('=').next() == Some(name))
    }

    fn part(&self) -> Option<u32> {
        let mut pairs = self.query.split('&');
        pairs.find_map(|pair| pair.strip_prefix("partNumber="))?.parse().ok()
    }

    /// The MD5 that came along, in hex; else one that stands for any.
    fn etag(&self) -> String {
        use base64::{Engine as _, engine::general_purpose::STANDARD};
        let md5 = self.headers.get("content-md5");
        let md5 = md5.and_then(|text| STANDARD.decode(text).ok());
        md5.map_or_else(
            || "0".repeat(32),
            |md5| md5.iter().map(|byte| format!("{byte:02x}")).collect(),
        )
    }
}

fn serve(stream: TcpStream, kept: &Mutex<Kept>) -> io::Result<()> {
    let mut out = stream.try_clone()?;
    let mut reader = BufReader::with_capacity(256 << 10, stream);
    let mut buffer = vec![0; 256 << 10];
    while let Some(head) = Head::read(&mut reader)? {
        if head.headers.contains_key("expect") {
            out.write_all(b"HTTP/1.1 100 Continue\r\n\r\n")?;
        }
        let mut left = head.number("content-length").unwrap_or_default();
        let length = left;
        let mut digest = Digest::new(Crc64Xz);
        // Only a client that sends no MD5 is answered by it.
        let is_summed = !head.headers.contains_key("content-md5");
        while left > 0 {
            let step = usize::try_from(left).map_or(buffer.len(), |left| left.min(buffer.len()));
            let read = reader.read(&mut buffer[..step])?;
            if read == 0 {
                return Ok(());
            }
            if is_summed && head.method == "PUT" {
                digest.update(&buffer[..read]);
            }
            left -= read as u64;
        }
        let answer = answer(&head, (length, digest.finalize()), kept);
        out.write_all(answer.as_bytes())?;
    }
    Ok(())
}

fn answer(head: &Head, sum: Sum, kept: &Mutex<Kept>) -> String {
    let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
    let sums = |crc: u64| format!("x-oss-hash-crc64ecma: {crc}\r\nx-cos-hash-crc64ecma: {crc}\r\n");
    let key = head.path.clone();
    match (head.method.as_str(), head.part()) {
        ("PUT", Some(number)) => {
            kept.parts.entry(key).or_default().push((number, sum));
            ok(&format!("etag: \"{}\"\r\n{}", head.etag(), sums(sum.1)), "")
        }
        ("PUT", None) => {
            kept.objects.insert(key, sum);
            ok(&format!("etag: \"{}\"\r\n{}", head.etag(), sums(sum.1)), "")
        }
        ("POST", _) if head.has("uploads") => ok(
            "content-type: application/xml\r\n",
            "<InitiateMultipartUploadResult><UploadId>u</UploadId></InitiateMultipartUploadResult>",
        ),
        ("POST", _) => {
            let mut parts = kept.parts.remove(&key).unwrap_or_default();
            parts.sort_by_key(|(number, _)| *number);
            let joined = parts.iter().fold((0, 0), |(size, crc), (_, (length, next))| {
                (size + length, checksum_combine(Crc64Xz, crc, *next, *length))
            });
            kept.objects.insert(key, joined);
            let body = "<CompleteMultipartUploadResult><ETag>\"x-1\"</ETag></CompleteMultipartUploadResult>";
            ok("content-type: application/xml\r\n", body)
        }
        ("HEAD", _) => match kept.objects.get(&key) {
            Some((size, crc)) => format!(
                "HTTP/1.1 200 OK\r\ncontent-length: {size}\r\netag: \"x\"\r\n{}\r\n",
                sums(*crc)
            ),
            None => "HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n".to_owned(),
        },
        ("GET", _) if head.has("uploads") => ok(
            "content-type: application/xml\r\n",
            "<ListMultipartUploadsResult></ListMultipartUploadsResult>",
        ),
        ("GET", _) => ok(
            "content-type: application/xml\r\n",
            "<ListPartsResult><IsTruncated>false</IsTruncated></ListPartsResult>",
        ),
        _ => ok("", ""),
    }
}

fn ok(headers: &str, body: &str) -> String {
    let length = body.len();
    format!("HTTP/1.1 200 OK\r\n{headers}content-length: {length}\r\n\r\n{body}")
}
