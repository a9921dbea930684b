//! The normalized import in Alibaba Cloud's words.
//!
//! The task is polled: it has the progress and the reason of a failure. When it is finished the image has the last word,
//! because a finished task may have failed parts and its image may become available later. A lost start is sent again
//! with its token, which returns the first answer.

use std::{collections::BTreeMap, time::SystemTime};

use cloud_import_core::{
    Architecture, BootMode, CancelOutcome, Capabilities, Disk, DiskFormat, ErrorKind, Failure, ImageAttributes,
    ImageChange, ImageKind, ImportRequest, ImportTask, ImportedImage, Inspection, LicenseType, Os, Problem, Provider,
    Result, Subject,
    provider::{
        At, By, Cloud, Connection, CopyOrder, ExportKeys, ExportOrder, ExportProof, Identity, Listing, Page, Proof,
        Query, Row, Sent, StateClass, StateRow, datetime, preflight::Checks, redact, words,
    },
};

use crate::{
    Client, Options, exports, generated as wire,
    generated::{CAPABILITIES, IMAGE_STATES, TASK_STATES},
    marks,
    os::{self, AliyunOs},
    preflight, rules,
};

/// Imports images into Alibaba Cloud.
pub type Importer = cloud_import_core::Importer<Client>;

/// Every state by name: without it only available images are listed, and an import under way or failed is not seen.
const EVERY_STATUS: &str = "Creating,Waiting,Available,UnAvailable,CreateFailed,Deprecated";

/// Images on a page: the most that the vendor allows.
const IMAGES: i64 = 100;

impl Client {
    /// A request for images of this region, whatever their state.
    pub(crate) fn images_in_every_status() -> wire::DescribeImagesRequest {
        wire::DescribeImagesRequest {
            status: Some(EVERY_STATUS.to_owned()),
            ..Default::default()
        }
    }

    /// A task in the vendor's words; `None` for one that it does not know (any more).
    async fn known_task(&self, id: &str) -> Result<Option<wire::DescribeTaskAttributeResponse>> {
        let request = wire::DescribeTaskAttributeRequest {
            task_id: Some(id.to_owned()),
            ..Default::default()
        };
        match self.describe_task_attribute(&request).await {
            // Not any code of that kind: an unknown region is also "not found".
            Err(error) if error.code() == Some("InvalidTaskId.NotFound") => Ok(None),
            known => known.map(Some),
        }
    }
}

impl Cloud for Client {
    type Order = wire::ImportImageRequest;

