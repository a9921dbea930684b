//! A store in memory that speaks the shape of S3 and Alibaba OSS, behind the transport: no socket, no signature. A plan says
//! what goes wrong at which request.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, MutexGuard,
        atomic::{AtomicU64, Ordering},
    },
};

use cloud_import_core::{
    BoxFuture, Bytes,
    http::{Method, Request, Response, StatusCode},
    provider::{digest, encode},
    transport::{StreamedBody, Transport, TransportError, TransportErrorKind},
};
use md5::{Digest as _, Md5};
use tokio::sync::Notify;

/// What happens to one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fate {
    /// It is served.
    Served,
    /// It does not arrive, and no answer comes.
    LostBefore,
    /// It is served, and the answer is lost.
    LostAfter,
    /// It never ends, unserved.
    HangsBefore,
    /// It is served and never ends.
    HangsAfter,
    /// Refused with this status and code.
    Refused(u16, &'static str),
    /// It is served, and an error comes in a good answer.
    ErrorWith200,
    /// A byte is flipped before it is kept.
    Flipped,
    /// It is served, and a byte of all objects is flipped.
    Tampered,
    /// The store forgets all uploads first.
    Forgets,
}

type Plan = Box<dyn FnMut(&Seen) -> Fate + Send>;

/// A request as the plan sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Seen {
    /// How many were there before.
    pub(crate) index: usize,
    /// The operation's name.
    pub(crate) operation: &'static str,
    /// The number of the part.
    pub(crate) part: Option<u32>,
}

#[derive(Debug, Clone)]
pub(crate) struct Object {
    pub(crate) content: Vec<u8>,
    pub(crate) etag: String,
    pub(crate) sha256: Option<String>,
}

#[derive(Debug)]
struct Open {
    key: String,
    sha256: Option<String>,
    begun: u64,
    parts: BTreeMap<u32, Vec<u8>>,
}

/// What is in the store.
#[derive(Debug, Default)]
pub(crate) struct State {
    pub(crate) objects: BTreeMap<String, Object>,
    uploads: BTreeMap<String, Open>,
    begun: u64,
    /// Every request that arrived.
    pub(crate) seen: Vec<Seen>,
    /// Parts that were kept, by number, each time.
    pub(crate) kept: Vec<u32>,
    /// Whether parts are listed, and with their ETags.
    pub(crate) lists: Lists,
    /// What it tells of the bytes that it took.
    pub(crate) tells: Tells,
    /// It is given whole bodies alone.
    pub(crate) takes_whole: bool,
    /// What is done with a file between two pieces of it that are read.
    pub(crate) between: Option<Between>,
    /// Whether the MD5 of each part that arrived came along.
    pub(crate) with_md5: Vec<bool>,
}

/// Something that happens while a body is read.
#[derive(Clone)]
pub(crate) struct Between(pub(crate) Arc<dyn Fn() + Send + Sync>);

impl std::fmt::Debug for Between {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Between")
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Tells {
    /// An ETag that is their MD5.
    #[default]
    Md5,
    /// An ETag that is none, and their CRC-64.
    Crc64,
    /// An ETag that is none.
    Neither,
}

impl Tells {
    fn etag(self, body: &[u8]) -> String {
        match self {
            Tells::Md5 => md5_hex(body),
            _ => format!("{}-0", md5_hex(body)),
        }
    }

