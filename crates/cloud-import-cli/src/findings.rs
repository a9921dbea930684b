//! What was found for several targets, for people: each text once, with the targets that have it. Writes lines; decides nothing.

use std::collections::HashMap;

use cloud_import::{Check, Error, Problem, Provider, Subject};

use crate::{
    output::{self, ADVICE},
    render,
};

/// So many targets are named before a text; of more than [`ALL`], the first few and the number of the others.
const NAMED: usize = 3;
const ALL: usize = 5;

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Severity {
    Error,
    Warning,
    NotChecked,
    /// Nothing is wrong.
    Note,
}

/// Something that was found for a target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Finding {
    severity: Severity,
    provider: Option<Provider>,
    /// Without what is this target's alone, such as the id of a request.
    text: String,
    /// With it.
    own: String,
    /// A line, or one for each of several.
    remedy: Vec<String>,
    /// It is about the file, whatever the target.
    of_the_file: bool,
    /// It is known and accepted.
    acknowledged: bool,
}

impl Finding {
    fn new(severity: Severity, provider: Option<Provider>, text: String) -> Self {
        Self {
            severity,
            provider,
            own: text.clone(),
            text,
            remedy: Vec::new(),
            of_the_file: false,
            acknowledged: false,
        }
    }

    /// Nothing is wrong, and this is told.
    pub(crate) fn note(text: &str) -> Self {
        Self::new(Severity::Note, None, text.to_owned())
    }

    /// Every line that an error is told in: its problems, where it has some.
    pub(crate) fn of_error(error: &Error) -> Vec<Self> {
        if error.problems().is_empty() {
            let remedy = render::remedy_lines_of(error);
            return vec![Self {
                remedy,
                ..Self::error(error)
            }];
        }
        render::told_problems(error).map(Self::of_problem).collect()
    }

    /// Without what can be done about it.
    fn error(error: &Error) -> Self {
        Self {
            own: render::error_of_cloud(error),
            ..Self::new(Severity::Error, error.provider(), render::error_of_all(error))
        }
    }

    pub(crate) fn of_problem(problem: &Problem) -> Self {
        let severity = match problem.is_error() {
            true => Severity::Error,
            false => Severity::Warning,
        };
        Self {
            of_the_file: render::of_the_file(problem),
            acknowledged: problem.acknowledged,
            ..Self::new(severity, Some(problem.provider), render::problem_of_cloud(problem))
        }
    }

    pub(crate) fn of_check(check: &Check, provider: Provider, severity: Severity) -> Self {
        let mut found = match &check.error {
            Some(error) => Self::error(error),
            None => Self::new(severity, None, render::check(check, provider)),
        };
        if check.error.is_some() {
            let id = render::warning_id(check, &found.own);
            found.text.push_str(&id);
            found.own.push_str(&id);
        }
        let remedy = match &check.error {
            // Nobody knew better.
            Some(error) if error.remedy() == check.remedy.as_ref() => render::remedy_lines_of(error),
            _ => render::remedy_lines(check.remedy.as_ref(), Some(provider)),
        };
        Self {
            severity,
            acknowledged: check.acknowledged,
            provider: Some(provider),
            remedy,
            ..found
        }
    }

    /// With what it is about before it.
    pub(crate) fn about(mut self, what: Subject) -> Self {
        let what = render::subject(what);
        self.text = format!("{what}: {}", self.text);
        self.own = format!("{what}: {}", self.own);
        self
    }

    /// What those have in common that are told together.
    fn key(&self) -> (Severity, &str, &[String]) {
        (self.severity, &self.text, &self.remedy)
    }
}

/// What is told of findings that are alike.
#[derive(Debug)]
struct Told<'a> {
    severity: Severity,
    text: String,
    remedy: &'a [String],
}

/// What is told of findings, each with the target that has it: those of one text together, in the order of the first of each. Those of a
/// target stand together.
fn told<'a>(found: &'a [(&str, Finding)]) -> Vec<Told<'a>> {
    let mut alike: Vec<(&Finding, Vec<(&str, &Finding)>)> = Vec::new();
    let mut places = HashMap::new();
    for (label, finding) in found {
        let place = *places.entry(finding.key()).or_insert(alike.len());
        if place == alike.len() {
            alike.push((finding, Vec::new()));
        }
        alike[place].1.push((label, finding));
    }
    let told = alike.into_iter().map(|(first, alike)| Told {
        severity: first.severity,
        text: text_of(first, &alike),
        remedy: &first.remedy,
    });
    told.collect()
}

/// The text of findings that are alike, behind their targets.
fn text_of(first: &Finding, alike: &[(&str, &Finding)]) -> String {
    let mut labels: Vec<&str> = alike.iter().map(|(label, _)| *label).collect();
    labels.dedup();
    let text = if labels.len() == 1 { &first.own } else { &first.text };
    let is_ones = alike.iter().all(|(_, other)| other.provider == first.provider);
    let is_named = |provider| labels.iter().all(|label| render::names_cloud(label, provider));
    let cloud = first.provider.filter(|_| is_ones && !first.of_the_file);
    let cloud = cloud.filter(|provider| !is_named(*provider));
    let cloud = match cloud.map(Provider::name) {
        Some(cloud) if !text.starts_with(cloud) => format!("{cloud}: "),
        _ => String::new(),
    };
    // What is wrong with the file stops nothing here, and is so for whoever it goes to.
    match first.of_the_file && first.severity != Severity::Error {
        true => text.clone(),
        false => format!("{}: {cloud}{text}", named(&labels)),
    }
}

