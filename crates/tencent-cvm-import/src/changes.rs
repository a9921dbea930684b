//! Shares, tags, families and deprecation in Tencent Cloud's words. Source: ModifyImageSharePermission, ModifyImageAttribute and, of
//! the service of tags, TagResources, tccli 3.1.189.1 (2026).

use std::collections::{BTreeMap, BTreeSet};

use cloud_import_core::{
    Error, ErrorKind, ImageAttributes, ImageChange, ImportedImage, Provider, Result,
    provider::{CodeRule, redact},
};

use crate::{Client, generated as wire, generated::ERRORS};

/// What is refused with this has been done already.
const IS_SHARED: &str = "FailedOperation.AccountAlreadyExists";

/// Tags, or keys of tags, in one request.
const TAGS_AT_ONCE: usize = 10;

impl Client {
    /// What is shown of an image; whom it is shared with and what the service of tags says are calls of their own, made where the
    /// change is about that.
    pub(crate) async fn shown(&self, image: &ImportedImage, change: &ImageChange) -> Result<ImageAttributes> {
        let request = wire::DescribeImagesRequest {
            image_ids: Some(vec![image.id.clone()]),
            ..Default::default()
        };
        let listed = self.describe_images(&request).await?.image_set.unwrap_or_default();
        let found = listed
            .into_iter()
            .find(|found| found.image_id.as_ref() == Some(&image.id));
        let found = found.ok_or_else(|| {
            Error::new(ErrorKind::NotFound, format!("there is no image {} here", image.id))
                .with_provider(Provider::TENCENT)
                .with_remedy("Check the id and the region.")
        })?;
        let mut shown = ImageAttributes::default();
        shown.family = found.image_family.filter(|family| !family.is_empty());
        shown.deprecated = found.image_deprecated;
        shown.tags = match change.tags.is_empty() && change.untag.is_empty() {
            true => {
                let tags = found.tags.into_iter().flatten();
                tags.filter_map(|tag| Some((tag.key?, tag.value.unwrap_or_default())))
                    .collect()
            }
            false => self.tags_of(image).await?,
        };
        if change.is_about_shares() {
            shown.shared_with = self.accounts_of(image).await?;
        }
        Ok(shown)
    }

    async fn accounts_of(&self, image: &ImportedImage) -> Result<BTreeSet<String>> {
        let request = wire::DescribeImageSharePermissionRequest {
            image_id: Some(image.id.clone()),
            ..Default::default()
        };
        let shares = self.describe_image_share_permission(&request).await?;
        let shares = shares.share_permission_set.into_iter().flatten();
        Ok(shares.filter_map(|share| share.account_id).collect())
    }

    async fn tags_of(&self, image: &ImportedImage) -> Result<BTreeMap<String, String>> {
        let mut tags = BTreeMap::new();
        let mut pages =
            self.describe_resource_tags_by_resource_ids_pages(wire::DescribeResourceTagsByResourceIdsRequest {
                service_type: Some("cvm".to_owned()),
                resource_prefix: Some("image".to_owned()),
                resource_ids: Some(vec![image.id.clone()]),
                resource_region: Some(image.region.clone()),
                ..Default::default()
            });
        while let Some(page) = pages.next_page().await? {
            tags.extend(
                page.into_iter()
                    .filter_map(|tag| Some((tag.tag_key?, tag.tag_value.unwrap_or_default()))),
            );
        }
        Ok(tags)
    }

    /// One account that has the image already keeps the others from it: they are then named one by one.
    pub(crate) async fn add_accounts(&self, image: &ImportedImage, accounts: &[String]) -> Result<()> {
        let has_it = |error: &Error| error.code() == Some(IS_SHARED);
        match self.change_accounts(image, accounts, wire::Permission::Share).await {
            Err(error) if has_it(&error) && accounts.len() > 1 => {}
            Err(error) if has_it(&error) => return Ok(()),
            answer => return answer,
        }
        for account in accounts.chunks(1) {
            match self.change_accounts(image, account, wire::Permission::Share).await {
                Err(error) if has_it(&error) => {}
                answer => answer?,
            }
        }
        Ok(())
    }

