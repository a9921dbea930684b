//! What the clouds say to an order before a file is read beyond its header, and what is decided by it. Reads only: nothing is sent,
//! moved or recorded.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, SystemTime},
};

use cloud_import_core::{
    Asking, Check, CheckOutcome, Error, ErrorKind, ImageImporter, ImportRequest, Problem, Provider, Remedy, Result,
    Stop, Subject,
    env::{Env as _, SystemEnv},
    provider::preflight::NamedImage,
};
use cloud_import_staging::Store;

use super::{
    content::{Content, Ordered},
    destination::Destination,
    options::Options,
    outcome::Ended,
    plan::{Decision, Intent, decide},
    replace,
    run::of_before,
    store::{Place, Record, State, Step},
    target::{side_by_side, stopped},
};

/// A cloud that has not told all by then is gone on without.
const LONGEST: Duration = Duration::from_secs(30);

/// So many names stand in a text; of more, their number.
const NAMED: usize = 3;

/// What was found out about a destination before its order is sent.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Readiness {
    /// Its cloud.
    pub provider: Provider,
    /// What was looked at. Empty where nothing was asked, because the order may have been carried out before.
    pub checks: Vec<Check>,
    /// The ids of the images that a replacement deletes when the new one is there.
    pub replaces: Vec<String>,
    /// Whether the image may be there already, made of this order by an earlier call, on this machine or another. That is known
    /// when the file was hashed, and [`Publish::run`](super::Publish::run) decides then.
    pub may_be_made: bool,
}

impl Readiness {
    /// A destination of which this was looked at.
    pub fn new(provider: Provider, checks: Vec<Check>) -> Self {
        Self {
            provider,
            checks,
            replaces: Vec::new(),
            may_be_made: false,
        }
    }

    /// With problems of the order that were found elsewhere, as in an object of a bucket. One that is an error fails it where
    /// `is_binding`.
    #[must_use]
    pub fn with_problems(mut self, found: &[Problem], is_binding: bool) -> Self {
        let found = found
            .iter()
            .map(|problem| Check::of_problem(Subject::Order, problem, is_binding));
        let found: Vec<Check> = found.filter(|check| !self.checks.contains(check)).collect();
        if !found.is_empty() {
            let is_good = |check: &Check| check.what == Subject::Order && check.outcome == CheckOutcome::Passed;
            self.checks.retain(|check| !is_good(check));
        }
        self.checks.splice(0..0, found);
        self
    }

    /// Whether its bucket was looked at, and told.
    pub(super) fn knows_bucket(&self) -> bool {
        let mut checks = self.checks.iter();
        checks.any(|check| check.what == Subject::Bucket && !check.is_unanswered())
    }

    /// Why the order would surely be refused; `None` where it would not be, or where that is not known.
    pub fn refusal(&self) -> Option<Error> {
        match self.may_be_made {
            true => None,
            false => self.certain(),
        }
    }

    /// The certain failures as one error: the one that there is, else in the words of them all.
    fn certain(&self) -> Option<Error> {
        let certain: Vec<&Check> = self.checks.iter().filter(|check| check.is_certain()).collect();
        let first = certain.first()?;
        if let ([_], Some(error)) = (certain.as_slice(), &first.error) {
            return Some(error.clone());
        }
        let message = |check: &&Check| match &check.error {
            Some(error) => error.message().to_owned(),
            None => check.message.to_string(),
        };
        let messages: Vec<String> = certain.iter().map(message).collect();
        let lacks_keys = |check: &&Check| {
            check
                .error
                .as_ref()
                .is_some_and(|error| error.kind() == ErrorKind::Credentials)
        };
        let kind = match first.what {
            Subject::Order => ErrorKind::InvalidRequest,
            _ if certain.iter().any(lacks_keys) => ErrorKind::Credentials,
            what => kind(what),
        };
        let error = Error::new(kind, messages.join("; ")).with_provider(self.provider);
        let remedies = certain.iter().filter_map(|check| check.remedy.clone());
        match remedies.reduce(Remedy::then) {
            Some(remedy) => Some(error.with_remedy(remedy)),
            None => Some(error),
        }
    }
}

