//! What every client can be told, and what follows from it.

use std::{any::Any, fmt, sync::Arc};

use super::Grace;
use crate::{
    Endpoint, Error, ErrorKind, Field, ImportTask, Pace, Provider, Remedy, Result, Stop, Throttle,
    credentials::{
        self, AssumeRole, Chain, ChainOptions, ChainSpec, Context, CredentialSource, Credentials, EnvironmentNames,
    },
    net::{
        Pipeline,
        clock_offset::ClockOffset,
        env::{Env, SystemEnv},
        retry::RetryPolicy,
        transport::{self, Transport},
    },
};

/// What every client can be told. `Debug` shows neither credentials nor transport.
///
/// ```
/// use cloud_import_core::{Credentials, RetryPolicy, Settings};
///
/// let settings = Settings::new("cn-hangzhou")
///     .credentials(Credentials::new("an id", "a secret"))
///     .retry(RetryPolicy::none());
/// assert_eq!(settings.region, "cn-hangzhou");
/// ```
#[derive(Clone)]
#[must_use]
#[non_exhaustive]
pub struct Settings {
    /// The region.
    pub region: String,
    /// The project, where the cloud has projects.
    pub project: Option<String>,
    /// Where the API is, where not at its usual place.
    pub endpoint: Option<Endpoint>,
    /// Whether signed requests may go to another machine over plain HTTP.
    pub plain_http: bool,
    /// Who signs; when absent, what the vendor's own tools would find, looked for at first use.
    pub credentials: Option<Arc<dyn CredentialSource>>,
    /// Asked, in order, before that search.
    pub credentials_first: Vec<Arc<dyn CredentialSource>>,
    /// What counts in that search.
    pub search: ChainOptions,
    /// Where that search looks; set by the builder that knows the cloud.
    pub(super) chain: Option<&'static ChainSpec>,
    /// Where requests go; a new `HttpTransport` when absent. Share one between clients.
    pub transport: Option<Arc<dyn Transport>>,
    /// Clock and randomness; the system's when absent.
    pub env: Option<Arc<dyn Env>>,
    /// Bounds of the retry loop.
    pub retry: RetryPolicy,
    /// How long an import whose answer was lost is looked for.
    pub grace: Grace,
    /// How much is under way at a time; share one between clients of one cloud, so that they back off together.
    pub throttle: Throttle,
    /// What stops the clients' requests; share one between all that are to stop together.
    pub stop: Stop,
    options: Option<(Provider, Arc<dyn Any + Send + Sync>)>,
}

/// What only one vendor's client can be told: the type `ClientOptions` of each provider crate.
pub trait VendorSettings: Any + Clone + Default + Send + Sync {
    /// The vendor.
    const PROVIDER: Provider;
}

