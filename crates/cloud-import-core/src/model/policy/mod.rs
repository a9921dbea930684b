//! What keys must be allowed to do for each of the things that these crates do, and the policy that allows it in the vendor's grammar.
//! Data of the provider crates. No I/O; knows no cloud by name.

mod document;

use serde::{Serialize, Serializer};

use self::document::{Grammar, Place};

/// What keys are to be used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Purpose {
    /// Checking an import, starting it, following it, looking it up, cancelling it.
    Import,
    /// Putting a file into a bucket, looking at bucket and objects, deleting them.
    Stage,
    /// Copying an image to another region.
    Copy,
    /// Writing an image into a bucket, and fetching the file.
    Export,
    /// Changing and deleting images that are there: names, shares, tags, families.
    Change,
    /// Making the role by which the service reads the bucket, where it needs one.
    Role,
    /// Making the bucket that files are put into, and removing it.
    Bucket,
}

impl Purpose {
    /// All of them.
    pub const ALL: &'static [Self] = &[
        Self::Import,
        Self::Stage,
        Self::Copy,
        Self::Export,
        Self::Change,
        Self::Role,
        Self::Bucket,
    ];

    /// Its name, as it is written in JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Import => "import",
            Self::Stage => "stage",
            Self::Copy => "copy",
            Self::Export => "export",
            Self::Change => "change",
            Self::Role => "role",
            Self::Bucket => "bucket",
        }
    }
}

impl Serialize for Purpose {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

/// What one operation of a client takes.
#[derive(Debug, Clone, Copy, Serialize)]
#[non_exhaustive]
pub struct Permission {
    /// The operation, as the vendor calls it; those of a store by the names that all stores have in common.
    pub operation: &'static str,
    /// The actions that must be allowed; none where no source tells them.
    pub actions: &'static [&'static str],
    /// The kinds of resources that they are about, by their names in [`Policy::resources`]; none for everything.
    pub on: &'static [&'static str],
    /// What sends it.
    pub purposes: &'static [Purpose],
    /// Whether a source says so.
    pub is_verified: bool,
    /// What else is to be known of it.
    pub note: &'static str,
    /// Where that was read.
    pub source: &'static str,
}

impl Permission {
    /// One for everything, which nothing needs yet.
    pub const fn new(operation: &'static str, actions: &'static [&'static str], source: &'static str) -> Self {
        Self {
            operation,
            actions,
            on: &[],
            purposes: &[],
            is_verified: true,
            note: "",
            source,
        }
    }

    /// Its kinds of resources.
    #[must_use]
    pub const fn on(mut self, on: &'static [&'static str]) -> Self {
        self.on = on;
        self
    }

    /// What sends it.
    #[must_use]
    pub const fn purposes(mut self, purposes: &'static [Purpose]) -> Self {
        self.purposes = purposes;
        self
    }

    /// No source says so.
    #[must_use]
    pub const fn unverified(mut self) -> Self {
        self.is_verified = false;
        self
    }

    /// What else is to be known of it.
    #[must_use]
    pub const fn note(mut self, note: &'static str) -> Self {
        self.note = note;
        self
    }

    /// Whether one of these purposes sends it.
    pub fn serves(&self, purposes: &[Purpose]) -> bool {
        self.purposes.iter().any(|own| purposes.contains(own))
    }
}

/// What a cloud's keys must be allowed, and how the cloud writes that.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct Policy {
    /// The cloud's words for version, statement, effect, that it allows, action and resource.
    pub words: [&'static str; 6],
    /// The version of its grammar.
    pub version: &'static str,
    /// Services whose actions stand in a policy of their own.
    pub apart: &'static [&'static str],
    /// Whether a statement for everything names no resource.
    pub no_resource: bool,
    /// What stands for every region.
    pub any_region: &'static str,
    /// Kinds of resources, and how one is written: `{bucket}`, `{region}` and `{account}` are replaced.
    pub resources: &'static [(&'static str, &'static str)],
    /// What each operation takes.
    pub permissions: &'static [Permission],
    /// What else is to be known.
    pub notes: &'static [&'static str],
}

impl Policy {
    /// A grammar without anything said in it.
    pub const fn new(words: [&'static str; 6], version: &'static str) -> Self {
        Self {
            words,
            version,
            apart: &[],
            no_resource: false,
            any_region: "*",
            resources: &[],
            permissions: &[],
            notes: &[],
        }
    }

    /// Services whose actions stand in a policy of their own.
    #[must_use]
    pub const fn apart(mut self, services: &'static [&'static str]) -> Self {
        self.apart = services;
        self
    }

    /// Whether a statement for everything names no resource.
    #[must_use]
    pub const fn no_resource(mut self, no_resource: bool) -> Self {
        self.no_resource = no_resource;
        self
    }

    /// What stands for every region.
    #[must_use]
    pub const fn any_region(mut self, any_region: &'static str) -> Self {
        self.any_region = any_region;
        self
    }

    /// Kinds of resources.
    #[must_use]
    pub const fn resources(mut self, resources: &'static [(&'static str, &'static str)]) -> Self {
        self.resources = resources;
        self
    }

    /// What each operation takes.
    #[must_use]
    pub const fn permissions(mut self, permissions: &'static [Permission]) -> Self {
        self.permissions = permissions;
        self
    }

    /// What else is to be known.
    #[must_use]
    pub const fn notes(mut self, notes: &'static [&'static str]) -> Self {
        self.notes = notes;
        self
    }

    /// What these purposes take.
    pub fn needed(&self, purposes: &[Purpose]) -> impl Iterator<Item = &'static Permission> {
        self.permissions.iter().filter(|own| own.serves(purposes))
    }

    /// What a permission is about, in the cloud's words: of this bucket, of all buckets where none is named. None is everything.
    pub fn resources_of(&self, permission: &Permission, bucket: Option<&str>, region: Option<&str>) -> Vec<String> {
        let named = permission.on.iter();
        let patterns = named.filter_map(|name| self.resources.iter().find(|(own, _)| own == name));
        let place = Place { bucket, region };
        patterns
            .map(|(_, pattern)| self.grammar().resource(pattern, place))
            .collect()
    }

    /// The least policies for these purposes, as JSON: one, or two where services stand apart. A region is only told where resources
    /// have one.
    pub fn documents(&self, purposes: &[Purpose], bucket: Option<&str>, region: Option<&str>) -> Vec<String> {
        let allowed = self.needed(purposes).flat_map(|permission| {
            let resources = self.resources_of(permission, bucket, region);
            permission
                .actions
                .iter()
                .map(move |action| (*action, resources.clone()))
        });
        self.grammar().documents(allowed)
    }

    /// Whether the cloud has resources for buckets, so that a policy can be for one of them alone.
    pub fn is_for_a_bucket(&self) -> bool {
        self.resources.iter().any(|(_, pattern)| pattern.contains("{bucket}"))
    }

    fn grammar(&self) -> Grammar<'static> {
        Grammar {
            words: self.words,
            version: self.version,
            apart: self.apart,
            no_resource: self.no_resource,
            any_region: self.any_region,
        }
    }
}

#[cfg(test)]
mod tests;
