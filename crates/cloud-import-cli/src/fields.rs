//! What a target's order is made of, and where each field of it comes from. The most particular word counts: the command line for the
//! target, then the target's own in the file of targets, then the command line for its cloud, then the command line for all, then the
//! file's defaults for its cloud, then its defaults for all. Variables and the file of defaults are part of the command line by then.

use std::collections::{BTreeMap, BTreeSet};

use cloud_import::{
    Architecture, BootMode, DiskFormat, Endpoint, Error, ErrorKind, LicenseType, Os, Provider, Result, WarningId,
    provider::suggest::did_you_mean,
};
use serde::{Deserialize, Deserializer, Serialize, de::Error as _};
use serde_json::{Map, Value};
use toml::Spanned;

use crate::args::{
    Order, Reach, Staging,
    scope::{Scope, Scoped, free},
};

/// The fields of an order that may differ from target to target, as far as one place says them.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Fields {
    /// `PROVIDER/REGION`, where the target's name in the file is another.
    #[serde(skip_serializing)]
    pub(crate) to: Option<Spanned<String>>,
    pub(crate) name: Option<String>,
    /// Other regions of the cloud, to which the image is copied.
    pub(crate) regions: Option<Vec<String>>,
    /// The label of the target whose image it is a copy of.
    pub(crate) copy_of: Option<String>,
    pub(crate) description: Option<String>,
    /// Accounts that may use the image once it is there.
    pub(crate) share: Option<Vec<String>>,
    /// Whether anybody may use it then.
    pub(crate) public: Option<bool>,
    pub(crate) family: Option<String>,
    /// Whether the image that was the newest of the family is deprecated then.
    pub(crate) deprecate_previous: Option<bool>,
    /// Together with those of less particular places, key by key; an empty table leaves those out.
    pub(crate) tags: Option<BTreeMap<String, String>>,
    #[serde(with = "typed")]
    pub(crate) os: Option<Os>,
    pub(crate) os_raw: Option<String>,
    #[serde(with = "typed")]
    pub(crate) arch: Option<Architecture>,
    #[serde(with = "typed")]
    pub(crate) boot_mode: Option<BootMode>,
    pub(crate) size_gib: Option<u32>,
    #[serde(with = "typed")]
    pub(crate) format: Option<DiskFormat>,
    #[serde(with = "typed")]
    pub(crate) license_type: Option<LicenseType>,
    pub(crate) nvme: Option<bool>,
    pub(crate) imds_v2: Option<bool>,
    pub(crate) skip_guest_check: Option<bool>,
    /// Together with those of less particular places; an empty list leaves those out.
    #[serde(deserialize_with = "warnings")]
    pub(crate) accept_warning: Option<BTreeSet<WarningId>>,
    /// Each `PLACE@GIB`.
    pub(crate) data_disks: Option<Vec<String>>,
    /// Resource group, enterprise project or project.
    pub(crate) project: Option<String>,
    /// Options in the cloud's own words; together with those of less particular places, as tags.
    pub(crate) options: Option<Map<String, Value>>,
    /// The bucket that a local file is put into.
    pub(crate) bucket: Option<String>,
    pub(crate) prefix: Option<String>,
    /// Another place of the image.
    pub(crate) source: Option<String>,
    /// The profile of the vendor's own tools.
    #[serde(alias = "profile")]
    pub(crate) account: Option<String>,
    #[serde(with = "typed")]
    pub(crate) endpoint: Option<Endpoint>,
    pub(crate) keep_object: Option<bool>,
}

/// A word as it is typed.
mod typed {
    use std::{fmt::Display, str::FromStr};

    use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

    pub(super) fn deserialize<'de, D: Deserializer<'de>, T: FromStr<Err: Display>>(
        deserializer: D,
    ) -> Result<Option<T>, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map(Some).map_err(D::Error::custom)
    }

    pub(super) fn serialize<S: Serializer, T: Display>(word: &Option<T>, serializer: S) -> Result<S::Ok, S::Error> {
        word.as_ref().map(T::to_string).serialize(serializer)
    }
}

/// Names of warnings, each of which there is.
fn warnings<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<BTreeSet<WarningId>>, D::Error> {
    let names = Vec::<String>::deserialize(deserializer)?;
    let known = names.iter().map(|name| {
        cloud_import::warning(name).map_err(|error| {
            let remedy = error.remedy().map(ToString::to_string).unwrap_or_default();
            D::Error::custom(format!("{error}. {remedy}"))
        })
    });
    known.collect::<Result<_, _>>().map(Some)
}

