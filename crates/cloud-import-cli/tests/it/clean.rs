//! `clean`: what earlier runs left, by the records of this machine.

use std::{fs, sync::Arc};

use cloud_import::{
    Credentials, Provider, Settings,
    publish::staging::{Bucket, Store},
    transport::HttpTransport,
};
use cloud_import_sim::{Cloud, Config, Fault, FaultKind, Simulator};
use serde_json::{Value, json};

use super::{KEYS, Sim, command, err, expect_code, out, run};

const BUCKET: &str = "images";
const REGION: &str = "cn-north-4";

/// A process died while the store began an upload. The line to look with is shown, and `--yes` looks itself where the store lists.
#[test]
fn an_upload_that_may_be_open_is_told_with_the_line_to_look() {
    let sim = Sim::start("possible", &[]);
    let folder = std::env::temp_dir().join(format!("cloud-import-possible-{}", std::process::id()));
    for (provider, region, prefix) in [
        ("aliyun", "cn-hangzhou", "cloud-import/"),
        ("ucloud", "cn-bj2", "it's/"),
    ] {
        let _ = fs::remove_dir_all(&folder);
        let job = folder.join("jobs/web-0");
        fs::create_dir_all(&job).unwrap();
        let key = format!("{prefix}{}.raw", "ab".repeat(32));
        let upload = json!({
            "schema": 1, "bucket": BUCKET, "key": key, "upload_id": "", "sha256": "00", "part_size": 1, "parts": {},
            "file": { "device": 1, "inode": 1, "size": 1, "modified_seconds": 1, "modified_nanos": 0 }, "completing": false,
            "unanswered_since": "2026-11-01T10:00:00Z",
        });
        let record = json!({
            "schema": 1, "target": "t", "provider": provider, "region": region, "name": "web", "order": "ci-0",
            "generation": 0, "step": "staging", "files": { "disk": { "upload": upload } },
        });
        fs::write(job.join("t.json"), record.to_string()).unwrap();
        let facts = json!({ "schema": 1, "id": "web-0", "name": "web", "source": "web.raw" });
        fs::write(job.join("job.json"), facts.to_string()).unwrap();
        let (simulate, state) = (sim.option(), format!("--state={}", folder.display()));
        let clean = |more: &[&str]| run(&[&["clean", &simulate, &state], more].concat());
        let shown = clean(&[]);
        expect_code(&shown, 0);
        // Without them, the real clouds would be looked into, for jobs of another place.
        let places = format!(" --state {} {simulate}", folder.display());
        let line = match provider {
            "aliyun" => format!("look with: cloud-import clean --to aliyun/cn-hangzhou --bucket {BUCKET}{places}\n"),
            _ => {
                format!(r"look with: cloud-import clean --to ucloud/cn-bj2 --bucket {BUCKET} --prefix 'it'\''s/'")
                    + &places
                    + "\n"
            }
        };
        let text = out(&shown);
        assert!(text.starts_with("may be left ") && text.ends_with(&line), "{text}");
        assert!(
            text.contains("may be open since 2026-11-01T10:00:00Z (job web-0)"),
            "{text}"
        );
        let said = err(&shown);
        let advised = said.trim().strip_prefix("nothing was deleted; to delete it: ");
        assert_eq!(
            advised,
            Some(format!("cloud-import clean --yes{places}").as_str()),
            "{said}"
        );
        let looked = clean(&["--yes", "--output", "json"]);
        expect_code(&looked, 0);
        let report: Value = serde_json::from_str(&out(&looked)).unwrap();
        let row = &report["leftovers"][0];
        let left: Value = serde_json::from_str(&out(&clean(&["--output", "json"]))).unwrap();
        let left = left["leftovers"].as_array().unwrap().len();
        if provider == "aliyun" {
            assert_eq!((&row["outcome"], left), (&"deleted".into(), 0));
        } else {
            assert_eq!((&row["outcome"], left), (&"possible".into(), 1));
            let message = row["message"].as_str().unwrap();
            assert!(
                message.contains("applied") && message.ends_with(line.trim_end()),
                "{message}"
            );
        }
    }
    fs::remove_dir_all(folder).unwrap();
}

/// A simulated cloud knows of no image, and what it says of the jobs in real ones must not be written down.
#[test]
fn simulated_clouds_do_not_clean_up_behind_real_jobs() {
    let home = std::env::temp_dir().join(format!("cloud-import-clean-home-{}", std::process::id()));
    let _ = fs::remove_dir_all(&home);
    let job = home.join(".local/state/cloud-import/jobs/web-0");
    fs::create_dir_all(&job).unwrap();
    let task = json!({
        "version": 1, "provider": "aliyun", "endpoint": "https://ecs.cn-hangzhou.aliyuncs.com", "region": "cn-hangzhou", "name": "web",
        "source": "b:k", "image_id": "m-1", "generation": 0, "started_at": "2026-11-01T10:00:00Z",
    });
    let record = json!({
        "schema": 1, "target": "t", "provider": "aliyun", "region": "cn-hangzhou", "name": "web", "order": "ci-0",
        "generation": 0, "step": "failed", "task": task,
    });
    fs::write(job.join("t.json"), record.to_string()).unwrap();
    let facts = json!({ "schema": 1, "id": "web-0", "name": "web", "source": "web.raw" });
    fs::write(job.join("job.json"), facts.to_string()).unwrap();
    let clean = |arguments: &[&str]| {
        let output = command(arguments).env("HOME", &home).output().unwrap();
        expect_code(&output, 0);
        out(&output)
    };
    let left = clean(&["clean"]);
    assert!(left.contains("failed image m-1"), "{left}");
    assert_eq!(clean(&["clean", "--simulate", "--yes"]), "");
    assert_eq!(clean(&["clean"]), left);
    fs::remove_dir_all(home).unwrap();
}

