//! The client: Tencent Cloud's operations in its own words. It sends what it is told: it validates nothing and adds only
//! action, version and region.

use cloud_import_core::{
    Bytes, Call, ClientBuilder, Endpoint, Operation, Provider, Result, Settings,
    builder::{Buildable, Connection},
    canonical,
    encode::{self, Fields},
    http::Request,
};

use crate::{
    generated::{API_VERSION, ENVIRONMENT, HOST, OTHER_HOSTS},
    sign::Signer,
};

/// A client for one region. Cheap to clone; clones share connections.
#[derive(Debug, Clone)]
pub struct Client {
    pub(crate) connection: Connection,
    signer: Signer,
}

impl Buildable for Client {
    type Options = ();

    fn build(settings: Settings, (): ()) -> Result<Self> {
        let host = host(&settings.region);
        Ok(Self {
            connection: Connection::new(settings, Provider::Tencent, host, &ENVIRONMENT)?,
            signer: Signer::default(),
        })
    }
}

/// The host of a region. Finance regions are reached only at a host of their own.
fn host(region: &str) -> &'static str {
    let regional = OTHER_HOSTS.iter().find(|(name, ..)| *name == "regional");
    match regional {
        Some((_, host, ..)) if region.ends_with("-fsi") => host,
        _ => HOST,
    }
}

impl Client {
    /// A client for a region such as `ap-guangzhou`. Without credentials, the environment's are taken.
    ///
    /// An empty region is sent as none; it needs an endpoint.
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
    /// When the region has characters that no header can carry.
    pub fn unsigned<Q: Call>(&self, call: &Q) -> Result<Request<Bytes>> {
        self.request(&Q::OPERATION, encode::fields(call)?)
    }

    pub(crate) async fn call<Q: Call>(&self, call: &Q) -> Result<Q::Answer> {
        self.connection
            .call(&self.signer, call, |operation, fields| self.request(operation, fields))
            .await
    }

    fn request(&self, operation: &Operation, fields: Fields) -> Result<Request<Bytes>> {
        let mut request = encode::rest(self.endpoint(), operation, fields, &[])?;
        let headers = request.headers_mut();
        canonical::set(headers, "x-tc-action", operation.name)?;
        canonical::set(headers, "x-tc-version", API_VERSION)?;
        if !self.region().is_empty() {
            canonical::set(headers, "x-tc-region", self.region())?;
        }
        Ok(request)
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
