//! Replacing: the older images of a name go when the new one is there and good, never before. Where the cloud refuses a second
//! image of one name, the new one is imported under a temporary name and gets its own when the older ones are gone.
//!
//! Every step is recorded before it is done and may be done again. What stops in between leaves both, never none: the same call
//! again goes on. An image is retired only if it was listed under the name when the replacement was planned and was not being
//! made.

use cloud_import_core::{
    Error, ErrorKind, Field, ImageImporter, ImportRequest, ImportTask, ImportedImage, Provider, Remedy, Result,
    provider::{
        StateClass,
        capabilities::{Limited, Rule, UniqueNames},
    },
    remedy::Change,
};
use serde::{Deserialize, Serialize};

use super::{
    Event,
    attend::Attended,
    target::{Work, stopped},
};

/// How many characters of a token tell temporary names apart.
const TOLD_BY: usize = 8;

/// How far the replacement of older images has come. A step is recorded before it is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ReplaceStep {
    /// It waits for the new image.
    Planned,
    /// The older images are being deleted.
    Retiring,
    /// They are gone, and the new image gets its name.
    Renaming,
    /// It is done.
    Done,
    /// The cloud refused to delete older images: they stay, and so does the temporary name, until the import is repeated.
    Kept,
}

impl ReplaceStep {
    /// The word for it, as in the record.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Planned => "planned",
            Self::Retiring => "retiring",
            Self::Renaming => "renaming",
            Self::Done => "done",
            Self::Kept => "kept",
        }
    }
}

/// What is remembered of a replacement.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Replacement {
    /// How far it has come.
    pub step: ReplaceStep,
    /// The name that the new image has until the older ones are gone, where the cloud refuses a second one of a name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub temporary: Option<String>,
    /// The ids of the older images that are still to go.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub older: Vec<String>,
}

impl Replacement {
    fn planned(temporary: Option<String>, older: Vec<String>) -> Self {
        Self {
            step: ReplaceStep::Planned,
            temporary,
            older,
        }
    }

    /// Whether it goes on by itself once the new image is there.
    pub const fn is_open(&self) -> bool {
        matches!(
            self.step,
            ReplaceStep::Planned | ReplaceStep::Retiring | ReplaceStep::Renaming
        )
    }
}

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
    let found = importer.namesakes(name, project).await?;
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

impl Work {
    /// The names under which an image of this order may be there already, each with the order that makes it.
    pub(crate) fn may_be_named(&self) -> Vec<(ImportRequest, String)> {
        let own = (self.order.clone(), self.order.name.clone());
        if !self.context.options.replace {
            return vec![own];
        }
        let mut names = Vec::new();
        // Where a token tells orders apart, images are found more loosely than by it: an older one must not be taken for the new.
        let is_exact = !self.importer().capabilities().client_token.value;
        if refuses_second_name(self.importer()) {
            let temporary = self.under_temporary_name();
            let name = temporary.name.clone();
            names.push((temporary.clone(), name));
            if is_exact {
                // Another machine may have given it its own name since.
                names.push((temporary, self.order.name.clone()));
            }
        }
        if is_exact {
            names.push(own);
        }
        names
    }

    fn under_temporary_name(&self) -> ImportRequest {
        {
            let mut it = self.order.clone();
            it.name = temporary_name(&self.order, self.importer());
            it
        }
    }

    /// The replacement that goes with an image that is taken over.
    pub(crate) async fn replacement_of(&self, found: &ImportTask) -> Result<Option<Replacement>> {
        if !self.context.options.replace {
            return Ok(None);
        }
        let name = &self.record().name;
        let older = others(
            self.importer(),
            name,
            found.project.as_deref(),
            found.image_id.as_deref(),
        )
        .await?;
        Ok(Some(Replacement::planned(
            (found.name != *name).then(|| found.name.clone()),
            older,
        )))
    }

    /// Finds the older images before anything is staged or sent, and names the order by what it finds.
    pub(crate) async fn plan_replacement(&mut self) -> Result<()> {
        let provider = self.importer().provider();
        if !self.context.options.replace {
            return self.change(|record| record.replace = None).await;
        }
        if provider == Provider::HUAWEI && !self.order.data_disks().is_empty() {
            let message = "its data disks become images of their own, which are not replaced";
            return Err(Error::new(ErrorKind::Unsupported, message)
                .with_provider(provider)
                .with_remedy(Remedy::Unset(Field::Replace).or(Remedy::Unset(Field::DataDisks))));
        }
        let project = self.importer().prepare(&self.order)?.task().project.clone();
        let older = others(self.importer(), &self.order.name, project.as_deref(), None).await?;
        let mut temporary = None;
        if !older.is_empty() && refuses_second_name(self.importer()) {
            let order = self.under_temporary_name();
            let problems = self.importer().validate(&order);
            if !order.no_validate && problems.iter().any(|problem| problem.is_error()) {
                return Err(Error::invalid(provider, problems));
            }
            temporary = Some(order.name.clone());
            self.order = order;
        }
        self.change(move |record| record.replace = Some(Replacement::planned(temporary, older)))
            .await
    }
}

impl Attended {
    /// Replaces the older images by one that an earlier run has made, as far as that was not done. What is on record is taken as
    /// it is; with `anew`, the older images are looked for again.
    pub(crate) async fn replace_by(&self, image: &mut ImportedImage, anew: bool) -> Result<()> {
        let is_done = |plan: &Replacement| plan.step == ReplaceStep::Done;
        let planned = self.record().replace;
        if planned.as_ref().is_some_and(is_done) {
            return Ok(());
        }
        if anew {
            let name = &self.record().name;
            let older = others(self.importer(), name, image.project.as_deref(), Some(&image.id)).await?;
            let temporary = planned.and_then(|plan| plan.temporary);
            self.change(move |record| record.replace = Some(Replacement::planned(temporary, older)))
                .await?;
        }
        self.replace(image).await
    }

