//! The steps of an export: sent, settled, waited for, found again. Each is recorded before it is done and settled after. Which is due
//! is decided in `export.rs`.

use std::sync::Arc;

use cloud_import_core::{
    Error, ErrorKind, ExportState, ExportTask, ExportedImage, Remedy, Result, WaitEvent, remedy::Change,
    wait_for_export,
};
use tokio::sync::mpsc;

use super::{
    event::Event,
    outcome::Ended,
    store::{Record, Step, What},
    target::{Target, no_task},
};

/// What of an order that may have been sent is seen without its task.
enum Seen {
    /// The cloud shows that the image is being exported.
    Running,
    /// The objects are there that were not there before.
    Written(Vec<String>),
    /// Nothing that would tell.
    Nothing,
}

impl Target {
    /// Sends the order, unless what it would write is there: an order that names no prefix writes an object that is its own. Whether it was
    /// there.
    pub(super) async fn send_export(&self, again: bool) -> Result<bool> {
        self.unless_stopped()?;
        let (mut there, mut prepared);
        loop {
            let (request, _) = self.order()?;
            prepared = self.importer.prepare_export(&request)?;
            there = self.keys_before(prepared.task()).await;
            let is_own = request.prefix.is_none();
            let is_first = self.with_record(|record| record.step != Step::Unknown);
            if there.is_empty() || !is_own || !is_first {
                break;
            }
            if !again {
                let text = format!(
                    "{} is there, from an earlier order: nothing is sent",
                    prepared.task().place()
                );
                self.warn(&text);
                let task = prepared.into_task();
                return self.is_written(task, there, false).await.map(|()| true);
            }
            // A cloud may refuse to write it over.
            self.change(Record::next_export).await?;
        }
        let before = prepared.task().clone();
        let was_unknown = self.with_record(|record| record.step == Step::Unknown);
        let (mut recorded, keys) = (before.clone(), there);
        let change = self.change(move |record| {
            if let Some(export) = &mut record.export {
                match &export.task {
                    // What came since it was first sent may be its own.
                    Some(first) if was_unknown => recorded.started_at = first.started_at,
                    _ => export.there_before = keys,
                }
                export.task = Some(recorded);
            }
            record.step = Step::Starting;
        });
        change.await?;
        self.tell(&Event::Starting);
        match self.importer.submit_export(prepared).await {
            Ok(task) => self.is_started(task).await.map(|()| false),
            Err(error) if error.kind() == ErrorKind::OutcomeUnknown => self.lost_export(before, error).await,
            // It may be refused because it runs.
            Err(error) if was_unknown && error.kind() == ErrorKind::Conflict => self.lost_export(before, error).await,
            Err(error) => {
                let change = self.change(|record| {
                    record.step = Step::Staged;
                    if let Some(export) = &mut record.export {
                        export.task = None;
                    }
                });
                change.await?;
                Err(error)
            }
        }
    }

    /// Finds out what became of an order that an earlier process may have sent.
    pub(super) async fn settle_export(&self) -> Result<bool> {
        self.tell(&Event::Settling);
        let (request, task) = self.order()?;
        let task = task.ok_or_else(no_task)?;
        match self.importer.resume_export(&request, task.clone()).await {
            Ok(task) => self.is_started(task).await.map(|()| false),
            Err(error) if error.kind() == ErrorKind::OutcomeUnknown => {
                self.lost_export(task, error).await.map(|_| true)
            }
            // The order that was sent before is not refused by that.
            Err(error) => {
                self.change(|record| record.step = Step::Unknown).await?;
                Err(error)
            }
        }
    }

    /// The answer was lost, and the cloud's own list does not tell: what else is seen of it.
    async fn lost_export(&self, task: ExportTask, error: Error) -> Result<bool> {
        match self.seen(&task).await {
            Seen::Running => self.is_started(task).await.map(|()| false),
            Seen::Written(keys) => self.is_written(task, keys, false).await.map(|()| false),
            Seen::Nothing => {
                self.change(|record| record.step = Step::Unknown).await?;
                let anew = "it is neither in the bucket nor in the vendor's console";
                let remedy =
                    Remedy::Repeat(Change::Nothing).then(Remedy::when(anew, Remedy::Repeat(Change::Generation)));
                let told = format!("Look for {}.", task.place());
                Err(error
                    .with_kind(ErrorKind::OutcomeUnknown)
                    .with_remedy(Remedy::text(told).then(remedy)))
            }
        }
    }

