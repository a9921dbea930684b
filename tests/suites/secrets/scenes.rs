//! The ways that an import can go, each with everything shown.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::Duration,
};

use base64::Engine as _;
use bytes::Bytes;
use cloud_import::{
    Credentials, Disk, DiskSource, ErrorKind, Grace, ImageImporter, ImportRequest, Result, Settings, TaskState,
    WaitEvent,
    provider::encode,
    transport::{HttpTransport, Transport},
    wait,
};
use cloud_import_sim::{Config, FaultKind};
use cloud_import_tests::{
    capture::Capture,
    leaks::Watch,
    simulated::{Case, Form, Recorder, Rewriter, Stage, quick_retries},
};
use http::{Request, Response};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpListener,
};

use crate::{echo, show};

/// Who imports, and what of it is secret.
pub(crate) struct Account {
    pub(crate) good: Credentials,
    pub(crate) bad: Credentials,
    pub(crate) secrets: Vec<(&'static str, &'static str)>,
    /// Whether requests are signed, so that there are signatures to look for.
    pub(crate) is_signed: bool,
}

/// What the link's query holds, in the words of the vendors' storages.
const LINK: [(&str, &str); 6] = [
    ("X-Amz-Algorithm", "AWS4-HMAC-SHA256"),
    (
        "X-Amz-Signature",
        "8f2a4c6e0b1d3f5a7c9e8f2a4c6e0b1d3f5a7c9e8f2a4c6e0b1d3f5a7c9e0011",
    ),
    ("X-Amz-Security-Token", "bGluay10b2tlbi1ieS1pdHNlbGY%2Bc2VjcmV0"),
    ("q-signature", "5b1d3f5a7c9e8f2a4c6e0b1d3f5a7c9e8f2a4c6e"),
    ("Signature", "bGlua3NpZ25hdHVyZTAxMjM0%3D"),
    ("Expires", "1800000000"),
];

fn query() -> String {
    LINK.map(|(name, value)| format!("{name}={value}")).join("&")
}

/// The usual order, by a signed link where the cloud takes links.
fn order(case: &Case) -> ImportRequest {
    let mut order = case.order_from("web-2026", case.disk(&case.key()));
    if let Form::Link(host) = case.form {
        let format = case.format;
        order.disks[0] = Disk::url(format!("https://{host}/{}?{}", case.key(), query()))
            .format(format)
            .size_gib(40);
    }
    order
}

type Change = fn(&Request<Bytes>, Response<Bytes>) -> Response<Bytes>;

struct Scene<'a> {
    stage: Stage,
    account: &'a Account,
    order: ImportRequest,
    watch: Watch,
    recorders: Vec<Arc<Recorder>>,
}

impl Scene<'_> {
    /// An importer whose requests are kept and whose answers are changed; shown.
    fn importer(&mut self, credentials: &Credentials, change: Change) -> Box<dyn ImageImporter> {
        let transport = self.stage.transport().unwrap();
        self.importer_over(transport, credentials, change)
    }

    fn importer_over(
        &mut self,
        transport: Arc<dyn Transport>,
        credentials: &Credentials,
        change: Change,
    ) -> Box<dyn ImageImporter> {
        let recorder = Arc::new(Recorder::new(transport));
        self.recorders.push(Arc::clone(&recorder));
        let settings = self.settings(Arc::new(Rewriter::new(recorder, change)), credentials);
        show::connect(self.stage.case.provider, settings, &self.order, &mut self.watch)
    }

    fn settings(&self, transport: Arc<dyn Transport>, credentials: &Credentials) -> Settings {
        self.stage
            .settings()
            .unwrap()
            .credentials(credentials.clone())
            .transport(transport)
            .retry(quick_retries().attempts(2))
            .grace(Grace::new(Duration::from_millis(150), Duration::from_millis(25)))
    }

    /// Starts, and waits if it started; every error is shown.
    async fn try_it(&mut self, what: &str, importer: &dyn ImageImporter) -> Result<(), ErrorKind> {
        let started = importer.start(&self.order).await;
        let mut task = match started {
            Ok(task) => task,
            Err(error) => {
                show::error(&mut self.watch, what, &error);
                return Err(error.kind());
            }
        };
        show::task(&mut self.watch, &task);
        let seen = Arc::new(Mutex::new(Vec::new()));
        let listener = Arc::clone(&seen);
        let options = Stage::wait_options()
            .tolerated_errors(2)
            .on_event(move |task, event: WaitEvent<'_>| {
                listener.lock().unwrap().push(format!("{task:?} {event:?}"));
            });
        let ended = wait(importer, &mut task, &options).await;
        show::task(&mut self.watch, &task);
        for event in seen.lock().unwrap().drain(..) {
            self.watch.text(format!("an event of {what}"), event);
        }
        match ended {
            Ok(image) => {
                self.watch.shown("image", &image);
                self.watch
                    .text("JSON of an image", serde_json::to_string(&image).unwrap());
                Ok(())
            }
            Err(error) => {
                show::error(&mut self.watch, what, &error);
                Err(error.kind())
            }
        }
    }

    /// Adds what was really sent to the secrets, and what is shown of its headers to what is searched.
    fn add_signatures(&mut self) {
        for request in self.recorders.iter().flat_map(|recorder| recorder.sent()) {
            self.watch.shown("headers that were sent", request.headers());
            if let Some(value) = request.headers().get("authorization") {
                let value = value.to_str().unwrap();
                let signature = value.rsplit("Signature=").next().unwrap();
                self.watch.secret("signature in a header", signature);
            }
            let body = std::str::from_utf8(request.body()).unwrap();
            for (name, value) in encode::decode_pairs(body) {
                if name == "Signature" {
                    self.watch.secret("signature in a form", value);
                }
            }
        }
    }
}

