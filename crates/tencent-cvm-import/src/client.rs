//! The client: Tencent Cloud's operations in its own words. It sends what it is told: it validates nothing and adds only
//! action, version and region.

use cloud_import_core::{
    Bytes, ClientBuilder, Endpoint, Provider, Response, Result, Settings,
    http::{Method, Request},
    provider::{
        Buildable, Call, Connection, Operation, OtherApi, VendorSettings, canonical,
        encode::{self, Fields},
    },
};

use crate::{
    generated::{API_VERSION, ENVIRONMENT, HOSTS},
    sign::{SignatureVersion, Signer},
    v1::FORM,
};

/// How the vendor's own hosts end.
const VENDORS_HOSTS: &str = ".tencentcloudapi.com";

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

    /// Signs requests of the client's own API.
    pub fn signer(&self) -> &Signer {
        &self.signer
    }

    /// Signs requests of another API of the vendor's, such as that for tags: the scope of a signature names the service.
    pub fn signer_of(&self, api: Option<OtherApi>) -> Signer {
        let service = api.map_or(self.signer.service, |api| api.service);
        Signer { service, ..self.signer }
    }

    /// The request of a call, unsigned.
    ///
    /// # Errors
    /// When the region has characters that no header can carry, or the parameters are too long for a URL (about 64 KiB).
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
        let endpoint = match api {
            Some(api) => self.endpoint_of(api)?,
            None => self.endpoint().clone(),
        };
        let version = api.map_or(API_VERSION, |api| api.version);
        match self.signer.version {
            SignatureVersion::Tc3 => self.v3_request(&endpoint, operation, version, fields),
            SignatureVersion::HmacSha256 | SignatureVersion::HmacSha1 => {
                self.v1_request(&endpoint, operation, version, fields)
            }
        }
    }

    /// Whether it sends to the international site.
    pub(crate) fn is_international(&self) -> bool {
        self.endpoint().host().contains(".intl.")
    }

    /// Where another API is: beside the client's own, as the vendor's hosts are named product first and then site or region. An
    /// endpoint that is not the vendor's answers for all of them: keys that are meant for a private cloud do not go to the public
    /// one. Source: Request Structure (2024-11-27); tencentcloud-sdk-python-intl-en 3.1.193.
    fn endpoint_of(&self, api: OtherApi) -> Result<Endpoint> {
        let own = self.endpoint();
        let product = api.host.split('.').next().unwrap_or_default();
        match own.authority().split_once('.') {
            Some((_, place)) if own.host().ends_with(VENDORS_HOSTS) => {
                format!("{}://{product}.{place}", own.scheme()).parse()
            }
            _ => Ok(own.clone()),
        }
    }

    /// Action, version and region are headers; the fields are JSON or stand in the query.
    fn v3_request(
        &self,
        endpoint: &Endpoint,
        operation: &Operation,
        version: &str,
        fields: Fields,
    ) -> Result<Request<Bytes>> {
        let mut request = match self.http_method {
            HttpMethod::Post => encode::rest(endpoint, operation, fields)?,
            HttpMethod::Get => self.of_parameters(endpoint, operation, &fields)?,
        };
        let headers = request.headers_mut();
        canonical::set(headers, "x-tc-action", operation.name)?;
        canonical::set(headers, "x-tc-version", version)?;
        if !self.region().is_empty() {
            canonical::set(headers, "x-tc-region", self.region())?;
        }
        Ok(request)
    }

    /// Everything is a parameter.
    fn v1_request(
        &self,
        endpoint: &Endpoint,
        operation: &Operation,
        version: &str,
        mut fields: Fields,
    ) -> Result<Request<Bytes>> {
        let common = [("Action", operation.name), ("Version", version)];
        fields.extend(common.map(|(name, value)| (name.to_owned(), value.into())));
        if !self.region().is_empty() {
            fields.insert("Region".to_owned(), self.region().into());
        }
        self.of_parameters(endpoint, operation, &fields)
    }

    /// The fields as parameters, lists counted from 0, in the query or in a form.
    fn of_parameters(&self, endpoint: &Endpoint, operation: &Operation, fields: &Fields) -> Result<Request<Bytes>> {
        let text = encode::sorted_pairs(encode::dotted(fields, 0));
        let (method, target, body) = match self.http_method {
            HttpMethod::Post => (Method::POST, operation.path.to_owned(), Bytes::from(text)),
            HttpMethod::Get if text.is_empty() => (Method::GET, operation.path.to_owned(), Bytes::new()),
            HttpMethod::Get => (Method::GET, format!("{}?{text}", operation.path), Bytes::new()),
        };
        encode::request(endpoint, method, &target, Some(FORM), body)
    }
}

#[cfg(test)]
mod tests {
    use cloud_import_core::{Credentials, provider::Cloud as _};

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

    #[test]
    fn another_region_is_reached_on_the_same_site() {
        let other = |endpoint: Option<&str>, from: &str, to: &str| {
            let client = Client::builder(from).credentials(Credentials::new("AKID", "KEY"));
            let client = match endpoint {
                Some(endpoint) => client.endpoint(endpoint.parse().unwrap()),
                None => client,
            };
            let other = client.build().unwrap().in_region(to, None).unwrap();
            assert_eq!(other.region(), to);
            other.endpoint().to_string()
        };
        let (usual, international) = (
            "https://cvm.tencentcloudapi.com",
            "https://cvm.intl.tencentcloudapi.com",
        );
        let finance = "https://cvm.ap-shanghai-fsi.tencentcloudapi.com";
        for (endpoint, from, to, expected) in [
            (None, "ap-guangzhou", "ap-nanjing", usual),
            (Some(international), "ap-singapore", "ap-tokyo", international),
            (None, "ap-guangzhou", "ap-shanghai-fsi", finance),
            (None, "ap-shanghai-fsi", "ap-guangzhou", usual),
            (Some("https://cvm.cloud.example"), "a", "b", "https://cvm.cloud.example"),
        ] {
            assert_eq!(other(endpoint, from, to), expected, "{endpoint:?} {from} {to}");
        }
    }

    #[test]
    fn another_api_is_beside_the_own_one() {
        let api = crate::types::TagResourcesRequest::API.unwrap();
        let other = |endpoint: &str| {
            let client = Client::builder("ap-guangzhou").credentials(Credentials::new("AKID", "KEY"));
            let client = client.endpoint(endpoint.parse().unwrap()).plain_http(true);
            client.build().unwrap().endpoint_of(api).unwrap().to_string()
        };
        for (own, theirs) in [
            ("https://cvm.tencentcloudapi.com", "https://tag.tencentcloudapi.com"),
            ("cvm.intl.tencentcloudapi.com", "https://tag.intl.tencentcloudapi.com"),
            (
                "cvm.ap-shanghai-fsi.tencentcloudapi.com",
                "https://tag.ap-shanghai-fsi.tencentcloudapi.com",
            ),
            ("http://cvm.tencentcloudapi.com", "http://tag.tencentcloudapi.com"),
            ("https://cvm.cloud.example", "https://cvm.cloud.example"),
            ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
        ] {
            assert_eq!(other(own), theirs, "{own}");
        }
    }

    #[test]
    fn another_api_is_signed_for_by_its_name() {
        let client = Client::builder("ap-guangzhou").credentials(Credentials::new("AKID", "KEY"));
        let client = client.build().unwrap();
        let api = crate::types::TagResourcesRequest::API;
        assert_eq!(
            (client.signer_of(api).service, client.signer_of(None).service),
            ("tag", "cvm")
        );
    }
}
