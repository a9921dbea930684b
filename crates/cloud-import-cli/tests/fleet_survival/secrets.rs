//! No secret is in the database, at any moment, nor in what workers and submitters say at their most talkative: neither keys, nor the
//! token of a session, nor a signed link, nor the database's own password.

use std::{fs, path::Path, thread, time::Duration};

use cloud_import_sim::{Cloud, Fault, FaultKind};

use crate::{
    Form, IMAGE,
    fleet::{Fleet, KEYS, config},
    process::{Process, until},
    standing::Standing,
};

const TOKEN: &str = "the-t0ken-of-a-session";
const PASSWORD: &str = "the-pa55word-of-the-database";

/// Whoever is let in by a password, and who is let in without: this suite.
const LET_IN: &str = "local all fleet scram-sha-256\nlocal all images trust\n";

/// How a link shows that it is signed.
const SIGNED: [&str; 6] = [
    "Signature=",
    "signature=",
    "X-Amz-",
    "X-Obs-",
    "x-cos-security-token",
    "OSSAccessKeyId=",
];

const BUCKET: &str = "images-1250000000";

pub(crate) fn run(_: &Form) -> Result<String, String> {
    let mut told = Told::default();
    staged(&mut told)?;
    with_a_session(&mut told)?;
    let kib = |texts: &[String]| texts.iter().map(String::len).sum::<usize>() / 1_024;
    let Told { dumps, logs } = &told;
    // They say something at all.
    let is_said =
        dumps.iter().any(|text| text.contains("succeeded")) && logs.iter().any(|log| log.contains("the order leaves"));
    if !is_said {
        return Err(format!("nothing is in what was looked at: {logs:#?}"));
    }
    for text in dumps.iter().chain(logs) {
        for secret in [KEYS[1], TOKEN, PASSWORD].iter().chain(&SIGNED) {
            if let Some(line) = text.lines().find(|line| line.contains(secret)) {
                return Err(format!("`{secret}` is in: {line}"));
            }
        }
    }
    Ok(format!(
        "{} dumps of {} KiB and {} KiB of logs hold none",
        dumps.len(),
        kib(dumps),
        kib(logs)
    ))
}

/// What was to be seen.
#[derive(Debug, Default)]
struct Told {
    dumps: Vec<String>,
    logs: Vec<String>,
}

impl Told {
    fn dump(&mut self, fleet: &Fleet) {
        self.dumps.push(fleet.server.dump());
    }

    fn log(&mut self, process: &Process) {
        self.logs.push(process.said());
    }
}

/// A fleet with a database that lets in by password alone.
fn guarded(config: cloud_import_sim::Config) -> Result<Fleet, String> {
    let mut fleet = Fleet::with(config, Path::new(IMAGE), |folder| {
        fs::write(folder.join("let-in"), LET_IN).unwrap();
        vec![format!("hba_file={}", folder.join("let-in").display())]
    })?;
    fleet.sql(&format!("create role fleet login password '{PASSWORD}'"));
    fleet.sql("grant create on database images to fleet");
    fleet.url = fleet.url.replace("images@", "fleet@");
    let refused = fleet.submitter("stranger", "web-0", &["--no-wait"]).ended(60)?;
    if refused.code == Some(0) {
        return Err("the database lets anybody in".to_owned());
    }
    fleet.variables = vec![
        ("PGPASSWORD", PASSWORD.to_owned()),
        ("CLOUD_IMPORT_LOG", "trace".to_owned()),
    ];
    Ok(fleet)
}

/// Files are staged, and links to them are signed; answers are lost, requests refused, and a worker killed, so that more is said.
fn staged(told: &mut Told) -> Result<(), String> {
    let fleet = guarded(config())?;
    told.logs.push(fleet.submit("web-0")?.err);
    told.dump(&fleet);
    for cloud in Cloud::ALL {
        fleet
            .simulator
            .inject(Fault::new(FaultKind::DropAfter).cloud(*cloud).skip(6));
        fleet
            .simulator
            .inject(Fault::new(FaultKind::Throttle).cloud(*cloud).skip(3));
    }
    let one = fleet.worker("one", &["--slots", "3"]);
    let following = fleet.submitter("following", "web-1", &[]);
    for _ in 0..4 {
        thread::sleep(Duration::from_millis(500));
        told.dump(&fleet);
    }
    told.log(&one);
    one.kill();
    told.dump(&fleet);
    let other = fleet.worker("other", &["--slots", "3"]);
    told.logs.push(following.ended(120)?.expect(0)?.err);
    until("no order is open", 120, || fleet.open() == 0)?;
    told.dump(&fleet);
    told.log(&other);
    Standing::of(&fleet, 2).expect_good().map(drop)
}

/// Keys of a session, as a worker in a cloud has them: its token is in the link that is signed.
fn with_a_session(told: &mut Told) -> Result<(), String> {
    let mut fleet = guarded(config().security_token(TOKEN).import_time(Duration::from_millis(200)))?;
    let image = fs::read(IMAGE).unwrap().into();
    fleet
        .simulator
        .put_object(Cloud::Tencent, "ap-guangzhou", BUCKET, "web.qcow2", image);
    let endpoint = format!("tencent=http://{}", fleet.simulator.address(Cloud::Tencent));
    fleet.reach = vec!["--plain-http".to_owned(), "--endpoint".to_owned(), endpoint];
    let keys = [
        "TENCENTCLOUD_SECRET_ID",
        "TENCENTCLOUD_SECRET_KEY",
        "TENCENTCLOUD_TOKEN",
    ];
    let values = [KEYS[0], KEYS[1], TOKEN];
    fleet.variables.extend(keys.into_iter().zip(values.map(str::to_owned)));
    let source = format!("{BUCKET}:web.qcow2");
    let order = [
        "import",
        &source,
        "--name",
        "web",
        "--os",
        "CentOS 7.9",
        "--to",
        "tencent/ap-guangzhou",
        "--fleet",
        &fleet.url,
    ];
    let following = Process::start(fleet.command("following", &order), &fleet.path("following"));
    let worker = fleet.worker("worker", &[]);
    until("the order has left", 60, || fleet.imports() > 0)
        .map_err(|error| format!("{error}\n{}\n{}", following.said(), worker.said()))?;
    told.dump(&fleet);
    told.logs.push(following.ended(120)?.expect(0)?.err);
    told.dump(&fleet);
    told.log(&worker);
    Ok(())
}
