//! The S3 dialect against a store that this project did not write: `tests/stores/run` starts one and runs this over it.
//!
//! Arguments: the store's address as a link, a bucket that is there, an empty folder. The keys come in
//! `CLOUD_IMPORT_STORE_ACCESS_KEY_ID` and `CLOUD_IMPORT_STORE_SECRET_ACCESS_KEY`. It says `ok` for each thing that holds, and
//! ends with 1 at the first that does not.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::{Command, ExitCode},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use cloud_import_core::{
    Bytes, Credentials, Endpoint, Error, Provider, Stop,
    env::{Env as _, SystemEnv, variable},
    provider::{Pipeline, digest},
    transport::HttpTransport,
};
use cloud_import_staging::{
    Addressing, Bucket, FileRecordStore, Hashed, LocalFile, Progress, RecordStore as _, Store, Upload, UploadOptions,
};
use md5::{Digest as _, Md5};

/// The region that keys are signed for.
const REGION: &str = "cn-north-1";

/// The file in parts: five of 8 MiB and a short one.
const LARGE: usize = (40 << 20) + 12_345;

type Outcome<T = ()> = Result<T, String>;

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let outcome = match arguments.as_slice() {
        [endpoint, bucket, folder] => run(endpoint, bucket, Path::new(folder)),
        _ => Err("usage: ENDPOINT BUCKET FOLDER".to_owned()),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            say(&format!("FAILED: {message}"));
            ExitCode::FAILURE
        }
    }
}

fn run(endpoint: &str, bucket: &str, folder: &Path) -> Outcome {
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    let runtime = builder.enable_all().build().map_err(|error| error.to_string())?;
    runtime.block_on(async {
        let secret = key("CLOUD_IMPORT_STORE_SECRET_ACCESS_KEY")?;
        let client = Client {
            store: store(endpoint, bucket, &secret)?,
            folder: folder.to_owned(),
        };
        let stranger = store(endpoint, bucket, "another-secret")?;
        refused(stranger.list("").await, "SignatureDoesNotMatch", "a wrong secret")?;
        let nowhere = store(endpoint, "no-such-bucket", &secret)?;
        let answer = nowhere.put("k", Bytes::from_static(b"x"), md5(b"x"), None).await;
        refused(answer, "NoSuchBucket", "a bucket that is not there")?;
        client.small().await?;
        client.in_parts().await?;
        client.given_up().await
    })
}

fn key(name: &str) -> Outcome<String> {
    variable(name).ok_or_else(|| format!("{name} is not set"))
}

fn store(endpoint: &str, bucket: &str, secret: &str) -> Outcome<Store> {
    let id = key("CLOUD_IMPORT_STORE_ACCESS_KEY_ID")?;
    let transport = HttpTransport::builder().timeout(Duration::from_secs(120));
    let pipeline = Pipeline::new(
        REGION,
        Arc::new(Credentials::new(id, secret)),
        Arc::new(transport.build().map_err(text)?),
    );
    let endpoint: Endpoint = endpoint.parse().map_err(text)?;
    let bucket = Bucket::new(Provider::JDCLOUD, REGION, bucket).map_err(text)?;
    Store::new(bucket.at(endpoint, Addressing::PathStyle), pipeline).map_err(text)
}

struct Client {
    store: Store,
    folder: PathBuf,
}

impl Client {
    /// One request puts it; it is found, opened by a link, used again and deleted.
    async fn small(&self) -> Outcome {
        let (key, content) = ("images/a small one+&=~.raw", noise(70_001));
        self.upload("small", &content, key, Arc::new(|_| {})).await?;
        self.is_there(key, &content).await?;
        let sent = Arc::new(Mutex::new(false));
        let note = Arc::clone(&sent);
        let progress = move |progress| {
            if matches!(progress, Progress::Bytes { .. }) {
                *note.lock().unwrap_or_else(PoisonError::into_inner) = true;
            }
        };
        self.upload("small", &content, key, Arc::new(progress)).await?;
        let sent = *sent.lock().unwrap_or_else(PoisonError::into_inner);
        holds(!sent, "what is there is used")?;
        let listed = self.store.list("images/").await.map_err(text)?;
        let listed: Vec<(&str, u64)> = listed.iter().map(|object| (object.key.as_str(), object.size)).collect();
        equal("the key in the list", &listed, &vec![(key, 70_001)])?;
        self.deleted(key).await
    }

    /// Dropped in the middle, gone on with by another run.
    async fn in_parts(&self) -> Outcome {
        let (key, content) = ("images/in-parts.raw", noise(LARGE));
        let enough = Arc::new(tokio::sync::Notify::new());
        let told = Arc::clone(&enough);
        let first = self.upload(
            "large",
            &content,
            key,
            Arc::new(move |progress| {
                if matches!(progress, Progress::Bytes { present, .. } if present >= 16 << 20) {
                    told.notify_one();
                }
            }),
        );
        tokio::select! {
            ended = first => return Err(format!("it ended before it was dropped: {ended:?}")),
            () = enough.notified() => {}
        }
        let record = self
            .record_store("large")
            .load()
            .map_err(text)?
            .ok_or("there is no record")?;
        let parts = self.store.list_parts(key, &record.upload_id).await.map_err(text)?;
        let parts = parts.ok_or("the store lists no parts")?;
        holds(parts.len() >= 2, "a dropped upload has left parts that are listed")?;

        let seen = Arc::new(Mutex::new(None));
        let note = Arc::clone(&seen);
        self.upload(
            "large",
            &content,
            key,
            Arc::new(move |progress| {
                if let Progress::Bytes { present, .. } = progress {
                    note.lock()
                        .unwrap_or_else(PoisonError::into_inner)
                        .get_or_insert(present);
                }
            }),
        )
        .await?;
        let began = seen.lock().unwrap_or_else(PoisonError::into_inner).unwrap_or_default();
        holds(
            began >= 16 << 20,
            &format!("the next run goes on at {began} of {LARGE} bytes"),
        )?;
        self.is_there(key, &content).await?;
        self.nothing_open().await?;
        self.deleted(key).await
    }

