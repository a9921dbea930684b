//! JSON Schemas of all that programs are told, made from the types that it is written of. They are committed in `docs/schema`, and
//! part of no build but the tests'.

mod foreign;
mod guest;

use std::{collections::BTreeMap, fs, path::Path};

use cloud_import::env;
use schemars::{JsonSchema, Schema, generate::SchemaSettings};
use serde_json::{Value, json};

pub(crate) use self::{foreign::*, guest::Guest};
use crate::{
    bucket, changed, checked,
    commands::{
        bucket as made, capabilities, clean, doctor, download, explain, export, forget, images, inspect, list, policy,
        regions, show,
    },
    events, output, report,
};

/// The variable with which they are written anew: `cargo xtask schema` sets it.
const WRITE: &str = "CLOUD_IMPORT_WRITE_SCHEMAS";

/// A line of `--events`.
#[derive(JsonSchema)]
#[serde(untagged)]
#[allow(dead_code, reason = "only its schema is of use")]
enum Line<'a> {
    Event(events::Line<'a>),
    Results(report::Report<'a>),
    Download(download::Fetched<'a>),
}

/// All of them, by their names.
fn schemas() -> BTreeMap<&'static str, Value> {
    let mut error = of::<report::Report<'_>>("Why a command came to no result");
    if let Some(required) = error["required"].as_array_mut() {
        required.push("error".into());
    }
    BTreeMap::from([
        ("error", error),
        (
            "results",
            of::<report::Report<'_>>("What import, copy, resume, retry, wait, status and cancel came to"),
        ),
        (
            "events",
            of::<Line<'_>>("A line of --events, of import, copy, resume, retry, wait and download"),
        ),
        ("check", of::<checked::Report<'_>>("What check found")),
        (
            "doctor",
            of::<doctor::told::Report<'_>>("How the clouds are set up, by doctor"),
        ),
        ("list", of::<list::Listed<'_>>("The jobs on record")),
        ("show", of::<show::Shown<'_>>("A job on record")),
        ("forget", of::<forget::Forgotten<'_>>("What forget deleted")),
        ("export", of::<export::Exported<'_>>("What export came to")),
        ("download", of::<download::Fetched<'_>>("What download came to")),
        ("clean", of::<clean::Cleaned>("What jobs left in the clouds")),
        ("bucket", of::<bucket::Found>("What list and clean find in a bucket")),
        ("made", of::<made::Made<'_>>("What the command bucket did with one")),
        (
            "explain",
            of::<explain::Found>("What codes, kinds, exits and sources mean"),
        ),
        ("images", of::<images::Listed<'_>>("The account's own images")),
        (
            "image",
            of::<changed::Report<'_>>("What share, unshare, accept, tag, set, deprecate and delete did with an image"),
        ),
        ("inspect", of::<inspect::Facts<'_>>("What a disk image is")),
        ("policy", of::<policy::Printed<'_>>("The least policy that keys need")),
        ("regions", of::<regions::Listed<'_>>("The regions of a cloud")),
        ("capabilities", of::<capabilities::Listed<'_>>("What each cloud can do")),
    ])
}

fn of<T: JsonSchema>(title: &str) -> Value {
    let generator = SchemaSettings::draft2020_12().for_serialize().into_generator();
    let schema: Schema = generator.into_root_schema_for::<T>();
    let mut schema = schema.to_value();
    schema["title"] = title.into();
    versioned(&mut schema);
    schema
}

/// Says of each document that its version is the one that is written today.
fn versioned(schema: &mut Value) {
    match schema {
        Value::Object(fields) => {
            if let Some(version) = fields
                .get_mut("properties")
                .and_then(|properties| properties.get_mut("schema"))
            {
                *version = json!({ "const": output::SCHEMA });
            }
            fields.values_mut().for_each(versioned);
        }
        Value::Array(items) => items.iter_mut().for_each(versioned),
        _ => {}
    }
}

#[test]
fn those_that_are_committed_are_those_of_the_types() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/schema");
    let mut names: Vec<String> = Vec::new();
    for (name, schema) in schemas() {
        let file = folder.join(format!("{name}.json"));
        let text = format!("{}\n", serde_json::to_string_pretty(&schema).unwrap());
        if env::variable(WRITE).is_some() {
            fs::create_dir_all(&folder).unwrap();
            fs::write(&file, &text).unwrap();
        }
        let committed = fs::read_to_string(&file).unwrap_or_default();
        assert!(
            committed == text,
            "{name} is another by now: cargo xtask schema\n{text}"
        );
        names.push(format!("{name}.json"));
    }
    let there = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().file_name());
    let mut there: Vec<String> = there.map(|name| name.into_string().unwrap()).collect();
    there.sort();
    assert_eq!(there, names);
}
