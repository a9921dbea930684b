//! Where an image goes: what tells destinations apart, whatever they are called. Plain data.

use cloud_import_core::{Provider, provider::digest};

/// What the name of a dry run's record has in it: it says nothing of the import.
pub(crate) const DRY_RUN: &str = "#dry-run";

/// One image in one account: two orders for it would be two images of one name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) provider: Provider,
    pub(crate) region: String,
    pub(crate) endpoint: Option<String>,
    pub(crate) project: Option<String>,
    /// What the keys tell of the account, as a hash; without it, it may be any.
    pub(crate) account: Option<String>,
    /// The image's name.
    pub(crate) name: String,
    /// A dry run makes no image.
    pub(crate) is_dry_run: bool,
}

impl Place {
    pub(crate) fn new(provider: Provider, region: &str, name: &str) -> Self {
        Self {
            provider,
            region: region.to_owned(),
            endpoint: None,
            project: None,
            account: None,
            name: name.to_owned(),
            is_dry_run: false,
        }
    }

    /// A short text that stands for it.
    pub(super) fn id(&self) -> String {
        let text = |part: &Option<String>| part.clone().unwrap_or_default();
        let parts = [
            self.provider.id().to_owned(),
            self.region.clone(),
            text(&self.endpoint),
            text(&self.project),
            text(&self.account),
            self.name.clone(),
            self.is_dry_run.to_string(),
        ];
        digest::sha256_hex(parts.join("\n").as_bytes())[..24].to_owned()
    }
}