fn unchanged(_: &Request<Bytes>, answer: Response<Bytes>) -> Response<Bytes> {
    answer
}

pub(crate) async fn play(case: &'static Case, account: &Account, config: fn(Config) -> Config) {
    let capture = Capture::begin();
    let mut scene = Scene {
        stage: Stage::with(case, |plain| config(plain).quota(case.cloud, 1000))
            .await
            .unwrap(),
        account,
        order: order(case),
        watch: Watch::default(),
        recorders: Vec::new(),
    };
    for (what, secret) in &account.secrets {
        scene.watch.secret(*what, *secret);
    }
    scene.watch.secret("link's query", query());
    for (name, value) in LINK.into_iter().filter(|(_, value)| value.len() > 16) {
        scene.watch.secret(format!("link's {name}"), value);
        scene
            .watch
            .secret(format!("link's {name}, decoded"), encode::percent_decode(value));
    }

    succeeding(&mut scene).await;
    refused(&mut scene).await;
    named_by_itself(&mut scene).await;
    lost(&mut scene).await;
    misshapen(&mut scene).await;
    failing(&mut scene).await;
    invalid(&mut scene).await;
    scene.add_signatures();

    let logged = capture.text();
    assert_is_whole(&logged, case, account, &scene.watch);
    scene.watch.text("the log", logged);
    assert_eq!(scene.watch.leaks(), [""; 0]);
}

/// A search that finds nothing is worth something only if there was something to be found in.
fn assert_is_whole(logged: &str, case: &Case, account: &Account, watch: &Watch) {
    for part in [
        format!("cloud.provider=\"{}\"", case.provider.id()),
        format!("rpc.method=\"{}\"", case.start),
        format!("rpc.method=\"{}\"", case.poll),
        "http.request.resend_count=0".to_owned(),
        "http.request.resend_count=1".to_owned(),
        "answered".to_owned(),
        "refused".to_owned(),
        "sending again".to_owned(),
        "TRACE".to_owned(),
    ] {
        assert!(logged.contains(&part), "{part} is not in the log:\n{logged}");
    }
    let signatures = watch.count("signature in");
    assert_eq!(signatures > 10, account.is_signed, "{signatures} signatures were sent");
}

async fn succeeding(scene: &mut Scene<'_>) {
    let good = scene.account.good.clone();
    let importer = scene.importer(&good, unchanged);
    let plain = importer.prepare(&scene.order).unwrap().into_task();
    show::task(&mut scene.watch, &plain);
    show::problems(&mut scene.watch, "a good order", &importer.validate(&scene.order));
    scene.stage.fail_polls(FaultKind::Throttle, 1);
    scene.try_it("an import that succeeds", &*importer).await.unwrap();
    let mut found = importer.lookup(&plain).await.unwrap().unwrap();
    show::task(&mut scene.watch, &found);
    let state = importer.poll(&mut found).await.unwrap();
    scene.watch.shown("state", &state);
    if let TaskState::Succeeded { image } = state {
        importer.delete(&image).await.unwrap();
        let error = importer.delete(&image).await.unwrap_err();
        show::error(&mut scene.watch, "a second delete", &error);
    }
}

