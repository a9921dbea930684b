//! The client: Alibaba Cloud's operations in its own words. It sends what it is told: it validates and injects nothing,
//! not even the region, which is an ordinary parameter here.

use cloud_import_core::{
    Bytes, Call, ClientBuilder, Endpoint, Operation, Provider, Result, Settings,
    builder::{Buildable, Connection},
    canonical,
    encode::{self, Fields},
    http::{Request, header},
};

use crate::{
    generated::{API_VERSION, ENVIRONMENT, HOST},
    sign::Signer,
};

/// A client for one region. Cheap to clone; clones share connections.
#[derive(Debug, Clone)]
pub struct Client {
    pub(crate) connection: Connection,
}

impl Buildable for Client {
    /// This vendor's client has no options of its own.
    type Options = ();

    fn build(settings: Settings, (): ()) -> Result<Self> {
        Ok(Self {
            connection: Connection::new(settings, Provider::Aliyun, HOST, &ENVIRONMENT)?,
        })
    }
}

impl Client {
    /// A client for a region such as `cn-hangzhou`. Without credentials, the environment's are taken.
    ///
    /// The region makes the endpoint; as a parameter (`RegionId`) it is sent only where the request says so.
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
        &Signer
    }

    /// The request of a call, unsigned.
    ///
    /// # Errors
    /// When the parameters are too long for a URL (about 64 KiB).
    pub fn unsigned<Q: Call>(&self, call: &Q) -> Result<Request<Bytes>> {
        self.request(&Q::OPERATION, encode::fields(call)?)
    }

    pub(crate) async fn call<Q: Call>(&self, call: &Q) -> Result<Q::Answer> {
        self.connection
            .call(&Signer, call, |operation, fields| self.request(operation, fields))
            .await
    }

    /// All parameters go into the query, lists counted from 1, and the body is empty. Source: V3 request structure and
    /// signature; alibabacloud_ecs20140526 for Python 7.11.8 (2026-10).
    fn request(&self, operation: &Operation, fields: Fields) -> Result<Request<Bytes>> {
        let query = encode::sorted_pairs(encode::dotted(&fields, 1));
        let target = if query.is_empty() {
            operation.path.to_owned()
        } else {
            format!("{}?{query}", operation.path)
        };
        let mut request = encode::request(self.endpoint(), operation.method.clone(), &target, None, Bytes::new())?;
        let headers = request.headers_mut();
        canonical::set(headers, header::ACCEPT.as_str(), "application/json")?;
        canonical::set(headers, "x-acs-action", operation.name)?;
        canonical::set(headers, "x-acs-version", API_VERSION)?;
        Ok(request)
    }
}
