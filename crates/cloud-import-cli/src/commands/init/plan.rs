//! What is to be written: targets with their buckets, and what counts for all of them. Everything in it is as an import takes it.

use cloud_import::{Error, ErrorKind, Os, Provider, Result, Target};

use crate::{
    args::{
        Init,
        scope::{Scope, Scoped},
    },
    bucket, output, region, template,
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
        check_words(options)?;
        check_buckets(options, &targets)?;
        let placed = targets.into_iter().map(|target| Placed {
            bucket: bucket_of(&options.bucket, &target),
            target,
        });
        Ok(Self {
            targets: placed.collect(),
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
            all if all.eq_ignore_ascii_case("all") => Provider::all().map(usual).collect::<Result<_>>()?,
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

/// A cloud in the region that stands beside its keys, else in its usual one; why is told.
pub(super) fn usual(provider: Provider) -> Result<Target> {
    let (target, why) = region::or_usual(provider, None, None)?;
    if let Some(why) = why {
        output::note(&format!("{}: its usual region is taken", why.message()));
    }
    Ok(target)
}

/// Refuses what no answer can mend: a name, and a bucket of a cloud, that an import would not take.
///
/// # Errors
/// [`ErrorKind::InvalidRequest`].
pub(super) fn check_words(options: &Init) -> Result<()> {
    if let Some(name) = &options.name {
        template::check(name)?;
    }
    for said in &options.bucket {
        let provider = match &said.scope {
            Scope::All => None,
            Scope::Cloud(provider) => Some(*provider),
            Scope::Target(name) => name.parse::<Target>().ok().map(|target| target.provider),
        };
        if let Some(provider) = provider {
            check_bucket(provider, &said.value)?;
        }
    }
    Ok(())
}

/// Refuses a bucket of what is none of these targets, and one that is for all and cannot be one of theirs.
///
/// # Errors
/// [`ErrorKind::InvalidRequest`].
pub(super) fn check_buckets(options: &Init, targets: &[Target]) -> Result<()> {
    unknown(&options.bucket, targets)?;
    let mut named = targets
        .iter()
        .filter_map(|target| Some((target, bucket_of(&options.bucket, target)?)));
    named.try_for_each(|(target, bucket)| check_bucket(target.provider, &bucket))
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
pub(super) fn check_bucket(provider: Provider, name: &str) -> Result<()> {
    if name.contains('{') {
        return template::check(name);
    }
    bucket::check_name(provider, name)
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
