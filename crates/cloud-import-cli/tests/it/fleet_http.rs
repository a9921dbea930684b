//! A worker as a service: what it tells over HTTP, how it stops, and how another takes its place.

use std::{
    fs,
    io::{Read as _, Write as _},
    net::TcpStream,
    path::Path,
    process::{Command, Stdio},
    thread,
    time::Duration,
};

use cloud_import_sim::{Cloud, Fault, FaultKind};

use super::{
    IMAGE, KEYS, command, err, expect_code,
    fleet::{Fleet, Worker, until},
    out,
    postgres::ORDER,
    signal,
    sim::HOUR,
};

/// A worker, and where it answers.
struct Answering {
    worker: Worker,
    address: String,
}

/// An answer.
struct Answer {
    status: u16,
    head: String,
    body: String,
}

impl Answering {
    fn new(fleet: &Fleet, machine: &str, serves: &str) -> Self {
        let worker = fleet.worker(machine, serves, &["--http=127.0.0.1:0"]);
        Self::with(fleet, machine, worker)
    }

    /// What a line starts.
    fn of(fleet: &Fleet, machine: &str, mut line: Command) -> Self {
        let log = fs::File::create(fleet.scene.folder.join(format!("{machine}.log"))).unwrap();
        let worker = Worker(line.stdout(Stdio::null()).stderr(log).spawn().unwrap());
        Self::with(fleet, machine, worker)
    }

    fn with(fleet: &Fleet, machine: &str, worker: Worker) -> Self {
        let address = || {
            let log = fleet.log(machine);
            let (_, rest) = log.split_once("answering at http://")?;
            rest.split_once('/').map(|(address, _)| address.to_owned())
        };
        until(|| address().is_some());
        let address = address().unwrap();
        Self { worker, address }
    }

    fn get(&self, path: &str) -> Answer {
        self.asked(&format!("GET {path} HTTP/1.1\r\nHost: {}\r\n\r\n", self.address))
    }

