//! `accept`: the answer to an image that another account shares, where the cloud asks for one. The image is not one of this account's.

use cloud_import::{Error, ErrorKind, ImportedImage, Result, provider::id::is_id};

use crate::{
    args::Accept,
    changed::{self, Done},
    connect::Clouds,
    exit::Exit,
    found::{self, Found},
    simulate::Simulated,
    targets::Wanted,
};

pub(crate) async fn run(options: Accept) -> Result<Exit> {
    if !is_id(&options.image) {
        let message = format!("`{}` is no id of an image", options.image);
        return Err(Error::new(ErrorKind::InvalidRequest, message)
            .with_remedy("Ask its owner for the id: a name says nothing in another account."));
    }
    let simulated = Simulated::of(&options.reach).await?;
    let clouds = Clouds::new(&options.reach, simulated.as_ref())?;
    let target = found::target(&options.to, &options.reach)?;
    let importer = clouds.importer(&Wanted::of(target.clone()))?;
    let image = ImportedImage::new(target.provider, &target.region, &options.image, "");
    let image = match &options.project {
        Some(project) => image.with_project(project),
        None => image,
    };
    let answered = importer.answer_share(&image, !options.reject).await;
    let done = if options.reject { Done::Rejected } else { Done::Accepted };
    let found = Found {
        importer,
        image,
        state: String::new(),
        record: None,
    };
    changed::write(&found, answered.map(|()| (done, None)), options.reach.output)
}
