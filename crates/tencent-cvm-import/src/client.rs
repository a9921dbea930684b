//! The client: Tencent Cloud's operations in its own words. It sends what it is told: it validates nothing and adds only
//! action, version and region.

use cloud_import_core::{
    Bytes, ClientBuilder, Endpoint, Provider, Response, Result, Settings,
    http::{Method, Request},
    provider::{
        Buildable, Call, Connection, Operation, VendorSettings, canonical,
        encode::{self, Fields},
    },
};

use crate::{
    generated::{API_VERSION, ENVIRONMENT, HOSTS},
    sign::{SignatureVersion, Signer},
    v1::FORM,
};

/// A client for one region. Cheap to clone; clones share connections.
///
/// For another host than [`HOST`](crate::HOST), such as one of [`OTHER_HOSTS`](crate::OTHER_HOSTS), give
/// `"cvm.ap-shanghai-fsi.tencentcloudapi.com".parse()?` to [`ClientBuilder::endpoint`]; plain HTTP only when the text says
/// `http://`.
#[derive(Debug, Clone)]
pub struct Client {
    pub(crate) connection: Connection,
    signer: Signer,
    http_method: HttpMethod,
}

/// What only this vendor's client can be told.
///
/// ```
/// use tencent_cvm_import::{Client, ClientOptions, HttpMethod, SignatureVersion, common::Credentials};
///
/// let options = ClientOptions::default().signature_version(SignatureVersion::HmacSha256).http_method(HttpMethod::Get);
/// let client = Client::builder("ap-guangzhou").credentials(Credentials::new("ID", "KEY")).options(options).build()?;
/// # Ok::<(), tencent_cvm_import::common::Error>(())
/// ```
#[derive(Debug, Clone, Copy, Default)]
#[non_exhaustive]
pub struct ClientOptions {
    /// Which signature; version 3 when not set.
    pub signature_version: SignatureVersion,
    /// Method of every request; `POST` when not set.
    pub http_method: HttpMethod,
}

/// What can be set.
impl ClientOptions {
    /// Sets which signature.
    #[must_use]
    pub fn signature_version(mut self, signature_version: SignatureVersion) -> Self {
        self.signature_version = signature_version;
        self
    }

    /// Sets the method of every request.
    #[must_use]
    pub fn http_method(mut self, http_method: HttpMethod) -> Self {
        self.http_method = http_method;
        self
    }
}

impl VendorSettings for ClientOptions {
    const PROVIDER: Provider = Provider::TENCENT;
}

/// The method of a request, and with it where the parameters stand. Source of the limits: Request Structure (2024-11-27).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum HttpMethod {
    /// In the body: as JSON with signature version 3 (at most 10 MB), as a form with version 1 (at most 1 MB).
    #[default]
    Post,
    /// In the query (at most 32 KB). Proxies and gateways write URLs into their logs, and then the link to the image file
    /// stands there, and with version 1 the signature and the token too: choose it only where `POST` is not served.
    Get,
}

impl Buildable for Client {
    type Options = ClientOptions;

    fn build(settings: Settings, options: ClientOptions) -> Result<Self> {
        Ok(Self {
            connection: Connection::new(settings, Provider::TENCENT, HOSTS, &ENVIRONMENT)?,
            signer: Signer {
                version: options.signature_version,
                ..Signer::default()
            },
            http_method: options.http_method,
        })
    }
}

impl Client {
    /// A client for a region such as `ap-guangzhou`.
    /// Without credentials, they are looked for where the vendor's own tools keep them.
    ///
    /// An empty region is sent as none; it needs an endpoint.
    ///
    /// ```
    /// use std::sync::Arc;
    ///
    /// use tencent_cvm_import::{Client, common::{Credentials, RetryPolicy, transport::HttpTransport}};
    ///
    /// let client = Client::builder("ap-guangzhou")
    ///     .credentials(Credentials::new("ID", "KEY"))
    ///     .retry(RetryPolicy::default().attempts(3))
    ///     .transport(Arc::new(HttpTransport::new()?))
    ///     .build()?;
    /// assert_eq!(client.region(), "ap-guangzhou");
    /// # Ok::<(), tencent_cvm_import::common::Error>(())
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
    /// When the region has characters that no header can carry, or the parameters are too long for a URL (about 64 KiB).
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
        match self.signer.version {
            SignatureVersion::Tc3 => self.v3_request(operation, fields),
            SignatureVersion::HmacSha256 | SignatureVersion::HmacSha1 => self.v1_request(operation, fields),
        }
    }

    /// Action, version and region are headers; the fields are JSON or stand in the query.
    fn v3_request(&self, operation: &Operation, fields: Fields) -> Result<Request<Bytes>> {
        let mut request = match self.http_method {
            HttpMethod::Post => encode::rest(self.endpoint(), operation, fields)?,
            HttpMethod::Get => self.of_parameters(operation, &fields)?,
        };
        let headers = request.headers_mut();
        canonical::set(headers, "x-tc-action", operation.name)?;
        canonical::set(headers, "x-tc-version", API_VERSION)?;
        if !self.region().is_empty() {
            canonical::set(headers, "x-tc-region", self.region())?;
        }
        Ok(request)
    }

    /// Everything is a parameter.
    fn v1_request(&self, operation: &Operation, mut fields: Fields) -> Result<Request<Bytes>> {
        let common = [("Action", operation.name), ("Version", API_VERSION)];
        fields.extend(common.map(|(name, value)| (name.to_owned(), value.into())));
        if !self.region().is_empty() {
            fields.insert("Region".to_owned(), self.region().into());
        }
        self.of_parameters(operation, &fields)
    }

    /// The fields as parameters, lists counted from 0, in the query or in a form.
    fn of_parameters(&self, operation: &Operation, fields: &Fields) -> Result<Request<Bytes>> {
        let text = encode::sorted_pairs(encode::dotted(fields, 0));
        let (method, target, body) = match self.http_method {
            HttpMethod::Post => (Method::POST, operation.path.to_owned(), Bytes::from(text)),
            HttpMethod::Get if text.is_empty() => (Method::GET, operation.path.to_owned(), Bytes::new()),
            HttpMethod::Get => (Method::GET, format!("{}?{text}", operation.path), Bytes::new()),
        };
        encode::request(self.endpoint(), method, &target, Some(FORM), body)
    }
}

#[cfg(test)]
mod tests {
    use cloud_import_core::Credentials;

    use super::*;

    #[test]
    fn finance_regions_have_a_host_of_their_own() {
        let endpoint = |region: &str| {
            let client = Client::builder(region).credentials(Credentials::new("AKID", "KEY"));
            client.build().unwrap().endpoint().to_string()
        };
        assert_eq!(endpoint("ap-guangzhou"), "https://cvm.tencentcloudapi.com");
        assert_eq!(
            endpoint("ap-shanghai-fsi"),
            "https://cvm.ap-shanghai-fsi.tencentcloudapi.com"
        );
    }
}
