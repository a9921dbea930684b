//! A Postgres that a test starts in a folder of its own, on a socket there. It goes with its value.

#![expect(
    clippy::panic,
    clippy::print_stderr,
    clippy::disallowed_methods,
    reason = "a server is started, waited for, and told of where it is missing"
)]

use std::{
    env, fs,
    os::unix::{fs::chown, process::CommandExt as _},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::atomic::{AtomicU32, Ordering},
    thread,
    time::Duration,
};

/// The user of the database, and the name of both.
const NAME: &str = "images";

pub(crate) struct Postgres {
    folder: PathBuf,
    programs: PathBuf,
    /// Who runs it: Postgres does not run as root.
    user: Option<(u32, u32)>,
    port: u16,
    settings: Vec<String>,
    server: Option<Child>,
}

impl Postgres {
    /// `None`, said aloud, where Postgres is not installed; a failure where it should be.
    #[allow(dead_code, reason = "not all that start one start it as it is")]
    pub(crate) fn start() -> Option<Self> {
        Self::start_on(5432, |_| Vec::new())
    }

    /// At another port, with more settings, which may name files that are put into its folder: they become its user's.
    pub(crate) fn start_on(port: u16, settings: impl FnOnce(&Path) -> Vec<String>) -> Option<Self> {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let Some(programs) = programs() else {
            assert!(
                env::var_os("CI").is_none(),
                "Postgres is not installed (Debian package postgresql)"
            );
            eprintln!("SKIPPED: Postgres is not installed (Debian package postgresql); nothing of it was tried");
            return None;
        };
        // Short: the name of a socket has at most 107 bytes.
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let folder = env::temp_dir().join(format!("ci-pg-{}-{number}", std::process::id()));
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).unwrap();
        let settings = settings(&folder);
        let user = is_root().then(|| (id_of("-u"), id_of("-g")));
        if let Some((user, group)) = user {
            let files = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path());
            for path in files.chain([folder.clone()]) {
                chown(&path, Some(user), Some(group)).unwrap();
            }
        }
        let mut own = Self {
            folder,
            programs,
            user,
            port,
            settings,
            server: None,
        };
        let data = own.data();
        own.run(
            "initdb",
            &[
                "-D",
                &data,
                "-A",
                "trust",
                "-U",
                NAME,
                "-E",
                "UTF8",
                "--locale=C",
                "--no-sync",
            ],
        );
        own.go_on();
        own.sql("postgres", "create database images");
        Some(own)
    }

    /// Its URL.
    pub(crate) fn url(&self) -> String {
        let folder = self.folder.display().to_string().replace('/', "%2F");
        format!("postgres://{NAME}@{folder}/{NAME}")
    }

    /// Starts the server, for the first time or again.
    pub(crate) fn go_on(&mut self) {
        let _ = fs::remove_file(Path::new(&self.data()).join("postmaster.pid"));
        let (data, folder) = (self.data(), self.folder.display().to_string());
        let mut command = self.command(
            "postgres",
            &[
                "-D",
                &data,
                "-k",
                &folder,
                "-c",
                "listen_addresses=",
                "-c",
                "fsync=off",
                "-c",
                "max_connections=200",
            ],
        );
        for setting in &self.settings {
            command.args(["-c", setting]);
        }
        let log = fs::File::create(self.folder.join("log")).unwrap();
        let server = command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .unwrap();
        self.server = Some(server);
        for _ in 0..600 {
            if self
                .command("pg_isready", &["-q", "-h", &folder])
                .status()
                .unwrap()
                .success()
            {
                return;
            }
            thread::sleep(Duration::from_millis(50));
        }
        panic!(
            "Postgres did not start: {}",
            fs::read_to_string(self.folder.join("log")).unwrap()
        );
    }

    /// Kills the server as a power failure does.
    #[allow(dead_code, reason = "not all that start one kill it")]
    pub(crate) fn kill(&mut self) {
        if let Some(mut server) = self.server.take() {
            let _ = server.kill();
            let _ = server.wait();
        }
        // Its processes end when they notice.
        thread::sleep(Duration::from_millis(300));
    }

    /// The process that started its others, while it runs.
    #[allow(dead_code, reason = "not all that start one measure it")]
    pub(crate) fn id(&self) -> Option<u32> {
        self.server.as_ref().map(Child::id)
    }

    /// Runs a statement, and returns what it selects, a line for each row.
    pub(crate) fn sql(&self, database: &str, statement: &str) -> String {
        let folder = self.folder.display().to_string();
        self.run(
            "psql",
            &[
                "-h",
                &folder,
                "-U",
                NAME,
                "-d",
                database,
                "-X",
                "-A",
                "-t",
                "-q",
                "-v",
                "ON_ERROR_STOP=1",
                "-c",
                statement,
            ],
        )
    }

    /// All that is in the database, as text.
    #[allow(dead_code, reason = "not all that start one look for secrets")]
    pub(crate) fn dump(&self) -> String {
        let folder = self.folder.display().to_string();
        self.run("pg_dump", &["-h", &folder, "-U", NAME, "-d", NAME])
    }

    fn data(&self) -> String {
        self.folder.join("data").display().to_string()
    }

    fn command(&self, program: &str, arguments: &[&str]) -> Command {
        let mut command = Command::new(self.programs.join(program));
        command
            .args(arguments)
            .env_clear()
            .env("PATH", &self.programs)
            .env("TZ", "UTC")
            .env("PGPORT", self.port.to_string())
            .current_dir(&self.folder);
        if let Some((user, group)) = self.user {
            command.uid(user).gid(group);
        }
        command
    }

    fn run(&self, program: &str, arguments: &[&str]) -> String {
        let output = self.command(program, arguments).output().unwrap();
        let why = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{program} {arguments:?}: {why}");
        String::from_utf8(output.stdout).unwrap()
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        self.kill();
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// The folder of its programs: Debian keeps them off the path.
fn programs() -> Option<PathBuf> {
    let debian = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut found: Vec<PathBuf> = debian.map(|entry| entry.path().join("bin")).collect();
    found.sort();
    found.extend(env::split_paths(&env::var_os("PATH")?));
    found.into_iter().rfind(|folder| {
        ["initdb", "postgres", "psql"]
            .iter()
            .all(|name| folder.join(name).is_file())
    })
}

fn is_root() -> bool {
    let own = Command::new("id").arg("-u").output().unwrap();
    own.stdout == b"0\n"
}

/// Of the user that its package made.
fn id_of(which: &str) -> u32 {
    let output = Command::new("id").args([which, "postgres"]).output().unwrap();
    String::from_utf8(output.stdout).unwrap().trim().parse().unwrap()
}
