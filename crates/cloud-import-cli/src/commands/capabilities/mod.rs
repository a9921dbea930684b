//! `capabilities`: what each cloud's import can do, as one table, or one cloud in full with its limits and sources.

mod facts;
mod table;

use std::collections::BTreeSet;

use cloud_import::{Capabilities, Provider, Result, provider::capabilities::Limit};
use serde::Serialize;

use self::facts::{ROWS, Row};
use crate::{
    args::{self, OutputFormat},
    exit::Exit,
    output::{self, SCHEMA},
    sources,
};

/// What each cloud can do.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Listed<'a> {
    schema: u32,
    #[cfg_attr(test, schemars(with = "Vec<crate::schema::Cloud>"))]
    clouds: &'a [&'static Capabilities],
}

pub(crate) fn run(options: &args::Capabilities) -> Result<Exit> {
    let providers = options
        .provider
        .map_or_else(|| Provider::all().collect(), |provider| vec![provider]);
    let clouds: Vec<&Capabilities> = providers
        .into_iter()
        .map(cloud_import::capabilities)
        .collect::<Result<_>>()?;
    let lines = match (options.output, clouds.as_slice()) {
        (OutputFormat::Json, clouds) => {
            output::json(&Listed { schema: SCHEMA, clouds })?;
            return Ok(Exit::Done);
        }
        (OutputFormat::Text, [cloud]) => page(cloud),
        (OutputFormat::Text, clouds) => overview(clouds),
    };
    lines.iter().for_each(|line| output::result(line));
    Ok(Exit::Done)
}

/// A column for each cloud.
fn overview(clouds: &[&Capabilities]) -> Vec<String> {
    let mut rows = vec![
        std::iter::once(String::new())
            .chain(clouds.iter().map(|cloud| cloud.provider.name().to_owned()))
            .collect::<Vec<_>>(),
    ];
    for row in ROWS.iter().filter(|row| row.is_in_overview) {
        let cells = clouds.iter().map(|cloud| {
            let fact = (row.fact)(cloud);
            format!("{}{}", fact.words, if fact.is_verified { "" } else { " ¹" })
        });
        rows.push(std::iter::once(row.title.to_owned()).chain(cells).collect());
    }
    let mut lines = table::lines(&rows, output::width());
    lines.extend([
        String::new(),
        "¹ Unverified: no source settles it.".to_owned(),
        "`cloud-import capabilities CLOUD` has limits and sources.".to_owned(),
    ]);
    lines
}

/// One cloud, with the key of each source, and what the keys stand for.
fn page(cloud: &Capabilities) -> Vec<String> {
    let mut used = BTreeSet::new();
    let mut cited = |citation: &str| {
        let keys = sources::keys(cloud.provider, citation);
        used.extend(keys.iter().cloned());
        match keys.is_empty() {
            true => String::new(),
            false => format!(" [{}]", short(cloud.provider, &keys)),
        }
    };
    let mut lines = vec![
        format!("{} ({})", cloud.provider.name(), cloud.provider),
        format!("  {:26} {}", "default region", cloud.default_region),
    ];
    for Row { title, fact, .. } in ROWS {
        let fact = fact(cloud);
        let mark = if fact.is_verified { "" } else { " (unverified)" };
        lines.push(format!("  {title:26} {}{mark}{}", fact.words, cited(fact.source)));
        if !fact.note.is_empty() {
            lines.push(format!("  {:26} {}", "", fact.note));
        }
    }
    lines.push("  limits".to_owned());
    for limit in cloud.limits {
        let warns = if limit.agreed {
            ""
        } else {
            " (only a warning: sources differ)"
        };
        lines.push(format!("    {}{warns}{}", in_words(limit), cited(limit.source)));
        if !limit.note.is_empty() {
            lines.push(format!("      {}", limit.note));
        }
    }
    lines.push("  sources".to_owned());
    let known = cloud_import::sources(cloud.provider).unwrap_or_default().iter();
    let named = known.filter(|(key, _)| used.contains(&sources::named(cloud.provider, key)));
    lines.extend(named.map(|(key, title)| format!("    [{key}] {title}")));
    lines
}

/// Keys without the cloud, which is told.
fn short(provider: Provider, keys: &[String]) -> String {
    let prefix = sources::named(provider, "");
    let keys: Vec<&str> = keys
        .iter()
        .map(|key| key.strip_prefix(&prefix).unwrap_or(key))
        .collect();
    keys.join(", ")
}

/// A limit as a line: `name: 2 to 64 characters`.
fn in_words(limit: &Limit) -> String {
    format!("{}: {}", limit.field.as_str(), facts::rule(&limit.rule))
}
