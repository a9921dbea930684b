//! What is to be done for one target, by its record and by what is asked for. Pure: nothing is read, written or sent here.

use cloud_import_core::{Error, ErrorKind, Field, Remedy, remedy::Change};

use super::store::{Record, ReplaceStep, Step};

/// What is asked for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Intent<'a> {
    /// The order, but for its generation, as in the record.
    pub(crate) order: &'a str,
    /// Another image is wanted although there is one.
    pub(crate) again: bool,
    /// Older images of the name are to go.
    pub(crate) replace: bool,
    /// The order is only checked.
    pub(crate) dry_run: bool,
}

/// What is to be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Decision {
    /// Nothing: what is recorded stands against it.
    Refuse(Conflict),
    /// The image is there. `replaces`: what it was to replace is looked for.
    Finished { replaces: bool },
    /// The order is staged and sent, as this generation.
    Begin { generation: u32 },
    /// The order may have been sent, under this name where it was not its own: what became of it is found out.
    Settle { name: Option<String> },
    /// The import runs: its verdict is waited for.
    Wait,
}

/// What stands against an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Conflict {
    /// It may run with other options.
    RunsOtherwise,
    /// It was made with other options.
    MadeOtherwise,
    /// It may run, and replaces older images.
    Replaces,
    /// It may run, and replaces none.
    ReplacesNone,
    /// It is there, and the older images too.
    NotReplacedYet,
}

/// What is to be done for a target.
pub(crate) fn decide(record: &Record, intent: &Intent<'_>) -> Decision {
    let Intent {
        again,
        replace,
        dry_run,
        ..
    } = *intent;
    let begin = |more| Decision::Begin {
        generation: record.generation + more,
    };
    let is_same = record.order == intent.order;
    match (record.step, &record.replace) {
        (Step::Staging | Step::Staged, _) => begin(0),
        (Step::Failed | Step::Canceled, _) => begin(1),
        (Step::Succeeded, _) if again => begin(1),
        (Step::Succeeded, _) if !is_same => Decision::Refuse(Conflict::MadeOtherwise),
        (Step::Succeeded, Some(plan)) if !replace && plan.is_open() => Decision::Refuse(Conflict::NotReplacedYet),
        (Step::Succeeded, plan) => Decision::Finished {
            replaces: replace && plan.as_ref().is_none_or(|plan| plan.step != ReplaceStep::Done),
        },
        (Step::Starting | Step::Started | Step::Unknown, _) if !is_same => Decision::Refuse(Conflict::RunsOtherwise),
        (Step::Unknown, _) if again => begin(1),
        (_, Some(_)) if !replace && !dry_run => Decision::Refuse(Conflict::Replaces),
        (_, None) if replace && !dry_run => Decision::Refuse(Conflict::ReplacesNone),
        (Step::Started, _) => Decision::Wait,
        (Step::Starting | Step::Unknown, plan) => Decision::Settle {
            name: plan.as_ref().and_then(|plan| plan.temporary.clone()),
        },
    }
}

impl Conflict {
    /// As an error of the target of that record.
    pub(crate) fn error(self, record: &Record) -> Error {
        let another = Remedy::Another(Field::Name);
        let original = Remedy::Repeat(Change::Original);
        let (what, remedy) = match self {
            Self::RunsOtherwise => (
                "is being made with other options",
                Remedy::Wait.or(original).or(another),
            ),
            Self::MadeOtherwise => (
                "was made of this content with other options",
                Remedy::Repeat(Change::Generation).or(another),
            ),
            Self::Replaces => ("is being made to replace older ones", original.or(another)),
            Self::ReplacesNone => ("is being made, replacing none", original.or(another)),
            Self::NotReplacedYet => (
                "is there, but has not replaced the older ones yet",
                original.or(another),
            ),
        };
        Error::new(ErrorKind::Conflict, format!("an image named `{}` {what}", record.name))
            .with_provider(record.provider)
            .with_remedy(remedy)
    }
}

#[cfg(test)]
mod tests {
    use super::{
        super::store::{Place, Replacement},
        *,
    };