    fn with_sum(self, mut answer: Response<Bytes>, body: &[u8]) -> Response<Bytes> {
        if self == Tells::Crc64 {
            let sum = crc64(body).to_string().parse().unwrap();
            answer.headers_mut().insert("x-oss-hash-crc64ecma", sum);
        }
        answer
    }
}

/// CRC-64 of ECMA-182, reflected, bit by bit.
pub(crate) fn crc64(bytes: &[u8]) -> u64 {
    let bit = |sum: u64, _| match sum & 1 {
        1 => (sum >> 1) ^ 0xc96c_5795_d787_0f42,
        _ => sum >> 1,
    };
    let byte = |sum: u64, byte: &u8| (0..8).fold(sum ^ u64::from(*byte), bit);
    !bytes.iter().fold(!0, byte)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Lists {
    #[default]
    Whole,
    WithoutEtag,
    Nothing,
}

impl State {
    pub(crate) fn open(&self) -> usize {
        self.uploads.len()
    }

    pub(crate) fn count(&self, operation: &str) -> usize {
        self.seen.iter().filter(|seen| seen.operation == operation).count()
    }

    /// An upload that somebody left, with parts.
    pub(crate) fn leave_open(&mut self, id: &str, key: &str, parts: &[(u32, &[u8])]) {
        self.begun += 1;
        let open = Open {
            key: key.to_owned(),
            sha256: None,
            begun: self.begun,
            parts: parts
                .iter()
                .map(|(number, content)| (*number, content.to_vec()))
                .collect(),
        };
        self.uploads.insert(id.to_owned(), open);
    }
}

/// The store.
#[derive(Clone)]
pub(crate) struct Fake {
    state: Arc<Mutex<State>>,
    plan: Arc<Mutex<Plan>>,
    running: Arc<AtomicU64>,
    /// Told when a request hangs.
    pub(crate) hung: Arc<Notify>,
    pub(crate) most_running: Arc<AtomicU64>,
}

impl std::fmt::Debug for Fake {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Fake")
    }
}

impl Fake {
    pub(crate) fn new() -> Self {
        Self {
            state: Arc::default(),
            plan: Arc::new(Mutex::new(Box::new(|_| Fate::Served))),
            running: Arc::default(),
            hung: Arc::default(),
            most_running: Arc::default(),
        }
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    /// From now on requests end as this says.
    pub(crate) fn plan(&self, plan: impl FnMut(&Seen) -> Fate + Send + 'static) {
        *self.plan.lock().unwrap() = Box::new(plan);
    }

    /// The first `times` requests of an operation end in this way, the others well.
    pub(crate) fn strike(&self, operation: &'static str, mut times: u32, fate: Fate) {
        self.plan(move |seen| {
            if seen.operation != operation || times == 0 {
                return Fate::Served;
            }
            times -= 1;
            fate
        });
    }

    async fn hang<T>(&self) -> T {
        self.hung.notify_one();
        std::future::pending().await
    }

    fn serve(&self, call: &Call<'_>, body: &[u8]) -> Response<Bytes> {
        let mut state = self.state();
        let upload = call.query("uploadId").unwrap_or_default();
        let gone = || refusal(404, "NoSuchUpload");
        match call.operation {
            "HeadObject" => match state.objects.get(call.key) {
                Some(object) => {
                    let mut answer = Response::new(Bytes::new());
                    let headers = answer.headers_mut();
                    headers.insert("content-length", object.content.len().into());
                    headers.insert("etag", format!("\"{}\"", object.etag).parse().unwrap());
                    if let Some(sha256) = &object.sha256 {
                        headers.insert("x-oss-meta-cloud-import-sha256", sha256.parse().unwrap());
                    }
                    state.tells.with_sum(answer, &object.content)
                }
                None => refusal(404, ""),
            },
            "PutObject" => {
                let etag = md5_hex(body);
                let object = Object {
                    content: body.to_vec(),
                    etag: etag.clone(),
                    sha256: call.sha256.clone(),
                };
                state.objects.insert(call.key.to_owned(), object);
                tagged(&etag)
            }
            "InitiateMultipartUpload" => {
                state.begun += 1;
                let id = format!("upload-{}", state.begun);
                let open = Open {
                    key: call.key.to_owned(),
                    sha256: call.sha256.clone(),
                    begun: state.begun,
                    parts: BTreeMap::new(),
                };
                state.uploads.insert(id.clone(), open);
                xml(&format!(
                    "<InitiateMultipartUploadResult><UploadId>{id}</UploadId></InitiateMultipartUploadResult>"
                ))
            }
            "UploadPart" => {
                let number = call.part.unwrap();
                let Some(open) = state.uploads.get_mut(&upload) else {
                    return gone();
                };
                open.parts.insert(number, body.to_vec());
                state.kept.push(number);
                state.with_md5.push(call.md5.is_some());
                if call
                    .md5
                    .as_ref()
                    .is_some_and(|md5| *md5 != digest::base64(&Md5::digest(body)))
                {
                    return refusal(400, "BadDigest");
                }
                state.tells.with_sum(tagged(&state.tells.etag(body)), body)
            }
            "ListParts" => {
                if state.lists == Lists::Nothing {
                    return refusal(501, "NotImplemented");
                }
                let Some(open) = state.uploads.get(&upload) else {
                    return gone();
                };
                let mut text = "<ListPartsResult><IsTruncated>false</IsTruncated>".to_owned();
                for (number, content) in &open.parts {
                    let etag = match state.lists {
                        Lists::Whole => format!("<ETag>\"{}\"</ETag>", md5_hex(content)),
                        _ => String::new(),
                    };
                    let size = content.len();
                    text += &format!("<Part><PartNumber>{number}</PartNumber>{etag}<Size>{size}</Size></Part>");
                }
                xml(&(text + "</ListPartsResult>"))
            }
            "ListMultipartUploads" => {
                if state.lists == Lists::Nothing {
                    return refusal(501, "NotImplemented");
                }
                let mut text = "<ListMultipartUploadsResult>".to_owned();
                for (id, open) in &state.uploads {
                    let (key, begun) = (&open.key, open.begun);
                    text += &format!(
                        "<Upload><Key>{key}</Key><UploadId>{id}</UploadId><Initiated>2026-01-01T00:00:{begun:02}.000Z</Initiated></Upload>"
                    );
                }
                xml(&(text + "</ListMultipartUploadsResult>"))
            }
            "CompleteMultipartUpload" => {
                let Some(open) = state.uploads.get(&upload) else {
                    return gone();
                };
                let named = String::from_utf8(body.to_vec()).unwrap();
                let named: Vec<(u32, String)> = named.split("<Part>").skip(1).map(named_part).collect();
                let fits = |(number, etag): &(u32, String)| {
                    let etag_of = |content: &Vec<u8>| state.tells.etag(content);
                    open.parts.get(number).map(etag_of).as_ref() == Some(etag)
                };
                if !named.iter().all(fits) || named.is_empty() {
                    return refusal(400, "InvalidPart");
                }
                let mut content = Vec::new();
                for (number, _) in &named {
                    content.extend_from_slice(&open.parts[number]);
                }
                let object = Object {
                    etag: format!("{}-{}", md5_hex(&content), named.len()),
                    content,
                    sha256: open.sha256.clone(),
                };
                state.uploads.remove(&upload);
                state.objects.insert(call.key.to_owned(), object);
                xml("<CompleteMultipartUploadResult></CompleteMultipartUploadResult>")
            }
            "DeleteObject" => {
                state.objects.remove(call.key);
                status(204)
            }
            "AbortMultipartUpload" => match state.uploads.remove(&upload) {
                Some(_) => status(204),
                None => gone(),
            },
            _ => refusal(405, "MethodNotAllowed"),
        }
    }
}

fn named_part(text: &str) -> (u32, String) {
    let within = |open: &str, close: &str| text.split(open).nth(1).unwrap().split(close).next().unwrap().to_owned();
    let etag = within("<ETag>", "</ETag>").replace("&quot;", "").replace('"', "");
    (
        within("<PartNumber>", "</PartNumber>").parse().unwrap(),
        etag.to_lowercase(),
    )
}

pub(crate) fn md5_hex(content: &[u8]) -> String {
    digest::hex(&Md5::digest(content))
}

fn status(code: u16) -> Response<Bytes> {
    let mut answer = Response::new(Bytes::new());
    *answer.status_mut() = StatusCode::from_u16(code).unwrap();
    answer
}

fn tagged(etag: &str) -> Response<Bytes> {
    let mut answer = status(200);
    answer
        .headers_mut()
        .insert("etag", format!("\"{etag}\"").parse().unwrap());
    answer
}

fn xml(text: &str) -> Response<Bytes> {
    let mut answer = Response::new(Bytes::from(text.to_owned()));
    answer
        .headers_mut()
        .insert("content-type", "application/xml".parse().unwrap());
    answer
}

fn refusal(code: u16, name: &str) -> Response<Bytes> {
    let body = match name {
        "" => String::new(),
        name => format!("<Error><Code>{name}</Code><Message>as planned</Message></Error>"),
    };
    let mut answer = xml(&body);
    *answer.status_mut() = StatusCode::from_u16(code).unwrap();
    answer
}

/// A request taken apart.
struct Call<'a> {
    operation: &'static str,
    key: &'a str,
    query: Vec<(String, String)>,
    part: Option<u32>,
    sha256: Option<String>,
    md5: Option<String>,
}

impl<'a> Call<'a> {
    fn of(request: &'a Request<Bytes>) -> Self {
        let key = request.uri().path().trim_start_matches('/');
        let query = encode::decode_pairs(request.uri().query().unwrap_or_default());
        let has = |name: &str| query.iter().any(|(found, _)| found == name);
        let operation = match (request.method(), has("uploads"), has("uploadId"), has("partNumber")) {
            (&Method::HEAD, ..) => "HeadObject",
            (&Method::PUT, _, true, true) => "UploadPart",
            (&Method::PUT, ..) => "PutObject",
            (&Method::POST, true, ..) => "InitiateMultipartUpload",
            (&Method::POST, _, true, _) => "CompleteMultipartUpload",
            (&Method::GET, true, ..) => "ListMultipartUploads",
            (&Method::GET, _, true, _) => "ListParts",
            (&Method::DELETE, _, true, _) => "AbortMultipartUpload",
            (&Method::DELETE, ..) => "DeleteObject",
            _ => "unknown",
        };
        let mut call = Self {
            operation,
            key,
            query,
            part: None,
            sha256: None,
            md5: None,
        };
        call.part = call.query("partNumber").and_then(|number| number.parse().ok());
        let sha256 = request.headers().get("x-oss-meta-cloud-import-sha256");
        call.sha256 = sha256.map(|value| value.to_str().unwrap().to_owned());
        let md5 = request.headers().get("content-md5");
        call.md5 = md5.map(|value| value.to_str().unwrap().to_owned());
        call
    }

