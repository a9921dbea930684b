//! The normalized import over Alibaba Cloud's client.
//!
//! The task is polled: it has the progress and the reason of a failure. When it is finished the image has the last word,
//! because a finished task may have failed parts and its image may become available later. A lost start is sent again
//! with its token, which returns the first answer.

use cloud_import_core::{
    BoxFuture, CancelOutcome, Capabilities, Check, Disk, Error, ErrorKind, Failure, ImageImporter, ImageKind,
    ImportRequest, ImportTask, ImportedImage, Inspection, LicenseType, Problem, Provider, Result, StateClass, StateRow,
    TaskState,
    builder::Connection,
    deleted, not_listed,
    preflight::{Namesake, SecondOfName},
    redact,
};

use crate::{
    Client, Options, generated as wire,
    generated::{CAPABILITIES, IMAGE_STATES, TASK_STATES},
    os::{AliyunOs, map_os},
    rules, search,
    snapshots::in_doubt,
};

/// Imports images into Alibaba Cloud.
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
    /// [`ImportRequest::skip_guest_check`] has no field of its own: nothing is checked unless the vendor option
    /// `DetectionStrategy` asks for it.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidRequest`] when the order cannot be written in the vendor's words.
    pub fn request(&self, order: &ImportRequest) -> Result<wire::ImportImageRequest> {
        let options: Options = order.vendor_options()?;
        if order.kind != ImageKind::System || order.disks.is_empty() {
            return Err(refused("the order is not for a system image with at least one disk"));
        }
        let named = order.os.as_ref().and_then(|os| match &options.platform {
            Some(platform) => Some(AliyunOs::of_platform(platform, os)),
            None => map_os(os).value(),
        });
        let AliyunOs { os_type, platform } = named.ok_or_else(|| refused("the order names no operating system"))?;
        let features = wire::Features {
            nvme_support: options
                .nvme_support
                .or_else(|| order.nvme.then(|| "supported".to_owned())),
            imds_support: options.imds_support.or_else(|| order.imds_v2.then(|| "v2".to_owned())),
            ..Default::default()
        };
        let tag = |(key, value): (&String, &String)| wire::Tag {
            key: Some(key.clone()),
            value: Some(value.clone()),
            ..Default::default()
        };
        Ok(wire::ImportImageRequest {
            region_id: Some(self.region().to_owned()),
            image_name: Some(order.name.clone()),
            description: order.description.clone(),
            architecture: Some(order.architecture.as_str().into()),
            os_type: Some(os_type),
            platform: Some(platform),
            boot_mode: order
                .boot_mode
                .map(|mode| mode.as_str().to_ascii_uppercase().as_str().into()),
            role_name: options.role_name,
            license_type: order.license_type.map(|license| match license {
                LicenseType::Byol => wire::LicenseType::Byol,
                _ => wire::LicenseType::Aliyun,
            }),
            detection_strategy: options.detection_strategy,
            resource_group_id: order.project.clone(),
            storage_location_arn: options.storage_location_arn,
            client_token: Some(order.token(Provider::Aliyun, self.region(), None)),
            dry_run: order.dry_run.then_some(true),
            tag: (!order.tags.is_empty()).then(|| order.tags.iter().map(tag).collect()),
            features: (features != wire::Features::default()).then_some(features),
            disk_device_mapping: Some(order.disks.iter().map(mapping).collect::<Result<_>>()?),
            ..Default::default()
        })
    }

    async fn poll_once(&self, task: &mut ImportTask) -> Result<TaskState> {
        let Some(info) = self.attribute(task).await? else {
            // Found by name without its task, or so old that the vendor has forgotten the task: the image speaks alone.
            return match self.image(task).await? {
                Some(image) => Ok(self.judge(task, &image, "")),
                None => not_listed(self, task),
            };
        };
        task.seen(self.ambient().now());
        let raw = info.task_status.as_deref().unwrap_or("no state shown");
        Ok(match StateRow::find(TASK_STATES, raw) {
            Some(StateClass::Succeeded) => match failed_in_part(&info) {
                true => TaskState::Failed(failure(&info, raw)),
                false => self.finished(task, raw, &info).await?,
            },
            Some(StateClass::Failed) => TaskState::Failed(failure(&info, raw)),
            Some(StateClass::Canceled) => TaskState::Canceled,
            _ => TaskState::in_progress(raw, percent(info.task_process.as_deref())),
        })
    }

    /// The state of an import whose task is finished: that of its image, which may not be available or listed yet.
    async fn finished(
        &self,
        task: &mut ImportTask,
        raw: &str,
        info: &wire::DescribeTaskAttributeResponse,
    ) -> Result<TaskState> {
        if let Some(image) = self.image(task).await? {
            return Ok(self.judge(task, &image, &format!("{raw}, image ")));
        }
        let since = info.finished_time.as_deref().and_then(search::instant);
        let since = since.unwrap_or(task.started_at);
        let age = self.ambient().now().duration_since(since).unwrap_or_default();
        if age < self.grace().period {
            return Ok(TaskState::in_progress(
                format!("{raw}, image not listed yet"),
                Some(100),
            ));
        }
        Err(Error::new(
            ErrorKind::NotFound,
            format!("the import of `{}` is finished, but its image is not listed", task.name),
        )
        .with_provider(Provider::Aliyun)
        .with_remedy("It may have been deleted: look for it in the vendor's console."))
    }

    /// What the image's own state says; `before` goes in front of a state in progress.
    fn judge(&self, task: &mut ImportTask, image: &wire::Image, before: &str) -> TaskState {
        task.seen(self.ambient().now());
        if task.image_id.is_none() {
            task.image_id.clone_from(&image.image_id);
        }
        let raw = image.status.as_deref().unwrap_or("no state shown");
        match (StateRow::find(IMAGE_STATES, raw), &task.image_id) {
            (Some(StateClass::Succeeded), Some(id)) => TaskState::Succeeded {
                image: ImportedImage::of(task, id).with_inspection(inspection(image)),
            },
            (Some(StateClass::Failed), _) => TaskState::Failed(Failure::new(None, format!("the image is {raw}"))),
            _ => TaskState::in_progress(format!("{before}{raw}"), percent(image.progress.as_deref())),
        }
    }
}

