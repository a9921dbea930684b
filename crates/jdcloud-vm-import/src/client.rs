//! The client: JD Cloud's operations in its own words. It sends what it is told: it validates and injects nothing.

use cloud_import_core::{
    Bytes, Call, ClientBuilder, Endpoint, Grace, Provider, Result, Settings, builder::Buildable, encode, http::Request,
    pipeline::Pipeline,
};

use crate::{
    generated::{ENVIRONMENT, HOST},
    sign::{SecurityTokenForm, SignatureVersion, Signer},
};

/// A client for one region. Cheap to clone; clones share connections.
#[derive(Debug, Clone)]
pub struct Client {
    endpoint: Endpoint,
    signer: Signer,
    pipeline: Pipeline,
    grace: Grace,
}

/// What only this vendor's client can be told.
#[derive(Debug, Clone, Copy, Default)]
pub struct ClientOptions {
    /// Which signature; version 2 when not set.
    pub signature_version: SignatureVersion,
    /// How a security token is sent; base64 when not set.
    pub security_token_form: SecurityTokenForm,
}

impl Buildable for Client {
    type Options = ClientOptions;

    fn build(settings: Settings, options: ClientOptions) -> Result<Self> {
        Ok(Self {
            endpoint: settings.endpoint_or(Provider::Jdcloud, HOST)?,
            pipeline: settings.pipeline(Provider::Jdcloud, &ENVIRONMENT)?,
            grace: settings.grace,
            signer: Signer {
                region: settings.region,
                version: options.signature_version,
                security_token_form: options.security_token_form,
            },
        })
    }
}

impl Client {
    /// A client for a region such as `cn-north-1`. Without credentials, the environment's are taken.
    pub fn builder(region: impl Into<String>) -> ClientBuilder<Self> {
        ClientBuilder::new(region)
    }

    /// The region.
    pub fn region(&self) -> &str {
        &self.signer.region
    }

    /// Where the API is.
    pub fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    /// The request of a call, unsigned.
    ///
    /// # Errors
    /// When a path parameter is missing.
    pub fn unsigned<Q: Call>(&self, call: &Q) -> Result<Request<Bytes>> {
        self.unsigned_fields::<Q>(encode::fields(call)?)
    }

    /// Signs requests of this client.
    pub fn signer(&self) -> &Signer {
        &self.signer
    }

    pub(crate) fn pipeline(&self) -> &Pipeline {
        &self.pipeline
    }

    pub(crate) fn grace(&self) -> Grace {
        self.grace
    }

    pub(crate) async fn call<Q: Call>(&self, call: &Q) -> Result<Q::Answer> {
        let fields = encode::fields(call)?;
        let repeatable = Q::OPERATION.repeat.allows(&fields);
        let request = self.unsigned_fields::<Q>(fields)?;
        self.pipeline
            .send(&self.signer, &Q::OPERATION, repeatable, request)
            .await?
            .decode()
    }

    fn unsigned_fields<Q: Call>(&self, fields: encode::Fields) -> Result<Request<Bytes>> {
        encode::rest(&self.endpoint, &Q::OPERATION, fields, &[("regionId", self.region())])
            .map_err(|error| error.with_provider(Provider::Jdcloud))
    }
}
