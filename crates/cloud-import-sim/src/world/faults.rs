//! Faults on request: what a test wants to go wrong, and which request it hits. Acts on nothing itself.

use serde::{Deserialize, Serialize};

use super::guest::GuestFault;
use crate::{cloud::Cloud, setters::setters};

/// Something that shall go wrong.
///
/// A fault waits until `skip` matching requests have passed and then hits `times` of them. Only requests with a good
/// signature match, except for [`FaultKind::SkewedDate`], which acts while the signature is being checked. When several
/// faults that answer in the server's stead match one request, the oldest hits and the others wait.
///
/// As JSON: `{"cloud":"aliyun","operation":"ImportImage","skip":0,"times":1,"kind":"throttle"}`, with kinds such as
/// `{"delay":250}` or `{"refuse":{"http":400,"code":"X","message":"y"}}`; all but `kind` may be left out.
///
/// ```
/// use cloud_import_sim::{Cloud, Fault, FaultKind};
///
/// // The second import of the day is taken, and its answer is lost.
/// let fault = Fault::new(FaultKind::DropAfter).cloud(Cloud::Aliyun).operation("ImportImage").skip(1);
/// let text = r#"{"cloud":"aliyun","operation":"ImportImage","skip":1,"kind":"drop_after"}"#;
/// assert_eq!(serde_json::from_str::<Fault>(text)?, fault);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Fault {
    /// Only requests of this cloud; `None` is any.
    #[serde(default)]
    pub cloud: Option<Cloud>,
    /// Only this operation, by the vendor's name; `None` is any.
    #[serde(default)]
    pub operation: Option<String>,
    /// How many matching requests pass first.
    #[serde(default)]
    pub skip: u32,
    /// How many matching requests are then hit; `u32::MAX` is practically all.
    #[serde(default = "once")]
    pub times: u32,
    /// What goes wrong.
    pub kind: FaultKind,
}

fn once() -> u32 {
    1
}

impl Fault {
    /// A fault that hits the next request of any cloud, once.
    #[must_use]
    pub fn new(kind: FaultKind) -> Self {
        Fault {
            cloud: None,
            operation: None,
            skip: 0,
            times: 1,
            kind,
        }
    }

    setters! {
        /// Lets this many matching requests pass first.
        skip: u32,

        /// Hits this many matching requests.
        times: u32,
    }

    /// Hits only this cloud.
    #[must_use]
    pub fn cloud(mut self, cloud: Cloud) -> Self {
        self.cloud = Some(cloud);
        self
    }

    /// Hits only this operation.
    #[must_use]
    pub fn operation(mut self, operation: impl Into<String>) -> Self {
        self.operation = Some(operation.into());
        self
    }
}

/// What goes wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum FaultKind {
    /// Not executed: refused in the vendor's error form. A status that the vendor does not use for errors (Tencent and
    /// UCloud answer 200) is sent all the same.
    Refuse {
        /// The HTTP status.
        http: u16,
        /// The vendor's code; for UCloud a number as text, for JD Cloud the `status`.
        code: String,
        /// The vendor's message.
        message: String,
    },
    /// Not executed: the vendor's answer to too many requests.
    Throttle,
    /// Not executed: as [`Throttle`](Self::Throttle), with a hint when to come back: `Retry-After` in seconds, at Alibaba
    /// `x-acs-retry-after` in milliseconds.
    ThrottleFor {
        /// The seconds to wait.
        seconds: u32,
    },
    /// Not executed: the vendor's, or its gateway's, answer with this status (500 and up).
    ServerError {
        /// The HTTP status.
        http: u16,
    },
    /// Not executed: the connection is closed without an answer.
    DropBefore,
    /// Executed, and then the connection is closed without an answer.
    DropAfter,
    /// Executed; the answer's headers and half of its body are sent, and then the connection is closed.
    Cut,
    /// Executed, this many milliseconds late. Comes on top of another fault.
    Delay(u64),
    /// Not executed: 200 with a body that is not JSON.
    Garbage,
    /// Not executed: 200 with an empty body.
    Empty,
    /// Not executed: 200 with a body of this many MiB.
    Oversized(u32),
    /// The server's clock is this many seconds ahead (behind if negative): for the check of the request's time and in the
    /// `Date` header.
    SkewedDate(i64),
    /// Not executed: 200 with an internal error in the vendor's body.
    Error200,
    /// A query shows this text as the state of images and tasks.
    UnknownState(String),
    /// The next accepted import ends failed. Code and reason are shown where the vendor's API shows any.
    FailImport {
        /// The vendor's code.
        code: String,
        /// The vendor's reason.
        reason: String,
    },
    /// The next accepted import is of a disk with this fault inside, which the cloud tells as its vendor does. Several hit one
    /// import together.
    Guest(GuestFault),
    /// The next accepted import stays unlisted for this many queries that would have shown it.
    Hide(u32),
    /// The next accepted import is listed only so many milliseconds after its acceptance, whatever
    /// [`Config::listed_after`](crate::Config::listed_after) says.
    HideFor(u64),
    /// The next accepted import never gets beyond running.
    Stall,
    /// The upload that a request to a store names is gone before the request is executed. APIs take no notice.
    ForgetUpload,
    /// A store closes the connection when it has read half of a body; nothing is stored. APIs, and requests that bring neither an
    /// object nor a part, are executed and not answered.
    DropMidBody,
    /// A store changes one byte of an object or a part before it stores it, so that only the ETag tells, or of an object before it
    /// sends it. Others take no notice.
    CorruptBody,
    /// A store that is asked for a part of an object sends the whole, with 200. Others take no notice.
    WholeObject,
    /// Not executed: 200 with an internal error in the vendor's body, as stores may answer the completion of an upload.
    Error200InBody,
}

