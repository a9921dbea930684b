//! Copies of images in UCloud's words.
//!
//! A copy is ordered in the region of its image and has an id at once; the task beside it is one that no call asks for. It is followed
//! as an image of the region and the project that it goes to. There is no token, and no cancel but to delete it: a copy whose answer
//! was lost is known by the marker in its description. Source: CopyCustomImage, UCloud API documentation, uhost-api (2026-08).

use cloud_import_core::{
    Error, ErrorKind, Field, Provider, Remedy, Result,
    provider::{Cloud as _, CopyOrder, Sent},
};

use crate::{Client, Options, generated as wire};

impl Client {
    /// Orders a copy of an image in the region of this client, in a project there.
    pub(crate) async fn order_copy(&self, to: &Self, order: &CopyOrder, project: Option<&str>) -> Result<Sent> {
        let options: Options = order.request.vendor_options()?;
        let target = match to.scope(&order.request) {
            Some(target) => target,
            // Nothing was ordered yet.
            None => self
                .default_project()
                .await
                .map_err(|error| error.with_may_have_executed(false))?,
        };
        let answer = self
            .copy_custom_image(&wire::CopyCustomImageRequest {
                project_id: project.map(str::to_owned),
                source_image_id: Some(order.image.id.clone()),
                target_project_id: Some(target),
                target_region: Some(to.region().to_owned()),
                target_image_name: Some(order.request.name.clone()),
                target_image_description: order.description.clone(),
                target_image_tag: options.tag,
                ..Default::default()
            })
            .await?;
        // The id is documented as optional: without it, polls look for name and marker.
        Ok(Sent::new("CopyCustomImage", None, answer.target_image_id).taken(true))
    }

    /// The project that is meant where none is named: a copy has to name one all the same.
    async fn default_project(&self) -> Result<String> {
        let listed = self.get_project_list(&wire::GetProjectListRequest::default()).await?;
        let mut projects = listed.project_set.into_iter().flatten();
        let own = projects.find(|project| project.is_default == Some(true));
        own.and_then(|project| project.project_id).ok_or_else(|| {
            let message = "a copy has to name its project, and none of the account's projects is the default one";
            Error::new(ErrorKind::InvalidRequest, message)
                .with_provider(Provider::UCLOUD)
                .with_remedy(Remedy::set(Field::Project))
        })
    }
}
