//! What is found for one target, made of the checks of an import. Asks no more than whose the keys are.

use std::time::Duration;

use cloud_import::{
    Check, CheckOutcome, Error, ErrorKind, ImageImporter, Provider, Remedy, Subject, Target,
    env::{Env as _, SystemEnv},
    publish::Destination,
};
use serde::Serialize;

use super::asked::Asked;
use crate::{
    args::Reach,
    checked::{self, Status},
    exit::Exit,
    line,
    region::Unknown,
    render,
};

/// Whose the keys are is asked for so long.
const LONGEST: Duration = Duration::from_secs(10);

/// What was found for one target.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Row {
    pub(super) target: String,
    pub(super) status: Status,
    /// Where the keys come from, in words; absent when there are none. Never a secret.
    pub(super) credentials: Option<String>,
    /// The ends of the id of the keys, where there is one.
    pub(super) access_key_id: Option<String>,
    /// The account or project whose the images are, where the cloud has a call that tells it to these keys.
    pub(super) owner: Option<String>,
    #[cfg_attr(test, schemars(with = "Vec<crate::schema::Checked>"))]
    pub(super) checks: Vec<Check>,
    #[serde(skip)]
    pub(super) provider: Provider,
    /// The code with which a look at it alone would end.
    #[serde(serialize_with = "Exit::as_code")]
    #[cfg_attr(test, schemars(with = "u8"))]
    pub(super) exit: Exit,
}

impl Row {
    /// Of what a preflight says to an order of nothing.
    pub(super) fn of(asked: &Asked, to: &Destination, reach: &Reach, said: Vec<Check>) -> Self {
        let (provider, region) = (to.importer.provider(), to.importer.region());
        let mut checks: Vec<Check> = said.into_iter().filter_map(of_set_up).collect();
        let has_keys = checks
            .iter()
            .all(|check| check.what != Subject::Credentials || !check.is_failure());
        if checks.iter().all(|check| check.what != Subject::Region) {
            checks.push(known_region(&Target::new(provider, region)));
        }
        if let Some(why) = &asked.no_region {
            let message = format!("{}: its usual region was looked at", why.message());
            let mut check = Check::not_checked(Subject::Region, message);
            check.remedy = why.remedy().cloned();
            checks.push(check);
        }
        name_the_maker(&mut checks, to, reach);
        if to.bucket.is_none() && asked.wanted.fields.copy_of.is_none() && has_keys {
            let mut check = Check::not_checked(Subject::Bucket, "none is named for local files to be uploaded to");
            let make = make_bucket(&Target::new(provider, region), "NAME", reach);
            check.remedy = Some(Remedy::text(format!(
                "Name one in {region}: --bucket {provider}=NAME. One is made by: {make}"
            )));
            checks.push(check);
        }
        checks.sort_by_key(|check| check.what);
        let connection = to.importer.connection();
        let source = connection.and_then(|connection| connection.pipeline.credentials.describe().ok());
        Self::new(asked, source, checks)
    }

    /// Of a target that cannot even be asked about.
    pub(super) fn of_error(asked: &Asked, error: &Error) -> Self {
        let (checks, exit) = checked::of_error(error);
        Self {
            exit,
            ..Self::new(asked, None, checks)
        }
    }

    fn new(asked: &Asked, credentials: Option<String>, checks: Vec<Check>) -> Self {
        let exit = checked::exit(&checks);
        Self {
            target: asked.wanted.label.clone(),
            status: Status::of(exit),
            credentials,
            access_key_id: None,
            owner: None,
            checks,
            provider: asked.wanted.target.provider,
            exit,
        }
    }

    /// With what keys there are, and whose, where the cloud accepts them.
    pub(super) async fn with_owner(self, importer: &dyn ImageImporter) -> Self {
        self.with_owner_within(LONGEST, importer).await
    }

    async fn with_owner_within(mut self, longest: Duration, importer: &dyn ImageImporter) -> Self {
        let is_in_use = |check: &Check| check.what == Subject::Credentials && check.outcome == CheckOutcome::Passed;
        let Some(connection) = importer.connection().filter(|_| self.checks.iter().any(is_in_use)) else {
            return self;
        };
        let keys = connection.pipeline.credentials.credentials().await.ok();
        self.access_key_id = keys.and_then(|keys| Some(ends(keys.keys().ok()?.access_key_id)));
        self.owner = tokio::select! {
            owner = importer.owner() => owner.ok().flatten(),
            () = SystemEnv.sleep(longest) => None,
        };
        self
    }
}

/// A check of an import as it counts without an image; `None` where it says nothing then.
fn of_set_up(check: Check) -> Option<Check> {
    let found = match (check.what, check.outcome) {
        (Subject::Order | Subject::Os | Subject::Share | Subject::DryRun, _) => return None,
        // No image has that name. Who may not look for it cannot follow an import.
        (Subject::Name, _) if check.is_unanswered() => Check::failed_by(check.what, check.error.as_ref()?),
        (Subject::Name, _) => return None,
        // What the order does not name, or no call tells.
        (Subject::Project | Subject::Region, CheckOutcome::NotChecked) if check.error.is_none() => return None,
        _ => check,
    };
    Some(with_policy(found))
}

/// With where it is told what the keys must be allowed, where they are not.
fn with_policy(mut check: Check) -> Check {
    let provider = check
        .error
        .as_ref()
        .filter(|error| error.kind() == ErrorKind::PermissionDenied);
    if let Some(provider) = provider.and_then(Error::provider) {
        let allowed = Remedy::text(format!(
            "See what its keys must be allowed with `cloud-import policy {provider}`."
        ));
        check.remedy = Some(match check.remedy.take() {
            Some(remedy) => remedy.then(allowed),
            None => allowed,
        });
    }
    check
}

