//! What is to be done for one target, by its record and by what is asked for; and what an order may be taken for that no
//! listing shows. Pure: nothing is read, written or sent here.

use std::{
    collections::BTreeMap,
    time::{Duration, SystemTime},
};

use cloud_import_core::{Capabilities, Error, ErrorKind, Field, Remedy, remedy::Change};

use super::parts::differences;
use super::store::{Record, ReplaceStep, Step, Unsettled};

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
    /// The order is staged and sent, as this generation; `unless_listed`: if the cloud does not list the one of before by now.
    Begin { generation: u32, unless_listed: bool },
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
    /// It was not known whether it was started, and it is listed by now.
    ListedByNow,
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
        unless_listed: record.step == Step::Unknown && more > 0,
    };
    let is_same = record.order == intent.order;
    match (record.step, &record.replace) {
        (Step::Staging | Step::Staged, _) => begin(0),
        (Step::Failed | Step::Canceled, _) => begin(1),
        (Step::Succeeded, _) if again || record.retired.is_some() => begin(1),
        (Step::Succeeded, _) if !is_same => Decision::Refuse(Conflict::MadeOtherwise),
        (Step::Succeeded, Some(plan)) if !replace && plan.is_open() => Decision::Refuse(Conflict::NotReplacedYet),
        (Step::Succeeded, plan) => Decision::Finished {
            replaces: replace && plan.as_ref().is_none_or(|plan| plan.step != ReplaceStep::Done),
        },
        // Whether a dry run was sent is all the same.
        (Step::Starting | Step::Unknown, _) if dry_run => begin(0),
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

/// Whether a token makes it safe to send an order again.
pub(crate) fn takes_token(facts: &Capabilities, is_copy: bool) -> bool {
    match is_copy {
        true => facts.after.copy_token.value,
        false => facts.client_token.value,
    }
}

/// What tells what an order may be taken for that no listing shows.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rules {
    /// A token makes sending it again safe.
    pub(crate) token: bool,
    /// How long after it left it is listed, where a source tells.
    pub(crate) listed_within: Option<Duration>,
    /// How far apart the listings are at the least.
    pub(crate) apart: Duration,
}

impl Rules {
    /// From when on a listing counts.
    pub(crate) fn count_from(&self, unsettled: &Unsettled) -> SystemTime {
        unsettled.sent_at + self.listed_within.unwrap_or_default()
    }
}

/// What an order is taken for that may have been sent and that no listing shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Standing {
    /// It was not started: these two complete listings do not show it.
    NotStarted([SystemTime; 2]),
    /// They do not show it, but no source tells how soon it would be listed, and a second one could be another image.
    NotListed([SystemTime; 2]),
    /// It is not known. From this instant on, a complete listing counts.
    Open(SystemTime),
    /// It is not known, and will not be: what the keys of today list may be another account's.
    OtherKeys,
}

/// What an order is taken for, when the keys are those of this account.
pub(crate) fn standing(unsettled: &Unsettled, account: Option<&str>, rules: &Rules) -> Standing {
    if unsettled.account.as_deref() != account {
        return Standing::OtherKeys;
    }
    let Some(first) = unsettled.first_not_listed_at else {
        return Standing::Open(rules.count_from(unsettled));
    };
    match unsettled.last_not_listed_at {
        Some(last) if last >= first + rules.apart => {
            let is_safe = rules.token || rules.listed_within.is_some();
            match is_safe {
                true => Standing::NotStarted([first, last]),
                false => Standing::NotListed([first, last]),
            }
        }
        _ => Standing::Open(first + rules.apart),
    }
}

impl Conflict {
    /// As an error of the target of that record, for an order with these options.
    pub(crate) fn error(self, record: &Record, options: &BTreeMap<String, String>) -> Error {
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
            Self::ListedByNow => ("is listed by now: this order had been started", original),
            Self::NotReplacedYet => (
                "is there, but has not replaced the older ones yet",
                original.or(another),
            ),
        };
        let differing = match self {
            Self::RunsOtherwise | Self::MadeOtherwise => differences(&record.options, options),
            _ => Vec::new(),
        };
        let which = match differing.as_slice() {
            [] => String::new(),
            names => format!(": {}", names.join(", ")),
        };
        Error::new(
            ErrorKind::Conflict,
            format!("an image named `{}` {what}{which}", record.name),
        )
        .with_provider(record.provider)
        .with_remedy(remedy)
    }
}

#[cfg(test)]
mod tests {
    use cloud_import_core::{ImportTask, Provider};

    use super::{
        super::store::{Place, Replacement},
        *,
    };

