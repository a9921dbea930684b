//! Replacing: the older images of a name go when the new one is there and good, never before. Where the cloud refuses a second
//! image of one name, the new one is imported under a temporary name and gets its own when the older ones are gone.
//!
//! Every step is recorded before it is done and may be done again. What stops in between leaves both, never none: the same call
//! again goes on. An image is retired only if it was listed under the name when the replacement was planned and was not being
//! made.

use std::time::Duration;

use cloud_import_core::{
    Error, ErrorKind, Field, ImageImporter, ImportRequest, ImportTask, ImportedImage, Remedy, Result,
    provider::{
        StateClass,
        capabilities::{Limited, Rule, UniqueNames},
    },
    remedy::Change,
};

use super::{
    event::Event,
    store::{Record, ReplaceStep, Replacement, What},
    target::{Target, stopped},
};

/// How many characters of a token tell temporary names apart.
const TOLD_BY: usize = 8;

/// The name of an order until the older images are gone: its own and a part of its token, within the cloud's limits.
pub(crate) fn temporary_name(order: &ImportRequest, importer: &dyn ImageImporter) -> String {
    let project = importer.project();
    let token = order.token(importer.provider(), importer.region(), project);
    let told_by: String = token.trim_start_matches("ci-").chars().take(TOLD_BY).collect();
    let limits = importer.capabilities().limits.iter();
    let most = limits.filter_map(|limit| match limit.rule {
        Rule::Chars { max, .. } if limit.field == Limited::Name => usize::try_from(max).ok(),
        _ => None,
    });
    let room = most.min().map_or(usize::MAX, |most| most.saturating_sub(TOLD_BY + 1));
    let own: String = order.name.chars().take(room).collect();
    format!("{own}-{told_by}")
}

/// Whether the cloud refuses a second image of one name, so that the new one needs another for a while.
fn refuses_second_name(importer: &dyn ImageImporter) -> bool {
    importer.capabilities().unique_names.value == UniqueNames::Refused
}

/// The ids of the images of a name, but for one.
async fn others(
    importer: &dyn ImageImporter,
    name: &str,
    project: Option<&str>,
    own: Option<&str>,
) -> Result<Vec<String>> {
    let found = importer.images_named(name, project).await?;
    let found = found
        .into_iter()
        .filter(|image| !image.id.is_empty() && Some(image.id.as_str()) != own);
    found
        .map(|image| match image.class {
            Some(StateClass::Succeeded | StateClass::Failed | StateClass::Canceled) => Ok(image.id),
            _ => {
                let message = format!(
                    "an image named `{name}` is still being made: {} ({})",
                    image.id, image.state
                );
                Err(Error::new(ErrorKind::Conflict, message)
                    .with_provider(importer.provider())
                    .with_remedy(Remedy::Wait.then(Remedy::Repeat(Change::Nothing))))
            }
        })
        .collect()
}

fn under_temporary_name(request: &ImportRequest, importer: &dyn ImageImporter) -> ImportRequest {
    let mut renamed = request.clone();
    renamed.name = temporary_name(request, importer);
    renamed
}

/// The names under which an image of an order may be there already, each with the order that makes it.
pub(crate) fn may_be_named(
    request: &ImportRequest,
    importer: &dyn ImageImporter,
    replaces: bool,
) -> Vec<(ImportRequest, String)> {
    let own = (request.clone(), request.name.clone());
    if !replaces {
        return vec![own];
    }
    let mut names = Vec::new();
    // Where a token tells orders apart, images are found more loosely than by it: an older one must not be taken for the new.
    let is_exact = !importer.capabilities().client_token.value;
    if refuses_second_name(importer) {
        let temporary = under_temporary_name(request, importer);
        let name = temporary.name.clone();
        names.push((temporary.clone(), name));
        if is_exact {
            // Another machine may have given it its own name since.
            names.push((temporary, request.name.clone()));
        }
    }
    if is_exact {
        names.push(own);
    }
    names
}

/// The replacement that goes with an image of this name that is taken over.
pub(crate) async fn replacement_of(
    found: &ImportTask,
    name: &str,
    importer: &dyn ImageImporter,
) -> Result<Replacement> {
    let own = found.image_id.as_deref();
    let older = others(importer, name, found.project.as_deref(), own).await?;
    let temporary = (found.name != name).then(|| found.name.clone());
    Ok(Replacement::planned(temporary, older))
}

