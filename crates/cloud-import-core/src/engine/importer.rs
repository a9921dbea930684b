//! The one importer: [`ImageImporter`] over the vocabulary of any cloud.

use std::{any::Any, sync::Arc};

use tracing::{field::Empty, info_span};

use super::{
    changes,
    cloud::{Cloud, Identity, Proof, Row},
    copies,
    copy_order::CopyOrder,
    export_order::{self, ExportOrder, PreparedExport},
    exports,
    image_importer::{ImageImporter, Prepared},
    memory::{Memory, Standing},
    presence::Presence,
    search::{self, Found, Sighting},
    spans, start, verdict,
};
use crate::{
    Asking, BoxFuture, CancelOutcome, Capabilities, Check, ClientBuilder, Error, ErrorKind, ExportRequest, ExportState,
    ExportTask, Field, ImageAttributes, ImageChange, ImageSource, ImportRequest, ImportTask, ImportedImage, OwnImage,
    OwnImages, Problem, Provider, Result, Settings, Shown, TaskState,
    client::{Buildable, Connection},
    engine::{
        check::Subject,
        preflight::{Checks, NamedImage},
    },
    model::{code::StateClass, id},
};

/// Imports images into the cloud of a client. Cheap to clone; clones share what is remembered of orders.
#[derive(Debug)]
pub struct Importer<C> {
    cloud: Arc<C>,
    memory: Memory,
}

impl<C> Clone for Importer<C> {
    fn clone(&self) -> Self {
        Self {
            cloud: Arc::clone(&self.cloud),
            memory: self.memory.clone(),
        }
    }
}

impl<C: Cloud> Importer<C> {
    /// An importer over a client.
    pub fn new(client: C) -> Self {
        Self {
            cloud: Arc::new(client),
            memory: Memory::default(),
        }
    }

    /// The importer that goes on with a task, in the place where it was started.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidRequest`] for a task of another cloud; else as
    /// [`ClientBuilder::build`](crate::ClientBuilder::build).
    pub fn for_task(task: &ImportTask, settings: Settings) -> Result<Self>
    where
        C: Buildable,
    {
        let importer = Self::new(ClientBuilder::from(settings.for_task(task)?).build()?);
        importer.own_task(task)?;
        Ok(importer)
    }

    /// The client.
    pub fn client(&self) -> &C {
        &self.cloud
    }

    /// The vendor's request for an order.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidRequest`] when the order cannot be written in the vendor's words.
    pub fn request(&self, request: &ImportRequest) -> Result<C::Order> {
        self.cloud.translate(request, &Identity::new(&*self.cloud, request))
    }

    /// The importer of this type behind a `dyn` one, for what only this cloud can do.
    pub fn of(importer: &dyn ImageImporter) -> Option<&Self> {
        importer.as_any()?.downcast_ref()
    }

    fn token(&self, request: &ImportRequest) -> String {
        let scope = self.cloud.scope(request);
        request.token(self.provider(), self.region(), scope.as_deref())
    }

    /// Refuses what belongs to another place before anything is asked.
    fn own(&self, provider: Provider, region: &str, project: Option<&str>, endpoint: Option<&str>) -> Result<()> {
        let connection = self.cloud.connection();
        let own = connection.endpoint.to_string();
        let is_own = provider == self.provider()
            && region == connection.region
            && endpoint.is_none_or(|endpoint| endpoint == own)
            && project.is_none_or(|project| self.cloud.reaches(project));
        if is_own {
            return Ok(());
        }
        let mut whose = format!("{provider}/{region}");
        if let Some(project) = project {
            whose.push_str(&format!(", project {project}"));
        }
        if let Some(endpoint) = endpoint.filter(|endpoint| *endpoint != own) {
            whose.push_str(&format!(", at {endpoint}"));
        }
        let message = format!(
            "it belongs to {whose}, but this importer works in {}/{} at {own}",
            self.provider(),
            connection.region
        );
        Err(Error::new(ErrorKind::InvalidRequest, message)
            .with_provider(self.provider())
            .with_remedy("Use an importer for that place."))
    }

    /// Refuses a task of another place, and one whose ids are none: it may come from anywhere.
    fn own_task(&self, task: &ImportTask) -> Result<()> {
        if let Some(bad) = [&task.task_id, &task.image_id]
            .into_iter()
            .flatten()
            .find(|id| !id::is_id(id))
        {
            return Err(no_id(task.provider, bad));
        }
        self.own(
            task.provider,
            &task.region,
            task.project.as_deref(),
            Some(&task.endpoint),
        )
    }

