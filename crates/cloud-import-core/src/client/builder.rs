//! Building a client: the settings that every cloud has, and one vendor's own options.

use std::{fmt::Debug, marker::PhantomData, sync::Arc};

use http::Request;

use crate::{
    Bytes, Endpoint, Error, ErrorKind, Gate, Grace, ImportRequest, ImportTask, Provider, Result,
    credentials::{
        self, AssumeRole, Chain, ChainOptions, ChainSpec, CredentialSource, Credentials, EnvironmentNames, Reach,
    },
    model::object::{self, Fields},
    net::ambient::{Ambient, System},
    net::clock_offset::ClockOffset,
    net::pipeline::{Pipeline, Protocol},
    net::retry::RetryPolicy,
    net::transport::{self, Transport},
    wire::Call,
    wire::Fill,
    wire::Operation,
};

/// What every client can be told.
#[derive(Debug, Clone)]
#[must_use]
pub struct Settings {
    /// The region.
    pub region: String,
    /// The project, where the cloud has projects.
    pub project: Option<String>,
    /// Where the API is, where not at its usual place.
    pub endpoint: Option<Endpoint>,
    /// Who signs; when absent, what the vendor's own tools would find, looked for at first use.
    pub credentials: Option<Arc<dyn CredentialSource>>,
    /// What counts in that search.
    pub search: ChainOptions,
    /// Where that search looks; set by the builder that knows the cloud.
    chain: Option<&'static ChainSpec>,
    /// Where requests go; a new [`HttpTransport`](transport::HttpTransport) when absent. Share one between clients.
    pub transport: Option<Arc<dyn Transport>>,
    /// Clock and randomness; the system's when absent.
    pub ambient: Option<Arc<dyn Ambient>>,
    /// Bounds of the retry loop.
    pub retry: RetryPolicy,
    /// How long an import whose answer was lost is looked for.
    pub grace: Grace,
    /// How much is under way at a time; share one between clients of one cloud, so that they back off together.
    pub gate: Gate,
}

