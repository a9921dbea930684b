//! Starts whose future is dropped, as a `timeout` around it does, and that are made again at once: one image, or an honest
//! unknown, never two imports.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, SystemTime},
};

use cloud_import::{
    BoxFuture, Bytes, ErrorKind, Grace, ImageImporter, ImportTask, Provider, Result, WaitOptions,
    env::{Env, SystemEnv},
    http::{Request, Response},
    transport::{Transport, TransportError},
    wait,
};
use cloud_import_sim::FaultKind;
use cloud_import_tests::simulated::{Case, Stage};
use tokio::{sync::Notify, task::JoinHandle, time::timeout};

/// When a future is dropped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Moment {
    /// The request has not left.
    Before,
    /// It is under way, and arrives whatever becomes of the caller.
    During,
    /// Its answer is here, and the caller has not seen it.
    After,
}

const MOMENTS: [Moment; 3] = [Moment::Before, Moment::During, Moment::After];

type Sent = JoinHandle<Result<Response<Bytes>, TransportError>>;

/// A network that holds one request up for ever, and carries what was sent whoever waits for the answer.
#[derive(Debug)]
struct Network {
    inner: Arc<dyn Transport>,
    /// Requests before the one that is held up.
    before: usize,
    moment: Moment,
    requests: AtomicUsize,
    held: Notify,
    under_way: Mutex<Vec<Sent>>,
}

impl Network {
    fn new(stage: &Stage, before: usize, moment: Moment) -> Arc<Self> {
        Arc::new(Self {
            inner: stage.transport().unwrap(),
            before,
            moment,
            requests: AtomicUsize::new(0),
            held: Notify::new(),
            under_way: Mutex::default(),
        })
    }

    fn carry(&self, request: Request<Bytes>) -> Sent {
        let inner = Arc::clone(&self.inner);
        tokio::spawn(async move { inner.send(request).await })
    }

    /// Lets everything pass, as when as many requests were sent already.
    fn hold_no_more(&self) {
        self.requests.fetch_add(self.before + 1, Ordering::SeqCst);
    }

    async fn hold(&self) -> ! {
        self.held.notify_one();
        std::future::pending().await
    }

    /// Waits until what is under way has arrived.
    async fn settle(&self) {
        let under_way = std::mem::take(&mut *self.under_way.lock().unwrap());
        for sent in under_way {
            sent.await.unwrap().unwrap();
        }
    }
}

impl Transport for Network {
    fn send(&self, request: Request<Bytes>) -> BoxFuture<'_, Result<Response<Bytes>, TransportError>> {
        Box::pin(async move {
            let is_held = self.requests.fetch_add(1, Ordering::SeqCst) == self.before;
            if !is_held {
                return self.carry(request).await.unwrap();
            }
            match self.moment {
                Moment::Before => {}
                Moment::During => {
                    let sent = self.carry(request);
                    self.under_way.lock().unwrap().push(sent);
                }
                Moment::After => drop(self.carry(request).await.unwrap().unwrap()),
            }
            self.hold().await
        })
    }
}

/// A clock that runs faster, and the right time of day, which requests are signed with.
#[derive(Debug)]
struct Hasty(u32);

impl Env for Hasty {
    fn now(&self) -> SystemTime {
        SystemEnv.now()
    }

    fn monotonic(&self) -> Duration {
        SystemEnv.monotonic() * self.0
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'_, ()> {
        SystemEnv.sleep(duration / self.0)
    }

    fn random(&self) -> Result<[u8; 16]> {
        SystemEnv.random()
    }
}

/// One image in the end, and the only one; `false` for an honest unknown.
async fn is_one_image(importer: &dyn ImageImporter, stage: &Stage, again: Result<ImportTask>, when: &str) -> bool {
    let mut task = match again {
        Ok(task) => task,
        Err(error) => {
            assert_eq!(error.kind(), ErrorKind::OutcomeUnknown, "{when}: {error:?}");
            assert!(
                error.may_have_executed() && error.remedy().is_some(),
                "{when}: {error:?}"
            );
            assert!(stage.imports() <= 1, "{when}");
            return false;
        }
    };
    let waiting = WaitOptions::default().intervals(Duration::from_secs(1), Duration::from_secs(2));
    let image = wait(importer, &mut task, &waiting).await.unwrap();
    assert_eq!(stage.imports(), 1, "{when}");
    assert_eq!(image.id, stage.images()[0].image_id, "{when}");
    true
}

