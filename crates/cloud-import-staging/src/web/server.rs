//! Ranged requests to a web server: sent again where they bring nothing, led on by redirects, read into memory that is given. Knows no
//! digest.

use std::{
    ops::ControlFlow,
    sync::{Mutex, MutexGuard, PoisonError},
};

use cloud_import_core::{
    Bytes, Error, ErrorKind, Link, Result,
    http::{Request, Response, Uri, header},
    provider::retry::RetryState,
};

use super::{
    address::{checked, follow},
    answer::{Asked, Head, NAME_IT},
    client::WebClient,
    stamp::WebStamp,
};

/// How many times a server may lead elsewhere.
const REDIRECTS: u32 = 5;

/// One file of a server.
pub(super) struct Server {
    client: WebClient,
    link: Uri,
    /// The same, as it may be shown.
    url: String,
    /// Where it was found, so that all ranges are of one copy.
    found_at: Mutex<Uri>,
}

impl Server {
    pub(super) fn new(client: WebClient, link: &Link) -> Result<Self> {
        let uri = checked(link)?;
        Ok(Self {
            client,
            found_at: Mutex::new(uri.clone()),
            link: uri,
            url: link.without_query().to_owned(),
        })
    }

    /// Fills the buffer with what stands from `first` on, of a file that is still what is known of it.
    pub(super) async fn fill(&self, known: Option<&WebStamp>, first: u64, buffer: &mut [u8]) -> Result<WebStamp> {
        let env = &*self.client.env;
        let (mut filled, mut attempts, mut since) = (0, 0, env.monotonic());
        loop {
            let asked = Asked {
                url: &self.url,
                known,
                first: first + u64::try_from(filled).unwrap_or(u64::MAX),
                now: env.now(),
            };
            let rest = &mut buffer[filled..];
            let wanted = rest.len();
            let mut brought = 0;
            let error = match self.once(&asked, rest, &mut brought).await {
                Ok(stamp) if brought == wanted => return Ok(stamp),
                Ok(_) => asked.refused(ErrorKind::InvalidResponse, "was sent only in part", "Try again."),
                Err(error) => error,
            };
            filled += brought;
            attempts += 1;
            // What came is kept: only requests that bring nothing count.
            if brought > 0 {
                (attempts, since) = (1, env.monotonic());
            }
            let state = RetryState::repeatable(attempts, env.monotonic().saturating_sub(since));
            match self.client.retry.delay(&error, &state) {
                Some(delay) => env.sleep(delay).await,
                None => return Err(error.with_attempts(attempts)),
            }
        }
    }

    /// One request, and those that it is led on to.
    async fn once(&self, asked: &Asked<'_>, into: &mut [u8], brought: &mut usize) -> Result<WebStamp> {
        let mut at = self.found_at().clone();
        let mut redirects = 0;
        loop {
            match self.ask(&at, asked, into, brought).await {
                Ok(Head::Range(stamp)) => {
                    *self.found_at() = at;
                    return Ok(stamp);
                }
                Ok(Head::Elsewhere(_)) if redirects == REDIRECTS => {
                    let what = format!("leads elsewhere more than {REDIRECTS} times");
                    return Err(asked.refused(ErrorKind::InvalidRequest, &what, NAME_IT));
                }
                Ok(Head::Elsewhere(location)) => {
                    redirects += 1;
                    at = follow(&at, &location)?;
                }
                // A place that was led to may be open for some minutes only.
                Err(error) if redirects == 0 && at != self.link && is_over(&error) => at = self.link.clone(),
                Err(error) => return Err(error),
            }
        }
    }

    async fn ask(&self, at: &Uri, asked: &Asked<'_>, into: &mut [u8], brought: &mut usize) -> Result<Head> {
        let length = u64::try_from(into.len()).unwrap_or(u64::MAX);
        let _turn = self.client.pace.turn(&*self.client.env, length).await;
        let mut judged = None;
        let mut is_too_long = false;
        let mut taker = |head: &Response<()>, piece: &[u8]| {
            let judged = judged.get_or_insert_with(|| asked.judge(head));
            if !matches!(judged, Ok(Head::Range(_))) {
                return ControlFlow::Break(());
            }
            match into.get_mut(*brought..*brought + piece.len()) {
                Some(room) => {
                    room.copy_from_slice(piece);
                    *brought += piece.len();
                    ControlFlow::Continue(())
                }
                None => {
                    is_too_long = true;
                    ControlFlow::Break(())
                }
            }
        };
        let received = self
            .client
            .transport
            .receive(request(at, asked, length)?, &mut taker)
            .await;
        if is_too_long {
            *brought = 0;
            return Err(asked.refused(
                ErrorKind::Unsupported,
                "is sent with more bytes than were asked for",
                NAME_IT,
            ));
        }
        match (judged, received) {
            // What it says counts, whatever became of the rest.
            (Some(Err(error)), _) => Err(error),
            (Some(Ok(elsewhere @ Head::Elsewhere(_))), _) => Ok(elsewhere),
            (_, Err(failure)) => Err(Error::from(failure)),
            (Some(Ok(head)), Ok(_)) => Ok(head),
            (None, Ok(_)) => Err(asked.refused(ErrorKind::InvalidResponse, "was not answered", "Try again.")),
        }
    }

    fn found_at(&self) -> MutexGuard<'_, Uri> {
        self.found_at.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The request for a range. It carries nothing that could be a secret of this machine.
fn request(at: &Uri, asked: &Asked<'_>, length: u64) -> Result<Request<Bytes>> {
    let last = asked.first.saturating_add(length).saturating_sub(1);
    let mut request = Request::get(at.clone())
        .header(header::RANGE, format!("bytes={}-{last}", asked.first))
        .header(header::ACCEPT_ENCODING, "identity");
    let known = asked.known.and_then(|known| {
        let strong = known.etag.as_ref().filter(|etag| !etag.starts_with("W/"));
        strong.or(known.last_modified.as_ref())
    });
    if let Some(known) = known {
        request = request.header(header::IF_RANGE, known);
    }
    request
        .body(Bytes::new())
        .map_err(|error| Error::new(ErrorKind::InvalidRequest, "the URL makes no request").with_source(error))
}

fn is_over(error: &Error) -> bool {
    matches!(error.http_status(), Some(401 | 403 | 404 | 410))
}