/// The ids of the images that an order replaces.
///
/// # Errors
/// One of that name is still being made, the order cannot replace any, or the cloud's own.
pub(crate) async fn older(request: &ImportRequest, importer: &dyn ImageImporter) -> Result<Vec<String>> {
    if importer.capabilities().data_disk_images.value && !request.data_disks().is_empty() {
        let message = "its data disks become images of their own, which are not replaced";
        return Err(Error::new(ErrorKind::Unsupported, message)
            .with_provider(importer.provider())
            .with_remedy(Remedy::Unset(Field::Replace).or(Remedy::Unset(Field::DataDisks))));
    }
    let project = importer.prepare(request)?.into_task().project;
    others(importer, &request.name, project.as_deref(), None).await
}

/// Finds the older images before anything is staged or sent, and names the order by what it finds.
pub(crate) async fn plan(request: &mut ImportRequest, importer: &dyn ImageImporter) -> Result<Replacement> {
    let older = older(request, importer).await?;
    if older.is_empty() || !refuses_second_name(importer) {
        return Ok(Replacement::planned(None, older));
    }
    let temporary = under_temporary_name(request, importer);
    let problems = importer.validate(&temporary);
    if !temporary.no_validate && problems.iter().any(|problem| problem.is_error()) {
        return Err(Error::invalid(importer.provider(), problems));
    }
    *request = temporary;
    Ok(Replacement::planned(Some(request.name.clone()), older))
}

/// The replacement has come to this step.
fn come_to(step: ReplaceStep) -> impl FnOnce(&mut Record) + Send {
    move |record| record.replace.iter_mut().for_each(|plan| plan.step = step)
}

/// An older image is gone.
fn without(id: String) -> impl FnOnce(&mut Record) + Send {
    move |record| {
        let plan = record.replace.iter_mut();
        plan.for_each(|plan| plan.older.retain(|older| *older != id));
        record.happened(What::Retired, id);
    }
}

/// The new image stands alone, under this name.
fn done(name: String) -> impl FnOnce(&mut Record) + Send {
    move |record| {
        record.task.iter_mut().for_each(|task| task.name.clone_from(&name));
        record.replace.iter_mut().for_each(|plan| {
            plan.step = ReplaceStep::Done;
            plan.older.clear();
        });
    }
}

impl Target {
    /// Finds the older images of the name of one that an earlier run has made, and replaces them.
    ///
    /// # Errors
    /// As [`Self::replace`].
    pub(crate) async fn replace_anew(&self, image: &mut ImportedImage) -> Result<()> {
        let (name, plan) = self.with_record(|record| (record.name.clone(), record.replace.clone()));
        let older = others(&*self.importer, &name, image.project.as_deref(), Some(&image.id)).await?;
        let temporary = plan.and_then(|plan| plan.temporary);
        self.change(move |record| record.replace = Some(Replacement::planned(temporary, older)))
            .await?;
        self.replace(image).await
    }

    /// Deletes the older images that are on record and gives the new one, which the cloud calls good, its name.
    ///
    /// # Errors
    /// What stands in the way: then the older images that are left stay, and the new one too.
    pub(crate) async fn replace(&self, image: &mut ImportedImage) -> Result<()> {
        let (name, plan) = self.with_record(|record| (record.name.clone(), record.replace.clone()));
        let Some(plan) = plan.filter(|plan| plan.step != ReplaceStep::Done) else {
            return Ok(());
        };
        let replaced = self.replace_under(image, &plan, &name).await;
        replaced.map_err(|error| {
            let older = |record: &Record| record.replace.as_ref().map(|plan| plan.older.clone());
            unfinished(&name, image, &self.with_record(older).unwrap_or_default(), error)
        })
    }