/// What it means when something is not as it must be.
fn kind(what: Subject) -> ErrorKind {
    match what {
        Subject::Order | Subject::Bucket | Subject::Share => ErrorKind::InvalidRequest,
        Subject::Credentials => ErrorKind::Credentials,
        Subject::Project | Subject::Region | Subject::Os => ErrorKind::NotFound,
        Subject::Name => ErrorKind::DuplicateName,
        Subject::Quota => ErrorKind::QuotaExceeded,
        Subject::ImportRole => ErrorKind::PermissionDenied,
        _ => ErrorKind::Conflict,
    }
}

/// What each destination ends with before anything is begun, by why it would be refused: `None` for one that goes on. Unless it is by
/// best effort, one that is refused holds all others back.
pub fn gate<T: AsRef<str>>(labels: &[T], refusals: Vec<Option<Error>>, best_effort: bool) -> Vec<Option<Ended>> {
    let refused = labels.iter().zip(&refusals).filter(|(_, refusal)| refusal.is_some());
    let refused: Vec<&str> = refused.map(|(label, _)| label.as_ref()).collect();
    let holds_back = !best_effort && !refused.is_empty();
    let ended = |refusal: Option<Error>| match refusal {
        Some(error) => Some(Ended::not_started(error)),
        None if holds_back => Some(Ended::HeldBack {
            error: held_back(&refused),
        }),
        None => None,
    };
    refusals.into_iter().map(ended).collect()
}

fn held_back(refused: &[&str]) -> Error {
    let named: Vec<String> = refused.iter().take(NAMED).map(|label| format!("`{label}`")).collect();
    let more = match refused.len().saturating_sub(NAMED) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let message = format!(
        "not started, because the import would fail at {}{more}",
        named.join(", ")
    );
    Error::new(ErrorKind::Conflict, message).with_remedy(Remedy::BestEffort)
}

/// What a call is about.
#[derive(Debug, Clone, Copy)]
pub(super) struct Call<'a> {
    pub(super) destinations: &'a [Destination],
    pub(super) content: &'a Content,
    pub(super) options: &'a Options,
    pub(super) state: Option<&'a State>,
    pub(super) stop: &'a Stop,
}

/// A cloud, what its keys tell of their account, and its endpoint where that is not the vendor's own.
type Account = (Provider, String, Option<String>);

/// What all destinations of a look share.
#[derive(Debug)]
struct Shared {
    asking: Asking,
    /// For each account, so that what is the same in all its regions is asked for once.
    askings: Mutex<HashMap<Account, Asking>>,
    again: bool,
    replace: bool,
    /// Of earlier calls that may have been about this content.
    records: Vec<Record>,
    /// The ids of images that earlier calls made of other content.
    others: Vec<String>,
}

impl Shared {
    /// `records`: each with whether it may be about this content.
    fn new(options: &Options, asking: &Asking, records: Vec<(Record, bool)>) -> Arc<Self> {
        let (own, others): (Vec<_>, Vec<_>) = records.into_iter().partition(|(_, may_be)| *may_be);
        Arc::new(Self {
            asking: asking.clone(),
            askings: Mutex::default(),
            again: options.again,
            replace: options.replace,
            records: own.into_iter().map(|(record, _)| record).collect(),
            others: others
                .iter()
                .filter_map(|(record, _)| Some(record.image()?.id))
                .collect(),
        })
    }

    /// How an importer asks: with all others of its account, where that is known and its endpoint is as good as theirs.
    fn asking(&self, importer: &dyn ImageImporter, place: &Place) -> Asking {
        let Some(account) = place.account.clone() else {
            return self.asking.apart();
        };
        let is_published = importer
            .connection()
            .is_some_and(|connection| connection.is_published());
        let endpoint = place.endpoint.clone().filter(|_| !is_published);
        let mut askings = self.askings.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (place.provider, account, endpoint);
        askings.entry(key).or_insert_with(|| self.asking.apart()).clone()
    }

    /// Asks for a destination, unless its record says that the order was sent.
    async fn ready(&self, to: Destination, ordered: Result<Ordered>) -> Readiness {
        let provider = to.importer.provider();
        let ordered = match ordered {
            Ok(ordered) => ordered,
            Err(error) => return Readiness::new(provider, vec![Check::failed_by(Subject::Order, &error)]),
        };
        let place = to.place(&ordered.request).await;
        let again = to.again.unwrap_or(self.again);
        let was_sent = |record: &Record| {
            record.is_of(&to.label, &place) && is_of_source(record, &ordered.request) && may_be_made(record, again)
        };
        if self.records.iter().any(was_sent) {
            return Readiness {
                may_be_made: true,
                ..Readiness::new(provider, Vec::new())
            };
        }
        let found = self.look(&to, &ordered, &place).await;
        let is_taken = |check: &Check| check.what == Subject::Name && check.is_certain();
        let may_be_made = found.checks.iter().any(is_taken) && self.may_be_listed(&to, &ordered.request).await;
        Readiness { may_be_made, ..found }
    }

