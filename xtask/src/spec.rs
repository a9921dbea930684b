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
    pub(crate) systems: Vec<System>,
    pub(crate) policy: Policy,
}

/// Tables of a spec: a key that is not listed is an error.
macro_rules! tables {
    ($($(#[$of_table:meta])* $name:ident { $($(#[$of_key:meta])* $key:ident: $type:ty,)* })*) => {
        $(
            #[derive(Deserialize)]
            $(#[$of_table])*
            #[serde(deny_unknown_fields)]
            pub(crate) struct $name {
                $($(#[$of_key])* pub(crate) $key: $type,)*
            }
        )*
    };
}

tables! {
    Provider {
        id: String,
        name: String,
        #[serde(rename = "crate")] crate_name: String,
        service: String,
        api_version: String,
        #[serde(default)] likely_causes: Vec<String>,
        #[serde(default)] likely_causes_source: String,
        sources: BTreeMap<String, Source>,
        endpoints: Endpoints,
        regions: Regions,
        environment: Environment,
        capabilities: BTreeMap<String, Fact>,
        after: BTreeMap<String, Fact>,
        guest: BTreeMap<String, GuestRow>,
        states: States,
        #[serde(default)] limits: Vec<Limit>,
        #[serde(default)] routes: BTreeMap<String, Route>,
    }
    Source { title: String, date: String, kind: SourceKind, }
    Endpoints { default: Host, #[serde(default)] others: Vec<OtherEndpoint>, }
    Host { host: String, source: String, }
    OtherEndpoint { name: String, host: String, #[serde(default = "yes")] tls: bool, note: String, source: String, #[serde(default)] only_for: Option<String>, }
    Regions { default: String, source: String, list: Vec<Region>, }
    Region { id: String, name: String, #[serde(default)] note: String, }
    Fact {
        value: toml::Value,
        source: String,
        #[serde(default)] unverified: bool,
        #[serde(default)] note: String,
    }
    GuestRow {
        /// `error`, `warning` or `note`.
        severity: GuestSeverity,
        remedy: String,
        source: String,
        #[serde(default)] unverified: bool,
        /// The only family of systems that it is for.
        only: Option<String>,
        /// Only findings that name one of these.
        #[serde(default)] naming: Vec<String>,
    }
    States { source: String, task: Vec<State>, image: Vec<State>, }
    State { raw: String, is: String, #[serde(default)] unverified: bool, }

    Api { #[serde(default)] enums: Vec<Enum>, #[serde(default)] types: Vec<Type>, operations: Vec<Operation>, }
    Enum {
        name: String,
        doc: String,
        /// The vendor refuses every other word.
        #[serde(default)] closed: bool,
        values: Vec<EnumValue>,
    }
    EnumValue { wire: String, name: String, doc: String, }
    Type { name: String, doc: String, fields: Vec<Field>, }
    Operation {
        name: String,
        #[serde(rename = "fn")] method_name: String,
        http: String,
        repeat: String,
        /// Host and version of the API, where it is another than the client's own.
        host: Option<String>,
        version: Option<String>,
        /// Its name in the signature's scope, where the scope has one.
        #[serde(default)] service: String,
        doc: String,
        source: String,
        request: String,
        response: String,
        #[serde(default)] fields: Vec<Field>,
        /// Absent when another operation defines the response, or when it is one of the types or a list of one.
        answer: Option<Vec<Field>>,
        pages: Option<Pages>,
    }
    Field {
        name: String,
        #[serde(rename = "type")] kind: String,
        doc: String,
        source: String,
        #[serde(default)] required: bool,
        #[serde(default)] values: Vec<String>,
        place: Option<String>,
        rename: Option<String>,
        #[serde(default)] alias: Vec<String>,
        #[serde(default)] unverified: bool,
        accept: Option<String>,
        /// Of an answer: what is done depends on it, so that another form than the documented one is no answer. Every other field is
        /// only shown, and is absent then.
        #[serde(default)] decides: bool,
        /// What of the client goes here where a request leaves it out.
        fill: Option<String>,
        /// What a new request has here: the vendor's only value.
        default: Option<String>,
    }

    Errors { errors: Vec<ErrorCode>, }
    ErrorCode {
        code: String,
        #[serde(default)] http: u16,
        kind: String,
        remedy: String,
        #[serde(default)] operations: Vec<String>,
        source: String,
        #[serde(default)] prefix: bool,
        /// With `prefix`: only codes that contain this behind their beginning.
        #[serde(default)] containing: String,
        /// Seconds that the documents ask to wait before the next request.
        #[serde(default)] pause: u64,
        executed: Option<bool>,
        #[serde(default)] unverified: bool,
    }

    Systems { systems: Vec<System>, }
    System {
        /// A variant of `Distribution` in core.
        system: String,
        /// The cloud's text, with `{version}` where the version stands.
        form: String,
        #[serde(default)] versions: Vec<String>,
        source: String,
        #[serde(default)] unverified: bool,
    }

    Policy {
        /// Words and version of the vendor's grammar.
        document: BTreeMap<String, Fact>,
        /// How each kind of resource is written.
        #[serde(default)] resources: BTreeMap<String, Fact>,
        #[serde(default)] notes: Vec<String>,
        permissions: Vec<Permission>,
    }
    Permission {
        operation: String,
        /// None where no source tells them.
        actions: Vec<String>,
        purposes: Vec<String>,
        #[serde(default)] on: Vec<String>,
        source: String,
        #[serde(default)] unverified: bool,
        #[serde(default)] note: String,
    }

    #[derive(Default)]
    #[serde(default)]
    Alphabet {
        letters: bool,
        digits: bool,
        han: bool,
        also: String,
        first: Option<String>,
        not_prefix: Vec<String>,
        not_containing: Vec<String>,
    }
}

fn yes() -> bool {
    true
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum SourceKind {
    Document,
    Sdk,
    Seed,
}

/// What a finding in the guest is worth.
#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum GuestSeverity {
    Error,
    Warning,
    Note,
}

impl GuestSeverity {
    /// Its word in a spec, which is the name of what makes such a rule, too.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Note => "note",
        }
    }
}

#[derive(Deserialize)]
pub(crate) struct Environment {
    pub(crate) source: String,
    #[serde(flatten)]
    pub(crate) names: BTreeMap<String, Vec<String>>,
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
        multiple_of: Option<u32>,
    },
    Count {
        max: u32,
    },
    Alphabet(Alphabet),
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

/// How a list goes on, by the names of fields.
#[derive(Deserialize)]
pub(crate) struct Pages {
    #[serde(flatten)]
    pub(crate) position: Position,
    pub(crate) size: String,
    /// How many items to ask for where the request does not say.
    pub(crate) per_page: u32,
    pub(crate) items: String,
    pub(crate) total: Option<String>,
    /// The field of an item that is the next marker.
    pub(crate) id: Option<String>,
    /// What is there, in the answer or one level deeper, while the list goes on.
    pub(crate) next: Option<String>,
}

/// The field of a request that says where a page begins.
#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Position {
    Number(String),
    Offset(String),
    Marker(String),
}

impl Source {
    /// Its title and date.
    pub(crate) fn shown(&self) -> String {
        let older = match self.kind {
            SourceKind::Seed => "older document: ",
            SourceKind::Document | SourceKind::Sdk => "",
        };
        format!("{older}{} ({})", self.title, self.date)
    }
}

impl Fact {
    /// Whether it is `true`.
    pub(crate) fn holds(&self) -> bool {
        self.value.as_bool() == Some(true)
    }

    /// The words of a list.
    pub(crate) fn words(&self) -> Vec<&str> {
        let items = self.value.as_array().into_iter().flatten();
        items.filter_map(toml::Value::as_str).collect()
    }
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

/// The five clouds, in the order that tables show them.
pub(crate) const CLOUDS: [&str; 5] = ["jdcloud", "tencent", "huawei", "aliyun", "ucloud"];

/// Reads and checks all specs.
pub(crate) fn load(root: &Path) -> Result<Vec<Spec>, String> {
    CLOUDS
        .iter()
        .map(|cloud| {
            let folder = root.join("xtask/specs").join(cloud);
            Spec::load(&folder).map_err(|error| format!("{}: {error}", folder.display()))
        })
        .collect()
}

impl Spec {
    /// Titles and dates of the sources that a list of keys names.
    pub(crate) fn cite(&self, keys: &str) -> String {
        let sources = keys.split_whitespace().filter_map(|key| self.provider.sources.get(key));
        sources.map(Source::shown).collect::<Vec<_>>().join("; ")
    }

    /// All sources: key, and title with date.
    pub(crate) fn sources(&self) -> impl Iterator<Item = (&str, String)> {
        let sources = self.provider.sources.iter();
        sources.map(|(key, source)| (key.as_str(), source.shown()))
    }

    /// Every field of every type, request and answer, with the name of what it is in.
    pub(crate) fn fields(&self) -> impl Iterator<Item = (&str, &Field)> {
        let types = self.api.types.iter().map(|own| (own.name.as_str(), &own.fields));
        let calls = self.api.operations.iter().flat_map(|operation| {
            let answer = operation
                .answer
                .iter()
                .map(|answer| (operation.response.as_str(), answer));
            std::iter::once((operation.request.as_str(), &operation.fields)).chain(answer)
        });
        types
            .chain(calls)
            .flat_map(|(owner, fields)| fields.iter().map(move |field| (owner, field)))
    }

    /// The types that an answer is made of, down to the last.
    pub(crate) fn answered(&self) -> BTreeSet<&str> {
        let mut found = BTreeSet::new();
        let mut pending: Vec<&str> = Vec::new();
        for operation in &self.api.operations {
            pending.push(&operation.response);
            pending.extend(operation.answer.iter().flatten().map(|field| field.kind.as_str()));
        }
        while let Some(kind) = pending.pop() {
            let name = kind.trim_matches(['[', ']']);
            let own = self.api.types.iter().find(|own| own.name == name);
            if let Some(own) = own.filter(|own| found.insert(own.name.as_str())) {
                pending.extend(own.fields.iter().map(|field| field.kind.as_str()));
            }
        }
        found
    }

    /// Reads and checks one cloud's.
    pub(crate) fn load(folder: &Path) -> Result<Self, String> {
        let read = |name: &str| {
            let text = fs::read_to_string(folder.join(name)).map_err(|error| format!("{name}: {error}"))?;
            toml::from_str::<toml::Table>(&text).map_err(|error| format!("{name}: {error}"))
        };
        let tables = (
            read("provider.toml")?,
            read("api.toml")?,
            read("errors.toml")?,
            read("systems.toml")?,
            read("policy.toml")?,
        );
        let known = tables.0.get("sources").and_then(toml::Value::as_table);
        for table in [&tables.0, &tables.1, &tables.2, &tables.3, &tables.4] {
            known_sources(&toml::Value::Table(table.clone()), known.unwrap_or(&toml::Table::new()))?;
        }
        let invalid = |error: toml::de::Error| error.to_string();
        let spec = Self {
            provider: tables.0.try_into().map_err(invalid)?,
            api: tables.1.try_into().map_err(invalid)?,
            errors: tables.2.try_into::<Errors>().map_err(invalid)?.errors,
            systems: tables.3.try_into::<Systems>().map_err(invalid)?.systems,
            policy: tables.4.try_into().map_err(invalid)?,
        };
        spec.check()?;
        Ok(spec)
    }

    /// What the compiler does not find in what is written from it.
    fn check(&self) -> Result<(), String> {
        let operations = &self.api.operations;
        if let Some(one) = operations
            .iter()
            .find(|own| own.host.is_some() != own.version.is_some() || (own.host.is_none() && !own.service.is_empty()))
        {
            return Err(format!(
                "{}: `host` and `version` go together, and `service` with them",
                one.name
            ));
        }
        self.policy.check(operations)?;
        let rows = self.provider.guest.iter();
        if let Some((name, _)) = rows
            .filter(|(_, row)| row.severity == GuestSeverity::Error)
            .find(|(_, row)| row.unverified)
        {
            return Err(format!("guest {name}: what no source settles is no error"));
        }
        let mut fields = BTreeSet::new();
        if let Some((owner, field)) = self
            .fields()
            .find(|(owner, field)| !fields.insert((*owner, &field.name)))
        {
            return Err(format!("{owner}: field {} is there twice", field.name));
        }
        let mut codes = BTreeSet::new();
        for row in &self.errors {
            if !codes.insert((&row.code, &row.containing)) {
                return Err(format!("error code {} is there twice", row.code));
            }
            let is_unknown = |name: &&String| !operations.iter().any(|operation| operation.name == **name);
            if let Some(name) = row.operations.iter().find(is_unknown) {
                return Err(format!("error code {}: no operation `{name}`", row.code));
            }
        }
        Ok(())
    }
}

/// Every `source` names keys of the table of sources.
fn known_sources(value: &toml::Value, known: &toml::Table) -> Result<(), String> {
    match value {
        toml::Value::Table(table) => table.iter().try_for_each(|(name, value)| match value.as_str() {
            Some(keys) if name.ends_with("source") => {
                match keys.split_whitespace().find(|key| !known.contains_key(*key)) {
                    Some(key) => Err(format!("no source `{key}`, which is named in:\n{table}")),
                    None => Ok(()),
                }
            }
            _ => known_sources(value, known),
        }),
        toml::Value::Array(items) => items.iter().try_for_each(|item| known_sources(item, known)),
        _ => Ok(()),
    }
}
