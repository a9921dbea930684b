//! The client: Alibaba Cloud's operations in its own words. It sends what it is told: it validates nothing and adds only
//! action, version and, where an operation takes it and a request leaves it out, the region.

use cloud_import_core::{
    Bytes, ClientBuilder, Endpoint, Provider, Response, Result, Settings,
    http::{Request, header},
    provider::{
        Buildable, Call, Connection, Operation, OtherApi, VendorSettings, canonical,
        encode::{self, Fields},
    },
};

use crate::{
    generated::{API_VERSION, ENVIRONMENT, HOSTS},
    rpc::{self, RpcForm},
    sign::{SignatureVersion, Signer},
};

/// How the vendor's own hosts end.
const VENDORS_HOSTS: &str = ".aliyuncs.com";

/// A client for one region. Cheap to clone; clones share connections.
///
/// For another host than [`HOST`](crate::HOST), such as one of [`OTHER_HOSTS`](crate::OTHER_HOSTS), give
/// `"ecs-vpc.cn-beijing.aliyuncs.com".parse()?` to [`ClientBuilder::endpoint`]; plain HTTP only when the text says
/// `http://`.
#[derive(Debug, Clone)]
pub struct Client {
    pub(crate) connection: Connection,
    signer: Signer,
    rpc_form: RpcForm,
}

/// What only this vendor's client can be told.
///
/// ```
/// use aliyun_ecs_import::{Client, ClientOptions, RpcForm, SignatureVersion, common::Credentials};
///
/// let options = ClientOptions::default().signature_version(SignatureVersion::Rpc).rpc_form(RpcForm::Get);
/// let client = Client::builder("cn-hangzhou").credentials(Credentials::new("ID", "KEY")).options(options).build()?;
/// # Ok::<(), aliyun_ecs_import::common::Error>(())
/// ```
#[derive(Debug, Clone, Copy, Default)]
#[non_exhaustive]
pub struct ClientOptions {
    /// Which signature; version 3 when not set.
    pub signature_version: SignatureVersion,
    /// How a request with the RPC signature is sent; it says nothing about any other.
    pub rpc_form: RpcForm,
}

/// What can be set.
impl ClientOptions {
    /// Sets which signature.
    #[must_use]
    pub fn signature_version(mut self, signature_version: SignatureVersion) -> Self {
        self.signature_version = signature_version;
        self
    }

    /// Sets how a request with the RPC signature is sent.
    #[must_use]
    pub fn rpc_form(mut self, rpc_form: RpcForm) -> Self {
        self.rpc_form = rpc_form;
        self
    }
}

impl VendorSettings for ClientOptions {
    const PROVIDER: Provider = Provider::ALIYUN;
}

impl Buildable for Client {
    type Options = ClientOptions;

    fn build(settings: Settings, options: ClientOptions) -> Result<Self> {
        Ok(Self {
            connection: Connection::new(settings, Provider::ALIYUN, HOSTS, &ENVIRONMENT)?,
            signer: Signer {
                version: options.signature_version,
            },
            rpc_form: options.rpc_form,
        })
    }
}

impl Client {
    /// A client for a region such as `cn-hangzhou`.
    /// Without credentials, they are looked for where the vendor's own tools keep them.
    ///
    /// The region makes the endpoint. As a parameter (`RegionId`) it goes with the operations whose documents have one, unless the
    /// request names another.
    ///
    /// ```
    /// use std::sync::Arc;
    ///
    /// use aliyun_ecs_import::{Client, common::{Credentials, RetryPolicy, transport::HttpTransport}};
    ///
    /// let client = Client::builder("cn-hangzhou")
    ///     .credentials(Credentials::new("ID", "KEY"))
    ///     .retry(RetryPolicy::default().attempts(3))
    ///     .transport(Arc::new(HttpTransport::new()?))
    ///     .build()?;
    /// assert_eq!(client.region(), "cn-hangzhou");
    /// # Ok::<(), aliyun_ecs_import::common::Error>(())
    /// ```
    pub fn builder(region: impl Into<String>) -> ClientBuilder<Self> {
        ClientBuilder::new(region)
    }

    /// The region.
    pub fn region(&self) -> &str {
        &self.connection.region
    }

    /// Where the API is.
    pub fn endpoint(&self) -> &Endpoint {
        &self.connection.endpoint
    }

    /// Signs requests of this client.
    pub fn signer(&self) -> &Signer {
        &self.signer
    }

    /// The request of a call, unsigned.
    ///
    /// # Errors
    /// When the parameters are too long for a URL (about 64 KiB).
    pub fn unsigned<Q: Call>(&self, call: &Q) -> Result<Request<Bytes>> {
        self.request(Q::API, &Q::OPERATION, self.connection.fields(call)?)
    }

    /// Sends a call, of this crate or of your own (see [`Call`]), and reads its answer, with the id of the request.
    ///
    /// Dropping the future gives up the call; whether it was executed is then not known.
    ///
    /// # Errors
    /// What the vendor refuses, with its code; and what fails on the way.
    pub async fn call<Q: Call>(&self, call: &Q) -> Result<Response<Q::Answer>> {
        self.connection
            .call(&self.signer, call, |operation, fields| {
                self.request(Q::API, operation, fields)
            })
            .await
    }

    fn request(&self, api: Option<OtherApi>, operation: &Operation, fields: Fields) -> Result<Request<Bytes>> {
        let endpoint = match api {
            Some(api) => self.endpoint_of(api)?,
            None => self.endpoint().clone(),
        };
        let version = api.map_or(API_VERSION, |api| api.version);
        match self.signer.version {
            SignatureVersion::V3 => v3_request(&endpoint, operation, version, fields),
            SignatureVersion::Rpc => rpc::request(&endpoint, operation, version, fields, self.rpc_form),
        }
    }

    /// Where another API is. An endpoint that is not the vendor's own answers for all of them: keys that are meant for a
    /// private cloud do not go to the public one.
    fn endpoint_of(&self, api: OtherApi) -> Result<Endpoint> {
        if self.endpoint().host().ends_with(VENDORS_HOSTS) {
            api.host.parse()
        } else {
            Ok(self.endpoint().clone())
        }
    }
}

/// All parameters go into the query, lists counted from 1, and the body is empty. Source: V3 request structure and
/// signature; alibabacloud_ecs20140526 for Python 7.11.8 (2026-10).
fn v3_request(endpoint: &Endpoint, operation: &Operation, version: &str, fields: Fields) -> Result<Request<Bytes>> {
    let query = encode::sorted_pairs(encode::dotted(&fields, 1));
    let target = if query.is_empty() {
        operation.path.to_owned()
    } else {
        format!("{}?{query}", operation.path)
    };
    let mut request = encode::request(endpoint, operation.method.clone(), &target, None, Bytes::new())?;
    let headers = request.headers_mut();
    canonical::set(headers, header::ACCEPT.as_str(), "application/json")?;
    canonical::set(headers, "x-acs-action", operation.name)?;
    canonical::set(headers, "x-acs-version", version)?;
    Ok(request)
}