/// What the vendor's check found, where one was asked for. Its report is there with the image; whether it is always whole by
/// then is not documented, so its state goes along.
fn inspection(image: &wire::Image) -> Option<Inspection> {
    let report = image.detection_options.as_ref()?;
    let inspection = Inspection::new(report.status.as_deref().unwrap_or("no state shown"));
    let items = report.items.iter().flatten();
    Some(items.fold(inspection, |inspection, item| {
        let parts = [&item.name, &item.value, &item.risk_level, &item.risk_code];
        inspection.finding(parts.map(|part| part.as_deref().unwrap_or_default()))
    }))
}

/// `43` of `43%`.
fn percent(text: Option<&str>) -> Option<u8> {
    let number = text?.trim().trim_end_matches('%');
    number.split('.').next()?.trim().parse().ok()
}

/// The first part of a task that has a reason to give.
fn reason(info: &wire::DescribeTaskAttributeResponse) -> Option<&wire::OperationProgress> {
    let given = |text: &Option<String>| text.as_deref().is_some_and(|text| !text.is_empty());
    let mut parts = info.operation_progress_set.iter().flatten();
    parts.find(|part| given(&part.error_code) || given(&part.error_msg))
}

/// Whether a task that calls itself finished did not do all: parts are counted as failed, or it stopped short of 100 %
/// with a reason.
fn failed_in_part(info: &wire::DescribeTaskAttributeResponse) -> bool {
    let stopped_short = percent(info.task_process.as_deref()) != Some(100);
    info.failed_count.is_some_and(|failed| failed > 0) || (stopped_short && reason(info).is_some())
}

fn failure(info: &wire::DescribeTaskAttributeResponse, raw: &str) -> Failure {
    let part = reason(info);
    let code = part.and_then(|part| part.error_code.clone());
    let text = part.and_then(|part| part.error_msg.as_deref()).unwrap_or_default();
    let mut text = redact::vendor_text(text, []);
    if text.is_empty() {
        text = match info.failed_count {
            Some(failed) if failed > 0 => {
                format!("the task is {raw}, failed parts: {failed}; the vendor gives no reason")
            }
            _ => format!("the task is {raw}; the vendor gives no reason"),
        };
    }
    Failure::new(code, text)
}

fn refused(message: &str) -> Error {
    Error::new(ErrorKind::InvalidRequest, message).with_provider(Provider::Aliyun)
}

