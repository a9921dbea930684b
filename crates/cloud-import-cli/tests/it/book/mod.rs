//! Each line of the consoles of README and book is typed, in the order of its page, in a folder of its own, against simulated clouds.
//! What its answer shows has to be printed: `…` stands for anything.

mod page;

use std::{
    fs,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::{Child, Command, Output},
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::Duration,
};

use super::{IMAGE, err, out, sim::Sim};
use page::{Line, Step};

/// The command that stands in the `PATH`: it adds the simulator, and a directory for jobs, to the verbs that take them. What says itself
/// which clouds it means is left as it is.
const WRAPPER: &str = r#"#!/bin/sh
verb=$1
[ $# = 0 ] || shift
more=
case "$NO_SIMULATOR $verb $* " in
    " "*" --simulate"*) ;;
    " "*)
        case $verb in
            import | check | doctor | wait | resume | retry | status | cancel | list | clean | images | copy | share | unshare | accept | tag | set | \
                deprecate | delete | export | download | move) more=SIMULATE ;;
        esac
        ;;
esac
case " $* " in
    *" --state"* | *" --simulate "*) ;;
    *)
        case $verb in
            import | wait | resume | retry | status | cancel | list | clean | images | copy | share | unshare | accept | tag | set | \
                deprecate | delete | export | move | show | report | forget) more="$more --state jobs" ;;
        esac
        ;;
esac
exec PROGRAM $verb $more "$@"
"#;

/// What pages find in their folder, beside what they write.
const FILES: [&str; 3] = ["web.qcow2", "disk.qcow2", "tests/images/linux-40-gib.qcow2"];

/// What lies in the simulated buckets.
const OBJECTS: [&str; 4] = [
    "aliyun/cn-hangzhou/my-bucket/web.qcow2",
    "huawei/cn-north-4/images/web.qcow2",
    "jdcloud/cn-north-1/my-bucket/web.qcow2",
    "tencent/ap-guangzhou/images-1250000000/web.qcow2",
];

/// A page's folder, its simulator, and what it left running.
struct Desk {
    folder: PathBuf,
    /// Ends with the page.
    _sim: Sim,
    running: Vec<Child>,
}

impl Desk {
    fn new(name: &str) -> Self {
        let name = name.replace(['/', '.'], "-");
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("book").join(&name);
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(folder.join("bin")).unwrap();
        fs::create_dir_all(folder.join("tests/images")).unwrap();
        let sample = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/images/linux-40-gib.qcow2");
        for file in FILES {
            fs::copy(&sample, folder.join(file)).unwrap();
        }
        let objects = OBJECTS.map(|place| format!("--object={place}={IMAGE}"));
        let mut more = vec!["--any-object", "--import-time", "0s", "--quota", "100"];
        more.extend(objects.iter().map(String::as_str));
        let sim = Sim::start(&format!("book-{name}"), &more);
        let keys = super::KEYS;
        let wrapper = WRAPPER
            .replace("=SIMULATE", &format!("={}", sim.option()))
            .replace("PROGRAM", env!("CARGO_BIN_EXE_cloud-import"))
            .replace(
                "#!/bin/sh\n",
                &format!(
                    "#!/bin/sh\nexport CLOUD_IMPORT_SIM_ACCESS_KEY_ID={} CLOUD_IMPORT_SIM_SECRET_ACCESS_KEY={}\n",
                    keys[0], keys[1]
                ),
            );
        let path = folder.join("bin/cloud-import");
        fs::write(&path, wrapper).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        Self {
            folder,
            _sim: sim,
            running: Vec::new(),
        }
    }

    fn shell(&self, line: &str) -> Command {
        let path = format!("{}:/usr/local/bin:/usr/bin:/bin", self.folder.join("bin").display());
        let mut command = Command::new("sh");
        command.args(["-c", line]).current_dir(&self.folder).env_clear();
        command.env("PATH", path).env("HOME", &self.folder);
        command.env("GITHUB_STEP_SUMMARY", "summary.md");
        command
    }

    /// Runs a line to its end. One with `&` behind it is left running until the page ends.
    fn run(&mut self, line: &str) -> Option<Output> {
        let Some(line) = line.strip_suffix('&') else {
            return Some(self.shell(line).output().unwrap());
        };
        let mut child = self.shell(&format!("exec {line}")).spawn().unwrap();
        // On a busy machine it may begin long after the next line.
        if let Some((_, file)) = line.rsplit_once("> ") {
            let written = || fs::read_to_string(self.folder.join(file.trim())).is_ok_and(|text| text.ends_with('\n'));
            while !written() {
                let ended = child.try_wait().unwrap();
                assert!(
                    ended.is_none() || written(),
                    "`{line}` ended before it wrote: {ended:?}"
                );
                thread::sleep(Duration::from_millis(50));
            }
        }
        self.running.push(child);
        None
    }
}

impl Drop for Desk {
    fn drop(&mut self) {
        for child in &mut self.running {
            let _ = child.kill();
            let _ = child.wait();
        }
        // One that failed stays to be looked at.
        if !thread::panicking() {
            let _ = fs::remove_dir_all(&self.folder);
        }
    }
}

