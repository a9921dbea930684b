//! Warnings, each told once with all the targets that it came for.

use std::collections::BTreeSet;

use crate::findings::named;

/// Those that have not been told.
#[derive(Debug, Default)]
pub(super) struct Warnings(Vec<(String, BTreeSet<usize>)>);

impl Warnings {
    /// One came, for a target or for all of them.
    pub(super) fn add(&mut self, target: Option<usize>, text: String) {
        match self.0.iter_mut().find(|(other, _)| *other == text) {
            Some((_, targets)) => targets.extend(target),
            None => self.0.push((text, target.into_iter().collect())),
        }
    }

    /// A text for each, in the order in which they came; none is left.
    pub(super) fn take(&mut self, names: &[String]) -> Vec<String> {
        let lines = self.0.drain(..).map(|(text, targets)| {
            let labels: Vec<&str> = targets.iter().map(|index| names[*index].as_str()).collect();
            match labels.is_empty() {
                true => text,
                false => format!("{}: {text}", named(&labels)),
            }
        });
        lines.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_is_told_once_with_its_targets() {
        let names: Vec<String> = (0..20).map(|number| format!("t{number}")).collect();
        let mut warnings = Warnings::default();
        warnings.add(Some(3), "a".to_owned());
        warnings.add(None, "b".to_owned());
        warnings.add(Some(1), "a".to_owned());
        warnings.add(Some(3), "a".to_owned());
        (0..12).for_each(|index| warnings.add(Some(index), "c".to_owned()));
        assert_eq!(warnings.take(&names), ["t1, t3: a", "b", "t0, t1, t2 and 9 more: c"]);
        assert!(warnings.take(&names).is_empty());
    }
}
