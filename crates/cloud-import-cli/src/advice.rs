//! What is left to do about a job, as lines to type. The only place where a command that goes on is named.

use cloud_import::{ErrorKind, Remedy, remedy::Change};

use crate::{
    line,
    outcome::{Outcome, Status},
    render,
};

/// A line to type, and what for.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Advice {
    pub(crate) what_for: String,
    pub(crate) line: String,
}

/// The one command that goes on with a job; `None` where nothing is left that it could do. `job`: its name, with the options by which
/// a later command finds it and its clouds.
pub(crate) fn next(targets: &[Outcome], job: &str) -> Option<Advice> {
    if targets.iter().any(is_to_begin_again) {
        return Some(Advice {
            what_for: "to try again".to_owned(),
            line: format!("cloud-import retry {job}"),
        });
    }
    let mut open = targets.iter().filter(|target| is_unfinished(target)).peekable();
    open.peek()?;
    let is_unknown = |target: &&Outcome| target.status == Status::Unknown;
    let what_for = match open.clone().all(|target| is_unknown(&target)) {
        true => {
            let from = open.filter_map(|target| remedy(target)?.not_before()).max();
            let from = from.map_or_else(String::new, |at| format!(", from {} on", render::instant(at)));
            format!("to find out{from}")
        }
        false => "to continue".to_owned(),
    };
    Some(Advice {
        what_for,
        line: format!("cloud-import resume {job}"),
    })
}

/// The commands that make images anew which may be there or are gone: that is for their user to decide, target by target.
pub(crate) fn anew(targets: &[Outcome], job: &str) -> Vec<Advice> {
    let advised = [
        (
            Status::Unknown,
            "to make it, if the vendor's console shows no image of that name",
        ),
        (Status::Gone, "to make another image"),
    ];
    let advised = advised.into_iter().filter_map(|(status, what_for)| {
        let of_status = targets.iter().filter(|target| target.status == status);
        let meant = of_status.filter(|target| repeats(target, Change::Generation));
        let meant: Vec<String> = meant
            .map(|target| format!(" --to {}", line::word(&target.target)))
            .collect();
        (!meant.is_empty()).then(|| Advice {
            what_for: what_for.to_owned(),
            line: format!("cloud-import retry {job} --again{}", meant.concat()),
        })
    });
    advised.collect()
}

/// Whether it ended only because it was not waited for any longer, as its user had asked.
pub(crate) fn was_left(target: &Outcome) -> bool {
    let kind = target.error.as_ref().map(|error| error.kind());
    matches!(kind, Some(ErrorKind::Stopped | ErrorKind::WaitLimitReached))
}

/// Whether a repeat begins it again. What is not on record is in no job, and what stands against an order stands against its repeat.
fn is_to_begin_again(target: &Outcome) -> bool {
    let is_bad = matches!(target.status, Status::Failed | Status::Canceled | Status::NotStarted);
    // What an export needs is not on record: its own command begins it again.
    let is_export = target.record.as_deref().is_some_and(|record| record.export.is_some());
    is_bad && !was_left(target) && is_of_a_job(target) && !is_export
}

/// Whether it is on record as something that goes on: what was only tried is tried again by its own command alone.
fn is_of_a_job(target: &Outcome) -> bool {
    target.record.as_deref().is_some_and(|record| !record.is_dry_run())
}

fn is_unfinished(target: &Outcome) -> bool {
    match target.status {
        Status::Running | Status::CancelRequested | Status::NotStarted => is_of_a_job(target),
        // What it was to replace is not, or it is not shared yet as it is to be.
        Status::Succeeded => target.record.as_ref().is_some_and(|record| record.is_open()),
        Status::Unknown => target.record.is_some() && !is_left_to_the_user(target),
        _ => false,
    }
}

/// Nothing more is found out about it: the console is looked at.
fn is_left_to_the_user(target: &Outcome) -> bool {
    repeats(target, Change::Generation) && !repeats(target, Change::Nothing)
}

fn repeats(target: &Outcome, change: Change) -> bool {
    remedy(target).is_some_and(|remedy| remedy.repeats(change))
}

