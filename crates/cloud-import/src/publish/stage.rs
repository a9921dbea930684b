//! Puts the files of an order where its cloud reads them, and signs links to them.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::SystemTime,
};

use cloud_import_core::{DiskSource, Error, ErrorKind, Provider, Result};
use cloud_import_staging::{Hashed, Keeper, LocalFile, Progress, Store, Upload, UploadOptions, UploadRecord};

use super::{
    Event, Role, Step,
    attend::Kept,
    image::bitmap_key,
    objects::StagedObject,
    target::{Work, stopped},
};

/// A file to be staged.
struct File {
    role: Role,
    file: LocalFile,
    hashed: Arc<Hashed>,
    key: String,
}

impl Work {
    /// Stages every file of the order. What is there already is used.
    pub(crate) async fn stage(&mut self) -> Result<()> {
        let Some(store) = self.store.clone() else {
            return Ok(());
        };
        let files = self.files()?;
        if self.record().files.is_empty() && !files.is_empty() {
            self.look_at(&store).await?;
        }
        for file in files {
            self.stage_one(&store, file).await?;
        }
        Ok(())
    }

    /// Whether the bucket will do, before any byte moves.
    async fn look_at(&self, store: &Store) -> Result<()> {
        let problems = store.facts().await?.problems(store.bucket());
        if !self.order.no_validate && problems.iter().any(|problem| problem.is_error()) {
            return Err(Error::invalid(store.bucket().provider, problems));
        }
        for problem in &problems {
            self.tell(&Event::Problem { problem });
        }
        let by_link = matches!(
            self.order.disks.first().map(|disk| &disk.source),
            Some(DiskSource::Url(_))
        );
        if by_link && store.link_may_end_early().await? {
            let text = "the keys are temporary, and the link that the import reads the file by ends with them: \
                        if the cloud reads it later, the import fails";
            self.tell(&Event::Warning { text });
        }
        Ok(())
    }

    /// The files of the order: the bitmap first, so that it is there when the image is.
    fn files(&self) -> Result<Vec<File>> {
        let (Some(image), Some(key)) = (self.content.image.file(), &self.key) else {
            return Ok(Vec::new());
        };
        let mut files = Vec::new();
        if let Some(bitmap) = &self.content.bitmap
            && self.importer().provider() == Provider::HUAWEI
        {
            files.push((Role::Bitmap, bitmap.path(), bitmap.hashed(), bitmap_key(key)));
        }
        files.push((Role::Disk, image.path(), image.hashed(), key.clone()));
        files
            .into_iter()
            .map(|(role, path, hashed, key)| {
                let hashed = hashed.ok_or_else(|| Error::new(ErrorKind::Local, "the file was not hashed"))?;
                Ok(File {
                    role,
                    file: LocalFile::open(path)?,
                    hashed: Arc::clone(hashed),
                    key,
                })
            })
            .collect()
    }

    async fn stage_one(&self, store: &Store, file: File) -> Result<()> {
        let object = StagedObject::of(store.bucket(), &file.key);
        let ambient = self.importer().ambient();
        let context = &self.context;
        let registered = context
            .state
            .register_when_free(&object, ambient, &context.stop)
            .await?
            .ok_or_else(stopped)?;
        registered.add_user(&self.user())?;
        let reused = store.head(&file.key).await?.is_some();
        if !reused {
            // Before the first byte: a process that dies afterwards leaves word of what it left.
            registered.mark_ours()?;
        }
        let role = file.role;
        let upload = self.record().files.get(&role).and_then(|file| file.upload.clone());
        let keeper = Arc::new(RecordKeeper {
            kept: Arc::clone(&self.kept),
            role,
        });
        let (listener, index) = (Arc::clone(&context.listener), self.index);
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
        let mut options = UploadOptions::default();
        options.budget = context.options.budget.clone();
        let staged = Upload::new(store.clone(), file.file, file.hashed.as_ref().clone(), file.key)
            .options(options)
            .run(upload, keeper, Arc::new(progress), &context.stop)
            .await?;
        self.tell(&Event::Staged {
            object: &object.shown(),
            reused,
        });
        self.change(move |record| {
            let file = record.files.entry(role).or_default();
            file.upload = None;
            file.staged = Some(staged);
        })
        .await
    }

    /// Puts the link to the staged disk, signed of this instant, into the order. Orders that name bucket and key, and those
    /// whose source is there already, stay as they are.
    pub(crate) async fn sign_link(&mut self, at: SystemTime) -> Result<()> {
        let (Some(store), Some(key)) = (self.store.clone(), self.key.clone()) else {
            return Ok(());
        };
        let valid_for = self.context.options.link_valid_for;
        if let Some(DiskSource::Url(link)) = self.order.disks.first_mut().map(|disk| &mut disk.source) {
            *link = store.link(&key, at, valid_for).await?;
        }
        Ok(())
    }
}

/// Keeps the record of an upload within the record of its target.
#[derive(Debug)]
struct RecordKeeper {
    kept: Arc<Mutex<Kept>>,
    role: Role,
}

impl Keeper for RecordKeeper {
    fn keep(&self, upload: Option<&UploadRecord>) -> Result<()> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.change(|record| {
            record.step = Step::Staging;
            record.files.entry(self.role).or_default().upload = upload.cloned();
        })
    }
}