/// Whether a line is printed as it is shown, in which `…` stands for anything.
fn is_like(shown: &str, printed: &str) -> bool {
    let pieces: Vec<&str> = shown.trim_end().split('…').collect();
    let [first, middle @ .., last] = &pieces[..] else {
        return shown.trim_end() == printed.trim_end();
    };
    let rest = printed.strip_prefix(first).and_then(|rest| rest.strip_suffix(last));
    let mut rest = rest.unwrap_or_default();
    let is_there = |piece: &&str| match rest.split_once(*piece) {
        Some((_, behind)) => {
            rest = behind;
            true
        }
        None => false,
    };
    printed.starts_with(first) && printed[first.len()..].ends_with(last) && middle.iter().all(is_there)
}

/// What is wrong with how a line ended, if anything.
fn wrong(line: &Line, output: &Output) -> Option<String> {
    let (printed, told) = (out(output), err(output));
    let all: Vec<&str> = printed.lines().chain(told.lines()).collect();
    let missing: Vec<&String> = line
        .shown
        .iter()
        .filter(|shown| !shown.is_empty() && !all.iter().any(|printed| is_like(shown, printed)))
        .collect();
    let is_shown = |printed: &&str| printed.is_empty() || line.shown.iter().any(|shown| is_like(shown, printed));
    let hidden: Vec<&str> = printed.lines().filter(|printed| !is_shown(printed)).collect();
    let is_good = output.status.code() == Some(line.exit) && missing.is_empty();
    if is_good && (line.shown.is_empty() || hidden.is_empty()) {
        return None;
    }
    Some(format!(
        "$ {}\nit ended with {:?}, not {}\nshown and not printed: {missing:#?}\nprinted and not shown: {hidden:#?}\n{printed}{told}",
        line.text,
        output.status.code(),
        line.exit
    ))
}

/// Runs a page, and tells how many lines ran, how many did not, and what was wrong first.
fn run(name: &str, text: &str) -> (usize, usize, Option<String>) {
    let steps = page::steps(text);
    let not_run = steps.iter().filter(|step| matches!(step, Step::NotRun(_))).count();
    if !steps.iter().any(|step| matches!(step, Step::Line(_))) {
        return (0, not_run, None);
    }
    let (mut desk, mut ran) = (Desk::new(name), 0);
    for step in &steps {
        match step {
            Step::NotRun(_) => {}
            Step::File { name, text } => {
                let path = desk.folder.join(name);
                fs::create_dir_all(path.parent().unwrap()).unwrap();
                fs::write(path, text).unwrap();
            }
            Step::Line(line) => {
                ran += 1;
                let typed = line
                    .text
                    .replace("cargo run --release -p cloud-import-cli --", "cloud-import");
                let typed = format!("{}{typed}", line.with);
                if let Some(wrong) = desk.run(&typed).and_then(|output| wrong(line, &output)) {
                    return (ran, not_run, Some(format!("{name}: {wrong}")));
                }
            }
        }
    }
    (ran, not_run, None)
}

#[test]
#[expect(clippy::print_stdout, reason = "how many lines ran, and how many did not")]
fn every_line_of_the_book_runs() {
    let pages = page::all();
    let (next, ran, not_run) = (AtomicUsize::new(0), AtomicUsize::new(0), AtomicUsize::new(0));
    let all_wrong = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for _ in 0..thread::available_parallelism().map_or(2, |many| many.get().min(4)) {
            scope.spawn(|| {
                while let Some((name, text)) = pages.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let (done, left, wrong) = run(name, text);
                    ran.fetch_add(done, Ordering::Relaxed);
                    not_run.fetch_add(left, Ordering::Relaxed);
                    all_wrong.lock().unwrap().extend(wrong);
                }
            });
        }
    });
    let (ran, not_run) = (ran.into_inner(), not_run.into_inner());
    println!(
        "{} pages: {ran} lines ran, {not_run} lines of `sh` did not",
        pages.len()
    );
    let wrong = all_wrong.into_inner().unwrap();
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
    // A page that is no longer taken apart would be passed in silence.
    assert!(ran > 3 * not_run && ran > 100, "{ran} ran, {not_run} did not");
}

#[test]
#[should_panic(expected = "ended before it wrote")]
fn a_line_that_is_left_running_and_fails_holds_nothing_up() {
    Desk::new("fails").run("false > ready.json &");
}

#[test]
fn what_is_shown_is_compared() {
    assert!(is_like("aliyun/cn-hangzhou m-bp1…", "aliyun/cn-hangzhou m-bp1abc"));
    assert!(is_like("1 image in …s", "1 image in 12s"));
    assert!(is_like("a … c", "a b c"));
    for (shown, printed) in [("a", "a b"), ("a b", "a"), ("…c", "ab"), ("a … c", "a b c d")] {
        assert!(!is_like(shown, printed), "{shown} {printed}");
    }
}
