//! Simulated clouds, a large file, and what may be left of a look: nothing.

use std::{
    collections::BTreeMap,
    fs::{self, File},
    path::{Path, PathBuf},
    process::Output,
    sync::Arc,
    time::Duration,
};

use cloud_import::{Credentials, tencent, transport::HttpTransport};
use cloud_import_sim::{BucketSettings, Cloud, Config, Simulator};
use serde_json::Value;

use super::super::{IMAGE, KEYS, expect_code, import, out, run};

pub(super) const PLACES: [(Cloud, &str); 5] = [
    (Cloud::Jdcloud, "cn-north-1"),
    (Cloud::Tencent, "ap-guangzhou"),
    (Cloud::Huawei, "cn-north-4"),
    (Cloud::Aliyun, "cn-hangzhou"),
    (Cloud::Ucloud, "cn-bj2"),
];

pub(super) const BUCKET: &str = "images-1250000000";
pub(super) const NAME: &str = "hello-clouds";

/// Simulated clouds with a bucket each, and a folder for what is remembered.
pub(super) struct World {
    pub(super) simulator: Simulator,
    pub(super) folder: PathBuf,
}

impl World {
    pub(super) async fn new(name: &str, change: impl FnOnce(Config) -> Config) -> Self {
        let config = Config::new(KEYS[0], KEYS[1]).import_time(Duration::from_millis(50));
        let simulator = Simulator::start(change(config)).await.unwrap();
        for (cloud, region) in PLACES {
            simulator.create_bucket(cloud, region, BUCKET, BucketSettings::default());
        }
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("preflight-{name}"));
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("sim.json"), simulator.ready_line()).unwrap();
        // Nobody would wait until so much is hashed.
        File::create(folder.join("large.raw"))
            .unwrap()
            .set_len(40 << 30)
            .unwrap();
        Self { simulator, folder }
    }

    pub(super) fn simulate(&self) -> String {
        format!("--simulate={}", self.folder.join("sim.json").display())
    }

    pub(super) fn state(&self) -> String {
        format!("--state={}", self.folder.join("jobs").display())
    }

    /// Of the small image, into the bucket that is there.
    pub(super) fn import(&self, more: &[&str]) -> Output {
        let (simulate, state) = (self.simulate(), self.state());
        run(&import(
            &simulate,
            &[&[state.as_str(), "--bucket", BUCKET], more].concat(),
        ))
    }

    /// Of the large file.
    pub(super) fn of_large(&self, more: &[&str]) -> Output {
        run(&self.words_of_large(more).iter().map(String::as_str).collect::<Vec<_>>())
    }

    pub(super) fn words_of_large(&self, more: &[&str]) -> Vec<String> {
        let (simulate, state) = (self.simulate(), self.state());
        let file = self.folder.join("large.raw").display().to_string();
        let words = [
            "import",
            &simulate,
            &state,
            "--name",
            NAME,
            "--os",
            "CentOS 7.9",
            "--format",
            "raw",
            &file,
        ];
        words.iter().chain(more).map(|word| (*word).to_owned()).collect()
    }

    /// Nothing was hashed, recorded, put anywhere or changed.
    #[track_caller]
    pub(super) fn nothing_was_done(&self) {
        self.nothing_was_changed();
        assert!(!self.folder.join("jobs/hashes").exists(), "the file was read");
        assert!(!self.folder.join("jobs/jobs").exists(), "something was recorded");
    }

    /// The requests so far that are no reads, each with how often it was sent.
    pub(super) fn changes(&self) -> Vec<(String, u64)> {
        const READS: [&str; 7] = ["describe", "get", "head", "list", "show", "glanceshow", "keystone"];
        let is_read = |name: &str| READS.iter().any(|read| name.to_lowercase().starts_with(read));
        let operations = self.simulator.counters().requests.into_values().flatten();
        operations.filter(|(name, _)| !is_read(name)).collect()
    }

    #[track_caller]
    pub(super) fn nothing_was_changed(&self) {
        assert_eq!(self.changes(), []);
        let counters = self.simulator.counters();
        assert!(
            counters.bytes_received.values().all(|bytes| *bytes == 0),
            "{counters:?}"
        );
    }

    /// Makes an image of the name that no order of this program made.
    pub(super) async fn foreign(&self, cloud: Cloud) {
        match cloud {
            Cloud::Tencent => {
                let transport = HttpTransport::builder()
                    .dial(self.simulator.address(cloud))
                    .build()
                    .unwrap();
                let client = tencent::Client::builder("ap-guangzhou")
                    .credentials(Credentials::new(KEYS[0], KEYS[1]))
                    .transport(Arc::new(transport))
                    .build()
                    .unwrap();
                let mut order = tencent::types::ImportImageRequest::default();
                order.architecture = Some("x86_64".into());
                order.os_type = Some("CentOS".to_owned());
                order.os_version = Some("7".to_owned());
                order.image_name = Some(NAME.to_owned());
                order.image_url = Some("https://b-1250000000.cos.ap-guangzhou.myqcloud.com/k.qcow2".into());
                client.import_image(&order).await.unwrap();
            }
            _ => {
                let region = PLACES.iter().find(|(own, _)| *own == cloud).unwrap().1;
                let (bucket, image) = ("other-bucket", Path::new(IMAGE));
                let put = self.simulator.put_object_file(cloud, region, bucket, "k.qcow2", image);
                put.unwrap();
                let (simulate, to) = (self.simulate(), cloud.name());
                let words = [
                    "import",
                    &simulate,
                    "--name",
                    NAME,
                    "--os",
                    "CentOS 7.9",
                    "--format",
                    "qcow2",
                    "--to",
                    to,
                ];
                expect_code(&run(&[&words[..], &["other-bucket:k.qcow2"]].concat()), 0);
            }
        }
    }
}

impl Drop for World {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// The results of JSON output by their targets.
pub(super) fn rows(output: &Output) -> BTreeMap<String, Value> {
    let report: Value = serde_json::from_str(&out(output)).unwrap();
    let rows = report["results"].as_array().unwrap().iter();
    rows.map(|row| (row["target"].as_str().unwrap().to_owned(), row.clone()))
        .collect()
}
