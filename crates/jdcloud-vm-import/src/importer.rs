//! The normalized import over JD Cloud's client.
//!
//! The task is polled, not the image: an image that is still queued shows 0 % for long. A lost start is sent again with
//! its token, which returns the first answer. There is no call to cancel.

use cloud_import_core::{
    Architecture, BoxFuture, Capabilities, Check, Disk, Error, ErrorKind, Failure, ImageImporter, ImportRequest,
    ImportTask, ImportedImage, Problem, Provider, Result, StateClass, StateRow, TaskState, builder::Connection,
    deleted, not_listed, preflight::Namesake,
};

use crate::{
    Client, Options, generated as wire,
    generated::{CAPABILITIES, TASK_STATES},
    os::{JdcloudOs, map_os},
    rules,
};

/// Pages that a search reads at the most, ten tasks each: an order that is looked for is among the newest.
const PAGES: i64 = 20;

/// Imports images into JD Cloud.
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
    pub fn request(&self, order: &ImportRequest) -> Result<wire::ImportImageRequest> {
        let refuse = |message: &str| Error::new(ErrorKind::InvalidRequest, message).with_provider(Provider::Jdcloud);
        let options: Options = order.vendor_options()?;
        let disk = order.first_disk().ok_or_else(|| refuse("the order has no disk"))?;
        let JdcloudOs {
            os_type,
            platform,
            version,
        } = order
            .os
            .as_ref()
            .and_then(|os| map_os(os).value())
            .ok_or_else(|| refuse("the order names no operating system"))?;
        Ok(wire::ImportImageRequest {
            architecture: Some(match order.architecture {
                Architecture::Arm64 => wire::Architecture::Arm64,
                Architecture::I386 => wire::Architecture::I386,
                _ => wire::Architecture::X86_64,
            }),
            os_type: Some(os_type),
            platform: Some(options.platform.map_or(platform, |text| text.as_str().into())),
            os_version: options.os_version.or(version),
            disk_format: disk.format.map(|format| format.as_str().into()),
            system_disk_size_gb: CAPABILITIES.system_disk_gib(disk).map(i64::from),
            image_url: Some(disk.link(Provider::Jdcloud)?.clone()),
            image_name: Some(order.name.clone()),
            description: order.description.clone(),
            force_import: order.skip_guest_check.then_some(true),
            data_disks: match order.data_disks() {
                [] => None,
                disks => Some(disks.iter().map(data_disk).collect::<Result<_>>()?),
            },
            client_token: Some(order.token(Provider::Jdcloud, self.region(), None)),
            boot_mode: order.boot_mode.map(|mode| mode.as_str().into()),
            ..Default::default()
        })
    }

    async fn tasks(&self, request: wire::ImageTasksRequest) -> Result<Vec<wire::TaskInfo>> {
        let request = wire::ImageTasksRequest {
            task_action: Some(wire::TaskAction::ImportImage),
            page_size: Some(10),
            ..request
        };
        Ok(self.client.image_tasks(&request).await?.task_set.unwrap_or_default())
    }

    /// The task by its id, or the newest one with the image's name and source.
    async fn find(&self, task: &ImportTask) -> Result<Option<wire::TaskInfo>> {
        if let Some(id) = &task.task_id {
            let tasks = self
                .tasks(wire::ImageTasksRequest {
                    task_ids: Some(vec![id.clone()]),
                    ..Default::default()
                })
                .await?;
            return Ok(tasks.into_iter().find(|info| info.task_id.as_ref() == Some(id)));
        }
        for page in 1..=PAGES {
            let tasks = self
                .tasks(wire::ImageTasksRequest {
                    page_number: Some(page),
                    ..Default::default()
                })
                .await?;
            let last = tasks.len() < 10;
            let is_it = |info: &wire::TaskInfo| {
                info.image_name.as_deref() == Some(&task.name)
                    && info
                        .image_url
                        .as_ref()
                        .is_none_or(|link| link.without_query() == task.source)
            };
            if let Some(found) = tasks.into_iter().find(is_it) {
                return Ok(Some(found));
            }
            if last {
                break;
            }
        }
        Ok(None)
    }

    async fn poll_once(&self, task: &mut ImportTask) -> Result<TaskState> {
        let Some(info) = self.find(task).await? else {
            return not_listed(self, task);
        };
        task.seen(self.ambient().now());
        adopt(task, &info);
        let raw = info.task_status.unwrap_or_default();
        let percent = info.progress.and_then(|percent| u8::try_from(percent).ok());
        Ok(match StateRow::find(TASK_STATES, &raw) {
            Some(StateClass::Succeeded) => match &task.image_id {
                Some(id) => TaskState::Succeeded {
                    image: ImportedImage::of(task, id),
                },
                None => TaskState::in_progress("finished, image id not shown yet", percent),
            },
            Some(StateClass::Failed) => {
                let reason = [info.message, info.error_info]
                    .into_iter()
                    .flatten()
                    .filter(|text| !text.is_empty());
                let reason = reason.collect::<Vec<_>>().join(": ");
                TaskState::Failed(Failure::new(None, if reason.is_empty() { raw } else { reason }))
            }
            Some(StateClass::Canceled) => TaskState::Canceled,
            _ => TaskState::in_progress(raw, percent),
        })
    }
}

