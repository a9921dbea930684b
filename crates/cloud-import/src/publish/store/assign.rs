//! Which record a destination has: by its place, whatever it is called today. Pure.

use std::collections::BTreeMap;

use cloud_import_core::{Error, ErrorKind, Result};

use super::{place::Place, record::Record};

/// The names of the records of destinations, which are all the destinations of one call, each with its label and its place.
///
/// A record is that of the place that it, or `known`, says. One under the label of a destination is that destination's, though
/// the keys may be others, unless its place is another's. One of before, which does not say its account, is of the place that
/// fits what it says, unless it stands under another's label.
///
/// # Errors
/// [`ErrorKind::Conflict`] when it cannot be told which one of before is meant.
pub(super) fn assign(
    known: &BTreeMap<String, String>,
    records: &[Record],
    wanted: &[(String, Place)],
) -> Result<Vec<String>> {
    let places: Vec<Place> = records.iter().map(Record::place).collect();
    let name = |(label, place): &(String, Place)| {
        if let Some(name) = known.get(&place.id()) {
            return Ok(name.clone());
        }
        let is_others = |at: &Place| wanted.iter().any(|(_, other)| other == at);
        let is_labelled = |record: &Record| {
            let rest = record.target.strip_prefix(label.as_str());
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('#'))
        };
        let at_place = records.iter().zip(&places).find(|(_, at)| *at == place);
        let found = at_place.or_else(|| {
            let mut records = records.iter().zip(&places);
            records.find(|(record, at)| is_labelled(record) && record.may_be_at(place) && !is_others(at))
        });
        let is_taken = records.iter().any(|record| record.target == *label) || known.values().any(|name| name == label);
        match found {
            Some((record, _)) => Ok(record.target.clone()),
            None if is_taken => Ok(format!("{label}#{}", &place.id()[..8])),
            None => of_before(records, wanted, label, place),
        }
    };
    wanted.iter().map(name).collect()
}

/// The record that an earlier version wrote of a place, else a new one under its label.
fn of_before(records: &[Record], wanted: &[(String, Place)], label: &str, place: &Place) -> Result<String> {
    let fits = |record: &Record, place: &Place| {
        let names_a_project = record.task.as_ref().is_none_or(|task| task.project.is_some());
        record.endpoint.is_none() && record.may_be_at(place) && (names_a_project || place.project.is_none())
    };
    let is_labelled = |record: &&Record| wanted.iter().any(|(label, _)| *label == record.target);
    let fitting = records
        .iter()
        .filter(|record| fits(record, place) && !is_labelled(record));
    let fitting: Vec<&Record> = fitting.collect();
    let is_rival = |(_, other): &(String, Place)| other != place && fitting.iter().any(|record| fits(record, other));
    match fitting[..] {
        [] => Ok(label.to_owned()),
        [one] if !wanted.iter().any(is_rival) => Ok(one.target.clone()),
        [one, ..] => {
            let message = format!(
                "whether the earlier order `{}` is that of `{label}` cannot be told",
                one.target
            );
            let remedy = "Name the targets as they were named then.";
            Err(Error::new(ErrorKind::Conflict, message).with_remedy(remedy))
        }
    }
}

#[cfg(test)]
mod tests {
    use cloud_import_core::{ImportTask, Provider, provider::datetime};

    use super::*;
    use crate::publish::store::place::DRY_RUN;

    /// UCloud: no token, and a second image of one name is not refused.
    fn place(account: &str) -> Place {
        Place {
            endpoint: Some("https://api.ucloud.cn".to_owned()),
            account: (!account.is_empty()).then(|| account.to_owned()),
            ..Place::new(Provider::UCLOUD, "cn-bj2", "web")
        }
    }

    fn record(label: &str, account: &str) -> Record {
        Record::new(label, &place(account), "o")
    }

    /// As an earlier version wrote it.
    fn before(label: &str) -> Record {
        let mut record = record(label, "");
        record.endpoint = None;
        let at = datetime::parse_rfc3339("2026-01-02T03:04:05Z").unwrap();
        record.task = Some(ImportTask::new(
            Provider::UCLOUD,
            "https://api.ucloud.cn",
            "cn-bj2",
            "web",
            "b:k",
            at,
        ));
        record
    }

    fn assigned(records: &[Record], wanted: &[(&str, Place)]) -> Vec<String> {
        let wanted: Vec<(String, Place)> = wanted
            .iter()
            .map(|(label, place)| ((*label).to_owned(), place.clone()))
            .collect();
        assign(&BTreeMap::new(), records, &wanted).unwrap()
    }

