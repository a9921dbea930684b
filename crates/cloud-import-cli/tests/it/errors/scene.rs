//! A folder with files, five simulated clouds, and the command in that folder; what it says, with what differs from run to run
//! replaced.

use std::{
    fs,
    io::{BufRead as _, BufReader, Read as _},
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
    thread,
};

use cloud_import_sim::{Config, Simulator};

use super::super::{KEYS, interrupt};

/// How many commands run at a time.
const AT_A_TIME: usize = 6;

/// One command and what it is about.
pub(crate) struct Case {
    title: &'static str,
    /// Arguments that are not told: the same for all imports.
    before: &'static str,
    line: &'static str,
    /// Where programs are found, within the folder.
    tools: &'static str,
    wrong_secret: bool,
    as_nobody: bool,
}

impl Case {
    /// Exactly this command.
    pub(crate) const fn plain(title: &'static str, line: &'static str) -> Self {
        Self {
            title,
            before: "",
            line,
            tools: "nowhere",
            wrong_secret: false,
            as_nobody: false,
        }
    }

    /// An import that lacks nothing but what `line` says. What stands twice counts as it is written last.
    pub(crate) const fn import(title: &'static str, line: &'static str) -> Self {
        Self {
            before: "import --simulate=sim.json",
            ..Self::plain(title, line)
        }
    }

    pub(crate) const fn inspect(title: &'static str, line: &'static str) -> Self {
        Self {
            before: "inspect",
            ..Self::plain(title, line)
        }
    }

    /// With programs from this folder alone.
    pub(crate) const fn tools(mut self, folder: &'static str) -> Self {
        self.tools = folder;
        self
    }

    pub(crate) const fn wrong_secret(mut self) -> Self {
        self.wrong_secret = true;
        self
    }

    /// As a user who may read little, even where the tests run as one who may read all.
    pub(crate) const fn by_nobody(mut self) -> Self {
        self.as_nobody = true;
        self
    }

    fn arguments(&self) -> Vec<&'static str> {
        let mut arguments: Vec<&str> = self.before.split_whitespace().collect();
        let has = |name: &str| self.line.split_whitespace().any(|word| word == name);
        if self.before.starts_with("import") {
            for (name, value) in [("--name", "web"), ("--os", "CentOS 7.9")] {
                if !has(name) {
                    arguments.extend([name, value]);
                }
            }
        }
        arguments.extend(self.line.split_whitespace());
        arguments
    }
}

/// A folder and simulated clouds; both go with it.
pub(crate) struct Scene {
    folder: PathBuf,
    simulator: Option<Simulator>,
    runtime: tokio::runtime::Runtime,
}