fn adopt(task: &mut ImportTask, info: &wire::TaskInfo) {
    if task.task_id.is_none() {
        task.task_id.clone_from(&info.task_id);
    }
    if task.image_id.is_none() {
        task.image_id.clone_from(&info.image_id);
    }
}

fn data_disk(disk: &Disk) -> Result<wire::DataDiskSpec> {
    Ok(wire::DataDiskSpec {
        disk_format: disk.format.map(|format| format.as_str().into()),
        data_disk_size_gb: disk.wanted_gib().map(i64::from),
        image_url: Some(disk.link(Provider::Jdcloud)?.clone()),
        ..Default::default()
    })
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
        let request = self.request(order)?;
        let mut task = self.client.connection.task(order);
        task.token = request.client_token;
        Ok(task)
    }

    fn submit<'a>(&'a self, order: &'a ImportRequest, task: &'a mut ImportTask) -> BoxFuture<'a, Result<()>> {
        Box::pin(async move {
            let request = wire::ImportImageRequest {
                client_token: task.token.clone(),
                ..self.request(order)?
            };
            let answer = self.client.import_image(&request).await?;
            task.task_id = answer.task_id;
            task.image_id = answer.image_id;
            if task.task_id.is_none() && task.image_id.is_none() {
                return Err(Error::new(
                    ErrorKind::InvalidResponse,
                    "the answer has neither task id nor image id",
                )
                .with_provider(Provider::Jdcloud)
                .with_operation("importImage"));
            }
            Ok(())
        })
    }

    fn poll<'a>(&'a self, task: &'a mut ImportTask) -> BoxFuture<'a, Result<TaskState>> {
        Box::pin(self.poll_once(task))
    }

    fn lookup<'a>(&'a self, task: &'a ImportTask) -> BoxFuture<'a, Result<Option<ImportTask>>> {
        Box::pin(async move {
            Ok(self.find(task).await?.map(|info| {
                let mut found = task.clone();
                found.seen(self.ambient().now());
                adopt(&mut found, &info);
                found
            }))
        })
    }

    fn namesakes<'a>(&'a self, name: &'a str, _: Option<&'a str>) -> BoxFuture<'a, Result<Vec<Namesake>>> {
        Box::pin(self.named(name, usize::MAX))
    }

    fn rename<'a>(&'a self, image: &'a ImportedImage, name: &'a str) -> BoxFuture<'a, Result<()>> {
        Box::pin(async move {
            let request = wire::ModifyImageAttributeRequest {
                image_id: Some(image.id.clone()),
                name: Some(name.to_owned()),
                ..Default::default()
            };
            self.client.modify_image_attribute(&request).await.map(drop)
        })
    }

    fn delete<'a>(&'a self, image: &'a ImportedImage) -> BoxFuture<'a, Result<()>> {
        Box::pin(async move {
            let request = wire::DeleteImageRequest {
                image_id: Some(image.id.clone()),
                delete_snapshot: Some(true),
                ..Default::default()
            };
            deleted(self.client.delete_image(&request).await)
        })
    }
}