    const PROOF: Proof = Proof::Source { must_show: false };
    const LISTING: Listing = Listing::Images;
    const IMAGE_DECIDES: bool = true;
    const EXPORT_PROOF: ExportProof = ExportProof::Task;
    const NEVER_ASKED: &'static [(Subject, &'static str)] = preflight::NEVER;

    fn capabilities(&self) -> &'static Capabilities {
        &CAPABILITIES
    }

    fn connection(&self) -> &Connection {
        &self.connection
    }

    fn validate(&self, request: &ImportRequest, _: &Identity) -> Vec<Problem> {
        rules::problems(request)
    }

    /// [`ImportRequest::skip_guest_check`] has no field of its own: nothing is checked unless the vendor option
    /// `DetectionStrategy` asks for it.
    fn translate(&self, request: &ImportRequest, identity: &Identity) -> Result<wire::ImportImageRequest> {
        let options: Options = request.vendor_options()?;
        if request.kind != ImageKind::System || request.disks.is_empty() {
            let message = "the order is not for a system image with at least one disk";
            return Err(words::refused(Provider::ALIYUN, message));
        }
        let named = |os: &Os| os::of_order(os, &options);
        let AliyunOs { os_type, platform } = words::os(Provider::ALIYUN, request, named)?;
        let features = wire::Features {
            nvme_support: options
                .nvme_support
                .or_else(|| request.nvme.then(|| "supported".to_owned())),
            imds_support: options
                .imds_support
                .or_else(|| request.imds_v2.then(|| "v2".to_owned())),
            ..Default::default()
        };
        Ok(wire::ImportImageRequest {
            image_name: Some(request.name.clone()),
            description: request.description.clone(),
            architecture: Some(architecture(request.architecture)?),
            os_type: Some(os_type),
            platform: Some(platform),
            boot_mode: request.boot_mode.map(boot_mode).transpose()?,
            role_name: options.role_name,
            license_type: request.license_type.map(license).transpose()?,
            detection_strategy: options.detection_strategy,
            resource_group_id: request.project.clone(),
            storage_location_arn: options.storage_location_arn,
            client_token: identity.token.clone(),
            dry_run: request.dry_run.then_some(true),
            tag: words::tags(request, |key, value| wire::Tag {
                key: Some(key),
                value: Some(value),
                ..Default::default()
            }),
            features: (features != wire::Features::default()).then_some(features),
            disk_device_mapping: Some(request.disks.iter().map(mapping).collect::<Result<_>>()?),
            ..Default::default()
        })
    }

    async fn send(&self, order: &wire::ImportImageRequest, _: Option<&str>) -> Result<Sent> {
        let answer = self.import_image(order).await?;
        Ok(Sent::new("ImportImage", answer.task_id, answer.image_id))
    }

    fn in_region(&self, region: &str, project: Option<&str>) -> Result<Self> {
        let mut other = self.clone();
        other.connection = self.connection.in_region(region, project)?;
        Ok(other)
    }

    async fn send_copy(&self, from: &Self, order: &CopyOrder, _: Option<&str>) -> Result<Sent> {
        from.order_copy(self.region(), order).await
    }

    async fn owner(&self) -> Result<Option<String>> {
        let request = wire::GetCallerIdentityRequest::default();
        Ok(self.get_caller_identity(&request).await?.account_id)
    }

    async fn attributes(&self, image: &ImportedImage, change: &ImageChange) -> Result<ImageAttributes> {
        self.shown(image, change).await
    }

    async fn share(&self, image: &ImportedImage, accounts: &[String]) -> Result<()> {
        self.change_accounts(image, accounts, &[]).await
    }

    async fn unshare(&self, image: &ImportedImage, accounts: &[String]) -> Result<()> {
        self.change_accounts(image, &[], accounts).await
    }

    async fn tag(&self, image: &ImportedImage, tags: &BTreeMap<String, String>) -> Result<()> {
        self.set_tags(image, tags).await
    }

    async fn untag(&self, image: &ImportedImage, keys: &[String]) -> Result<()> {
        self.remove_tags(image, keys).await
    }

    async fn set_family(&self, image: &ImportedImage, family: &str) -> Result<()> {
        self.set_attributes(image, Some(family), None).await
    }

    async fn newest_of(&self, family: &str) -> Result<Option<Row>> {
        let request = wire::DescribeImageFromFamilyRequest {
            image_family: Some(family.to_owned()),
            ..Default::default()
        };
        Ok(self.describe_image_from_family(&request).await?.image.map(image_row))
    }

    async fn publish(&self, image: &ImportedImage, public: bool) -> Result<()> {
        self.set_public(image, public).await
    }

    async fn deprecate(&self, image: &ImportedImage, deprecated: bool) -> Result<()> {
        self.set_attributes(image, None, Some(deprecated)).await
    }

    fn validate_export(&self, order: &ExportOrder) -> Vec<Problem> {
        exports::problems(order)
    }

    fn export_keys(&self, order: &ExportOrder) -> ExportKeys {
        exports::keys(order)
    }

    async fn send_export(&self, order: &ExportOrder, _: Option<&str>) -> Result<Sent> {
        self.order_export(order).await
    }

    async fn exports(&self, image_id: &str, _: Option<&str>) -> Result<Vec<Row>> {
        let tasks = self.exports_of(image_id).await?;
        Ok(tasks.into_iter().map(listed_row).collect())
    }

    async fn task(&self, id: &str, _: Option<&str>) -> Result<Option<Row>> {
        Ok(self.known_task(id).await?.map(task_row))
    }

    /// The name is matched loosely.
    async fn images(&self, query: &Query<'_>, at: At) -> Result<Page> {
        let request = match query.by {
            By::Id(id) => wire::DescribeImagesRequest {
                image_id: Some(id.to_owned()),
                ..Self::images_in_every_status()
            },
            By::Name(_) | By::All => wire::DescribeImagesRequest {
                image_name: query.name(),
                image_owner_alias: Some(wire::ImageOwnerAlias::SelfOwned),
                page_number: Some(i64::from(at.page) + 1),
                page_size: Some(IMAGES),
                ..Self::images_in_every_status()
            },
        };
        let answer = self.describe_images(&request).await?;
        Ok(Page::of(answer.images, image_row, IMAGES).of_total(answer.total_count))
    }

    /// Keys that may not list tasks find the image alone.
    async fn task_of(&self, image_id: &str, _: Option<&str>) -> Result<Option<String>> {
        let request = wire::DescribeTasksRequest {
            task_action: Some(wire::TaskAction::ImportImage),
            resource_ids: Some(vec![image_id.to_owned()]),
            ..Default::default()
        };
        let tasks = match self.describe_tasks(&request).await {
            Err(error) if error.kind() == ErrorKind::PermissionDenied => return Ok(None),
            answer => answer?.task_set.unwrap_or_default(),
        };
        let own = tasks
            .into_iter()
            .find(|task| task.resource_id.as_deref() == Some(image_id));
        Ok(own.and_then(|task| task.task_id))
    }

    /// Cancels the task while it says that it can be cancelled. Whether the image's entry goes too is unverified.
    async fn cancel(&self, task: &ImportTask) -> Result<CancelOutcome> {
        if task.is_copy() {
            return self.end_copy(task).await;
        }
        let Some(id) = &task.task_id else {
            return Ok(CancelOutcome::Unsupported(
                "Alibaba Cloud cancels by task id, and the one of this import is not known: wait for its end, then delete the image".to_owned(),
            ));
        };
        if let Some(info) = self.known_task(id).await? {
            let state = info.task_status.as_deref().unwrap_or_default();
            if StateRow::find(TASK_STATES, state) == Some(StateClass::Canceled) {
                return Ok(CancelOutcome::Requested);
            }
            if info.support_cancel == Some(false) {
                return Ok(CancelOutcome::Unsupported(
                    "this import cannot be cancelled (any more): wait for its end, then delete the image".to_owned(),
                ));
            }
        }
        let request = wire::CancelTaskRequest {
            region_id: Some(self.region().to_owned()),
            task_id: Some(id.clone()),
            ..Default::default()
        };
        self.cancel_task(&request).await?;
        Ok(CancelOutcome::Requested)
    }

    /// What is not sent stays as it is.
    async fn rename(&self, image: &ImportedImage, name: &str) -> Result<()> {
        let request = wire::ModifyImageAttributeRequest {
            image_id: Some(image.id.clone()),
            image_name: Some(name.to_owned()),
            ..Default::default()
        };
        self.modify_image_attribute(&request).await.map(drop)
    }

    /// Deletes the image and then the snapshots behind it, none by force. An image that is being imported cannot be deleted:
    /// cancel first.
    ///
    /// The vendor has no call for both, and no longer tells the snapshots of an image that is gone: they are looked up
    /// before. What it does not delete yet is tried again within the grace period; an error then names the snapshots that
    /// stay, and the image is gone all the same. Those of which other images or disks are made stay so in any case.
    async fn delete(&self, image: &ImportedImage) -> Result<()> {
        self.delete_with_snapshots(image).await
    }

    async fn regions(&self) -> Result<Option<Vec<String>>> {
        preflight::regions(self).await.map(Some)
    }

    async fn check(&self, request: &ImportRequest, checks: &mut Checks) -> Result<(), &'static str> {
        preflight::check(self, request, checks).await
    }
}