/// The setters, handed to a macro: [`Settings`] and the builder of a client have the same.
macro_rules! with_setters {
    ($macro:ident) => {
        $macro! {
        /// Sets the project.
        project(self, project: impl Into<String>) {
            self.project = Some(project.into());
        }

        /// Sets the endpoint.
        endpoint(self, endpoint: Endpoint) {
            self.endpoint = Some(endpoint);
        }

        /// Lets signed requests go to another machine over plain HTTP, where the endpoint says so: whoever is on the way can read
        /// them, a security token and links among them. Without it such an endpoint is refused.
        plain_http(self, allowed: bool) {
            self.plain_http = allowed;
        }

        /// Sets the credentials.
        credentials(self, credentials: Credentials) {
            self.credentials = Some(Arc::new(credentials));
        }

        /// Sets where credentials come from. It is asked at every attempt of every request:
        /// [`credentials::cached`](crate::credentials::cached) keeps what a slow source gave.
        credential_source(self, source: Arc<dyn CredentialSource>) {
            self.credentials = Some(source);
        }

        /// Puts a source before the search that the vendor's own tools make: it is asked first, and the search counts where it
        /// fails with [`ErrorKind::Credentials`](crate::ErrorKind::Credentials). Several are asked in the order in which they were
        /// put. They do not count where credentials are given.
        credential_source_first(self, source: Arc<dyn CredentialSource>) {
            self.credentials_first.push(source);
        }

        /// Takes the credentials of a profile of the vendor's own tools.
        profile(self, name: impl Into<String>) {
            self.search.profile = Some(name.into());
        }

        /// Lets instance metadata be asked for credentials: at the vendor's fixed address, over plain HTTP.
        instance_metadata(self, allowed: bool) {
            self.search.instance_metadata = allowed;
        }

        /// Assumes a role with the credentials that are found. It does not count where credentials are given.
        assume_role(self, role: AssumeRole) {
            self.search.assume_role = Some(role);
        }

        /// Sets the transport.
        transport(self, transport: Arc<dyn Transport>) {
            self.transport = Some(transport);
        }

        /// Sets clock and randomness.
        env(self, env: Arc<dyn Env>) {
            self.env = Some(env);
        }

        /// Sets the bounds of the retry loop.
        retry(self, retry: RetryPolicy) {
            self.retry = retry;
        }

        /// Sets how long an import whose answer was lost is looked for.
        grace(self, grace: Grace) {
            self.grace = grace;
        }

        /// Shares a throttle with other clients.
        throttle(self, throttle: Throttle) {
            self.throttle = throttle;
        }

        /// Shares what stops the clients: after a request nothing is sent again, and once it is pressed no answer is waited for.
        stop(self, stop: Stop) {
            self.stop = stop;
        }
        }
    };
}
pub(super) use with_setters;

