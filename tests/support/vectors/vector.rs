//! One recorded request with what was asked for, as the files hold it.

use std::{fmt, time::SystemTime};

use cloud_import_core::{Credentials, provider::datetime};
use cloud_import_sim::{verify::Secret, wire::WireRequest};
use serde::Deserialize;
use serde_json::{Map, Value};

/// One vector. Fields that nothing here needs are not read.
#[derive(Debug, Clone, Deserialize)]
pub struct Vector {
    /// Unique name.
    pub id: String,
    /// `jdcloud`, `tencent`, `huawei`, `aliyun` or `ucloud`; for an object store with `storage_` in front.
    pub provider: String,
    /// Name of the signature scheme.
    pub algorithm: String,
    /// The vendor's name of the operation.
    pub operation: String,
    /// The frozen time, RFC 3339; a fraction of a second is cut off by signers.
    pub instant: String,
    /// The nonce as the request has it; absent where the scheme has none.
    #[serde(default)]
    pub nonce: Option<String>,
    /// Who signed.
    pub credentials: Keys,
    /// Region given to the client.
    #[serde(default)]
    pub region: Option<String>,
    /// Project given to the client.
    #[serde(default)]
    pub project_id: Option<String>,
    /// What was asked for, in the vendor's names and JSON types.
    #[serde(default)]
    pub params: Option<Map<String, Value>>,
    /// Where this SDK writes something its own way.
    #[serde(default)]
    pub quirks: Option<Vec<String>>,
    /// What went onto the wire.
    pub request: Recorded,
}

/// The keys that a vector was signed with. `Debug` shows the access key id only.
#[derive(Clone, Deserialize)]
pub struct Keys {
    /// The public half.
    pub access_key_id: String,
    /// The secret half.
    pub secret_access_key: String,
    /// Token of temporary keys.
    #[serde(default)]
    pub security_token: Option<String>,
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keys")
            .field("access_key_id", &self.access_key_id)
            .finish_non_exhaustive()
    }
}

/// The bytes that were sent.
#[derive(Clone, Deserialize)]
pub struct Recorded {
    /// HTTP method.
    pub method: String,
    /// `https` or `http`.
    pub scheme: String,
    /// The Host header.
    pub host: String,
    /// The path as sent.
    pub path: String,
    /// The query as sent, without the question mark.
    pub query: String,
    /// Names and values in the order sent.
    pub headers: Vec<(String, String)>,
    /// The body; empty when there was none.
    pub body: String,
}

impl fmt::Debug for Recorded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Recorded")
            .field("method", &self.method)
            .field("path", &self.path)
            .finish_non_exhaustive()
    }
}

impl Vector {
    /// Whether the SDK that sent this has a way of its own, by the name that the files give it.
    pub fn has_quirk(&self, quirk: &str) -> bool {
        self.quirks.iter().flatten().any(|found| found == quirk)
    }

    /// The frozen time.
    ///
    /// # Errors
    /// Text that is no RFC 3339 time.
    pub fn time(&self) -> Result<SystemTime, String> {
        datetime::parse_rfc3339(&self.instant).ok_or_else(|| format!("instant `{}` is not RFC 3339", self.instant))
    }

    /// The keys as a client takes them.
    pub fn client_credentials(&self) -> Credentials {
        let keys = &self.credentials;
        match &keys.security_token {
            Some(token) => Credentials::temporary(&keys.access_key_id, &keys.secret_access_key, token),
            None => Credentials::new(&keys.access_key_id, &keys.secret_access_key),
        }
    }

    /// The keys as a server knows them.
    pub fn server_secret(&self) -> Secret {
        Secret {
            secret_access_key: self.credentials.secret_access_key.clone(),
            security_token: self.credentials.security_token.clone(),
        }
    }

    /// The request as a server receives it.
    pub fn wire(&self) -> WireRequest {
        let recorded = &self.request;
        WireRequest {
            method: recorded.method.clone(),
            path: recorded.path.clone(),
            query: recorded.query.clone(),
            headers: recorded.headers.clone(),
            body: recorded.body.clone().into_bytes(),
        }
    }
}
