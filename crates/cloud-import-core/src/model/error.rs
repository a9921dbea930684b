//! The one error of the workspace, and its kinds.
//!
//! Opaque on purpose: what a program decides by is [`Error::kind`], [`Error::is_retryable`] and
//! [`Error::may_have_executed`]; the vendor's own words stay readable beside them.

use std::{
    borrow::Cow,
    error::Error as StdError,
    fmt,
    str::FromStr,
    sync::Arc,
    time::{Duration, SystemTime},
};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

use crate::{
    Problem, Provider,
    model::remedy::{LibraryWording, Remedy},
};

/// What went wrong, in words that hold for every cloud.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The request is not acceptable. Nothing was executed. Correct the field that the message names.
    InvalidRequest,
    /// The cloud, region or account cannot do this. Nothing was executed. Choose another way or ask the vendor.
    Unsupported,
    /// No usable credentials, or the cloud does not accept them. Nothing was executed. Check keys and token.
    Credentials,
    /// The cloud refused the date of the request. Nothing was executed. Set this machine's clock.
    ClockSkew,
    /// The account may not do this. Nothing was executed. Grant the permission.
    PermissionDenied,
    /// What was named does not exist. Nothing was executed. Check id, region and project.
    NotFound,
    /// The state of something stands against it. Nothing was executed. Wait or change that state.
    Conflict,
    /// The cloud has an image of that name. This request was not executed; an earlier one of the same order may have
    /// been. Look the name up, or choose another.
    DuplicateName,
    /// A quota is used up. Nothing was executed. Delete something or ask for more.
    QuotaExceeded,
    /// Too many requests. Nothing was executed. Send again later.
    RateLimited,
    /// The cloud failed. The request may have been executed. Reads may be sent again.
    Unavailable,
    /// No answer in time. The request may have been executed. Reads may be sent again.
    Timeout,
    /// No connection. Nothing was executed. Check network, proxy and endpoint, then send again.
    Connect,
    /// The connection broke after the request may have left. It may have been executed. Reads may be sent again.
    Transport,
    /// An answer that cannot be read: empty, cut, too large or not of the vendor's form. The request may have been
    /// executed, and the answer is never taken for success.
    InvalidResponse,
    /// The cloud ended the import as failed. It is over; the message holds the vendor's reason, where it gives one.
    TaskFailed,
    /// It was cancelled. Of an import, by the cloud's word: it is over. Of a call, by a [`Stop`](crate::Stop): what was sent goes
    /// on in the cloud, and the same call again goes on with it.
    Canceled,
    /// The program asked for it by a [`Stop`](crate::Stop). What was recorded goes on when the same call is made again; what runs in
    /// the cloud goes on there.
    Stopped,
    /// The wait limit was reached. The import goes on in the cloud: keep the object and wait again with the same task.
    WaitLimitReached,
    /// Whether an import was started could not be found out, and sending again could make a second image. Look in the
    /// vendor's console or look it up again later, then start anew or take the image that is there.
    OutcomeUnknown,
    /// The vendor failed or refused for a reason that its code does not tell. A refusal was not executed; whether a failure was is
    /// what [`Error::may_have_executed`] says.
    Service,
    /// Something on this machine failed (no randomness, a file that cannot be read). Nothing was sent.
    Local,
}

impl ErrorKind {
    /// Whether the same request may do better later, leaving aside whether it is safe to repeat.
    pub const fn is_retryable(self) -> bool {
        matches!(
            self,
            Self::RateLimited
                | Self::Unavailable
                | Self::Timeout
                | Self::Connect
                | Self::Transport
                | Self::InvalidResponse
        )
    }

    /// Whether a request that ended this way may have been executed, where nothing more exact is known.
    pub const fn may_have_executed(self) -> bool {
        matches!(
            self,
            Self::Unavailable
                | Self::Timeout
                | Self::Transport
                | Self::InvalidResponse
                | Self::OutcomeUnknown
                | Self::Service
        )
    }

    const ALL: [Self; 22] = [
        Self::InvalidRequest,
        Self::Unsupported,
        Self::Credentials,
        Self::ClockSkew,
        Self::PermissionDenied,
        Self::NotFound,
        Self::Conflict,
        Self::DuplicateName,
        Self::QuotaExceeded,
        Self::RateLimited,
        Self::Unavailable,
        Self::Timeout,
        Self::Connect,
        Self::Transport,
        Self::InvalidResponse,
        Self::TaskFailed,
        Self::Canceled,
        Self::Stopped,
        Self::WaitLimitReached,
        Self::OutcomeUnknown,
        Self::Service,
        Self::Local,
    ];

    /// All of them.
    pub fn all() -> impl ExactSizeIterator<Item = Self> {
        Self::ALL.into_iter()
    }

