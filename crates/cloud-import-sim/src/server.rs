//! Listeners and connections: takes requests off the wire and puts answers on it. Decides nothing about their content.

use std::future::Future;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use hyper::body::Incoming;
use hyper::header::{CONTENT_LENGTH, HeaderValue};
use hyper::http::request::Parts;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use crate::answer::{Answer, AnswerBody, Delivery};
use crate::clock;
use crate::cloud::Cloud;
use crate::clouds;
use crate::exchange::{Shared, exchange};
use crate::stores::host::{self, StoreHost};
use crate::stores::store_request;
use crate::wire::WireRequest;

/// The longest request body that a cloud's listener reads. The vendors' own limits are higher.
const MAX_BODY: usize = 2 << 20;

/// The most that is read from a connection at once.
const BUFFER: usize = 256 << 10;

/// How long a request may take to arrive.
const ARRIVAL: Duration = Duration::from_secs(30);

/// Accepts connections until the task is aborted; with it go the connections.
pub(crate) async fn accept<H, F>(listener: TcpListener, handler: H)
where
    H: Fn(Request<Incoming>) -> F + Clone + Send + Sync + 'static,
    F: Future<Output = io::Result<Response<AnswerBody>>> + Send + 'static,
{
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    // Small answers shall not wait; a connection that is gone already is met below.
                    let _ = stream.set_nodelay(true);
                    let handler = handler.clone();
                    connections.spawn(async move {
                        // A connection that ends badly is the other side's choice, or a fault that was asked for.
                        let _ = http1::Builder::new()
                            .timer(TokioTimer::new())
                            .header_read_timeout(ARRIVAL)
                            .max_buf_size(BUFFER)
                            .serve_connection(TokioIo::new(stream), service_fn(handler))
                            .await;
                    });
                }
                // Out of descriptors, most likely: wait for some to come back.
                Err(_) => clock::sleep(Duration::from_millis(20)).await,
            },
            Some(_) = connections.join_next() => {}
        }
    }
}

/// Which of a cloud's two listeners took a connection: where the `Host` is an address, it decides who answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Entry {
    Api,
    Store,
}

/// One request to a listener of a cloud.
pub(crate) async fn cloud_request(
    shared: Arc<Shared>,
    cloud: Cloud,
    entry: Entry,
    request: Request<Incoming>,
) -> io::Result<Response<AnswerBody>> {
    let (parts, body) = request.into_parts();
    let mut wire = wire_request(&parts);
    match target(cloud, entry, wire.header("host").unwrap_or_default()) {
        Some(Target::Store(host)) => return store_request(&shared, cloud, host, wire, body).await,
        Some(Target::Api) => {}
        None => {
            let text = format!("this is {cloud}: the Host header is neither one of its names nor an address\n");
            return send(Delivery::Whole(Answer::new(421, "text/plain", text)));
        }
    }
    let too_large = match read(body, MAX_BODY).await? {
        Some(bytes) => {
            wire.body = bytes.into();
            false
        }
        None => true,
    };
    send(exchange(&shared, cloud, &wire, too_large).await)
}

/// Who answers a request.
#[derive(Debug, PartialEq, Eq)]
enum Target {
    Api,
    /// `None`: the host is an address.
    Store(Option<StoreHost>),
}

/// Looks at the `Host` header; `None` when it is neither one of the cloud's own names nor an address.
fn target(cloud: Cloud, entry: Entry, host: &str) -> Option<Target> {
    let host = host::bare(host);
    if host::is_address(&host) {
        return Some(match entry {
            Entry::Api => Target::Api,
            Entry::Store => Target::Store(None),
        });
    }
    match host::parse(cloud, &host) {
        Some(found) => Some(Target::Store(Some(found))),
        None => (entry == Entry::Api && clouds::vendor(cloud).has_host(&host)).then_some(Target::Api),
    }
}

