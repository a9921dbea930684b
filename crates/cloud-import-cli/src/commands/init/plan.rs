//! What is to be written: targets with their buckets, and what counts for all of them. Everything in it is as an import takes it.

use cloud_import::{Error, ErrorKind, Field, Os, Provider, Result, Target, credentials::ChainOptions, env::SystemEnv};

use crate::{
    args::{
        Init,
        scope::{Scope, Scoped},
    },
    template,
};

/// What is to be written.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Plan {
    pub(super) targets: Vec<Placed>,
    pub(super) name: Option<String>,
    pub(super) os: Option<Os>,
}

/// A target, and the bucket that files for it are put into.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Placed {
    pub(super) target: Target,
    pub(super) bucket: Option<String>,
}

impl Plan {
    /// What the options say alone.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidRequest`] for what an import would not take.
    pub(super) fn of(options: &Init) -> Result<Self> {
        let targets = targets(&options.to)?;
        unknown(&options.bucket, &targets)?;
        if let Some(name) = &options.name {
            template::check(name)?;
        }
        let placed = targets.into_iter().map(|target| {
            let bucket = bucket_of(&options.bucket, &target);
            if let Some(bucket) = &bucket {
                check_bucket(target.provider, bucket)?;
            }
            Ok(Placed { target, bucket })
        });
        Ok(Self {
            targets: placed.collect::<Result<_>>()?,
            name: options.name.clone(),
            os: options.os.clone(),
        })
    }
}

/// Targets as they are typed, each once.
///
/// # Errors
/// One is none.
pub(super) fn targets(typed: &[String]) -> Result<Vec<Target>> {
    let mut found: Vec<Target> = Vec::new();
    for text in typed {
        let named = match text.as_str() {
            all if all.eq_ignore_ascii_case("all") => Target::all(),
            text if text.contains('/') => vec![text.parse()?],
            text => vec![usual(text.parse()?)?],
        };
        for target in named {
            if !found.contains(&target) {
                found.push(target);
            }
        }
    }
    Ok(found)
}

/// A cloud in the region that stands beside its keys, else in its usual one.
pub(super) fn usual(provider: Provider) -> Result<Target> {
    let configured = Target::configured(provider, &ChainOptions::default(), &SystemEnv);
    configured.or_else(|_| Target::default_of(provider))
}

/// The bucket that is named for a target: of what is said, the most particular, then the last.
pub(super) fn bucket_of(said: &[Scoped<String>], target: &Target) -> Option<String> {
    let own = target.to_string();
    let ranks: [&dyn Fn(&Scope) -> bool; 3] = [
        &|scope| *scope == Scope::Target(own.clone()),
        &|scope| *scope == Scope::Cloud(target.provider),
        &|scope| *scope == Scope::All,
    ];
    let mut found = ranks
        .iter()
        .filter_map(|counts| said.iter().rev().find(|said| counts(&said.scope)));
    found.next().map(|said| said.value.clone())
}

/// Refuses a bucket of what is no target here.
fn unknown(said: &[Scoped<String>], targets: &[Target]) -> Result<()> {
    let counts = |scope: &Scope| match scope {
        Scope::All => true,
        Scope::Cloud(provider) => targets.iter().any(|target| target.provider == *provider),
        Scope::Target(name) => targets.iter().any(|target| target.to_string() == *name),
    };
    match said.iter().find(|said| !counts(&said.scope)) {
        None => Ok(()),
        Some(said) => {
            let message = format!("the bucket `{}` is for what is none of the targets", said.value);
            let known: Vec<String> = targets.iter().map(ToString::to_string).collect();
            Err(Error::new(ErrorKind::InvalidRequest, message).with_remedy(format!(
                "Name it for one of {}, or add the target with --to.",
                known.join(", ")
            )))
        }
    }
}

/// Whether a cloud can have a bucket of that name; a template is looked at when it is filled in.
///
/// # Errors
/// [`ErrorKind::InvalidRequest`] with every rule that it breaks.
pub(super) fn check_bucket(provider: Provider, bucket: &str) -> Result<()> {
    if bucket.contains('{') {
        return template::check(bucket);
    }
    let rules = cloud_import::capabilities(provider)?.bucket_names;
    let problems = rules.map_or_else(Vec::new, |rules| rules.problems(provider, &Field::Bucket, bucket));
    match problems.iter().any(cloud_import::Problem::is_error) {
        true => Err(Error::invalid(provider, problems)),
        false => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::args::scope::Scope;

    fn said(scope: Scope, value: &str) -> Scoped<String> {
        let value = value.to_owned();
        Scoped { scope, value }
    }

    pub(super) fn options(to: &[&str], bucket: Vec<Scoped<String>>) -> Init {
        Init {
            to: to.iter().map(|&to| to.to_owned()).collect(),
            bucket,
            name: Some("web-{date}".to_owned()),
            os: None,
            yes: true,
            force: false,
        }
    }

    #[test]
    fn the_most_particular_bucket_counts() {
        let hangzhou = Scope::Target("aliyun/cn-hangzhou".to_owned());
        let buckets = vec![
            said(hangzhou, "own-one"),
            said(Scope::Cloud(Provider::ALIYUN), "of-cloud"),
            said(Scope::All, "of-all"),
        ];
        let plan = Plan::of(&options(
            &[
                "aliyun/cn-hangzhou",
                "aliyun/cn-beijing",
                "huawei/cn-north-4",
                "aliyun/cn-beijing",
            ],
            buckets,
        ));
        let buckets: Vec<_> = plan
            .unwrap()
            .targets
            .into_iter()
            .filter_map(|placed| placed.bucket)
            .collect();
        assert_eq!(buckets, ["own-one", "of-cloud", "of-all"]);
    }

    #[test]
    fn what_an_import_would_not_take_is_refused() {
        let none = Vec::new;
        let of_ucloud = vec![said(Scope::Cloud(Provider::UCLOUD), "images")];
        for (to, buckets) in [
            (&["aws"][..], none()),
            (&["aliyun/"], none()),
            (&["tencent/ap-guangzhou"], vec![said(Scope::All, "images")]),
            (&["aliyun/cn-hangzhou"], of_ucloud),
            (&["aliyun/cn-hangzhou"], vec![said(Scope::All, "images-{day}")]),
        ] {
            let error = Plan::of(&options(to, buckets)).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidRequest, "{to:?}: {error}");
        }
        let bad = Init {
            name: Some("web-{day}".to_owned()),
            ..options(&["aliyun/cn-hangzhou"], none())
        };
        assert!(Plan::of(&bad).unwrap_err().message().contains("day"));
        assert_eq!(Plan::of(&options(&["all"], none())).unwrap().targets.len(), 5);
    }
}
