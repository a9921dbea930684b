//! An order as plain data: what one target was asked for, in the words of the program that asked. No key and no signed link is in one.

use cloud_import::{Error, ErrorKind, Provider, Result, Target, provider::Schema, publish::Reason};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What is wanted of one target, and how far the fleet has come with it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Order {
    schema: Schema<1>,
    /// The job's id.
    pub job: String,
    /// The target's label.
    pub target: String,
    /// Its cloud.
    pub provider: Provider,
    /// Its region.
    pub region: String,
    /// The name of its account, where one is named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
    /// Where the image is: a path that all workers have, BUCKET:KEY, a link without secrets, or one that is fetched.
    pub image: String,
    /// SHA-256 of the file, where it is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
    /// What all targets of the command have in common, in its own words.
    pub asked: Value,
    /// What is this target's alone.
    pub asked_of_target: Value,
    /// Its clouds are simulated ones.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub simulated: bool,
    /// The generation of the record that is wanted: one of that or a later one that is settled is the end.
    pub generation: u32,
    /// Its place among the orders of its job: the first of each job come before the second of any.
    #[serde(default, skip_serializing_if = "is_first")]
    pub rank: u16,
    /// When it was submitted, in seconds since 1970.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub submitted: Option<u64>,
    /// How often its cloud was asked for a verdict.
    #[serde(default)]
    pub polls: u32,
    /// How often it was tried and could not be begun.
    #[serde(default)]
    pub tries: u32,
    /// How often it was looked for, since whether it was started is not known.
    #[serde(default)]
    pub looks: u32,
    /// Why it goes on although it was to be cancelled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_canceled: Option<Reason>,
    /// Why it is not better, as it was last told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub said: Option<Reason>,
}

impl Order {
    /// An order with which nothing was done yet.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidRequest`] when the place of the image holds what may be secret: a link with a query or a password.
    pub fn new(
        job: &str,
        label: &str,
        target: &Target,
        image: &str,
        asked: Value,
        asked_of_target: Value,
    ) -> Result<Self> {
        if is_secret(image) {
            return Err(signed(label));
        }
        Ok(Self {
            schema: Schema,
            job: job.to_owned(),
            target: label.to_owned(),
            provider: target.provider,
            region: target.region.clone(),
            account: None,
            image: image.to_owned(),
            sha256: None,
            asked,
            asked_of_target,
            simulated: false,
            generation: 0,
            rank: 0,
            submitted: None,
            polls: 0,
            tries: 0,
            looks: 0,
            not_canceled: None,
            said: None,
        })
    }

    /// What it is known by: twice submitted it is once done.
    pub fn key(&self) -> String {
        format!("{}/{}", self.job, self.target)
    }

    /// The same as it was given, with nothing done yet.
    #[must_use]
    pub fn anew(&self) -> Self {
        Self {
            polls: 0,
            tries: 0,
            looks: 0,
            not_canceled: None,
            said: None,
            ..self.clone()
        }
    }

    /// Whether no worker has put it back yet.
    pub(crate) fn is_fresh(&self) -> bool {
        (self.polls, self.tries, self.looks) == (0, 0, 0)
    }

    /// What is begun goes before what is not; of that, jobs take turns.
    pub(crate) fn priority(&self) -> i16 {
        match self.is_fresh() {
            true => i16::try_from(self.rank).unwrap_or(i16::MAX),
            false => -1,
        }
    }

    /// Whoever serves one of these may work on it.
    pub(crate) fn flags(&self) -> Vec<String> {
        let Self { provider, region, .. } = self;
        let all = [format!("{provider}/{region}"), format!("{provider}/*")];
        all.map(|flag| flag_of(&flag, self.simulated)).to_vec()
    }
}

fn is_first(rank: &u16) -> bool {
    *rank == 0
}

/// The refusal of a link that may be signed.
fn signed(label: &str) -> Error {
    let message = format!("the image of `{label}` is a link that may be signed, and the database would hold it");
    Error::new(ErrorKind::InvalidRequest, message).with_remedy(
        "Name a path that all workers mount, BUCKET:KEY, a link without a query, or fetch+https://HOST/PATH#sha256=HEX.",
    )
}