fn mapping(disk: &Disk) -> Result<wire::DiskDeviceMapping> {
    let (bucket, key) = disk.bucket_and_key(Provider::Aliyun)?;
    Ok(wire::DiskDeviceMapping {
        format: disk
            .format
            .map(|format| format.as_str().to_ascii_uppercase().as_str().into()),
        oss_bucket: Some(bucket.to_owned()),
        oss_object: Some(key.to_owned()),
        disk_image_size: disk.wanted_gib().map(i64::from),
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

    /// The RAM role that the order's import takes (vendor option `RoleName`), and a policy by which it reads every bucket of
    /// the account: the vendor's own documents say so.
    fn create_role<'a>(
        &'a self,
        order: &'a ImportRequest,
        say: &'a (dyn Fn(&str) + Send + Sync),
    ) -> BoxFuture<'a, Option<Check>> {
        Box::pin(async move { Some(self.make_role(order, say).await) })
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
            task.task_id = answer.task_id.filter(|id| !id.is_empty());
            task.image_id = answer.image_id.filter(|id| !id.is_empty());
            if task.task_id.is_none() && task.image_id.is_none() && !order.dry_run {
                return Err(Error::new(
                    ErrorKind::InvalidResponse,
                    "the answer has neither task id nor image id",
                )
                .with_provider(Provider::Aliyun)
                .with_operation("ImportImage"));
            }
            Ok(())
        })
    }

    fn poll<'a>(&'a self, task: &'a mut ImportTask) -> BoxFuture<'a, Result<TaskState>> {
        Box::pin(self.poll_once(task))
    }

    /// Cancels the task while it says that it can be cancelled. Whether the image's entry goes too is unverified.
    fn cancel<'a>(&'a self, task: &'a ImportTask) -> BoxFuture<'a, Result<CancelOutcome>> {
        Box::pin(async move {
            let found = match &task.task_id {
                Some(_) => Some(task.clone()),
                None => self.find(task).await?,
            };
            let Some(found) = found.filter(|found| found.task_id.is_some()) else {
                return Ok(CancelOutcome::Unsupported(
                    "Alibaba Cloud cancels by task id, and the one of this import is not known: wait for its end, then delete the image".to_owned(),
                ));
            };
            if let Some(info) = self.attribute(&found).await? {
                let state = info.task_status.as_deref().unwrap_or_default();
                if StateRow::find(TASK_STATES, state) == Some(StateClass::Canceled) {
                    return Ok(CancelOutcome::Requested);
                }
                if info.support_cancel == Some(false) {
                    return Ok(CancelOutcome::Unsupported(
                        "this import cannot be cancelled (any more): wait for its end, then delete the image"
                            .to_owned(),
                    ));
                }
            }
            let request = wire::CancelTaskRequest {
                region_id: Some(self.region().to_owned()),
                task_id: found.task_id,
                ..Default::default()
            };
            self.client.cancel_task(&request).await?;
            Ok(CancelOutcome::Requested)
        })
    }

    fn lookup<'a>(&'a self, task: &'a ImportTask) -> BoxFuture<'a, Result<Option<ImportTask>>> {
        Box::pin(self.find(task))
    }

    fn second_of_name(&self) -> SecondOfName {
        SecondOfName::Refused
    }

    fn namesakes<'a>(&'a self, name: &'a str, _: Option<&'a str>) -> BoxFuture<'a, Result<Vec<Namesake>>> {
        Box::pin(self.named(name, usize::MAX))
    }

    /// Sends the description along as it is: whether it stays when it is not sent is unverified.
    fn rename<'a>(&'a self, image: &'a ImportedImage, name: &'a str) -> BoxFuture<'a, Result<()>> {
        Box::pin(async move {
            let shown = self.image_by_id(&image.id).await?;
            let request = wire::ModifyImageAttributeRequest {
                region_id: Some(self.region().to_owned()),
                image_id: Some(image.id.clone()),
                image_name: Some(name.to_owned()),
                description: shown
                    .and_then(|shown| shown.description)
                    .filter(|text| !text.is_empty()),
                ..Default::default()
            };
            self.client.modify_image_attribute(&request).await.map(drop)
        })
    }

    /// Deletes the image and then the snapshots behind it, none by force. An image that is being imported cannot be deleted:
    /// cancel first.
    ///
    /// The vendor has no call for both, and no longer tells the snapshots of an image that is gone: they are looked up
    /// before. What it does not delete yet is tried again within the grace period; an error then names the snapshots that
    /// stay, and the image is gone all the same. Those of which other images or disks are made stay so in any case.
    fn delete<'a>(&'a self, image: &'a ImportedImage) -> BoxFuture<'a, Result<()>> {
        Box::pin(async move {
            let snapshots = self.snapshots_of(image).await?;
            let request = wire::DeleteImageRequest {
                region_id: Some(self.region().to_owned()),
                image_id: Some(image.id.clone()),
                ..Default::default()
            };
            deleted(self.client.delete_image(&request).await).map_err(|error| in_doubt(error, &snapshots))?;
            self.delete_snapshots(image, snapshots).await
        })
    }
}