    /// What the cloud and the object storage say.
    async fn look(&self, to: &Destination, ordered: &Ordered, place: &Place) -> Readiness {
        let (importer, provider) = (&*to.importer, to.importer.provider());
        let asking = self.asking(importer, place);
        let asked = async {
            let cloud = importer.preflight_with(&ordered.request, &asking);
            let bucket = bucket(to.bucket.as_ref(), !ordered.request.no_validate);
            tokio::join!(cloud, bucket, released(to, &asking))
        };
        let (checks, bucket, released) = tokio::select! {
            answers = asked => answers,
            () = SystemEnv.sleep(LONGEST) => (vec![late(provider)], Vec::new(), Vec::new()),
        };
        let mut found = Readiness::new(provider, checks).with_problems(&ordered.found, !ordered.request.no_validate);
        let has_keys = |check: &Check| check.what != Subject::Credentials || !check.is_failure();
        if found.checks.iter().all(has_keys) {
            found.checks.extend(bucket);
            found.checks.extend(released);
        }
        if self.replace && found.checks.iter().any(|check| check.what == Subject::Name) {
            found.replacing(replace::older(&ordered.request, importer).await);
        }
        ordered.request.acknowledge_checks(&mut found.checks);
        found
    }

    /// Whether the image that has the name may be this order's own. Of a file that was not hashed, what shows that this program made
    /// it is enough. What cannot be looked at is no reason to refuse it.
    async fn may_be_listed(&self, to: &Destination, request: &ImportRequest) -> bool {
        let importer = &*to.importer;
        if request.is_copy() && request.is_pending() {
            // That is known when it is known whether its image may be there.
            return false;
        }
        if !request.is_pending() && !is_known_by_its_token(importer, request) {
            let found = of_before(importer, request, self.replace, SystemTime::UNIX_EPOCH).await;
            return !matches!(found, Ok(None));
        }
        let named = importer.images_named(&request.name, request.project.as_deref()).await;
        let may_be = |image: &NamedImage| image.may_be_own && !self.others.contains(&image.id);
        named.map_or(true, |images| images.iter().any(may_be))
    }
}

impl Readiness {
    /// With the older images that are to be replaced: that the name is taken stands against nothing then.
    fn replacing(&mut self, older: Result<Vec<String>>) {
        let check = match &older {
            Ok(older) if older.is_empty() => return,
            Ok(older) => {
                let ids = older.join(", ");
                Check::passed(Subject::Name, format!("replaced when the new image is there: {ids}"))
            }
            Err(error) => Check::failed_by(Subject::Name, error),
        };
        self.replaces = older.unwrap_or_default();
        self.checks.retain(|check| check.what != Subject::Name);
        self.checks.push(check);
        self.checks.sort_by_key(|check| check.what);
    }
}

/// Whether what a record says may be the image of an order that is given again. What was begun and not sent is begun anew.
fn may_be_made(record: &Record, again: bool) -> bool {
    match record.step {
        Step::Starting | Step::Started | Step::Unknown => true,
        Step::Succeeded => !again && record.retired.is_none(),
        Step::Staging | Step::Staged | Step::Failed | Step::Canceled => false,
    }
}

/// Whether what was sent may have been made of what an order names: what is there already is known by its place.
fn is_of_source(record: &Record, request: &ImportRequest) -> bool {
    let named = request.first_disk().filter(|disk| !disk.pending && !request.is_copy());
    let named = named.zip(record.task.as_ref());
    named.is_none_or(|(disk, task)| task.source == disk.source.identity())
}

/// Whether only the cloud can tell that a copy was ordered before.
fn is_known_by_its_token(importer: &dyn ImageImporter, request: &ImportRequest) -> bool {
    request.is_copy() && importer.capabilities().after.copy_token.value
}

fn late(provider: Provider) -> Check {
    let message = format!("no answer to all questions in {} seconds", LONGEST.as_secs());
    let error = Error::new(ErrorKind::Timeout, message).with_provider(provider);
    Check::failed_by(Subject::Endpoint, &error)
}

