//! An export of an image: checked against what a cloud can do, and ready to be written in a vendor's words. No I/O.

use super::validate;
use crate::{
    Capabilities, DiskFormat, Error, ErrorKind, ExportRequest, ExportTask, Field, Problem, Remedy, Result, model::id,
};

/// How an export whose answer was lost is settled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExportProof {
    /// By its token: the same order again is the same export.
    Token,
    /// By the cloud's list of exports of the image.
    Task,
    /// By nothing that the cloud shows: only the object in the bucket tells.
    Nothing,
}

/// An export, ready to be written in a vendor's words.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct ExportOrder {
    /// The order.
    pub request: ExportRequest,
    /// The prefix: that of the order, or the one that is made of it.
    pub prefix: String,
    /// The format: that of the order, or the cloud's default.
    pub format: DiskFormat,
    /// The idempotency token, where the cloud takes one.
    pub token: Option<String>,
}

impl ExportOrder {
    /// An order for a cloud; `None` where it exports no images.
    pub(super) fn new(
        request: &ExportRequest,
        cloud: &Capabilities,
        proof: ExportProof,
        project: Option<&str>,
    ) -> Option<Self> {
        let provider = cloud.provider;
        let default = cloud.after.export_formats.value.first().copied()?;
        let project = request.image.project.as_deref().or(project);
        let prefix = || request.own_prefix(provider, project);
        Some(Self {
            prefix: request.prefix.clone().unwrap_or_else(prefix),
            format: request.format.unwrap_or(default),
            token: (proof == ExportProof::Token).then(|| request.token(provider, project)),
            request: request.clone(),
        })
    }
}

/// The keys of what an export writes, as far as they are known before it is sent.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ExportKeys {
    /// What each begins with.
    pub begins: String,
    /// Those that are known whole.
    pub whole: Vec<String>,
}

impl ExportKeys {
    /// Keys of which the beginning alone is known.
    pub fn beginning(begins: impl Into<String>) -> Self {
        Self {
            begins: begins.into(),
            whole: Vec::new(),
        }
    }

    /// Adds one that is known whole.
    #[must_use]
    pub fn whole(mut self, key: impl Into<String>) -> Self {
        self.whole.push(key.into());
        self
    }
}

/// An export that is ready to be sent: its task, and the order in words that hold for every cloud.
#[derive(Debug, Clone)]
pub struct PreparedExport {
    pub(super) task: ExportTask,
    pub(super) order: ExportOrder,
}

impl PreparedExport {
    /// The task: store it before the order is submitted.
    pub fn task(&self) -> &ExportTask {
        &self.task
    }

    /// The same order with the task that was stored of it.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidRequest`] when the task is that of another order.
    pub(super) fn with_task(self, task: ExportTask) -> Result<Self> {
        let of = |task: &ExportTask| {
            (
                task.image_id.clone(),
                task.bucket.clone(),
                task.prefix.clone(),
                task.format,
            )
        };
        if of(&task) != of(&self.task) || task.token != self.task.token {
            return Err(
                Error::new(ErrorKind::InvalidRequest, "the task is that of another export")
                    .with_provider(task.provider)
                    .with_remedy("Give the order that the task was made of."),
            );
        }
        Ok(Self { task, ..self })
    }

    /// The task alone.
    pub fn into_task(self) -> ExportTask {
        self.task
    }
}

/// Every problem of an export in a region that the tables tell of. No I/O.
pub(super) fn problems(request: &ExportRequest, region: &str, cloud: &'static Capabilities) -> Vec<Problem> {
    let (provider, image, after) = (cloud.provider, &request.image, &cloud.after);
    let formats = after.export_formats;
    let Some(default) = formats.value.first() else {
        let rule = formats.with_note("cannot be exported by this cloud's API");
        let problem = Problem::error(provider, Field::Image, rule).source(formats.source);
        return vec![problem.remedy("Keep the file that the image is made of, or look in the vendor's console.")];
    };
    let mut problems = Vec::new();
    if !id::is_id(&image.id) {
        let problem = Problem::error(provider, Field::Image, "is named by no id of an image");
        problems.push(problem.remedy("Name the image by its id."));
    }
    if image.region != region {
        let rule = format!(
            "is an image of `{}`, and {region} exports its own images alone",
            image.region
        );
        let problem = Problem::error(provider, Field::Image, rule);
        problems.push(problem.remedy("Export it in its own region, to a bucket there."));
    }
    if let Some(format) = request.format {
        let regions = after.export_format_regions;
        if !formats.value.contains(&format) {
            let rule = format!("is {format}, in which this cloud exports no image");
            let problem = Problem::error(provider, Field::Format, rule).source(formats.source);
            problems.push(problem.remedy(Remedy::choose(Field::Format, formats.value)));
        } else if format != *default && !regions.value.is_empty() && !regions.value.contains(&region) {
            let rule = format!("is {format}, and {region} exports images as {default} only");
            let problem = Problem::error(provider, Field::Format, rule).source(regions.source);
            problems.push(problem.remedy(Remedy::set_to(Field::Format, default.as_str())));
        }
    }
    let rules = cloud.bucket_names.iter();
    problems.extend(rules.flat_map(|rules| rules.problems(provider, &Field::Bucket, &request.bucket)));
    if let Some(prefix) = &request.prefix {
        problems.extend(validate::export_prefix(prefix, cloud));
    }
    problems
}