    /// Deletes the older images that are on record and gives the new one, which the cloud calls good, its name.
    ///
    /// # Errors
    /// What stands in the way: then the older images that are left stay, and the new one too.
    pub(crate) async fn replace(&self, image: &mut ImportedImage) -> Result<()> {
        let record = self.record();
        let Some(plan) = record.replace else { return Ok(()) };
        if plan.step == ReplaceStep::Done {
            return Ok(());
        }
        let names: Vec<&str> = plan
            .temporary
            .as_deref()
            .into_iter()
            .chain([record.name.as_str()])
            .collect();
        let done = self.replace_under(image, &plan, &names).await;
        done.map_err(|error| {
            let older = self.record().replace.map(|plan| plan.older).unwrap_or_default();
            unfinished(&record.name, image, &older, error)
        })
    }

    async fn replace_under(&self, image: &mut ImportedImage, plan: &Replacement, names: &[&str]) -> Result<()> {
        if !plan.older.is_empty() || plan.temporary.is_some() {
            self.see(image, names).await?;
        }
        self.replace_step(ReplaceStep::Retiring).await?;
        let mut refused = None;
        for id in plan.older.iter().filter(|id| **id != image.id) {
            if self.context.stop.is_requested() {
                return Err(stopped());
            }
            self.tell(&Event::Retiring { image_id: id });
            match self.retire(image, id).await {
                Ok(()) => {
                    self.tell(&Event::Retired { image_id: id });
                    let gone = id.clone();
                    let without = move |plan: &mut Replacement| plan.older.retain(|id| *id != gone);
                    self.change(move |record| record.replace.iter_mut().for_each(without))
                        .await?;
                }
                Err(error) => refused = Some(error),
            }
        }
        if let Some(error) = refused {
            if error.http_status().is_some() && !error.is_retryable() {
                self.replace_step(ReplaceStep::Kept).await?;
            }
            return Err(error);
        }
        if let Some(temporary) = &plan.temporary {
            self.replace_step(ReplaceStep::Renaming).await?;
            self.give_name(image, temporary).await?;
        }
        let name = image.name.clone();
        self.change(move |record| {
            record.task.iter_mut().for_each(|task| task.name.clone_from(&name));
            record.replace.iter_mut().for_each(|plan| {
                plan.step = ReplaceStep::Done;
                plan.older.clear();
            });
        })
        .await
    }

    async fn replace_step(&self, step: ReplaceStep) -> Result<()> {
        self.change(move |record| record.replace.iter_mut().for_each(|plan| plan.step = step))
            .await
    }

    /// Makes sure, by the cloud's own list, that the new image is there and good before an older one goes.
    async fn see(&self, image: &ImportedImage, names: &[&str]) -> Result<()> {
        let (ambient, grace) = (self.importer().ambient(), self.importer().grace());
        let began = ambient.monotonic();
        loop {
            for name in names {
                let listed = self.importer().namesakes(name, image.project.as_deref()).await?;
                let good = |class| class == Some(StateClass::Succeeded);
                if listed.iter().any(|listed| listed.id == image.id && good(listed.class)) {
                    return Ok(());
                }
            }
            if ambient.monotonic().saturating_sub(began) >= grace.period {
                return Err(
                    Error::new(ErrorKind::NotFound, "the cloud does not list the new image as finished")
                        .with_provider(image.provider)
                        .with_remedy(Remedy::when(
                            "the vendor's console does not show it either",
                            Remedy::Repeat(Change::Generation),
                        )),
                );
            }
            tokio::select! {
                () = ambient.sleep(grace.interval) => {}
                () = self.context.stop.requested() => return Err(stopped()),
            }
        }
    }

    /// Deletes an older image. One that the cloud does not list any more is gone, whatever the answer was.
    async fn retire(&self, image: &ImportedImage, id: &str) -> Result<()> {
        let name = self.record().name;
        let mut older = image.clone().with_inspection(None);
        (older.id, older.name) = (id.to_owned(), name.clone());
        let Err(error) = self.importer().delete(&older).await else {
            return Ok(());
        };
        let listed = self.importer().namesakes(&name, image.project.as_deref()).await;
        match listed {
            Ok(listed) if listed.iter().all(|image| image.id != id) => {
                if error.kind() != ErrorKind::NotFound {
                    let text = format!("the older image {id} is gone, but: {}", error.message());
                    self.tell(&Event::Warning { text: &text });
                }
                Ok(())
            }
            _ => Err(error),
        }
    }

    /// Gives the image its own name. The name of an image that was just deleted may be taken for a while yet.
    async fn give_name(&self, image: &mut ImportedImage, temporary: &str) -> Result<()> {
        let name = self.record().name;
        image.name = temporary.to_owned();
        let (ambient, grace) = (self.importer().ambient(), self.importer().grace());
        let began = ambient.monotonic();
        loop {
            let listed = self.importer().namesakes(&name, image.project.as_deref()).await?;
            if listed.iter().any(|listed| listed.id == image.id) {
                break;
            }
            match self.importer().rename(image, &name).await {
                Ok(()) => break,
                Err(error)
                    if error.kind() == ErrorKind::DuplicateName
                        && ambient.monotonic().saturating_sub(began) < grace.period => {}
                Err(error) => return Err(error),
            }
            tokio::select! {
                () = ambient.sleep(grace.interval) => {}
                () = self.context.stop.requested() => return Err(stopped()),
            }
        }
        self.tell(&Event::Renamed { name: &name });
        image.name = name;
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