    fn query(&self, name: &str) -> Option<String> {
        let found = self.query.iter().find(|(found, _)| found == name);
        found.map(|(_, value)| value.clone())
    }
}

impl Fake {
    /// The body of a request, in two pieces where it is read while it is sent.
    fn body(&self, request: &Request<Bytes>) -> std::io::Result<Bytes> {
        let Some(streamed) = StreamedBody::of(request) else {
            return Ok(request.body().clone());
        };
        assert!(request.body().is_empty() && self.takes_streamed());
        let source = streamed.source();
        let mut body = vec![0; usize::try_from(source.length()).unwrap()];
        let (first, second) = body.split_at_mut(source.length() as usize / 2);
        source.read_at(0, first)?;
        let between = self.state().between.clone();
        if let Some(Between(happens)) = between {
            happens();
        }
        source.read_at(first.len() as u64, second)?;
        Ok(body.into())
    }
}

impl Transport for Fake {
    fn takes_streamed(&self) -> bool {
        !self.state().takes_whole
    }

    fn send(&self, request: Request<Bytes>) -> BoxFuture<'_, Result<Response<Bytes>, TransportError>> {
        Box::pin(async move {
            let running = self.running.fetch_add(1, Ordering::SeqCst) + 1;
            self.most_running.fetch_max(running, Ordering::SeqCst);
            let _running = Running(&self.running);
            let call = Call::of(&request);
            let seen = {
                let mut state = self.state();
                let seen = Seen {
                    index: state.seen.len(),
                    operation: call.operation,
                    part: call.part,
                };
                state.seen.push(seen.clone());
                seen
            };
            let fate = (self.plan.lock().unwrap())(&seen);
            // Others get their turn, so that parts really run beside each other.
            tokio::task::yield_now().await;
            let broken = || TransportError::new(TransportErrorKind::Broken, "as planned");
            let Ok(body) = self.body(&request) else {
                return Err(broken().lasting());
            };
            match fate {
                Fate::Served => Ok(self.serve(&call, &body)),
                Fate::LostBefore => Err(broken()),
                Fate::LostAfter => {
                    self.serve(&call, &body);
                    Err(broken())
                }
                Fate::HangsBefore => self.hang().await,
                Fate::HangsAfter => {
                    self.serve(&call, &body);
                    self.hang().await
                }
                Fate::Refused(code, name) => Ok(refusal(code, name)),
                Fate::ErrorWith200 => {
                    let mut answer = refusal(200, "InternalError");
                    *answer.status_mut() = StatusCode::OK;
                    Ok(answer)
                }
                Fate::Flipped => {
                    let mut body = body.to_vec();
                    body[0] ^= 1;
                    Ok(self.serve(&call, &body))
                }
                Fate::Tampered => {
                    let answer = self.serve(&call, &body);
                    let mut state = self.state();
                    state.objects.values_mut().for_each(|object| object.content[0] ^= 1);
                    Ok(answer)
                }
                Fate::Forgets => {
                    self.state().uploads.clear();
                    Ok(self.serve(&call, &body))
                }
            }
        })
    }
}

struct Running<'a>(&'a AtomicU64);

impl Drop for Running<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}
