//! What each step does.

use std::sync::{Arc, Mutex, PoisonError};

use cloud_import::{
    Error, ErrorKind, ImageImporter, ImportTask, ImportedImage, Os, Result, Stop, connect,
    env::{Env as _, SystemEnv},
    provider::capabilities::UniqueNames,
    publish::{Destination, Ended, Event, LocalImage, Publish, State, leftovers},
};

use super::{recorder::Recorder, report::Step, run::Order};

/// How often is looked for what should be so soon.
const LOOKS: u32 = 60;

type Say<'a> = &'a (dyn Fn(&str) + Sync);

/// A run, as far as it has come.
pub(super) struct Steps<'a> {
    order: Order,
    image: LocalImage,
    /// Deletes, also after a stop.
    importer: Arc<dyn ImageImporter>,
    recorder: Arc<Recorder>,
    stop: Stop,
    say: Say<'a>,
    steps: Vec<Step>,
    /// What may have been started and did not end.
    open: Vec<ImportTask>,
}

impl<'a> Steps<'a> {
    pub(super) fn new(
        order: Order,
        image: LocalImage,
        importer: Arc<dyn ImageImporter>,
        recorder: Arc<Recorder>,
        stop: Stop,
        say: Say<'a>,
    ) -> Self {
        Self {
            order,
            image,
            importer,
            recorder,
            stop,
            say,
            steps: Vec::new(),
            open: Vec::new(),
        }
    }

    pub(super) fn into_steps(self) -> Vec<Step> {
        self.steps
    }

    /// All but the deletion, up to the first failure.
    pub(super) async fn import_all(&mut self) {
        let [name, lost] = self.order.names();
        self.begin("check");
        let told = self.check(&name).await;
        if !self.end(told) {
            return;
        }
        self.begin("import");
        let made = self.import(&name, false).await;
        let id = made.as_ref().map(|image| image.id.clone()).unwrap_or_default();
        if !self.end(made.map(|image| format!("image {}", image.id))) {
            return;
        }
        self.begin("repeat");
        let told = self.repeat(&name, &id).await;
        if !self.end(told) {
            return;
        }
        self.begin("lost answer");
        let found = self.import(&lost, true).await;
        if self.end(found.map(|image| format!("found again: image {}", image.id)))
            && self.importer.capabilities().unique_names.value == UniqueNames::Unverified
        {
            self.begin("same name");
            let told = self.same_name(&name).await;
            self.end(told);
        }
    }

    fn begin(&mut self, name: &'static str) {
        (self.say)(&format!("{name} ..."));
        self.recorder.step(name);
        self.steps.push(Step {
            name,
            at: self.recorder.seconds(),
            took: 0.0,
            passed: false,
            told: String::new(),
        });
    }

    fn end(&mut self, told: Result<String>) -> bool {
        let seconds = self.recorder.seconds();
        let Some(step) = self.steps.last_mut() else {
            return false;
        };
        step.took = seconds - step.at;
        step.passed = told.is_ok();
        step.told = told.unwrap_or_else(|error| error.to_string());
        (self.say)(&format!("{}: {}", step.name, step.told));
        step.passed
    }

    fn destination(&self, name: &str) -> Result<Destination> {
        let importer = connect(
            self.order.provider,
            self.order.settings(&self.recorder, self.stop.clone()),
        )?;
        let os: Os = self.order.os.parse()?;
        Destination::new(importer)
            .name(name)
            .os(os)
            .bucket_named(&self.order.bucket)
    }

    fn publish(&self, destination: Destination) -> Publish {
        Publish::of(self.image.clone())
            .to(destination)
            .state(State::at(&self.order.state))
            .waiting(self.order.waiting.clone())
            .stop(self.stop.clone())
    }

    /// What the cloud says to reads. What it refuses here costs nothing.
    async fn check(&self, name: &str) -> Result<String> {
        let destination = self.destination(name)?;
        let publish = self.publish(destination.clone());
        let problems = publish.problems(&destination).await?;
        if problems.iter().any(|problem| problem.is_error()) {
            return Err(Error::invalid(self.order.provider, problems));
        }
        let mut request = publish.preview(&destination).await?;
        // It is put there by the import.
        request.disks.iter_mut().for_each(|disk| disk.pending = true);
        let checks = destination.importer.preflight(&request).await;
        let refused = checks.iter().filter(|check| check.is_failure());
        let refused: Vec<String> = refused
            .map(|check| format!("{}: {}", check.what, check.message))
            .collect();
        match refused.as_slice() {
            [] => Ok(format!("{} checks, nothing is against it", checks.len())),
            _ => Err(Error::new(ErrorKind::InvalidRequest, refused.join("; "))),
        }
    }

    /// An import to its end. With `lose`, the answer to its order is lost, and it has to be found again.
    async fn import(&mut self, name: &str, lose: bool) -> Result<ImportedImage> {
        let connection = self.importer.connection().filter(|_| lose);
        let host = connection.map(|connection| connection.endpoint.host().to_owned());
        let host = Arc::new(Mutex::new(host));
        for _ in 0..LOOKS {
            let (recorder, host) = (Arc::clone(&self.recorder), Arc::clone(&host));
            let publish = self.publish(self.destination(name)?).on_event(move |_, event| {
                let mut host = host.lock().unwrap_or_else(PoisonError::into_inner);
                if let Some(host) = host.take_if(|_| matches!(event, Event::Starting)) {
                    recorder.lose_next_of(&host);
                }
            });
            match ended(publish).await? {
                Ended::Succeeded { image, .. } => return Ok(image),
                // The same call again settles it, which may take as long as imports take to be listed.
                Ended::Unknown { error, .. } if !self.stop.is_requested() => {
                    (self.say)(&format!("{error}; looking again"));
                    SystemEnv.sleep(self.order.pause).await;
                }
                other => return Err(self.not_made(other)),
            }
        }
        let message = format!("what became of the order for `{name}` was not found out");
        Err(Error::new(ErrorKind::OutcomeUnknown, message))
    }