async fn refused(scene: &mut Scene<'_>) {
    scene.order.generation += 1;
    let bad = scene.account.bad.clone();
    let importer = scene.importer(&bad, unchanged);
    let error = importer.start(&scene.order).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Credentials);
    // Alibaba answers this with the whole string that it would have signed, which begins with the algorithm.
    assert!(!format!("{error} {error:?}").contains("HMAC"), "{error:?}");
    show::error(&mut scene.watch, "a bad signature", &error);

    let good = scene.account.good.clone();
    let importer = scene.importer(&good, echo::fill_in);
    for http in [400, 403, 500] {
        let code = match scene.stage.case.form {
            // A number is wanted.
            _ if scene.stage.case.start == "ImportCustomImage" => "99999".to_owned(),
            _ => format!("Code.{}", echo::HERE),
        };
        for message in [
            echo::HERE.to_owned(),
            format!("cannot open the link in {}", echo::HERE),
            // What a vendor may make of a secret before it shows it.
            transformed(scene),
        ] {
            scene.stage.fail_start(FaultKind::Refuse {
                http,
                code: code.clone(),
                message,
            });
            // Sent again or looked for, it may come to an end: what counts is what is shown on the way.
            let _ = scene.try_it("a refusal that echoes", &*importer).await;
            scene.stage.simulator.clear_faults();
            scene.order.generation += 1;
            scene.order.name = format!("web-{http}-{}", scene.order.generation);
        }
    }
}

/// The id of a request is the vendor's text, too.
async fn named_by_itself(scene: &mut Scene<'_>) {
    let good = scene.account.good.clone();
    let importer = scene.importer(&good, echo::as_request_id);
    for http in [400, 500] {
        let (code, message) = ("99999".to_owned(), "no".to_owned());
        scene.stage.fail_start(FaultKind::Refuse { http, code, message });
        let _ = scene.try_it("a refusal whose id echoes", &*importer).await;
        scene.stage.simulator.clear_faults();
        scene.order.generation += 1;
        scene.order.name = format!("web-id-{http}");
    }
    let _ = scene.try_it("answers whose ids echo", &*importer).await;
    scene.order.generation += 1;
    scene.order.name = "web-id".to_owned();
}

/// The secrets of the account and of the link, as far as they are sent: percent-encoded and in base64.
fn transformed(scene: &Scene<'_>) -> String {
    let (_, secret) = scene.account.secrets[0];
    let mut secrets = vec![secret.to_owned()];
    if matches!(scene.stage.case.form, Form::Link(_)) {
        secrets.push(query());
        // As storages name a signature that they refuse.
        secrets.extend(LINK.map(|(_, value)| value.to_owned()));
    }
    let shown = |secret: &String| {
        let base64 = base64::engine::general_purpose::STANDARD.encode(secret);
        format!("[{} {base64}]", encode::percent(secret))
    };
    let mut text: String = secrets.iter().map(shown).collect();
    if let Some(DiskSource::Url(link)) = scene.order.first_disk().map(|disk| &disk.source) {
        // As the parameter of another link.
        text.push_str(&encode::percent(link.expose()));
    }
    text
}

async fn lost(scene: &mut Scene<'_>) {
    let good = scene.account.good.clone();
    for kind in [
        FaultKind::DropBefore,
        FaultKind::Cut,
        FaultKind::Garbage,
        FaultKind::Empty,
        FaultKind::Error200,
        FaultKind::ServerError { http: 502 },
    ] {
        scene.order.generation += 1;
        scene.order.name = format!("lost-{}", scene.order.generation);
        let importer = scene.importer(&good, unchanged);
        let start = scene.stage.case.start;
        scene.stage.inject(kind, |fault| fault.operation(start).times(2));
        let _ = scene.try_it("a lost start", &*importer).await;
        scene.stage.simulator.clear_faults();
    }
    let importer = scene.importer(&good, echo::mirror);
    scene.order.generation += 1;
    let _ = scene.try_it("a mirror", &*importer).await.unwrap_err();

    let nowhere = HttpTransport::builder().dial(SocketAddr::from(([127, 0, 0, 1], 1)));
    let importer = scene.importer_over(Arc::new(nowhere.build().unwrap()), &good, unchanged);
    let kind = scene.try_it("no connection", &*importer).await.unwrap_err();
    assert_eq!(kind, ErrorKind::Connect);
    unproxied(scene).await;
}