    /// Refuses an export of another place, and one whose ids are none.
    fn own_export(&self, task: &ExportTask) -> Result<()> {
        let mut ids = std::iter::once(&task.image_id).chain(&task.task_id);
        if let Some(bad) = ids.find(|id| !id::is_id(id)) {
            return Err(no_id(task.provider, bad));
        }
        let project = task.project.as_deref();
        self.own(task.provider, &task.region, project, Some(&task.endpoint))
    }

    fn export_order(&self, request: &ExportRequest) -> Option<ExportOrder> {
        let project = self.cloud.connection().project.as_deref();
        ExportOrder::new(request, self.cloud.capabilities(), C::EXPORT_PROOF, project)
    }

    fn own_image(&self, image: &ImportedImage) -> Result<()> {
        self.own(image.provider, &image.region, image.project.as_deref(), None)
    }

    fn prepared(&self, request: &ImportRequest, mut task: ImportTask) -> Result<Prepared> {
        if let Some(image) = request.image() {
            let order = CopyOrder::new(request, image, task.marker.as_deref(), task.token.clone());
            return Ok(Prepared::new(task, order));
        }
        let order = self.cloud.translate(request, &Identity::of(&task))?;
        if let Some(route) = C::route(&order) {
            tracing::info!(route, image = request.name, "route chosen");
            task.route = Some(route.to_owned());
        }
        Ok(Prepared::new(task, order))
    }

    async fn submit_own(&self, prepared: Prepared) -> Result<ImportTask> {
        self.own_task(&prepared.task)?;
        start::submit(&*self.cloud, prepared).await
    }

    async fn resume_own(&self, request: &ImportRequest, task: ImportTask) -> Result<ImportTask> {
        self.own_task(&task)?;
        start::resume(&*self.cloud, self.prepared(request, task)?).await
    }

    /// Every problem of the order of a copy of this image.
    fn problems_of_copy(&self, request: &ImportRequest, image: &ImageSource, identity: Identity) -> Vec<Problem> {
        let order = CopyOrder::new(request, image, identity.marker.as_deref(), identity.token);
        // What the cloud's own rules say of a field is more than what the tables say.
        let own = self.cloud.validate_copy(&order);
        let mut problems = copies::problems(&order, self.region(), self.cloud.capabilities());
        let is_said = |field: &Field| {
            let is_option = matches!(field, Field::VendorOption(_));
            let is_it = |other: &Problem| other.field == *field || (is_option && other.field == Field::Vendor);
            own.iter().any(is_it)
        };
        problems.retain(|problem| !is_said(&problem.field));
        problems.extend(own);
        problems
    }

    async fn start_own(&self, request: &ImportRequest) -> Result<ImportTask> {
        let span = info_span!(
            "start",
            cloud.provider = self.provider().id(),
            cloud.region = self.region(),
            image.name = request.name,
            "error.type" = Empty,
            otel.status_code = Empty,
        );
        spans::recorded(span, self.start_unless_started(request)).await
    }

    async fn start_unless_started(&self, request: &ImportRequest) -> Result<ImportTask> {
        if !request.no_validate {
            let problems = self.validate(request);
            if problems.iter().any(|problem| problem.is_error()) {
                return Err(Error::invalid(self.provider(), problems));
            }
        }
        let prepared = self.prepare(request)?;
        if request.dry_run {
            return start::submit(&*self.cloud, prepared).await;
        }
        let slot = self.memory.slot(&self.token(request));
        let mut standing = slot.lock().await;
        let outcome = match &*standing {
            Standing::Started(task) => return Ok(task.clone()),
            Standing::MayBeSent(task) => start::resume(&*self.cloud, self.prepared(request, task.clone())?).await,
            Standing::New => {
                // A token makes the same order safe; elsewhere it may run already, from another process or importer.
                let found = match &prepared.task.token {
                    Some(_) => None,
                    None => self.look(&prepared.task).await?,
                };
                match found {
                    Some(task) => Ok(task),
                    None => {
                        *standing = Standing::MayBeSent(prepared.task.clone());
                        start::submit(&*self.cloud, prepared).await
                    }
                }
            }
        };
        match &outcome {
            Ok(task) => *standing = Standing::Started(task.clone()),
            Err(error) if error.kind() == ErrorKind::OutcomeUnknown || error.may_have_executed() => {}
            Err(_) => *standing = Standing::New,
        }
        outcome
    }