    async fn seen(&self, task: &ExportTask) -> Seen {
        let mut probe = task.clone();
        probe.first_seen_at = None;
        // Only where the image is what shows it is it seen without the id of a task.
        let polled = self.importer.poll_export(&mut probe).await;
        if matches!(polled, Ok(ExportState::InProgress { .. })) && probe.first_seen_at.is_some() {
            return Seen::Running;
        }
        let before = self.with_record(|record| {
            let export = record.export.as_ref();
            export.map(|export| export.there_before.clone()).unwrap_or_default()
        });
        let mut keys = self.keys_of(task).await.unwrap_or_default();
        keys.retain(|key| !before.contains(key));
        match keys.is_empty() {
            true => Seen::Nothing,
            false => Seen::Written(keys),
        }
    }

    /// The order as it is on record, and its export.
    fn order(&self) -> Result<(cloud_import_core::ExportRequest, Option<ExportTask>)> {
        let order = self.with_record(|record| {
            let export = record.export.as_ref()?;
            Some((export.request.clone(), export.task.clone()))
        });
        order.ok_or_else(no_task)
    }

    /// What lies where an export will write, where the order is settled by that.
    async fn keys_before(&self, task: &ExportTask) -> Vec<String> {
        if task.token.is_some() {
            return Vec::new();
        }
        match self.keys_of(task).await {
            Ok(keys) => keys,
            Err(error) => {
                self.warn(&format!("whether {} is there is not known: {error}", task.place()));
                Vec::new()
            }
        }
    }

    /// The objects of the image that begin as those of an export do. Keys that may not list look for what is known whole.
    async fn keys_of(&self, task: &ExportTask) -> Result<Vec<String>> {
        let Some(store) = &self.bucket else {
            return Ok(Vec::new());
        };
        match store.list(&task.key_begins).await {
            Ok(listed) => {
                let keys = listed.into_iter().map(|object| object.key);
                Ok(keys.filter(|key| key.contains(&task.image_id)).collect())
            }
            Err(error) if task.keys.is_empty() || error.kind() != ErrorKind::PermissionDenied => Err(error),
            Err(_) => {
                let mut there = Vec::new();
                for key in &task.keys {
                    if store.head(key).await?.is_some() {
                        there.push(key.clone());
                    }
                }
                Ok(there)
            }
        }
    }

    async fn is_started(&self, task: ExportTask) -> Result<()> {
        let change = self.change(move |record| {
            record.step = Step::Started;
            if let Some(export) = &mut record.export {
                export.task = Some(task);
            }
        });
        change.await
    }

    /// It is done, and wrote these keys.
    async fn is_written(&self, mut task: ExportTask, keys: Vec<String>, confirmed: bool) -> Result<()> {
        if !keys.is_empty() {
            task.keys = keys;
        }
        let change = self.change(move |record| {
            record.step = Step::Succeeded;
            if let Some(export) = &mut record.export {
                export.task = Some(task);
                export.confirmed = confirmed;
            }
        });
        change.await
    }

    /// How it ended, by what is on record.
    pub(super) fn is_exported(&self, found: bool) -> Ended {
        let done = self.with_record(|record| record.exported().zip(record.export_task().cloned()));
        match done {
            Some((export, task)) => Ended::Exported { export, task, found },
            None => Ended::not_started(no_task()),
        }
    }

    /// What an earlier call exported, if it is still there. What became a file was looked at then.
    pub(super) async fn exported_before(&self) -> Ended {
        let (keys, bucket) = self.with_record(|record| {
            let files = record
                .export
                .as_ref()
                .map(|export| export.files.clone())
                .unwrap_or_default();
            let task = record.export_task();
            let keys = task.map(|task| task.keys.clone()).unwrap_or_default();
            let is_left = |key: &String| files.iter().all(|file| file.key != *key);
            let keys: Vec<String> = keys.into_iter().filter(is_left).collect();
            (keys, task.map(|task| task.bucket.clone()).unwrap_or_default())
        });
        for key in keys {
            match self.head(&key).await {
                Ok(true) => {}
                Ok(false) => {
                    let message = format!("it was exported, and `{key}` is not in `{bucket}` any more");
                    let error = Error::new(ErrorKind::NotFound, message)
                        .with_provider(self.importer.provider())
                        .with_remedy(Remedy::Repeat(Change::Generation));
                    return Ended::NotStarted { error };
                }
                Err(error) => self.warn(&format!("whether `{key}` is in `{bucket}` is not known: {error}")),
            }
        }
        self.is_exported(true)
    }

    async fn head(&self, key: &str) -> Result<bool> {
        match &self.bucket {
            Some(store) => Ok(store.head(key).await?.is_some()),
            None => Ok(true),
        }
    }

