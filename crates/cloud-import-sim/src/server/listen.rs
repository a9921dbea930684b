//! Listeners and connections: takes requests off the wire and puts answers on it. Decides nothing about their content.

use std::{future::Future, io, sync::Arc, time::Duration};

use hyper::{Request, Response, body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::{net::TcpListener, task::JoinSet};

use super::{backend::Backend, exchange::exchange};
use crate::{
    clock,
    cloud::Cloud,
    clouds::Vendor,
    objects::host::{self, StoreHost},
    stores::store_request,
    wire::{
        Answer, AnswerBody, Delivery,
        http::{self, ARRIVAL},
    },
};

/// The longest request body that a cloud's listener reads. The vendors' own limits are higher.
const MAX_BODY: usize = 2 << 20;

/// The most that is read from a connection at once.
const BUFFER: usize = 256 << 10;

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
    backend: Arc<Backend>,
    cloud: Cloud,
    entry: Entry,
    request: Request<Incoming>,
) -> io::Result<Response<AnswerBody>> {
    let (parts, body) = request.into_parts();
    let mut wire = http::wire_request(&parts);
    let vendor = backend.clouds.of(cloud);
    if wire.header_values("host").count() > 1 {
        let text = "a request has one Host header\n";
        return http::send(Delivery::Whole(Answer::new(400, "text/plain", text)));
    }
    match target(cloud, vendor, entry, wire.header("host").unwrap_or_default()) {
        Some(Target::Store(host)) => return store_request(&backend.stores, cloud, host, wire, body).await,
        Some(Target::Api) => {}
        None => {
            let text = format!("this is {cloud}: the Host header is neither one of its names nor an address\n");
            return http::send(Delivery::Whole(Answer::new(421, "text/plain", text)));
        }
    }
    let too_large = match http::read(body, MAX_BODY).await? {
        Some(bytes) => {
            wire.body = bytes.into();
            false
        }
        None => true,
    };
    http::send(exchange(&backend, cloud, &wire, too_large).await)
}

/// Who answers a request.
#[derive(Debug, PartialEq, Eq)]
enum Target {
    Api,
    /// `None`: the host is an address.
    Store(Option<StoreHost>),
}

/// Looks at the `Host` header; `None` when it is neither one of the cloud's own names nor an address.
fn target(cloud: Cloud, vendor: &dyn Vendor, entry: Entry, host: &str) -> Option<Target> {
    let host = host::bare(host);
    if host::is_address(&host) {
        return Some(match entry {
            Entry::Api => Target::Api,
            Entry::Store => Target::Store(None),
        });
    }
    match host::parse(cloud, &host) {
        Some(found) => Some(Target::Store(Some(found))),
        None => (entry == Entry::Api && vendor.has_host(&host)).then_some(Target::Api),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{clouds::Clouds, world::Config};

    fn target(cloud: Cloud, entry: Entry, host: &str) -> Option<Target> {
        let clouds = Clouds::new(&Config::new("ak", "sk"));
        super::target(cloud, clouds.of(cloud), entry, host)
    }

    #[test]
    fn a_host_is_a_name_of_the_cloud_or_an_address() {
        for (cloud, host) in [
            (Cloud::Jdcloud, "vm.jdcloud-api.com"),
            (Cloud::Jdcloud, "vm.internal.cn-north-1.jdcloud-api.com"),
            (Cloud::Tencent, "cvm.ap-guangzhou.tencentcloudapi.com"),
            (Cloud::Tencent, "cvm.intl.tencentcloudapi.com"),
            (Cloud::Tencent, "sts.tencentcloudapi.com"),
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
            (Cloud::Tencent, "cam.tencentcloudapi.com"),
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