    /// An answer to a request as it is written.
    fn asked(&self, request: &str) -> Answer {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        // An answer may come, and the connection end, before all of it was taken.
        let _ = stream.write_all(request.as_bytes());
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        let answer = String::from_utf8(answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        Answer {
            status: head.split(' ').nth(1).unwrap().parse().unwrap(),
            head: head.to_ascii_lowercase(),
            body: body.to_owned(),
        }
    }

    /// The value of a metric, by its name and labels as they are written.
    fn metric(&self, name: &str) -> Option<f64> {
        let text = self.get("/metrics").body;
        let line = text
            .lines()
            .find_map(|line| line.strip_prefix(name)?.strip_prefix(' ').map(str::to_owned));
        line.map(|value| value.parse().unwrap())
    }

    /// What `fleet health` says, and how it ends.
    fn health(&self, more: &[&str]) -> (i32, String) {
        let http = format!("--http={}", self.address);
        let output = command(&[&["fleet", "health", &http], more].concat()).output().unwrap();
        (output.status.code().unwrap(), out(&output) + &err(&output))
    }
}

#[test]
fn jobs_and_metrics_are_shown_to_this_machine_alone() {
    let Some(fleet) = Fleet::new("shown", |config| config) else {
        return;
    };
    let own = Answering::new(&fleet, "one", "all");
    expect_code(&fleet.submit(&[&ORDER[..], &["--timeout", "90s"]].concat()), 0);
    until(|| fleet.waiting() == 0);
    until(|| own.get("/").body.contains("5 succeeded"));
    let list = own.get("/");
    let (_, rest) = list.body.split_once("href=\"jobs/").unwrap();
    let id = rest.split_once('"').unwrap().0;
    let page = own.get(&format!("/jobs/{id}"));
    assert_eq!((list.status, page.status), (200, 200));
    for part in [
        "<h1>Import of web</h1>",
        "5</b> succeeded",
        "<svg role=\"img\"",
        "../page.js",
        "href=\"../\"",
    ] {
        assert!(page.body.contains(part), "`{part}`: {}", page.body);
    }
    // Nothing goes on, so that nothing is looked at again; of all jobs there may be another one.
    assert!(!page.body.contains("id=\"live\"") && list.body.contains("id=\"live\""));
    for header in [
        "x-content-type-options: nosniff",
        "cache-control: no-store",
        "content-security-policy: default-src 'none'; script-src 'self'",
        "frame-ancestors 'none'",
        "content-type: text/html; charset=utf-8",
    ] {
        assert!(page.head.contains(header), "`{header}`: {}", page.head);
    }
    assert!(own.get("/page.js").head.contains("content-type: text/javascript"));
    // This machine read the file once for each cloud, and sent it.
    let sent = own.metric("cloud_import_uploaded_bytes_total{provider=\"aliyun\"}");
    assert_eq!(sent, Some(fs::metadata(IMAGE).unwrap().len() as f64));
    assert_eq!(own.metric("cloud_import_fleet_ready"), Some(1.0));
    assert_eq!(own.metric("cloud_import_fleet_slots"), Some(3.0));
    assert!(
        own.get("/metrics")
            .body
            .contains("cloud_import_requests_total{provider=\"tencent\",operation=\"ImportImage\",code=\"200\"}")
    );
    let told = [list.body, page.body, own.get("/metrics").body].concat();
    assert!(!KEYS.iter().any(|key| told.contains(key)), "{told}");
}

#[test]
fn what_is_no_look_from_this_machine_is_refused_in_a_word() {
    let Some(fleet) = Fleet::new("refused", |config| config) else {
        return;
    };
    let own = Answering::new(&fleet, "one", "all");
    let to =
        |method: &str, host: &str, path: &str| own.asked(&format!("{method} {path} HTTP/1.1\r\nHost: {host}\r\n\r\n"));
    let long = format!(
        "GET / HTTP/1.1\r\nHost: localhost\r\nX: {}\r\n\r\n",
        "x".repeat(64 << 10)
    );
    for (answer, status) in [
        (to("GET", "evil.example", "/"), 421),
        (to("POST", "localhost", "/"), 405),
        (to("DELETE", "localhost", "/jobs/x"), 405),
        (to("GET", "localhost", "/jobs/no-such-job"), 404),
        (to("GET", "localhost", "/jobs/..%2f..%2fetc%2fpasswd"), 404),
        (to("GET", "localhost", "/jobs/<script>"), 400),
        (to("GET", "localhost", "/etc"), 404),
        (own.asked("GET / HTTP/1.1\r\n\r\n"), 400),
        (own.asked(&long), 431),
    ] {
        assert_eq!(answer.status, status, "{}", answer.body);
        assert!(
            !answer.head.contains("html") && answer.body.len() < 200,
            "{}",
            answer.body
        );
    }
    let head = to("HEAD", "localhost", "/healthz");
    assert_eq!((head.status, head.body.as_str()), (200, ""));
    // Nothing of this stands against who asks properly.
    assert_eq!(own.get("/healthz").status, 200);
    for open in ["0.0.0.0:0", "[::]:0"] {
        let http = format!("--http={open}");
        let url = fleet.server.url();
        let refused = fleet.command("two", &["fleet", "serve", "--fleet", &url, "--serves", "all", &http]);
        let refused = { refused }.output().unwrap();
        expect_code(&refused, 2);
        assert!(err(&refused).contains("reverse proxy"), "{}", err(&refused));
    }
}

#[test]
fn idle_connections_keep_nobody_from_being_answered() {
    let Some(fleet) = Fleet::new("idle", |config| config) else {
        return;
    };
    let own = Answering::new(&fleet, "one", "all");
    let idle: Vec<TcpStream> = (0..20).map(|_| TcpStream::connect(&own.address).unwrap()).collect();
    assert_eq!(own.get("/healthz").status, 200);
    drop(idle);
}

#[test]
fn metrics_tell_what_orders_wait_for_and_for_how_long() {
    let Some(fleet) = Fleet::new("census", |config| config.import_time(HOUR)) else {
        return;
    };
    let own = Answering::new(&fleet, "one", "aliyun/*");
    expect_code(&fleet.submit(&[&ORDER[..], &["--no-wait"]].concat()), 0);
    let changed = |cloud: &str, field: &str, value: u64| {
        let sql = format!(
            "update graphile_worker._private_jobs set payload = jsonb_set(payload::jsonb, '{{{field}}}', '{value}')::json
             where key like '%/{cloud}%'"
        );
        fleet.server.sql("images", &sql);
    };
    changed("tencent", "tries", 3);
    changed("huawei", "looks", 1);
    changed("jdcloud", "submitted", 1_000_000_000);
    fleet.server.sql(
        "images",
        "insert into graphile_worker._private_tasks (identifier) values ('cloud-import-left');
         update graphile_worker._private_jobs set task_id = (select id from graphile_worker._private_tasks
         where identifier = 'cloud-import-left') where key like '%/ucloud%';
         update graphile_worker._private_jobs set run_at = now() - interval '1 hour' where key like '%/tencent%'",
    );
    let orders = |cloud: &str, state: &str| {
        let name = format!("cloud_import_fleet_orders{{provider=\"{cloud}\",state=\"{state}\"}}");
        own.metric(&name).unwrap()
    };
    // It is asked again and again, and held for as long as that takes.
    until(|| orders("aliyun", "running") == 1.0);
    for (cloud, state) in [
        ("tencent", "retrying"),
        ("huawei", "unknown"),
        ("jdcloud", "waiting"),
        ("ucloud", "left"),
    ] {
        assert_eq!(orders(cloud, state), 1.0, "{cloud}");
        assert_eq!(orders(cloud, "running"), 0.0, "{cloud}");
    }
    assert_eq!(
        own.metric("cloud_import_fleet_vain_attempts{provider=\"tencent\"}"),
        Some(3.0)
    );
    let late = |cloud: &str| {
        own.metric(&format!("cloud_import_fleet_due_seconds{{provider=\"{cloud}\"}}"))
            .unwrap()
    };
    assert!((3600.0..7200.0).contains(&late("tencent")), "{}", late("tencent"));
    assert!(late("jdcloud") < 600.0 && late("ucloud") == 0.0);
    let oldest = own.metric("cloud_import_fleet_oldest_order_seconds{provider=\"jdcloud\",state=\"waiting\"}");
    assert!(oldest.unwrap() > 600_000_000.0, "{oldest:?}");
    let young = own.metric("cloud_import_fleet_oldest_order_seconds{provider=\"aliyun\",state=\"running\"}");
    assert!(
        young.is_none_or(|age| age < 600.0),
        "steps do not make an order young: {young:?}"
    );
    for part in [
        "aliyun: <b>1</b> running in the cloud",
        "ucloud: <b>1</b> left for a person",
        "jdcloud: <b>1</b> waiting for a worker",
    ] {
        until(|| own.get("/").body.contains(part));
    }
}

#[test]
fn a_worker_is_not_ready_while_its_database_is_away() {
    let Some(mut fleet) = Fleet::new("away", |config| config) else {
        return;
    };
    let own = Answering::new(&fleet, "one", "all");
    until(|| own.get("/readyz").status == 200);
    assert_eq!(own.health(&[]), (0, "it takes orders\n".to_owned()));
    fleet.server.kill();
    until(|| own.get("/readyz").status == 503);
    let (code, told) = own.health(&[]);
    assert!(
        code != 0 && told.contains("not ready") && told.contains("postgres://"),
        "{told}"
    );
    // To start it again would help nobody.
    assert_eq!((own.get("/healthz").status, own.health(&["--alive"]).0), (200, 0));
    assert_eq!((own.get("/metrics").status, own.get("/").status), (503, 503));
    fleet.server.go_on();
    until(|| own.get("/readyz").status == 200);
    expect_code(&fleet.submit(&[&ORDER[..], &["--timeout", "90s"]].concat()), 0);
    fleet.expect_one_image_each();
    let (code, told) = Answering {
        address: "127.0.0.1:1".to_owned(),
        worker: own.worker,
    }
    .health(&[]);
    assert!(code != 0 && told.contains("--http"), "{told}");
}

#[test]
fn a_worker_that_is_replaced_ends_in_half_a_minute_and_the_next_finishes() {
    let Some(fleet) = Fleet::new("replaced", |config| config) else {
        return;
    };
    // An upload that would take longer than a stop may.
    let slow = Fault::new(FaultKind::Delay(600_000))
        .cloud(Cloud::Aliyun)
        .operation("PutObject");
    fleet.scene.simulator.inject(slow);
    let mut old = Answering::new(&fleet, "one", "all");
    expect_code(&fleet.submit(&[&ORDER[..], &["--no-wait"]].concat()), 0);
    let mut others = Cloud::ALL.iter().filter(|cloud| **cloud != Cloud::Aliyun);
    let counters = || fleet.scene.simulator.counters();
    until(|| others.clone().all(|cloud| counters().imports_of(*cloud, "web") == 1));
    until(|| fleet.waiting() == 1 && fleet.held() == 1);
    assert!(others.next().is_some() && counters().imports_of(Cloud::Aliyun, "web") == 0);
    // As a rolling upgrade does it: the next is ready before the old one is asked to go.
    let next = Answering::new(&fleet, "other", "all");
    until(|| next.get("/readyz").status == 200);
    signal(old.worker.0.id(), "TERM");
    until(|| old.get("/readyz").body.contains("stopping"));
    let mut tenths = 0;
    while old.worker.0.try_wait().unwrap().is_none() {
        thread::sleep(Duration::from_millis(100));
        tenths += 1;
        // Without a stop, the request is given up half a minute after it began.
        assert!(tenths < 250, "it does not end: {}", fleet.log("one"));
    }
    assert!(old.worker.0.wait().unwrap().success(), "{}", fleet.log("one"));
    until(|| fleet.waiting() == 0);
    fleet.expect_one_image_each();
}

/// What the unit and the manifest run is a worker, with the words as they stand there.
#[test]
fn what_is_packaged_starts_a_worker() {
    let Some(fleet) = Fleet::new("packaged", |config| config) else {
        return;
    };
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let read = |name: &str| fs::read_to_string(root.join(name)).unwrap();
    let unit = read("xtask/packaging/service/cloud-import-fleet.service");
    let line = unit
        .lines()
        .find_map(|line| line.strip_prefix("ExecStart=/usr/bin/cloud-import "))
        .unwrap();
    let settings = read("xtask/packaging/service/fleet.env");
    let of = |name: &str| {
        let value = settings
            .lines()
            .find_map(|line| line.strip_prefix(name)?.strip_prefix('='));
        value.unwrap().to_owned()
    };
    let unit = line.split(' ').filter(|word| *word != "$OPTIONS").map(|word| {
        let name = word.strip_prefix("${").and_then(|word| word.strip_suffix('}'));
        name.map_or_else(|| word.to_owned(), of)
    });
    let manifest = read("docs/fleet/kubernetes.yml");
    let (_, rest) = manifest.split_once(" args:\n").unwrap();
    let manifest = rest
        .lines()
        .map_while(|line| line.trim().strip_prefix("- ").map(str::to_owned));
    for words in [unit.collect::<Vec<_>>(), manifest.collect()] {
        let (url, shown) = (fleet.server.url(), "postgres://fleet@db.example/images");
        assert!(
            words.iter().any(|word| word == "--http"),
            "its probes ask there: {words:?}"
        );
        let words: Vec<String> = words.iter().map(|word| word.replace(shown, &url)).collect();
        let words = words.iter().map(|word| match word.as_str() {
            // This machine may have a worker of its own.
            "--http" => "--http=127.0.0.1:0",
            word => word,
        });
        let words: Vec<&str> = words.collect();
        assert!(words.concat().contains(&url), "{words:?}");
        let own = Answering::of(&fleet, "one", fleet.command("one", &words));
        until(|| own.health(&[]).0 == 0);
    }
}
