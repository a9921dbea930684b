//! Preflight: what can be found out about an order before it is started. Reads and dry runs only; no byte of an image moves.
//!
//! [`ImageImporter::preflight`](crate::ImageImporter::preflight) asks the cloud and answers with a list of [`Check`]s: what is wrong with the order offline,
//! then what the cloud says. A check that could not be made says so and why: it is never taken for a good one. Each call goes
//! through the pipeline, so its time is bounded there.

use std::ops::ControlFlow;

use super::{
    asking::Asking,
    check::{Check, Subject},
};
use crate::{
    Error, ErrorKind, Field, ImportRequest, Problem, Provider, Result, WarningId, model::capabilities::UniqueNames,
    model::code::StateClass, model::remedy::Remedy,
};

/// An image that has the name which is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct NamedImage {
    /// Its id.
    pub id: String,
    /// Its state, in the vendor's word.
    pub state: String,
    /// What that means, where it is known.
    pub class: Option<StateClass>,
    /// Whether an order of this program may have made it, of whatever content: it shows a marker, was made of an object that a hash
    /// names, or does not show what it was made of.
    pub may_be_own: bool,
}

/// The error of an answer that lacks what it is asked for.
pub fn lacking(what: &str) -> Error {
    Error::new(ErrorKind::InvalidResponse, format!("the answer has no {what}"))
}

/// Collects the checks of one preflight. For those who implement [`Cloud`](crate::provider::Cloud).
#[derive(Debug)]
pub struct Checks {
    provider: Provider,
    endpoint: String,
    asking: Asking,
    /// What there is to do about a name that is taken.
    other_name: Remedy,
    checks: Vec<Check>,
}

impl Checks {
    /// Begins with what is wrong with the order offline.
    pub fn new(provider: Provider, endpoint: String, problems: &[Problem], request: &ImportRequest) -> Self {
        let mut checks: Vec<Check> = problems
            .iter()
            .map(|problem| Check::of_problem(Subject::Order, problem, !request.no_validate))
            .collect();
        if checks.is_empty() {
            checks.push(Check::passed(Subject::Order, "nothing is wrong with it offline"));
        }
        Self {
            provider,
            endpoint,
            asking: Asking::default(),
            // What is copied of an image that is there takes the place of none.
            other_name: match request.is_copy() && !request.is_pending() {
                true => Remedy::Another(Field::Name),
                false => Remedy::taken_name(),
            },
            checks,
        }
    }

    /// Says how it is asked.
    #[must_use]
    pub fn asking(mut self, asking: &Asking) -> Self {
        self.asking = asking.clone();
        self
    }

