//! A process that stages a file is killed at random moments, again and again; a last run ends what they began.
//!
//! `CLOUD_IMPORT_KILLS` says how often (10 where nothing is said), `CLOUD_IMPORT_KILL_MIB` how large the file is (96).

use std::{
    fs::File,
    io::{Read as _, Write as _},
    net::SocketAddr,
    path::Path,
    process::{Command, Stdio},
    sync::Arc,
    time::{Duration, UNIX_EPOCH},
};

use cloud_import::Provider;
use cloud_import_core::{
    Bytes, Stop,
    env::{Env as _, SystemEnv, variable},
};
use cloud_import_sim::{Cloud, FaultKind};
use cloud_import_staging::{FileRecordStore, HashCache, Hashed, LocalFile, Upload, UploadOptions};
use md5::{Digest as _, Md5};

use crate::{
    on_every_store,
    place::{Place, store_at},
    stores::{self, StoreCase},
};

/// How many parts a child has in flight at most.
const PARALLEL: usize = 4;

/// The longest life of a child once it sends.
const LIFE: Duration = Duration::from_millis(240);

/// What a child is told, in its environment.
const CHILD: &str = "CLOUD_IMPORT_STAGING_CHILD";

/// Not a test: the process that is killed. Does nothing when it is not told what to do.
#[tokio::test(flavor = "multi_thread")]
async fn child() {
    let Some(told) = variable(CHILD) else { return };
    let told: Vec<&str> = told.split('\n').collect();
    let [provider, address, path, record, key] = told[..] else {
        panic!("{told:?}")
    };
    let case = stores::ALL
        .into_iter()
        .find(|case| case.provider.id() == provider)
        .unwrap();
    let record_store = FileRecordStore::new(record);
    let file = LocalFile::open(path).unwrap();
    let cache = HashCache::new(Path::new(path).with_file_name("sums"));
    let hashed = Hashed::of(&file, Some(&cache), |_| {}, &Stop::default()).await.unwrap();
    println!("hashed");
    std::io::stdout().flush().unwrap();
    let mut options = UploadOptions::default();
    options.part_size = Some(1);
    options.parallel = PARALLEL;
    let store = store_at(case, address.parse::<SocketAddr>().unwrap());
    let upload = Upload::new(store, file, hashed, key).options(options);
    let record = record_store.load().unwrap();
    upload
        .run(record, Arc::new(record_store), Arc::new(|_| {}), &Stop::default())
        .await
        .unwrap();
}

struct Child(std::process::Child);

impl Child {
    fn start(place: &Place) -> Self {
        let told = [
            place.case.provider.id(),
            &place.simulator.address(place.case.cloud).to_string(),
            place.path().to_str().unwrap(),
            place.record_path().to_str().unwrap(),
            &place.key(),
        ]
        .join("\n");
        let child = Command::new(std::env::current_exe().unwrap())
            .args(["kill::child", "--exact", "--nocapture", "--test-threads=1"])
            .env(CHILD, told)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit())
            .spawn()
            .unwrap();
        Self(child)
    }

    /// Waits until it has its sum and begins to send.
    fn hashed(&mut self) {
        let out = self.0.stdout.as_mut().unwrap();
        let mut seen = Vec::new();
        let mut byte = [0];
        while !seen.ends_with(b"hashed\n") {
            assert_eq!(out.read(&mut byte).unwrap(), 1, "{}", String::from_utf8_lossy(&seen));
            seen.push(byte[0]);
        }
    }

    /// Kills it with SIGKILL; whether it was still running.
    fn kill(&mut self) -> bool {
        let running = self.0.try_wait().unwrap().is_none();
        let _ = self.0.kill();
        self.0.wait().unwrap();
        running
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        self.kill();
    }
}

fn random() -> f64 {
    let bytes = SystemEnv.random().unwrap();
    f64::from(u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]])) / f64::from(u32::MAX)
}

fn number(name: &str, usual: u64) -> u64 {
    variable(name).map_or(usual, |text| text.parse().unwrap())
}

async fn killed_again_and_again(case: &'static StoreCase, lost_answers: bool) {
    let kills = number("CLOUD_IMPORT_KILLS", 10);
    let parts = (number("CLOUD_IMPORT_KILL_MIB", 96) as usize / case.part_mib).max(3);
    let place = Place::new(case, parts).await;
    // Written long ago, so that its sum is remembered.
    let file = File::options().append(true).open(place.path()).unwrap();
    file.set_modified(UNIX_EPOCH + Duration::from_secs(1_700_000_000))
        .unwrap();
    // As if the line were slow: all runs together take about as long as one whole upload, and no part outlives a child.
    let slow = || {
        let whole = kills * LIFE.as_millis() as u64 / 2;
        let delay = (whole * PARALLEL as u64 / parts as u64).min(LIFE.as_millis() as u64 / 4);
        place.inject("UploadPart", FaultKind::Delay(delay), |fault| fault.times(u32::MAX));
    };
    slow();
    let mut killed = 0;
    let mut lost = 0;
    while killed < kills {
        if lost_answers {
            let steps = ["InitiateMultipartUpload", "UploadPart", "CompleteMultipartUpload"];
            let step = steps[(random() * 2.99) as usize];
            place.inject(step, FaultKind::DropAfter, |fault| fault);
            lost += 1;
        }
        let mut child = Child::start(&place);
        child.hashed();
        SystemEnv.sleep(LIFE.mul_f64(random())).await;
        if !child.kill() {
            // It came to its end: begin from the start, that the next have something to do.
            let staged = place.run().await.unwrap();
            check(&place, &staged);
            place.store().delete(&staged.key, None).await.unwrap();
            let _ = std::fs::remove_file(place.record_path());
            place.simulator.clear_faults();
            slow();
        }
        killed += 1;
    }
    place.simulator.clear_faults();
    let before = place.parts_stored();
    let staged = place.run().await.unwrap();
    check(&place, &staged);
    let repeated = place.parts_repeated();
    let most = (killed + lost) * PARALLEL as u64;
    assert!(
        repeated <= most,
        "{repeated} parts sent twice in {killed} kills and {lost} lost answers"
    );
    println!(
        "{}: {killed} kills, {lost} lost answers, {} parts, {before} stored before the last run, {} in all, {repeated} twice",
        case.provider,
        place.parts(),
        place.parts_stored(),
    );
}

