//! What is measured of a run: where its targets are, for how long, how many bytes and requests it took. Has no clock and writes nothing.

use std::{
    collections::BTreeMap,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use cloud_import::{
    ErrorKind, TaskState, WaitEvent,
    publish::{self, Event, Phase, What},
};

use super::family::{Family, Kind, samples};

/// What a target can be at. All are told, so that a graph of one has no gaps.
const STATES: [&str; 12] = [
    "waiting",
    "hashing",
    "staging",
    "starting",
    "importing",
    "succeeded",
    "checked",
    "running",
    "failed",
    "canceled",
    "not_started",
    "unknown",
];

/// It is carried from run to run: who watches for its age must not lose it by a run that fails.
const LAST_SUCCESS: &str = "cloud_import_last_success_timestamp_seconds";

/// So many of them are kept, the newest: names may have dates in them.
const MOST_SUCCESSES: usize = 1000;

/// Another word is told of an image that was made before and is gone.
const GONE: &str = "gone";

/// What a request was about.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Asked {
    pub(crate) provider: String,
    pub(crate) operation: String,
    /// The HTTP status; `None` where no answer came.
    pub(crate) status: Option<u64>,
    /// It repeats one before it.
    pub(crate) is_retry: bool,
    /// The cloud refused it because there were too many.
    pub(crate) is_throttled: bool,
}

/// How far an upload has come, and how much of it this process did.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Upload {
    /// How many bytes of the file are known to be in the store.
    present: Option<u64>,
    done: u64,
}

impl Upload {
    /// So many bytes are in the store by now. What an earlier run put there was not uploaded by this one. Gives back what is new.
    pub(super) fn present(&mut self, done: u64, total: u64) -> u64 {
        let before = match self.present {
            Some(before) => before,
            // A file that goes in one piece is told of once.
            None if done == total => 0,
            None => done,
        };
        let new = done.saturating_sub(before);
        self.done += new;
        self.present = Some(done);
        new
    }
}

/// A run.
#[derive(Debug)]
pub(crate) struct Run {
    began_at: SystemTime,
    began: Duration,
    targets: Vec<Target>,
    requests: BTreeMap<Asked, u64>,
    /// What a worker uploaded, by cloud: its targets come and go.
    uploads: BTreeMap<String, u64>,
    /// When an image of a name was last made at a target.
    successes: BTreeMap<(String, String), SystemTime>,
    /// How the command ended, and after how long.
    ended: Option<(u8, Duration)>,
}

/// A target.
#[derive(Debug, Clone)]
struct Target {
    label: String,
    state: &'static str,
    /// The phase that it is in, and since when.
    phase: Option<(&'static str, Duration)>,
    /// How long it was in each that is over.
    phases: BTreeMap<&'static str, Duration>,
    upload: Upload,
}

impl Target {
    fn enter(&mut self, state: &'static str, phase: Option<&'static str>, now: Duration) {
        self.state = state;
        self.come_to(phase, now);
    }

    fn come_to(&mut self, phase: Option<&'static str>, now: Duration) {
        if phase == self.phase.map(|(name, _)| name) {
            return;
        }
        if let Some((name, since)) = self.phase {
            *self.phases.entry(name).or_default() += now.saturating_sub(since);
        }
        self.phase = phase.map(|name| (name, now));
    }
}

impl Run {
    /// One that begins now, by the date and by the clock that never goes back.
    pub(crate) fn new(began_at: SystemTime, began: Duration) -> Self {
        Self {
            began_at,
            began,
            targets: Vec::new(),
            requests: BTreeMap::new(),
            uploads: BTreeMap::new(),
            successes: BTreeMap::new(),
            ended: None,
        }
    }

    /// Its targets, by what they are called.
    pub(crate) fn has_targets(&mut self, labels: Vec<String>, now: Duration) {
        let target = |label| Target {
            label,
            state: "waiting",
            phase: Some(("wait", now)),
            phases: BTreeMap::new(),
            upload: Upload::default(),
        };
        self.targets = labels.into_iter().map(target).collect();
    }

    /// When images were last made, by what an earlier run wrote.
    pub(crate) fn remember(&mut self, text: &str) {
        let mut before = samples(text, LAST_SUCCESS);
        before.sort_by(|one, other| other.1.total_cmp(&one.1));
        for (labels, at) in before.into_iter().take(MOST_SUCCESSES) {
            let label = |name| {
                labels
                    .iter()
                    .find(|(own, _)| own == name)
                    .map(|(_, value)| value.as_str())
            };
            let at = Duration::try_from_secs_f64(at)
                .ok()
                .and_then(|at| UNIX_EPOCH.checked_add(at));
            if let (Some(image), Some(target), Some(at)) = (label("image"), label("target"), at) {
                self.made(image, target, at);
            }
        }
    }

    /// An image of this name was made at this target, then.
    pub(crate) fn made(&mut self, image: &str, target: &str, at: SystemTime) {
        let last = self.successes.entry((image.to_owned(), target.to_owned()));
        let last = last.or_insert(at);
        *last = at.max(*last);
    }