/// Behind proxies that let nobody through, so that the real host is named and not reached.
async fn unproxied(scene: &mut Scene<'_>) {
    const PASSWORD: &str = "s3cret-of-the-proxy";
    scene.watch.secret("proxy's password", PASSWORD);
    let good = scene.account.good.clone();
    for answer in [
        "HTTP/1.1 403 Forbidden\r\n\r\n",
        "HTTP/1.1 407 Who\r\n\r\n",
        "Hello",
        "",
    ] {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://importer:{PASSWORD}@{}", listener.local_addr().unwrap());
        let proxy = tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let _ = stream.read(&mut [0; 4096]).await;
                let _ = stream.write_all(answer.as_bytes()).await;
            }
        });
        let transport = HttpTransport::builder().proxy(url);
        scene.watch.shown("a builder with a proxy", &transport);
        let importer = scene.importer_over(Arc::new(transport.build().unwrap()), &good, unchanged);
        let kind = scene.try_it("a proxy that refuses", &*importer).await.unwrap_err();
        assert_eq!(kind, ErrorKind::Connect);
        proxy.abort();
    }
    let socks = HttpTransport::builder().proxy(format!("socks5://importer:{PASSWORD}@127.0.0.1:1080"));
    show::error(&mut scene.watch, "a socks proxy", &socks.build().unwrap_err());
}

async fn misshapen(scene: &mut Scene<'_>) {
    let good = scene.account.good.clone();
    let importer = scene.importer(&good, unchanged);
    scene.order.generation += 1;
    scene.order.name = format!("misshapen-{}", scene.order.generation);
    let mut task = importer.start(&scene.order).await.unwrap();
    let misshaping = scene.importer(&good, echo::misshape);
    match misshaping.poll(&mut task).await {
        Ok(state) => scene.watch.shown("a state of odd form", &state),
        Err(error) => show::error(&mut scene.watch, "a poll's answer of odd form", &error),
    }
    let plain = importer.prepare(&scene.order).unwrap().into_task();
    if let Err(error) = misshaping.lookup(&plain).await {
        show::error(&mut scene.watch, "a lookup's answer of odd form", &error);
    }
    scene.stage.wait(&*importer, &mut task).await.unwrap();
}

async fn failing(scene: &mut Scene<'_>) {
    scene.order.generation += 1;
    scene.order.name = format!("failing-{}", scene.order.generation);
    let good = scene.account.good.clone();
    let importer = scene.importer(&good, unchanged);
    let reason = format!("cannot download \"https://b.example/k.qcow2?{}\" as told", query());
    scene.stage.inject(
        FaultKind::FailImport {
            code: "DownloadFailed".to_owned(),
            reason: reason.clone(),
        },
        |fault| fault,
    );
    let mut task = importer.start(&scene.order).await.unwrap();
    let error = scene.stage.wait(&*importer, &mut task).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TaskFailed);
    if importer.capabilities().failure_reason.value {
        assert!(error.message().contains("cannot download"), "{error}");
    }
    show::error(&mut scene.watch, "a failed import", &error);
    let state = importer.poll(&mut task).await.unwrap();
    scene.watch.shown("a failed state", &state);
}

async fn invalid(scene: &mut Scene<'_>) {
    let good = scene.account.good.clone();
    let link = format!("https://b.example/k.qcow2?{}", query());
    // Refused for its name everywhere, for its source where buckets are wanted.
    for link in [link.clone(), link.replace("https", "ftp"), format!(" {link}")] {
        scene.order = scene.stage.case.order_from(&"x".repeat(300), Disk::url(link));
        let importer = scene.importer(&good, unchanged);
        show::problems(&mut scene.watch, "a bad order", &importer.validate(&scene.order));
        let kind = scene.try_it("a bad order", &*importer).await.unwrap_err();
        assert_eq!(kind, ErrorKind::InvalidRequest);
        scene.order.no_validate = true;
        let _ = scene.try_it("a bad order that is not validated", &*importer).await;
    }
    let endpoint = format!("https://api.example/?{}", query()).parse::<cloud_import::Endpoint>();
    show::error(&mut scene.watch, "a bad endpoint", &endpoint.unwrap_err());
}