    /// The word for it in logs and JSON, in snake case.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::InvalidRequest => "invalid_request",
            Self::Unsupported => "unsupported",
            Self::Credentials => "credentials",
            Self::ClockSkew => "clock_skew",
            Self::PermissionDenied => "permission_denied",
            Self::NotFound => "not_found",
            Self::Conflict => "conflict",
            Self::DuplicateName => "duplicate_name",
            Self::QuotaExceeded => "quota_exceeded",
            Self::RateLimited => "rate_limited",
            Self::Unavailable => "unavailable",
            Self::Timeout => "timeout",
            Self::Connect => "connect",
            Self::Transport => "transport",
            Self::InvalidResponse => "invalid_response",
            Self::TaskFailed => "task_failed",
            Self::Canceled => "canceled",
            Self::Stopped => "stopped",
            Self::WaitLimitReached => "wait_limit_reached",
            Self::OutcomeUnknown => "outcome_unknown",
            Self::Service => "service",
            Self::Local => "local",
        }
    }
}

impl FromStr for ErrorKind {
    type Err = UnknownKind;

    fn from_str(word: &str) -> Result<Self, UnknownKind> {
        Self::ALL
            .into_iter()
            .find(|kind| kind.as_str() == word)
            .ok_or(UnknownKind)
    }
}

/// A word that names no kind of error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UnknownKind;

impl fmt::Display for UnknownKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not a kind of error that this version knows")
    }
}

impl StdError for UnknownKind {}

