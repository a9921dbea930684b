//! For which clouds there are keys on this machine. Looks at variables and files; sends nothing.

use cloud_import::{Provider, Result, Settings};

/// Whether there are keys of a cloud, broken ones too, for this profile where one is named.
pub(crate) fn are_there(provider: Provider, account: Option<String>, instance_metadata: bool) -> Result<bool> {
    let mut settings = Settings::new("").instance_metadata(instance_metadata);
    settings.search.profile = account;
    Ok(cloud_import::credential_chain(provider, &settings)?.is_there())
}
