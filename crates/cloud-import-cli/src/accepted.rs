//! Warnings that were accepted and did not come: who accepts them need not any more.

use std::collections::{BTreeMap, BTreeSet};

use cloud_import::WarningId;

use crate::{findings, output, targets::Wanted};

/// What is acknowledged of a target; `None` where not all that there may be was looked for.
pub(crate) type Acknowledged = Option<BTreeSet<WarningId>>;

/// Says of each accepted warning that no target had it. Nothing is said where one of them may have it.
pub(crate) fn tell_unmatched(wanted: &[Wanted], found: &[Acknowledged]) {
    for (id, labels) in unmatched(wanted, found) {
        let labels = findings::named(&labels);
        output::note(&format!("{labels}: the accepted warning `{id}` did not come up"));
    }
}

fn unmatched<'a>(wanted: &'a [Wanted], found: &[Acknowledged]) -> BTreeMap<&'a WarningId, Vec<&'a str>> {
    let mut open: BTreeMap<&WarningId, Vec<&str>> = BTreeMap::new();
    let mut came = BTreeSet::new();
    for (wanted, found) in wanted.iter().zip(found) {
        for id in wanted.fields.accept_warning.iter().flatten() {
            open.entry(id).or_default().push(&wanted.label);
            if found.as_ref().is_none_or(|found| found.contains(id)) {
                came.insert(id);
            }
        }
    }
    open.retain(|id, _| !came.contains(id));
    open
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_came_for_no_target_is_told_and_what_was_not_looked_for_is_not() {
        let target = |label: &str, ids: &[WarningId]| {
            let mut wanted = Wanted::of(label.parse().unwrap());
            wanted.fields.accept_warning = Some(ids.iter().cloned().collect());
            wanted
        };
        let (near, dirty) = (WarningId::OS_NEAREST, WarningId::FILE_DIRTY);
        let both = [near.clone(), dirty.clone()];
        let wanted = [target("aliyun/a", &both), target("ucloud/b", &both)];
        let none = || Some(BTreeSet::new());
        let came = Some(BTreeSet::from([near.clone()]));
        let labels = vec!["aliyun/a", "ucloud/b"];
        assert_eq!(
            unmatched(&wanted, &[came, none()]),
            BTreeMap::from([(&dirty, labels.clone())])
        );
        assert_eq!(unmatched(&wanted, &[none(), none()]).len(), 2);
        assert!(unmatched(&wanted, &[None, none()]).is_empty(), "it may be there");
    }
}
