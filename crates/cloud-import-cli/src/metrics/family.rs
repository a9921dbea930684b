//! Measured values under the names that they go by, and the text in which Prometheus reads them. Measures nothing.

use std::{collections::BTreeMap, fmt::Write as _};

use cloud_import::Shown;

/// Values of one name.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Family {
    /// By the conventions of Prometheus: the unit stands in it, `_total` behind a counter.
    pub(crate) name: &'static str,
    /// In a sentence.
    pub(crate) help: &'static str,
    pub(crate) kind: Kind,
    /// By their labels, so that none is there twice.
    pub(crate) samples: BTreeMap<Labels, f64>,
}

/// How a value goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// It only grows, while this process runs.
    Counter,
    /// It is what it is.
    Gauge,
}

/// What is measured, in names and values. A value is text that was made harmless.
pub(crate) type Labels = Vec<(&'static str, String)>;

impl Family {
    pub(crate) fn new(name: &'static str, help: &'static str, kind: Kind) -> Self {
        Self {
            name,
            help,
            kind,
            samples: BTreeMap::new(),
        }
    }

    /// Adds a value; to what has the same labels, it is added up.
    pub(crate) fn add<const N: usize>(&mut self, labels: [(&'static str, &str); N], value: f64) {
        let shown = labels.map(|(name, value)| (name, Shown::of(value).to_string()));
        *self.samples.entry(shown.to_vec()).or_default() += value;
    }

    /// With one value.
    pub(crate) fn with<const N: usize>(mut self, labels: [(&'static str, &str); N], value: f64) -> Self {
        self.add(labels, value);
        self
    }
}

/// The text format, version 0.0.4: <https://prometheus.io/docs/instrumenting/exposition_formats/>.
pub(crate) fn text(families: &[Family]) -> String {
    let mut out = String::new();
    for family in families.iter().filter(|family| !family.samples.is_empty()) {
        let kind = match family.kind {
            Kind::Counter => "counter",
            Kind::Gauge => "gauge",
        };
        let _ = writeln!(out, "# HELP {} {}", family.name, family.help);
        let _ = writeln!(out, "# TYPE {} {kind}", family.name);
        for (labels, value) in &family.samples {
            let labels: Vec<String> = labels
                .iter()
                .map(|(name, value)| format!("{name}=\"{}\"", escaped(value)))
                .collect();
            let labels = match labels.is_empty() {
                true => String::new(),
                false => format!("{{{}}}", labels.join(",")),
            };
            let _ = writeln!(out, "{}{labels} {value}", family.name);
        }
    }
    out
}

/// The samples of a name in such a text.
pub(crate) fn samples(text: &str, name: &str) -> Vec<(Vec<(String, String)>, f64)> {
    let lines = text
        .lines()
        .filter_map(|line| line.strip_prefix(name)?.strip_prefix('{'));
    lines.filter_map(sample).collect()
}

/// A sample from behind its opening brace on.
fn sample(mut rest: &str) -> Option<(Vec<(String, String)>, f64)> {
    let mut labels = Vec::new();
    loop {
        if let Some(value) = rest.strip_prefix("} ") {
            return Some((labels, value.parse().ok()?));
        }
        let (name, behind) = rest.split_once("=\"")?;
        let (mut value, mut chars) = (String::new(), behind.chars());
        loop {
            match chars.next()? {
                '"' => break,
                '\\' => value.push(match chars.next()? {
                    'n' => '\n',
                    other => other,
                }),
                other => value.push(other),
            }
        }
        labels.push((name.to_owned(), value));
        rest = chars.as_str();
        rest = rest.strip_prefix(',').unwrap_or(rest);
    }
}

fn escaped(value: &str) -> String {
    value.replace('\\', r"\\").replace('"', r#"\""#).replace('\n', r"\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_family_is_written_once_with_its_labels_escaped() {
        let mut family = Family::new("x_bytes_total", "Bytes.", Kind::Counter);
        family.add([("target", "a\"b\\c\nd\u{1b}"), ("image", "")], 3.0);
        family.add([("target", "a\"b\\c\nd\u{1b}"), ("image", "")], 0.5);
        family.add([("target", "z"), ("image", "é")], 1e18);
        let empty = Family::new("y", "Nothing.", Kind::Gauge);
        let text = text(&[family, empty, Family::new("z", "One.", Kind::Gauge).with([], -1.5)]);
        let read = samples(&text, "x_bytes_total");
        assert_eq!(
            read[0].0[0],
            ("target".to_owned(), r#"a"b\c\nd\u{1b}"#.to_owned()),
            "{read:?}"
        );
        assert_eq!((read.len(), read[0].1, read[1].1), (2, 3.5, 1e18));
        for broken in ["x{", "x{a", "x{a=\"", "x{a=\"b\\", "x{a=\"b\"} y", "x 1"] {
            assert!(samples(broken, "x").is_empty(), "{broken}");
        }
        assert_eq!(
            text,
            "# HELP x_bytes_total Bytes.\n# TYPE x_bytes_total counter\n\
             x_bytes_total{target=\"a\\\"b\\\\c\\\\nd\\\\u{1b}\",image=\"\"} 3.5\n\
             x_bytes_total{target=\"z\",image=\"é\"} 1000000000000000000\n\
             # HELP z One.\n# TYPE z gauge\nz -1.5\n"
        );
    }
}
