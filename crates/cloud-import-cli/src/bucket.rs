//! What any machine staged in a bucket, as rows that `list` and `clean` show. Changes nothing.

use std::sync::Arc;

use cloud_import::{
    Error, ErrorKind, Field, ImageImporter, Problem, Provider, Result,
    env::{Env as _, SystemEnv},
    publish::{BucketItem, Known, staging::Store},
};
use serde::Serialize;

use crate::{
    args::{InBucket, OutputFormat, Reach},
    connect::Clouds,
    output::{self, SCHEMA},
    simulate::Simulated,
    targets::Wanted,
};

/// What lies in a bucket.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Found {
    schema: u32,
    bucket: String,
    /// Whether unfinished uploads are among the items: a store may list them only for some accounts.
    lists_uploads: bool,
    items: Vec<Row>,
}

/// An object or an unfinished upload.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Row {
    what: What,
    key: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    upload_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    size_bytes: Option<u64>,
    /// Since when it is there, where the store tells.
    #[serde(skip_serializing_if = "Option::is_none")]
    age_seconds: Option<u64>,
    #[cfg_attr(test, schemars(with = "crate::schema::Known"))]
    known: Known,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) outcome: Option<Done>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) message: Option<String>,
}

impl From<BucketItem> for Row {
    fn from(item: BucketItem) -> Self {
        Self {
            what: match item.upload_id {
                Some(_) => What::Upload,
                None => What::Object,
            },
            age_seconds: item.age(SystemEnv.now()).map(|age| age.as_secs()),
            key: item.key,
            upload_id: item.upload_id,
            size_bytes: item.size_bytes,
            known: item.known,
            outcome: None,
            message: None,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
enum What {
    Object,
    Upload,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) enum Done {
    Kept,
    Deletable,
    Deleted,
    Failed,
}

/// Whether a cloud can have a bucket of that name.
///
/// # Errors
/// [`ErrorKind::InvalidRequest`] with every rule that it breaks.
pub(crate) fn check_name(provider: Provider, name: &str) -> Result<()> {
    let rules = cloud_import::capabilities(provider)?.bucket_names;
    let problems = rules.map_or_else(Vec::new, |rules| rules.problems(provider, &Field::Bucket, name));
    match problems.iter().any(Problem::is_error) {
        true => Err(Error::invalid(provider, problems)),
        false => Ok(()),
    }
}

pub(crate) fn store(place: &InBucket, reach: &Reach, simulated: Option<&Simulated>) -> Result<Store> {
    let (Some(target), Some(bucket)) = (&place.to, &place.bucket) else {
        return Err(
            Error::new(ErrorKind::InvalidRequest, "a bucket and its target go together")
                .with_remedy("Such as --to aliyun/cn-hangzhou --bucket my-bucket."),
        );
    };
    let clouds = Clouds::new(reach, simulated)?;
    let importer: Arc<dyn ImageImporter> = Arc::from(clouds.importer(&Wanted::of(target.clone()))?);
    let store = clouds.store(&*importer, bucket)?;
    let problems = store.bucket().problems();
    match problems.is_empty() {
        true => Ok(store),
        false => Err(Error::invalid(target.provider, problems)),
    }
}

pub(crate) fn show(store: &Store, items: Vec<Row>, form: OutputFormat) -> Result<()> {
    let bucket = store.bucket().name.clone();
    if form == OutputFormat::Json {
        return output::json(&Found {
            schema: SCHEMA,
            bucket,
            lists_uploads: store.limits().lists_uploads,
            items,
        });
    }
    for row in &items {
        let what = match row.what {
            What::Object => "object",
            What::Upload => "unfinished upload",
        };
        let known = match row.outcome {
            Some(Done::Kept) => "kept",
            Some(Done::Deletable) => "to delete",
            Some(Done::Deleted) => "deleted",
            Some(Done::Failed) => "not deleted",
            None => match row.known {
                Known::InUse => "in use",
                Known::Left => "left here",
                _ => "not known here",
            },
        };
        let size = row.size_bytes.map(|size| format!(", {size} bytes")).unwrap_or_default();
        let age = row
            .age_seconds
            .map(|age| format!(", {} h old", age / 3600))
            .unwrap_or_default();
        let rest = row
            .message
            .as_ref()
            .map(|message| format!(": {message}"))
            .unwrap_or_default();
        output::result(&format!("{known:14} {what} {bucket}:{}{size}{age}{rest}", row.key));
    }
    if items.is_empty() {
        output::note(&format!("nothing of this tool's is in `{bucket}` under that prefix"));
    } else if items.iter().any(|row| row.outcome == Some(Done::Deletable)) {
        output::note("nothing was deleted; add --yes to delete it");
    }
    if !store.limits().lists_uploads {
        output::say(
            "unfinished uploads may be left in this bucket besides: its store lists them only for accounts that applied for it. \
             Look in the vendor's console",
        );
    }
    Ok(())
}
