//! The client: Huawei Cloud's operations in its own words. It sends what it is told: it validates nothing and adds only
//! its project.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

use cloud_import_core::{
    Bytes, ClientBuilder, Endpoint, Error, ErrorKind, Field, Provider, Remedy, Response, Result, Settings,
    http::Request,
    provider::{
        Buildable, Call, Connection, Operation, VendorSettings, canonical,
        encode::{self, Fields},
        id,
    },
};
use tokio::sync::OnceCell;

use crate::{
    generated::{ENVIRONMENT, HOSTS, KeystoneListProjectsRequest},
    sign::{PROJECT, Signer},
};

/// A client for one region. Cheap to clone; clones share connections and the project id once it was found.
///
/// For another host than [`HOST`](crate::HOST), such as one of [`OTHER_HOSTS`](crate::OTHER_HOSTS), give
/// `"ims.eu-de.otc.t-systems.com".parse()?` to [`ClientBuilder::endpoint`]; plain HTTP only when the text says `http://` and
/// [`ClientBuilder::plain_http`] allows it. IAM is then looked for beside it: see [`ClientOptions::iam_endpoint`].
#[derive(Debug, Clone)]
pub struct Client {
    pub(crate) connection: Connection,
    signer: Signer,
    iam_endpoint: Option<Endpoint>,
    discovered: Discovered,
}

/// The ids of projects that were found out, by region: clients of other regions come of this one.
type Discovered = Arc<Mutex<BTreeMap<String, Arc<OnceCell<String>>>>>;

/// What only this vendor's client can be told.
///
/// ```
/// use huawei_ims_import::{Client, ClientOptions, common::Credentials};
///
/// let options = ClientOptions::default().iam_endpoint("https://iam.private.example".parse()?);
/// let client = Client::builder("cn-north-4").credentials(Credentials::new("ID", "KEY")).options(options).build()?;
/// # Ok::<(), huawei_ims_import::common::Error>(())
/// ```
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct ClientOptions {
    /// Where IAM is, which knows the project ids. When not set, it is the host of the API with `iam` in the place of its
    /// first label `ims`.
    pub iam_endpoint: Option<Endpoint>,
}

/// What can be set.
impl ClientOptions {
    /// Sets where IAM is.
    #[must_use]
    pub fn iam_endpoint(mut self, iam_endpoint: Endpoint) -> Self {
        self.iam_endpoint = Some(iam_endpoint);
        self
    }
}

impl VendorSettings for ClientOptions {
    const PROVIDER: Provider = Provider::HUAWEI;
}

impl Buildable for Client {
    type Options = ClientOptions;

    fn build(settings: Settings, options: ClientOptions) -> Result<Self> {
        if let Some(iam) = &options.iam_endpoint {
            settings
                .allow(iam)
                .map_err(|error| error.with_provider(Provider::HUAWEI))?;
        }
        let connection = Connection::new(settings, Provider::HUAWEI, HOSTS, &ENVIRONMENT)?;
        Ok(Self {
            signer: Signer,
            iam_endpoint: options.iam_endpoint.or_else(|| iam_beside(&connection.endpoint)),
            discovered: Arc::default(),
            connection,
        })
    }
}

impl Client {
    /// A client for a region such as `cn-north-4`.
    /// Without credentials, they are looked for where the vendor's own tools keep them.
    ///
    /// ```
    /// use std::sync::Arc;
    ///
    /// use huawei_ims_import::{Client, common::{Credentials, RetryPolicy, transport::HttpTransport}};
    ///
    /// let client = Client::builder("cn-north-4")
    ///     .credentials(Credentials::new("ID", "KEY"))
    ///     .retry(RetryPolicy::default().attempts(3))
    ///     .transport(Arc::new(HttpTransport::new()?))
    ///     .build()?;
    /// assert_eq!(client.region(), "cn-north-4");
    /// # Ok::<(), huawei_ims_import::common::Error>(())
    /// ```
    pub fn builder(region: impl Into<String>) -> ClientBuilder<Self> {
        ClientBuilder::new(region)
    }

    /// The region.
    pub fn region(&self) -> &str {
        &self.connection.region
    }

    /// The id of the project, where one was named.
    pub fn project(&self) -> Option<&str> {
        self.connection.project.as_deref()
    }

    /// Where the API is.
    pub fn endpoint(&self) -> &Endpoint {
        &self.connection.endpoint
    }

    /// Signs requests of this client.
    pub fn signer(&self) -> &Signer {
        &self.signer
    }

    /// This client in another project.
    #[must_use]
    pub fn in_project(&self, project: impl Into<String>) -> Self {
        let mut client = self.clone();
        client.connection.project = Some(project.into());
        client
    }

    /// This client in another region, in a project of that. IAM is looked for beside the API there, unless it was named.
    pub(crate) fn moved(&self, region: &str, project: Option<&str>) -> Result<Self> {
        let connection = self.connection.in_region(region, project)?;
        let is_beside = self.iam_endpoint == iam_beside(&self.connection.endpoint);
        Ok(Self {
            iam_endpoint: match is_beside {
                true => iam_beside(&connection.endpoint),
                false => self.iam_endpoint.clone(),
            },
            connection,
            ..self.clone()
        })
    }

