//! Puts the files of an order where its cloud reads them, and signs links to them.

use std::{sync::Arc, time::SystemTime};

use cloud_import_core::{DiskSource, Error, ErrorKind, Result};
use cloud_import_staging::{LocalFile, Progress, Store, Upload, UploadRecord};

use super::{
    content::{FileToStage, LinkToSign, Ordered, Origin},
    event::Event,
    store::{StagedObject, blocking},
    target::{Target, stopped},
};

/// Stages every file of an order. What already exists is used.
pub(crate) async fn stage(target: &Target, ordered: &Ordered) -> Result<()> {
    let is_new = target.with_record(|record| record.files.is_empty());
    if is_new && links_may_end_early(ordered).await? {
        target.warn(
            "the keys are temporary, and the link that the import reads the file by ends with them: \
             if the cloud reads it later, the import fails",
        );
    }
    let Some(store) = target.bucket.as_ref().filter(|_| !ordered.files.is_empty()) else {
        return Ok(());
    };
    if is_new && !target.is_bucket_known {
        look_at(target, store, ordered).await?;
    }
    for file in &ordered.files {
        stage_one(target, store, file).await?;
    }
    Ok(())
}

/// Whether the bucket will do, before any byte moves.
async fn look_at(target: &Target, store: &Store, ordered: &Ordered) -> Result<()> {
    let mut problems = store.facts().await?.problems(store.bucket());
    ordered.request.acknowledge(store.bucket().provider, &mut problems);
    if !ordered.request.no_validate && problems.iter().any(|problem| problem.is_error()) {
        return Err(Error::invalid(store.bucket().provider, problems));
    }
    for problem in &problems {
        target.tell(&Event::Problem { problem });
    }
    Ok(())
}

async fn links_may_end_early(ordered: &Ordered) -> Result<bool> {
    match ordered.links.first() {
        Some(link) => link.bucket.link_may_end_early().await,
        None => Ok(false),
    }
}

async fn stage_one(target: &Target, store: &Store, file: &FileToStage) -> Result<()> {
    let (context, role) = (&target.context, file.role);
    let upload = upload_of(store, file).await?;
    let object = StagedObject::of(store.bucket(), &file.key);
    let state = context.job.state();
    let registered = state.register(&object, &context.stop).await?.ok_or_else(stopped)?;
    let user = target.user();
    registered.with(move |object| object.add_user(&user)).await?;
    let reused = store.head(&file.key).await?.is_some();
    if !reused {
        // Before the first byte: a process that dies afterwards leaves word of what it left.
        registered.with(|object| object.mark_ours()).await?;
    }
    let keeper = target.upload_keeper(role);
    let begun = keeper.clone().begun().await?;
    let (listener, index) = (Arc::clone(&context.listener), target.index);
    let progress = move |progress: Progress| {
        let text;
        let event = match progress {
            Progress::Bytes { present, total } => Event::Staging { done: present, total },
            Progress::Retrying { part, reason } => {
                text = format!("part {part} is sent again: {reason}");
                Event::Warning { text: &text }
            }
            Progress::Warning(warning) => {
                text = warning;
                Event::Warning { text: &text }
            }
            _ => return,
        };
        listener.on(Some(index), &event);
    };
    let staged = upload
        .options(context.options.of_uploads())
        .run(begun, Arc::new(keeper.clone()), Arc::new(progress), &context.stop)
        .await?;
    if let Some(version) = staged.version.clone() {
        let keep = registered.with(move |object| match object.is_ours()? {
            true => object.keep_version(&version),
            false => Ok(()),
        });
        keep.await?;
    }
    target.tell(&Event::Staged {
        object: &object.shown(),
        reused,
    });
    let change = target.change(move |record| {
        let file = record.files.entry(role).or_default();
        file.upload = file.upload.take().and_then(UploadRecord::left);
        file.staged = Some(staged);
    });
    change.await?;
    keeper.over().await
}

async fn upload_of(store: &Store, file: &FileToStage) -> Result<Upload> {
    match &file.origin {
        Origin::Web(web) => Ok(Upload::of_web(store.clone(), web.clone(), &file.key)),
        Origin::File {
            path,
            hashed,
            converted,
        } => {
            let hashed = hashed.as_ref();
            let hashed = hashed.ok_or_else(|| Error::new(ErrorKind::Local, "the file was not hashed"))?;
            let path = path.clone();
            let local = match converted {
                Some(file) => file.clone(),
                None => blocking(move || LocalFile::open(path)).await?,
            };
            Ok(Upload::new(store.clone(), local, hashed.as_ref().clone(), &file.key))
        }
    }
}

/// The instant to sign links of: by the cloud's clock, as far as its answers told it.
pub(crate) fn signing_instant(target: &Target, ordered: &Ordered) -> SystemTime {
    let own = || target.importer.env().now();
    ordered.links.first().map_or_else(own, |link| link.bucket.now())
}

/// Puts the links that the cloud reads disks by, signed of this instant, into the order. Orders that name bucket and key, and those of
/// links that somebody else signed, stay as they are.
pub(crate) async fn sign_links(target: &Target, ordered: &mut Ordered, at: SystemTime) -> Result<()> {
    let valid_for = target.context.options.link_valid_for;
    for LinkToSign { disk, bucket, key } in &ordered.links {
        if let Some(disk) = ordered.request.disks.get_mut(*disk) {
            disk.source = DiskSource::Url(bucket.link(key, at, valid_for).await?);
        }
    }
    Ok(())
}
