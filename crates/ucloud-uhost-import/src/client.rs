//! The client: UCloud's operations in its own words. It sends what it is told: it validates nothing and adds only action,
//! region and project.

use std::fmt;

use cloud_import_core::{
    Bytes, ClientBuilder, Endpoint, Provider, Response, Result, Settings,
    http::{HeaderMap, Request},
    provider::{
        Buildable, Call, Connection, Operation, VendorSettings, canonical,
        encode::{self, Fields},
    },
};

use crate::{
    generated::{ENVIRONMENT, HOSTS},
    sign::{FORM, Signer},
};

/// A client for one region. Cheap to clone; clones share connections.
///
/// For another host than [`HOST`](crate::HOST), such as one of [`OTHER_HOSTS`](crate::OTHER_HOSTS), give
/// `"http://api.service.ucloud.cn".parse()?` to [`ClientBuilder::endpoint`]; plain HTTP only when the text says `http://`
/// and [`ClientBuilder::plain_http`] allows it, for hosts without TLS. Some want a [`ClientOptions::channel_key`] too.
#[derive(Debug, Clone)]
pub struct Client {
    pub(crate) connection: Connection,
    signer: Signer,
    /// Go with every request. Values are marked as secret.
    headers: HeaderMap,
}

/// What only this vendor's client can be told.
///
/// ```
/// use ucloud_uhost_import::{Client, ClientOptions, common::Credentials};
///
/// let options = ClientOptions::default().channel_key("a-channel");
/// let client = Client::builder("cn-bj2").credentials(Credentials::new("ID", "KEY")).options(options).build()?;
/// # Ok::<(), ucloud_uhost_import::common::Error>(())
/// ```
#[derive(Clone, Default)]
#[non_exhaustive]
pub struct ClientOptions {
    /// Key of the sales channel, for `api.ucloud-global.com` and the like: the header `channel-key`. Hidden in `Debug`.
    ///
    /// Source: ucloud-cli (2026-07).
    pub channel_key: Option<String>,
}

/// What can be set.
impl ClientOptions {
    /// Sets the key of the sales channel.
    #[must_use]
    pub fn channel_key(mut self, channel_key: impl Into<String>) -> Self {
        self.channel_key = Some(channel_key.into());
        self
    }
}

impl VendorSettings for ClientOptions {
    const PROVIDER: Provider = Provider::UCLOUD;
}

impl fmt::Debug for ClientOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientOptions")
            .field("channel_key", &self.channel_key.as_ref().map(|_| "<hidden>"))
            .finish()
    }
}

impl Buildable for Client {
    type Options = ClientOptions;

    fn build(settings: Settings, options: ClientOptions) -> Result<Self> {
        let mut headers = HeaderMap::new();
        if let Some(key) = options.channel_key {
            canonical::set_secret(&mut headers, "channel-key", &key)
                .map_err(|error| error.with_provider(Provider::UCLOUD))?;
        }
        Ok(Self {
            connection: Connection::new(settings, Provider::UCLOUD, HOSTS, &ENVIRONMENT)?,
            signer: Signer,
            headers,
        })
    }
}

impl Client {
    /// A client for a region such as `cn-bj2`.
    /// Without credentials, they are looked for where the vendor's own tools keep them. Sub-accounts must also
    /// name a [`project`](ClientBuilder::project).
    ///
    /// ```
    /// use std::sync::Arc;
    ///
    /// use ucloud_uhost_import::{Client, common::{Credentials, RetryPolicy, transport::HttpTransport}};
    ///
    /// let client = Client::builder("cn-bj2")
    ///     .credentials(Credentials::new("ID", "KEY"))
    ///     .retry(RetryPolicy::default().attempts(3))
    ///     .transport(Arc::new(HttpTransport::new()?))
    ///     .build()?;
    /// assert_eq!(client.region(), "cn-bj2");
    /// # Ok::<(), ucloud_uhost_import::common::Error>(())
    /// ```
    pub fn builder(region: impl Into<String>) -> ClientBuilder<Self> {
        ClientBuilder::new(region)
    }

    /// The region.
    pub fn region(&self) -> &str {
        &self.connection.region
    }

    /// The project, where one was named.
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

    /// The request of a call, unsigned.
    ///
    /// # Errors
    /// When the call cannot be written as JSON.
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

    /// A form of action and fields.
    fn request(&self, operation: &Operation, mut fields: Fields) -> Result<Request<Bytes>> {
        fields.insert("Action".to_owned(), operation.name.into());
        let body = encode::pairs(encode::dotted(&fields, 0));
        let mut request = encode::request(
            self.endpoint(),
            operation.method.clone(),
            operation.path,
            Some(FORM),
            body.into(),
        )?;
        request.headers_mut().extend(self.headers.clone());
        Ok(request)
    }
}