    async fn replace_under(&self, image: &mut ImportedImage, plan: &Replacement, name: &str) -> Result<()> {
        if !plan.older.is_empty() || plan.temporary.is_some() {
            let names = plan.temporary.as_deref().into_iter().chain([name]);
            self.see(image, &names.collect::<Vec<_>>()).await?;
        }
        self.change(come_to(ReplaceStep::Retiring)).await?;
        let mut refused = None;
        for id in plan.older.iter().filter(|id| **id != image.id) {
            self.unless_stopped()?;
            self.tell(&Event::Retiring { image_id: id });
            match self.retire(image, id, name).await {
                Ok(()) => {
                    self.retired(id).await;
                    self.change(without(id.clone())).await?;
                }
                Err(error) => refused = Some(error),
            }
        }
        if let Some(error) = refused {
            if error.http_status().is_some() && !error.is_retryable() {
                self.change(come_to(ReplaceStep::Kept)).await?;
            }
            return Err(error);
        }
        if let Some(temporary) = &plan.temporary {
            self.change(come_to(ReplaceStep::Renaming)).await?;
            self.give_name(image, temporary, name).await?;
        }
        self.change(done(image.name.clone())).await
    }

    /// Makes sure, by the cloud's own list, that the new image is there and good before an older one goes.
    async fn see(&self, image: &ImportedImage, names: &[&str]) -> Result<()> {
        let began = self.importer.env().monotonic();
        loop {
            for name in names {
                let listed = self.importer.images_named(name, image.project.as_deref()).await?;
                let good = |class| class == Some(StateClass::Succeeded);
                if listed.iter().any(|listed| listed.id == image.id && good(listed.class)) {
                    return Ok(());
                }
            }
            if !self.pause(began).await? {
                let message = "the cloud does not list the new image as finished";
                let absent = "the vendor's console does not show it either";
                return Err(Error::new(ErrorKind::NotFound, message)
                    .with_provider(image.provider)
                    .with_remedy(Remedy::when(absent, Remedy::Repeat(Change::Generation))));
            }
        }
    }

    /// Waits before the cloud is asked again; `false` when it was asked for long enough.
    async fn pause(&self, began: Duration) -> Result<bool> {
        let (env, grace) = (self.importer.env(), self.importer.grace());
        if env.monotonic().saturating_sub(began) >= grace.period {
            return Ok(false);
        }
        tokio::select! {
            () = env.sleep(grace.interval) => Ok(true),
            () = self.context.stop.requested() => Err(stopped()),
        }
    }

    /// Deletes an older image. One that the cloud does not list any more is gone, whatever the answer was.
    async fn retire(&self, image: &ImportedImage, id: &str, name: &str) -> Result<()> {
        let mut older = image.clone().with_inspection(None);
        (older.id, older.name) = (id.to_owned(), name.to_owned());
        let Err(error) = self.importer.delete(&older).await else {
            return Ok(());
        };
        match self.importer.images_named(name, image.project.as_deref()).await {
            Ok(listed) if listed.iter().all(|image| image.id != id) => {
                if error.kind() != ErrorKind::NotFound {
                    self.warn(&format!("the older image {id} is gone, but: {}", error.message()));
                }
                Ok(())
            }
            _ => Err(error),
        }
    }

    /// Gives the image its own name. The name of an image that was just deleted may be taken for a while yet.
    async fn give_name(&self, image: &mut ImportedImage, temporary: &str, name: &str) -> Result<()> {
        image.name = temporary.to_owned();
        let began = self.importer.env().monotonic();
        loop {
            let listed = self.importer.images_named(name, image.project.as_deref()).await?;
            if listed.iter().any(|listed| listed.id == image.id) {
                break;
            }
            match self.importer.rename(image, name).await {
                Ok(()) => break,
                Err(error) if error.kind() == ErrorKind::DuplicateName => {
                    if !self.pause(began).await? {
                        return Err(error);
                    }
                }
                Err(error) => return Err(error),
            }
        }
        self.tell(&Event::Renamed { name });
        image.name = name.to_owned();
        Ok(())
    }
}

/// The new image is there, and what it is to replace is there too, or its name is not its own yet.
fn unfinished(name: &str, image: &ImportedImage, older: &[String], error: Error) -> Error {
    let named = if image.name == name {
        String::new()
    } else {
        format!(" as `{}`", image.name)
    };
    let rest = match older {
        [] => format!("is not named `{name}` yet"),
        older => format!("has not replaced {}, which stays", older.join(", ")),
    };
    let first = error.remedy().cloned().unwrap_or("release what still uses it".into());
    error
        .map_message(|why| {
            let id = &image.id;
            format!("the new image {id} is there{named}, but it {rest}: {why}")
        })
        .with_provider(image.provider)
        .with_remedy(first.then(Remedy::Repeat(Change::Nothing)))
}
