//! A target whose import runs, or ran: waits for the verdict, records it and tidies up. Starts nothing.

use std::sync::{Arc, Mutex, PoisonError};

use cloud_import_core::{
    CancelOutcome, Error, ErrorKind, ImageImporter, ImportTask, ImportedImage, Remedy, Result, Stop, remedy::Change,
    wait,
};
use cloud_import_staging::Store;
use tokio::sync::mpsc;

use super::{Event, Held, Job, Listener, Options, Outcome, Record, Replacement, State, Step, image::user};

/// The record of a target, and the file that it is kept in.
#[derive(Debug)]
pub(crate) struct Kept {
    pub(crate) held: Held,
    pub(crate) record: Record,
}

impl Kept {
    /// Changes the record and writes it durably. What cannot be written is not changed.
    pub(crate) fn change(&mut self, change: impl FnOnce(&mut Record)) -> Result<()> {
        let mut record = self.record.clone();
        change(&mut record);
        self.held.save(&record)?;
        self.record = record;
        Ok(())
    }
}

/// A target being worked on.
#[derive(Debug)]
pub(crate) struct Attended {
    pub(crate) index: usize,
    pub(crate) label: String,
    /// The name under which its record is held: its label, or another for a dry run.
    pub(crate) held_as: String,
    pub(crate) importer: Arc<dyn ImageImporter>,
    pub(crate) store: Option<Store>,
    pub(crate) kept: Arc<Mutex<Kept>>,
    pub(crate) context: Arc<Context>,
}

/// What all targets of one call share, whatever is done with them.
#[derive(Debug)]
pub(crate) struct Context {
    pub(crate) state: State,
    pub(crate) job: Job,
    pub(crate) options: Options,
    pub(crate) listener: Arc<dyn Listener>,
    pub(crate) stop: Stop,
}

impl Attended {
    pub(crate) fn importer(&self) -> &dyn ImageImporter {
        &*self.importer
    }

    pub(crate) fn tell(&self, event: &Event<'_>) {
        self.context.listener.on(Some(self.index), event);
    }

    pub(crate) fn record(&self) -> Record {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner).record.clone()
    }

    /// Changes the record durably, away from the threads that drive requests: it waits for the disk.
    pub(crate) async fn change(&self, change: impl FnOnce(&mut Record) + Send + 'static) -> Result<()> {
        let kept = Arc::clone(&self.kept);
        tokio::task::spawn_blocking(move || kept.lock().unwrap_or_else(PoisonError::into_inner).change(change))
            .await
            .map_err(|error| Error::new(ErrorKind::Local, "the record was not written").with_source(error))?
    }

    /// The name of this order as a user of staged objects.
    pub(crate) fn user(&self) -> String {
        user(&self.context.job.facts().id, &self.held_as)
    }

    /// Waits for the verdict.
    pub(crate) async fn wait(&self, mut task: ImportTask) -> Outcome {
        let label = &self.label;
        let (seen, mut news) = mpsc::unbounded_channel();
        let (context, index) = (Arc::clone(&self.context), self.index);
        let mut last = task.clone();
        let waiting = self.context.options.waiting.clone().on_event(move |task, event| {
            context.listener.on(Some(index), &Event::Polled { task, event });
            // The receiver outlives the wait; a failed send could only mean that nobody waits any more.
            let _ = seen.send(task.clone());
        });
        let verdict = {
            let verdict = wait(self.importer(), &mut task, &waiting);
            tokio::pin!(verdict);
            loop {
                tokio::select! {
                    verdict = &mut verdict => break Some(verdict),
                    Some(now) = news.recv() => {
                        if now != last {
                            last = now.clone();
                            if let Err(error) = self.change(move |record| record.task = Some(now)).await {
                                self.tell(&Event::Warning { text: error.message() });
                            }
                        }
                    }
                    () = self.context.stop.requested() => break None,
                }
            }
        };
        let Some(verdict) = verdict else {
            return self.interrupted(task).await;
        };
        let (step, image_id, reason) = match &verdict {
            Ok(image) => (Step::Succeeded, Some(image.id.clone()), None),
            Err(error) if error.kind() == ErrorKind::TaskFailed => {
                (Step::Failed, None, Some(error.message().to_owned()))
            }
            Err(error) if error.kind() == ErrorKind::Canceled => {
                (Step::Canceled, None, Some(error.message().to_owned()))
            }
            Err(_) => (Step::Started, None, None),
        };
        let kept = task.clone();
        let recorded = self
            .change(move |record| {
                record.task = Some(kept);
                record.step = step;
                record.image_id = image_id;
                record.reason = reason;
            })
            .await;
        if let Err(error) = recorded {
            self.tell(&Event::Warning { text: error.message() });
        }
        if step.is_settled() {
            self.tidy().await;
        }
        match verdict {
            Ok(mut image) => match self.replace(&mut image).await {
                Ok(()) => Outcome::succeeded(label, image, self.record().task.unwrap_or(task)),
                Err(error) => Outcome::succeeded(label, image, task).unfinished(error),
            },
            Err(error) if step.is_settled() => Outcome::failed(label, Some(task), error),
            Err(error) => Outcome::running(label, task, Some(error)),
        }
    }

    /// It goes on in the cloud, unless cancelling was asked for and works.
    async fn interrupted(&self, task: ImportTask) -> Outcome {
        let label = &self.label;
        let canceled = if self.context.options.cancel_on_stop {
            match self.importer().cancel(&task).await {
                Ok(CancelOutcome::Requested) => "; cancelling it was asked for".to_owned(),
                Ok(CancelOutcome::Unsupported(why)) => format!("; it cannot be cancelled: {why}"),
                Ok(_) => String::new(),
                Err(error) => format!("; it was not cancelled: {}", error.message()),
            }
        } else {
            String::new()
        };
        let message = format!(
            "interrupted: the import of `{}` goes on in the cloud{canceled}",
            task.name
        );
        let error = Error::new(ErrorKind::Canceled, message)
            .with_provider(task.provider)
            .with_remedy(Remedy::Repeat(Change::Nothing).or(Remedy::Wait));
        Outcome::running(label, task, Some(error))
    }

    /// The outcome that an earlier run had. A replacement that it left unfinished goes on; with `replaces`, it is asked for
    /// now, and older images are looked for again.
    pub(crate) async fn succeeded_before(&self, record: &Record, replaces: bool) -> Result<Outcome> {
        let (Some(task), Some(id)) = (&record.task, &record.image_id) else {
            return Err(Error::new(
                ErrorKind::Local,
                "the record says that the image is there, and does not name it",
            )
            .with_remedy(Remedy::Repeat(Change::Generation)));
        };
        let mut image = ImportedImage::of(task, id);
        let goes_on = replaces || record.replace.as_ref().is_some_and(Replacement::is_open);
        let replaced = match goes_on {
            true => self.replace_by(&mut image, replaces).await,
            false => Ok(()),
        };
        let task = self.record().task.unwrap_or_else(|| task.clone());
        let outcome = Outcome::succeeded(&self.label, image, task).found();
        Ok(match replaced {
            Ok(()) => outcome,
            Err(error) => outcome.unfinished(error),
        })
    }
}