impl Fields {
    /// These, and where they say nothing, those of a less particular place.
    #[must_use]
    pub(crate) fn over(self, below: Self) -> Self {
        Self {
            to: self.to.or(below.to),
            name: self.name.or(below.name),
            regions: self.regions.or(below.regions),
            copy_of: self.copy_of.or(below.copy_of),
            description: self.description.or(below.description),
            share: self.share.or(below.share),
            public: self.public.or(below.public),
            family: self.family.or(below.family),
            deprecate_previous: self.deprecate_previous.or(below.deprecate_previous),
            tags: together(self.tags, below.tags, BTreeMap::is_empty),
            os: self.os.or(below.os),
            os_raw: self.os_raw.or(below.os_raw),
            arch: self.arch.or(below.arch),
            boot_mode: self.boot_mode.or(below.boot_mode),
            size_gib: self.size_gib.or(below.size_gib),
            format: self.format.or(below.format),
            license_type: self.license_type.or(below.license_type),
            nvme: self.nvme.or(below.nvme),
            imds_v2: self.imds_v2.or(below.imds_v2),
            skip_guest_check: self.skip_guest_check.or(below.skip_guest_check),
            accept_warning: together(self.accept_warning, below.accept_warning, BTreeSet::is_empty),
            data_disks: self.data_disks.or(below.data_disks),
            project: self.project.or(below.project),
            options: together(self.options, below.options, Map::is_empty),
            bucket: self.bucket.or(below.bucket),
            prefix: self.prefix.or(below.prefix),
            source: self.source.or(below.source),
            account: self.account.or(below.account),
            endpoint: self.endpoint.or(below.endpoint),
            keep_object: self.keep_object.or(below.keep_object),
        }
    }
}

/// Two tables or sets as one, the first before the second; an empty first one is all there is.
fn together<T: Extend<V> + IntoIterator<Item = V>, V>(
    own: Option<T>,
    below: Option<T>,
    is_empty: impl Fn(&T) -> bool,
) -> Option<T> {
    match (own, below) {
        (Some(own), Some(mut below)) if !is_empty(&own) => {
            below.extend(own);
            Some(below)
        }
        (own, below) => own.or(below),
    }
}

/// Lists of regions where their scopes count, as one.
fn regions(said: &[Scoped<String>], counts: &dyn Fn(&Scope) -> bool) -> Vec<String> {
    let lists = said.iter().filter(|said| counts(&said.scope));
    let regions = lists.flat_map(|said| said.value.split(',')).map(str::trim);
    regions.filter(|region| !region.is_empty()).map(str::to_owned).collect()
}

/// The target that fields are wanted for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct At<'a> {
    /// The names that it goes by.
    pub(crate) names: &'a [&'a str],
    pub(crate) provider: Provider,
}

impl At<'_> {
    /// Whether what is said of this scope is said of it by name or by its cloud.
    pub(crate) fn is_in(self, scope: &Scope) -> bool {
        match scope {
            Scope::All => false,
            Scope::Cloud(provider) => *provider == self.provider,
            Scope::Target(name) => self.names.contains(&name.as_str()),
        }
    }
}

/// What the command line says, and which names of targets there are.
#[derive(Clone, Copy)]
pub(crate) struct Said<'a> {
    pub(crate) order: &'a Order,
    pub(crate) staging: &'a Staging,
    pub(crate) reach: &'a Reach,
    pub(crate) is_name: &'a dyn Fn(&str) -> bool,
}

