//! The specs: their form, reading them, and what must hold within them. What they mean is in `xtask/specs/README.md`.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

use serde::Deserialize;

/// One cloud's spec.
pub(crate) struct Spec {
    pub(crate) provider: Provider,
    pub(crate) api: Api,
    pub(crate) errors: Vec<ErrorCode>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Provider {
    pub(crate) id: String,
    pub(crate) name: String,
    #[serde(rename = "crate")]
    pub(crate) crate_name: String,
    pub(crate) service: String,
    pub(crate) api_version: String,
    #[serde(default)]
    pub(crate) likely_causes: Vec<String>,
    #[serde(default)]
    pub(crate) likely_causes_source: String,
    pub(crate) sources: BTreeMap<String, Source>,
    pub(crate) endpoints: Endpoints,
    pub(crate) regions: Regions,
    pub(crate) environment: Environment,
    pub(crate) capabilities: Capabilities,
    pub(crate) states: States,
    #[serde(default)]
    pub(crate) limits: Vec<Limit>,
    #[serde(default)]
    pub(crate) routes: BTreeMap<String, Route>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Source {
    pub(crate) title: String,
    pub(crate) date: String,
    pub(crate) kind: SourceKind,
}

#[derive(Deserialize, Clone, Copy)]
#[serde(rename_all = "lowercase")]
pub(crate) enum SourceKind {
    Document,
    Sdk,
    Seed,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Endpoints {
    pub(crate) default: Host,
    #[serde(default)]
    pub(crate) others: Vec<OtherEndpoint>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Host {
    pub(crate) host: String,
    pub(crate) source: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct OtherEndpoint {
    pub(crate) name: String,
    pub(crate) host: String,
    #[serde(default = "yes")]
    pub(crate) tls: bool,
    pub(crate) note: String,
    pub(crate) source: String,
}

fn yes() -> bool {
    true
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Regions {
    pub(crate) default: String,
    pub(crate) source: String,
    pub(crate) list: Vec<Region>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Region {
    pub(crate) id: String,
    pub(crate) name: String,
    #[serde(default)]
    pub(crate) note: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Environment {
    pub(crate) access_key_id: Vec<String>,
    pub(crate) secret_access_key: Vec<String>,
    pub(crate) security_token: Vec<String>,
    pub(crate) region: Vec<String>,
    pub(crate) project_id: Vec<String>,
    pub(crate) source: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Capabilities {
    pub(crate) formats: Fact<Vec<String>>,
    pub(crate) sources: Fact<Vec<String>>,
    pub(crate) architectures: Fact<Vec<String>>,
    pub(crate) boot_modes: Fact<Vec<String>>,
    pub(crate) license_types: Fact<Vec<String>>,
    pub(crate) max_data_disks: Fact<u32>,
    pub(crate) data_image: Fact<bool>,
    pub(crate) tags: Fact<bool>,
    pub(crate) description: Fact<bool>,
    pub(crate) project: Fact<String>,
    pub(crate) client_token: Fact<bool>,
    pub(crate) unique_names: Fact<UniqueNames>,
    pub(crate) dry_run: Fact<bool>,
    pub(crate) cancel: Fact<bool>,
    pub(crate) progress: Fact<bool>,
    pub(crate) failure_reason: Fact<bool>,
    pub(crate) skip_guest_check: Fact<bool>,
    pub(crate) nvme: Fact<bool>,
    pub(crate) imds_v2: Fact<bool>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Fact<T> {
    pub(crate) value: T,
    pub(crate) source: String,
    #[serde(default)]
    pub(crate) unverified: bool,
    #[serde(default)]
    pub(crate) note: String,
}

#[derive(Deserialize, Clone, Copy)]
#[serde(rename_all = "lowercase")]
pub(crate) enum UniqueNames {
    No,
    Refused,
    Unverified,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct States {
    pub(crate) source: String,
    pub(crate) task: Vec<State>,
    pub(crate) image: Vec<State>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct State {
    pub(crate) raw: String,
    pub(crate) is: StateClass,
    #[serde(default)]
    pub(crate) unverified: bool,
}

#[derive(Deserialize, Clone, Copy)]
#[serde(rename_all = "snake_case")]
pub(crate) enum StateClass {
    InProgress,
    Succeeded,
    Failed,
    Canceled,
}

#[derive(Deserialize)]
pub(crate) struct Limit {
    pub(crate) field: String,
    #[serde(flatten)]
    pub(crate) rule: Rule,
    pub(crate) agreed: bool,
    pub(crate) source: String,
    #[serde(default)]
    pub(crate) note: String,
}

#[derive(Deserialize)]
#[serde(tag = "rule", rename_all = "lowercase")]
pub(crate) enum Rule {
    Chars {
        min: u32,
        max: u32,
    },
    Range {
        min: u32,
        max: u32,
        #[serde(default = "one")]
        multiple_of: u32,
    },
    Count {
        max: u32,
    },
    Alphabet {
        #[serde(default)]
        letters: bool,
        #[serde(default)]
        digits: bool,
        #[serde(default)]
        han: bool,
        #[serde(default)]
        also: String,
        #[serde(default = "any")]
        first: String,
        #[serde(default)]
        not_prefix: Vec<String>,
        #[serde(default)]
        not_containing: Vec<String>,
    },
}

fn one() -> u32 {
    1
}

fn any() -> String {
    "any".to_owned()
}

/// One of several import calls of a cloud. What else the spec says of it is for its readers.
#[derive(Deserialize)]
pub(crate) struct Route {
    pub(crate) operation: String,
    pub(crate) formats: Vec<String>,
    pub(crate) max_file_bytes: u64,
    pub(crate) min_disk_min: u32,
    pub(crate) min_disk_max: u32,
    pub(crate) raw_needs_bitmap: bool,
    pub(crate) note: String,
    pub(crate) source: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Api {
    #[serde(default)]
    pub(crate) enums: Vec<Enum>,
    #[serde(default)]
    pub(crate) types: Vec<Type>,
    pub(crate) operations: Vec<Operation>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Enum {
    pub(crate) name: String,
    pub(crate) doc: String,
    /// The vendor refuses every other word.
    #[serde(default)]
    pub(crate) closed: bool,
    pub(crate) values: Vec<EnumValue>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct EnumValue {
    pub(crate) wire: String,
    pub(crate) name: String,
    pub(crate) doc: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Type {
    pub(crate) name: String,
    pub(crate) doc: String,
    pub(crate) fields: Vec<Field>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Operation {
    pub(crate) name: String,
    #[serde(rename = "fn")]
    pub(crate) method_name: String,
    pub(crate) http: String,
    pub(crate) repeat: String,
    /// Host and version of the API, where it is another than the client's own.
    pub(crate) host: Option<String>,
    pub(crate) version: Option<String>,
    pub(crate) doc: String,
    pub(crate) source: String,
    pub(crate) request: String,
    pub(crate) response: String,
    #[serde(default)]
    pub(crate) fields: Vec<Field>,
    /// Absent when another operation defines the response, or when it is one of the types or a list of one.
    pub(crate) answer: Option<Vec<Field>>,
}

impl Operation {
    /// HTTP method and path.
    pub(crate) fn http(&self) -> (&str, &str) {
        self.http.split_once(' ').unwrap_or((&self.http, "/"))
    }

    /// Whether success of a dry run may come back as an error code.
    pub(crate) fn has_dry_run(&self) -> bool {
        self.fields.iter().any(|field| field.name == "DryRun")
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Field {
    pub(crate) name: String,
    #[serde(rename = "type")]
    pub(crate) kind: String,
    pub(crate) doc: String,
    pub(crate) source: String,
    #[serde(default)]
    pub(crate) required: bool,
    #[serde(default)]
    pub(crate) values: Vec<String>,
    pub(crate) place: Option<String>,
    pub(crate) rename: Option<String>,
    #[serde(default)]
    pub(crate) alias: Vec<String>,
    #[serde(default)]
    pub(crate) unverified: bool,
    pub(crate) accept: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ErrorCode {
    pub(crate) code: String,
    #[serde(default)]
    pub(crate) http: u16,
    pub(crate) kind: String,
    pub(crate) remedy: String,
    #[serde(default)]
    pub(crate) operations: Vec<String>,
    pub(crate) source: String,
    #[serde(default)]
    pub(crate) prefix: bool,
    pub(crate) executed: Option<bool>,
    #[serde(default)]
    pub(crate) unverified: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Errors {
    errors: Vec<ErrorCode>,
}

/// The five clouds, in the order that tables show them.
pub(crate) const CLOUDS: [&str; 5] = ["jdcloud", "tencent", "huawei", "aliyun", "ucloud"];

/// Reads and checks all specs.
pub(crate) fn load(root: &Path) -> Result<Vec<Spec>, String> {
    CLOUDS
        .iter()
        .map(|cloud| load_one(&root.join("xtask/specs").join(cloud)))
        .collect()
}

fn load_one(folder: &Path) -> Result<Spec, String> {
    fn read<T: for<'de> Deserialize<'de>>(path: &Path) -> Result<T, String> {
        let text = fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
        toml::from_str(&text).map_err(|error| format!("{}: {error}", path.display()))
    }
    let spec = Spec {
        provider: read(&folder.join("provider.toml"))?,
        api: read(&folder.join("api.toml"))?,
        errors: read::<Errors>(&folder.join("errors.toml"))?.errors,
    };
    spec.check().map_err(|error| format!("{}: {error}", folder.display()))?;
    Ok(spec)
}

impl Spec {
    /// Titles and dates of the sources that a list of keys names.
    pub(crate) fn cite(&self, keys: &str) -> String {
        keys.split_whitespace()
            .filter_map(|key| self.provider.sources.get(key))
            .map(|source| match source.kind {
                SourceKind::Seed => format!("older document: {} ({})", source.title, source.date),
                SourceKind::Document | SourceKind::Sdk => format!("{} ({})", source.title, source.date),
            })
            .collect::<Vec<_>>()
            .join("; ")
    }

    /// Every field of every type, request and answer, with the name of what it is in.
    pub(crate) fn fields(&self) -> impl Iterator<Item = (&str, &Field)> {
        let types = self
            .api
            .types
            .iter()
            .flat_map(|own| own.fields.iter().map(|field| (own.name.as_str(), field)));
        let calls = self.api.operations.iter().flat_map(|operation| {
            let answer = operation
                .answer
                .iter()
                .flatten()
                .map(|field| (operation.response.as_str(), field));
            operation
                .fields
                .iter()
                .map(|field| (operation.request.as_str(), field))
                .chain(answer)
        });
        types.chain(calls)
    }

    fn check(&self) -> Result<(), String> {
        let mut names = BTreeSet::new();
        let defined = self
            .api
            .enums
            .iter()
            .map(|own| &own.name)
            .chain(self.api.types.iter().map(|own| &own.name));
        for name in defined {
            if !names.insert(name.as_str()) {
                return Err(format!("`{name}` is defined twice"));
            }
        }
        let mut seen = BTreeSet::new();
        for (owner, field) in self.fields() {
            if !seen.insert((owner, &field.name)) {
                return Err(format!("{owner}.{} is there twice", field.name));
            }
            self.known_sources(&field.source, &format!("{owner}.{}", field.name))?;
            let inner = field.kind.trim_start_matches('[').trim_end_matches(']');
            let plain = ["string", "link", "int", "float", "bool", "flag", "json"];
            if !plain.contains(&inner) && !names.contains(inner) {
                return Err(format!("{owner}.{}: unknown type `{}`", field.name, field.kind));
            }
        }
        let answers: BTreeSet<_> = self
            .api
            .operations
            .iter()
            .filter(|operation| operation.answer.is_some())
            .map(|operation| &operation.response)
            .collect();
        for operation in &self.api.operations {
            self.known_sources(&operation.source, &operation.name)?;
            if operation.host.is_some() != operation.version.is_some() {
                return Err(format!("{}: `host` and `version` go together", operation.name));
            }
            let of_type = operation.response.trim_start_matches('[').trim_end_matches(']');
            let is_type = self.api.types.iter().any(|own| own.name == of_type);
            if !answers.contains(&operation.response) && !is_type {
                return Err(format!(
                    "{}: no operation lists the answer `{}`, and it is no type",
                    operation.name, operation.response
                ));
            }
        }
        let mut codes = BTreeSet::new();
        for row in &self.errors {
            self.known_sources(&row.source, &row.code)?;
            if !codes.insert(&row.code) {
                return Err(format!("error code {} is there twice", row.code));
            }
            for name in &row.operations {
                if !self.api.operations.iter().any(|operation| &operation.name == name) {
                    return Err(format!("error code {}: no operation `{name}`", row.code));
                }
            }
        }
        for limit in &self.provider.limits {
            self.known_sources(&limit.source, &format!("limit of {}", limit.field))?;
        }
        for keys in [
            &self.provider.endpoints.default.source,
            &self.provider.regions.source,
            &self.provider.environment.source,
            &self.provider.states.source,
            &self.provider.likely_causes_source,
        ] {
            self.known_sources(keys, "provider.toml")?;
        }
        for endpoint in &self.provider.endpoints.others {
            self.known_sources(&endpoint.source, &endpoint.name)?;
        }
        Ok(())
    }

    fn known_sources(&self, keys: &str, what: &str) -> Result<(), String> {
        match keys
            .split_whitespace()
            .find(|key| !self.provider.sources.contains_key(*key))
        {
            Some(key) => Err(format!("{what}: no source `{key}`")),
            None => Ok(()),
        }
    }
}