macro_rules! setters {
    ($($(#[$doc:meta])* $name:ident($self:ident $(, $argument:ident: $type:ty)*) $body:block)*) => {
        /// What can be set.
        impl Settings {
            $($(#[$doc])* pub fn $name(mut $self $(, $argument: $type)*) -> Self {
                $body
                $self
            })*
        }
    };
}
with_setters!(setters);

impl Settings {
    /// Settings for a region.
    pub fn new(region: impl Into<String>) -> Self {
        Self {
            region: region.into(),
            project: None,
            endpoint: None,
            plain_http: false,
            credentials: None,
            credentials_first: Vec::new(),
            search: ChainOptions::default(),
            chain: None,
            transport: None,
            env: None,
            retry: RetryPolicy::default(),
            grace: Grace::default(),
            throttle: Throttle::default(),
            stop: Stop::default(),
            options: None,
        }
    }

    /// Moves to the place of a task: its region, endpoint and project.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidRequest`] when its endpoint is none.
    pub fn for_task(mut self, task: &ImportTask) -> Result<Self> {
        self.endpoint = Some(task.endpoint.parse()?);
        self.region.clone_from(&task.region);
        self.project.clone_from(&task.project);
        Ok(self)
    }

    /// Sets what only one vendor's client can be told. A client of another vendor is then not built.
    pub fn options<O: VendorSettings>(mut self, options: O) -> Self {
        self.options = Some((O::PROVIDER, Arc::new(options)));
        self
    }

    /// The options of this vendor.
    pub(super) fn options_of<O: VendorSettings>(&self) -> Result<O> {
        let Some((other, options)) = &self.options else {
            return Ok(O::default());
        };
        options.downcast_ref::<O>().cloned().ok_or_else(|| {
            Error::new(
                ErrorKind::InvalidRequest,
                format!("the client's options are those of {}", other.name()),
            )
            .with_provider(O::PROVIDER)
            .with_remedy("Give the `ClientOptions` of this cloud's crate.")
        })
    }

    /// The endpoint: as set, else from a host template in which `{region}` is replaced.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidRequest`] when the region is empty or makes no host name, and as [`Self::allow`].
    pub fn endpoint_or(&self, provider: Provider, template: &str) -> Result<Endpoint> {
        if let Some(endpoint) = &self.endpoint {
            self.allow(endpoint).map_err(|error| error.with_provider(provider))?;
            return Ok(endpoint.clone());
        }
        let fits = |c: char| c.is_ascii_alphanumeric() || c == '-';
        if self.region.is_empty() || !self.region.chars().all(fits) {
            return Err(Error::new(
                ErrorKind::InvalidRequest,
                format!("`{}` is not a region id", self.region),
            )
            .with_provider(provider)
            .with_remedy("Give a region id such as the vendor writes it, in letters, digits and dashes."));
        }
        template.replace("{region}", &self.region).parse()
    }

    /// Lets signed requests go to an endpoint.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidRequest`] when it is another machine's, over plain HTTP, and [`plain_http`](Self::plain_http) is not set.
    pub fn allow(&self, endpoint: &Endpoint) -> Result<()> {
        if self.plain_http || !endpoint.is_exposed() {
            return Ok(());
        }
        let message = format!("`{endpoint}` is plain HTTP: what is sent there can be read on the way");
        Err(Error::new(ErrorKind::InvalidRequest, message)
            .with_remedy(Remedy::text("use https").or(Remedy::set(Field::PlainHttp))))
    }

    /// The pipeline, with defaults for what is not set.
    ///
    /// # Errors
    /// [`ErrorKind::Local`] when the HTTP client cannot be set up. Where no `ClientBuilder` said where credentials are
    /// looked for, [`ErrorKind::Credentials`] when the environment has none.
    pub fn pipeline(&self, provider: Provider, names: &EnvironmentNames) -> Result<Pipeline> {
        let context = self.context()?;
        Ok(Pipeline {
            region: self.region.clone(),
            credentials: self.source(provider, names, &context)?,
            transport: context.transport,
            env: context.env,
            retry: self.retry,
            clock_offset: context.clock_offset,
            throttle: self.throttle.clone(),
            pace: Pace::default(),
            stop: self.stop.clone(),
        })
    }

    /// Who signs: what was given, else what is found.
    fn source(
        &self,
        provider: Provider,
        names: &EnvironmentNames,
        context: &Context,
    ) -> Result<Arc<dyn CredentialSource>> {
        if let Some(given) = &self.credentials {
            return Ok(Arc::clone(given));
        }
        let search: Arc<dyn CredentialSource> = match self.chain {
            Some(spec) => Arc::new(credentials::chain(spec, self.search.clone(), context.clone())),
            None => Arc::new(Credentials::from_environment(provider, names)?),
        };
        if self.credentials_first.is_empty() {
            return Ok(search);
        }
        let first = self.credentials_first.iter().cloned();
        Ok(Arc::new(credentials::FirstOf::new(first.chain([search]))))
    }

    /// The search for credentials that a client with these settings makes, for a program that shares its result between
    /// clients or asks it where the keys come from. Credentials in the settings do not count.
    ///
    /// # Errors
    /// [`ErrorKind::Local`] when the HTTP client cannot be set up. What is found, or not, is told when it is asked.
    pub fn credential_chain(&self, spec: &'static ChainSpec) -> Result<Chain> {
        Ok(credentials::chain(spec, self.search.clone(), self.context()?))
    }

    fn context(&self) -> Result<Context> {
        self.endpoint.as_ref().map_or(Ok(()), |endpoint| self.allow(endpoint))?;
        Ok(Context {
            region: self.region.clone(),
            endpoint: self.endpoint.clone(),
            transport: match &self.transport {
                Some(transport) => Arc::clone(transport),
                None => transport::default()?,
            },
            env: self.env.clone().unwrap_or_else(|| Arc::new(SystemEnv)),
            clock_offset: ClockOffset::default(),
        })
    }

    /// The project beside the credentials: one from the environment or a profile belongs to the keys from there. A search
    /// that fails is not told here: it fails again, in full words, when credentials are asked for.
    pub(super) fn project_beside_credentials(&self, names: &EnvironmentNames) -> Option<String> {
        if self.credentials.is_some() || !self.credentials_first.is_empty() {
            return None;
        }
        let env: &dyn Env = self.env.as_deref().unwrap_or(&SystemEnv);
        self.chain
            .and_then(|spec| credentials::defaults(spec, &self.search, env).ok()?.project)
            .or_else(|| names.project_id.iter().find_map(|name| env.variable(name)))
    }
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings")
            .field("region", &self.region)
            .field("project", &self.project)
            .field("endpoint", &self.endpoint)
            .field("retry", &self.retry)
            .field("grace", &self.grace)
            .finish_non_exhaustive()
    }
}
