//! Provider by name: importer, capabilities, names. No behaviour of a cloud is here.

use std::collections::BTreeSet;

use cloud_import_core::{
    Capabilities, ClientBuilder, Error, ErrorKind, ImageImporter, ImportTask, Provider, Result, Settings, WarningId,
    credentials::{Chain, ChainSpec, EnvironmentNames},
    provider::{CodeRule, capabilities::GuestSeverity, policy::Policy},
};

/// Calls a macro with what a provider's crate has, or says that the feature is off.
macro_rules! of_provider {
    ($provider:expr, $it:ident => $value:expr) => {
        match $provider {
            #[cfg(feature = "jdcloud")]
            Provider::JDCLOUD => {
                use crate::jdcloud as $it;
                $value
            }
            #[cfg(feature = "tencent")]
            Provider::TENCENT => {
                use crate::tencent as $it;
                $value
            }
            #[cfg(feature = "huawei")]
            Provider::HUAWEI => {
                use crate::huawei as $it;
                $value
            }
            #[cfg(feature = "aliyun")]
            Provider::ALIYUN => {
                use crate::aliyun as $it;
                $value
            }
            #[cfg(feature = "ucloud")]
            Provider::UCLOUD => {
                use crate::ucloud as $it;
                $value
            }
            #[allow(unreachable_patterns, reason = "which are left depends on the features")]
            other => Err(not_built_in(other)),
        }
    };
}

/// The importer of a cloud.
///
/// What only one vendor's client can be told is set by building that client itself, from the module of the cloud.
///
/// ```
/// use cloud_import::{Credentials, Provider, Settings, connect};
///
/// let settings = Settings::new("ap-guangzhou").credentials(Credentials::new("SECRET_ID", "SECRET_KEY"));
/// let importer = connect(Provider::TENCENT, settings)?;
/// assert_eq!(importer.region(), "ap-guangzhou");
/// # Ok::<(), cloud_import::Error>(())
/// ```
///
/// # Errors
/// [`ErrorKind::Unsupported`] when the cloud's feature is off; else as
/// [`ClientBuilder::build`](cloud_import_core::ClientBuilder::build).
pub fn connect(provider: Provider, settings: Settings) -> Result<Box<dyn ImageImporter>> {
    of_provider!(provider, it => {
        let client = ClientBuilder::<it::Client>::from(settings).build()?;
        Ok(Box::new(it::Importer::new(client)))
    })
}

/// The importer that goes on with a task, in the place where it was started. `settings` says the rest: credentials, transport.
///
/// ```
/// use cloud_import::{ImportTask, Result, Settings, WaitOptions, connect_to, wait};
///
/// async fn go_on(stored: &str) -> Result<()> {
///     let mut task: ImportTask = serde_json::from_str(stored).unwrap();
///     let importer = connect_to(&task, Settings::new(""))?; // the region is the task's
///     println!("{}", wait(&*importer, &mut task, &WaitOptions::default()).await?);
///     Ok(())
/// }
/// ```
///
/// # Errors
/// As [`connect`]; [`ErrorKind::InvalidRequest`] when the task's endpoint is none.
pub fn connect_to(task: &ImportTask, settings: Settings) -> Result<Box<dyn ImageImporter>> {
    connect(task.provider, settings.for_task(task)?)
}

/// The search for credentials that [`connect`] makes with these settings where none are given.
///
/// It is a [`CredentialSource`](cloud_import_core::credentials::CredentialSource): several clients can share one, and its
/// `describe` says where the keys come from. Nothing is looked for before it is asked.
///
/// # Errors
/// [`ErrorKind::Unsupported`] when the cloud's feature is off; else as
/// [`Settings::credential_chain`](cloud_import_core::Settings::credential_chain).
pub fn credential_chain(provider: Provider, settings: &Settings) -> Result<Chain> {
    settings.credential_chain(chain_spec(provider)?)
}