    #[test]
    fn a_place_keeps_its_record_under_every_label() {
        let records = [record("old", "x"), record("new", "y")];
        assert_eq!(
            assigned(&records, &[("new", place("x"))]),
            ["old"],
            "its label is another's now"
        );
        assert_eq!(assigned(&records, &[("third", place("y"))]), ["new"]);
        assert_eq!(
            assigned(&records, &[("third", place("z"))]),
            ["third"],
            "another account"
        );
        let known = BTreeMap::from([(place("x").id(), "begun".to_owned())]);
        let wanted = [("a".to_owned(), place("x"))];
        assert_eq!(
            assign(&known, &[], &wanted).unwrap(),
            ["begun"],
            "its record is not written yet"
        );
    }

    #[test]
    fn a_label_keeps_its_record_when_the_keys_are_others() {
        let records = [record("a", "x")];
        assert_eq!(assigned(&records, &[("a", place("rotated"))]), ["a"]);
        assert_eq!(assigned(&records, &[("a", place(""))]), ["a"], "the keys cannot be had");
        // Another account is asked for under that label, and the first one under another.
        let both = assigned(&records, &[("a", place("y")), ("b", place("x"))]);
        assert_eq!(both[1], "a");
        assert!(both[0].starts_with("a#"), "{both:?}");
    }

    #[test]
    fn a_label_for_another_place_has_a_record_of_its_own() {
        let records = [record("a", "x")];
        for other in [
            Place {
                region: "cn-sh2".to_owned(),
                ..place("x")
            },
            Place {
                endpoint: Some("https://api.surfercloud.com".to_owned()),
                ..place("x")
            },
            Place {
                provider: Provider::JDCLOUD,
                ..place("x")
            },
        ] {
            let name = &assigned(&records, &[("a", other)])[0];
            assert!(name.starts_with("a#") && name.len() == 10, "{name}");
        }
        // Also when its keys are others by then, and before it is written.
        let elsewhere = |account: &str| {
            let region = "cn-sh2".to_owned();
            Place {
                region,
                ..place(account)
            }
        };
        let records = [record("a", "x"), Record::new("a#1", &elsewhere("x"), "o")];
        assert_eq!(assigned(&records, &[("a", elsewhere("rotated"))]), ["a#1"]);
        let known = BTreeMap::from([(place("x").id(), "a".to_owned())]);
        let names = assign(&known, &[], &[("a".to_owned(), elsewhere("x"))]).unwrap();
        assert!(names[0].starts_with("a#"), "{names:?}");
        // A project that is named now may be the one that was meant then.
        let project = |project: &str| Place {
            project: Some(project.to_owned()),
            ..place("x")
        };
        assert_eq!(assigned(&records, &[("a", project("p"))]), ["a"]);
        let records = [Record::new("a", &project("p"), "o")];
        assert_eq!(assigned(&records, &[("a", place("x"))]), ["a"]);
        assert!(assigned(&records, &[("a", project("q"))])[0].starts_with("a#"));
    }

    #[test]
    fn a_record_of_before_is_matched_by_what_it_says() {
        let records = [before("old")];
        assert_eq!(assigned(&records, &[("new", place("x"))]), ["old"]);
        for other in [
            Place {
                region: "cn-sh2".to_owned(),
                ..place("x")
            },
            Place {
                endpoint: Some("https://api.surfercloud.com".to_owned()),
                ..place("x")
            },
            Place {
                project: Some("p".to_owned()),
                ..place("x")
            },
            Place {
                name: "db".to_owned(),
                ..place("x")
            },
        ] {
            assert_eq!(assigned(&records, &[("new", other)]), ["new"]);
        }
        // It stands under the label of another destination of this call.
        let both = assigned(&records, &[("new", place("x")), ("old", place("y"))]);
        assert_eq!(both, ["new", "old"]);
        let both = [("new", place("x")), ("newer", place("y"))].map(|(label, place)| (label.to_owned(), place));
        let error = assign(&BTreeMap::new(), &records, &both).unwrap_err();
        assert!(error.message().contains("`old` is that of `new`"), "{error}");
        let several = [before("one"), before("two")];
        let error = assign(&BTreeMap::new(), &several, &[("new".to_owned(), place("x"))]).unwrap_err();
        assert!(error.message().contains("`one` is that of `new`"), "{error}");
        assert_eq!(assigned(&several, &[("two", place("x"))]), ["two"]);
    }

    #[test]
    fn a_dry_run_says_nothing_of_an_import() {
        let mut tried = place("x");
        tried.is_dry_run = true;
        let label = format!("a{DRY_RUN}");
        let records = [Record::new(&label, &tried, "o")];
        assert_eq!(assigned(&records, &[("b", place("x"))]), ["b"]);
        assert_eq!(assigned(&records, &[("c", tried)]), [label]);
    }
}
