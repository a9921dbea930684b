//! Shares and tags in Huawei Cloud's words. An image is shared by a job, which is waited for: it may be a success for some receivers
//! alone. Source: BatchAddMembers, ListImageMembers and BatchAddOrDeleteTags, huawei-cloud-api-definitions-IMS 0.1.20261015 and the
//! documents of 2022-12.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use cloud_import_core::{
    Error, ErrorKind, ImageAttributes, ImageChange, ImportedImage, Provider, Result,
    provider::{CodeRule, StateClass, StateRow, id, redact},
};

use crate::{
    Client,
    generated::{self as wire, ERRORS, TASK_STATES},
    job,
};

/// For how long a job over members is waited for. The vendor's provider for Terraform waits as long.
const ENDS_WITHIN: Duration = Duration::from_secs(5 * 60);

/// The first and the longest pause between two looks at such a job.
const FIRST_PAUSE: Duration = Duration::from_millis(250);
const LONGEST_PAUSE: Duration = Duration::from_secs(4);

/// What a receiver says who takes an image, and who does not.
const ACCEPTED: &str = "accepted";
const REJECTED: &str = "rejected";

/// How a job names a part of it that is done.
const DONE: &str = "success";

impl Client {
    /// What is shown of an image; whom it is shared with is asked where the change is about that.
    pub(crate) async fn shown(&self, image: &ImportedImage, change: &ImageChange) -> Result<ImageAttributes> {
        let client = self.at(image.project.as_deref());
        let request = wire::GlanceShowImageRequest {
            image_id: Some(image.id.clone()),
            ..Default::default()
        };
        let found = client.glance_show_image(&request).await?;
        let request = wire::ListImageTagsRequest {
            image_id: Some(image.id.clone()),
            ..Default::default()
        };
        let tags = client.list_image_tags(&request).await?.tags.into_iter().flatten();
        let mut shown = ImageAttributes::default();
        shown.public = found.visibility.map(|visibility| visibility == "public");
        shown.tags = tags
            .filter_map(|tag| Some((tag.key?, tag.value.unwrap_or_default())))
            .collect();
        if !change.share.is_empty() || !change.unshare.is_empty() {
            (shown.shared_with, shown.not_accepted) = client.members_of(image).await?;
        }
        Ok(shown)
    }

    /// The receivers of an image, and those of them that have not accepted it.
    async fn members_of(&self, image: &ImportedImage) -> Result<(BTreeSet<String>, BTreeSet<String>)> {
        let (mut all, mut not_accepted) = (BTreeSet::new(), BTreeSet::new());
        let mut marker = None;
        loop {
            let request = wire::ListImageMembersRequest {
                image_id: Some(image.id.clone()),
                marker,
                ..Default::default()
            };
            let page = self.list_image_members(&request).await?;
            let before = all.len();
            for member in page.members.into_iter().flatten() {
                // Of an organization, the id is a part of it.
                let Some(id) = member.urn.or(member.member_id) else {
                    continue;
                };
                if member
                    .status
                    .is_some_and(|status| !status.eq_ignore_ascii_case(ACCEPTED))
                {
                    not_accepted.insert(id.clone());
                }
                all.insert(id);
            }
            marker = page.page_info.and_then(|page| page.next_marker);
            // Whether there is a marker behind the last page is unverified: a page with nobody new is the end.
            if marker.as_deref().unwrap_or_default().is_empty() || all.len() == before {
                return Ok((all, not_accepted));
            }
        }
    }

    pub(crate) async fn add_members(&self, image: &ImportedImage, projects: &[String]) -> Result<()> {
        let client = self.at(image.project.as_deref());
        let request = wire::BatchAddMembersRequest {
            images: Some(vec![image.id.clone()]),
            projects: Some(projects.to_vec()),
            ..Default::default()
        };
        let accepted = client.batch_add_members(&request).await?;
        client.all_changed("BatchAddMembers", accepted).await
    }

    pub(crate) async fn remove_members(&self, image: &ImportedImage, projects: &[String]) -> Result<()> {
        let client = self.at(image.project.as_deref());
        let request = wire::BatchDeleteMembersRequest {
            images: Some(vec![image.id.clone()]),
            projects: Some(projects.to_vec()),
            ..Default::default()
        };
        let accepted = client.batch_delete_members(&request).await?;
        client.all_changed("BatchDeleteMembers", accepted).await
    }

    /// The word of a receiver, for its own project.
    pub(crate) async fn update_own_member(&self, image: &ImportedImage, project: String, accept: bool) -> Result<()> {
        let said = if accept { ACCEPTED } else { REJECTED };
        let request = wire::GlanceUpdateImageMemberRequest {
            image_id: Some(image.id.clone()),
            member_id: Some(project.clone()),
            status: Some(said.to_owned()),
            ..Default::default()
        };
        let member = self.at(Some(&project)).glance_update_image_member(&request).await?;
        match member.status {
            Some(status) if status.eq_ignore_ascii_case(said) => Ok(()),
            status => {
                let shown = status.map(|status| redact::vendor_word(&status)).unwrap_or_default();
                let message = format!("the image is to be {said}, and is shown as `{shown}`");
                Err(Error::new(ErrorKind::InvalidResponse, message)
                    .with_provider(Provider::HUAWEI)
                    .with_operation("GlanceUpdateImageMember")
                    .with_remedy("Look at the shared images in the vendor's console."))
            }
        }
    }

