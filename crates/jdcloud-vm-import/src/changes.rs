//! Shares and community images in JD Cloud's words. Source: shareImage, unShareImage, describeImageMembers, releaseImage and
//! unReleaseImage, jdcloud-sdk-go services/vm revision 1.6.1 (2024-11).

use std::collections::BTreeSet;

use cloud_import_core::{ImageAttributes, ImageChange, ImportedImage, Result, provider::preflight::lacking};

use crate::{Client, generated as wire};

impl Client {
    /// What is shown of an image; whom it is shared with is another call, made where the change is about that.
    pub(crate) async fn shown(&self, image: &ImportedImage, change: &ImageChange) -> Result<ImageAttributes> {
        let request = wire::DescribeImageRequest {
            image_id: Some(image.id.clone()),
            ..Default::default()
        };
        let found = self.describe_image(&request).await?.image;
        let found = found.ok_or_else(|| lacking("image"))?;
        let mut shown = ImageAttributes::default();
        let permission = found.launch_permission;
        shown.public = permission.map(|permission| permission == wire::LaunchPermission::All);
        if change.is_about_shares() {
            let Members { pins, login_names } = self.members_of(image).await?;
            shown.shared_with = pins.into_iter().chain(login_names).collect();
        }
        Ok(shown)
    }

    async fn members_of(&self, image: &ImportedImage) -> Result<Members> {
        let request = wire::DescribeImageMembersRequest {
            image_id: Some(image.id.clone()),
            ..Default::default()
        };
        let answer = self.describe_image_members(&request).await?;
        if answer.pins.is_none() && answer.login_names.is_none() {
            return Err(lacking("list of accounts"));
        }
        Ok(Members {
            pins: answer.pins.into_iter().flatten().collect(),
            login_names: answer.login_names.into_iter().flatten().collect(),
        })
    }

    pub(crate) async fn add_accounts(&self, image: &ImportedImage, accounts: &[String]) -> Result<()> {
        let request = wire::ShareImageRequest {
            image_id: Some(image.id.clone()),
            pins: Some(accounts.to_vec()),
            ..Default::default()
        };
        self.share_image(&request).await.map(drop)
    }

    /// Each account goes by the list that it stands in: others may have named it by its login name.
    pub(crate) async fn remove_accounts(&self, image: &ImportedImage, accounts: &[String]) -> Result<()> {
        let members = self.members_of(image).await?;
        let (login_names, pins): (Vec<_>, Vec<_>) = accounts
            .iter()
            .cloned()
            .partition(|account| members.login_names.contains(account) && !members.pins.contains(account));
        let some = |accounts: Vec<String>| (!accounts.is_empty()).then_some(accounts);
        let request = wire::UnShareImageRequest {
            image_id: Some(image.id.clone()),
            pins: some(pins),
            login_names: some(login_names),
            ..Default::default()
        };
        self.un_share_image(&request).await.map(drop)
    }

    /// All shares end when an image becomes public.
    pub(crate) async fn set_public(&self, image: &ImportedImage, public: bool) -> Result<()> {
        let image_id = Some(image.id.clone());
        if public {
            let request = wire::ReleaseImageRequest {
                image_id,
                ..Default::default()
            };
            return self.release_image(&request).await.map(drop);
        }
        let request = wire::UnReleaseImageRequest {
            image_id,
            ..Default::default()
        };
        self.un_release_image(&request).await.map(drop)
    }
}

/// Whom an image is shared with. Whether an account stands in both lists is unverified.
struct Members {
    pins: BTreeSet<String>,
    login_names: BTreeSet<String>,
}
