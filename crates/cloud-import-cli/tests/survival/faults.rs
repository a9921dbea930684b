//! Each request of each operation, of the APIs and of the stores, fails in turn: refused, throttled, cut off before and after it
//! was accepted, and in the stores' own ways. One run of the command for each, then the same again until it ends.
//!
//! A request that is delayed beyond the client's limit (a minute) is not waited for here: for the client it is one that was
//! accepted and whose answer never came, which `DropAfter` is.

use std::{collections::BTreeMap, fmt::Write as _, sync::Arc, time::Duration};

use cloud_import_sim::{Cloud, Config, Fault, FaultKind};

use crate::{
    form::Form,
    places::{self, Place},
    repeat,
    scene::{self, Scene},
    side_by_side::{self, piece},
};

/// How one run of the command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum End {
    Image,
    /// The import goes on, and how to go on is said.
    Running,
    /// Nothing was started, or the cloud says that it failed; the reason is told.
    Failure,
    /// Not known, where that is honest.
    Unknown,
    /// The store changed a byte, and its answer could not or did not tell.
    Changed,
}

impl End {
    fn sign(self) -> char {
        match self {
            Self::Image => 'i',
            Self::Running => 'r',
            Self::Failure => 'f',
            Self::Unknown => '?',
            Self::Changed => '!',
        }
    }
}

/// What goes wrong, with a short name.
fn kinds() -> Vec<(&'static str, FaultKind)> {
    vec![
        ("500", FaultKind::ServerError { http: 500 }),
        ("throttled", FaultKind::Throttle),
        ("cut before", FaultKind::DropBefore),
        ("cut after", FaultKind::DropAfter),
        ("half an answer", FaultKind::Cut),
        ("cut, hidden", FaultKind::Hide(4)),
        ("error in 200", FaultKind::Error200InBody),
        ("corrupt body", FaultKind::CorruptBody),
        ("upload gone", FaultKind::ForgetUpload),
    ]
}

/// Whether a fault means anything to an operation.
fn fits(kind: &FaultKind, operation: &str) -> bool {
    match kind {
        // The answer is lost, and the image stays unlisted for longer than it is looked for.
        FaultKind::Hide(_) => places::ALL.iter().any(|place| place.import == operation),
        FaultKind::CorruptBody => matches!(operation, "PutObject" | "UploadPart"),
        FaultKind::ForgetUpload => {
            matches!(
                operation,
                "UploadPart" | "ListParts" | "CompleteMultipartUpload" | "AbortMultipartUpload"
            )
        }
        _ => true,
    }
}

/// One fault of one request.
#[derive(Debug, Clone)]
struct Trial {
    place: Place,
    operation: String,
    /// How many of these requests pass first.
    skip: u32,
    times: u32,
    name: &'static str,
    kind: FaultKind,
    multipart: bool,
}

pub(crate) async fn run(form: Arc<Form>) -> Result<String, String> {
    let mut trials = Vec::new();
    for (place, multipart, operations) in everything(&form).await? {
        for (operation, count) in operations {
            trials.extend(of(&form, place, multipart, &operation, count));
        }
    }
    let work = trials.iter().cloned().map(|trial| {
        let form = Arc::clone(&form);
        let name = format!(
            "{} {} {} after {}, {} times",
            trial.place.target, trial.operation, trial.name, trial.skip, trial.times
        );
        piece(name, async move { one(&form, &trial).await })
    });
    let ends = side_by_side::all(if form.long { 16 } else { 24 }, work.collect()).await?;
    let count = |end: End| ends.iter().filter(|one| **one == end).count();
    let mut told = format!(
        "{} runs: {} ended with one image, {} go on in the cloud, {} failed clearly, {} honestly unknown; none made two, none \
         hung; repeated without the fault, each ended with one image and nothing left; {} with a byte changed unseen",
        ends.len(),
        count(End::Image),
        count(End::Running),
        count(End::Failure),
        count(End::Unknown),
        count(End::Changed)
    );
    if form.long {
        told.push_str(&table(&trials, &ends));
    }
    Ok(told)
}