/// Whether a place is a link with a query, or with a user.
fn is_secret(place: &str) -> bool {
    let Some((_, rest)) = place.split_once("://") else {
        return false;
    };
    let host = &rest[..rest.find(['/', '?', '#']).unwrap_or(rest.len())];
    rest.contains('?') || host.contains('@')
}

/// A flag: simulated clouds are never taken for real ones.
fn flag_of(place: &str, simulated: bool) -> String {
    match simulated {
        true => format!("simulated:{place}"),
        false => place.to_owned(),
    }
}

/// The flags of a worker that serves these: `PROVIDER/REGION`, `PROVIDER/*`, or `all`.
///
/// # Errors
/// [`ErrorKind::InvalidRequest`] for another word.
pub fn flags(serves: &[String], simulated: bool) -> Result<Vec<String>> {
    let mut flags = Vec::new();
    for text in serves {
        match text.split_once('/') {
            None if text == "all" => {
                flags.extend(Provider::all().map(|provider| flag_of(&format!("{provider}/*"), simulated)));
            }
            Some((provider, "*")) => {
                let provider: Provider = provider.parse()?;
                flags.push(flag_of(&format!("{provider}/*"), simulated));
            }
            Some(_) => {
                let target: Target = text.parse()?;
                flags.push(flag_of(&target.to_string(), simulated));
            }
            None => {
                let message = format!("`{text}` is nothing that a worker serves");
                return Err(Error::new(ErrorKind::InvalidRequest, message)
                    .with_remedy("Write PROVIDER/REGION, PROVIDER/* or all, several parted by commas."));
            }
        }
    }
    Ok(flags)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order(image: &str) -> Result<Order> {
        let target: Target = "aliyun/cn-hangzhou".parse()?;
        Order::new("web-1", "first", &target, image, Value::Null, Value::Null)
    }

    #[test]
    fn a_link_that_may_be_signed_is_refused_with_a_remedy() {
        for image in [
            "https://b.example/k?Signature=x",
            "fetch+https://b.example/k?x=1#sha256=00",
            "https://me:pass@b.example/k",
        ] {
            let error = order(image).unwrap_err();
            assert!(
                error.remedy().is_some() && !error.to_string().contains(image),
                "{error}"
            );
        }
        for image in [
            "/mnt/a?b.qcow2",
            "images:web.qcow2",
            "https://b.example/k@2x.raw",
            "fetch+https://b/k#sha256=00",
        ] {
            assert!(order(image).is_ok(), "{image}");
        }
    }

    #[test]
    fn it_is_read_as_it_was_written_and_by_older_workers_too() {
        let own = order("images:web.qcow2").unwrap();
        let written = serde_json::to_value(&own).unwrap();
        assert_eq!(serde_json::from_value::<Order>(written.clone()).unwrap(), own);
        assert_eq!(own.key(), "web-1/first");
        let with = |field: &str, value: Value| {
            let mut other = written.clone();
            other[field] = value;
            serde_json::from_value::<Order>(other)
        };
        assert!(with("schema", Value::from(2)).is_err());
        assert_eq!(
            with("of_later", Value::from("x")).unwrap(),
            own,
            "a later version may say more"
        );
    }

    #[test]
    fn whoever_serves_the_region_or_its_cloud_works_on_it_and_no_real_worker_on_a_simulated_one() {
        let mut own = order("images:web.qcow2").unwrap();
        let meets = |own: &Order, serves: &str, simulated: bool| {
            let flags = flags(&[serves.to_owned()], simulated).unwrap();
            own.flags().iter().any(|flag| flags.contains(flag))
        };
        for serves in ["aliyun/cn-hangzhou", "aliyun/*", "alicloud/*", "all"] {
            assert!(meets(&own, serves, false), "{serves}");
            assert!(!meets(&own, serves, true), "{serves}");
        }
        assert!(!meets(&own, "aliyun/cn-beijing", false) && !meets(&own, "tencent/*", false));
        own.simulated = true;
        assert!(meets(&own, "aliyun/*", true) && !meets(&own, "aliyun/*", false));
        for bad in ["aliyun", "aws/*", "*/*", ""] {
            assert!(flags(&[bad.to_owned()], false).is_err(), "{bad}");
        }
    }
}
