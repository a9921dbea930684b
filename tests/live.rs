//! `cargo xtask live` runs this: it says what it will do and what that costs, asks, does it, and writes `answers.json`.
//! See docs/live.md.

use std::{
    env, fs,
    io::{self, BufRead as _, Write as _},
    path::{Path, PathBuf},
    process::ExitCode,
    sync::Arc,
    time::Duration,
};

use cloud_import::{
    Credentials, Grace, Provider, Stop, Target, WaitOptions,
    env::{Env as _, SystemEnv},
    provider::datetime,
    transport::{HttpTransport, Transport},
};
use cloud_import_sim::{Config, Simulator};
use cloud_import_tests::live::{Order, Outcome, run};

const USAGE: &str = "\
usage: cargo xtask live CLOUD[/REGION] --bucket NAME --image FILE --os OS --out FOLDER [--project ID] [--account NAME] [--yes]
       cargo xtask live CLOUD[/REGION] --simulate --image FILE --os OS --out FOLDER";

/// Ended, but not as it should.
const FAILED: u8 = 1;
/// Not begun.
const NOT_BEGUN: u8 = 2;

#[derive(Debug, Default)]
struct Arguments {
    target: String,
    bucket: Option<String>,
    image: Option<PathBuf>,
    os: Option<String>,
    out: Option<PathBuf>,
    project: Option<String>,
    account: Option<String>,
    simulate: bool,
    yes: bool,
}

impl Arguments {
    fn read(words: impl Iterator<Item = String>) -> Option<Self> {
        let mut read = Self::default();
        let mut words = words;
        while let Some(word) = words.next() {
            match word.as_str() {
                "--bucket" => read.bucket = Some(words.next()?),
                "--image" => read.image = Some(words.next()?.into()),
                "--os" => read.os = Some(words.next()?),
                "--out" => read.out = Some(words.next()?.into()),
                "--project" => read.project = Some(words.next()?),
                "--account" => read.account = Some(words.next()?),
                "--simulate" => read.simulate = true,
                "--yes" => read.yes = true,
                _ if word.starts_with('-') || !read.target.is_empty() => return None,
                _ => read.target = word,
            }
        }
        Some(read)
    }

    fn order(self) -> Result<(Order, PathBuf, bool), String> {
        let missing = |what: &str| format!("{what} is missing\n{USAGE}");
        let target: Target = self
            .target
            .parse()
            .map_err(|error: cloud_import::Error| format!("{error}\n{USAGE}"))?;
        let out = self.out.ok_or_else(|| missing("--out"))?;
        let (bucket, credentials, pace) = match self.simulate {
            true => (
                self.bucket.or_else(|| Some("simulated-images-1250000000".to_owned())),
                Some(Credentials::new(
                    "simulated-access-key-id",
                    "simulated-secret-access-key",
                )),
                Duration::from_millis(50),
            ),
            false => (self.bucket, None, Duration::from_secs(60)),
        };
        let waiting = match self.simulate {
            true => WaitOptions::default().intervals(pace, pace),
            false => WaitOptions::default().limit(Duration::from_secs(3 * 3600)),
        };
        let now = datetime::basic(SystemEnv.now());
        let order = Order {
            provider: target.provider,
            region: target.region,
            bucket: bucket.ok_or_else(|| missing("--bucket"))?,
            image: self.image.ok_or_else(|| missing("--image"))?,
            os: self.os.ok_or_else(|| missing("--os"))?,
            project: self.project,
            account: self.account,
            credentials,
            // `20261129T101112Z`: letters and digits that every cloud takes.
            name: format!("live-{}", now.to_ascii_lowercase()),
            state: out.join("state"),
            simulated: self.simulate,
            waiting,
            grace: Grace::default(),
            pause: pace,
        };
        Ok((order, out, self.yes || self.simulate))
    }
}

#[tokio::main]
async fn main() -> ExitCode {
    let begun = match Arguments::read(env::args().skip(1)) {
        Some(arguments) => arguments.order(),
        None => Err(USAGE.to_owned()),
    };
    let (order, out, agreed) = match begun {
        Ok(begun) => begun,
        Err(message) => {
            say(&message);
            return ExitCode::from(NOT_BEGUN);
        }
    };
    match live(order, &out, agreed).await {
        Ok(outcome) if outcome.passed() => ExitCode::SUCCESS,
        Ok(_) => ExitCode::from(FAILED),
        Err(message) => {
            say(&message);
            ExitCode::from(NOT_BEGUN)
        }
    }
}