    pub(crate) fn asked(&mut self, asked: Asked) {
        *self.requests.entry(asked).or_default() += 1;
    }

    /// A worker uploaded so many bytes more to this cloud.
    #[cfg(feature = "fleet")]
    pub(super) fn uploaded(&mut self, provider: &str, bytes: u64) {
        *self.uploads.entry(provider.to_owned()).or_default() += bytes;
    }

    pub(crate) fn ended(&mut self, exit: u8, now: Duration) {
        self.ended = Some((exit, now));
    }

    /// Something happened to a target, or to all.
    pub(crate) fn on(&mut self, target: Option<usize>, event: &Event<'_>, now: Duration, date: SystemTime) {
        if let Event::Hashing { .. } = event {
            let waiting = self.targets.iter_mut().filter(|target| target.state == "waiting");
            waiting.for_each(|target| target.enter("hashing", Some("hash"), now));
        }
        let Some(own) = target.and_then(|index| self.targets.get_mut(index)) else {
            return;
        };
        match event {
            Event::WaitingForOther => own.enter("waiting", Some("wait"), now),
            Event::Staging { done, total } => {
                own.enter("staging", Some("stage"), now);
                own.upload.present(*done, *total);
            }
            Event::Staged { .. } => own.enter("staging", None, now),
            Event::Starting | Event::Settling => own.enter("starting", Some("start"), now),
            Event::Found { .. } | Event::Started { .. } => own.enter("importing", Some("import"), now),
            Event::Polled { event, .. } => match event {
                WaitEvent::Polled { state, .. } if !matches!(state, TaskState::InProgress { .. }) => {
                    own.come_to(Some("tidy"), now);
                }
                _ => own.enter("importing", Some("import"), now),
            },
            Event::Over { outcome } => {
                own.enter(state(outcome), None, now);
                let label = own.label.clone();
                if let Some((image, at)) = success(outcome, date) {
                    self.made(&image, &label, at);
                }
            }
            _ => {}
        }
    }

    /// All of it, as of now.
    pub(crate) fn families(&self, now: Duration) -> Vec<Family> {
        let seconds = |at: SystemTime| at.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs() as f64;
        let began = "cloud_import_run_start_timestamp_seconds";
        let lasted = self.ended.map_or(now, |(_, ended)| ended).saturating_sub(self.began);
        let mut all = vec![
            Family::new("cloud_import_build_info", "The version that ran.", Kind::Gauge)
                .with([("version", env!("CARGO_PKG_VERSION"))], 1.0),
            Family::new(began, "When the command began.", Kind::Gauge).with([], seconds(self.began_at)),
            Family::new("cloud_import_run_duration_seconds", "How long it has run.", Kind::Gauge)
                .with([], lasted.as_secs_f64()),
        ];
        if let Some((exit, _)) = self.ended {
            let help = "The exit code; absent while the command runs.";
            all.push(Family::new("cloud_import_run_exit_code", help, Kind::Gauge).with([], exit.into()));
        }
        all.push(self.states());
        all.extend(self.work(now));
        all.extend(self.traffic());
        let mut made = Family::new(
            LAST_SUCCESS,
            "When an image of this name was last made at this target.",
            Kind::Gauge,
        );
        for ((image, target), at) in &self.successes {
            made.add([("image", image), ("target", target)], seconds(*at));
        }
        all.push(made);
        all
    }

    fn states(&self) -> Family {
        let mut targets = Family::new(
            "cloud_import_targets",
            "Targets of this run by their state.",
            Kind::Gauge,
        );
        for state in STATES.into_iter().chain([GONE]) {
            let many = self.targets.iter().filter(|target| target.state == state).count();
            targets.add([("state", state)], many as f64);
        }
        targets
    }

    fn work(&self, now: Duration) -> [Family; 2] {
        let mut bytes = Family::new(
            "cloud_import_uploaded_bytes_total",
            "Bytes that this run put into the target's bucket.",
            Kind::Counter,
        );
        let mut phases = Family::new(
            "cloud_import_phase_seconds_total",
            "Seconds that the target spent in each phase.",
            Kind::Counter,
        );
        for (provider, many) in &self.uploads {
            bytes.add([("provider", provider)], *many as f64);
        }
        for target in &self.targets {
            bytes.add([("target", &target.label)], target.upload.done as f64);
            let open = target.phase.map(|(name, since)| (name, now.saturating_sub(since)));
            let over = target.phases.iter().map(|(name, took)| (*name, *took));
            for (phase, took) in over.chain(open) {
                phases.add([("target", &target.label), ("phase", phase)], took.as_secs_f64());
            }
        }
        [bytes, phases]
    }