/// What is known of a region without asking: the list is never complete.
fn known_region(target: &Target) -> Check {
    let Target { provider, region, .. } = target;
    let Some(unknown) = Unknown::of(target) else {
        let message = format!("`{region}` is a region that is known of {}", provider.name());
        return Check::passed(Subject::Region, message);
    };
    let mut check = Check::not_checked(Subject::Region, unknown.message);
    check.remedy = unknown.meant.map(Remedy::text);
    check
}

/// As much of the id of keys as tells them from others.
fn ends(id: &str) -> String {
    const SHOWN: usize = 4;
    let letters: Vec<char> = id.chars().collect();
    match letters.len() {
        0..12 => format!("{}\u{2026}", letters.iter().take(2).collect::<String>()),
        many => {
            let (first, last) = (&letters[..SHOWN], &letters[many - SHOWN..]);
            format!(
                "{}\u{2026}{}",
                first.iter().collect::<String>(),
                last.iter().collect::<String>()
            )
        }
    }
}

/// Where the bucket that is named is not there, the line that makes it.
fn name_the_maker(checks: &mut [Check], to: &Destination, reach: &Reach) {
    let Some(store) = &to.bucket else { return };
    let is_absent = |check: &&mut Check| {
        check.what == Subject::Bucket && check.error.as_ref().is_some_and(render::is_without_bucket)
    };
    let bucket = store.bucket();
    for check in checks.iter_mut().filter(is_absent) {
        let make = make_bucket(&Target::new(bucket.provider, &bucket.region), &bucket.name, reach);
        check.remedy = Some(Remedy::text(format!("Make it, or name another: {make}")));
    }
}

fn make_bucket(target: &Target, name: &str, reach: &Reach) -> String {
    let words = line::of(&[
        "cloud-import",
        "bucket",
        "create",
        &target.to_string(),
        "--bucket",
        name,
    ]);
    line::at_places(&words, reach, &[])
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use cloud_import::{
        BoxFuture, Bytes, Credentials, Settings,
        http::{Request, Response},
        transport::{Transport, TransportError},
    };

    use super::*;
    use crate::targets::Wanted;

    #[test]
    fn what_only_an_image_can_have_is_left_out() {
        let denied = Error::new(ErrorKind::PermissionDenied, "no").with_provider(Provider::ALIYUN);
        let mut unanswered = Check::not_checked(Subject::Name, "no");
        unanswered = unanswered.because(&denied);
        let name = of_set_up(unanswered).unwrap();
        assert!(name.is_failure(), "who may not list images cannot follow an import");
        let remedy = name.remedy.unwrap().to_string();
        assert!(remedy.contains("`cloud-import policy aliyun`"), "{remedy}");
        let quota = Check::passed(Subject::Quota, "1 of 5");
        assert_eq!(of_set_up(quota.clone()), Some(quota));
        for left_out in [
            Check::failed(Subject::Order, "it has no disk", ""),
            Check::passed(Subject::Name, "free"),
            Check::not_checked(Subject::DryRun, "not asked for"),
            Check::not_checked(Subject::Region, "no call lists them"),
        ] {
            assert_eq!(of_set_up(left_out.clone()), None, "{left_out:?}");
        }
        let refused = Check::failed(Subject::Region, "not listed", "");
        assert!(of_set_up(refused).is_some());
    }

    #[tokio::test]
    async fn whose_keys_they_are_may_not_be_answered_and_which_are_told_all_the_same() {
        let settings = Settings::new("cn-hangzhou").credentials(Credentials::new("LTAI5tExampleExample1234", "secret"));
        let importer = cloud_import::connect(Provider::ALIYUN, settings.transport(Arc::new(Silent))).unwrap();
        let asked = Asked {
            wanted: Wanted::of(Target::new(Provider::ALIYUN, "cn-hangzhou")),
            no_region: None,
        };
        let row = Row::new(&asked, None, vec![Check::passed(Subject::Credentials, "")]);
        let row = row.with_owner_within(Duration::ZERO, &*importer).await;
        assert_eq!(
            (row.access_key_id.as_deref(), row.owner),
            (Some("LTAI\u{2026}1234"), None)
        );
    }

    /// Answers nothing.
    #[derive(Debug)]
    struct Silent;

    impl Transport for Silent {
        fn send(&self, _: Request<Bytes>) -> BoxFuture<'_, Result<Response<Bytes>, TransportError>> {
            Box::pin(std::future::pending())
        }
    }

    #[test]
    fn no_more_of_an_id_is_told_than_its_ends() {
        for (id, told) in [
            ("LTAI5tExampleExample1234", "LTAI\u{2026}1234"),
            ("AKID1234", "AK\u{2026}"),
            ("", "\u{2026}"),
        ] {
            assert_eq!(ends(id), told);
        }
    }

    #[test]
    fn a_region_is_known_or_may_be_mistyped() {
        let known = known_region(&Target::new(Provider::JDCLOUD, "cn-north-1"));
        assert_eq!(known.outcome, CheckOutcome::Passed);
        let other = known_region(&Target::new(Provider::JDCLOUD, "cn-nroth-1"));
        assert_eq!(other.outcome, CheckOutcome::NotChecked);
        assert!(other.remedy.unwrap().to_string().contains("`cn-north-1`"));
    }
}