fn task_row(info: wire::DescribeTaskAttributeResponse) -> Row {
    let mut row = Row::new(info.task_status.clone(), TASK_STATES);
    if row.class == Some(StateClass::Succeeded) && failed_in_part(&info) {
        row.class = Some(StateClass::Failed);
    }
    row.failure = Some(failure(&info, &row.raw));
    row.percent = percent(info.task_process.as_deref());
    row.finished = info.finished_time.as_deref().and_then(instant);
    row.task_id = info.task_id;
    row
}

fn listed_row(task: wire::Task) -> Row {
    let mut row = Row::new(task.task_status, TASK_STATES);
    row.created = task.creation_time.as_deref().and_then(instant);
    row.finished = task.finished_time.as_deref().and_then(instant);
    row.task_id = task.task_id;
    row.image_id = task.resource_id;
    row
}

fn image_row(image: wire::Image) -> Row {
    let mut row = Row::new(image.status.clone(), IMAGE_STATES).of_gib(image.size);
    row.marks = marks::of(&image);
    row.failure = Some(Failure::new(None, format!("the image is {}", row.raw)));
    row.inspection = inspection(&image);
    row.percent = percent(image.progress.as_deref());
    row.created = image.creation_time.as_deref().and_then(instant);
    row.is_unusable = image.usable == Some(false);
    let files = image.disk_device_mappings.into_iter().flatten().filter_map(|disk| {
        let (bucket, key) = (disk.import_oss_bucket?, disk.import_oss_object?);
        (!bucket.is_empty() && !key.is_empty()).then(|| format!("{bucket}:{key}"))
    });
    row.sources = files.collect();
    row.image_id = image.image_id;
    row.name = image.image_name;
    row.description = image.description;
    row
}