/// Two files of one order were being sent: the image, and the bitmap beside it.
#[test]
fn an_upload_that_is_not_aborted_is_known_afterwards() {
    let folder = std::env::temp_dir().join(format!("cloud-import-clean-{}", std::process::id()));
    let _ = fs::remove_dir_all(&folder);
    let job = folder.join("state/jobs/web-0");
    fs::create_dir_all(&job).unwrap();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let config = Config::new(KEYS[0], KEYS[1]).any_bucket(true);
    let simulator = runtime.block_on(Simulator::start(config)).unwrap();
    fs::write(folder.join("sim.json"), simulator.ready_line()).unwrap();
    let transport = HttpTransport::builder().dial(simulator.address(Cloud::Huawei));
    let settings = Settings::new(REGION)
        .credentials(Credentials::new(KEYS[0], KEYS[1]))
        .transport(Arc::new(transport.build().unwrap()));
    let importer = cloud_import::connect(Provider::HUAWEI, settings).unwrap();
    let bucket = Bucket::new(Provider::HUAWEI, REGION, BUCKET).unwrap();
    let store = Store::new(bucket, importer.connection().unwrap().pipeline.clone()).unwrap();
    let upload = |key: &str| {
        let id = runtime.block_on(store.initiate(key, None)).unwrap().upload_id;
        json!({ "upload": {
            "schema": 1, "bucket": BUCKET, "key": key, "upload_id": id, "sha256": "00", "part_size": 1, "parts": {},
            "file": { "device": 1, "inode": 1, "size": 1, "modified_seconds": 1, "modified_nanos": 0 }, "completing": false,
        } })
    };
    let record = json!({
        "schema": 1, "target": "huawei/cn-north-4", "provider": "huawei", "region": REGION, "name": "web", "order": "ci-0",
        "generation": 0, "step": "staging", "files": { "disk": upload("web.raw"), "bitmap": upload("web.mf") },
    });
    fs::write(job.join("huawei_2fcn-north-4.json"), record.to_string()).unwrap();
    let facts = json!({ "schema": 1, "id": "web-0", "name": "web", "source": "web.raw" });
    fs::write(job.join("job.json"), facts.to_string()).unwrap();
    let refusal = FaultKind::Refuse {
        http: 403,
        code: "AccessDenied".to_owned(),
        message: "no".to_owned(),
    };
    let fault = Fault::new(refusal).cloud(Cloud::Huawei).skip(1).times(u32::MAX);
    simulator.inject(fault.operation("AbortMultipartUpload"));
    let (state, option) = (folder.join("state"), folder.join("sim.json"));
    let simulate = format!("--simulate={}", option.display());
    let clean = |more: &[&str]| {
        let fixed = [
            "clean",
            &simulate,
            "--state",
            state.to_str().unwrap(),
            "--output",
            "json",
        ];
        let output = run(&[&fixed, more].concat());
        let report: Value = serde_json::from_str(&out(&output)).unwrap();
        let rows = report["leftovers"].as_array().unwrap().clone();
        let told = rows.iter().map(|row| (row["what"].clone(), row["outcome"].clone()));
        (output, told.collect::<Vec<_>>())
    };
    let what = |key: &str| Value::from(format!("unfinished upload of {BUCKET}:{key} (job web-0)"));

    let (output, told) = clean(&["--yes"]);
    expect_code(&output, 6);
    // They are deleted side by side; the second request is refused, whichever that is.
    let keys: Vec<&Value> = told.iter().map(|(what, _)| what).collect();
    assert_eq!(keys, [&what("web.raw"), &what("web.mf")], "in the order of the record");
    let mut outcomes: Vec<&str> = told.iter().map(|(_, outcome)| outcome.as_str().unwrap()).collect();
    let refused = keys[outcomes.iter().position(|outcome| *outcome == "failed").unwrap()].clone();
    outcomes.sort_unstable();
    assert_eq!(outcomes, ["deleted", "failed"], "{}", err(&output));
    assert_eq!(simulator.open_uploads(Cloud::Huawei).len(), 1);
    let (output, told) = clean(&[]);
    expect_code(&output, 0);
    assert_eq!(told, [(refused, "deletable".into())], "it is known to nobody");
    simulator.clear_faults();
    expect_code(&clean(&["--yes"]).0, 0);
    assert!(simulator.open_uploads(Cloud::Huawei).is_empty());
    assert!(clean(&[]).1.is_empty());
    fs::remove_dir_all(folder).unwrap();
}