/// Drops a start at every request in turn, and makes it again at once: by two tasks together, with a clock that makes
/// `listed_after` a minute. How often it was dropped, and how often the outcome stayed unknown.
async fn at_every_request(case: &'static Case, moment: Moment, listed_after: Duration) -> (usize, usize) {
    let mut unknown = 0;
    for before in 0.. {
        let when = format!("{}, {before} requests, {moment:?}", case.name);
        let stage = Stage::with(case, |config| config.listed_after(listed_after))
            .await
            .unwrap();
        let network = Network::new(&stage, before, moment);
        // What never left is not waited for as long as what may be listed late.
        let grace = match moment {
            Moment::Before => Grace::new(Duration::from_secs(20), Duration::from_secs(5)),
            _ => Grace::default(),
        };
        let importer = stage
            .importer_with(|settings| {
                let settings = settings.transport(Arc::clone(&network) as Arc<dyn Transport>);
                settings.env(Arc::new(Hasty(100))).grace(grace)
            })
            .unwrap();
        let order = stage.order();
        tokio::select! {
            biased;
            whole = importer.start(&order) => {
                network.hold_no_more();
                assert!(is_one_image(&*importer, &stage, whole, &when).await);
                return (before, unknown);
            }
            () = network.held.notified() => {}
        }
        let (one, two) = tokio::join!(importer.start(&order), importer.start(&order));
        network.settle().await;
        let [one, two] = [
            is_one_image(&*importer, &stage, one, &when).await,
            is_one_image(&*importer, &stage, two, &when).await,
        ];
        assert_eq!(one, two, "{when}");
        if !one {
            unknown += 1;
            assert_eq!(stage.imports(), 0, "what arrived is found: {when}");
        }
    }
    unreachable!()
}

/// Whether the outcome stays unknown where an order never left: what has no token is never sent twice.
fn stays_unknown(case: &Case, moment: Moment) -> usize {
    usize::from(moment == Moment::Before && case.search.is_some())
}

pub(crate) async fn at_any_request_and_again_by_two_together(case: &'static Case) {
    for moment in MOMENTS {
        let (dropped, unknown) = at_every_request(case, moment, Duration::ZERO).await;
        assert_eq!(dropped, requests_of_a_start(case));
        assert_eq!(unknown, stays_unknown(case, moment), "{moment:?}");
    }
}

/// What goes over the wire: at Huawei Cloud the project first, then a look whether it runs where no token tells, then the order.
fn requests_of_a_start(case: &Case) -> usize {
    let finds_project = case.provider == Provider::HUAWEI && case.project.is_none();
    let looks = match case.provider {
        Provider::HUAWEI => 2,
        _ => usize::from(case.search.is_some()),
    };
    usize::from(finds_project) + looks + 1
}

pub(crate) async fn and_listed_a_minute_late(case: &'static Case) {
    for moment in MOMENTS {
        let (_, unknown) = at_every_request(case, moment, Duration::from_millis(600)).await;
        assert_eq!(unknown, stays_unknown(case, moment), "{moment:?}");
    }
}

pub(crate) async fn and_not_listed_in_time(case: &'static Case) {
    let stage = Stage::with(case, |config| config.listed_after(Duration::from_secs(60)))
        .await
        .unwrap();
    let importer = stage.impatient().unwrap();
    stage.fail_start(FaultKind::Delay(60_000));
    let order = stage.order();
    assert!(
        timeout(Duration::from_millis(200), importer.start(&order))
            .await
            .is_err()
    );
    for _ in 0..2 {
        let (one, two) = tokio::join!(importer.start(&order), importer.start(&order));
        for again in [one, two] {
            match again {
                Ok(_) => assert!(case.search.is_none(), "only a token's answer tells"),
                Err(error) => assert_eq!(error.kind(), ErrorKind::OutcomeUnknown, "{error:?}"),
            }
        }
        assert!(stage.imports() <= 1);
        assert!(case.search.is_none() || stage.starts() == 1, "it is sent once");
    }
}

pub(crate) async fn two_at_once_and_listed_a_minute_late(case: &'static Case) {
    let stage = Stage::with(case, |config| config.listed_after(Duration::from_secs(60)))
        .await
        .unwrap();
    let importer = stage.importer().unwrap();
    let order = stage.order();
    let (one, two) = tokio::join!(importer.start(&order), importer.start(&order));
    assert_eq!(one.unwrap(), two.unwrap());
    assert_eq!((stage.starts(), stage.imports()), (1, 1));
}