    /// Why no image came of a call; what goes on in the cloud is remembered.
    fn not_made(&mut self, ended: Ended) -> Error {
        let (task, error) = match ended {
            Ended::Running { task, error } => (Some(task), error),
            Ended::Unknown { task, error } => (task, Some(error)),
            Ended::Failed { error, .. } | Ended::NotStarted { error } => (None, Some(error)),
            Ended::Succeeded { .. } | Ended::Checked { .. } => (None, None),
            _ => (None, None),
        };
        self.open.extend(task);
        error.unwrap_or_else(|| Error::new(ErrorKind::Stopped, "it was not waited for"))
    }

    /// The same call again finds the image, and orders nothing.
    async fn repeat(&mut self, name: &str, id: &str) -> Result<String> {
        let orders = Arc::new(Mutex::new(0));
        let counted = Arc::clone(&orders);
        let publish = self.publish(self.destination(name)?).on_event(move |_, event| {
            if matches!(event, Event::Starting) {
                *counted.lock().unwrap_or_else(PoisonError::into_inner) += 1;
            }
        });
        let ended = ended(publish).await?;
        let orders = *orders.lock().unwrap_or_else(PoisonError::into_inner);
        match ended {
            Ended::Succeeded { image, .. } if image.id == id && orders == 0 => {
                Ok("the same image, nothing was ordered".to_owned())
            }
            Ended::Succeeded { image, .. } => {
                let message = format!("image {} instead of {id}, after {orders} orders", image.id);
                Err(Error::new(ErrorKind::InvalidResponse, message))
            }
            other => Err(self.not_made(other)),
        }
    }

    /// A second image of a name, where no source says what becomes of it. Whatever the cloud answers is what was asked.
    async fn same_name(&mut self, name: &str) -> Result<String> {
        let publish = self.publish(self.destination(name)?).again(true);
        match ended(publish).await? {
            Ended::Succeeded { image, .. } => Ok(format!("accepted: image {}", image.id)),
            Ended::NotStarted { error } | Ended::Failed { error, .. } if error.kind() == ErrorKind::DuplicateName => {
                Ok(format!("refused: {error}"))
            }
            other => Err(self.not_made(other)),
        }
    }

    /// Deletes every image of the run, and says what may be left.
    pub(super) async fn delete_all(&mut self) -> Vec<String> {
        self.begin("delete");
        let mut left = Vec::new();
        for task in std::mem::take(&mut self.open) {
            // Where a cloud cannot cancel, the image is deleted when it is listed.
            if let Err(error) = self.importer.cancel(&task).await {
                left.push(format!("the import of `{}`: {error}", task.name));
            }
        }
        let mut deleted = 0;
        for name in self.order.names() {
            match self.delete(&name).await {
                Ok(images) => deleted += images,
                Err(error) => left.push(format!("images called `{name}`: {error}")),
            }
        }
        let staged = self.staged().await;
        left.extend(staged.unwrap_or_else(|error| vec![format!("objects in `{}`: {error}", self.order.bucket)]));
        let told = match left.as_slice() {
            [] => Ok(format!(
                "{deleted} images are gone, and nothing that was staged is left"
            )),
            _ => Err(Error::new(ErrorKind::Conflict, format!("left: {}", left.join("; ")))),
        };
        self.end(told);
        left
    }

    /// Deletes the images of a name until none is listed, and says how many there were.
    async fn delete(&self, name: &str) -> Result<usize> {
        let mut deleted: Vec<String> = Vec::new();
        let project = self.importer.project();
        for _ in 0..LOOKS {
            let listed = self.importer.images_named(name, project).await?;
            if listed.is_empty() {
                return Ok(deleted.len());
            }
            for image in listed {
                let mut own = ImportedImage::new(self.order.provider, &self.order.region, &image.id, name);
                own.project = project.map(str::to_owned);
                match self.importer.delete(&own).await {
                    Err(error) if error.kind() != ErrorKind::NotFound && !error.is_retryable() => return Err(error),
                    _ if deleted.contains(&image.id) => {}
                    _ => deleted.push(image.id),
                }
            }
            SystemEnv.sleep(self.order.pause).await;
        }
        let message = format!("still listed after {LOOKS} looks: {}", deleted.join(", "));
        Err(Error::new(ErrorKind::Conflict, message))
    }

    /// Deletes what is still staged, and says what could not be.
    async fn staged(&self) -> Result<Vec<String>> {
        let state = State::at(&self.order.state);
        let mut left = Vec::new();
        for leftover in leftovers(&state).await? {
            match leftover {
                Ok(leftover) => match leftover.delete(&state, &*self.importer).await {
                    Ok(true) => {}
                    Ok(false) => left.push(leftover.to_string()),
                    Err(error) => left.push(format!("{leftover}: {error}")),
                },
                Err(damaged) => left.push(damaged.to_string()),
            }
        }
        Ok(left)
    }
}

/// How the one destination of a call ended.
async fn ended(publish: Publish) -> Result<Ended> {
    let nothing = || Error::new(ErrorKind::Local, "the call has no outcome");
    let outcome = publish.run().await?.outcomes.pop();
    Ok(outcome.ok_or_else(nothing)?.ended)
}