/// What the cloud says to what is done with the image then.
async fn released(to: &Destination, asking: &Asking) -> Vec<Check> {
    match &to.release {
        Some(release) => to.importer.preflight_change(&release.change, asking).await,
        None => Vec::new(),
    }
}

/// What the bucket says of itself that a file would be put into. What is wrong with it fails it where `is_binding`.
async fn bucket(store: Option<&Store>, is_binding: bool) -> Vec<Check> {
    match store {
        Some(store) => look_at_bucket(store, is_binding).await,
        None => Vec::new(),
    }
}

/// What a bucket says of itself, into which a file is put, by this program or by an export: whether it is there, in which region, and
/// open to these keys. What is wrong with it fails it where `is_binding`; what is not answered does not.
pub async fn look_at_bucket(store: &Store, is_binding: bool) -> Vec<Check> {
    let wrong = |problems: Vec<Problem>| -> Vec<Check> {
        let checks = problems
            .iter()
            .map(|problem| Check::of_problem(Subject::Bucket, problem, is_binding));
        checks.collect()
    };
    let named = store.bucket().problems();
    if !named.is_empty() {
        return wrong(named);
    }
    let facts = match store.facts().await {
        Ok(facts) => facts,
        Err(error) => return vec![Check::failed_by(Subject::Bucket, &error)],
    };
    let problems = facts.problems(store.bucket());
    if problems.is_empty() {
        let message = format!("`{}` exists and is usable", store.bucket().name);
        return vec![Check::passed(Subject::Bucket, message)];
    }
    wrong(problems)
}

/// What is found out for each destination of a call.
///
/// # Errors
/// It is stopped.
pub(super) async fn all(call: Call<'_>, asking: &Asking) -> Result<Vec<Readiness>> {
    let Call { content, options, .. } = call;
    let records = match (call.state, call.destinations.first()) {
        // What cannot be read is told where it is to be written.
        (Some(state), Some(first)) => {
            let name = options.job_name.as_ref().unwrap_or(&first.order.name);
            let found = state.records_named(name, content.length()).await;
            found.unwrap_or_default()
        }
        _ => Vec::new(),
    };
    let shared = Shared::new(options, asking, records);
    let work = call.destinations.iter().map(|to| {
        let (shared, to) = (Arc::clone(&shared), to.clone());
        let ordered = content.order(&to, &options.prefix);
        async move { shared.ready(to, ordered).await }
    });
    let found = tokio::select! {
        found = side_by_side(work) => found,
        () = call.stop.requested() => return Err(stopped()),
    };
    let broke_off = || Error::new(ErrorKind::Local, "asking a cloud ended unexpectedly");
    let mut found: Vec<Readiness> = found
        .into_iter()
        .map(|found| found.ok_or_else(broke_off))
        .collect::<Result<_>>()?;
    copies_that_may_be_made(call.destinations, &mut found);
    Ok(found)
}

/// Of an image that may be there, a copy may be there too, which has the name then. Of one that is still to be made, there is none.
fn copies_that_may_be_made(destinations: &[Destination], found: &mut [Readiness]) {
    let made: Vec<&str> = destinations
        .iter()
        .zip(&*found)
        .filter(|(_, ready)| ready.may_be_made)
        .map(|(to, _)| to.label.as_str())
        .collect();
    let is_copy_of_such = |to: &Destination| to.copied_from().is_some_and(|from| made.contains(&from));
    let may_be: Vec<bool> = destinations.iter().map(is_copy_of_such).collect();
    let is_taken = |check: &Check| check.what == Subject::Name && check.is_certain();
    for (ready, may_be) in found.iter_mut().zip(may_be) {
        ready.may_be_made |= may_be && ready.checks.iter().any(is_taken);
    }
}

/// Why destinations whose image might have been there would be refused, now that the content is known; `None` for the others. `job`: what
/// is recorded of this content.
///
/// # Errors
/// It is stopped.
pub(super) async fn decided(
    call: Call<'_>,
    readiness: &[Readiness],
    job: Vec<Record>,
    accepted: &[(usize, Place)],
) -> Result<Vec<Option<Error>>> {
    let open = |index: usize| readiness.get(index).is_some_and(|ready| ready.may_be_made);
    let records = job.into_iter().map(|record| (record, true));
    let shared = Shared::new(call.options, &Asking::reads(), records.collect());
    let work = accepted.iter().map(|(index, place)| {
        let (shared, to, place) = (Arc::clone(&shared), call.destinations[*index].clone(), place.clone());
        let ordered = call.content.order(&to, &call.options.prefix);
        let ordered = ordered.ok().filter(|_| open(*index));
        async move { shared.refusal(&to, &ordered?, &place).await }
    });
    let found = tokio::select! {
        found = side_by_side(work) => found,
        () = call.stop.requested() => return Err(stopped()),
    };
    Ok(found.into_iter().map(Option::flatten).collect())
}

