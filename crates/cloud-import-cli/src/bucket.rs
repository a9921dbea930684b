//! `list` and `clean` with `--bucket`: what any machine staged in a bucket, by the form of its keys, and what is known of it
//! here. Nothing that an order of this state directory may read is deleted, nor what is younger than it may be read for.

use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};

use cloud_import::{
    Error, ErrorKind, ImageImporter, Result,
    ambient::{Ambient as _, System},
    provider::datetime,
    publish::{Leftover, StagedObject, State, delete_object, leftovers, staging::Store},
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

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum What {
    Object,
    Upload,
}

/// What the state directory knows of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Known {
    /// An order may still read it, or goes on with it.
    InUse,
    /// It was left by a job of this state directory.
    Left,
    /// Nothing: another machine's, or another tool's.
    NotHere,
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
    let items = found(&store, &options.place.prefix, state.state()).await?;
    show(&store, items, options.reach.output)?;
    Ok(Exit::Done)
}

/// Shows what may be deleted in the bucket, and deletes it when told to.
pub(crate) async fn clean(options: args::Clean) -> Result<Exit> {
    let simulated = Simulated::of(&options.reach).await?;
    let state = Remembered::of(&options.state, simulated.is_some())?;
    let store = store(&options.place, &options.reach, simulated.as_ref())?;
    let mut items = found(&store, &options.place.prefix, state.state()).await?;
    for row in &mut items {
        row.outcome = Some(if !may_go(row, options.older_than) {
            Done::Kept
        } else if !options.yes {
            Done::Deletable
        } else {
            match delete(row, &store, state.state()).await {
                Ok(true) => Done::Deleted,
                Ok(false) => Done::Kept,
                Err(error) => {
                    row.message = Some(error.to_string());
                    Done::Failed
                }
            }
        });
    }
    let failed = items.iter().any(|row| row.outcome == Some(Done::Failed));
    show(&store, items, options.reach.output)?;
    Ok(if failed { Exit::Mixed } else { Exit::Done })
}

/// What nothing is known of here must be old; whose age the store does not tell stays.
fn may_go(row: &Row, older_than: Duration) -> bool {
    match row.known {
        Known::InUse => false,
        Known::Left => true,
        Known::NotHere => row.age_seconds.is_some_and(|age| age >= older_than.as_secs()),
    }
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

/// What is under the prefix and has the form of what this tool stages.
async fn found(store: &Store, prefix: &str, state: &State) -> Result<Vec<Row>> {
    let now = System.now();
    let age = |since: Option<SystemTime>| Some(now.duration_since(since?).unwrap_or_default().as_secs());
    let mut items = Vec::new();
    for object in store.list(prefix).await? {
        if is_staged(prefix, &object.key) {
            let known = match state.reads(&StagedObject::of(store.bucket(), &object.key))? {
                Some(true) => Known::InUse,
                Some(false) => Known::Left,
                None => Known::NotHere,
            };
            items.push(Row {
                what: What::Object,
                key: object.key,
                upload_id: None,
                size_bytes: Some(object.size),
                age_seconds: age(object.modified),
                known,
                outcome: None,
                message: None,
            });
        }
    }
    let recorded: Vec<String> = leftovers(state)?
        .into_iter()
        .filter_map(|left| match left {
            Leftover::Upload { upload_id, .. } => Some(upload_id),
            _ => None,
        })
        .collect();
    // US3 cannot list them.
    for upload in store.open_uploads(prefix).await?.unwrap_or_default() {
        if is_staged(prefix, &upload.key) {
            let initiated = upload.initiated.as_deref().and_then(datetime::parse_rfc3339);
            items.push(Row {
                what: What::Upload,
                // A job of this machine goes on with it, or `clean` without a bucket gives it up.
                known: if recorded.contains(&upload.upload_id) {
                    Known::InUse
                } else {
                    Known::NotHere
                },
                key: upload.key,
                upload_id: Some(upload.upload_id),
                size_bytes: None,
                age_seconds: age(initiated),
                outcome: None,
                message: None,
            });
        }
    }
    Ok(items)
}

/// A key as this tool makes them: prefix, SHA-256 in hex, a suffix.
fn is_staged(prefix: &str, key: &str) -> bool {
    let name = key.strip_prefix(prefix).and_then(|rest| rest.split_once('.'));
    name.is_some_and(|(sum, suffix)| {
        let is_hex = |c: char| c.is_ascii_digit() || ('a'..='f').contains(&c);
        sum.len() == 64 && sum.chars().all(is_hex) && !suffix.is_empty() && suffix.chars().all(char::is_alphanumeric)
    })
}

/// Deletes it; `false` when an order of this machine began to read it meanwhile.
async fn delete(row: &Row, store: &Store, state: &State) -> Result<bool> {
    match &row.upload_id {
        Some(upload_id) => store.abort(&row.key, upload_id).await.map(|()| true),
        None if row.known == Known::Left => {
            delete_object(state, store, &StagedObject::of(store.bucket(), &row.key)).await
        }
        None => store.delete(&row.key).await.map(|()| true),
    }
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
                Known::NotHere => "not known here",
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_keys_of_this_tools_own_form_count() {
        let sum = "ab".repeat(32);
        assert!(is_staged("cloud-import/", &format!("cloud-import/{sum}.qcow2")));
        for bad in [
            format!("{sum}.qcow2"),
            format!("cloud-import/{sum}"),
            format!("cloud-import/{sum}.qcow2/x"),
            format!("cloud-import/{}.qcow2", &sum[1..]),
            format!("cloud-import/{}.qcow2", sum.to_uppercase()),
            "cloud-import/web.qcow2".to_owned(),
        ] {
            assert!(!is_staged("cloud-import/", &bad), "{bad}");
        }
    }

    #[test]
    fn what_is_in_use_or_young_or_of_no_known_age_stays() {
        let row = |known, age_seconds| Row {
            what: What::Object,
            key: String::new(),
            upload_id: None,
            size_bytes: None,
            age_seconds,
            known,
            outcome: None,
            message: None,
        };
        let day = Duration::from_secs(86_400);
        assert!(!may_go(&row(Known::InUse, Some(1_000_000)), day));
        assert!(may_go(&row(Known::Left, None), day));
        assert!(may_go(&row(Known::NotHere, Some(86_400)), day));
        assert!(!may_go(&row(Known::NotHere, Some(86_399)), day));
        assert!(!may_go(&row(Known::NotHere, None), day));
    }
}