/// When a fault acts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum When {
    /// While the signature and its time are checked.
    Clock,
    /// Around the execution of a request.
    Request,
    /// When an import has been accepted.
    Import,
    /// When a query shows states.
    Query,
}

impl FaultKind {
    fn when(&self) -> When {
        match self {
            FaultKind::SkewedDate(_) => When::Clock,
            FaultKind::UnknownState(_) => When::Query,
            FaultKind::FailImport { .. }
            | FaultKind::Guest(_)
            | FaultKind::Hide(_)
            | FaultKind::HideFor(_)
            | FaultKind::Stall => When::Import,
            _ => When::Request,
        }
    }

    /// Whether two of this kind may hit one request.
    fn combines(&self) -> bool {
        matches!(self, FaultKind::Delay(_)) || self.when() == When::Import
    }
}

/// The faults that are still to come, oldest first.
#[derive(Debug, Default)]
pub(crate) struct FaultSet(Vec<Fault>);

impl FaultSet {
    pub(crate) fn add(&mut self, fault: Fault) {
        self.0.push(fault);
    }

    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }

    /// The faults that hit this request now. They are used up, and those that wait for it are one request nearer.
    pub(crate) fn hit(&mut self, when: When, cloud: Cloud, operation: &str) -> Vec<FaultKind> {
        let mut hits: Vec<FaultKind> = Vec::new();
        for fault in &mut self.0 {
            let matches = fault.kind.when() == when
                && fault.cloud.is_none_or(|wanted| wanted == cloud)
                && fault.operation.as_deref().is_none_or(|wanted| wanted == operation);
            if !matches {
                continue;
            }
            if fault.skip > 0 {
                fault.skip -= 1;
            } else if fault.times > 0 && (fault.kind.combines() || hits.iter().all(FaultKind::combines)) {
                fault.times -= 1;
                hits.push(fault.kind.clone());
            }
        }
        self.0.retain(|fault| fault.times > 0);
        hits
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hits(set: &mut FaultSet, operation: &str) -> Vec<FaultKind> {
        set.hit(When::Request, Cloud::Tencent, operation)
    }

    #[test]
    fn a_fault_skips_then_hits_then_is_gone() {
        let mut set = FaultSet::default();
        set.add(Fault::new(FaultKind::Throttle).skip(1).times(2));
        let answers: Vec<usize> = (0..5).map(|_| hits(&mut set, "x").len()).collect();
        assert_eq!(answers, [0, 1, 1, 0, 0]);
        assert!(set.0.is_empty());
    }

    #[test]
    fn faults_that_answer_queue_up_and_a_delay_comes_on_top() {
        let mut set = FaultSet::default();
        set.add(Fault::new(FaultKind::DropBefore));
        set.add(Fault::new(FaultKind::Delay(5)));
        set.add(Fault::new(FaultKind::Garbage));
        assert_eq!(hits(&mut set, "x"), [FaultKind::DropBefore, FaultKind::Delay(5)]);
        assert_eq!(hits(&mut set, "x"), [FaultKind::Garbage]);
    }

    #[test]
    fn cloud_operation_and_moment_have_to_match() {
        let mut set = FaultSet::default();
        set.add(Fault::new(FaultKind::Throttle).cloud(Cloud::Aliyun));
        set.add(Fault::new(FaultKind::Empty).operation("ImportImage"));
        set.add(Fault::new(FaultKind::Stall));
        assert!(hits(&mut set, "DescribeImages").is_empty());
        assert_eq!(hits(&mut set, "ImportImage"), [FaultKind::Empty]);
        assert_eq!(set.hit(When::Import, Cloud::Huawei, "CreateImage"), [FaultKind::Stall]);
        assert_eq!(set.hit(When::Request, Cloud::Aliyun, "any"), [FaultKind::Throttle]);
    }

    #[test]
    fn a_fault_is_read_from_json() {
        let fault: Fault =
            serde_json::from_str(r#"{"cloud":"huawei","kind":{"refuse":{"http":400,"code":"a","message":"b"}}}"#)
                .unwrap();
        assert_eq!(fault.cloud, Some(Cloud::Huawei));
        assert_eq!((fault.skip, fault.times), (0, 1));
        let text = serde_json::to_string(&fault).unwrap();
        assert_eq!(serde_json::from_str::<Fault>(&text).unwrap(), fault);
        assert!(serde_json::from_str::<Fault>(r#"{"kind":"stall","time":1}"#).is_err());
        assert!(serde_json::from_str::<Fault>(r#"{"kind":"delay"}"#).is_err());
    }
}
