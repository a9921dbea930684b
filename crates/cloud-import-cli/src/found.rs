//! The image that a command is about: by its id, by the name of one image, or as what a job made at a target. Changes nothing.

use cloud_import::{
    Error, ErrorKind, ImageImporter, ImportedImage, Result, Target,
    provider::{NamedImage, id::is_id},
    publish::{Record, State},
};

use crate::{
    args::{OneImage, Reach},
    connect::{self, Clouds},
    jobs, region,
    targets::Wanted,
};

/// Of an image that is looked for by its name, so many are told that have it.
const SHOWN: usize = 10;

/// An image, and what reaches its cloud.
#[derive(Debug)]
pub(crate) struct Found {
    pub(crate) importer: Box<dyn ImageImporter>,
    pub(crate) image: ImportedImage,
    /// Its state, in the vendor's word; empty where it was not asked for.
    pub(crate) state: String,
    /// What is remembered of it, where it was named as what a job made.
    pub(crate) record: Option<Record>,
}

impl Found {
    /// Where it is, as people call that.
    pub(crate) fn target(&self) -> String {
        Target::new(self.image.provider, &self.image.region).to_string()
    }
}

/// Where an image is, of which nothing else is known yet.
#[derive(Debug)]
pub(crate) struct Place<'a> {
    pub(crate) importer: Box<dyn ImageImporter>,
    project: Option<&'a str>,
    sought: Sought<'a>,
}

/// What is said of the image.
#[derive(Debug)]
enum Sought<'a> {
    /// An id, or a name.
    Text(&'a str),
    /// It is on record.
    Made(ImportedImage, Box<Record>),
}

/// `PROVIDER/REGION`, or a cloud in the region that stands beside its keys.
pub(crate) fn target(text: &str, reach: &Reach) -> Result<Target> {
    match text.contains('/') {
        true => text.parse(),
        false => {
            let provider = text.parse()?;
            region::of(provider, connect::account(provider, reach), reach)
        }
    }
}

/// Where the image is that a command names. `option`: the one that says so.
pub(crate) async fn place<'a>(
    named: &'a OneImage,
    option: &str,
    reach: &Reach,
    clouds: &Clouds<'_>,
    state: &State,
) -> Result<Place<'a>> {
    let said = named.to.as_deref().map(|to| target(to, reach)).transpose()?;
    if let Some(record) = recorded(&named.image, state).await? {
        let image = made(&record)?;
        let own = Target::new(image.provider, &image.region);
        if let Some(said) = said.filter(|said| (said.provider, &said.region) != (own.provider, &own.region)) {
            let message = format!("`{}` is an image of {own}, not of {said}", named.image);
            return Err(Error::new(ErrorKind::InvalidRequest, message).with_remedy(format!("Leave {option} out.")));
        }
        let importer = match &record.task {
            Some(task) => clouds.importer_of(task)?,
            None => clouds.importer(&Wanted::of(own))?,
        };
        return Ok(Place {
            importer,
            project: named.project.as_deref(),
            sought: Sought::Made(image, Box::new(record)),
        });
    }
    let Some(said) = said else {
        let message = format!("where the image `{}` is was not said", named.image);
        return Err(Error::new(ErrorKind::InvalidRequest, message).with_remedy(format!(
            "Use {option} PROVIDER/REGION, or name it as JOB/TARGET: `cloud-import list` shows the jobs."
        )));
    };
    Ok(Place {
        importer: clouds.importer(&Wanted::of(said))?,
        project: named.project.as_deref(),
        sought: Sought::Text(&named.image),
    })
}

/// The record that `JOB/TARGET` names; `None` where there is none of that job, or that target.
async fn recorded(text: &str, state: &State) -> Result<Option<Record>> {
    let Some((job, target)) = text.split_once('/') else {
        return Ok(None);
    };
    let Some(job) = jobs::find(state, job).await? else {
        return Ok(None);
    };
    let records = job.records().await?.into_iter().flatten();
    Ok(records.into_iter().find(|record| record.target == target))
}

/// The image that came of a record.
fn made(record: &Record) -> Result<ImportedImage> {
    if let Some(gone) = record.why_gone() {
        return Err(gone);
    }
    if record.export.is_some() {
        let message = format!("`{}` is an export, and made no image", record.target);
        return Err(Error::new(ErrorKind::InvalidRequest, message)
            .with_provider(record.provider)
            .with_remedy("Name the image by its id; `cloud-import download JOB` fetches what was exported."));
    }
    record.image().ok_or_else(|| {
        let message = format!("`{}` has made no image yet", record.target);
        Error::new(ErrorKind::Conflict, message)
            .with_provider(record.provider)
            .with_remedy("Wait for it with `cloud-import wait`.")
    })
}

impl Place<'_> {
    /// Finds the image.
    pub(crate) async fn find(self) -> Result<Found> {
        let (image, state, record) = match self.sought {
            Sought::Made(image, record) => (image, String::new(), Some(*record)),
            Sought::Text(text) => {
                let (image, state) = sought(&*self.importer, text, self.project).await?;
                (image, state, None)
            }
        };
        let image = match self.project {
            Some(project) => image.with_project(project),
            None => image,
        };
        Ok(Found {
            importer: self.importer,
            image,
            state,
            record,
        })
    }
}

/// The image of this id, else the only one of this name; and its state.
async fn sought(importer: &dyn ImageImporter, text: &str, project: Option<&str>) -> Result<(ImportedImage, String)> {
    let own = |id: &str, name: &str| ImportedImage::new(importer.provider(), importer.region(), id, name);
    if is_id(text) {
        match importer.image(text, project).await {
            Ok(Some(image)) => return Ok((own(&image.id, &image.name), image.state)),
            Ok(None) => {}
            // A name can be no id, and some clouds say so.
            Err(error) if matches!(error.kind(), ErrorKind::InvalidRequest | ErrorKind::NotFound) => {}
            Err(error) => return Err(error),
        }
    }
    let named = importer.images_named(text, project).await?;
    match named.as_slice() {
        [one] => Ok((own(&one.id, text), one.state.clone())),
        [] => {
            let place = Target::new(importer.provider(), importer.region());
            let message = format!("{place} has no image of the id or name `{text}`");
            let list = format!("See what there is with `cloud-import images --to {place}`.");
            Err(Error::new(ErrorKind::NotFound, message)
                .with_provider(importer.provider())
                .with_remedy(list))
        }
        several => Err(ambiguous(text, several).with_provider(importer.provider())),
    }
}

fn ambiguous(name: &str, images: &[NamedImage]) -> Error {
    let shown = images
        .iter()
        .take(SHOWN)
        .map(|image| format!("{} ({})", image.id, image.state));
    let mut message = format!(
        "`{name}` is the name of several images: {}",
        shown.collect::<Vec<_>>().join(", ")
    );
    if images.len() > SHOWN {
        message.push_str(&format!(", and {} more", images.len() - SHOWN));
    }
    Error::new(ErrorKind::InvalidRequest, message).with_remedy("Name the one that is meant by its id.")
}