/// Reads a body of at most `limit` bytes; `None` when it is longer. An error when it does not arrive.
pub(crate) async fn read(body: Incoming, limit: usize) -> io::Result<Option<Bytes>> {
    let collected = tokio::time::timeout(ARRIVAL, Limited::new(body, limit).collect()).await;
    match collected {
        Ok(Ok(collected)) => Ok(Some(collected.to_bytes())),
        Ok(Err(error)) if error.is::<LengthLimitError>() => Ok(None),
        Ok(Err(error)) => Err(io::Error::other(error)),
        Err(_) => Err(io::ErrorKind::TimedOut.into()),
    }
}

fn wire_request(parts: &Parts) -> WireRequest {
    WireRequest {
        method: parts.method.as_str().to_owned(),
        path: parts.uri.path().to_owned(),
        query: parts.uri.query().unwrap_or_default().to_owned(),
        headers: parts
            .headers
            .iter()
            .map(|(name, value)| {
                let value = String::from_utf8_lossy(value.as_bytes());
                (name.as_str().to_owned(), value.into_owned())
            })
            .collect(),
        body: Vec::new(),
    }
}

/// Turns a delivery into a response; an error closes the connection.
pub(crate) fn send(delivery: Delivery) -> io::Result<Response<AnswerBody>> {
    match delivery {
        Delivery::Close => Err(io::ErrorKind::ConnectionAborted.into()),
        Delivery::Whole(mut answer) => {
            let body = AnswerBody::whole(std::mem::take(&mut answer.body));
            response(answer, body)
        }
        Delivery::Half(mut answer) => {
            let whole = std::mem::take(&mut answer.body);
            let length = HeaderValue::from(whole.len());
            let mut response = response(answer, AnswerBody::half(whole))?;
            response.headers_mut().insert(CONTENT_LENGTH, length);
            Ok(response)
        }
        Delivery::Flood(answer, mib) => response(answer, AnswerBody::flood(mib)),
    }
}

/// A response with this body instead of the answer's.
pub(crate) fn response(answer: Answer, body: AnswerBody) -> io::Result<Response<AnswerBody>> {
    let mut builder = Response::builder().status(answer.status);
    for (name, value) in answer.headers {
        builder = builder.header(name.as_ref(), value);
    }
    builder.body(body).map_err(io::Error::other)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_is_a_name_of_the_cloud_or_an_address() {
        for (cloud, host) in [
            (Cloud::Jdcloud, "vm.jdcloud-api.com"),
            (Cloud::Jdcloud, "vm.internal.cn-north-1.jdcloud-api.com"),
            (Cloud::Tencent, "cvm.ap-guangzhou.tencentcloudapi.com"),
            (Cloud::Tencent, "cvm.intl.tencentcloudapi.com"),
            (Cloud::Huawei, "ims.cn-north-4.myhuaweicloud.com"),
            (Cloud::Huawei, "iam.myhuaweicloud.com"),
            (Cloud::Aliyun, "ecs.aliyuncs.com"),
            (Cloud::Aliyun, "ecs-cn-hangzhou.aliyuncs.com:443"),
            (Cloud::Ucloud, "API.ucloud.cn"),
            (Cloud::Ucloud, "127.0.0.1:8080"),
            (Cloud::Ucloud, "[::1]:8080"),
            (Cloud::Ucloud, "localhost:8080"),
        ] {
            assert_eq!(target(cloud, Entry::Api, host), Some(Target::Api), "{host}");
        }
        for (cloud, host) in [
            (Cloud::Jdcloud, "cvm.tencentcloudapi.com"),
            (Cloud::Tencent, "sts.tencentcloudapi.com"),
            (Cloud::Aliyun, "example.com"),
            (Cloud::Ucloud, ""),
        ] {
            assert_eq!(target(cloud, Entry::Api, host), None, "{host}");
        }
        assert_eq!(
            target(Cloud::Ucloud, Entry::Store, "127.0.0.1:80"),
            Some(Target::Store(None))
        );
        assert_eq!(target(Cloud::Ucloud, Entry::Store, "api.ucloud.cn"), None);
        for entry in [Entry::Api, Entry::Store] {
            let found = target(Cloud::Tencent, entry, "b-1.cos.ap-x.myqcloud.com:80");
            assert!(matches!(found, Some(Target::Store(Some(host))) if host.bucket.as_deref() == Some("b-1")));
        }
    }
}
