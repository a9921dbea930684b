//! The normalized import over UCloud's client.
//!
//! There is neither a task nor a token: the image is polled, and a lost start is found again by the image's name together
//! with a mark in its description. There is no progress, no reason for a failure and no call to cancel.

use cloud_import_core::{
    BoxFuture, Capabilities, Check, DiskFormat, Error, ErrorKind, Failure, ImageImporter, ImportRequest, ImportTask,
    ImportedImage, Problem, Provider, Result, StateClass, StateRow, TaskState, builder::Connection, deleted, marked,
    not_listed, preflight::Namesake,
};

use crate::{
    Client, Options, generated as wire,
    generated::{CAPABILITIES, IMAGE_STATES},
    os::{UcloudOs, map_os},
    rules,
};

/// Pages that a search reads at the most.
const PAGES: usize = 20;

/// Images on a page that is asked for. Accounts may have some dozens.
const PAGE: i64 = 100;

/// The code for an image that does not exist (yet, or any more).
const NO_SUCH_IMAGE: &str = "8956";

/// Imports images into UCloud.
///
/// Unverified with a live account: whether a link to a private bucket, signed and over https, is taken (the guide asks for
/// a public bucket, the vendor's Packer plugin signs an http link for 24 hours); and which regions can import at all. Where
/// one cannot, import in `cn-bj2` and copy the image.
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

    /// The vendor's request for an order.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidRequest`] when the order cannot be written in the vendor's words.
    pub fn request(&self, order: &ImportRequest) -> Result<wire::ImportCustomImageRequest> {
        self.marked(order, &self.marker(order))
    }

    fn marked(&self, order: &ImportRequest, marker: &str) -> Result<wire::ImportCustomImageRequest> {
        let refuse = |message: &str| Error::new(ErrorKind::InvalidRequest, message).with_provider(Provider::Ucloud);
        let options: Options = order.vendor_options()?;
        let disk = order.first_disk().ok_or_else(|| refuse("the order has no disk"))?;
        let os = order
            .os
            .as_ref()
            .ok_or_else(|| refuse("the order names no operating system"))?;
        let UcloudOs { os_type, os_name } = map_os(os, order.architecture)
            .value()
            .ok_or_else(|| refuse("the operating system cannot be named in UCloud's words"))?;
        Ok(wire::ImportCustomImageRequest {
            project_id: order.project.clone(),
            image_name: Some(order.name.clone()),
            ufile_url: Some(disk.link(Provider::Ucloud)?.clone()),
            os_type: Some(os_type),
            os_name: Some(os_name),
            format: disk.format.map(format),
            // Without it UCloud may not read the object.
            auth: Some(true.into()),
            tag: options.tag,
            image_description: Some(marked(order.description.as_deref(), marker)),
            ..Default::default()
        })
    }

    /// The project of an order: its own, else the client's.
    pub(crate) fn project(&self, order: &ImportRequest) -> Option<String> {
        order
            .project
            .clone()
            .or_else(|| self.client.project().map(str::to_owned))
    }

    fn marker(&self, order: &ImportRequest) -> String {
        order.marker(Provider::Ucloud, self.region(), self.project(order).as_deref())
    }

    /// The image by its id, or the newest one with the task's name and mark.
    async fn find(&self, task: &ImportTask) -> Result<Option<wire::Image>> {
        match &task.image_id {
            Some(id) => self.by_id(task, id).await,
            None => self.by_marker(task).await,
        }
    }

    async fn by_id(&self, task: &ImportTask, id: &str) -> Result<Option<wire::Image>> {
        let request = wire::DescribeImageRequest {
            project_id: task.project.clone(),
            image_id: Some(id.to_owned()),
            ..Default::default()
        };
        match self.client.describe_image(&request).await {
            Ok(answer) => {
                let images = answer.image_set.unwrap_or_default();
                Ok(images.into_iter().find(|image| image.image_id.as_deref() == Some(id)))
            }
            Err(error) if error.code() == Some(NO_SUCH_IMAGE) => Ok(None),
            Err(error) => Err(error),
        }
    }

    async fn by_marker(&self, task: &ImportTask) -> Result<Option<wire::Image>> {
        let Some(mark) = task.marker.as_ref().map(|marker| format!("[{marker}]")) else {
            return Ok(None);
        };
        // An image of that name without the mark is someone else's.
        let is_ours = |image: &wire::Image| {
            image.image_name.as_ref() == Some(&task.name)
                && image
                    .image_description
                    .as_ref()
                    .is_some_and(|text| text.contains(&mark))
        };
        let (mut ours, mut offset) = (Vec::new(), 0);
        for _ in 0..PAGES {
            let answer = self
                .client
                .describe_image(&wire::DescribeImageRequest {
                    project_id: task.project.clone(),
                    image_type: Some(wire::ImageType::Custom),
                    offset: Some(offset),
                    limit: Some(PAGE),
                    ..Default::default()
                })
                .await?;
            let images = answer.image_set.unwrap_or_default();
            let listed = i64::try_from(images.len()).unwrap_or(i64::MAX);
            offset = offset.saturating_add(listed);
            ours.extend(images.into_iter().filter(is_ours));
            // The page may be shorter than asked for: no document says how long it may be.
            if listed == 0 || answer.total_count.map_or(listed < PAGE, |total| offset >= total) {
                break;
            }
        }
        Ok(ours.into_iter().max_by_key(|image| image.create_time))
    }

    async fn poll_once(&self, task: &mut ImportTask) -> Result<TaskState> {
        let Some(image) = self.find(task).await? else {
            return not_listed(self, task);
        };
        self.adopt(task, &image);
        let raw = image.state.unwrap_or_default();
        Ok(match StateRow::find(IMAGE_STATES, &raw) {
            Some(StateClass::Succeeded) => match &task.image_id {
                Some(id) => TaskState::Succeeded {
                    image: ImportedImage::of(task, id),
                },
                None => TaskState::in_progress("available, image id not shown yet", None),
            },
            Some(StateClass::Failed) => {
                TaskState::Failed(Failure::new(None, raw).with_likely_causes(CAPABILITIES.likely_causes))
            }
            Some(StateClass::Canceled) => TaskState::Canceled,
            _ => TaskState::in_progress(raw, None),
        })
    }

    fn adopt(&self, task: &mut ImportTask, image: &wire::Image) {
        task.seen(self.ambient().now());
        if task.image_id.is_none() {
            task.image_id.clone_from(&image.image_id);
        }
    }
}

