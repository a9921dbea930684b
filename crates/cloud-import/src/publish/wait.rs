//! A target whose import runs, or ran: waits for the verdict, records it, cleans up and replaces. Starts nothing.

use std::sync::Arc;

use cloud_import_core::{
    CancelOutcome, Error, ErrorKind, ImportTask, ImportedImage, Remedy, Result, TaskState, WaitEvent, remedy::Change,
    wait,
};
use tokio::sync::mpsc;

use super::{
    event::Event,
    outcome::Ended,
    store::{Record, Replacement, Step, What},
    target::Target,
};

impl Target {
    /// Waits for the verdict.
    pub(crate) async fn wait(&self, mut task: ImportTask) -> Ended {
        let Some(verdict) = self.verdict(&mut task).await else {
            return Box::pin(self.interrupted(task)).await;
        };
        let (step, image_id, why) = match &verdict {
            Ok(image) => (Step::Succeeded, Some(image.id.clone()), None),
            Err(error) if error.kind() == ErrorKind::TaskFailed => (Step::Failed, None, Some(error)),
            Err(error) if error.kind() == ErrorKind::Canceled => (Step::Canceled, None, Some(error)),
            Err(_) => (Step::Started, None, None),
        };
        let reason = why.map(|error| error.message().to_owned());
        let code = why.and_then(Error::code).map(str::to_owned);
        let (recorded, why) = (task.clone(), why.cloned());
        let change = self.change(move |record| {
            record.task = Some(recorded);
            record.step = step;
            record.image_id = image_id;
            record.reason = reason;
            record.code = code;
            if let Some(error) = why {
                record.went_wrong(&error);
            }
        });
        if let Err(error) = change.await {
            self.warn(error.message());
        }
        if step.is_settled() {
            Box::pin(self.clean_up()).await;
        }
        match verdict {
            Ok(mut image) => {
                let replaced = Box::pin(self.replace(&mut image)).await;
                Box::pin(self.succeeded(image, task, false, replaced)).await
            }
            Err(error) if step.is_settled() => Ended::Failed {
                task: Some(task),
                error,
            },
            Err(error) => Ended::Running {
                task,
                error: Some(error),
            },
        }
    }

    /// Polls until there is a verdict, and records what changes meanwhile; `None` when it is stopped.
    async fn verdict(&self, task: &mut ImportTask) -> Option<Result<ImportedImage>> {
        let (seen, mut news) = mpsc::unbounded_channel();
        let (context, index) = (Arc::clone(&self.context), self.index);
        let mut last = task.clone();
        let mut last_state = None;
        let waiting = self.context.options.waiting.clone().on_event(move |task, event| {
            context.listener.on(Some(index), &Event::Polled { task, event });
            // The receiver outlives the wait; a failed send could only mean that nobody waits any more.
            let _ = seen.send((task.clone(), state_of(event)));
        });
        let verdict = wait(&*self.importer, task, &waiting);
        tokio::pin!(verdict);
        loop {
            tokio::select! {
                verdict = &mut verdict => break Some(verdict),
                Some((now, state)) = news.recv() => {
                    let state = state.filter(|state| last_state.as_ref() != Some(state));
                    if now != last || state.is_some() {
                        last = now.clone();
                        last_state = state.clone().or(last_state);
                        let change = self.change(move |record| {
                            record.task = Some(now);
                            if state.is_some() {
                                record.happened(What::State, state);
                            }
                        });
                        if let Err(error) = change.await {
                            self.warn(error.message());
                        }
                    }
                }
                () = self.context.stop.requested() => break None,
            }
        }
    }

    /// How it ended, with what is remembered of it: why it did not end better, too.
    pub(crate) async fn with(&self, ended: Ended) -> (Ended, Record) {
        // That an image is gone is on record by its own mark.
        if let Some(error) = ended.error().filter(|_| !matches!(ended, Ended::Gone { .. })) {
            self.went_wrong(error).await;
        }
        (ended, self.with_record(Record::clone))
    }

    /// It goes on in the cloud, unless cancelling was asked for and works.
    async fn interrupted(&self, task: ImportTask) -> Ended {
        let canceled = if self.context.options.cancel_on_stop {
            match self.importer.cancel(&task).await {
                Ok(CancelOutcome::Requested) => match self.cancel_requested().await {
                    Ok(()) => "; cancelling it was asked for".to_owned(),
                    Err(error) => format!(
                        "; cancelling it was asked for, and is not on record: {}",
                        error.message()
                    ),
                },
                Ok(CancelOutcome::Unsupported(why)) => format!("; it cannot be cancelled: {why}"),
                Ok(_) => String::new(),
                Err(error) => format!("; it was not cancelled: {}", error.message()),
            }
        } else {
            String::new()
        };
        let name = &task.name;
        let message = format!("interrupted: the import of `{name}` goes on in the cloud{canceled}");
        let error = Error::new(ErrorKind::Stopped, message)
            .with_provider(task.provider)
            .with_remedy(Remedy::Repeat(Change::Nothing).or(Remedy::Wait));
        Ended::Running {
            task,
            error: Some(error),
        }
    }

    /// The image that an earlier run had made and that is [not gone](Self::gone). A replacement that it left unfinished goes on; with `replaces`, the older images are
    /// looked for again.
    pub(crate) async fn finished(&self, replaces: bool) -> Result<Ended> {
        self.clean_up().await;
        let (made, is_open) = self.with_record(|record| {
            let made = record.task.clone().zip(record.image_id.clone());
            (made, record.replace.as_ref().is_some_and(Replacement::is_open))
        });
        let (task, id) = made.ok_or_else(|| {
            let message = "the record says that the image is there, and does not name it";
            Error::new(ErrorKind::Local, message).with_remedy(Remedy::Repeat(Change::Generation))
        })?;
        let mut image = ImportedImage::of(&task, id);
        let replaced = match (replaces, is_open) {
            (true, _) => self.replace_anew(&mut image).await,
            (false, true) => self.replace(&mut image).await,
            (false, false) => Ok(()),
        };
        Ok(self.succeeded(image, task, true, replaced).await)
    }

    async fn succeeded(&self, image: ImportedImage, task: ImportTask, found: bool, replaced: Result<()>) -> Ended {
        let released = self.release(&image).await;
        if let (Err(_), Err(error)) = (&replaced, &released) {
            self.warn(error.message());
        }
        Ended::Succeeded {
            image,
            // It has another name now if the image has.
            task: self.with_record(|record| record.task.clone()).unwrap_or(task),
            found,
            unfinished: replaced.and(released).err(),
        }
    }
}

/// The cloud's own word for the state that a poll told.
fn state_of(event: WaitEvent<'_>) -> Option<String> {
    match event {
        WaitEvent::Polled {
            state: TaskState::InProgress { raw, .. },
            ..
        } => Some(raw.clone()),
        _ => None,
    }
}