    /// Waits for its end, and records that.
    pub(super) async fn wait_for_export(&self, mut task: ExportTask) -> Ended {
        let Some(verdict) = self.export_verdict(&mut task).await else {
            let message = format!("interrupted: the export of {} goes on in the cloud", task.image_id);
            let error = Error::new(ErrorKind::Stopped, message)
                .with_provider(task.provider)
                .with_remedy(Remedy::Repeat(Change::Nothing).or(Remedy::Wait));
            return Ended::Exporting {
                task,
                error: Some(error),
            };
        };
        let verdict = match verdict {
            Ok(export) => self.written(export).await,
            Err(error) => Err(error),
        };
        let step = match &verdict {
            Ok(export) => match self
                .is_written(task.clone(), export.keys.clone(), export.confirmed)
                .await
            {
                Ok(()) => return self.is_exported(false),
                Err(error) => {
                    return Ended::Exporting {
                        task,
                        error: Some(error),
                    };
                }
            },
            Err(error) if error.kind() == ErrorKind::TaskFailed => Step::Failed,
            Err(error) if error.kind() == ErrorKind::Canceled => Step::Canceled,
            Err(error) => {
                return Ended::Exporting {
                    task,
                    error: Some(error.clone()),
                };
            }
        };
        let Err(error) = verdict else {
            return self.is_exported(false);
        };
        let why = error.clone();
        let change = self.change(move |record| {
            record.step = step;
            record.reason = Some(why.message().to_owned());
            record.code = why.code().map(str::to_owned);
            record.went_wrong(&why);
        });
        if let Err(error) = change.await {
            self.warn(error.message());
        }
        Ended::Failed { task: None, error }
    }

    /// What it wrote, as the bucket shows it: where the cloud does not say that it is done, and where it does not tell the keys.
    async fn written(&self, mut export: ExportedImage) -> Result<ExportedImage> {
        let mut missing = None;
        for key in export.keys.iter().filter(|_| !export.confirmed) {
            match self.head(key).await {
                Ok(true) => {}
                Ok(false) => missing = Some(key.clone()),
                Err(error) => {
                    let bucket = &export.bucket;
                    self.warn(&format!("whether `{key}` is in `{bucket}` is not known: {error}"));
                }
            }
        }
        if export.keys.is_empty() {
            let (_, task) = self.order()?;
            let task = task.ok_or_else(no_task)?;
            match self.keys_of(&task).await {
                Ok(keys) if keys.is_empty() => missing = Some(task.key_begins).filter(|_| !export.confirmed),
                Ok(keys) => export.keys = keys,
                Err(error) => self.warn(&format!("what {} holds is not known: {error}", export.bucket)),
            }
        }
        let Some(key) = missing else { return Ok(export) };
        let message = format!(
            "the image is free again, and there is no `{key}` in `{}`",
            export.bucket
        );
        Err(Error::new(ErrorKind::TaskFailed, message)
            .with_provider(export.provider)
            .with_remedy(Remedy::text("See the tasks in the vendor's console.").then(Remedy::Repeat(Change::Nothing))))
    }

    /// Polls until there is a verdict, and records what changes meanwhile; `None` when it is stopped.
    async fn export_verdict(&self, task: &mut ExportTask) -> Option<Result<ExportedImage>> {
        let (seen, mut news) = mpsc::unbounded_channel();
        let (context, index) = (Arc::clone(&self.context), self.index);
        let waiting = self
            .context
            .options
            .waiting
            .clone()
            .on_export_event(move |task, event| {
                context.listener.on(Some(index), &Event::Exporting { task, event });
                // The receiver outlives the wait; a failed send could only mean that nobody waits any more.
                let _ = seen.send((task.clone(), state_of(event)));
            });
        let (mut last, mut last_state) = (task.clone(), None);
        let verdict = wait_for_export(&*self.importer, task, &waiting);
        tokio::pin!(verdict);
        loop {
            tokio::select! {
                verdict = &mut verdict => break Some(verdict),
                Some((now, state)) = news.recv() => {
                    let state = state.filter(|state| last_state.as_ref() != Some(state));
                    if now == last && state.is_none() {
                        continue;
                    }
                    last.clone_from(&now);
                    last_state = state.clone().or(last_state);
                    let change = self.change(move |record| {
                        if let Some(export) = &mut record.export {
                            export.task = Some(now);
                        }
                        if state.is_some() {
                            record.happened(What::State, state);
                        }
                    });
                    if let Err(error) = change.await {
                        self.warn(error.message());
                    }
                }
                () = self.context.stop.requested() => break None,
            }
        }
    }
}

/// The cloud's own word for the state that a poll told.
fn state_of(event: WaitEvent<'_, ExportState>) -> Option<String> {
    match event {
        WaitEvent::Polled {
            state: ExportState::InProgress { raw, .. },
            ..
        } => Some(raw.clone()),
        _ => None,
    }
}
