//! `--metrics-file`: what stands in it, read as strictly as node_exporter's collector reads it.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use super::{IMAGE, err, expect_code, import, out, run, sim::Sim};

/// The samples of a text by name and labels, as they stand.
type Samples = BTreeMap<String, f64>;

/// Reads the text format: each name has one HELP, one TYPE and all its samples in one block, no sample is there twice.
fn parsed(text: &str) -> Samples {
    assert!(text.ends_with('\n'), "{text}");
    let (mut samples, mut families) = (Samples::new(), BTreeSet::new());
    let mut lines = text.lines().peekable();
    while let Some(help) = lines.next() {
        let (name, words) = help.strip_prefix("# HELP ").unwrap().split_once(' ').unwrap();
        let is_name = name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
        assert!(
            is_name && name.starts_with("cloud_import_") && words.ends_with('.'),
            "{help}"
        );
        assert!(families.insert(name), "{name} is there twice");
        let kind = lines.next().unwrap().strip_prefix(&format!("# TYPE {name} ")).unwrap();
        assert_eq!(kind == "counter", name.ends_with("_total"), "{name} is a {kind}");
        assert!(["counter", "gauge"].contains(&kind), "{kind}");
        let before = samples.len();
        while let Some(line) = lines.next_if(|line| !line.starts_with('#')) {
            let (series, value) = line.rsplit_once(' ').unwrap();
            let labels = series.strip_prefix(name).unwrap();
            labelled(labels);
            let value: f64 = value.parse().unwrap();
            assert!(value.is_finite() && (kind != "counter" || value >= 0.0), "{line}");
            assert!(
                samples.insert(series.to_owned(), value).is_none(),
                "{line} is there twice"
            );
        }
        assert!(samples.len() > before, "{name} has no sample");
    }
    samples
}

/// Labels: none, or names with values in which quotes, backslashes and line breaks are escaped.
fn labelled(text: &str) {
    if text.is_empty() {
        return;
    }
    let mut rest = text.strip_prefix('{').unwrap().strip_suffix('}').unwrap();
    let mut names = BTreeSet::new();
    loop {
        let (name, value) = rest.split_once("=\"").unwrap();
        assert!(
            name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_'),
            "{text}"
        );
        assert!(names.insert(name), "{text}");
        let mut chars = value.chars();
        loop {
            match chars.next().unwrap() {
                '"' => break,
                '\\' => assert!(r#"\"n"#.contains(chars.next().unwrap()), "{text}"),
                c => assert!(!c.is_control(), "{text}"),
            }
        }
        match chars.as_str() {
            "" => return,
            more => rest = more.strip_prefix(',').unwrap(),
        }
    }
}

struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("metrics-{name}"));
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).unwrap();
        Self(folder)
    }

    fn path(&self, name: &str) -> String {
        self.0.join(name).to_str().unwrap().to_owned()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

#[track_caller]
fn expect(samples: &Samples, expected: &[(&str, f64)]) {
    for (series, value) in expected {
        assert_eq!(samples.get(*series), Some(value), "{series} in {samples:#?}");
    }
}

#[test]
fn a_run_is_written_as_node_exporter_reads_it() {
    let folder = Folder::new("run");
    let (file, state) = (folder.path("web.prom"), folder.path("state"));
    let sim = Sim::start("metrics", &["--import-time", "500ms", "--any-object"]);
    let option = sim.option();
    let fixed = ["--no-config", "--state", &state, "--metrics-file", &file];
    let read = || parsed(&fs::read_to_string(&file).unwrap());
    let targets = ["--to", "aliyun", "--to", "tencent", "--no-wait"];
    let output = run(&[&import(&option, &targets)[..], &fixed].concat());
    expect_code(&output, 0);
    let started = read();
    let size = fs::metadata(IMAGE).unwrap().len() as f64;
    expect(
        &started,
        &[
            ("cloud_import_run_exit_code", 0.0),
            ("cloud_import_targets{state=\"running\"}", 2.0),
            ("cloud_import_targets{state=\"waiting\"}", 0.0),
            ("cloud_import_uploaded_bytes_total{target=\"aliyun/cn-hangzhou\"}", size),
            (
                "cloud_import_requests_total{provider=\"aliyun\",operation=\"ImportImage\",code=\"200\"}",
                1.0,
            ),
            (
                "cloud_import_retries_total{provider=\"aliyun\",operation=\"ImportImage\"}",
                0.0,
            ),
            (
                "cloud_import_requests_total{provider=\"tencent\",operation=\"PutObject\",code=\"200\"}",
                1.0,
            ),
        ],
    );
    let hashing = "cloud_import_phase_seconds_total{target=\"aliyun/cn-hangzhou\",phase=\"hash\"}";
    assert!(started.contains_key(hashing), "{started:#?}");
    assert!(
        !started.keys().any(|series| series.contains("last_success")),
        "{started:#?}"
    );

    // Another process waits, and writes the same file.
    let output = run(&[&["wait", &option][..], &fixed].concat());
    expect_code(&output, 0);
    let ended = read();
    expect(
        &ended,
        &[
            ("cloud_import_run_exit_code", 0.0),
            ("cloud_import_targets{state=\"succeeded\"}", 2.0),
            ("cloud_import_targets{state=\"running\"}", 0.0),
        ],
    );
    let made = "cloud_import_last_success_timestamp_seconds{image=\"hello-clouds\",target=\"tencent/ap-guangzhou\"}";
    let began = ended["cloud_import_run_start_timestamp_seconds"];
    assert!(ended[made] >= began && began > 1.7e9, "{ended:#?}");
    let phases = "cloud_import_phase_seconds_total{target=\"tencent/ap-guangzhou\",phase=";
    assert!(ended.keys().any(|series| series.starts_with(phases)), "{ended:#?}");

    // Who fails before there is any target says so, and what was made before stays.
    let mut missing = import(&option, &["--to", "aliyun"]);
    missing.retain(|word| *word != IMAGE);
    let output = run(&[&missing[..], &["missing.qcow2"], &fixed].concat());
    expect_code(&output, 2);
    let failed = read();
    expect(&failed, &[("cloud_import_run_exit_code", 2.0), (made, ended[made])]);
    assert_eq!(
        fs::read_dir(&folder.0).unwrap().count(),
        2,
        "nothing is left beside the file"
    );
}

#[test]
fn a_file_that_cannot_be_written_is_told_before_anything_is_sent() {
    let folder = Folder::new("refused");
    for file in [folder.path("missing/web.prom"), folder.path("")] {
        let output = run(&import("--simulate", &["--to", "aliyun", "--metrics-file", &file]));
        expect_code(&output, 2);
        assert!(err(&output).contains("cannot write the metrics to"), "{}", err(&output));
        assert_eq!(out(&output), "");
    }
}

/// Whatever targets are called.
#[test]
fn names_of_targets_are_escaped() {
    let folder = Folder::new("names");
    let (file, targets) = (folder.path("names.prom"), folder.path("targets.toml"));
    fs::write(&targets, "[targets.'a\"b\\c']\nto = \"aliyun/cn-hangzhou\"\n").unwrap();
    let output = run(&import("--simulate", &["--targets", &targets, "--metrics-file", &file]));
    expect_code(&output, 0);
    let samples = parsed(&fs::read_to_string(&file).unwrap());
    let series = r#"cloud_import_uploaded_bytes_total{target="a\"b\\c"}"#;
    assert!(samples[series] > 0.0, "{samples:#?}");
}
