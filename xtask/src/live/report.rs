//! `report.md`: what a run showed, for people.

use std::fmt::Write as _;

use super::{
    answers::{Answers, Exchange, find, holds, shown},
    judge::{Judged, Run, Verdict},
};
use crate::spec::Spec;

pub(crate) fn render(spec: &Spec, answers: &Answers, judged: &[Judged]) -> String {
    let facts = &answers.facts;
    let mut out = format!("# {} / {}, {}\n\n", spec.provider.name, facts.region, facts.begun);
    if facts.simulated {
        out.push_str("**A simulator answered: nothing here is evidence.**\n\n");
    }
    let _ = writeln!(
        out,
        "cloud-import {}; {} of {} bytes, {}; {} requests.\n\n| step | s | ended as it should | |\n|---|---|---|---|",
        facts.version,
        facts.format,
        facts.bytes,
        facts.os,
        answers.exchanges.len()
    );
    for step in &answers.steps {
        let passed = if step.passed { "yes" } else { "**no**" };
        let _ = writeln!(
            out,
            "| {} | {:.1} | {passed} | {} |",
            step.name,
            step.took,
            cell(&step.told)
        );
    }
    list(&mut out, "Settled", judged, |verdict| match verdict {
        Verdict::Settled(why) => Some(why),
        _ => None,
    });
    list(&mut out, "Contradicted", judged, |verdict| match verdict {
        Verdict::Contradicted(why) => Some(why),
        _ => None,
    });
    let observed = observed(spec, answers);
    if !observed.is_empty() {
        let _ = writeln!(out, "\n## Seen\n");
        for line in observed {
            let _ = writeln!(out, "- {line}");
        }
    }
    let open: Vec<&Judged> = judged.iter().filter(|one| one.verdict == Verdict::Open).collect();
    if !open.is_empty() {
        let _ = writeln!(out, "\n## Still unverified: {}\n", open.len());
        for one in open {
            let _ = writeln!(out, "- {}: {}", one.file, one.fact);
        }
    }
    out
}

fn list(out: &mut String, title: &str, judged: &[Judged], of: impl Fn(&Verdict) -> Option<&String>) {
    let rows: Vec<String> = judged
        .iter()
        .filter_map(|one| Some(format!("- {}: {}: {}", one.file, one.fact, of(&one.verdict)?)))
        .collect();
    if !rows.is_empty() {
        let _ = write!(out, "\n## {title}: {}\n\n{}\n", rows.len(), rows.join("\n"));
    }
}

/// Figures that no single run settles: whether a token gave the same import, and how soon an import was listed.
fn observed(spec: &Spec, answers: &Answers) -> Vec<String> {
    let run = Run { spec, answers };
    let mut lines = Vec::new();
    for (index, order) in answers.exchanges.iter().enumerate() {
        let Some(operation) = run.operation(order).filter(|own| order.lost && own.is_order()) else {
            continue;
        };
        let later = &answers.exchanges[index + 1..];
        let again = later
            .iter()
            .find(|one| run.operation(one).is_some_and(|own| own.name == operation.name));
        if let Some(again) = again.filter(|_| operation.repeat != "unsafe") {
            let is_same = id(order).is_some() && id(order) == id(again);
            let told = if is_same { "the same import" } else { "ANOTHER ANSWER" };
            lines.push(format!("{}: sent again with its token it gave {told}", operation.name));
        }
        let name = ["ImageName", "imageName", "name"]
            .iter()
            .find_map(|field| order.sent(field));
        let Some(name) = name else { continue };
        if let Some(listed) = later.iter().find(|one| holds(&one.answer, &name)) {
            let within = spec.provider.capabilities.get("listed_within_minutes");
            let within = match within.and_then(|fact| fact.value.as_integer()) {
                Some(minutes) => format!("the spec: {minutes} minutes"),
                None => "the spec: no source states a time".to_owned(),
            };
            lines.push(format!(
                "{}: {:.1} s after it was sent a list showed its image ({within})",
                operation.name,
                listed.at - order.at
            ));
        }
    }
    lines
}

/// The id of what was started.
fn id(exchange: &Exchange) -> Option<String> {
    let names = ["taskId", "TaskId", "job_id", "imageId", "ImageId"];
    names.iter().find_map(|name| find(&exchange.answer, name)).map(shown)
}

fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('\n', " ")
}
