//! What a built client sends with.

use std::{error::Error as _, fmt};

use http::Request;

use super::{Hosts, Settings};
use crate::{
    Bytes, Endpoint, Error, Grace, ImportRequest, ImportTask, Provider, Result,
    credentials::EnvironmentNames,
    model::object::{self, Fields},
    net::{
        Pipeline,
        protocol::Protocol,
        transport::{Stage, TransportError},
    },
    wire::{Call, Fill, Operation},
};

/// What a client has once it is built: where it sends, for which region and project, and how. `Debug` shows the place alone.
#[derive(Clone)]
#[non_exhaustive]
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
    hosts: Hosts,
}

impl Connection {
    /// Fills in what the settings leave open: the endpoint from the hosts of the cloud, credentials and project from where the
    /// vendor's own tools have them.
    ///
    /// # Errors
    /// As [`Settings::endpoint_or`] and [`Settings::pipeline`].
    pub fn new(settings: Settings, provider: Provider, hosts: Hosts, names: &EnvironmentNames) -> Result<Self> {
        Ok(Self {
            endpoint: settings.endpoint_or(provider, hosts.of(&settings.region))?,
            pipeline: settings.pipeline(provider, names)?,
            project: match &settings.project {
                Some(project) => Some(project.clone()),
                None => settings.project_beside_credentials(names),
            },
            region: settings.region,
            grace: settings.grace,
            provider,
            hosts,
        })
    }

    /// Whether the endpoint is one that the vendor publishes for the region. A task may come from anywhere, and names its own.
    pub fn is_published(&self) -> bool {
        self.hosts.has(&self.endpoint, &self.region)
    }

    /// The connection to another region, by the same keys and pace: at the vendor's host of that region, or at the same endpoint
    /// where that is none of the vendor's.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidRequest`](crate::ErrorKind::InvalidRequest) when the region makes no host name.
    pub fn in_region(&self, region: &str, project: Option<&str>) -> Result<Self> {
        if region == self.region && project.is_none_or(|project| self.project.as_deref() == Some(project)) {
            return Ok(self.clone());
        }
        let endpoint = match self.hosts.moved(&self.endpoint, &self.region, region) {
            Some(host) => format!("{}://{host}", self.endpoint.scheme()).parse()?,
            None => self.endpoint.clone(),
        };
        Ok(Self {
            endpoint,
            region: region.to_owned(),
            project: project.map(str::to_owned),
            ..self.clone()
        })
    }

    /// The task of an order before it is sent: name, source, generation and where it goes.
    pub fn task(&self, order: &ImportRequest) -> ImportTask {
        let source = order
            .first_disk()
            .map(|disk| disk.source.identity())
            .unwrap_or_default();
        let now = self.pipeline.env.now();
        let mut task = ImportTask::new(
            self.provider,
            self.endpoint.to_string(),
            &self.region,
            &order.name,
            source,
            now,
        );
        task.copied_from = order.image().cloned();
        task.project = self.project.clone();
        task.generation = order.generation;
        task.dry_run = order.dry_run;
        task
    }

    /// The fields of a call, with the client's region and project where the call leaves them out and the operation takes them.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidRequest`](crate::ErrorKind::InvalidRequest) when the call cannot be written as JSON.
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
    ) -> Result<Response<Q::Answer>> {
        let fields = self.fields(call)?;
        let repeatable = Q::OPERATION.repeat.allows(&fields);
        let request = request(&Q::OPERATION, fields)
            .map_err(|error| error.with_provider(self.provider).with_operation(Q::OPERATION.name))?;
        let answer = self.pipeline.send(protocol, &Q::OPERATION, repeatable, request).await;
        let answer = answer.map_err(|error| self.suggest_regions(error))?;
        let http_status = answer.http.status().as_u16();
        let request_id = answer.request_id.clone();
        Ok(Response {
            value: answer.decode()?,
            request_id,
            http_status,
        })
    }

    /// An error of a host that cannot be resolved and has the region in its name, with the regions that are spelt nearly so.
    fn suggest_regions(&self, error: Error) -> Error {
        let failure = error.source().and_then(|cause| cause.downcast_ref::<TransportError>());
        let unresolved = failure.filter(|failure| failure.stage == Some(Stage::Resolve));
        let host = unresolved.and_then(|failure| failure.host.as_deref());
        let near = match host {
            Some(host) if host.contains(&self.region) => self.hosts.near(&self.region),
            _ => Vec::new(),
        };
        if near.is_empty() {
            return error;
        }
        let (region, near) = (&self.region, near.join(", "));
        error.with_remedy(format!(
            "Check the region: `{region}` is not a known one. Similar ones are: {near}. If it is right, check the endpoint, and \
             whether this machine resolves other names."
        ))
    }
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connection")
            .field("provider", &self.provider)
            .field("region", &self.region)
            .field("project", &self.project)
            .field("endpoint", &self.endpoint)
            .finish_non_exhaustive()
    }
}

/// A good answer, with what the vendor's support asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Response<T> {
    /// The answer.
    pub value: T,
    /// The vendor's id of the request.
    pub request_id: Option<String>,
    /// The HTTP status.
    pub http_status: u16,
}