impl Settings {
    /// Settings for a region.
    pub fn new(region: impl Into<String>) -> Self {
        Self {
            region: region.into(),
            project: None,
            endpoint: None,
            credentials: None,
            search: ChainOptions::default(),
            chain: None,
            transport: None,
            ambient: None,
            retry: RetryPolicy::default(),
            grace: Grace::default(),
            gate: Gate::default(),
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

    /// Sets the project.
    pub fn project(mut self, project: impl Into<String>) -> Self {
        self.project = Some(project.into());
        self
    }

    /// Sets the endpoint.
    pub fn endpoint(mut self, endpoint: Endpoint) -> Self {
        self.endpoint = Some(endpoint);
        self
    }

    /// Sets the credentials.
    pub fn credentials(self, credentials: Credentials) -> Self {
        self.credential_source(Arc::new(credentials))
    }

    /// Sets where credentials come from.
    pub fn credential_source(mut self, source: Arc<dyn CredentialSource>) -> Self {
        self.credentials = Some(source);
        self
    }

    /// Takes the credentials of a profile of the vendor's own tools.
    pub fn profile(mut self, name: impl Into<String>) -> Self {
        self.search.profile = Some(name.into());
        self
    }

    /// Lets instance metadata be asked for credentials: at the vendor's fixed address, over plain HTTP.
    pub fn instance_metadata(mut self, allowed: bool) -> Self {
        self.search.instance_metadata = allowed;
        self
    }

    /// Assumes a role with the credentials that are found. It does not count where credentials are given.
    pub fn assume_role(mut self, role: AssumeRole) -> Self {
        self.search.assume_role = Some(role);
        self
    }

    /// Sets the transport.
    pub fn transport(mut self, transport: Arc<dyn Transport>) -> Self {
        self.transport = Some(transport);
        self
    }

    /// Sets clock and randomness.
    pub fn ambient(mut self, ambient: Arc<dyn Ambient>) -> Self {
        self.ambient = Some(ambient);
        self
    }

    /// Sets the bounds of the retry loop.
    pub fn retry(mut self, retry: RetryPolicy) -> Self {
        self.retry = retry;
        self
    }

    /// Sets how long an import whose answer was lost is looked for.
    pub fn grace(mut self, grace: Grace) -> Self {
        self.grace = grace;
        self
    }

    /// Shares a gate with other clients.
    pub fn gate(mut self, gate: Gate) -> Self {
        self.gate = gate;
        self
    }

    /// The endpoint: as set, else from a host template in which `{region}` is replaced.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidRequest`] when the region is empty or makes no host name.
    pub fn endpoint_or(&self, provider: Provider, template: &str) -> Result<Endpoint> {
        if let Some(endpoint) = &self.endpoint {
            return Ok(endpoint.clone());
        }
        let fits = |c: char| c.is_ascii_alphanumeric() || c == '-';
        if self.region.is_empty() || !self.region.chars().all(fits) {
            return Err(
                Error::new(ErrorKind::InvalidRequest, format!("`{}` is no region id", self.region))
                    .with_provider(provider)
                    .with_remedy("Give a region id such as the vendor writes it, in letters, digits and dashes."),
            );
        }
        template.replace("{region}", &self.region).parse()
    }

    /// The pipeline, with defaults for what is not set.
    ///
    /// # Errors
    /// [`ErrorKind::Local`] when the HTTP client cannot be set up. Where no [`ClientBuilder`] said where credentials are
    /// looked for, [`ErrorKind::Credentials`] when the environment has none.
    pub fn pipeline(&self, provider: Provider, names: &EnvironmentNames) -> Result<Pipeline> {
        let reach = self.reach()?;
        let credentials: Arc<dyn CredentialSource> = match (&self.credentials, self.chain) {
            (Some(source), _) => Arc::clone(source),
            (None, Some(spec)) => Arc::new(credentials::chain(spec, self.search.clone(), reach.clone())),
            (None, None) => Arc::new(Credentials::from_environment(provider, names)?),
        };
        Ok(Pipeline {
            credentials,
            transport: reach.transport,
            ambient: reach.ambient,
            retry: self.retry,
            clock_offset: reach.clock_offset,
            gate: self.gate.clone(),
        })
    }

    /// The search for credentials that a client with these settings makes, for a program that shares its result between
    /// clients or asks it where the keys come from. Credentials in the settings do not count.
    ///
    /// # Errors
    /// [`ErrorKind::Local`] when the HTTP client cannot be set up. What is found, or not, is told when it is asked.
    pub fn credential_chain(&self, spec: &'static ChainSpec) -> Result<Chain> {
        Ok(credentials::chain(spec, self.search.clone(), self.reach()?))
    }

    fn reach(&self) -> Result<Reach> {
        Ok(Reach {
            region: self.region.clone(),
            endpoint: self.endpoint.clone(),
            transport: match &self.transport {
                Some(transport) => Arc::clone(transport),
                None => transport::default()?,
            },
            ambient: self.ambient.clone().unwrap_or_else(|| Arc::new(System)),
            clock_offset: ClockOffset::default(),
        })
    }

    /// The project beside the credentials: one from the environment or a profile belongs to the keys from there. A search
    /// that fails is not told here: it fails again, in full words, when credentials are asked for.
    fn project_beside_credentials(&self, names: &EnvironmentNames) -> Option<String> {
        if self.credentials.is_some() {
            return None;
        }
        let ambient: &dyn Ambient = self.ambient.as_deref().unwrap_or(&System);
        self.chain
            .and_then(|spec| credentials::defaults(spec, &self.search, ambient).ok()?.project)
            .or_else(|| names.project_id.iter().find_map(|name| ambient.variable(name)))
    }
}

/// What a client has once it is built: where it sends, for which region and project, and how.
#[derive(Debug, Clone)]
pub struct Connection {
    /// Where the API is.
    pub endpoint: Endpoint,
    /// The region.
    pub region: String,
    /// The project, where one was named.
    pub project: Option<String>,
    /// Sends requests.
    pub pipeline: Pipeline,
    /// How long an import whose answer was lost is looked for.
    pub grace: Grace,
    provider: Provider,
}

impl Connection {
    /// Fills in what the settings leave open: the endpoint from a host template, credentials and project from where the
    /// vendor's own tools have them.
    ///
    /// # Errors
    /// As [`Settings::endpoint_or`] and [`Settings::pipeline`].
    pub fn new(settings: Settings, provider: Provider, host: &str, names: &EnvironmentNames) -> Result<Self> {
        Ok(Self {
            endpoint: settings.endpoint_or(provider, host)?,
            pipeline: settings.pipeline(provider, names)?,
            project: match &settings.project {
                Some(project) => Some(project.clone()),
                None => settings.project_beside_credentials(names),
            },
            region: settings.region,
            grace: settings.grace,
            provider,
        })
    }

    /// The task of an order before it is sent: name, source, generation and where it goes.
    pub fn task(&self, order: &ImportRequest) -> ImportTask {
        let source = order
            .first_disk()
            .map(|disk| disk.source.identity())
            .unwrap_or_default();
        let now = self.pipeline.ambient.now();
        let mut task = ImportTask::new(
            self.provider,
            self.endpoint.to_string(),
            &self.region,
            &order.name,
            source,
            now,
        );
        task.project = self.project.clone();
        task.generation = order.generation;
        task.dry_run = order.dry_run;
        task
    }

    /// The fields of a call, with the client's region and project where the call leaves them out and the operation takes them.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidRequest`] when the call cannot be written as JSON.
    pub fn fields<Q: Call>(&self, call: &Q) -> Result<Fields> {
        let mut fields = object::fields(call)?;
        for (name, fill) in Q::FILLS {
            let own = match fill {
                Fill::Region => Some(self.region.as_str()),
                Fill::Project => self.project.as_deref(),
            };
            if let Some(own) = own.filter(|own| !own.is_empty()) {
                fields.entry(*name).or_insert_with(|| own.into());
            }
        }
        Ok(fields)
    }

    /// Makes a call: `request` turns its fields into an unsigned request, which is sent and its answer read.
    ///
    /// # Errors
    /// Every kind that a request can end with.
    pub async fn call<Q: Call>(
        &self,
        protocol: &dyn Protocol,
        call: &Q,
        request: impl FnOnce(&Operation, Fields) -> Result<Request<Bytes>>,
    ) -> Result<Q::Answer> {
        let fields = self.fields(call)?;
        let repeatable = Q::OPERATION.repeat.allows(&fields);
        let request = request(&Q::OPERATION, fields)
            .map_err(|error| error.with_provider(self.provider).with_operation(Q::OPERATION.name))?;
        self.pipeline
            .send(protocol, &Q::OPERATION, repeatable, request)
            .await?
            .decode()
    }
}

/// Where a cloud's credentials are looked for when none are given.
pub trait Chained {
    /// The places.
    const CREDENTIAL_CHAIN: &'static ChainSpec;
}

/// A client that [`ClientBuilder`] can build.
pub trait Buildable: Chained + Sized {
    /// What only this vendor's client can be told.
    type Options: Default + Debug;

    /// Builds it.
    ///
    /// # Errors
    /// As [`Settings::endpoint_or`] and [`Settings::pipeline`].
    fn build(settings: Settings, options: Self::Options) -> Result<Self>;
}

/// Builds a client.
#[derive(Debug)]
#[must_use]
pub struct ClientBuilder<C: Buildable> {
    settings: Settings,
    options: C::Options,
    client: PhantomData<fn() -> C>,
}

impl<C: Buildable> ClientBuilder<C> {
    /// A client for a region.
    pub fn new(region: impl Into<String>) -> Self {
        Self::from(Settings::new(region))
    }

    /// Sets the project.
    pub fn project(self, project: impl Into<String>) -> Self {
        self.map(|settings| settings.project(project))
    }

    /// Sets the endpoint.
    pub fn endpoint(self, endpoint: Endpoint) -> Self {
        self.map(|settings| settings.endpoint(endpoint))
    }

    /// Sets the credentials.
    pub fn credentials(self, credentials: Credentials) -> Self {
        self.map(|settings| settings.credentials(credentials))
    }

    /// Takes the credentials of a profile of the vendor's own tools.
    pub fn profile(self, name: impl Into<String>) -> Self {
        self.map(|settings| settings.profile(name))
    }

    /// Lets instance metadata be asked for credentials: at the vendor's fixed address, over plain HTTP.
    pub fn instance_metadata(self, allowed: bool) -> Self {
        self.map(|settings| settings.instance_metadata(allowed))
    }

    /// Assumes a role with the credentials that are found. It does not count where credentials are given.
    pub fn assume_role(self, role: AssumeRole) -> Self {
        self.map(|settings| settings.assume_role(role))
    }

    /// Sets the transport.
    pub fn transport(self, transport: Arc<dyn Transport>) -> Self {
        self.map(|settings| settings.transport(transport))
    }

    /// Sets clock and randomness.
    pub fn ambient(self, ambient: Arc<dyn Ambient>) -> Self {
        self.map(|settings| settings.ambient(ambient))
    }

    /// Sets the bounds of the retry loop.
    pub fn retry(self, retry: RetryPolicy) -> Self {
        self.map(|settings| settings.retry(retry))
    }

    /// Sets how long an import whose answer was lost is looked for.
    pub fn grace(self, grace: Grace) -> Self {
        self.map(|settings| settings.grace(grace))
    }

    /// Sets what only this vendor's client can be told.
    pub fn options(mut self, options: C::Options) -> Self {
        self.options = options;
        self
    }

    /// Builds the client.
    ///
    /// # Errors
    /// A region that makes no host name, or an HTTP client that cannot be set up. Missing credentials are told by the
    /// first call.
    pub fn build(mut self) -> Result<C> {
        self.settings.chain = Some(C::CREDENTIAL_CHAIN);
        C::build(self.settings, self.options)
    }

    fn map(mut self, change: impl FnOnce(Settings) -> Settings) -> Self {
        self.settings = change(self.settings);
        self
    }
}

impl<C: Buildable> From<Settings> for ClientBuilder<C> {
    fn from(settings: Settings) -> Self {
        Self {
            settings,
            options: C::Options::default(),
            client: PhantomData,
        }
    }
}