    /// The answer to a question that is the same for every region of an account: it is asked once for all importers that share their
    /// [`Asking`]. `what` names the question.
    ///
    /// # Errors
    /// Those of the question.
    pub async fn once<T: Clone + Send + Sync + 'static>(
        &self,
        what: &str,
        ask: impl Future<Output = Result<T>> + Send,
    ) -> Result<T> {
        self.asking.once(what, ask).await
    }

    /// Why a dry run would tell nothing, if that is so.
    pub fn why_no_dry_run(&self, order: &ImportRequest) -> Option<&'static str> {
        let refused = |check: &Check| check.what == Subject::Order && check.is_failure();
        if self.asking.reads_alone() {
            Some("it was not asked for")
        } else if self.checks.iter().any(refused) {
            Some("the order itself would be refused")
        } else if order.is_pending() && order.is_copy() {
            Some("the image is not there yet")
        } else if order.is_pending() {
            Some("the file is not in the cloud yet")
        } else {
            None
        }
    }

    /// Adds a check.
    pub fn add(&mut self, check: Check) {
        self.checks.push(check);
    }

    /// Takes in the first call, which tells whether the cloud answers and accepts the credentials. Breaks off with the
    /// reason when it does not; else the outcome is handed back, for what else it tells.
    pub fn first<T>(&mut self, outcome: Result<T>) -> ControlFlow<&'static str, Result<T>> {
        let Err(error) = &outcome else {
            self.answered();
            self.accepted();
            return ControlFlow::Continue(outcome);
        };
        match error.kind() {
            ErrorKind::Credentials | ErrorKind::ClockSkew => {
                if error.http_status().is_some() {
                    self.answered();
                }
                self.add(Check::failed_by(Subject::Credentials, error));
                return ControlFlow::Break("there are no credentials that the cloud accepts");
            }
            _ if error.http_status().is_none() || error.is_retryable() => {
                self.add(Check::failed_by(Subject::Endpoint, error));
                return ControlFlow::Break("the cloud's API did not answer");
            }
            // Who may not do something is known; a refusal without the vendor's code may be a proxy's.
            ErrorKind::PermissionDenied if error.code().is_some() => {
                self.answered();
                self.accepted();
            }
            _ => {
                self.answered();
                let why = "the first call was refused for another reason, which tells nothing of them";
                self.add(Check::not_checked(Subject::Credentials, why));
            }
        }
        ControlFlow::Continue(outcome)
    }

    fn answered(&mut self) {
        self.add(Check::passed(Subject::Endpoint, format!("{} answers", self.endpoint)));
    }

    fn accepted(&mut self) {
        self.add(Check::passed(
            Subject::Credentials,
            format!("{} accepts them", self.provider.name()),
        ));
    }

    /// Adds what an answer tells, or that there was none.
    pub fn judge<T>(&mut self, what: Subject, outcome: Result<T>, judge: impl FnOnce(T) -> Check) {
        match outcome {
            Ok(answer) => self.add(judge(answer)),
            // Keys that one service takes and another does not are no good.
            Err(error) if error.kind() == ErrorKind::Credentials => {
                self.checks.retain(|check| check.what != Subject::Credentials);
                self.add(Check::failed_by(Subject::Credentials, &error));
                self.add(Check::not_checked(
                    what,
                    "there are no credentials that the cloud accepts",
                ));
            }
            Err(error) => self.add(Check::unanswered(what, &error)),
        }
    }

    /// Whether a region is among those that the cloud lists.
    pub fn region(&mut self, region: &str, listed: Result<Vec<String>>) {
        let name = self.provider.name();
        self.judge(Subject::Region, listed, |listed| {
            if listed.iter().any(|id| id == region) {
                return Check::passed(Subject::Region, format!("{name} lists `{region}`"));
            }
            Check::failed(
                Subject::Region,
                format!("{name} does not list `{region}` for this account"),
                Remedy::choose(Field::Region, listed),
            )
        });
    }

    /// Whether the project that an order names is among those that the cloud lists.
    pub fn project(&mut self, project: &str, listed: Result<Vec<String>>) {
        let name = self.provider.name();
        self.judge(Subject::Project, listed, |listed| {
            if listed.iter().any(|id| id == project) {
                return Check::passed(Subject::Project, format!("{name} lists `{project}`"));
            }
            Check::failed(
                Subject::Project,
                format!("{name} does not list the project `{project}` for these credentials"),
                Remedy::choose(Field::Project, listed),
            )
        });
    }

    /// Whether a name is free.
    pub fn name(&mut self, name: &str, found: Result<Vec<NamedImage>>, rule: UniqueNames) {
        let other = self.other_name.clone();
        self.judge(Subject::Name, found, |found| {
            let Some(NamedImage { id, state, class, .. }) = found.into_iter().next() else {
                return Check::passed(Subject::Name, format!("no image is named `{name}`"));
            };
            let message = format!("there is an image named `{name}`: {id} ({state})");
            match (rule, class) {
                (UniqueNames::Refused, Some(StateClass::Failed | StateClass::Canceled)) => Check::warning(
                    WarningId::NAME_OF_FAILED,
                    Subject::Name,
                    format!("{message}; whether it still holds the name is not documented"),
                    "Delete it if the name is refused.",
                ),
                (UniqueNames::Refused, _) => {
                    Check::failed(Subject::Name, format!("{message}, and a second one is refused"), other)
                }
                (UniqueNames::No, _) => {
                    let message = format!("{message}; a second one is taken");
                    Check::warning(WarningId::NAME_TAKEN, Subject::Name, message, other)
                }
                (UniqueNames::Unverified, _) => Check::warning(
                    WarningId::NAME_UNVERIFIED,
                    Subject::Name,
                    format!("{message}; no source says whether a second one is refused"),
                    other,
                ),
            }
        });
    }

    /// Whether so many more images have room: `(used, allowed)`.
    pub fn quota(&mut self, wanted: i64, found: Result<(i64, i64)>) {
        self.judge(Subject::Quota, found, |(used, allowed)| {
            let message = format!("{used} of {allowed} images are used");
            if used.saturating_add(wanted) <= allowed {
                return Check::passed(Subject::Quota, message);
            }
            Check::failed(
                Subject::Quota,
                format!("{message}, and the order makes {wanted} more"),
                "Delete images that are not needed, or ask the vendor for a larger quota.",
            )
        });
    }

    /// What the vendor's dry run says. A refusal is what the import would meet; no answer tells nothing.
    pub fn dry_run(&mut self, outcome: Result<()>) {
        let what = Subject::DryRun;
        match outcome {
            Err(error) if error.http_status().is_some() && !error.is_retryable() => {
                self.add(Check::failed_by(what, &error));
            }
            outcome => self.judge(what, outcome, |()| {
                Check::passed(what, "the cloud would take this order")
            }),
        }
    }

    /// The checks, sorted by subject. What was not looked at is said not to be: for the reason that stands in `why`, else for
    /// `otherwise`.
    pub fn finish(mut self, why: &[(Subject, &'static str)], otherwise: &'static str) -> Vec<Check> {
        for what in Subject::COMMON {
            if self.checks.iter().all(|check| check.what != what) {
                let own = why.iter().find(|(named, _)| *named == what);
                self.add(Check::not_checked(what, own.map_or(otherwise, |(_, why)| *why)));
            }
        }
        self.checks.sort_by_key(|check| check.what);
        self.checks
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::CheckOutcome;

    fn empty() -> Checks {
        Checks {
            provider: Provider::ALIYUN,
            endpoint: "https://api.example".to_owned(),
            asking: Asking::default(),
            other_name: Remedy::taken_name(),
            checks: Vec::new(),
        }
    }

    fn outcomes(checks: Vec<Check>) -> Vec<(Subject, CheckOutcome)> {
        checks.into_iter().map(|check| (check.what, check.outcome)).collect()
    }

    fn first(error: Error) -> (bool, Vec<(Subject, CheckOutcome)>) {
        let mut checks = empty();
        let goes_on = checks.first::<()>(Err(error)).is_continue();
        (goes_on, outcomes(checks.checks))
    }

    #[test]
    fn the_first_call_tells_credentials_from_reach() {
        use CheckOutcome::{Failed, NotChecked, Passed};
        use Subject::{Credentials, Endpoint};
        let answered = |kind| Error::new(kind, "x").with_http_status(400);
        for (error, goes_on, expected) in [
            (
                answered(ErrorKind::Credentials),
                false,
                vec![(Endpoint, Passed), (Credentials, Failed)],
            ),
            (
                Error::new(ErrorKind::Credentials, "none"),
                false,
                vec![(Credentials, Failed)],
            ),
            (Error::new(ErrorKind::Connect, "x"), false, vec![(Endpoint, Failed)]),
            (answered(ErrorKind::RateLimited), false, vec![(Endpoint, Failed)]),
            (
                answered(ErrorKind::PermissionDenied).with_code("Forbidden"),
                true,
                vec![(Endpoint, Passed), (Credentials, Passed)],
            ),
            (
                answered(ErrorKind::PermissionDenied),
                true,
                vec![(Endpoint, Passed), (Credentials, NotChecked)],
            ),
            (
                answered(ErrorKind::NotFound),
                true,
                vec![(Endpoint, Passed), (Credentials, NotChecked)],
            ),
        ] {
            let shown = error.to_string();
            assert_eq!(first(error), (goes_on, expected), "{shown}");
        }
    }

    fn one(fill: impl FnOnce(&mut Checks)) -> Check {
        let mut checks = empty();
        fill(&mut checks);
        assert_eq!(checks.checks.len(), 1, "{checks:?}");
        checks.checks.remove(0)
    }

    #[test]
    fn a_taken_name_counts_as_the_cloud_takes_it() {
        let found = |class| {
            Ok(vec![NamedImage {
                id: "m-1".to_owned(),
                state: "Raw".to_owned(),
                class,
                may_be_own: false,
            }])
        };
        for (rule, class, expected) in [
            (UniqueNames::Refused, Some(StateClass::Succeeded), CheckOutcome::Failed),
            (UniqueNames::Refused, None, CheckOutcome::Failed),
            (UniqueNames::Refused, Some(StateClass::Failed), CheckOutcome::Warning),
            (
                UniqueNames::Unverified,
                Some(StateClass::Succeeded),
                CheckOutcome::Warning,
            ),
            (UniqueNames::Unverified, None, CheckOutcome::Warning),
        ] {
            let check = one(|checks| checks.name("web", found(class), rule));
            assert_eq!(check.outcome, expected, "{rule:?} {class:?}");
            assert!(check.message.to_string().contains("`web`: m-1 (Raw)") && check.remedy.is_some());
        }
        let free = one(|checks| checks.name("web", Ok(Vec::new()), UniqueNames::Refused));
        assert_eq!(free.outcome, CheckOutcome::Passed);
    }

    #[test]
    fn a_quota_must_have_room_for_the_order() {
        let outcome = |wanted, used| one(|checks| checks.quota(wanted, Ok((used, 20)))).outcome;
        assert_eq!(outcome(1, 19), CheckOutcome::Passed);
        assert_eq!(outcome(1, 20), CheckOutcome::Failed);
        assert_eq!(outcome(2, 19), CheckOutcome::Failed);
        assert_eq!(outcome(1, i64::MAX), CheckOutcome::Failed);
    }

    #[test]
    fn a_dry_run_without_an_answer_tells_nothing() {
        let outcome = |error: Error| one(|checks| checks.dry_run(Err(error))).outcome;
        let refused = Error::new(ErrorKind::NotFound, "no object").with_http_status(404);
        assert_eq!(outcome(refused), CheckOutcome::Failed);
        let busy = Error::new(ErrorKind::Unavailable, "busy").with_http_status(503);
        assert_eq!(outcome(busy), CheckOutcome::NotChecked);
        assert_eq!(
            outcome(Error::new(ErrorKind::Timeout, "late")),
            CheckOutcome::NotChecked
        );
    }

    #[test]
    fn keys_that_are_refused_later_are_no_good() {
        let mut checks = empty();
        assert!(checks.first(Ok(())).is_continue());
        let refused = Error::new(ErrorKind::Credentials, "no").with_http_status(401);
        checks.quota(1, Err(refused));
        assert_eq!(
            outcomes(checks.checks),
            [
                (Subject::Endpoint, CheckOutcome::Passed),
                (Subject::Credentials, CheckOutcome::Failed),
                (Subject::Quota, CheckOutcome::NotChecked)
            ]
        );
    }

    #[test]
    fn what_was_not_looked_at_is_said_to_be_so() {
        let mut checks = empty();
        checks.add(Check::passed(Subject::Name, "free"));
        let listed = checks.finish(&[(Subject::Quota, "no call tells it")], "the cloud did not answer");
        let why = |what| {
            let check = listed.iter().find(|check| check.what == what);
            check.map(|check| (check.outcome, check.message.to_string()))
        };
        assert_eq!(
            why(Subject::Quota),
            Some((CheckOutcome::NotChecked, "no call tells it".to_owned()))
        );
        assert_eq!(
            why(Subject::Region),
            Some((CheckOutcome::NotChecked, "the cloud did not answer".to_owned()))
        );
        assert_eq!(why(Subject::Name), Some((CheckOutcome::Passed, "free".to_owned())));
        assert!(listed.is_sorted_by_key(|check| check.what));
    }
}