impl Said<'_> {
    /// What it says of a target by name.
    pub(crate) fn of_target(&self, at: At<'_>) -> Fields {
        self.of(&|scope| matches!(scope, Scope::Target(_)) && at.is_in(scope))
    }

    /// What it says of a target's cloud.
    pub(crate) fn of_cloud(&self, at: At<'_>) -> Fields {
        let last = |said: &[(Provider, String)]| last_of(said, at.provider);
        Fields {
            account: last(&self.reach.account),
            endpoint: last_of(&self.reach.endpoint, at.provider),
            ..self.of(&|scope| matches!(scope, Scope::Cloud(_)) && at.is_in(scope))
        }
    }

    /// What it says of all targets.
    pub(crate) fn of_all(&self) -> Fields {
        let Order {
            nvme,
            imds_v2,
            skip_guest_check,
            ..
        } = *self.order;
        Fields {
            nvme: nvme.then_some(true),
            imds_v2: imds_v2.then_some(true),
            skip_guest_check: skip_guest_check.then_some(true),
            keep_object: self.staging.keep_object,
            ..self.of(&|scope| *scope == Scope::All)
        }
    }

    /// What it says where the scope counts; of what is said twice, the last.
    fn of(&self, counts: &dyn Fn(&Scope) -> bool) -> Fields {
        let Self { order, staging, .. } = *self;
        let texts = |said: &[String]| -> Vec<String> {
            let said = said.iter().map(|text| free(text, self.is_name));
            said.filter(|said| counts(&said.scope))
                .map(|said| said.value.to_owned())
                .collect()
        };
        let is_there = |texts: &Vec<String>| !texts.is_empty();
        let options: Map<String, Value> = order
            .set
            .iter()
            .filter(|said| counts(&said.scope))
            .map(|said| said.value.clone())
            .collect();
        let accepted = order.accept_warning.iter().filter(|said| counts(&said.scope));
        let accepted: BTreeSet<WarningId> = accepted.map(|said| said.value.clone()).collect();
        let tags: BTreeMap<String, String> = order.tag.iter().filter_map(|text| self.tag(text, counts)).collect();
        Fields {
            name: texts(&order.name).pop(),
            regions: Some(regions(&order.copy_to, counts)).filter(is_there),
            description: texts(&order.description).pop(),
            tags: Some(tags).filter(|tags| !tags.is_empty()),
            os: last(&order.os, counts),
            os_raw: last(&order.os_raw, counts),
            arch: last(&order.arch, counts),
            boot_mode: last(&order.boot_mode, counts),
            size_gib: last(&order.size_gib, counts),
            format: last(&order.format, counts),
            license_type: last(&order.license_type, counts),
            accept_warning: Some(accepted).filter(|accepted| !accepted.is_empty()),
            data_disks: Some(texts(&order.data_disk)).filter(is_there),
            project: last(&order.project, counts),
            options: Some(options).filter(|options| !options.is_empty()),
            bucket: last(&staging.bucket, counts),
            prefix: texts(&staging.prefix).pop(),
            source: last(&order.source, counts),
            ..Fields::default()
        }
    }

    /// `KEY=VALUE`, or `TARGET=KEY=VALUE`: a target stands only before a whole pair.
    fn tag(&self, text: &str, counts: &dyn Fn(&Scope) -> bool) -> Option<(String, String)> {
        let said = free(text, self.is_name);
        let (scope, pair) = match said.value.contains('=') {
            true => (said.scope, said.value),
            false => (Scope::All, text),
        };
        let (key, value) = pair.split_once('=').filter(|_| counts(&scope))?;
        Some((key.to_owned(), value.to_owned()))
    }

    /// Refuses what is said of a target that there is not.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidRequest`] with the clouds and the targets that there are.
    pub(crate) fn check(&self, names: &[&str]) -> Result<()> {
        let Self { order, staging, .. } = *self;
        let unknown = [
            ("copy-to", self.unknown(&order.copy_to)),
            ("os", self.unknown(&order.os)),
            ("source", self.unknown(&order.source)),
            ("format", self.unknown(&order.format)),
            ("size-gib", self.unknown(&order.size_gib)),
            ("arch", self.unknown(&order.arch)),
            ("boot-mode", self.unknown(&order.boot_mode)),
            ("os-raw", self.unknown(&order.os_raw)),
            ("license-type", self.unknown(&order.license_type)),
            ("project", self.unknown(&order.project)),
            ("set", self.unknown(&order.set)),
            ("accept-warning", self.unknown(&order.accept_warning)),
            ("bucket", self.unknown(&staging.bucket)),
        ];
        let found = unknown.into_iter().find_map(|(flag, name)| Some((flag, name?)));
        let Some((flag, name)) = found else { return Ok(()) };
        let clouds: Vec<&str> = Provider::all().map(Provider::id).collect();
        let meant = did_you_mean(name, clouds.iter().chain(names).copied());
        let mut remedy = format!("{meant}Use one of the clouds {}", clouds.join(", "));
        if !names.is_empty() {
            remedy.push_str(&format!(", one of the targets {}", names.join(", ")));
        }
        let message = format!("--{flag} {name}…: there is no cloud and no target `{name}`");
        Err(Error::new(ErrorKind::InvalidRequest, message).with_remedy(format!("{remedy}, or PROVIDER/REGION.")))
    }

    /// The first target that is named and not there.
    fn unknown<'a, T>(&self, said: &'a [Scoped<T>]) -> Option<&'a str> {
        said.iter().find_map(|said| match &said.scope {
            Scope::Target(name) if !name.contains('/') && !(self.is_name)(name) => Some(name.as_str()),
            _ => None,
        })
    }
}

fn last<T: Clone>(said: &[Scoped<T>], counts: &dyn Fn(&Scope) -> bool) -> Option<T> {
    let found = said.iter().rev().find(|said| counts(&said.scope));
    found.map(|said| said.value.clone())
}

/// What was said last about a cloud.
fn last_of<T: Clone>(said: &[(Provider, T)], provider: Provider) -> Option<T> {
    let found = said.iter().rev().find(|(of, _)| *of == provider);
    found.map(|(_, value)| value.clone())
}