/// The letter case matters, and it is mixed.
fn format(format: DiskFormat) -> wire::Format {
    match format {
        DiskFormat::Raw => wire::Format::Raw,
        DiskFormat::Vhd => wire::Format::Vhd,
        DiskFormat::Vmdk => wire::Format::Vmdk,
        DiskFormat::Qcow2 => wire::Format::Qcow2,
        other => other.as_str().into(),
    }
}

impl ImageImporter for Importer {
    fn connection(&self) -> &Connection {
        &self.client.connection
    }

    fn capabilities(&self) -> &'static Capabilities {
        &CAPABILITIES
    }

    fn validate(&self, order: &ImportRequest) -> Vec<Problem> {
        rules::problems(order, &self.marker(order))
    }

    fn preflight<'a>(&'a self, order: &'a ImportRequest) -> BoxFuture<'a, Vec<Check>> {
        Box::pin(self.look(order))
    }

    fn prepare(&self, order: &ImportRequest) -> Result<ImportTask> {
        let marker = self.marker(order);
        self.marked(order, &marker)?;
        let mut task = self.client.connection.task(order);
        task.project = self.project(order);
        task.marker = Some(marker);
        Ok(task)
    }

    fn submit<'a>(&'a self, order: &'a ImportRequest, task: &'a mut ImportTask) -> BoxFuture<'a, Result<()>> {
        Box::pin(async move {
            let request = match &task.marker {
                Some(marker) => self.marked(order, marker)?,
                None => self.request(order)?,
            };
            // The id is documented as optional: without it, polls look for name and mark.
            task.image_id = self
                .client
                .import_custom_image(&request)
                .await?
                .image_id
                .filter(|id| !id.is_empty());
            Ok(())
        })
    }

    fn poll<'a>(&'a self, task: &'a mut ImportTask) -> BoxFuture<'a, Result<TaskState>> {
        Box::pin(self.poll_once(task))
    }

    fn lookup<'a>(&'a self, task: &'a ImportTask) -> BoxFuture<'a, Result<Option<ImportTask>>> {
        Box::pin(async move {
            Ok(self.find(task).await?.map(|image| {
                let mut found = task.clone();
                self.adopt(&mut found, &image);
                found
            }))
        })
    }

    fn namesakes<'a>(&'a self, name: &'a str, project: Option<&'a str>) -> BoxFuture<'a, Result<Vec<Namesake>>> {
        Box::pin(self.named(name, project.or_else(|| self.client.project()), usize::MAX))
    }

    fn delete<'a>(&'a self, image: &'a ImportedImage) -> BoxFuture<'a, Result<()>> {
        Box::pin(async move {
            let request = wire::TerminateCustomImageRequest {
                project_id: image.project.clone(),
                image_id: Some(image.id.clone()),
                ..Default::default()
            };
            deleted(self.client.terminate_custom_image(&request).await)
        })
    }
}
