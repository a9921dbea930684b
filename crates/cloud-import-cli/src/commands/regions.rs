//! `regions`: the regions of a cloud that are known here, and those that it lists itself where it is asked. Changes nothing.

use std::collections::BTreeSet;

use cloud_import::{Provider, Result, Target};
use serde::Serialize;

use crate::{
    args::{self, OutputFormat, Reach},
    connect::{self, Clouds},
    exit::Exit,
    output::{self, SCHEMA},
    region,
    simulate::Simulated,
    targets::Wanted,
};

/// The regions of a cloud.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Listed<'a> {
    schema: u32,
    #[cfg_attr(test, schemars(with = "String"))]
    provider: Provider,
    /// Whether the cloud was asked, and has a call that tells.
    asked: bool,
    regions: Vec<Row<'a>>,
}

/// A region.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct Row<'a> {
    region: &'a str,
    /// Absent of one that only the cloud knows.
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
    endpoint: String,
    /// Whether simulated runs and examples take it.
    default: bool,
    /// Whether the vendor's own tools are set to it on this machine.
    configured: bool,
    /// Whether the cloud lists it for these keys; absent where it did not tell.
    #[serde(skip_serializing_if = "Option::is_none")]
    listed: Option<bool>,
}

pub(crate) async fn run(options: args::Regions) -> Result<Exit> {
    let (provider, reach) = (options.provider, &options.reach);
    let known = cloud_import::regions(provider)?;
    let default = cloud_import::capabilities(provider)?.default_region;
    let simulated = Simulated::of(reach).await?;
    let clouds = Clouds::new(reach, simulated.as_ref())?;
    let configured = configured(provider, reach, options.ask);
    let at = |region: &str| clouds.importer(&Wanted::of(Target::new(provider, region)));
    let listed = match options.ask {
        true => at(configured.as_deref().unwrap_or(default))?.regions().await?,
        false => None,
    };
    let listed: Option<BTreeSet<String>> = listed.map(|names| names.into_iter().collect());
    let ids = known.iter().map(|(id, name)| (*id, Some(*name)));
    let is_new = |id: &&str| !known.iter().any(|(own, _)| own == id);
    let elsewhere = listed.iter().flatten().map(String::as_str).chain(configured.as_deref());
    let elsewhere: BTreeSet<&str> = elsewhere.filter(is_new).collect();
    let mut regions = Vec::new();
    for (id, name) in ids.chain(elsewhere.into_iter().map(|id| (id, None))) {
        let importer = at(id)?;
        regions.push(Row {
            region: id,
            name,
            endpoint: importer
                .connection()
                .map(|own| own.endpoint.to_string())
                .unwrap_or_default(),
            default: id == default,
            configured: configured.as_deref() == Some(id),
            listed: listed.as_ref().map(|names| names.contains(id)),
        });
    }
    let is_silent = options.ask && listed.is_none();
    if reach.output == OutputFormat::Json {
        output::json(&Listed {
            schema: SCHEMA,
            provider,
            asked: listed.is_some(),
            regions,
        })?;
        return Ok(Exit::Done);
    }
    lines(&regions).iter().for_each(|line| output::result(line));
    if is_silent {
        output::note(&format!("note: no call of {} tells its regions", provider.name()));
    }
    Ok(Exit::Done)
}

/// The region that the vendor's own tools are set to. That nothing on this machine names one is no error of this command; why is told
/// where somebody counts on what is there.
fn configured(provider: Provider, reach: &Reach, is_asked: bool) -> Option<String> {
    if reach.simulate.is_some() {
        return None;
    }
    let account = connect::account(provider, reach);
    let is_told = is_asked || account.is_some();
    match region::of(provider, account, reach) {
        Ok(target) => Some(target.region),
        Err(why) => {
            if is_told {
                output::note(&format!("note: {}", why.message()));
            }
            None
        }
    }
}

/// A line for each.
fn lines(regions: &[Row<'_>]) -> Vec<String> {
    let width = |of: fn(&Row<'_>) -> usize| regions.iter().map(of).max().unwrap_or_default();
    let (ids, names) = (
        width(|row| row.region.chars().count()),
        width(|row| named(row).chars().count()),
    );
    let endpoints = width(|row| row.endpoint.chars().count());
    let line = |row: &Row<'_>| {
        let marks = [
            (row.default, "default"),
            (row.configured, "configured here"),
            (row.listed == Some(false), "not listed by the cloud"),
            (
                row.name.is_none() && row.listed == Some(true),
                "listed by the cloud alone",
            ),
        ];
        let marks: Vec<&str> = marks.into_iter().filter(|(is, _)| *is).map(|(_, word)| word).collect();
        let (id, name, endpoint) = (row.region, named(row), &row.endpoint);
        let line = format!("{id:ids$}  {name:names$}  {endpoint:endpoints$}  {}", marks.join(", "));
        line.trim_end().to_owned()
    };
    regions.iter().map(line).collect()
}

/// Its name, where that says more than its id.
fn named<'a>(row: &Row<'a>) -> &'a str {
    row.name.filter(|name| *name != row.region).unwrap_or_default()
}
