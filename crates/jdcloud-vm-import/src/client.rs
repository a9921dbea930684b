//! The client: JD Cloud's operations in its own words. It sends what it is told: it validates nothing and fills in
//! only the region that a request leaves out.

use cloud_import_core::{
    Bytes, ClientBuilder, Endpoint, Provider, Response, Result, Settings,
    http::Request,
    provider::{
        Buildable, Call, Connection, Operation, OtherApi, VendorSettings,
        encode::{self, Fields},
    },
};

use crate::{
    generated::{ENVIRONMENT, HOSTS, SERVICE},
    sign::{SecurityTokenForm, SignatureVersion, Signer},
};

/// How the service's own hosts begin and end.
const OWN_HOSTS: (&str, &str) = ("vm.", ".jdcloud-api.com");

/// A client for one region. Cheap to clone; clones share connections.
///
/// For another host than [`HOST`](crate::HOST), such as one of [`OTHER_HOSTS`](crate::OTHER_HOSTS), give
/// `"http://vm.internal.cn-north-1.jdcloud-api.com".parse()?` to [`ClientBuilder::endpoint`]; plain HTTP only when the
/// text says `http://` and [`ClientBuilder::plain_http`] allows it, for hosts without TLS.
#[derive(Debug, Clone)]
pub struct Client {
    pub(crate) connection: Connection,
    signer: Signer,
}

/// What only this vendor's client can be told.
///
/// ```
/// use jdcloud_vm_import::{Client, ClientOptions, SignatureVersion, common::Credentials};
///
/// let options = ClientOptions::default().signature_version(SignatureVersion::V3);
/// let client = Client::builder("cn-north-1").credentials(Credentials::new("ID", "KEY")).options(options).build()?;
/// # Ok::<(), jdcloud_vm_import::common::Error>(())
/// ```
#[derive(Debug, Clone, Copy, Default)]
#[non_exhaustive]
pub struct ClientOptions {
    /// Which signature; version 2 when not set.
    pub signature_version: SignatureVersion,
    /// How a security token is sent; base64 when not set.
    pub security_token_form: SecurityTokenForm,
}

/// What can be set.
impl ClientOptions {
    /// Sets which signature.
    #[must_use]
    pub fn signature_version(mut self, signature_version: SignatureVersion) -> Self {
        self.signature_version = signature_version;
        self
    }

    /// Sets how a security token is sent.
    #[must_use]
    pub fn security_token_form(mut self, security_token_form: SecurityTokenForm) -> Self {
        self.security_token_form = security_token_form;
        self
    }
}

impl VendorSettings for ClientOptions {
    const PROVIDER: Provider = Provider::JDCLOUD;
}

impl Buildable for Client {
    type Options = ClientOptions;

    fn build(settings: Settings, options: ClientOptions) -> Result<Self> {
        let connection = Connection::new(settings, Provider::JDCLOUD, HOSTS, &ENVIRONMENT)?;
        Ok(Self {
            signer: Signer {
                region: connection.region.clone(),
                service: SERVICE,
                version: options.signature_version,
                security_token_form: options.security_token_form,
            },
            connection,
        })
    }
}

impl Client {
    /// A client for a region such as `cn-north-1`.
    /// Without credentials, they are looked for where the vendor's own tools keep them.
    ///
    /// ```
    /// use std::sync::Arc;
    ///
    /// use jdcloud_vm_import::{Client, common::{Credentials, RetryPolicy, transport::HttpTransport}};
    ///
    /// let client = Client::builder("cn-north-1")
    ///     .credentials(Credentials::new("ID", "KEY"))
    ///     .retry(RetryPolicy::default().attempts(3))
    ///     .transport(Arc::new(HttpTransport::new()?))
    ///     .build()?;
    /// assert_eq!(client.region(), "cn-north-1");
    /// # Ok::<(), jdcloud_vm_import::common::Error>(())
    /// ```
    pub fn builder(region: impl Into<String>) -> ClientBuilder<Self> {
        ClientBuilder::new(region)
    }

    /// The region.
    pub fn region(&self) -> &str {
        &self.connection.region
    }

    /// This client in another region, by the same keys. The scope of its signatures names the region.
    pub(crate) fn moved(&self, region: &str, project: Option<&str>) -> Result<Self> {
        let connection = self.connection.in_region(region, project)?;
        let signer = Signer {
            region: connection.region.clone(),
            ..self.signer.clone()
        };
        Ok(Self { connection, signer })
    }

    /// Where the API is.
    pub fn endpoint(&self) -> &Endpoint {
        &self.connection.endpoint
    }

    /// Signs requests of this client.
    pub fn signer(&self) -> &Signer {
        &self.signer
    }

    /// Signs requests of an API of the vendor's: the scope of a signature names the service.
    pub fn signer_of(&self, api: Option<OtherApi>) -> Signer {
        Signer {
            service: api.map_or(SERVICE, |api| api.service),
            ..self.signer.clone()
        }
    }

    /// The request of a call, unsigned.
    ///
    /// # Errors
    /// When a path parameter is missing.
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
            .call(&self.signer_of(Q::API), call, |operation, fields| {
                self.request(Q::API, operation, fields)
            })
            .await
    }

    fn request(&self, api: Option<OtherApi>, operation: &Operation, fields: Fields) -> Result<Request<Bytes>> {
        match api {
            Some(api) => encode::rest(&self.endpoint_of(api)?, operation, fields),
            None => encode::rest(self.endpoint(), operation, fields),
        }
    }

    /// Where another API is. An endpoint that is not of this service alone answers for all of them: keys that are meant for a
    /// private cloud do not go to the public one, and `www.jdcloud-api.com` serves every service.
    fn endpoint_of(&self, api: OtherApi) -> Result<Endpoint> {
        let host = self.endpoint().host();
        if host.starts_with(OWN_HOSTS.0) && host.ends_with(OWN_HOSTS.1) {
            api.host.parse()
        } else {
            Ok(self.endpoint().clone())
        }
    }
}
