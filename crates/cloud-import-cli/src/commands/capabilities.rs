//! `capabilities`: the generated tables, shown.

use std::fmt::Write as _;

use cloud_import::{Capabilities, Provider, Result, provider::capabilities::Fact};
use serde::Serialize;
use serde_json::Value;

use crate::{
    args::{self, OutputFormat},
    exit::Exit,
    output::{self, SCHEMA},
};

/// What each cloud can do.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Listed {
    schema: u32,
    #[cfg_attr(test, schemars(with = "Vec<crate::schema::Cloud>"))]
    clouds: Vec<&'static Capabilities>,
}

pub(crate) fn run(options: &args::Capabilities) -> Result<Exit> {
    let providers = options
        .provider
        .map_or_else(|| Provider::all().collect(), |provider| vec![provider]);
    let clouds: Vec<&'static Capabilities> = providers
        .into_iter()
        .map(cloud_import::capabilities)
        .collect::<Result<_>>()?;
    match options.output {
        OutputFormat::Json => output::json(&Listed { schema: SCHEMA, clouds })?,
        OutputFormat::Text => clouds.into_iter().for_each(|cloud| {
            page(cloud, options.provider.is_some())
                .split('\n')
                .for_each(output::result)
        }),
    }
    Ok(Exit::Done)
}

fn page(cloud: &Capabilities, whole: bool) -> String {
    let mut out = format!("{} ({})\n", cloud.provider.name(), cloud.provider);
    let _ = writeln!(out, "  {:22} {}", "default region", cloud.default_region);
    row(&mut out, "formats", &cloud.formats, whole);
    row(&mut out, "file named by", &cloud.sources, whole);
    row(&mut out, "architectures", &cloud.architectures, whole);
    row(&mut out, "boot modes", &cloud.boot_modes, whole);
    row(&mut out, "licence types", &cloud.license_types, whole);
    row(&mut out, "data disks, at most", &cloud.max_data_disks, whole);
    row(&mut out, "image of one data disk", &cloud.data_image, whole);
    row(&mut out, "tags", &cloud.tags, whole);
    row(&mut out, "description", &cloud.description, whole);
    row(&mut out, "project", &cloud.project, whole);
    row(&mut out, "idempotency token", &cloud.client_token, whole);
    row(&mut out, "second image of a name", &cloud.unique_names, whole);
    row(&mut out, "listed within, minutes", &cloud.listed_within_minutes, whole);
    row(&mut out, "dry run", &cloud.dry_run, whole);
    row(&mut out, "cancel", &cloud.cancel, whole);
    row(&mut out, "progress in percent", &cloud.progress, whole);
    row(&mut out, "reason of a failure", &cloud.failure_reason, whole);
    row(&mut out, "skip the guest's check", &cloud.skip_guest_check, whole);
    row(&mut out, "NVMe driver", &cloud.nvme, whole);
    row(&mut out, "metadata service v2", &cloud.imds_v2, whole);
    if whole {
        out.push_str("  limits\n");
        for limit in cloud.limits {
            let rule = serde_json::to_value(limit.rule).unwrap_or_default();
            let agreed = if limit.agreed {
                ""
            } else {
                " (a warning: sources differ)"
            };
            let _ = writeln!(
                out,
                "    {}: {}{agreed} [{}]",
                limit.field.as_str(),
                plain(&rule),
                limit.source
            );
        }
    }
    out
}

fn row<T: Serialize>(out: &mut String, title: &str, fact: &Fact<T>, whole: bool) {
    let value = serde_json::to_value(&fact.value).unwrap_or_default();
    let mark = if fact.verified { "" } else { " (unverified)" };
    let _ = writeln!(out, "  {title:22} {}{mark}", plain(&value));
    if whole {
        if !fact.note.is_empty() {
            let _ = writeln!(out, "  {:22} {}", "", fact.note);
        }
        let _ = writeln!(out, "  {:22} [{}]", "", fact.source);
    }
}

/// A value as people read it.
fn plain(value: &Value) -> String {
    match value {
        Value::Bool(true) => "yes".to_owned(),
        Value::Bool(false) => "no".to_owned(),
        Value::Null => "no source tells".to_owned(),
        Value::String(text) if text.is_empty() => "none".to_owned(),
        Value::String(text) => text.clone(),
        Value::Array(items) if items.is_empty() => "none".to_owned(),
        Value::Array(items) => items.iter().map(plain).collect::<Vec<_>>().join(", "),
        Value::Object(fields) => {
            let fields = fields
                .iter()
                .filter(|(_, value)| !matches!(value, Value::Bool(false)) && value != &&Value::String(String::new()));
            fields
                .map(|(name, value)| format!("{name} {}", plain(value)))
                .collect::<Vec<_>>()
                .join(", ")
        }
        other => other.to_string(),
    }
}
