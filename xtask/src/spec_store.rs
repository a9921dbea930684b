//! What is known of the clouds' object stores: the form of `store.toml`, reading it, and what must hold within it.

use std::{collections::BTreeMap, fs, path::Path};

use serde::{Deserialize, de::DeserializeOwned};

use crate::spec::{CLOUDS, ErrorCode, Fact, Source};

/// Facts by the name of the field that they become.
pub(crate) type Facts = BTreeMap<String, Fact>;

/// One store.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Store {
    /// Of the cloud.
    #[serde(skip)]
    pub(crate) id: String,
    pub(crate) feature: String,
    pub(crate) name: String,
    /// Whether its codes are read in one table with those of the other stores that say so.
    #[serde(default)]
    pub(crate) shares_codes: bool,
    pub(crate) sources: BTreeMap<String, Source>,
    #[serde(default)]
    pub(crate) codes: Vec<ErrorCode>,
    pub(crate) store: Facts,
    /// How a bucket is made.
    pub(crate) new_bucket: Facts,
    pub(crate) bucket_names: Facts,
    pub(crate) limits: Facts,
    pub(crate) headers: Facts,
}

impl Store {
    /// The name of a bucket in examples.
    pub(crate) fn example_bucket(&self) -> &'static str {
        let is_numbered = self.bucket_names.get("account_number").is_some_and(Fact::holds);
        if is_numbered { "images-1250000000" } else { "my-bucket" }
    }
}

/// The codes that several stores share.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Shared {
    pub(crate) sources: BTreeMap<String, Source>,
    pub(crate) codes: Vec<ErrorCode>,
}

/// Reads and checks them all.
pub(crate) fn load(root: &Path) -> Result<(Shared, Vec<Store>), String> {
    let folder = root.join("xtask/specs");
    let shared: Shared = read(&folder.join("stores.toml"))?;
    check(&shared.sources, &shared.codes, []).map_err(|error| format!("stores.toml: {error}"))?;
    let mut stores = Vec::new();
    for id in CLOUDS {
        let mut store: Store = read(&folder.join(id).join("store.toml"))?;
        id.clone_into(&mut store.id);
        let facts = [
            &store.store,
            &store.new_bucket,
            &store.bucket_names,
            &store.limits,
            &store.headers,
        ];
        let named = facts
            .into_iter()
            .flatten()
            .map(|(name, fact)| (name.as_str(), fact.source.as_str()));
        check(&store.sources, &store.codes, named).map_err(|error| format!("{id}/store.toml: {error}"))?;
        stores.push(store);
    }
    Ok((shared, stores))
}

fn read<T: DeserializeOwned>(path: &Path) -> Result<T, String> {
    let text = fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
    toml::from_str(&text).map_err(|error| format!("{}: {error}", path.display()))
}

fn check<'a>(
    sources: &BTreeMap<String, Source>,
    codes: &'a [ErrorCode],
    facts: impl IntoIterator<Item = (&'a str, &'a str)>,
) -> Result<(), String> {
    if let Some(row) = codes.iter().find(|row| !row.remedy.ends_with('.')) {
        return Err(format!("error code {}: its remedy is no sentence", row.code));
    }
    let rows = codes.iter().map(|row| (row.code.as_str(), row.source.as_str()));
    for (what, keys) in rows.chain(facts) {
        let unknown = keys.split_whitespace().find(|key| !sources.contains_key(*key));
        if let Some(key) = unknown.or(keys.is_empty().then_some("")) {
            return Err(format!("{what}: no source `{key}`"));
        }
    }
    Ok(())
}