    fn traffic(&self) -> [Family; 3] {
        let mut requests = Family::new(
            "cloud_import_requests_total",
            "Requests by operation and HTTP status; `none` where no answer came.",
            Kind::Counter,
        );
        let mut retries = Family::new(
            "cloud_import_retries_total",
            "Requests that repeated one before them.",
            Kind::Counter,
        );
        let mut throttled = Family::new(
            "cloud_import_throttled_total",
            "Requests that the cloud refused because there were too many.",
            Kind::Counter,
        );
        for (asked, many) in &self.requests {
            let own = [("provider", asked.provider.as_str()), ("operation", &asked.operation)];
            let code = asked
                .status
                .map_or_else(|| "none".to_owned(), |status| status.to_string());
            requests.add([own[0], own[1], ("code", &code)], *many as f64);
            retries.add(own, if asked.is_retry { *many as f64 } else { 0.0 });
            throttled.add(own, if asked.is_throttled { *many as f64 } else { 0.0 });
        }
        [requests, retries, throttled]
    }
}

/// Where a target ended, in the words of the results.
fn state(outcome: &publish::Outcome) -> &'static str {
    match (outcome.phase(), outcome.error()) {
        (Phase::Succeeded, _) => "succeeded",
        (Phase::Gone, _) => GONE,
        (Phase::Checked, _) => "checked",
        (Phase::Running, _) => "running",
        (Phase::Failed, Some(error)) if error.kind() == ErrorKind::Canceled => "canceled",
        (Phase::Failed, _) => "failed",
        (Phase::NotStarted, _) => "not_started",
        _ => "unknown",
    }
}

/// The image's name, and when it was made: by its record, else as of now.
fn success(outcome: &publish::Outcome, now: SystemTime) -> Option<(String, SystemTime)> {
    outcome.image()?;
    let record = outcome.record.as_deref();
    let recorded = record.and_then(|record| record.history.last(record.generation, What::Succeeded));
    let name = record
        .map(|record| &record.name)
        .or_else(|| Some(&outcome.task()?.name));
    Some((name?.clone(), recorded.unwrap_or(now)))
}

#[cfg(test)]
mod tests {
    use cloud_import::{Error, publish::Ended};

    use super::*;
    use crate::metrics::family::text;

    fn at(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn a_run_is_measured() {
        let date = UNIX_EPOCH + at(1_000);
        let mut run = Run::new(date, at(0));
        run.has_targets(vec!["one".to_owned(), "two".to_owned()], at(0));
        run.on(None, &Event::Hashing { done: 0, total: 9 }, at(1), date);
        for (target, done, total, now) in [(0, 9, 9, 3), (1, 4, 9, 3), (1, 7, 9, 4), (1, 0, 9, 5), (1, 9, 9, 6)] {
            run.on(Some(target), &Event::Staging { done, total }, at(now), date);
        }
        run.on(Some(0), &Event::Starting, at(10), date);
        let failed = publish::Outcome::new("two", Ended::not_started(Error::new(ErrorKind::Connect, "x")));
        run.on(Some(1), &Event::Over { outcome: &failed }, at(11), date);
        let asked = |status, is_retry| Asked {
            provider: "aliyun".to_owned(),
            operation: "PutObject".to_owned(),
            status,
            is_retry,
            is_throttled: status == Some(503),
        };
        run.asked(asked(Some(503), false));
        run.asked(asked(None, true));
        run.asked(asked(Some(200), true));
        let before = [("web", 1_000), ("old", 7)].map(|(name, at)| {
            let line = format!("{LAST_SUCCESS}{{image=\"{name}\",target=\"one\"}} {at}\n");
            format!("# HELP {LAST_SUCCESS} x\n{line}")
        });
        run.remember(&before.concat());
        run.made("web", "one", UNIX_EPOCH);
        run.ended(6, at(12));
        let text = text(&run.families(at(20)));
        for line in [
            "cloud_import_run_duration_seconds 12",
            "cloud_import_run_exit_code 6",
            "cloud_import_targets{state=\"starting\"} 1",
            "cloud_import_targets{state=\"not_started\"} 1",
            "cloud_import_targets{state=\"gone\"} 0",
            "cloud_import_uploaded_bytes_total{target=\"one\"} 9",
            // Four were there before, and nine were sent again.
            "cloud_import_uploaded_bytes_total{target=\"two\"} 12",
            "cloud_import_phase_seconds_total{target=\"one\",phase=\"hash\"} 2",
            "cloud_import_phase_seconds_total{target=\"one\",phase=\"stage\"} 7",
            "cloud_import_phase_seconds_total{target=\"one\",phase=\"start\"} 10",
            "cloud_import_phase_seconds_total{target=\"two\",phase=\"stage\"} 8",
            "cloud_import_requests_total{provider=\"aliyun\",operation=\"PutObject\",code=\"none\"} 1",
            "cloud_import_requests_total{provider=\"aliyun\",operation=\"PutObject\",code=\"503\"} 1",
            "cloud_import_retries_total{provider=\"aliyun\",operation=\"PutObject\"} 2",
            "cloud_import_throttled_total{provider=\"aliyun\",operation=\"PutObject\"} 1",
            "cloud_import_last_success_timestamp_seconds{image=\"web\",target=\"one\"} 1000",
            "cloud_import_last_success_timestamp_seconds{image=\"old\",target=\"one\"} 7",
        ] {
            assert!(text.lines().any(|own| own == line), "no `{line}` in\n{text}");
        }
    }
}