    /// Waits for the end of a job over members.
    ///
    /// # Errors
    /// What failed of it and why, or that its end was not seen. Some of it may be done then: what is shown of the image tells.
    async fn all_changed(&self, operation: &'static str, accepted: wire::JobAccepted) -> Result<()> {
        let ended = match id::answered(Provider::HUAWEI, accepted.job_id) {
            Ok(Some(id)) => self.ended(&id).await,
            Ok(None) => Err(Error::new(ErrorKind::InvalidResponse, "the answer has no job id")),
            Err(error) => Err(error),
        };
        ended.and_then(|job| judge(&job)).map_err(|error| {
            error
                .with_provider(Provider::HUAWEI)
                .with_operation(operation)
                .with_may_have_executed(true)
        })
    }

    /// A job at its end. Of a job that runs, `ShowJob` is the query whose documents list the parts.
    async fn ended(&self, id: &str) -> Result<wire::Job> {
        let pipeline = &self.connection.pipeline;
        let (begun, mut pause) = (pipeline.env.monotonic(), FIRST_PAUSE);
        let request = wire::ShowJobRequest {
            job_id: Some(id.to_owned()),
            ..Default::default()
        };
        loop {
            match self.show_job(&request).await {
                Ok(job) if has_ended(&job) => return Ok(job),
                // It may be shown late.
                Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
                _ => {}
            }
            if pipeline.stop.is_requested() {
                let message = format!("stopped while the job {id} changes whom the image is shared with");
                return Err(Error::new(ErrorKind::Stopped, message));
            }
            if pipeline.env.monotonic().saturating_sub(begun) >= ENDS_WITHIN {
                let message = format!("the job {id} has not ended within {} s", ENDS_WITHIN.as_secs());
                return Err(Error::new(ErrorKind::Timeout, message)
                    .with_remedy("Repeat it in a while: what is done stays done."));
            }
            pipeline.env.sleep(pause).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    pub(crate) async fn set_tags(&self, image: &ImportedImage, tags: &BTreeMap<String, String>) -> Result<()> {
        let tags = tags.iter().map(|(key, value)| tag(key, value));
        self.change_tags(image, "create", tags.collect()).await
    }

    /// The key decides; a value is required.
    pub(crate) async fn remove_tags(&self, image: &ImportedImage, keys: &[String]) -> Result<()> {
        let tags = keys.iter().map(|key| tag(key, ""));
        self.change_tags(image, "delete", tags.collect()).await
    }

    async fn change_tags(&self, image: &ImportedImage, action: &str, tags: Vec<wire::ImageTag>) -> Result<()> {
        let request = wire::BatchAddOrDeleteTagsRequest {
            image_id: Some(image.id.clone()),
            action: Some(action.to_owned()),
            tags: Some(tags),
            ..Default::default()
        };
        let client = self.at(image.project.as_deref());
        client.batch_add_or_delete_tags(&request).await.map(drop)
    }
}

fn tag(key: &str, value: &str) -> wire::ImageTag {
    wire::ImageTag {
        key: Some(key.to_owned()),
        value: Some(value.to_owned()),
        ..Default::default()
    }
}

fn class(job: &wire::Job) -> Option<StateClass> {
    StateRow::find(TASK_STATES, job.status.as_deref().unwrap_or_default())
}

fn has_ended(job: &wire::Job) -> bool {
    !matches!(class(job), None | Some(StateClass::InProgress))
}

/// The error of a job that failed, or in which a part did: whom it concerns, and the job's own code and reason.
fn judge(job: &wire::Job) -> Result<()> {
    let results = job.entities.as_ref().and_then(|entities| entities.results.as_deref());
    let is_done = |result: &wire::JobResult| {
        let status = result.status.as_deref();
        status.is_none_or(|status| status.eq_ignore_ascii_case(DONE))
    };
    let failed: Vec<&wire::JobResult> = results
        .unwrap_or_default()
        .iter()
        .filter(|result| !is_done(result))
        .collect();
    if class(job) == Some(StateClass::Succeeded) && failed.is_empty() {
        return Ok(());
    }
    let (code, reason) = job::told(job);
    let whom: Vec<String> = failed.into_iter().map(part).collect();
    let parts = [whom.join(", "), reason.unwrap_or_default()];
    let told: Vec<String> = parts.into_iter().filter(|part| !part.is_empty()).collect();
    let told = match told.is_empty() {
        true => "the vendor gives no reason".to_owned(),
        false => told.join("; "),
    };
    let message = redact::vendor_text(&format!("not all receivers were changed: {told}"), []);
    let code = code.map(|code| redact::vendor_word(&code)).unwrap_or_default();
    let rule = CodeRule::find(ERRORS, &code).and_then(|rule| Some((rule.kind()?, rule)));
    let error = match rule {
        Some((kind, rule)) => Error::new(kind, message).with_remedy(rule.remedy),
        None => Error::new(ErrorKind::Service, message).with_remedy(
            "Look at the receivers named: they must be projects of the image's region. What is done stays done.",
        ),
    };
    Err(if code.is_empty() { error } else { error.with_code(code) })
}

/// One receiver of whom a job says that its part is not done.
fn part(result: &wire::JobResult) -> String {
    let project = result.project_id.as_deref().unwrap_or("a project that is not named");
    let status = result.status.as_deref().unwrap_or_default();
    format!("{project} ({status})")
}