fn remedy(target: &Outcome) -> Option<&Remedy> {
    target.error.as_ref()?.remedy()
}

#[cfg(test)]
mod tests {
    use cloud_import::{Error, publish::Record};

    use super::*;
    use crate::exit::Exit;

    fn target(name: &str, status: Status, error: Option<Error>) -> Outcome {
        let record = serde_json::json!({"schema": 1, "target": name, "provider": "aliyun", "region": "r", "name": "web",
            "order": "o", "generation": 0, "step": "staged"});
        let record: Record = serde_json::from_value(record).unwrap();
        let outcome = Outcome::new(name, status, Exit::Done).with(record);
        Outcome { error, ..outcome }
    }

    fn unknown(remedy: Remedy) -> Outcome {
        let error = Error::new(ErrorKind::OutcomeUnknown, "x").with_remedy(remedy);
        target("a b", Status::Unknown, Some(error))
    }

    #[test]
    fn there_is_one_command_for_what_is_left() {
        let left = |kind| target("t", Status::NotStarted, Some(Error::new(kind, "x")));
        let (stopped, refused) = (left(ErrorKind::Stopped), left(ErrorKind::QuotaExceeded));
        let again = Remedy::From(std::time::UNIX_EPOCH, Box::new(Remedy::Repeat(Change::Nothing)));
        let at = "to find out, from 1970-01-01T00:00:00Z on: cloud-import resume j";
        let mut of_no_job = left(ErrorKind::QuotaExceeded);
        of_no_job.record = None;
        let of_step = |step: &str, release: Option<&str>| {
            let task = serde_json::json!({"version": 1, "provider": "aliyun", "endpoint": "https://ecs.example", "region": "r",
                "image_id": "m-1", "name": "web", "source": "b:k", "generation": 0, "started_at": "2026-11-29T16:08:30Z"});
            let record = serde_json::json!({"schema": 1, "target": "t", "provider": "aliyun", "region": "r", "name": "web",
                "order": "o", "generation": 0, "step": step, "task": task,
                "release": release.map(|step| serde_json::json!({"step": step}))});
            let record: Record = serde_json::from_value(record).unwrap();
            Outcome::new("t", Status::Succeeded, Exit::Done).with(record)
        };
        let done = || of_step("succeeded", None);
        let run = || target("t", Status::Running, None);
        for (targets, expected) in [
            (vec![done()], ""),
            (vec![of_step("succeeded", Some("done"))], ""),
            (
                vec![of_step("succeeded", Some("looked")), done()],
                "to continue: cloud-import resume j",
            ),
            (vec![of_no_job], ""),
            (vec![target("t", Status::Gone, None)], ""),
            (vec![run(), done()], "to continue: cloud-import resume j"),
            (vec![stopped], "to continue: cloud-import resume j"),
            (vec![refused, run()], "to try again: cloud-import retry j"),
            (
                vec![target("t", Status::Canceled, None)],
                "to try again: cloud-import retry j",
            ),
            (vec![unknown(again.clone()), done()], at),
            (vec![unknown(again), run()], "to continue: cloud-import resume j"),
            (vec![unknown(Remedy::Repeat(Change::Generation))], ""),
        ] {
            let told = next(&targets, "j").map(|advice| format!("{}: {}", advice.what_for, advice.line));
            assert_eq!(told.unwrap_or_default(), expected);
        }
    }

    #[test]
    fn another_image_is_for_the_user_to_decide_target_by_target() {
        let gone = Error::new(ErrorKind::NotFound, "x").with_remedy(Remedy::Repeat(Change::Generation));
        let targets = [
            unknown(Remedy::Repeat(Change::Generation)),
            target("g", Status::Gone, Some(gone)),
            target("rolled back", Status::Gone, None),
        ];
        let lines = anew(&targets, "j --state s").into_iter().map(|advice| advice.line);
        let expected = [
            "cloud-import retry j --state s --again --to 'a b'",
            "cloud-import retry j --state s --again --to g",
        ];
        assert_eq!(lines.collect::<Vec<_>>(), expected);
    }
}