/// A date of the vendor's: `2015-11-23T02:13:00Z`, or without seconds.
fn instant(text: &str) -> Option<SystemTime> {
    datetime::parse_rfc3339(text).or_else(|| datetime::parse_rfc3339(&format!("{}:00Z", text.strip_suffix('Z')?)))
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

fn architecture(architecture: Architecture) -> Result<wire::Architecture> {
    Ok(match architecture {
        Architecture::X86_64 => wire::Architecture::X86_64,
        Architecture::I386 => wire::Architecture::I386,
        Architecture::Arm64 => wire::Architecture::Arm64,
        _ => return Err(words::no_word(Provider::ALIYUN, "architecture", architecture)),
    })
}

fn boot_mode(mode: BootMode) -> Result<wire::BootMode> {
    Ok(match mode {
        BootMode::Bios => wire::BootMode::Bios,
        BootMode::Uefi => wire::BootMode::Uefi,
        _ => return Err(words::no_word(Provider::ALIYUN, "boot mode", mode)),
    })
}

fn license(license: LicenseType) -> Result<wire::LicenseType> {
    Ok(match license {
        LicenseType::Platform => wire::LicenseType::Aliyun,
        LicenseType::Byol => wire::LicenseType::Byol,
        _ => return Err(words::no_word(Provider::ALIYUN, "licence type", license)),
    })
}

fn format(format: DiskFormat) -> Result<wire::DiskFormat> {
    Ok(match format {
        DiskFormat::Raw => wire::DiskFormat::Raw,
        DiskFormat::Vhd => wire::DiskFormat::Vhd,
        DiskFormat::Qcow2 => wire::DiskFormat::Qcow2,
        DiskFormat::Vmdk => wire::DiskFormat::Vmdk,
        _ => return Err(words::no_word(Provider::ALIYUN, "disk format", format)),
    })
}

fn mapping(disk: &Disk) -> Result<wire::DiskDeviceMapping> {
    let (bucket, key) = disk.bucket_and_key(Provider::ALIYUN)?;
    Ok(wire::DiskDeviceMapping {
        format: disk.format.map(format).transpose()?,
        oss_bucket: Some(bucket.to_owned()),
        oss_object: Some(key.to_owned()),
        disk_image_size: disk.wanted_gib().map(i64::from),
        ..Default::default()
    })
}
