//! One file, one fake store, one record: what the tests of an upload share.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
    time::{Duration, SystemTime},
};

use cloud_import_core::{
    BoxFuture, Credentials, Pace, Provider, Result, Stop,
    env::{Env, SystemEnv},
    provider::Pipeline,
};
use cloud_import_staging::{
    Bucket, FileRecordStore, Hashed, LocalFile, OnProgress, Progress, Staged, Store, Upload, UploadOptions,
    UploadRecord,
};

use crate::fake::Fake;

pub(crate) const MIB: usize = 1 << 20;
pub(crate) const KEY: &str = "images/content.qcow2";

/// A clock whose pauses are a hundred times shorter.
#[derive(Debug)]
pub(crate) struct Hasty;

impl Env for Hasty {
    fn now(&self) -> SystemTime {
        SystemEnv.now()
    }

    fn monotonic(&self) -> Duration {
        SystemEnv.monotonic() * 100
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'_, ()> {
        SystemEnv.sleep(duration / 100)
    }

    fn random(&self) -> Result<[u8; 16]> {
        SystemEnv.random()
    }
}

/// Everything that one upload needs. Its folder is removed at the end.
pub(crate) struct Stage {
    folder: PathBuf,
    pub(crate) fake: Fake,
    pub(crate) content: Vec<u8>,
    pub(crate) options: UploadOptions,
    pub(crate) stop: Stop,
    pub(crate) told: Arc<Mutex<Vec<Progress>>>,
}

impl Stage {
    /// A file of so many bytes that differ from part to part.
    pub(crate) fn new(size: usize) -> Self {
        let folder = std::env::temp_dir().join(format!("cloud-import-{}", SystemEnv.nonce().unwrap()));
        fs::create_dir(&folder).unwrap();
        let mut content = vec![0; size];
        for (number, some) in content.chunks_mut(1000).enumerate() {
            some.fill((number % 251) as u8);
        }
        let mut options = UploadOptions::default();
        options.part_size = Some(MIB as u64);
        options.parallel = 3;
        let stage = Self {
            folder,
            fake: Fake::new(),
            content,
            options,
            stop: Stop::default(),
            told: Arc::default(),
        };
        fs::write(stage.path(), &stage.content).unwrap();
        stage
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.folder.join("image.qcow2")
    }

    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    pub(crate) fn record_store(&self) -> FileRecordStore {
        FileRecordStore::new(self.folder.join("upload.json"))
    }

    pub(crate) fn record(&self) -> Option<UploadRecord> {
        self.record_store().load().unwrap()
    }

    pub(crate) fn store(&self) -> Store {
        self.store_of(Provider::ALIYUN, "cn-hangzhou")
    }

    pub(crate) fn store_of(&self, provider: Provider, region: &str) -> Store {
        self.store_with(provider, region, Arc::new(Hasty))
    }

    fn store_with(&self, provider: Provider, region: &str, env: Arc<dyn Env>) -> Store {
        let keys = Credentials::new("id", "secret");
        let mut pipeline = Pipeline::new(region, Arc::new(keys), Arc::new(self.fake.clone()));
        pipeline.env = env;
        Store::new(Bucket::new(provider, region, "images").unwrap(), pipeline).unwrap()
    }

    pub(crate) async fn upload(&self) -> Upload {
        self.upload_to(self.store()).await
    }

    /// By this clock, within these limits.
    pub(crate) async fn upload_with(&self, env: Arc<dyn Env>, pace: Pace) -> Upload {
        let store = self.store_with(Provider::ALIYUN, "cn-hangzhou", env);
        self.upload_to(store.paced(pace)).await
    }

    pub(crate) async fn upload_to(&self, store: Store) -> Upload {
        let file = LocalFile::open(self.path()).unwrap();
        let hashed = Hashed::of(&file, None, |_| {}, &Stop::default()).await.unwrap();
        Upload::new(store, file, hashed, KEY).options(self.options.clone())
    }

    /// One run from whatever record is there.
    pub(crate) async fn run(&self) -> Result<Staged> {
        self.run_of(self.upload().await).await
    }

    pub(crate) async fn run_of(&self, upload: Upload) -> Result<Staged> {
        let told = self.told.clone();
        let progress: OnProgress = Arc::new(move |news| told.lock().unwrap().push(news));
        upload
            .run(self.record(), Arc::new(self.record_store()), progress, &self.stop)
            .await
    }

    /// The object is the file, and nothing is left open.
    #[track_caller]
    pub(crate) fn check(&self, staged: &Staged) {
        let state = self.fake.state();
        assert!(state.objects[KEY].content == self.content, "the object is not the file");
        assert_eq!(state.open(), 0, "uploads left open");
        assert_eq!((staged.key.as_str(), staged.size), (KEY, self.content.len() as u64));
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

impl Drop for Stage {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.folder);
    }
}