impl Shared {
    /// Why an order would be refused that may have been carried out before; `None` where it was, or is gone on with.
    async fn refusal(&self, to: &Destination, ordered: &Ordered, place: &Place) -> Option<Error> {
        let (importer, request) = (&*to.importer, &ordered.request);
        let order = request.token(importer.provider(), importer.region(), importer.project());
        let intent = Intent {
            order: &order,
            again: to.again.unwrap_or(self.again),
            replace: self.replace,
            dry_run: request.dry_run,
        };
        let mut records = self.records.iter().filter(|record| record.is_of(&to.label, place));
        if records.any(|record| !matches!(decide(record, &intent), Decision::Begin { .. })) {
            return None;
        }
        if request.is_copy() && (request.is_pending() || is_known_by_its_token(importer, request)) {
            // It is known again by its image, which is not known yet, or by its token alone: the cloud decides when it is ordered.
            return None;
        }
        let found = of_before(importer, request, self.replace, SystemTime::UNIX_EPOCH).await;
        match found {
            Ok(None) => self.look(to, ordered, place).await.certain(),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_that_is_refused_holds_the_others_back_unless_it_is_by_best_effort() {
        let labels = ["a", "b", "c"];
        let refused = || vec![None, Some(Error::new(ErrorKind::QuotaExceeded, "full")), None];
        let strict = gate(&labels, refused(), false);
        assert!(matches!(&strict[1], Some(Ended::NotStarted { error }) if error.kind() == ErrorKind::QuotaExceeded));
        for held in [&strict[0], &strict[2]] {
            let Some(Ended::HeldBack { error }) = held else {
                panic!("{held:?}")
            };
            assert!(error.message().contains("`b`"), "{error}");
            assert_eq!(error.remedy(), Some(&Remedy::BestEffort));
        }
        let best = gate(&labels, refused(), true);
        assert!(best[0].is_none() && best[1].is_some() && best[2].is_none());
        assert!(gate(&labels, vec![None, None, None], false).iter().all(Option::is_none));
        let many: Vec<String> = (0..60).map(|index| format!("t{index}")).collect();
        let mut errors: Vec<Option<Error>> = many
            .iter()
            .map(|_| Some(Error::new(ErrorKind::NotFound, "x")))
            .collect();
        errors[59] = None;
        let all = gate(&many, errors, false);
        let told = all[59]
            .as_ref()
            .and_then(Ended::error)
            .map(ToString::to_string)
            .unwrap();
        assert!(told.contains("`t0`, `t1`, `t2` and 56 more"), "{told}");
    }

    #[test]
    fn what_is_certain_is_one_error() {
        let quota = Check::failed(Subject::Quota, "full", "Delete some.");
        let bucket = Error::new(ErrorKind::NotFound, "no bucket").with_code("NoSuchBucket");
        let ready = |checks: Vec<Check>| Readiness::new(Provider::TENCENT, checks).refusal();
        let both = ready(vec![quota.clone(), Check::failed_by(Subject::Bucket, &bucket)]).unwrap();
        assert_eq!(
            (both.kind(), both.message()),
            (ErrorKind::QuotaExceeded, "full; no bucket")
        );
        let one = ready(vec![Check::failed_by(Subject::Bucket, &bucket)]).unwrap();
        assert_eq!((one.kind(), one.code()), (ErrorKind::NotFound, Some("NoSuchBucket")));
        let busy = Error::new(ErrorKind::Unavailable, "busy");
        assert!(
            ready(vec![
                Check::failed_by(Subject::Endpoint, &busy),
                Check::warning(cloud_import_core::WarningId::NAME_TAKEN, Subject::Name, "x", "")
            ])
            .is_none()
        );
        let open = Readiness {
            may_be_made: true,
            ..Readiness::new(Provider::TENCENT, vec![quota])
        };
        assert!(open.refusal().is_none(), "it is decided later");
    }
}