/// Operations, and how often each is asked for.
type Asked = Vec<(String, u64)>;

/// What each cloud is asked for, of a file that is put by one request and of one in parts.
async fn everything(form: &Arc<Form>) -> Result<Vec<(Place, bool, Asked)>, String> {
    let mut work = Vec::new();
    for place in places::ALL {
        for multipart in [false, true] {
            let form = Arc::clone(form);
            work.push(piece(format!("{} undisturbed", place.target), async move {
                let asked = if form.long {
                    operations(&form, &place, multipart).await?
                } else {
                    few(&place, multipart)
                };
                Ok((place, multipart, asked))
            }));
        }
    }
    side_by_side::all(4, work).await
}

/// What the short form looks at.
fn few(place: &Place, multipart: bool) -> Asked {
    let names: &[&str] = match multipart {
        true => &["UploadPart", "CompleteMultipartUpload"],
        false => &["PutObject", "DeleteObject", place.import, place.poll],
    };
    names.iter().map(|name| ((*name).to_owned(), 1)).collect()
}

/// The operations of an undisturbed run, with how often each is asked for.
async fn operations(form: &Form, place: &Place, multipart: bool) -> Result<Asked, String> {
    let scene = Scene::new(config(), image(form, multipart)).await;
    repeat::to_the_end(&scene, &[*place]).await?;
    let counters = scene.simulator.counters();
    let requests = counters.requests.get(&place.cloud).ok_or("nothing was asked")?;
    // What only the other form of staging asks differently is tried there.
    let both = |operation: &str| !operation.contains("Part") && !operation.contains("Multipart");
    Ok(requests
        .iter()
        .filter(|(operation, _)| !multipart || !both(operation))
        .map(|(operation, count)| (operation.clone(), *count))
        .collect())
}

fn of(form: &Form, place: Place, multipart: bool, operation: &str, count: u64) -> Vec<Trial> {
    let mut trials = Vec::new();
    for (name, kind) in kinds() {
        if !fits(&kind, operation) || (!form.long && !is_short(&place, operation, name)) {
            continue;
        }
        let most = if form.long { count.min(4) } else { 1 };
        let trial = |skip, times| Trial {
            place,
            operation: operation.to_owned(),
            skip,
            times,
            name,
            kind: kind.clone(),
            multipart,
        };
        trials.extend((0..most).map(|skip| trial(u32::try_from(skip).unwrap(), 1)));
        if form.long && !matches!(kind, FaultKind::Hide(_)) {
            trials.push(trial(0, u32::MAX));
        }
    }
    trials
}

/// What the short form tries.
fn is_short(place: &Place, operation: &str, fault: &str) -> bool {
    match operation {
        "UploadPart" => matches!(fault, "cut after" | "corrupt body" | "upload gone"),
        "PutObject" | "CompleteMultipartUpload" | "DeleteObject" => fault == "cut after",
        _ if operation == place.import => !matches!(fault, "500" | "half an answer"),
        _ => operation == place.poll && fault == "cut before",
    }
}

fn config() -> Config {
    scene::config()
        .import_time(Duration::from_millis(400))
        .visible_after_polls(1)
}

fn image(form: &Form, multipart: bool) -> &std::path::Path {
    if multipart { &form.parts } else { &form.small }
}

/// Whether only the store's own care keeps the bytes as they are: US3's ETags are no MD5s. (Every store is sent a Content-MD5;
/// this one forgets to look.)
fn may_change(trial: &Trial) -> bool {
    trial.place.cloud == Cloud::Ucloud
}