    pub(crate) async fn remove_accounts(&self, image: &ImportedImage, accounts: &[String]) -> Result<()> {
        self.change_accounts(image, accounts, wire::Permission::Cancel).await
    }

    async fn change_accounts(&self, image: &ImportedImage, accounts: &[String], to: wire::Permission) -> Result<()> {
        let request = wire::ModifyImageSharePermissionRequest {
            image_id: Some(image.id.clone()),
            account_ids: Some(accounts.to_vec()),
            permission: Some(to),
            ..Default::default()
        };
        self.modify_image_share_permission(&request).await.map(drop)
    }

    /// What is not sent stays as it is.
    pub(crate) async fn set_attributes(
        &self,
        image: &ImportedImage,
        family: Option<&str>,
        deprecated: Option<bool>,
    ) -> Result<()> {
        let request = wire::ModifyImageAttributeRequest {
            image_id: Some(image.id.clone()),
            image_family: family.map(str::to_owned),
            image_deprecated: deprecated,
            ..Default::default()
        };
        self.modify_image_attribute(&request).await.map(drop)
    }

    pub(crate) async fn set_tags(&self, image: &ImportedImage, tags: &BTreeMap<String, String>) -> Result<()> {
        let tags = tags.iter().map(|(key, value)| wire::TagKeyValue {
            tag_key: Some(key.clone()),
            tag_value: Some(value.clone()),
            ..Default::default()
        });
        for some in tags.collect::<Vec<_>>().chunks(TAGS_AT_ONCE) {
            let request = wire::TagResourcesRequest {
                resource_list: Some(vec![resource(image)]),
                tags: Some(some.to_vec()),
                ..Default::default()
            };
            let answer = self.tag_resources(&request).await?;
            all_changed("TagResources", answer.failed_resources, answer.request_id)?;
        }
        Ok(())
    }

    pub(crate) async fn remove_tags(&self, image: &ImportedImage, keys: &[String]) -> Result<()> {
        for some in keys.chunks(TAGS_AT_ONCE) {
            let request = wire::UnTagResourcesRequest {
                resource_list: Some(vec![resource(image)]),
                tag_keys: Some(some.to_vec()),
                ..Default::default()
            };
            let answer = self.un_tag_resources(&request).await?;
            all_changed("UnTagResources", answer.failed_resources, answer.request_id)?;
        }
        Ok(())
    }
}

/// An image in six parts. The account's number is left out, as the vendor's provider for Terraform does.
fn resource(image: &ImportedImage) -> String {
    format!("qcs::cvm:{}:uin/:image/{}", image.region, image.id)
}

/// The error of a success in which something failed: what and why, and of the first its code.
fn all_changed(
    operation: &'static str,
    failed: Option<Vec<wire::FailedResource>>,
    request_id: Option<String>,
) -> Result<()> {
    let failed = failed.unwrap_or_default();
    let Some(first) = failed.first() else {
        return Ok(());
    };
    let told: Vec<String> = failed.iter().map(reason).collect();
    let message = redact::vendor_text(&told.join("; "), []);
    let code = first.code.as_deref().map(redact::vendor_word).unwrap_or_default();
    let rule = CodeRule::find(ERRORS, &code).and_then(|rule| Some((rule.kind()?, rule)));
    let error = match rule {
        Some((kind, rule)) => Error::new(kind, message)
            .with_may_have_executed(rule.may_have_executed)
            .with_remedy(rule.remedy),
        // A code that no rule covers is a refusal all the same.
        None => Error::new(ErrorKind::Service, message).with_may_have_executed(false),
    };
    let error = error.with_provider(Provider::TENCENT).with_operation(operation);
    let error = error.with_request_id(request_id.as_deref().map(redact::vendor_word));
    Err(if code.is_empty() { error } else { error.with_code(code) })
}

/// What is said of one resource that was not changed.
fn reason(failed: &wire::FailedResource) -> String {
    let resource = failed.resource.as_deref().unwrap_or("a resource");
    match failed.message.as_deref().filter(|message| !message.is_empty()) {
        Some(message) => format!("{resource} was not changed: {message}"),
        None => format!("{resource} was not changed; the vendor gives no reason"),
    }
}
