//! The normalized import over Huawei Cloud's client.
//!
//! There is no idempotency token. A lost start is looked for in the list of images, by exact name and origin: an import's
//! image shows `__data_origin` as `file,BUCKET:KEY`. Images made more than [`CLOCKS_APART`] before the start are older ones.
//! An image of the same name and origin that was made shortly before the start would be taken for it: the vendor refuses
//! a second image of one name, so such a start would have been refused. There is no call to cancel.

use std::time::Duration;

use cloud_import_core::{
    BoxFuture, Capabilities, Check, Error, ErrorKind, Failure, ImageImporter, ImportRequest, ImportTask, ImportedImage,
    Problem, Provider, Result, StateClass, StateRow, TaskState,
    builder::Connection,
    datetime, deleted, not_listed,
    preflight::{Namesake, SecondOfName},
};
use tracing::info;

use crate::{
    Client, ImportCall, choose_route,
    generated::{self as wire, CAPABILITIES, IMAGE_STATES, TASK_STATES},
    job, preflight, rules,
};

/// How far the cloud's clock and this machine's may be apart: as far as the signature allows.
const CLOCKS_APART: Duration = Duration::from_secs(15 * 60);

/// The vendor's dates are cut off to the second.
const DATE_STEP: Duration = Duration::from_secs(1);

/// Imports images into Huawei Cloud.
#[derive(Debug, Clone)]
pub struct Importer {
    client: Client,
}

impl Importer {
    /// An importer over a client.
    pub fn new(client: Client) -> Self {
        Self { client }
    }

    /// The client.
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// The vendor's request for an order: one of four, by route.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidRequest`] when the order cannot be written in the vendor's words; [`ErrorKind::Unsupported`] for
    /// a dry run.
    pub fn request(&self, order: &ImportRequest) -> Result<ImportCall> {
        ImportCall::of(order)
    }

    /// The client in the task's project, else in the one that is named or found.
    async fn client_for(&self, task: &ImportTask) -> Result<Client> {
        match &task.project {
            Some(project) => Ok(self.client.in_project(project)),
            None => self.client.with_project().await,
        }
    }

    async fn poll_once(&self, task: &mut ImportTask) -> Result<TaskState> {
        let client = self.client_for(task).await?;
        if let Some(job) = show_job(&client, task).await? {
            return self.judge_job(&client, task, &job).await;
        }
        let Some(image) = find_image(&client, task).await? else {
            return not_listed(self, task);
        };
        self.adopt(task, image.id);
        let raw = image.status.unwrap_or_default();
        Ok(match (StateRow::find(IMAGE_STATES, &raw), &task.image_id) {
            (Some(StateClass::Succeeded), Some(id)) => TaskState::Succeeded {
                image: ImportedImage::of(task, id),
            },
            (Some(StateClass::Failed), _) => {
                TaskState::Failed(Failure::new(None, format!("the image's state is `{raw}`")))
            }
            (Some(StateClass::Canceled), _) => TaskState::Canceled,
            _ => TaskState::in_progress(raw, None),
        })
    }

    async fn judge_job(&self, client: &Client, task: &mut ImportTask, job: &wire::Job) -> Result<TaskState> {
        self.adopt(task, job::image_id(job));
        let raw = job.status.clone().unwrap_or_default();
        Ok(match StateRow::find(TASK_STATES, &raw) {
            Some(StateClass::Succeeded) => {
                if task.image_id.is_none() {
                    task.image_id = find_image(client, task).await?.and_then(|image| image.id);
                }
                match &task.image_id {
                    Some(id) => TaskState::Succeeded {
                        image: ImportedImage::of(task, id),
                    },
                    None => TaskState::in_progress(format!("{raw}, image id not shown yet"), job::percent(job)),
                }
            }
            Some(StateClass::Failed) => TaskState::Failed(job::failure(job)),
            Some(StateClass::Canceled) => TaskState::Canceled,
            _ => TaskState::in_progress(raw, job::percent(job)),
        })
    }

    fn adopt(&self, task: &mut ImportTask, image_id: Option<String>) {
        task.seen(self.ambient().now());
        if task.image_id.is_none() {
            task.image_id = image_id;
        }
    }
}