fn check(place: &Place, staged: &cloud_import_staging::Staged) {
    if place.case.lists {
        place.check(staged);
    } else {
        place.check_object(staged);
    }
}

/// Killed while the store begins an upload: there is one that nobody was told of, and the record says that there may be.
async fn killed_while_it_begins(case: &'static StoreCase) {
    for lists in [true, false] {
        let place = Place::with(case, 2, |config| config.list_parts(Cloud::Ucloud, lists)).await;
        let lists = lists || case.provider != Provider::UCLOUD;
        let start = SystemEnv.now();
        place.inject("InitiateMultipartUpload", FaultKind::DropAfter, |fault| fault);
        // It is still asking what is open when it is killed.
        place.inject("ListMultipartUploads", FaultKind::Delay(60_000), |fault| fault.skip(1));
        let mut child = Child::start(&place);
        while place.open_uploads() == 0 {
            SystemEnv.sleep(Duration::from_millis(5)).await;
        }
        assert!(child.kill());
        let record = place.record().unwrap();
        assert_eq!((record.key.as_str(), record.upload_id.as_str()), (&*place.key(), ""));
        let since = record.unanswered_since.unwrap();
        assert!(
            since + Duration::from_secs(1) > start && since <= SystemEnv.now(),
            "{since:?}"
        );
        place.simulator.clear_faults();
        place.check_object(&place.run().await.unwrap());
        let left = place.record().unwrap().unanswered_since;
        let begun = place.requests("InitiateMultipartUpload");
        if lists {
            assert_eq!((place.open_uploads(), left, begun), (0, None, 1), "it is taken over");
            assert!(place.warnings().is_empty(), "{:?}", place.warnings());
        } else {
            assert_eq!(
                (place.open_uploads(), left, begun),
                (1, Some(since), 2),
                "it stays on record"
            );
            assert!(
                place.warnings()[0].contains("may be open since"),
                "{:?}",
                place.warnings()
            );
            let record = place.record().unwrap();
            let keeps = || Arc::new(FileRecordStore::new(place.record_path()));
            Upload::give_up(&place.store(), &record, keeps()).await.unwrap();
            assert_eq!(
                place.record().unwrap(),
                record.left().unwrap(),
                "and outlives the upload"
            );
        }
    }
}

/// What is left on record goes when the store lists what is open, and what has parts is somebody's.
async fn given_up_when_it_can_be_listed(case: &'static StoreCase) {
    let place = Place::with(case, 2, |config| config.list_parts(Cloud::Ucloud, true)).await;
    place.inject("InitiateMultipartUpload", FaultKind::DropAfter, |fault| {
        fault.times(u32::MAX)
    });
    place.inject("ListMultipartUploads", FaultKind::ServerError { http: 503 }, |fault| {
        fault.skip(1).times(u32::MAX)
    });
    assert!(place.run().await.unwrap_err().may_have_executed());
    let record = place.record().unwrap();
    assert!(
        record.unanswered_since.is_some() && place.open_uploads() > 1,
        "{record:?}"
    );
    place.simulator.clear_faults();
    let (store, key) = (place.store(), place.key());
    let other = store.initiate(&key, None).await.unwrap().upload_id;
    let bytes = Bytes::from(place.content[..case.part()].to_vec());
    let sum = Some(Md5::digest(&bytes).into());
    store.upload_part(&key, &other, case.first, bytes, sum).await.unwrap();
    let begun = store.initiate(&format!("{key}-other"), None).await.unwrap().upload_id;
    let keeps = Arc::new(FileRecordStore::new(place.record_path()));
    Upload::give_up(&store, &record, keeps).await.unwrap();
    let open = place.simulator.open_uploads(case.cloud);
    let mut open: Vec<_> = open.into_iter().map(|upload| upload.upload_id).collect();
    open.sort_unstable();
    let mut expected = [other, begun];
    expected.sort_unstable();
    assert_eq!((open.as_slice(), place.record()), (expected.as_slice(), None));
}

on_every_store!(killed_while_it_begins, given_up_when_it_can_be_listed);

#[tokio::test(flavor = "multi_thread")]
async fn aliyun() {
    killed_again_and_again(&stores::ALIYUN, false).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn huawei_with_lost_answers() {
    killed_again_and_again(&stores::HUAWEI, true).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn ucloud_which_lists_nothing() {
    killed_again_and_again(&stores::UCLOUD, false).await;
}

/// The file under the record is what the test says it is: a damaged record is refused, not guessed at.
#[tokio::test(flavor = "multi_thread")]
async fn a_torn_record_is_refused() {
    let place = Place::new(&stores::ALIYUN, 1).await;
    File::create(place.record_path())
        .unwrap()
        .write_all(b"{\"schema\":1,")
        .unwrap();
    let error = FileRecordStore::new(place.record_path()).load().unwrap_err();
    assert!(error.message().contains("upload.json"), "{error}");
}