    async fn poll_own(&self, task: &mut ImportTask) -> Result<TaskState> {
        self.own_task(task)?;
        let project = self.cloud.resolve_project(task.project.as_deref()).await?;
        let state = match search::find(&*self.cloud, task, project.as_deref()).await? {
            None => verdict::not_listed(&*self.cloud, task)?,
            Some(Found::Task(row)) => {
                search::adopt(&*self.cloud, task, &row);
                verdict::of_task(&*self.cloud, task, project.as_deref(), row).await?
            }
            Some(Found::Listed(row)) => {
                search::adopt(&*self.cloud, task, &row);
                verdict::of_row(&*self.cloud, task, row, "")
            }
        };
        if matches!(state, TaskState::Failed(_) | TaskState::Canceled) {
            self.memory.forget(|started| is_same(started, task));
        }
        Ok(state)
    }

    async fn lookup_own(&self, task: &ImportTask) -> Result<Option<ImportTask>> {
        self.own_task(task)?;
        search::lookup(&*self.cloud, task, |_| true).await
    }

    /// Whether an order runs already, before it is sent. Keys that may not look do not keep it from being sent.
    ///
    /// Where only name and file tell, another generation cannot be told from this one, nor a failed import from the next.
    async fn look(&self, task: &ImportTask) -> Result<Option<ImportTask>> {
        if task.is_copy() && C::COPY_PROOF == Proof::Name {
            // Whether the name is taken is looked at before the order is sent, and proves nothing of it.
            return Ok(None);
        }
        let is_marked = task.marker.is_some();
        if !is_marked && task.generation > 0 {
            return Ok(None);
        }
        let counts: fn(&Row) -> bool = match is_marked {
            true => |_| true,
            false => |row| !is_over(row),
        };
        match search::lookup(&*self.cloud, task, counts).await {
            Err(error) if matches!(error.kind(), ErrorKind::PermissionDenied | ErrorKind::Unsupported) => Ok(None),
            Err(error) => Err(error
                .context("looking whether it runs already")
                .with_may_have_executed(false)),
            found => found,
        }
    }

    async fn cancel_own(&self, task: &ImportTask) -> Result<CancelOutcome> {
        self.own_task(task)?;
        let capabilities = self.cloud.capabilities();
        let (can, is_known) = match task.is_copy() {
            true => (capabilities.after.copy_cancel.value, task.image_id.is_some()),
            false => (capabilities.cancel.value, task.task_id.is_some()),
        };
        if !can && task.is_copy() {
            return Ok(CancelOutcome::Unsupported(format!(
                "{} has no call to cancel a copy: wait for its end, then delete the image",
                task.provider.name()
            )));
        }
        if !can || is_known {
            return self.cloud.cancel(task).await;
        }
        let found = self.lookup_own(task).await?;
        self.cloud.cancel(found.as_ref().unwrap_or(task)).await
    }

    /// The project in which images are looked for: as named, else the client's own.
    async fn project_of_images(&self, named: Option<&str>) -> Result<Option<String>> {
        let own = self.cloud.connection().project.as_deref();
        self.cloud.resolve_project(named.or(own)).await
    }

    async fn presence_of_own(&self, image: &ImportedImage) -> Result<Presence> {
        self.own_image(image)?;
        let project = self.cloud.resolve_project(image.project.as_deref()).await?;
        let Some(row) = self.cloud.image(&image.id, project.as_deref()).await? else {
            return Ok(Presence::Deleted);
        };
        if row.image_id.as_ref() != Some(&image.id) {
            return Err(search::another_image(image.provider));
        }
        let mut deletions = C::DELETIONS.iter();
        let found = deletions.find(|(state, _)| row.raw.eq_ignore_ascii_case(state));
        Ok(found.map_or(Presence::There, |(_, presence)| *presence))
    }

    async fn delete_own(&self, image: &ImportedImage) -> Result<()> {
        self.own_image(image)?;
        let outcome = self.cloud.delete(image).await;
        self.memory
            .forget(|started| started.image_id.as_ref() == Some(&image.id));
        match outcome {
            Err(error) if error.kind() == ErrorKind::NotFound && error.may_have_executed() => Ok(()),
            outcome => outcome,
        }
    }
}

fn no_id(provider: Provider, bad: &str) -> Error {
    let message = format!("the task has an id that is none: `{}`", Shown::of(bad));
    Error::new(ErrorKind::InvalidRequest, message)
        .with_provider(provider)
        .with_remedy("Give the task as it was made.")
}

fn is_over(row: &Row) -> bool {
    matches!(row.class, Some(StateClass::Failed | StateClass::Canceled))
}

