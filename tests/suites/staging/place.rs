//! A store of the simulator, a file, a record: what the tests share. Each has its own, on free ports.

use std::{
    fs,
    io::Read as _,
    net::SocketAddr,
    path::PathBuf,
    sync::{Arc, Mutex},
    time::{Duration, SystemTime},
};

use cloud_import::{BoxFuture, Credentials, Result};
use cloud_import_core::{
    Stop,
    env::{Env, SystemEnv},
    provider::{Pipeline, digest},
    transport::HttpTransport,
};
use cloud_import_sim::{BucketSettings, Config, Fault, FaultKind, Simulator};
use cloud_import_staging::{
    Bucket, FileRecordStore, Hashed, LocalFile, Progress, Staged, Store, Upload, UploadOptions, UploadRecord,
};
use cloud_import_tests::simulated::{ACCESS_KEY_ID, SECRET_ACCESS_KEY, quick_retries};

use crate::stores::{BUCKET, StoreCase};

/// A clock whose pauses are fifty times shorter.
#[derive(Debug)]
struct Hasty;

impl Env for Hasty {
    fn now(&self) -> SystemTime {
        SystemEnv.now()
    }

    fn monotonic(&self) -> Duration {
        SystemEnv.monotonic()
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'_, ()> {
        SystemEnv.sleep(duration / 50)
    }

    fn random(&self) -> Result<[u8; 16]> {
        SystemEnv.random()
    }
}

/// A client of a store behind this address.
pub(crate) fn store_at(case: &StoreCase, address: SocketAddr) -> Store {
    store_of(Bucket::new(case.provider, case.region, BUCKET).unwrap(), address)
}

/// A client of a bucket whose store is behind this address.
pub(crate) fn store_of(bucket: Bucket, address: SocketAddr) -> Store {
    let transport = HttpTransport::builder().dial(address).timeout(Duration::from_secs(900));
    let mut pipeline = Pipeline::new(
        &bucket.region,
        Arc::new(Credentials::new(ACCESS_KEY_ID, SECRET_ACCESS_KEY)),
        Arc::new(transport.build().unwrap()),
    );
    pipeline.env = Arc::new(Hasty);
    pipeline.retry = quick_retries();
    Store::new(bucket, pipeline).unwrap()
}

/// Content that differs from part to part.
pub(crate) fn content(size: usize) -> Vec<u8> {
    let mut content = vec![0; size];
    for (number, page) in content.chunks_mut(4096).enumerate() {
        page.fill((number % 253) as u8);
    }
    content
}

pub(crate) struct Place {
    pub(crate) case: &'static StoreCase,
    pub(crate) simulator: Simulator,
    folder: PathBuf,
    pub(crate) content: Vec<u8>,
    pub(crate) options: UploadOptions,
    pub(crate) told: Arc<Mutex<Vec<Progress>>>,
    pub(crate) stop: Stop,
}

impl Place {
    /// With a file of so many parts and some bytes more.
    pub(crate) async fn new(case: &'static StoreCase, parts: usize) -> Self {
        Self::with(case, parts, |config| config).await
    }

    pub(crate) async fn with(case: &'static StoreCase, parts: usize, change: impl FnOnce(Config) -> Config) -> Self {
        let config = Config::new(ACCESS_KEY_ID, SECRET_ACCESS_KEY);
        let simulator = Simulator::start(change(config)).await.unwrap();
        simulator.create_bucket(case.cloud, case.region, BUCKET, BucketSettings::default());
        let folder = std::env::temp_dir().join(format!("cloud-import-{}", SystemEnv.nonce().unwrap()));
        fs::create_dir(&folder).unwrap();
        let mut options = UploadOptions::default();
        options.part_size = Some(1);
        options.parallel = 4;
        let place = Self {
            case,
            simulator,
            folder,
            content: content(parts * case.part() + 77),
            options,
            told: Arc::default(),
            stop: Stop::default(),
        };
        fs::write(place.path(), &place.content).unwrap();
        place
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.folder.join("image.raw")
    }

    pub(crate) fn record_path(&self) -> PathBuf {
        self.folder.join("upload.json")
    }

    pub(crate) fn record(&self) -> Option<UploadRecord> {
        FileRecordStore::new(self.record_path()).load().unwrap()
    }

    pub(crate) fn key(&self) -> String {
        format!("cloud-import/{}.raw", digest::sha256_hex(&self.content))
    }

    pub(crate) fn store(&self) -> Store {
        store_at(self.case, self.simulator.address(self.case.cloud))
    }

    pub(crate) async fn upload(&self) -> Upload {
        let file = LocalFile::open(self.path()).unwrap();
        let hashed = Hashed::of(&file, None, |_| {}, &Stop::default()).await.unwrap();
        Upload::new(self.store(), file, hashed, self.key()).options(self.options.clone())
    }

    /// One run from whatever record is there.
    pub(crate) async fn run(&self) -> Result<Staged> {
        let told = self.told.clone();
        let progress = Arc::new(move |news| told.lock().unwrap().push(news));
        let record_store = Arc::new(FileRecordStore::new(self.record_path()));
        let upload = self.upload().await;
        upload.run(self.record(), record_store, progress, &self.stop).await
    }

    pub(crate) fn inject(&self, operation: &str, kind: FaultKind, change: impl FnOnce(Fault) -> Fault) {
        self.simulator
            .inject(change(Fault::new(kind).cloud(self.case.cloud).operation(operation)));
    }

    pub(crate) fn requests(&self, operation: &str) -> u64 {
        self.simulator.counters().requests_of(self.case.cloud, operation)
    }

    pub(crate) fn parts_repeated(&self) -> u64 {
        self.count(|counters| counters.parts_repeated.get(&self.case.cloud).copied())
    }

    pub(crate) fn parts_stored(&self) -> u64 {
        self.count(|counters| counters.parts_stored.get(&self.case.cloud).copied())
    }

    fn count(&self, of: impl FnOnce(&cloud_import_sim::Counters) -> Option<u64>) -> u64 {
        of(&self.simulator.counters()).unwrap_or_default()
    }

    pub(crate) fn open_uploads(&self) -> usize {
        self.simulator.open_uploads(self.case.cloud).len()
    }

    /// How many parts the file makes.
    pub(crate) fn parts(&self) -> u64 {
        self.content.len().div_ceil(self.case.part()) as u64
    }

    /// The object is the file, byte for byte, and nothing is left open.
    #[track_caller]
    pub(crate) fn check(&self, staged: &Staged) {
        self.check_object(staged);
        assert_eq!(self.open_uploads(), 0, "uploads left open");
    }

    #[track_caller]
    pub(crate) fn check_object(&self, staged: &Staged) {
        assert_eq!(
            (staged.bucket.as_str(), staged.key.as_str()),
            (BUCKET, self.key().as_str())
        );
        let case = self.case;
        let mut stored = Vec::new();
        let reader = self.simulator.object(case.cloud, case.region, BUCKET, &staged.key);
        reader.unwrap().read_to_end(&mut stored).unwrap();
        assert!(stored == self.content, "the object is not the file");
    }

    pub(crate) fn warnings(&self) -> Vec<String> {
        let told = self.told.lock().unwrap();
        let warnings = told.iter().filter_map(|news| match news {
            Progress::Warning(text) => Some(text.clone()),
            _ => None,
        });
        warnings.collect()
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.folder);
    }
}