    /// Begun, and aborted.
    async fn given_up(&self) -> Outcome {
        let (key, part) = ("images/given-up.raw", noise(5 << 20));
        let sum = md5(&part);
        let begun = self.store.initiate(key, None).await.map_err(text)?;
        let id = &begun.upload_id;
        let taken = self
            .store
            .upload_part(key, id, 1, Bytes::from(part), sum)
            .await
            .map_err(text)?;
        let parts = self.store.list_parts(key, id).await.map_err(text)?.unwrap_or_default();
        let found: Vec<_> = parts
            .iter()
            .map(|part| (part.number, part.etag.as_str(), part.size))
            .collect();
        equal(
            "the part in the list",
            &found,
            &vec![(1, taken.etag.as_str(), Some(5 << 20))],
        )?;
        self.store.abort(key, id).await.map_err(text)?;
        self.store.abort(key, id).await.map_err(text)?;
        let gone = self.store.list_parts(key, id).await.err();
        let code = gone.as_ref().and_then(Error::code);
        equal("the code for an upload that was given up", &code, &Some("NoSuchUpload"))?;
        self.nothing_open().await
    }

    async fn upload(
        &self,
        name: &str,
        content: &[u8],
        key: &str,
        progress: cloud_import_staging::OnProgress,
    ) -> Outcome {
        let path = self.folder.join(format!("{name}.raw"));
        if !path.exists() {
            fs::write(&path, content).map_err(|error| error.to_string())?;
        }
        let file = LocalFile::open(path).map_err(text)?;
        let stop = Stop::default();
        let hashed = Hashed::of(&file, None, |_| {}, &stop).await.map_err(text)?;
        let mut options = UploadOptions::default();
        options.parallel = 2;
        let record_store = Arc::new(self.record_store(name));
        let record = record_store.load().map_err(text)?;
        let upload = Upload::new(self.store.clone(), file, hashed, key).options(options);
        upload
            .run(record, Arc::clone(&record_store) as _, progress, &stop)
            .await
            .map_err(text)?;
        record_store.keep(None).map_err(text)
    }

    fn record_store(&self, name: &str) -> FileRecordStore {
        FileRecordStore::new(self.folder.join(format!("{name}.upload.json")))
    }

    /// By its head, and by what `curl` gets of a signed link.
    async fn is_there(&self, key: &str, content: &[u8]) -> Outcome {
        let head = self.store.head(key).await.map_err(text)?.ok_or("it is not there")?;
        let told = (head.size, head.sha256);
        equal(
            "size and sum of `HEAD`",
            &told,
            &(content.len() as u64, Some(digest::sha256_hex(content))),
        )?;
        let link = self
            .store
            .link(key, SystemEnv.now(), Duration::from_secs(600))
            .await
            .map_err(text)?;
        let got = self.folder.join("got");
        let fetch = |link: &str| {
            let mut curl = Command::new("curl");
            curl.args(["--silent", "--fail", "--noproxy", "*", "--output"])
                .arg(&got)
                .arg(link);
            curl.status().map_err(|error| format!("curl: {error}"))
        };
        let forged = link.expose().replace("X-Amz-Expires=600", "X-Amz-Expires=601");
        holds(!fetch(&forged)?.success(), "curl opens no link whose end was changed")?;
        holds(fetch(link.expose())?.success(), "curl opens the link")?;
        let bytes = fs::read(&got).map_err(|error| error.to_string())?;
        holds(bytes == content, &format!("its {} bytes are the file's", bytes.len()))
    }

    async fn deleted(&self, key: &str) -> Outcome {
        self.store.delete(key, None).await.map_err(text)?;
        equal("what is left", &self.store.head(key).await.map_err(text)?, &None)?;
        self.store.delete(key, None).await.map_err(text)
    }

    async fn nothing_open(&self) -> Outcome {
        let open = self.store.open_uploads("").await.map_err(text)?;
        equal("open uploads", &open.map(|open| open.len()), &Some(0))
    }
}

fn refused<T: std::fmt::Debug>(answer: Result<T, Error>, code: &str, what: &str) -> Outcome {
    let told = answer.as_ref().err().and_then(Error::code);
    holds(told == Some(code), &format!("{what} is refused")).map_err(|wrong| format!("{wrong}: {answer:?}"))
}

fn holds(is_so: bool, what: &str) -> Outcome {
    if is_so {
        say(&format!("ok {what}"));
        Ok(())
    } else {
        Err(format!("not so: {what}"))
    }
}

fn equal<T: PartialEq + std::fmt::Debug>(what: &str, found: &T, expected: &T) -> Outcome {
    if found == expected {
        say(&format!("ok {what}"));
        Ok(())
    } else {
        Err(format!("{what}: found {found:?}, expected {expected:?}"))
    }
}

fn text(error: Error) -> String {
    format!("{error:?}")
}

#[expect(clippy::print_stdout, reason = "what it prints is its result")]
fn say(line: &str) {
    println!("{line}");
}

fn md5(bytes: &[u8]) -> Option<[u8; 16]> {
    Some(Md5::digest(bytes).into())
}

/// Content that no part shares with another.
fn noise(size: usize) -> Vec<u8> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64 ^ size as u64;
    let mut bytes = Vec::with_capacity(size + 8);
    while bytes.len() < size {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        bytes.extend_from_slice(&state.to_le_bytes());
    }
    bytes.truncate(size);
    bytes
}