/// Where a cloud's own tools look for credentials, and for a region beside them.
pub(crate) fn chain_spec(provider: Provider) -> Result<&'static ChainSpec> {
    of_provider!(provider, it => Ok(&it::CREDENTIAL_CHAIN))
}

/// What a cloud's import can do.
///
/// # Errors
/// [`ErrorKind::Unsupported`] when the cloud's feature is off.
pub fn capabilities(provider: Provider) -> Result<&'static Capabilities> {
    of_provider!(provider, it => Ok(&it::CAPABILITIES))
}

/// The ids of the findings in guests of which a cloud here warns, or for which it refuses an order. Those of other warnings are
/// [`WarningId::ALL`].
pub fn guest_warnings() -> BTreeSet<&'static str> {
    let clouds = Provider::all().filter_map(|provider| capabilities(provider).ok());
    let rules = clouds.flat_map(|cloud| cloud.guest);
    let told = rules.filter(|rule| rule.severity != GuestSeverity::Note);
    told.map(|rule| rule.id).collect()
}

/// The kind of warning of this name, to be accepted by [`ImportRequest::accept_warning`](crate::ImportRequest::accept_warning).
///
/// # Errors
/// [`ErrorKind::InvalidRequest`] with what may be meant: no cloud here has a warning of that name.
pub fn warning(name: &str) -> Result<WarningId> {
    WarningId::named(name, guest_warnings())
}

/// The environment variables that a cloud's own tools read.
///
/// # Errors
/// [`ErrorKind::Unsupported`] when the cloud's feature is off.
pub fn environment_names(provider: Provider) -> Result<&'static EnvironmentNames> {
    of_provider!(provider, it => Ok(&it::ENVIRONMENT))
}

/// Regions of a cloud by id and name. A help for people: it throttles nothing.
///
/// # Errors
/// [`ErrorKind::Unsupported`] when the cloud's feature is off.
pub fn regions(provider: Provider) -> Result<&'static [(&'static str, &'static str)]> {
    of_provider!(provider, it => Ok(it::REGIONS))
}

/// What a cloud's keys must be allowed to do, and how the cloud writes that.
///
/// ```
/// use cloud_import::{Provider, policy, provider::policy::Purpose};
///
/// let policy = policy(Provider::ALIYUN)?;
/// let [document] = &policy.documents(&[Purpose::Import], Some("images"), None)[..] else {
///     panic!("one policy for all services");
/// };
/// assert!(document.contains("ecs:ImportImage") && document.contains("acs:oss:*:*:images/*"));
/// # Ok::<(), cloud_import::Error>(())
/// ```
///
/// # Errors
/// [`ErrorKind::Unsupported`] when the cloud's feature is off.
pub fn policy(provider: Provider) -> Result<&'static Policy> {
    of_provider!(provider, it => Ok(&it::POLICY))
}

/// Where a cloud's keys are looked for when none are given, in order, each place as a user writes it.
///
/// # Errors
/// [`ErrorKind::Unsupported`] when the cloud's feature is off.
pub fn credential_places(provider: Provider) -> Result<Vec<String>> {
    Ok(chain_spec(provider)?.places())
}

/// The sources that what is known of a cloud names: short key, and title with date.
///
/// # Errors
/// [`ErrorKind::Unsupported`] when the cloud's feature is off.
pub fn sources(provider: Provider) -> Result<&'static [(&'static str, &'static str)]> {
    of_provider!(provider, it => Ok(it::SOURCES))
}

/// What a cloud's error codes mean.
///
/// # Errors
/// [`ErrorKind::Unsupported`] when the cloud's feature is off.
pub fn error_codes(provider: Provider) -> Result<&'static [CodeRule]> {
    of_provider!(provider, it => Ok(it::ERRORS))
}

#[allow(dead_code, reason = "not called when every feature is on")]
fn not_built_in(provider: Provider) -> Error {
    Error::new(ErrorKind::Unsupported, format!("{} is not built in", provider.name()))
        .with_provider(provider)
        .with_remedy(format!("Turn on the feature `{provider}` of the crate cloud-import."))
}
