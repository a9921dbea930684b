//! Asks instance metadata for keys: plain HTTP to the instance's own network, never through a proxy, two seconds for each
//! request.

use std::time::Duration;

use http::{HeaderName, HeaderValue, Method, Request, Response, StatusCode};

use super::{ChainSpec, Context, Metadata, Temporary, find};
use crate::{Bytes, Error, ErrorKind, Result, text::percent};

/// For one request. The address is on the instance's host: it answers at once or not at all.
const LIMIT: Duration = Duration::from_secs(2);

/// What a token of metadata is to live, in seconds: the most that the vendors allow.
const TOKEN_SECONDS: &str = "21600";

/// Longest name of a role that is taken for one.
const LONGEST_ROLE: usize = 256;

/// Why there are no keys.
#[derive(Debug)]
pub(super) enum NoKeys {
    /// The source is not there: what comes after it in the vendor's order may be asked.
    Absent(Error),
    /// It is there and gives none.
    Broken(Error),
}

impl From<Error> for NoKeys {
    fn from(error: Error) -> Self {
        Self::Broken(error)
    }
}

impl From<NoKeys> for Error {
    fn from(none: NoKeys) -> Self {
        match none {
            NoKeys::Absent(error) | NoKeys::Broken(error) => error,
        }
    }
}

/// Keys of the instance's role.
///
/// # Errors
/// [`ErrorKind::Credentials`], whatever went wrong.
pub(super) async fn fetch(
    spec: &ChainSpec,
    context: &Context,
    role: Option<&str>,
    origin: &str,
) -> Result<Temporary, NoKeys> {
    let Some(metadata) = &spec.metadata else {
        let error = Error::new(
            ErrorKind::Credentials,
            format!(
                "{origin}: {} has no instance metadata that is known here",
                spec.provider.name()
            ),
        )
        .with_provider(spec.provider);
        return Err(NoKeys::Broken(error));
    };
    let mut session = Session {
        spec,
        metadata,
        context,
        origin,
        token: None,
    };
    session.authenticate().await?;
    let named = || metadata.role_names.iter().find_map(|name| context.env.variable(name));
    let role = match (role.map(str::to_owned).or_else(named), metadata.role) {
        (Some(role), _) => Some(role),
        (None, Some(path)) => Some(session.role(path).await?),
        (None, None) => None,
    };
    session.keys(role.as_deref()).await
}

struct Session<'a> {
    spec: &'a ChainSpec,
    metadata: &'a Metadata,
    context: &'a Context,
    origin: &'a str,
    token: Option<HeaderValue>,
}

impl Session<'_> {
    /// Fetches the token of hardened instances. Those that know none answer that there is no such thing.
    async fn authenticate(&mut self) -> Result<(), NoKeys> {
        let Some(token) = &self.metadata.token else {
            return Ok(());
        };
        let ttl = (
            HeaderName::from_static(token.ttl_header),
            HeaderValue::from_static(TOKEN_SECONDS),
        );
        let answer = self.send(Method::PUT, token.path, Some(ttl)).await?;
        if answer.status().is_success() {
            let text = std::str::from_utf8(answer.body()).unwrap_or_default().trim();
            let mut value = HeaderValue::from_str(text)
                .ok()
                .filter(|value| !value.is_empty())
                .ok_or_else(|| self.refuse("the token cannot be read"))?;
            value.set_sensitive(true);
            self.token = Some(value);
            return Ok(());
        }
        let unknown = [
            StatusCode::FORBIDDEN,
            StatusCode::NOT_FOUND,
            StatusCode::METHOD_NOT_ALLOWED,
            StatusCode::SERVICE_UNAVAILABLE,
        ];
        if !unknown.contains(&answer.status()) {
            return Err(self.status(answer.status(), "asked for a token").into());
        }
        let demand = token.required.iter().find(|name| find::is_on(&*self.context.env, name));
        match demand {
            Some(name) => Err(self
                .refuse(&format!("it gives no token, and `{name}` demands one"))
                .into()),
            None => Ok(()),
        }
    }

    async fn role(&self, path: &str) -> Result<String, NoKeys> {
        let answer = self.send(Method::GET, path, None).await?;
        if answer.status() == StatusCode::NOT_FOUND {
            let error = self.refuse("this instance has no role");
            return Err(NoKeys::Absent(
                error.with_remedy("Attach a role to the instance, or use another source."),
            ));
        }
        if !answer.status().is_success() {
            return Err(self.status(answer.status(), "asked for the instance's role").into());
        }
        let name = std::str::from_utf8(answer.body()).unwrap_or_default().trim();
        let fits = |c: char| !c.is_control() && !c.is_whitespace() && !['/', '<', '{'].contains(&c);
        if name.is_empty() || name.len() > LONGEST_ROLE || !name.chars().all(fits) {
            return Err(self.refuse("the name of the instance's role cannot be read").into());
        }
        Ok(name.to_owned())
    }

    async fn keys(&self, role: Option<&str>) -> Result<Temporary, NoKeys> {
        let mut missing = None;
        for path in self.metadata.keys {
            let path = match role {
                Some(role) => path.replace("{role}", &percent::percent(role)),
                None => path.replace("/{role}", ""),
            };
            let answer = self.send(Method::GET, &path, None).await?;
            if answer.status() == StatusCode::NOT_FOUND {
                missing = Some(answer.status());
                continue;
            }
            if !answer.status().is_success() {
                return Err(self.status(answer.status(), "asked for keys").into());
            }
            let text = std::str::from_utf8(answer.body()).map_err(|_| self.refuse("the keys are not text"))?;
            let read = (self.metadata.read)(text);
            return Ok(read.map_err(|flaw| self.refuse(&format!("the keys cannot be used: {flaw}")))?);
        }
        let status = missing.unwrap_or(StatusCode::NOT_FOUND);
        Err(NoKeys::Absent(self.status(status, "asked for keys")))
    }

    async fn send(
        &self,
        method: Method,
        path: &str,
        header: Option<(HeaderName, HeaderValue)>,
    ) -> Result<Response<Bytes>, NoKeys> {
        let mut request = Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.metadata.endpoint))
            .body(Bytes::new())
            .map_err(|error| {
                self.refuse("the request is not a valid HTTP request")
                    .with_source(error)
            })?;
        request
            .headers_mut()
            .extend(header.map(|(name, value)| (Some(name), value)));
        if let (Some(token), Some(value)) = (&self.metadata.token, &self.token) {
            request
                .headers_mut()
                .insert(HeaderName::from_static(token.header), value.clone());
        }
        self.context
            .transport
            .send_nearby(request, LIMIT)
            .await
            .map_err(|failure| {
                let error = self.refuse(&failure.to_string());
                NoKeys::Absent(
                    error
                        .with_remedy("Ask for instance metadata only on an instance of this cloud.")
                        .with_source(failure),
                )
            })
    }

    fn status(&self, status: StatusCode, asked: &str) -> Error {
        self.refuse(&format!("{asked}, it answered HTTP {}", status.as_u16()))
            .with_http_status(status.as_u16())
    }

    fn refuse(&self, what: &str) -> Error {
        Error::new(ErrorKind::Credentials, format!("{}: {what}", self.origin)).with_provider(self.spec.provider)
    }
}
