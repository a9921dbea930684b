//! A database, five simulated clouds, and the command as submitters and workers on machines of their own.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use cloud_import::env::{Env as _, SystemEnv};
use cloud_import_sim::{Cloud, Config, Simulator};
use serde_json::Value;
use tokio::runtime::Runtime;

use crate::{
    postgres::Postgres,
    process::{Ended, Process},
};

pub(crate) const KEYS: [&str; 2] = ["an-access-key-id", "its-secret-key"];

/// Why a case was not tried.
pub(crate) const MISSING: &str = "Postgres is not installed";

/// A dead worker is found at once.
const RECOVERY: [&str; 6] = ["--heartbeat", "200ms", "--sweep", "300ms", "--threshold", "1s"];

/// A fleet with its clouds; its folder goes with it.
pub(crate) struct Fleet {
    pub(crate) simulator: Simulator,
    pub(crate) server: Postgres,
    // After the simulator, which stops on it.
    runtime: Runtime,
    folder: PathBuf,
    /// The command that its workers are.
    pub(crate) program: PathBuf,
    /// Options by which commands reach the clouds.
    pub(crate) reach: Vec<String>,
    /// More variables of each command.
    pub(crate) variables: Vec<(&'static str, String)>,
    /// The database, as commands are told of it.
    pub(crate) url: String,
}

impl Drop for Fleet {
    fn drop(&mut self) {
        let _guard = self.runtime.enter();
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// Settings of the clouds: room for many images, which come soon.
pub(crate) fn config() -> Config {
    let config = Config::new(KEYS[0], KEYS[1]).any_bucket(true);
    let config = config.import_time(Duration::from_millis(1_500));
    Cloud::ALL
        .iter()
        .fold(config, |config, cloud| config.quota(*cloud, 20_000))
}

impl Fleet {
    /// # Errors
    /// Postgres is not there.
    pub(crate) fn new(config: Config, image: &Path) -> Result<Self, String> {
        Self::with(config, image, |_| Vec::new())
    }

    /// The same, with more settings of the database.
    pub(crate) fn with(
        config: Config,
        image: &Path,
        settings: impl FnOnce(&Path) -> Vec<String>,
    ) -> Result<Self, String> {
        let folder = std::env::temp_dir().join(format!("cloud-import-fleet-{}", SystemEnv.nonce().unwrap()));
        fs::create_dir_all(&folder).unwrap();
        // A session whose process was killed ends in the middle of a request, as it does where a network tells of it.
        let all = |folder: &Path| {
            [
                settings(folder),
                vec!["client_connection_check_interval=50ms".to_owned()],
            ]
            .concat()
        };
        let server = Postgres::start_on(5432, all).ok_or(MISSING)?;
        let runtime = Runtime::new().unwrap();
        let simulator = runtime.block_on(Simulator::start(config.store_dir(&folder))).unwrap();
        fs::write(folder.join("sim.json"), simulator.ready_line()).unwrap();
        fs::copy(image, folder.join("web.qcow2")).unwrap();
        Ok(Self {
            simulator,
            url: server.url(),
            server,
            runtime,
            reach: vec![format!("--simulate={}", folder.join("sim.json").display())],
            folder,
            program: crate::PROGRAM.into(),
            variables: Vec::new(),
        })
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// A command of a machine: a home of its own, and the image at the same place.
    pub(crate) fn command(&self, machine: &str, arguments: &[&str]) -> Command {
        let home = self.path(machine);
        fs::create_dir_all(&home).unwrap();
        let mut command = Command::new(&self.program);
        command
            .env_clear()
            .args(arguments)
            .current_dir(&self.folder)
            .env("HOME", home);
        command.envs([
            ("CLOUD_IMPORT_SIM_ACCESS_KEY_ID", KEYS[0]),
            ("CLOUD_IMPORT_SIM_SECRET_ACCESS_KEY", KEYS[1]),
        ]);
        command.envs(self.variables.iter().map(|(name, value)| (name, value)));
        command.args(&self.reach);
        command
    }

    /// A worker of all clouds.
    pub(crate) fn worker(&self, machine: &str, more: &[&str]) -> Process {
        let serve = ["fleet", "serve", "--fleet", &self.url, "--serves", "all"];
        Process::start(
            self.command(machine, &[&serve[..], &RECOVERY, more].concat()),
            &self.path(machine),
        )
    }

    /// A command that submits a job to all clouds, and follows it.
    pub(crate) fn submitter(&self, machine: &str, name: &str, more: &[&str]) -> Process {
        let order = [
            "import",
            "web.qcow2",
            "--name",
            name,
            "--os",
            "CentOS 7.9",
            "--size-gib",
            "40",
        ];
        let to = ["--to", "all", "--bucket", "images-1250000000", "--fleet", &self.url];
        let command = self.command(machine, &[&order[..], &to, more].concat());
        Process::start(command, &self.path(machine))
    }

    /// Submits such a job, and leaves it to the fleet.
    ///
    /// # Errors
    /// That failed.
    pub(crate) fn submit(&self, name: &str) -> Result<Ended, String> {
        self.submitter("submitter", name, &["--no-wait"]).ended(60)?.expect(0)
    }

    /// Rows of the queue that are like this: `key is not null` are orders that are not over.
    pub(crate) fn queued(&self, like: &str) -> usize {
        let sql = format!(
            "select count(*) from graphile_worker._private_jobs as jobs
             join graphile_worker._private_tasks as tasks on tasks.id = jobs.task_id where {like}"
        );
        self.sql(&sql).parse().unwrap()
    }

    /// Orders that workers are to go on with.
    pub(crate) fn open(&self) -> usize {
        self.queued("key is not null and identifier = 'cloud-import'")
    }

    pub(crate) fn sql(&self, sql: &str) -> String {
        self.server.sql("images", sql).trim().to_owned()
    }

    /// The records of all targets, by their names.
    pub(crate) fn records(&self) -> BTreeMap<String, Value> {
        let sql = "select coalesce(json_object_agg(name, body), '{}') from cloud_import.record
            where name like 'jobs/%.json' and name not like '%/job.json'";
        let texts: BTreeMap<String, String> = serde_json::from_str(&self.sql(sql)).unwrap();
        let read = |(name, text): (String, String)| (name, serde_json::from_str(&text).unwrap());
        texts.into_iter().map(read).collect()
    }

    /// Records that are at one of these steps.
    pub(crate) fn at(&self, steps: &[&str]) -> usize {
        let records = self.records();
        let is_at = |record: &&Value| record["step"].as_str().is_some_and(|step| steps.contains(&step));
        records.values().filter(is_at).count()
    }

    /// Does what a person is told to do about orders that are on record and never left: no cloud has an image of them, and UCloud, which has
    /// neither tokens nor a time by which all is listed, proves to no program that none comes. Returns how many there were.
    ///
    /// # Errors
    /// It does not work.
    pub(crate) fn settle_by_hand(&self) -> Result<usize, String> {
        let mut settled = 0;
        for record in self.records().values().filter(|record| record["step"] == "unknown") {
            let text = |key: &str| record[key].as_str().unwrap_or_default().to_owned();
            let (name, target) = (text("name"), text("target"));
            if text("provider") != "ucloud" || self.simulator.counters().imports_of(Cloud::Ucloud, &name) > 0 {
                continue;
            }
            let retry = ["retry", &name, "--again", "--to", &target, "--state", &self.url];
            let by_hand = Process::start(self.command("person", &retry), &self.path("person"));
            by_hand.ended(60)?.expect(0)?;
            settled += 1;
        }
        Ok(settled)
    }

    /// Imports that all clouds accepted.
    pub(crate) fn imports(&self) -> u64 {
        self.simulator
            .counters()
            .imports
            .values()
            .flat_map(|of| of.values())
            .sum()
    }

    /// Keeps each change of a record from this step to that one waiting so many milliseconds before it is done: what is between two
    /// records takes a moment only, and is to be hit.
    pub(crate) fn pause(&self, from: &str, to: &str, millis: u64) {
        let seconds = millis as f64 / 1_000.0;
        self.sql(&format!(
            "create or replace function public.pause() returns trigger language plpgsql as $$ begin
               if new.name like 'jobs/%.json' and new.name not like '%/job.json' then
                 if new.body::json->>'step' = '{to}' and old.body::json->>'step' = '{from}' then
                   perform pg_sleep({seconds});
                 end if;
               end if;
               return new;
             end $$;
             drop trigger if exists pause on cloud_import.record;
             create trigger pause before update on cloud_import.record for each row execute function public.pause()"
        ));
    }

    /// How many are kept waiting now.
    pub(crate) fn pausing(&self) -> usize {
        self.sql("select count(*) from pg_stat_activity where wait_event = 'PgSleep'")
            .parse()
            .unwrap()
    }

    /// Ends all sessions of the command, as an administrator does, or a network for those that are silent.
    pub(crate) fn end_sessions(&self) {
        self.sql(
            "select count(pg_terminate_backend(pid)) from pg_stat_activity where application_name like 'cloud-import%'",
        );
    }
}
