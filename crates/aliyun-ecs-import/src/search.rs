//! Finding the task and the image of an import. Pages are bounded, and an image counts only if it is this import's.

use std::time::{Duration, SystemTime};

use cloud_import_core::{ErrorKind, ImageImporter as _, ImportTask, Result, datetime};

use crate::{Importer, generated as wire};

/// Every state by name: without it only available images are listed, and an import under way or failed is not seen.
const EVERY_STATUS: &str = "Creating,Waiting,Available,UnAvailable,CreateFailed,Deprecated";

/// Pages that a search by name reads at the most. The name is matched loosely, so others may be listed too.
const PAGES: i64 = 10;

/// Images per page: the most that the vendor allows.
const PAGE_SIZE: i64 = 100;

/// How far the vendor's clock and this machine's may differ: as far as a signature allows.
const CLOCKS: Duration = Duration::from_secs(15 * 60);

impl Importer {
    /// The task as the vendor shows it; `None` without an id or when the vendor does not know the id (any more).
    pub(crate) async fn attribute(&self, task: &ImportTask) -> Result<Option<wire::DescribeTaskAttributeResponse>> {
        if task.task_id.is_none() {
            return Ok(None);
        }
        let request = wire::DescribeTaskAttributeRequest {
            region_id: Some(self.region().to_owned()),
            task_id: task.task_id.clone(),
            ..Default::default()
        };
        match self.client().describe_task_attribute(&request).await {
            Ok(info) => Ok(Some(info)),
            // Not any code of that kind: an unknown region is also "not found".
            Err(error) if error.code() == Some("InvalidTaskId.NotFound") => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// A request for images of this region, whatever their state.
    fn in_every_status(&self) -> wire::DescribeImagesRequest {
        wire::DescribeImagesRequest {
            region_id: Some(self.region().to_owned()),
            status: Some(EVERY_STATUS.to_owned()),
            ..Default::default()
        }
    }

    /// The image with this id, whatever its state.
    pub(crate) async fn image_by_id(&self, id: &str) -> Result<Option<wire::Image>> {
        let request = wire::DescribeImagesRequest {
            image_id: Some(id.to_owned()),
            ..self.in_every_status()
        };
        let images = self.client().describe_images(&request).await?.images;
        let mut images = images.unwrap_or_default().into_iter();
        Ok(images.find(|image| image.image_id.as_deref() == Some(id)))
    }

    /// The image by its id, or the newest one with the import's name and source that is not older than the import.
    pub(crate) async fn image(&self, task: &ImportTask) -> Result<Option<wire::Image>> {
        if let Some(id) = &task.image_id {
            return self.image_by_id(id).await;
        }
        let mut request = wire::DescribeImagesRequest {
            image_name: Some(task.name.clone()),
            image_owner_alias: Some(wire::ImageOwnerAlias::SelfOwned),
            page_size: Some(PAGE_SIZE),
            ..self.in_every_status()
        };
        let mut newest: Option<wire::Image> = None;
        for page in 1..=PAGES {
            request.page_number = Some(page);
            let images = self.client().describe_images(&request).await?.images;
            let images = images.unwrap_or_default();
            let listed = images.len();
            let own = images.into_iter().filter(|image| is_of(image, task));
            // Dates of one form and zone sort as text.
            newest = newest
                .into_iter()
                .chain(own)
                .max_by_key(|image| image.creation_time.clone());
            if i64::try_from(listed).unwrap_or(PAGE_SIZE) < PAGE_SIZE {
                break;
            }
        }
        Ok(newest)
    }

    /// The import with its ids filled in, if the vendor lists its task or its image.
    pub(crate) async fn find(&self, task: &ImportTask) -> Result<Option<ImportTask>> {
        let mut found = task.clone();
        if self.attribute(task).await?.is_none() {
            let Some(image) = self.image(task).await? else {
                return Ok(None);
            };
            found.image_id = image.image_id;
            if found.task_id.is_none() {
                found.task_id = self.task_of(found.image_id.as_deref()).await?;
            }
        }
        found.seen(self.ambient().now());
        Ok(Some(found))
    }

    /// The id of the task that imports an image. Keys that may not list tasks find the image alone.
    async fn task_of(&self, image_id: Option<&str>) -> Result<Option<String>> {
        let Some(image_id) = image_id else { return Ok(None) };
        let request = wire::DescribeTasksRequest {
            region_id: Some(self.region().to_owned()),
            task_action: Some(wire::TaskAction::ImportImage),
            resource_ids: Some(vec![image_id.to_owned()]),
            ..Default::default()
        };
        let tasks = match self.client().describe_tasks(&request).await {
            Ok(answer) => answer.task_set.unwrap_or_default(),
            Err(error) if error.kind() == ErrorKind::PermissionDenied => return Ok(None),
            Err(error) => return Err(error),
        };
        let own = tasks
            .into_iter()
            .find(|task| task.resource_id.as_deref() == Some(image_id));
        Ok(own.and_then(|task| task.task_id))
    }
}

/// Whether an image can be the one that an import makes: name, and as far as they are shown, source and date.
fn is_of(image: &wire::Image, task: &ImportTask) -> bool {
    let mut sources = image.disk_device_mappings.iter().flatten().filter_map(|disk| {
        let (bucket, key) = (disk.import_oss_bucket.as_deref()?, disk.import_oss_object.as_deref()?);
        (!bucket.is_empty() && !key.is_empty()).then(|| format!("{bucket}:{key}"))
    });
    let same_source = match sources.next() {
        None => true,
        Some(first) => first == task.source || sources.any(|source| source == task.source),
    };
    let not_older = image
        .creation_time
        .as_deref()
        .and_then(instant)
        .is_none_or(|created| created + CLOCKS >= task.started_at);
    image.image_name.as_deref() == Some(&task.name) && same_source && not_older
}

/// A date of the vendor's: `2015-11-23T02:13:00Z`, or without seconds.
pub(crate) fn instant(text: &str) -> Option<SystemTime> {
    datetime::parse_rfc3339(text).or_else(|| datetime::parse_rfc3339(&format!("{}:00Z", text.strip_suffix('Z')?)))
}
