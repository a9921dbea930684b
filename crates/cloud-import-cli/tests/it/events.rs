//! `--events`: what is written, held against the page that documents it.

use std::{collections::BTreeMap, fs};

use serde_json::Value;

use super::{expect_code, import, out, run};

/// The events and their fields, as the page's table has them.
fn documented() -> BTreeMap<String, Vec<String>> {
    let page = include_str!("../../../../docs/events.md");
    let (_, events) = page.split_once("## Events").unwrap();
    let (events, _) = events.split_once("## Jobs").unwrap();
    let words = |cell: &str| -> Vec<String> {
        let marked = cell.split('`').enumerate().filter(|(index, _)| index % 2 == 1);
        marked.map(|(_, word)| word.to_owned()).collect()
    };
    events
        .lines()
        .filter(|line| line.starts_with("| `"))
        .map(|line| {
            let cells: Vec<&str> = line.split('|').collect();
            (words(cells[1]).remove(0), words(cells[2]))
        })
        .collect()
}

/// The events of a run by name, each held against the page.
pub(super) fn seen(text: &str) -> Vec<String> {
    let documented = documented();
    assert!(documented.len() > 10, "{documented:?}");
    let mut seen = Vec::new();
    for line in text.lines() {
        let event: BTreeMap<String, Value> = serde_json::from_str(line).unwrap();
        assert_eq!(event["schema"], 1, "{line}");
        assert!(
            event["time"].as_str().unwrap().ends_with('Z') && event["elapsed_ms"].is_u64(),
            "{line}"
        );
        let name = event["event"].as_str().unwrap();
        assert!(documented.contains_key(name), "`{name}` is not documented");
        let fields = &documented[name];
        for field in event
            .keys()
            .filter(|field| !["schema", "event", "time", "elapsed_ms", "target"].contains(&field.as_str()))
        {
            assert!(fields.contains(field), "`{field}` of `{name}` is not documented");
        }
        seen.push(name.to_owned());
    }
    seen
}

#[test]
fn every_schema_is_named_in_the_page() {
    let page = include_str!("../../../../docs/events.md");
    let folder = fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/schema")).unwrap();
    let files: Vec<String> = folder
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    assert!(files.len() > 10, "{files:?}");
    for file in files {
        let form = file.strip_suffix(".json").unwrap();
        assert!(
            page.contains(&format!("[`{form}`](schema/{file})")),
            "docs/events.md does not name the schema {file}"
        );
    }
}

#[test]
fn every_event_is_documented_with_its_fields() {
    let output = run(&import("--simulate", &["--to", "all", "--events"]));
    expect_code(&output, 0);
    let text = out(&output);
    let seen = seen(&text);
    for name in [
        "hashing", "staging", "staged", "starting", "started", "polled", "tidied", "over",
    ] {
        assert!(seen.iter().any(|seen| seen == name), "no `{name}` in {text}");
    }
    assert_eq!(seen.last().unwrap(), "results");
    let last: Value = serde_json::from_str(text.lines().last().unwrap()).unwrap();
    assert_eq!(last["results"].as_array().unwrap().len(), 5);
}
