//! Shares, tags, families and deprecation in Alibaba Cloud's words. Source: ModifyImageSharePermission, ModifyImageAttribute and
//! TagResources, alibabacloud_ecs20140526 for Python 7.11.8 (2026-10).

use std::collections::{BTreeMap, BTreeSet};

use cloud_import_core::{Error, ErrorKind, ImageAttributes, ImageChange, ImportedImage, Provider, Result};

use crate::{Client, generated as wire};

/// What tags are set on.
const IMAGE: &str = "image";

/// The state of an image that is deprecated.
pub(crate) const DEPRECATED: &str = "Deprecated";

impl Client {
    /// What is shown of an image; whom it is shared with is another call, made where the change is about that.
    pub(crate) async fn shown(&self, image: &ImportedImage, change: &ImageChange) -> Result<ImageAttributes> {
        let request = wire::DescribeImagesRequest {
            image_id: Some(image.id.clone()),
            ..Self::images_in_every_status()
        };
        let listed = self.describe_images(&request).await?.images.unwrap_or_default();
        let found = listed
            .into_iter()
            .find(|found| found.image_id.as_ref() == Some(&image.id));
        let found = found.ok_or_else(|| {
            Error::new(ErrorKind::NotFound, format!("there is no image {} here", image.id))
                .with_provider(Provider::ALIYUN)
                .with_remedy("Check the id and the region.")
        })?;
        let mut shown = ImageAttributes::default();
        shown.public = found.is_public;
        shown.family = found.image_family.filter(|family| !family.is_empty());
        shown.deprecated = found.status.map(|status| status == DEPRECATED);
        let tags = found.tags.into_iter().flatten();
        shown.tags = tags
            .filter_map(|tag| Some((tag.tag_key?, tag.tag_value.unwrap_or_default())))
            .collect();
        if change.is_about_shares() {
            shown.shared_with = self.accounts_of(image).await?;
        }
        Ok(shown)
    }

    async fn accounts_of(&self, image: &ImportedImage) -> Result<BTreeSet<String>> {
        let mut accounts = BTreeSet::new();
        let mut pages = self.describe_image_share_permission_pages(wire::DescribeImageSharePermissionRequest {
            image_id: Some(image.id.clone()),
            ..Default::default()
        });
        while let Some(page) = pages.next_page().await? {
            accounts.extend(page.into_iter().filter_map(|account| account.aliyun_id));
        }
        Ok(accounts)
    }

    /// More than ten accounts in one request are lost without a word.
    pub(crate) async fn change_accounts(&self, image: &ImportedImage, add: &[String], remove: &[String]) -> Result<()> {
        let some = |accounts: &[String]| (!accounts.is_empty()).then(|| accounts.to_vec());
        let request = wire::ModifyImageSharePermissionRequest {
            image_id: Some(image.id.clone()),
            add_account: some(add),
            remove_account: some(remove),
            ..Default::default()
        };
        self.modify_image_share_permission(&request).await.map(drop)
    }

    pub(crate) async fn set_public(&self, image: &ImportedImage, public: bool) -> Result<()> {
        let request = wire::ModifyImageSharePermissionRequest {
            image_id: Some(image.id.clone()),
            is_public: Some(public),
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
        let status = |deprecated| if deprecated { DEPRECATED } else { "Available" };
        let request = wire::ModifyImageAttributeRequest {
            image_id: Some(image.id.clone()),
            image_family: family.map(str::to_owned),
            status: deprecated.map(|deprecated| status(deprecated).to_owned()),
            ..Default::default()
        };
        self.modify_image_attribute(&request).await.map(drop)
    }

    pub(crate) async fn set_tags(&self, image: &ImportedImage, tags: &BTreeMap<String, String>) -> Result<()> {
        let tags = tags.iter().map(|(key, value)| wire::Tag {
            key: Some(key.clone()),
            value: Some(value.clone()),
            ..Default::default()
        });
        let request = wire::TagResourcesRequest {
            resource_type: Some(IMAGE.to_owned()),
            resource_id: Some(vec![image.id.clone()]),
            tag: Some(tags.collect()),
            ..Default::default()
        };
        self.tag_resources(&request).await.map(drop)
    }

    pub(crate) async fn remove_tags(&self, image: &ImportedImage, keys: &[String]) -> Result<()> {
        let request = wire::UntagResourcesRequest {
            resource_type: Some(IMAGE.to_owned()),
            resource_id: Some(vec![image.id.clone()]),
            tag_key: Some(keys.to_vec()),
            ..Default::default()
        };
        self.untag_resources(&request).await.map(drop)
    }
}
