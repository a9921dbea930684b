//! What was found for several targets, for people: each text once, with the targets that have it. Writes lines; decides nothing.

use std::collections::HashMap;

use cloud_import::{Check, Error, Problem, Provider, Subject};

use crate::{output, render};

/// So many targets are named before a text; of more than [`ALL`], the first few and the number of the others.
const NAMED: usize = 3;
const ALL: usize = 5;

/// Something that was found for a target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Finding {
    severity: &'static str,
    provider: Option<Provider>,
    /// Without what is this target's alone, such as the id of a request.
    text: String,
    /// With it.
    own: String,
    remedy: Option<String>,
    /// It is about the file, whatever the target.
    of_the_file: bool,
}

impl Finding {
    /// Every line that an error is told in: its problems, where it has some.
    pub(crate) fn of_error(error: &Error) -> Vec<Self> {
        if error.problems().is_empty() {
            return vec![Self::error(error, "error")];
        }
        // Before the file is another, what else may be wrong is no matter.
        let file_alone = render::refused_for_the_file(error);
        let problems = error.problems().iter();
        let problems = problems.filter(|problem| !file_alone || render::of_the_file(problem));
        problems.map(Self::of_problem).collect()
    }

    fn error(error: &Error, severity: &'static str) -> Self {
        Self {
            severity,
            provider: error.provider(),
            text: render::error_of_all(error),
            own: render::error_of_cloud(error),
            remedy: render::remedy_of(error),
            of_the_file: false,
        }
    }

    pub(crate) fn of_problem(problem: &Problem) -> Self {
        let text = render::problem_of_cloud(problem);
        Self {
            severity: if problem.is_error() { "error" } else { "warning" },
            provider: Some(problem.provider),
            own: text.clone(),
            text,
            remedy: None,
            of_the_file: render::of_the_file(problem),
        }
    }

    pub(crate) fn of_check(check: &Check, provider: Provider, severity: &'static str) -> Self {
        let remedy = check.remedy.as_ref().map(|remedy| render::remedy(remedy, provider));
        let remedy = remedy.filter(|remedy| !remedy.is_empty());
        match &check.error {
            Some(error) => Self {
                provider: Some(provider),
                remedy,
                ..Self::error(error, severity)
            },
            None => {
                let text = render::check(check, provider);
                Self {
                    severity,
                    provider: Some(provider),
                    own: text.clone(),
                    text,
                    remedy,
                    of_the_file: false,
                }
            }
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
    fn key(&self) -> (&str, &str, Option<&str>) {
        (self.severity, &self.text, self.remedy.as_deref())
    }
}

/// Lines for findings, each with the target that has it: those of one text together, in the order of the first of each. Those of a
/// target stand together.
pub(crate) fn lines(found: &[(&str, Finding)]) -> Vec<String> {
    let mut alike: Vec<Vec<(&str, &Finding)>> = Vec::new();
    let mut places = HashMap::new();
    for (label, finding) in found {
        let place = *places.entry(finding.key()).or_insert(alike.len());
        if place == alike.len() {
            alike.push(Vec::new());
        }
        alike[place].push((*label, finding));
    }
    alike.iter().flat_map(|alike| lines_of(alike)).collect()
}

/// The lines for findings that are alike.
fn lines_of(alike: &[(&str, &Finding)]) -> Vec<String> {
    let Some((_, finding)) = alike.first() else {
        return Vec::new();
    };
    let mut labels: Vec<&str> = alike.iter().map(|(label, _)| *label).collect();
    labels.dedup();
    let text = if labels.len() == 1 { &finding.own } else { &finding.text };
    let is_ones = alike.iter().all(|(_, other)| other.provider == finding.provider);
    let is_named = |provider| labels.iter().all(|label| render::names_cloud(label, provider));
    let cloud = finding.provider.filter(|_| is_ones && !finding.of_the_file);
    let cloud = cloud.filter(|provider| !is_named(*provider));
    let cloud = match cloud.map(Provider::name) {
        Some(cloud) if !text.starts_with(cloud) => format!("{cloud}: "),
        _ => String::new(),
    };
    // What is wrong with the file stops nothing here, and is so for whoever it goes to.
    let whose = match finding.of_the_file && finding.severity != "error" {
        true => String::new(),
        false => format!("{}: ", named(&labels)),
    };
    let mut lines = vec![format!("{}: {whose}{cloud}{text}", finding.severity)];
    lines.extend(finding.remedy.iter().map(|remedy| format!("       {remedy}")));
    lines
}

/// The same on standard error.
pub(crate) fn say(found: &[(&str, Finding)]) {
    for line in lines(found) {
        match line.split_once(": ") {
            Some(("error", text)) => output::wrong(text),
            Some(("warning", text)) => output::warning(text),
            _ => output::say(&line),
        }
    }
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
    use cloud_import::{ErrorKind, Field};

    use super::*;

    #[test]
    fn a_text_is_told_once_with_its_targets() {
        let missing = |provider| Finding::of_problem(&Problem::error(provider, Field::Os, "is missing"));
        let found = [
            ("a", missing(Provider::ALIYUN)),
            ("t", missing(Provider::TENCENT)),
            ("a2", missing(Provider::ALIYUN)),
        ];
        assert_eq!(lines(&found), ["error: a, t, a2: --os is missing"]);
        assert_eq!(lines(&found[..1]), ["error: a: Alibaba Cloud: --os is missing"]);
        let names: Vec<String> = (0..51).map(|index| format!("t{index}")).collect();
        let many: Vec<(&str, Finding)> = names
            .iter()
            .map(|name| (name.as_str(), missing(Provider::UCLOUD)))
            .collect();
        assert_eq!(lines(&many), ["error: t0, t1, t2 and 48 more: UCloud: --os is missing"]);
    }

    #[test]
    fn the_id_of_a_request_is_told_where_it_is_the_only_one() {
        let refused = |id: &str| {
            let error = Error::new(ErrorKind::NotFound, "no bucket").with_code("NoSuchBucket");
            let error = error.with_request_id(Some(id.to_owned())).with_remedy("make it");
            ("t", Finding::of_error(&error).remove(0))
        };
        let (one, mut other) = (refused("r-1"), refused("r-2"));
        other.0 = "u";
        let both = lines(&[one.clone(), other]);
        assert_eq!(both, ["error: t, u: no bucket (code NoSuchBucket)", "       Make it."]);
        assert_eq!(lines(&[one])[0], "error: t: no bucket (code NoSuchBucket, request r-1)");
    }
}