impl Serialize for ErrorKind {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for ErrorKind {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// An error of any cloud.
///
/// `Display` is one line: provider, operation, message, then code, HTTP status and request id. It never holds the
/// source ([`std::error::Error::source`]) nor a secret. A clone is cheap and is the same error.
///
/// ```
/// use cloud_import_core::{Error, ErrorKind};
///
/// fn again(error: &Error) -> bool {
///     match error.kind() {
///         ErrorKind::InvalidRequest | ErrorKind::Credentials => false,
///         _ => error.is_retryable() && !error.may_have_executed(),
///     }
/// }
/// assert!(!again(&Error::new(ErrorKind::Credentials, "no keys")));
/// ```
#[derive(Clone)]
pub struct Error(Arc<Inner>);

#[derive(Clone)]
struct Inner {
    kind: ErrorKind,
    may_have_executed: bool,
    provider: Option<Provider>,
    operation: Option<Cow<'static, str>>,
    code: Option<String>,
    message: String,
    remedy: Option<Remedy>,
    request_id: Option<String>,
    http_status: Option<u16>,
    retry_after: Option<Duration>,
    documented_pause: Duration,
    server_date: Option<SystemTime>,
    attempts: u32,
    problems: Vec<Problem>,
    source: Option<Arc<dyn StdError + Send + Sync>>,
}

impl Error {
    /// An error of that kind. The message must hold no secret; it is one line without a final stop.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self(Arc::new(Inner {
            kind,
            may_have_executed: kind.may_have_executed(),
            provider: None,
            operation: None,
            code: None,
            message: message.into(),
            remedy: None,
            request_id: None,
            http_status: None,
            retry_after: None,
            documented_pause: Duration::ZERO,
            server_date: None,
            attempts: 0,
            problems: Vec::new(),
            source: None,
        }))
    }

    /// A request that did not pass validation: every problem at once.
    pub fn invalid(provider: Provider, problems: Vec<Problem>) -> Self {
        let message = problems
            .iter()
            .filter(|problem| problem.is_error())
            .map(|problem| problem.render(&LibraryWording))
            .collect::<Vec<_>>()
            .join("; ");
        let error = Self::new(ErrorKind::InvalidRequest, message).with_provider(provider);
        error.with_problems(problems)
    }

    /// Says what in an order it is about.
    #[must_use]
    pub fn with_problems(self, problems: Vec<Problem>) -> Self {
        self.with(|inner| inner.problems = problems)
    }

    fn with(mut self, change: impl FnOnce(&mut Inner)) -> Self {
        change(Arc::make_mut(&mut self.0));
        self
    }

    /// Says what was being done, before what happened: `reading the role: …`. All else stays as it is.
    #[must_use]
    pub fn context(self, doing: impl fmt::Display) -> Self {
        self.map_message(|message| format!("{doing}: {message}"))
    }

    /// Changes the message alone.
    #[must_use]
    pub fn map_message(self, change: impl FnOnce(&str) -> String) -> Self {
        self.with(|inner| inner.message = change(&inner.message))
    }

    /// Takes another kind and what it says about execution; code, request id, attempts and cause stay.
    #[must_use]
    pub fn with_kind(self, kind: ErrorKind) -> Self {
        self.with(|inner| {
            inner.kind = kind;
            inner.may_have_executed = kind.may_have_executed();
        })
    }

    /// Names the cloud.
    #[must_use]
    pub fn with_provider(self, provider: Provider) -> Self {
        self.with(|inner| inner.provider = Some(provider))
    }

    /// Names the vendor's operation.
    #[must_use]
    pub fn with_operation(self, operation: impl Into<Cow<'static, str>>) -> Self {
        let operation = operation.into();
        self.with(|inner| inner.operation = Some(operation))
    }

    /// The vendor's error code.
    #[must_use]
    pub fn with_code(self, code: impl Into<String>) -> Self {
        self.with(|inner| inner.code = Some(code.into()))
    }

    /// What the user does about it.
    #[must_use]
    pub fn with_remedy(self, remedy: impl Into<Remedy>) -> Self {
        self.with(|inner| inner.remedy = Some(remedy.into()))
    }

    /// The vendor's request id.
    #[must_use]
    pub fn with_request_id(self, request_id: Option<String>) -> Self {
        self.with(|inner| inner.request_id = request_id)
    }

    /// The HTTP status of the answer.
    #[must_use]
    pub fn with_http_status(self, status: u16) -> Self {
        self.with(|inner| inner.http_status = Some(status))
    }

    /// How long the cloud asks to wait.
    #[must_use]
    pub fn with_retry_after(self, retry_after: Option<Duration>) -> Self {
        self.with(|inner| inner.retry_after = retry_after)
    }

    /// How long the vendor's documents say to wait after its code.
    #[must_use]
    pub(crate) fn with_documented_pause(self, pause: Duration) -> Self {
        self.with(|inner| inner.documented_pause = pause)
    }

    /// The time of day on the cloud's clock.
    #[must_use]
    pub fn with_server_date(self, date: Option<SystemTime>) -> Self {
        self.with(|inner| inner.server_date = date)
    }

    /// Overrides what the kind says about execution.
    #[must_use]
    pub fn with_may_have_executed(self, may_have_executed: bool) -> Self {
        self.with(|inner| inner.may_have_executed = may_have_executed)
    }

    /// How many attempts were made.
    #[must_use]
    pub fn with_attempts(self, attempts: u32) -> Self {
        self.with(|inner| inner.attempts = attempts)
    }

    /// The cause. It must hold no secret: reqwest's errors print the whole URL and are stripped before they come here.
    #[must_use]
    pub fn with_source(self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.with(|inner| inner.source = Some(Arc::from(source.into())))
    }

    /// What went wrong.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// The vendor's error code, as sent.
    pub fn code(&self) -> Option<&str> {
        self.0.code.as_deref()
    }

    /// What happened, in one line; the vendor's own text where there is one.
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// What the user does about it.
    pub fn remedy(&self) -> Option<&Remedy> {
        self.0.remedy.as_ref()
    }

    /// The vendor's request id, to give to its support.
    pub fn request_id(&self) -> Option<&str> {
        self.0.request_id.as_deref()
    }

    /// The HTTP status of the answer, if there was one.
    pub fn http_status(&self) -> Option<u16> {
        self.0.http_status
    }

    /// The cloud.
    pub fn provider(&self) -> Option<Provider> {
        self.0.provider
    }

    /// The vendor's operation.
    pub fn operation(&self) -> Option<&str> {
        self.0.operation.as_deref()
    }

    /// How long the cloud asks to wait before the next request.
    pub fn retry_after(&self) -> Option<Duration> {
        self.0.retry_after
    }

    /// How long the vendor's documents say to wait after its code; zero where they say nothing.
    pub(crate) fn documented_pause(&self) -> Duration {
        self.0.documented_pause
    }

    /// The time of day on the cloud's clock, where the answer had a `Date`.
    pub fn server_date(&self) -> Option<SystemTime> {
        self.0.server_date
    }

    /// How many attempts were made; 0 when nothing was sent.
    pub fn attempts(&self) -> u32 {
        self.0.attempts
    }

    /// The problems that validation found; empty for every other error.
    pub fn problems(&self) -> &[Problem] {
        &self.0.problems
    }

    /// Whether the same request may do better later. It says nothing about safety: see [`Self::may_have_executed`].
    pub fn is_retryable(&self) -> bool {
        self.0.kind.is_retryable()
    }

    /// Whether the request, or an earlier attempt of it, may have been executed by the cloud.
    ///
    /// For a start this is the question that matters: when `true`, look the import up before anything is sent again.
    pub fn may_have_executed(&self) -> bool {
        self.0.may_have_executed
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let inner = &self.0;
        if let Some(provider) = inner.provider {
            write!(f, "{}", provider.name())?;
            if let Some(operation) = &inner.operation {
                write!(f, " {operation}")?;
            }
            f.write_str(": ")?;
        }
        f.write_str(&inner.message)?;
        let details = [
            inner.code.as_ref().map(|code| format!("code {code}")),
            inner.http_status.map(|status| format!("HTTP {status}")),
            inner.request_id.as_ref().map(|id| format!("request {id}")),
            (inner.attempts > 1).then(|| format!("{} attempts", inner.attempts)),
        ];
        let details: Vec<String> = details.into_iter().flatten().collect();
        if !details.is_empty() {
            write!(f, " ({})", details.join(", "))?;
        }
        Ok(())
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let inner = &self.0;
        f.debug_struct("Error")
            .field("kind", &inner.kind)
            .field("may_have_executed", &inner.may_have_executed)
            .field("provider", &inner.provider)
            .field("operation", &inner.operation)
            .field("code", &inner.code)
            .field("message", &inner.message)
            .field("http_status", &inner.http_status)
            .field("request_id", &inner.request_id)
            .field("attempts", &inner.attempts)
            .field("source", &inner.source)
            .finish_non_exhaustive()
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0
            .source
            .as_deref()
            .map(|source| source as &(dyn StdError + 'static))
    }
}