fn is_same(one: &ImportTask, other: &ImportTask) -> bool {
    let same = |one: &Option<String>, other: &Option<String>| one.is_some() && one == other;
    same(&one.task_id, &other.task_id) || same(&one.image_id, &other.image_id)
}

impl<C: Cloud> ImageImporter for Importer<C> {
    fn capabilities(&self) -> &'static Capabilities {
        self.cloud.capabilities()
    }

    fn region(&self) -> &str {
        &self.cloud.connection().region
    }

    fn connection(&self) -> Option<&Connection> {
        Some(self.cloud.connection())
    }

    fn as_any(&self) -> Option<&dyn Any> {
        Some(self)
    }

    fn validate(&self, request: &ImportRequest) -> Vec<Problem> {
        let identity = Identity::new(&*self.cloud, request);
        let mut problems = match request.image() {
            Some(image) => self.problems_of_copy(request, image, identity),
            None => self.cloud.validate(request, &identity),
        };
        request.acknowledge(self.provider(), &mut problems);
        problems
    }

    fn preflight_with<'a>(&'a self, request: &'a ImportRequest, asking: &'a Asking) -> BoxFuture<'a, Vec<Check>> {
        Box::pin(async move {
            let endpoint = self.cloud.connection().endpoint.to_string();
            let checks = Checks::new(self.provider(), endpoint, &self.validate(request), request);
            let mut checks = checks.asking(asking);
            if request.is_copy() {
                checks.add(Check::not_checked(Subject::Os, "a copy has that of its image"));
            }
            let asked = self.cloud.check(request, &mut checks).await;
            let mut checks = checks.finish(C::NEVER_ASKED, asked.err().unwrap_or_default());
            request.acknowledge_checks(&mut checks);
            checks
        })
    }

    fn prepare(&self, request: &ImportRequest) -> Result<Prepared> {
        let mut task = self.cloud.connection().task(request);
        task.project = self.cloud.scope(request).or(task.project);
        let identity = Identity::new(&*self.cloud, request);
        (task.token, task.marker) = (identity.token, identity.marker);
        self.prepared(request, task)
    }

    fn submit(&self, prepared: Prepared) -> BoxFuture<'_, Result<ImportTask>> {
        Box::pin(self.submit_own(prepared))
    }

    fn resume<'a>(&'a self, request: &'a ImportRequest, task: ImportTask) -> BoxFuture<'a, Result<ImportTask>> {
        Box::pin(self.resume_own(request, task))
    }

    fn start<'a>(&'a self, request: &'a ImportRequest) -> BoxFuture<'a, Result<ImportTask>> {
        Box::pin(self.start_own(request))
    }

    fn poll<'a>(&'a self, task: &'a mut ImportTask) -> BoxFuture<'a, Result<TaskState>> {
        Box::pin(self.poll_own(task))
    }

    fn cancel<'a>(&'a self, task: &'a ImportTask) -> BoxFuture<'a, Result<CancelOutcome>> {
        Box::pin(self.cancel_own(task))
    }

    fn lookup<'a>(&'a self, task: &'a ImportTask) -> BoxFuture<'a, Result<Option<ImportTask>>> {
        Box::pin(self.lookup_own(task))
    }

    fn sight<'a>(&'a self, task: &'a ImportTask) -> BoxFuture<'a, Result<Sighting>> {
        Box::pin(async move {
            self.own_task(task)?;
            search::sight(&*self.cloud, task).await
        })
    }

    fn regions(&self) -> BoxFuture<'_, Result<Option<Vec<String>>>> {
        Box::pin(self.cloud.regions())
    }

    fn presence<'a>(&'a self, image: &'a ImportedImage) -> BoxFuture<'a, Result<Presence>> {
        Box::pin(self.presence_of_own(image))
    }

    fn delete<'a>(&'a self, image: &'a ImportedImage) -> BoxFuture<'a, Result<()>> {
        Box::pin(self.delete_own(image))
    }

    fn images_named<'a>(&'a self, name: &'a str, project: Option<&'a str>) -> BoxFuture<'a, Result<Vec<NamedImage>>> {
        Box::pin(async move {
            let project = self.project_of_images(project).await?;
            search::named(&*self.cloud, name, project.as_deref(), usize::MAX).await
        })
    }

    fn validate_change(&self, change: &ImageChange) -> Vec<Problem> {
        let mut problems = changes::problems(change, self.cloud.capabilities());
        problems.extend(self.cloud.validate_change(change));
        problems
    }

    fn images<'a>(&'a self, project: Option<&'a str>) -> BoxFuture<'a, Result<OwnImages>> {
        Box::pin(async move {
            let project = self.project_of_images(project).await?;
            search::all(&*self.cloud, project.as_deref()).await
        })
    }

    fn image<'a>(&'a self, id: &'a str, project: Option<&'a str>) -> BoxFuture<'a, Result<Option<OwnImage>>> {
        Box::pin(async move {
            if !id::is_id(id) {
                return Ok(None);
            }
            let project = self.project_of_images(project).await?;
            search::image(&*self.cloud, id, project.as_deref()).await
        })
    }

    fn answer_share<'a>(&'a self, image: &'a ImportedImage, accept: bool) -> BoxFuture<'a, Result<()>> {
        Box::pin(async move {
            self.own_image(image)?;
            self.cloud.answer_share(image, accept).await
        })
    }

    fn preflight_change<'a>(&'a self, change: &'a ImageChange, asking: &'a Asking) -> BoxFuture<'a, Vec<Check>> {
        Box::pin(changes::preflight(&*self.cloud, change, asking))
    }

    fn owner(&self) -> BoxFuture<'_, Result<Option<String>>> {
        Box::pin(self.cloud.owner())
    }

    fn change<'a>(
        &'a self,
        image: &'a ImportedImage,
        change: &'a ImageChange,
    ) -> BoxFuture<'a, Result<ImageAttributes>> {
        Box::pin(async move {
            self.own_image(image)?;
            let problems = self.validate_change(change);
            if problems.iter().any(Problem::is_error) {
                return Err(Error::invalid(self.provider(), problems));
            }
            changes::apply(&*self.cloud, image, change).await
        })
    }

    fn newest_of<'a>(&'a self, family: &'a str) -> BoxFuture<'a, Result<Option<ImportedImage>>> {
        Box::pin(async move {
            let found = self.cloud.newest_of(family).await?;
            let Some(row) = found.map(|row| row.checked(self.provider())).transpose()? else {
                return Ok(None);
            };
            let name = row.name.unwrap_or_default();
            let image = row
                .image_id
                .map(|id| ImportedImage::new(self.provider(), self.region(), id, name));
            let image = image.map(|image| ImportedImage {
                project: self.project().map(str::to_owned),
                ..image
            });
            Ok(image)
        })
    }

    fn validate_export(&self, request: &ExportRequest) -> Vec<Problem> {
        let mut problems = export_order::problems(request, self.region(), self.cloud.capabilities());
        if let Some(order) = self.export_order(request) {
            problems.extend(self.cloud.validate_export(&order));
        }
        problems
    }

    fn prepare_export(&self, request: &ExportRequest) -> Result<PreparedExport> {
        let problems = self.validate_export(request);
        let order = self.export_order(request);
        let Some(order) = order.filter(|_| !problems.iter().any(Problem::is_error)) else {
            return Err(Error::invalid(self.provider(), problems));
        };
        let connection = self.cloud.connection();
        let (endpoint, now) = (connection.endpoint.to_string(), connection.pipeline.env.now());
        let mut task = ExportTask::new(self.provider(), endpoint, request, &order.prefix, order.format, now);
        task.project = task.project.or_else(|| connection.project.clone());
        self.own_export(&task)?;
        let keys = self.cloud.export_keys(&order);
        (task.key_begins, task.keys) = (keys.begins, keys.whole);
        task.token.clone_from(&order.token);
        Ok(PreparedExport { task, order })
    }

    fn submit_export(&self, prepared: PreparedExport) -> BoxFuture<'_, Result<ExportTask>> {
        Box::pin(async move {
            self.own_export(&prepared.task)?;
            exports::submit(&*self.cloud, prepared).await
        })
    }

    fn resume_export<'a>(&'a self, request: &'a ExportRequest, task: ExportTask) -> BoxFuture<'a, Result<ExportTask>> {
        Box::pin(async move {
            self.own_export(&task)?;
            let prepared = self.prepare_export(request)?;
            exports::resume(&*self.cloud, prepared.with_task(task)?).await
        })
    }

    fn poll_export<'a>(&'a self, task: &'a mut ExportTask) -> BoxFuture<'a, Result<ExportState>> {
        Box::pin(async move {
            self.own_export(task)?;
            exports::poll(&*self.cloud, task).await
        })
    }

    fn rename<'a>(&'a self, image: &'a ImportedImage, name: &'a str) -> BoxFuture<'a, Result<()>> {
        Box::pin(async move {
            self.own_image(image)?;
            self.cloud.rename(image, name).await
        })
    }
}