    /// Step, order and replacement on record, and what is done without and with `again`, each for: neither, a dry run, `replace`,
    /// and both.
    const TABLE: &str = "
        staging              any    any   | begin  begin  begin  begin  | begin  begin  begin  begin
        staged               any    any   | begin  begin  begin  begin  | begin  begin  begin  begin
        starting             same   none  | settle begin  none   begin  | settle begin  none   begin
        starting             same   some  | some   begin  settle begin  | some   begin  settle begin
        starting             other  any   | runs   begin  runs   begin  | runs   begin  runs   begin
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
        unknown              same   none  | settle begin  none   begin  | unless begin  unless begin
        unknown              same   some  | some   begin  settle begin  | unless begin  unless begin
        unknown              other  any   | runs   begin  runs   begin  | runs   begin  runs   begin";

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
            Decision::Begin {
                generation,
                unless_listed,
            } => match (generation, unless_listed) {
                (5, false) => "begin",
                (6, false) => "anew",
                (6, true) => "unless",
                _ => "none of the table's",
            },
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
        let place = Place::new(Provider::UCLOUD, "cn-bj2", "web");
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

    /// Whatever was wanted of it then: there is nothing to be found, replaced or refused for.
    #[test]
    fn an_image_that_this_program_deleted_is_made_anew() {
        let place = Place::new(Provider::UCLOUD, "cn-bj2", "web");
        let mut record = Record::new("t", &place, "o");
        record.generation = 5;
        record.step = Step::Succeeded;
        record.is_retired("uimage-1", "web-2");
        for (_, replacement) in REPLACEMENTS {
            record.replace = replacement.map(|step| Replacement {
                step,
                ..Replacement::planned(None, Vec::new())
            });
            for bits in 0..16 {
                let intent = Intent {
                    order: if bits & 8 != 0 { "o" } else { "other" },
                    again: bits & 4 != 0,
                    replace: bits & 2 != 0,
                    dry_run: bits & 1 != 0,
                };
                assert_eq!(word(&decide(&record, &intent), None), "anew", "{intent:?}");
            }
        }
    }

    /// First and last listing in minutes after the send, whether the keys are those of then, and what the order is taken for: with a
    /// time, with none, and with a token. The time is 28 minutes, and listings are ten apart.
    const STANDINGS: &str = "
        -   -   same   | open+28  open+0   open+0
        28  -   same   | open+38  open+38  open+38
        28  37  same   | open+38  open+38  open+38
        28  38  same   | not      unlisted not
        40  900 same   | not      unlisted not
        28  38  other  | keys     keys     keys
        -   -   other  | keys     keys     keys";

    #[test]
    fn what_no_listing_shows_is_taken_for_what_they_prove() {
        let sent = SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000);
        let after = |minutes: u64| sent + Duration::from_secs(60 * minutes);
        let task = ImportTask::new(Provider::TENCENT, "https://h", "r", "web", "b:k", sent);
        let rules = |token, listed_within: Option<u64>| Rules {
            token,
            listed_within: listed_within.map(|minutes| Duration::from_secs(60 * minutes)),
            apart: Duration::from_secs(600),
        };
        for line in STANDINGS.lines().skip(1) {
            let words: Vec<&str> = line.split_whitespace().filter(|word| *word != "|").collect();
            let at = |word: &str| word.parse().ok().map(after);
            let mut unsettled = Unsettled::of(&task, Some("account".to_owned()));
            let listings = [at(words[0]), at(words[1])];
            listings.into_iter().flatten().for_each(|at| unsettled.not_listed(at));
            let account = if words[2] == "same" { "account" } else { "other" };
            let clouds = [rules(false, Some(28)), rules(false, None), rules(true, None)];
            for (rules, expected) in clouds.iter().zip(&words[3..]) {
                let both = || [listings[0].unwrap(), listings[1].unwrap()];
                let expected = match expected.split_once('+') {
                    Some((_, minutes)) => Standing::Open(after(minutes.parse().unwrap())),
                    None if *expected == "not" => Standing::NotStarted(both()),
                    None if *expected == "unlisted" => Standing::NotListed(both()),
                    None => Standing::OtherKeys,
                };
                assert_eq!(
                    standing(&unsettled, Some(account), rules),
                    expected,
                    "{line}, {rules:?}"
                );
            }
            // What was listed before it left once more proves nothing.
            unsettled.sent(after(1000));
            let anew = standing(&unsettled, Some("account"), &clouds[0]);
            assert_eq!(anew, Standing::Open(after(1028)), "{line}");
        }
    }
}
