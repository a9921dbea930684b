//! `list` and `clean` with `--bucket`: shows what any machine staged in a bucket, and has it deleted when told to.

use std::sync::Arc;

use cloud_import::{
    Error, ErrorKind, ImageImporter, Result,
    env::{Env as _, SystemEnv},
    publish::{BucketItem, Known, in_bucket, staging::Store},
};
use serde::Serialize;

use crate::{
    args::{self, Form, InBucket, Reach},
    connect::Clouds,
    exit::Exit,
    list::{SCHEMA, json},
    output,
    simulate::Simulated,
    state::Remembered,
    targets::Wanted,
};

#[derive(Serialize)]
struct Found {
    schema: u32,
    bucket: String,
    items: Vec<Row>,
}

/// An object or an unfinished upload.
#[derive(Debug, Serialize)]
struct Row {
    what: What,
    key: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    upload_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    size_bytes: Option<u64>,
    /// Since when it is there, where the store tells.
    #[serde(skip_serializing_if = "Option::is_none")]
    age_seconds: Option<u64>,
    known: Known,
    #[serde(skip_serializing_if = "Option::is_none")]
    outcome: Option<Done>,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<String>,
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
enum What {
    Object,
    Upload,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Done {
    Kept,
    Deletable,
    Deleted,
    Failed,
}

/// Shows what lies in the bucket.
pub(crate) async fn list(options: args::List) -> Result<Exit> {
    let simulated = Simulated::of(&options.reach).await?;
    let state = Remembered::of(&options.state, simulated.is_some())?;
    let store = store(&options.place, &options.reach, simulated.as_ref())?;
    let items = in_bucket(state.state(), &store, &options.place.prefix).await?;
    show(&store, items.into_iter().map(Row::from).collect(), options.reach.output)?;
    Ok(Exit::Done)
}

/// Shows what may be deleted in the bucket, and deletes it when told to.
pub(crate) async fn clean(options: args::Clean) -> Result<Exit> {
    let simulated = Simulated::of(&options.reach).await?;
    let state = Remembered::of(&options.state, simulated.is_some())?;
    let store = store(&options.place, &options.reach, simulated.as_ref())?;
    let now = SystemEnv.now();
    let mut rows = Vec::new();
    for item in in_bucket(state.state(), &store, &options.place.prefix).await? {
        let (outcome, message) = match (item.may_go(options.older_than, now), options.yes) {
            (false, _) => (Done::Kept, None),
            (true, false) => (Done::Deletable, None),
            (true, true) => match item.delete(state.state(), &store).await {
                Ok(true) => (Done::Deleted, None),
                Ok(false) => (Done::Kept, None),
                Err(error) => (Done::Failed, Some(error.to_string())),
            },
        };
        rows.push(Row {
            outcome: Some(outcome),
            message,
            ..Row::from(item)
        });
    }
    let failed = rows.iter().any(|row| row.outcome == Some(Done::Failed));
    show(&store, rows, options.reach.output)?;
    Ok(if failed { Exit::Mixed } else { Exit::Done })
}

fn store(place: &InBucket, reach: &Reach, simulated: Option<&Simulated>) -> Result<Store> {
    let (Some(target), Some(bucket)) = (&place.to, &place.bucket) else {
        return Err(
            Error::new(ErrorKind::InvalidRequest, "a bucket and its target go together")
                .with_remedy("Such as --to aliyun/cn-hangzhou --bucket my-bucket."),
        );
    };
    let clouds = Clouds::new(reach, simulated)?;
    let importer: Arc<dyn ImageImporter> = Arc::from(clouds.importer(&Wanted::of(target.clone()))?);
    clouds.store(&*importer, bucket)
}

fn show(store: &Store, items: Vec<Row>, form: Form) -> Result<()> {
    let bucket = store.bucket().name.clone();
    if form == Form::Json {
        return json(&Found {
            schema: SCHEMA,
            bucket,
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
        output::say(&format!("nothing of this tool's is in `{bucket}` under that prefix"));
    } else if items.iter().any(|row| row.outcome == Some(Done::Deletable)) {
        output::say("nothing was deleted; to delete what may go, add --yes");
    }
    Ok(())
}