    /// Step, order and replacement on record, and what is done without and with `again`, each for: neither, a dry run, `replace`,
    /// and both. It was written by the code that decided before this did.
    const TABLE: &str = "
        staging              any    any   | begin  begin  begin  begin  | begin  begin  begin  begin
        staged               any    any   | begin  begin  begin  begin  | begin  begin  begin  begin
        starting             same   none  | settle settle none   settle | settle settle none   settle
        starting             same   some  | some   settle settle settle | some   settle settle settle
        starting             other  any   | runs   runs   runs   runs   | runs   runs   runs   runs
        started              same   none  | wait   wait   none   wait   | wait   wait   none   wait
        started              same   some  | some   wait   wait   wait   | some   wait   wait   wait
        started              other  any   | runs   runs   runs   runs   | runs   runs   runs   runs
        succeeded            same   none  | found  found  looks  looks  | anew   anew   anew   anew
        succeeded            same   open  | yet    yet    looks  looks  | anew   anew   anew   anew
        succeeded            same   done  | found  found  found  found  | anew   anew   anew   anew
        succeeded            same   kept  | found  found  looks  looks  | anew   anew   anew   anew
        succeeded            other  any   | made   made   made   made   | anew   anew   anew   anew
        failed               any    any   | anew   anew   anew   anew   | anew   anew   anew   anew
        canceled             any    any   | anew   anew   anew   anew   | anew   anew   anew   anew
        unknown              same   none  | settle settle none   settle | anew   anew   anew   anew
        unknown              same   some  | some   settle settle settle | anew   anew   anew   anew
        unknown              other  any   | runs   runs   runs   runs   | runs   runs   runs   runs";

    const STEPS: [Step; 8] = [
        Step::Staging,
        Step::Staged,
        Step::Starting,
        Step::Started,
        Step::Succeeded,
        Step::Failed,
        Step::Canceled,
        Step::Unknown,
    ];

    const REPLACEMENTS: [(&str, Option<ReplaceStep>); 6] = [
        ("none", None),
        ("open", Some(ReplaceStep::Planned)),
        ("open", Some(ReplaceStep::Retiring)),
        ("open", Some(ReplaceStep::Renaming)),
        ("done", Some(ReplaceStep::Done)),
        ("kept", Some(ReplaceStep::Kept)),
    ];

    /// The row of the table for what is on record: exactly one.
    fn row(step: Step, is_same: bool, replacement: &str) -> Vec<&'static str> {
        let order = if is_same { "same" } else { "other" };
        let rows = TABLE.lines().filter_map(|line| {
            let words: Vec<&str> = line.split_whitespace().filter(|word| *word != "|").collect();
            let [of_step, of_order, of_replacement, ..] = words[..] else {
                return None;
            };
            let is_replacement = match of_replacement {
                "any" => true,
                "some" => replacement != "none",
                one => one == replacement,
            };
            let fits = of_step == step.as_str() && ["any", order].contains(&of_order) && is_replacement;
            fits.then(|| words[3..].to_vec())
        });
        let mut rows: Vec<_> = rows.collect();
        assert_eq!(rows.len(), 1, "{} {order} {replacement}", step.as_str());
        rows.remove(0)
    }

    fn word(decision: &Decision, name: Option<&str>) -> &'static str {
        match decision {
            Decision::Begin { generation: 5 } => "begin",
            Decision::Begin { generation: 6 } => "anew",
            Decision::Settle { name: settled } if settled.as_deref() == name => "settle",
            Decision::Wait => "wait",
            Decision::Finished { replaces: false } => "found",
            Decision::Finished { replaces: true } => "looks",
            Decision::Refuse(Conflict::RunsOtherwise) => "runs",
            Decision::Refuse(Conflict::MadeOtherwise) => "made",
            Decision::Refuse(Conflict::Replaces) => "some",
            Decision::Refuse(Conflict::ReplacesNone) => "none",
            Decision::Refuse(Conflict::NotReplacedYet) => "yet",
            _ => "none of the table's",
        }
    }

    #[test]
    fn every_step_and_every_wish_is_decided() {
        let place = Place::new(cloud_import_core::Provider::UCLOUD, "cn-bj2", "web");
        let mut record = Record::new("t", &place, "o");
        record.generation = 5;
        for step in STEPS {
            for (word_of, replacement) in REPLACEMENTS {
                for is_same in [true, false] {
                    let row = row(step, is_same, word_of);
                    assert_eq!(row.len(), 8);
                    for (bits, expected) in row.into_iter().enumerate() {
                        record.step = step;
                        record.replace = replacement.map(|step| Replacement {
                            step,
                            ..Replacement::planned(Some("web-0".to_owned()), Vec::new())
                        });
                        let intent = Intent {
                            order: if is_same { "o" } else { "other" },
                            again: bits & 4 != 0,
                            replace: bits & 2 != 0,
                            dry_run: bits & 1 != 0,
                        };
                        let name = replacement.map(|_| "web-0");
                        let decided = word(&decide(&record, &intent), name);
                        assert_eq!(decided, expected, "{step:?}, {replacement:?}, {intent:?}");
                    }
                }
            }
        }
    }
}