async fn one(form: &Form, trial: &Trial) -> Result<End, String> {
    let place = trial.place;
    let scene = Scene::new(config(), image(form, trial.multipart)).await;
    scene.simulator.inject(
        Fault::new(trial.kind.clone())
            .cloud(place.cloud)
            .operation(&trial.operation)
            .skip(trial.skip)
            .times(trial.times),
    );
    if matches!(trial.kind, FaultKind::Hide(_)) {
        let lost = Fault::new(FaultKind::DropAfter)
            .cloud(place.cloud)
            .operation(&trial.operation);
        scene.simulator.inject(lost.times(trial.times));
    }
    // Polls that fail for ever are no failure of the import: the wait has a limit then.
    let more: &[&str] = if trial.times > 1 { &["--timeout", "3s"] } else { &[] };
    if trial.kind == FaultKind::CorruptBody {
        return corrupt(&scene, trial).await;
    }
    let ended = scene.import(&[place], more).end().await?;
    let row = ended.row(place.target)?;
    let imports = scene.imports(place.cloud);
    if imports > 1 {
        return Err(format!("{imports} imports\n{}", ended.err));
    }
    let told = row.message.as_deref().is_some_and(|message| !message.is_empty());
    if matches!(trial.kind, FaultKind::Hide(_)) && (row.status == "unknown") == place.token {
        return Err(format!(
            "an order that nobody can find is told as {}\n{}",
            row.status, ended.err
        ));
    }
    let end = match (ended.code, row.status.as_str()) {
        (Some(0), "succeeded") if imports == 1 && row.image_id.is_some() => End::Image,
        (Some(7), "running") if told && imports == 1 => End::Running,
        (Some(2..=5), "not_started" | "failed") if told => End::Failure,
        (Some(8), "unknown") if told => {
            repeat::honest(&scene, &place, &ended)?;
            // A token settles it, unless no answer comes at all.
            if place.token && trial.times == 1 {
                return Err(format!("a token was not made use of\n{}", ended.err));
            }
            End::Unknown
        }
        _ => {
            return Err(format!(
                "exit {:?}, {row:?}, {imports} imports\n{}",
                ended.code, ended.err
            ));
        }
    };
    scene.simulator.clear_faults();
    if row.status == "failed" {
        scene.all_failed(place.cloud);
    }
    repeat::to_the_end(&scene, &[place])
        .await
        .map_err(|error| format!("it was {end:?}; repeated: {error}\nthe first run said: {}", ended.err))?;
    Ok(end)
}

/// A store changes a byte on its way in: what is staged in the end is the file, or nothing is started.
async fn corrupt(scene: &Scene, trial: &Trial) -> Result<End, String> {
    let place = trial.place;
    let ended = scene.import(&[place], &["--keep-object", "--no-wait"]).end().await?;
    match scene.staged_as_it_is(&place) {
        Some(true) if ended.code == Some(0) => Ok(End::Image),
        Some(false) if may_change(trial) => Ok(End::Changed),
        None if scene.imports(place.cloud) == 0 && ended.row(place.target)?.message.is_some() => Ok(End::Failure),
        staged => Err(format!(
            "staged is the file: {staged:?}; exit {:?}\n{}",
            ended.code, ended.err
        )),
    }
}

/// Per cloud and operation what each kind of fault led to: a sign for each run.
fn table(trials: &[Trial], ends: &[End]) -> String {
    let mut rows: BTreeMap<(Cloud, &str), BTreeMap<&str, String>> = BTreeMap::new();
    for (trial, end) in trials.iter().zip(ends) {
        let row = rows.entry((trial.place.cloud, &trial.operation)).or_default();
        let cell = row.entry(trial.name).or_default();
        if trial.times > 1 {
            cell.push('/');
        }
        cell.push(end.sign());
    }
    let mut text = "\ni one image, r goes on in the cloud, f clear failure, ? honestly unknown, ! a byte changed unseen; behind / every such request fails\n".to_owned();
    let _ = write!(text, "{:9} {:26}", "", "");
    for (name, _) in kinds() {
        let _ = write!(text, " {name:>14}");
    }
    for ((cloud, operation), row) in rows {
        let _ = write!(text, "\n{:9} {operation:26}", cloud.name());
        for (name, _) in kinds() {
            let _ = write!(text, " {:>14}", row.get(name).map_or("", String::as_str));
        }
    }
    text
}