async fn live(order: Order, out: &Path, agreed: bool) -> Result<Outcome, String> {
    let size = fs::metadata(&order.image)
        .map_err(|error| format!("{}: {error}", order.image.display()))?
        .len();
    if out.join("answers.json").exists() {
        return Err(format!(
            "{} holds another run: name a new folder with --out",
            out.display()
        ));
    }
    say(&plan(&order, size));
    if !agreed && !is_agreed(order.provider) {
        return Err("not begun".to_owned());
    }
    let text = |error: cloud_import::Error| format!("not begun: {error}");
    let (transport, simulator) = reach(&order).await?;
    let stop = Stop::default();
    let stopping = stop.clone();
    tokio::spawn(async move {
        if tokio::signal::ctrl_c().await.is_ok() {
            say("stopping: what was made is deleted first");
            stopping.request();
        }
    });
    let outcome = run(order, transport, stop, &say).await.map_err(text)?;
    if let Some(simulator) = simulator {
        simulator.stop().await;
    }
    let json = serde_json::to_string_pretty(&outcome.report).map_err(|error| error.to_string())?;
    let written = fs::create_dir_all(out).and_then(|()| fs::write(out.join("answers.json"), json + "\n"));
    written.map_err(|error| format!("{}: {error}", out.display()))?;
    match outcome.left.as_slice() {
        // The jobs are on record as long as something may have to be found by them.
        [] => fs::remove_dir_all(out.join("state")).map_err(|error| format!("{}: {error}", out.display()))?,
        left => say(&format!("LEFT IN THE ACCOUNT, delete it by hand: {}", left.join("; "))),
    }
    Ok(outcome)
}

async fn reach(order: &Order) -> Result<(Arc<dyn Transport>, Option<Simulator>), String> {
    let mut transport = HttpTransport::builder();
    let mut simulator = None;
    if let Some(credentials) = &order.credentials {
        let keys = credentials.keys().map_err(|error| error.to_string())?;
        let config = Config::new(keys.access_key_id, keys.secret_access_key).any_bucket(true);
        let started = Simulator::start(config.import_time(Duration::from_millis(200)))
            .await
            .map_err(|error| format!("the simulator: {error}"))?;
        let cloud = order.provider.id().parse().map_err(|error| format!("{error}"))?;
        transport = transport.dial(started.address(cloud));
        simulator = Some(started);
    }
    let transport = transport.build().map_err(|error| error.to_string())?;
    Ok((Arc::new(transport), simulator))
}

/// What will be done, and what a vendor may bill for it.
fn plan(order: &Order, size: u64) -> String {
    let mib = size.div_ceil(1 << 20);
    let images = match cloud_import::capabilities(order.provider) {
        Ok(own) if own.unique_names.value == cloud_import::provider::capabilities::UniqueNames::Unverified => 3,
        _ => 2,
    };
    format!(
        "{}/{}, {}:\n  \
         imports {} {images} times, as private images called {}-1 and {}-2, and deletes them again;\n  \
         puts {mib} MiB into the bucket `{}` each time, and deletes it again;\n  \
         takes from ten minutes to three hours, and some hundreds of requests.\n\
         What the vendor may bill: storage of the object and of the images (at some clouds of their snapshots) while they are there,\n\
         reads of the object, and requests. This program knows no prices. A run that is killed may leave images and objects behind:\n\
         they are called as above, and begin with `cloud-import/`.",
        order.provider.name(),
        order.region,
        if order.simulated {
            "simulated, nothing leaves this machine"
        } else {
            "on your account"
        },
        order.image.display(),
        order.name,
        order.name,
        order.bucket,
    )
}

fn is_agreed(provider: Provider) -> bool {
    say(&format!("To go on, type {provider}:"));
    let _ = io::stderr().flush();
    let mut line = String::new();
    io::stdin().lock().read_line(&mut line).is_ok() && line.trim() == provider.id()
}

#[expect(clippy::print_stderr, reason = "a command-line tool talks to people")]
fn say(line: &str) {
    eprintln!("{line}");
}