    /// This client in its project: the named one, else the region's, which IAM is asked for once.
    ///
    /// # Errors
    /// As [`Self::project_id`].
    pub async fn with_project(&self) -> Result<Self> {
        Ok(self.in_project(self.project_id().await?))
    }

    /// The id of the project: the named one, else that of the project named after the region, which IAM is asked for once
    /// for all clones.
    ///
    /// # Errors
    /// When IAM does not list exactly one such project, or cannot be asked, as where its host is neither beside the endpoint nor in
    /// [`ClientOptions::iam_endpoint`]. Nothing else was executed then:
    /// [`Error::may_have_executed`] is `false`.
    pub async fn project_id(&self) -> Result<String> {
        match self.project() {
            Some(project) => Ok(project.to_owned()),
            None => self.discovered().get_or_try_init(|| self.discover()).await.cloned(),
        }
    }

    fn discovered(&self) -> Arc<OnceCell<String>> {
        let mut all = self.discovered.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(all.entry(self.region().to_owned()).or_default())
    }

    async fn discover(&self) -> Result<String> {
        let request = KeystoneListProjectsRequest {
            name: Some(self.region().to_owned()),
            ..Default::default()
        };
        let answer = self
            .keystone_list_projects(&request)
            .await
            .map_err(|error| error.with_may_have_executed(false))?;
        let projects = answer.projects.unwrap_or_default();
        let mut ids = projects.into_iter().filter_map(|project| project.id);
        let (kind, how_many) = match (ids.next(), ids.next()) {
            (Some(id), None) => {
                let id =
                    id::answered(Provider::HUAWEI, Some(id)).map_err(|error| error.with_may_have_executed(false))?;
                return Ok(id.unwrap_or_default());
            }
            (None, _) => (ErrorKind::NotFound, "no project"),
            (Some(_), Some(_)) => (ErrorKind::InvalidRequest, "more than one project"),
        };
        Err(Error::new(
            kind,
            format!("IAM lists {how_many} named `{}` for these credentials", self.region()),
        )
        .with_provider(Provider::HUAWEI)
        .with_remedy(Remedy::set(Field::Project).or(format!(
            "set {} beside keys from the environment; the console shows the project's id under \"My Credentials\"",
            ENVIRONMENT.project_id.join(" or ")
        ))))
    }

    /// The request of a call, unsigned.
    ///
    /// # Errors
    /// When a path parameter is missing, or the host of IAM is not known and needed.
    pub fn unsigned<Q: Call>(&self, call: &Q) -> Result<Request<Bytes>> {
        self.request(&Q::OPERATION, self.connection.fields(call)?)
    }

    /// Sends a call, of this crate or of your own (see [`Call`]), and reads its answer, with the id of the request.
    ///
    /// Dropping the future gives up the call; whether it was executed is then not known.
    ///
    /// # Errors
    /// What the vendor refuses, with its code; and what fails on the way.
    pub async fn call<Q: Call>(&self, call: &Q) -> Result<Response<Q::Answer>> {
        self.connection
            .call(&self.signer, call, |operation, fields| self.request(operation, fields))
            .await
    }

    fn request(&self, operation: &Operation, fields: Fields) -> Result<Request<Bytes>> {
        if operation.name == KeystoneListProjectsRequest::OPERATION.name {
            return encode::rest(self.iam()?, operation, fields);
        }
        let mut request = encode::rest(self.endpoint(), operation, fields)?;
        if let Some(project) = self.project() {
            canonical::set(request.headers_mut(), PROJECT, project)?;
        }
        Ok(request)
    }

    fn iam(&self) -> Result<&Endpoint> {
        self.iam_endpoint.as_ref().ok_or_else(|| {
            Error::new(
                ErrorKind::InvalidRequest,
                format!("where IAM is cannot be told from the endpoint {}", self.endpoint()),
            )
            .with_remedy(Remedy::set(Field::Project))
        })
    }
}

/// IAM's host beside the API's: the same but for the first label. So formed for the European site too, which is unverified.
fn iam_beside(endpoint: &Endpoint) -> Option<Endpoint> {
    match endpoint.authority().split_once('.') {
        Some(("ims" | "iam", rest)) => format!("{}://iam.{rest}", endpoint.scheme()).parse().ok(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn iam_is_beside_the_api() {
        let beside = |text: &str| iam_beside(&text.parse().unwrap()).map(|endpoint| endpoint.to_string());
        assert_eq!(
            beside("ims.eu-west-101.myhuaweicloud.eu").as_deref(),
            Some("https://iam.eu-west-101.myhuaweicloud.eu")
        );
        assert_eq!(
            beside("http://ims.cn-north-4.myhuaweicloud.com:8080").as_deref(),
            Some("http://iam.cn-north-4.myhuaweicloud.com:8080")
        );
        assert_eq!(beside("http://127.0.0.1:8080"), None);
        assert_eq!(beside("https://images.example.com"), None);
    }
}