/// Findings as results.
pub(crate) fn results(found: &[(&str, Finding)]) {
    let (found, accepted) = apart(found);
    for Told { severity, text, remedy } in told(&found) {
        let word = match severity {
            Severity::Error => "error: ",
            Severity::Warning => "warning: ",
            Severity::NotChecked => "not checked: ",
            Severity::Note => "",
        };
        output::result(&format!("{word}{text}"));
        remedy
            .iter()
            .for_each(|line| output::result(&format!("{ADVICE}{line}")));
    }
    accepted.iter().for_each(|line| output::result(line));
}

/// Findings on standard error.
pub(crate) fn say(found: &[(&str, Finding)]) {
    let (found, accepted) = apart(found);
    for Told { severity, text, remedy } in told(&found) {
        match severity {
            Severity::Error => output::wrong(&text),
            Severity::Warning => output::warning(&text),
            Severity::NotChecked | Severity::Note => output::say(&text),
        }
        output::advice(remedy);
    }
    accepted.iter().for_each(|line| output::note(line));
}

/// Those that are told, and a line for those that are accepted, if there are any: each text counts once.
fn apart<'a>(found: &[(&'a str, Finding)]) -> (Vec<(&'a str, Finding)>, Option<String>) {
    let (accepted, others): (Vec<_>, Vec<_>) = found.iter().cloned().partition(|(_, one)| one.acknowledged);
    let line = match told(&accepted).len() {
        0 => None,
        1 => Some("1 warning acknowledged".to_owned()),
        many => Some(format!("{many} warnings acknowledged")),
    };
    (others, line)
}

/// Targets by their names, or the first few and how many more.
pub(crate) fn named(labels: &[&str]) -> String {
    match labels.len() {
        0..=ALL => labels.join(", "),
        many => format!("{} and {} more", labels[..NAMED].join(", "), many - NAMED),
    }
}

#[cfg(test)]
mod tests {
    use cloud_import::{ErrorKind, Field, Remedy, WarningId};

    use super::*;

    fn lines(found: &[(&str, Finding)]) -> Vec<String> {
        let line = |told: Told<'_>| format!("{:?}: {}{}", told.severity, told.text, told.remedy.join("|"));
        told(found).into_iter().map(line).collect()
    }

    #[test]
    fn a_text_is_told_once_with_its_targets() {
        let missing = |provider| Finding::of_problem(&Problem::error(provider, Field::Os, "is missing"));
        let found = [
            ("a", missing(Provider::ALIYUN)),
            ("t", missing(Provider::TENCENT)),
            ("a2", missing(Provider::ALIYUN)),
        ];
        assert_eq!(lines(&found), ["Error: a, t, a2: --os is missing"]);
        assert_eq!(lines(&found[..1]), ["Error: a: Alibaba Cloud: --os is missing"]);
        let own = [("aliyun/cn-beijing", missing(Provider::ALIYUN))];
        assert_eq!(lines(&own), ["Error: aliyun/cn-beijing: --os is missing"]);
        let names: Vec<String> = (0..51).map(|index| format!("t{index}")).collect();
        let many: Vec<(&str, Finding)> = names
            .iter()
            .map(|name| (name.as_str(), missing(Provider::UCLOUD)))
            .collect();
        assert_eq!(lines(&many), ["Error: t0, t1, t2 and 48 more: UCloud: --os is missing"]);
        let notes = [("a", Finding::note("it goes on")), ("b", Finding::note("it goes on"))];
        assert_eq!(lines(&notes), ["Note: a, b: it goes on"]);
    }

    #[test]
    fn what_is_accepted_is_only_counted() {
        let warning = |provider, acknowledged| {
            let mut problem = Problem::warning(WarningId::OS_NEAREST, provider, Field::Os, "is near");
            problem.acknowledged = acknowledged;
            Finding::of_problem(&problem)
        };
        let found = [
            ("a", warning(Provider::ALIYUN, true)),
            ("a2", warning(Provider::ALIYUN, true)),
            ("t", warning(Provider::TENCENT, false)),
        ];
        let (others, line) = apart(&found);
        assert_eq!(lines(&others), ["Warning: t: Tencent Cloud: --os is near (os.nearest)"]);
        assert_eq!(line.as_deref(), Some("1 warning acknowledged"));
        assert_eq!(apart(&found[2..]).1, None);
    }

    #[test]
    fn the_id_of_a_request_is_told_where_it_is_the_only_one() {
        let refused = |id: &str| {
            let error = Error::new(ErrorKind::NotFound, "no image").with_code("NoSuchImage");
            let error = error.with_request_id(Some(id.to_owned())).with_remedy("make it");
            ("t", Finding::of_error(&error).remove(0))
        };
        let (one, mut other) = (refused("r-1"), refused("r-2"));
        other.0 = "u";
        let both = lines(&[one.clone(), other]);
        assert_eq!(both, ["Error: t, u: no image (code NoSuchImage)Make it."]);
        assert_eq!(
            lines(&[one]),
            ["Error: t: no image (code NoSuchImage, request r-1)Make it."]
        );
    }

    #[test]
    fn likely_causes_are_a_list() {
        let causes = Remedy::LikelyCauses(vec!["no boot record".to_owned(), "LVM".to_owned()]);
        let error = Error::new(ErrorKind::Service, "failed").with_remedy(causes);
        let [(_, found)] = [("t", Finding::of_error(&error).remove(0))];
        assert_eq!(found.remedy.len(), 3, "{found:?}");
        assert_eq!(found.remedy[1..], ["- no boot record", "- LVM"]);
    }
}