impl Scene {
    pub(crate) fn new(name: &str, config: Config) -> Self {
        let folder = std::env::temp_dir().join(format!("cloud-import-errors-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).unwrap();
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let simulator = runtime.block_on(Simulator::start(config)).unwrap();
        fs::write(folder.join("sim.json"), simulator.ready_line()).unwrap();
        Self {
            folder,
            simulator: Some(simulator),
            runtime,
        }
    }

    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    pub(crate) fn simulator(&self) -> &Simulator {
        self.simulator.as_ref().unwrap()
    }

    /// Runs every case, some at a time, and tells of them in their order.
    pub(crate) fn tell_all(&self, heading: &str, cases: &[Case]) -> String {
        let mut told = format!("## {heading}\n\n");
        for some in cases.chunks(AT_A_TIME) {
            let parts: Vec<String> = thread::scope(|scope| {
                let running: Vec<_> = some.iter().map(|case| scope.spawn(|| self.tell(case))).collect();
                running.into_iter().map(|one| one.join().unwrap()).collect()
            });
            told.extend(parts);
        }
        told
    }

    /// Runs one case.
    pub(crate) fn tell(&self, case: &Case) -> String {
        self.written(case, &self.command(case).output().unwrap())
    }

    /// Runs one case, and does something when it has said a text.
    pub(crate) fn tell_when(&self, case: &Case, text: &str, then: impl FnOnce()) -> String {
        self.tell_while(case, text, |_| then())
    }

    /// Runs one case, and interrupts it when it has said a text.
    pub(crate) fn tell_interrupted(&self, case: &Case, text: &str) -> String {
        self.tell_while(case, text, interrupt)
    }

    fn tell_while(&self, case: &Case, text: &str, then: impl FnOnce(u32)) -> String {
        let mut child = self
            .command(case)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut errors = BufReader::new(child.stderr.take().unwrap());
        let mut said = String::new();
        while !said.contains(text) {
            assert!(
                errors.read_line(&mut said).unwrap() > 0,
                "`{text}` was not said: {said}"
            );
        }
        then(child.id());
        errors.read_to_string(&mut said).unwrap();
        let ended = child.wait_with_output().unwrap();
        let output = Output {
            stderr: said.into_bytes(),
            ..ended
        };
        self.written(case, &output)
    }

    fn command(&self, case: &Case) -> Command {
        let program = Path::new(env!("CARGO_BIN_EXE_cloud-import"));
        let mut command = Command::new(program);
        #[cfg(unix)]
        if case.as_nobody && may_read_all() {
            // Where the program is, that user may not be allowed to look.
            let copy = self.folder.join("cloud-import");
            fs::copy(program, &copy).unwrap();
            command = Command::new(copy);
            std::os::unix::process::CommandExt::uid(&mut command, 65_534);
        }
        let job;
        let mut arguments = case.arguments();
        if let Some(last) = arguments.last_mut().filter(|last| **last == "CANCEL") {
            job = self.job("cancel");
            *last = job.as_str();
        }
        command.current_dir(&self.folder).env_clear().args(arguments);
        let secret = if case.wrong_secret { "another-secret" } else { KEYS[1] };
        command.envs([
            ("CLOUD_IMPORT_SIM_ACCESS_KEY_ID", KEYS[0]),
            ("CLOUD_IMPORT_SIM_SECRET_ACCESS_KEY", secret),
            ("HOME", self.folder.join("home").to_str().unwrap()),
            ("TMPDIR", self.folder.to_str().unwrap()),
            // Nothing is to be sent; should it be, it goes nowhere.
            ("HTTPS_PROXY", "http://127.0.0.1:1"),
        ]);
        command.env("PATH", self.folder.join(case.tools));
        command
    }

    /// The one job in a state directory.
    fn job(&self, state: &str) -> String {
        let mut jobs = fs::read_dir(self.folder.join(state).join("jobs")).unwrap();
        jobs.next().unwrap().unwrap().file_name().into_string().unwrap()
    }

    fn written(&self, case: &Case, output: &Output) -> String {
        let error = String::from_utf8(output.stderr.clone()).unwrap();
        let command = match case.before {
            "" => case.line.to_owned(),
            before => format!("{} {}", before.split_whitespace().next().unwrap(), case.line),
        };
        let shown = self.replaced(&error);
        let code = output.status.code().unwrap();
        let body: String = shown
            .lines()
            .map(|line| format!("    {line}").trim_end().to_owned() + "\n")
            .collect();
        format!("{}\n  $ cloud-import {command}\n  exit {code}\n{body}\n", case.title)
    }

    /// What differs from run to run. Progress in bytes goes: which steps are seen depends on the machine.
    fn replaced(&self, text: &str) -> String {
        let text = text.replace(&self.folder.display().to_string(), "FOLDER");
        let text = without_instants(&text.replace(env!("CARGO_BIN_EXE_cloud-import"), "cloud-import"));
        let is_progress = |line: &&str| {
            [
                "hashing ",
                "staging ",
                "importing",
                "starting",
                "staged as ",
                "deleted ",
            ]
            .iter()
            .any(|word| line.split_once(": ").map_or(*line, |(_, rest)| rest).starts_with(word))
                || line.ends_with(" already exists")
        };
        let mut shown: Vec<String> = text
            .lines()
            .map(without_time)
            .filter(|line| !is_progress(&line.as_str()))
            .map(|line| replaced_in_line(&line))
            .collect();
        // Targets side by side speak in no order: warnings first, then how each ended, then why.
        shown.sort_by_key(|line| match rank(line) {
            last @ 2 => (last, String::new()),
            rank => (rank, line.clone()),
        });
        shown.retain(|line| !is_result(line));
        shown.join("\n")
    }
}

/// Without the time of day of a line, which stands behind the word for what is wrong.
fn without_time(line: &str) -> String {
    for word in ["error: ", "warning: "] {
        if let Some(rest) = line.strip_prefix(word) {
            return format!("{word}{}", without_time_of_day(rest));
        }
    }
    without_time_of_day(line).to_owned()
}

/// Without the time of day that a line of progress begins with.
fn without_time_of_day(line: &str) -> &str {
    let digits = |text: &str| {
        text.bytes()
            .all(|byte| byte.is_ascii_digit() || matches!(byte, b'-' | b':'))
    };
    match line.split_once("Z ") {
        Some((time, rest)) if time.len() == "2026-01-02 03:04:05".len() && time.split(' ').all(digits) => rest,
        _ => line,
    }
}

/// Where a line stands.
fn rank(line: &str) -> u8 {
    let is_end = |end: &&str| line.ends_with(*end) && !line.starts_with("error: ");
    if line.starts_with("warning: ") {
        0
    } else if [": not started", ": still running", ": failed"].iter().any(is_end) {
        1
    } else {
        2
    }
}

/// A target with its image: told on standard output, too.
fn is_result(line: &str) -> bool {
    let id = line.split_once(": ").map(|(_, rest)| rest).unwrap_or_default();
    id.starts_with("IMAGE")
}

impl Drop for Scene {
    fn drop(&mut self) {
        let _guard = self.runtime.enter();
        drop(self.simulator.take());
        let _ = fs::remove_dir_all(&self.folder);
    }
}

#[cfg(unix)]
fn may_read_all() -> bool {
    let id = Command::new("id").arg("-u").output().unwrap();
    id.stdout.starts_with(b"0\n")
}

/// `2026-01-02T03:04:05Z` becomes `INSTANT`.
fn without_instants(text: &str) -> String {
    const LIKE: &str = "0000-00-00T00:00:00Z";
    let fits = |(like, c): (char, char)| if like == '0' { c.is_ascii_digit() } else { c == like };
    let is_instant = |rest: &str| rest.len() >= LIKE.len() && LIKE.chars().zip(rest.chars()).all(fits);
    let (mut out, mut rest) = (String::new(), text);
    while let Some(c) = rest.chars().next() {
        let (shown, long) = match is_instant(rest) {
            true => ("INSTANT", LIKE.len()),
            false => (&rest[..c.len_utf8()], c.len_utf8()),
        };
        out.push_str(shown);
        rest = &rest[long..];
    }
    out
}

/// Ids, sums and sizes of this machine.
fn replaced_in_line(line: &str) -> String {
    let mut out = String::new();
    let mut rest = line;
    while !rest.is_empty() {
        let end = rest
            .find(|c: char| !c.is_ascii_alphanumeric() && c != '-')
            .unwrap_or(rest.len());
        let (word, behind) = rest.split_at(end);
        out.push_str(&known(word, &out));
        let next = behind
            .find(|c: char| c.is_ascii_alphanumeric() || c == '-')
            .unwrap_or(behind.len());
        out.push_str(&behind[..next]);
        rest = &behind[next..];
    }
    out
}

/// A word as it is shown, by what stands before it.
fn known(word: &str, before: &str) -> String {
    let digits = word.chars().filter(char::is_ascii_digit).count();
    if before.ends_with("request ") {
        return "REQUEST".to_owned();
    }
    let is_time = |c: char| c.is_ascii_digit() || matches!(c, 'h' | 'm' | 's');
    if [" in ", " after "].iter().any(|end| before.ends_with(end))
        && digits > 0
        && word.ends_with('s')
        && word.chars().all(is_time)
    {
        return "TIME".to_owned();
    }
    if word.len() >= 12 && digits >= 3 && digits < word.len() && word.chars().all(|c| c.is_ascii_hexdigit() || c == '-')
    {
        return "ID".to_owned();
    }
    if ["img-", "uimage-", "m-bp1"].iter().any(|kind| word.starts_with(kind)) && digits > 0 {
        return "IMAGE".to_owned();
    }
    if before.ends_with(" has ") && digits == word.len() && digits > 0 && before.contains("FOLDER") {
        return "N".to_owned();
    }
    word.to_owned()
}