/// The task's job; `None` when the task has none, or the cloud does not know it (any more).
async fn show_job(client: &Client, task: &ImportTask) -> Result<Option<wire::Job>> {
    let Some(job_id) = task.task_id.clone() else {
        return Ok(None);
    };
    let request = wire::ShowJobProgressRequest {
        job_id: Some(job_id),
        ..Default::default()
    };
    match client.show_job_progress(&request).await {
        Ok(job) => Ok(Some(job)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// The task's image, by its id or else by name and origin. Whether the list shows an image that is still being made is
/// unverified, so it is asked twice: as it is, and for images that cannot be used yet.
async fn find_image(client: &Client, task: &ImportTask) -> Result<Option<wire::ImageInfo>> {
    for isregistered in [None, Some("false".to_owned())] {
        let request = wire::ListImagesRequest {
            id: task.image_id.clone(),
            name: task.image_id.is_none().then(|| task.name.clone()),
            imagetype: Some("private".to_owned()),
            isregistered,
            enterprise_project_id: Some("all_granted_eps".to_owned()),
            ..Default::default()
        };
        let images = client.list_images(&request).await?.images.unwrap_or_default();
        if let Some(image) = images.into_iter().find(|image| is_of(task, image)) {
            return Ok(Some(image));
        }
    }
    Ok(None)
}

fn is_of(task: &ImportTask, image: &wire::ImageInfo) -> bool {
    if task.image_id.is_some() {
        return image.id == task.image_id;
    }
    let origin = format!("file,{}", task.source);
    let made = image.created_at.as_deref().and_then(datetime::parse_rfc3339);
    // A failed image of shortly before is that of an earlier order: its name was free to be taken again.
    let failed = StateRow::find(IMAGE_STATES, image.status.as_deref().unwrap_or_default()) == Some(StateClass::Failed);
    let apart = if failed { DATE_STEP } else { CLOCKS_APART };
    image.id.is_some()
        && image.name.as_deref() == Some(&task.name)
        && image.data_origin.as_ref().is_some_and(|shown| *shown == origin)
        && made.is_some_and(|made| made + apart >= task.started_at)
}

impl ImageImporter for Importer {
    fn connection(&self) -> &Connection {
        &self.client.connection
    }

    fn capabilities(&self) -> &'static Capabilities {
        &CAPABILITIES
    }

    fn validate(&self, order: &ImportRequest) -> Vec<Problem> {
        rules::problems(order)
    }

    fn preflight<'a>(&'a self, order: &'a ImportRequest) -> BoxFuture<'a, Vec<Check>> {
        Box::pin(self.look(order))
    }

    fn prepare(&self, order: &ImportRequest) -> Result<ImportTask> {
        let (route, why) = choose_route(order, &order.vendor_options()?);
        info!(route = route.as_str(), why, image = order.name, "route chosen");
        self.request(order)?;
        let mut task = self.client.connection.task(order);
        task.route = Some(route.as_str().to_owned());
        Ok(task)
    }

    fn submit<'a>(&'a self, order: &'a ImportRequest, task: &'a mut ImportTask) -> BoxFuture<'a, Result<()>> {
        Box::pin(async move {
            let request = self.request(order)?;
            let client = self.client_for(task).await?;
            task.project = client.project().map(str::to_owned);
            task.task_id = request.send(&client).await?.job_id.filter(|id| !id.is_empty());
            if task.task_id.is_none() {
                return Err(Error::new(ErrorKind::InvalidResponse, "the answer has no job id")
                    .with_provider(Provider::Huawei)
                    .with_operation(request.route().facts().operation));
            }
            Ok(())
        })
    }

    fn poll<'a>(&'a self, task: &'a mut ImportTask) -> BoxFuture<'a, Result<TaskState>> {
        Box::pin(self.poll_once(task))
    }

    fn lookup<'a>(&'a self, task: &'a ImportTask) -> BoxFuture<'a, Result<Option<ImportTask>>> {
        Box::pin(async move {
            let client = self.client_for(task).await?;
            let image_id = match show_job(&client, task).await? {
                Some(job) => job::image_id(&job),
                None => match find_image(&client, task).await? {
                    Some(image) => image.id,
                    None => return Ok(None),
                },
            };
            let mut found = task.clone();
            found.project = client.project().map(str::to_owned);
            self.adopt(&mut found, image_id);
            Ok(Some(found))
        })
    }

    fn second_of_name(&self) -> SecondOfName {
        SecondOfName::Refused
    }

    fn namesakes<'a>(&'a self, name: &'a str, project: Option<&'a str>) -> BoxFuture<'a, Result<Vec<Namesake>>> {
        Box::pin(async move {
            let client = match project {
                Some(project) => self.client.in_project(project),
                None => self.client.with_project().await?,
            };
            preflight::named(&client, name).await
        })
    }

    fn rename<'a>(&'a self, image: &'a ImportedImage, name: &'a str) -> BoxFuture<'a, Result<()>> {
        Box::pin(async move {
            let change = wire::ImageChange {
                op: Some("replace".to_owned()),
                path: Some("/name".to_owned()),
                value: Some(name.to_owned()),
                ..Default::default()
            };
            let request = wire::UpdateImageRequest {
                image_id: Some(image.id.clone()),
                changes: Some(vec![change]),
                ..Default::default()
            };
            let client = match &image.project {
                Some(project) => self.client.in_project(project),
                None => self.client.with_project().await?,
            };
            client.update_image(&request).await.map(drop)
        })
    }

    fn delete<'a>(&'a self, image: &'a ImportedImage) -> BoxFuture<'a, Result<()>> {
        Box::pin(async move {
            let request = wire::GlanceDeleteImageRequest {
                image_id: Some(image.id.clone()),
                ..Default::default()
            };
            let client = self.client.with_project().await?;
            deleted(client.glance_delete_image(&request).await)
        })
    }
}
