//! `images`: the account's own images at some targets, side by side. Each cloud is asked for its list, and nothing is changed.

use std::collections::{BTreeMap, HashMap};

use cloud_import::{
    Error, ImageMarks, OwnImage, OwnImages, Provider, Result,
    provider::StateClass,
    publish::{Remembered as Job, State},
};
use serde::Serialize;

use crate::{
    args::{Images, Order, OutputFormat, Staging},
    connect::Clouds,
    exit::Exit,
    findings::{self, Finding},
    output::{self, SCHEMA, Tone},
    render,
    row::Reason,
    side_by_side::side_by_side,
    simulate::Simulated,
    state::Remembered,
    targets::{self, Wanted},
};

/// The account's own images.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Listed<'a> {
    schema: u32,
    results: Vec<TargetRow<'a>>,
    /// The code with which the command ends.
    exit: u8,
}

/// The images of a target.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct TargetRow<'a> {
    target: &'a str,
    images: Vec<Row<'a>>,
    /// Whether nothing says that there are more.
    complete: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<Reason<'a>>,
    exit: u8,
}

/// An image.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct Row<'a> {
    /// Empty where one that is being made has none yet.
    id: &'a str,
    name: &'a str,
    /// The vendor's word for its state.
    state: &'a str,
    /// What that means, where it is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<Standing>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, schemars(with = "Option<crate::schema::Instant>"))]
    created: Option<String>,
    /// What else the cloud's list shows of it.
    #[serde(flatten)]
    #[cfg_attr(test, schemars(with = "crate::schema::Marks"))]
    marks: &'a ImageMarks,
    /// The job on record that made it.
    #[serde(skip_serializing_if = "Option::is_none")]
    job: Option<&'a str>,
}

/// What a state means.
#[derive(Debug, Clone, Copy, Serialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
enum Standing {
    InProgress,
    Succeeded,
    Failed,
    Canceled,
}

impl Standing {
    fn of(class: Option<StateClass>) -> Option<Self> {
        Some(match class? {
            StateClass::InProgress => Self::InProgress,
            StateClass::Succeeded => Self::Succeeded,
            StateClass::Failed => Self::Failed,
            StateClass::Canceled => Self::Canceled,
            _ => return None,
        })
    }

    fn tone(self) -> Tone {
        match self {
            Self::Succeeded => Tone::Good,
            Self::InProgress => Tone::Plain,
            Self::Failed | Self::Canceled => Tone::Bad,
        }
    }
}

/// A target, and what its cloud lists.
struct Answer {
    label: String,
    place: (Provider, String),
    listed: Result<OwnImages>,
}

/// Jobs by the images that they made: cloud, region and id.
type Jobs = HashMap<(Provider, String, String), String>;

pub(crate) async fn run(options: Images) -> Result<Exit> {
    let order = Order {
        to: options.to.clone(),
        targets: options.targets.clone(),
        ..Order::default()
    };
    let wanted = targets::placed(&order, &Staging::default(), &options.reach)?;
    wanted.iter().for_each(targets::doubt_region);
    let simulated = Simulated::of(&options.reach).await?;
    let state = Remembered::of(&options.state, simulated.is_some()).await?;
    let clouds = Clouds::new(&options.reach, simulated.as_ref())?;
    let jobs = jobs(state.state()).await?;
    let mut answers = side_by_side(&wanted, |wanted| listed(wanted, &clouds, &options)).await;
    for answer in &mut answers {
        if let Ok(found) = &mut answer.listed {
            let (provider, region) = answer.place.clone();
            let is_ours = |image: &OwnImage| jobs.contains_key(&(provider, region.clone(), image.id.clone()));
            found
                .images
                .retain(|image| options.wants(image) && (!options.ours || is_ours(image)));
            found.images.sort_by_key(|image| image.created);
        }
    }
    told(&answers);
    let exit = Exit::together(answers.iter().map(Answer::exit));
    match options.reach.output {
        OutputFormat::Json => output::json(&Listed {
            schema: SCHEMA,
            results: answers.iter().map(|answer| answer.row(&jobs)).collect(),
            exit: exit.code(),
        })?,
        OutputFormat::Text => texts(&answers, &jobs),
    }
    Ok(exit)
}

/// The jobs on record by the images that they made, as far as they can be read.
async fn jobs(state: &State) -> Result<Jobs> {
    let mut jobs = Jobs::new();
    for Job { job, records, .. } in state.all().await?.into_iter().flatten() {
        for record in records.into_iter().flatten().filter(|record| record.retired.is_none()) {
            if let Some(id) = record.image_id {
                jobs.insert((record.provider, record.region, id), job.facts().id.clone());
            }
        }
    }
    Ok(jobs)
}

async fn listed(wanted: &Wanted, clouds: &Clouds<'_>, options: &Images) -> Answer {
    let provider = wanted.target.provider;
    let project = options.project.iter().rev().find(|(of, _)| *of == provider);
    let project = project.map(|(_, id)| id.as_str());
    let listed = match clouds.importer(wanted) {
        Ok(importer) => importer.images(project).await,
        Err(error) => Err(error),
    };
    Answer {
        label: wanted.label.clone(),
        place: (provider, wanted.target.region.clone()),
        listed,
    }
}

impl Images {
    fn wants(&self, image: &OwnImage) -> bool {
        let marks = &image.marks;
        let is_called = |name: &String| image.name.contains(name.as_str());
        let has = |(key, value): (&str, &str)| {
            let tags = marks.tags.as_ref();
            tags.and_then(|tags| tags.get(key)).is_some_and(|own| own == value)
        };
        let mut tags = self.tag.iter().filter_map(|tag| tag.split_once('='));
        self.name.as_ref().is_none_or(is_called)
            && (self.family.is_none() || self.family == marks.family)
            && tags.all(has)
    }
}

impl Answer {
    fn exit(&self) -> Exit {
        self.listed.as_ref().err().map_or(Exit::Done, Exit::of)
    }

    fn images(&self) -> &[OwnImage] {
        self.listed.as_ref().map_or(&[], |found| &found.images)
    }

    fn job<'a>(&self, image: &OwnImage, jobs: &'a Jobs) -> Option<&'a str> {
        let (provider, region) = &self.place;
        let job = jobs.get(&(*provider, region.clone(), image.id.clone()))?;
        Some(job)
    }

    fn row<'a>(&'a self, jobs: &'a Jobs) -> TargetRow<'a> {
        let row = |image: &'a OwnImage| Row {
            id: &image.id,
            name: &image.name,
            state: &image.state,
            status: Standing::of(image.class),
            created: image.created.map(render::instant),
            marks: &image.marks,
            job: self.job(image, jobs),
        };
        TargetRow {
            target: &self.label,
            images: self.images().iter().map(row).collect(),
            complete: self.listed.as_ref().is_ok_and(|found| found.is_complete),
            error: self.listed.as_ref().err().map(Reason::of),
            exit: self.exit().code(),
        }
    }
}

/// Says which targets could not be listed, and which lists may not be complete.
fn told(answers: &[Answer]) {
    let of_error = |answer: &'_ Answer| -> Vec<Finding> {
        let error: Option<&Error> = answer.listed.as_ref().err();
        error.map(Finding::of_error).unwrap_or_default()
    };
    let wrong = answers.iter().flat_map(|answer| {
        of_error(answer)
            .into_iter()
            .map(|finding| (answer.label.as_str(), finding))
    });
    findings::say(&wrong.collect::<Vec<_>>());
    for answer in answers {
        if answer.listed.as_ref().is_ok_and(|found| !found.is_complete) {
            output::warning(&format!(
                "{}: the list may not be complete: it is longer than is read, or changed while it was read",
                answer.label
            ));
        }
    }
}

/// A line for each image, in columns.
fn texts(answers: &[Answer], jobs: &Jobs) {
    let lines: Vec<([String; 5], Tone, String)> = answers
        .iter()
        .flat_map(|answer| answer.images().iter().map(move |image| (answer, image)))
        .map(|(answer, image)| {
            let created = image.created.map_or_else(|| "-".to_owned(), render::instant);
            let shown = |text: &str| if text.is_empty() { "-" } else { text }.to_owned();
            let columns = [
                answer.label.clone(),
                shown(&image.id),
                shown(&image.name),
                image.state.clone(),
                created,
            ];
            let tone = Standing::of(image.class).map_or(Tone::Plain, Standing::tone);
            (columns, tone, marks(&image.marks, answer.job(image, jobs)))
        })
        .collect();
    let width = |column: usize| {
        let widths = lines.iter().map(|(columns, ..)| columns[column].chars().count());
        widths.max().unwrap_or_default()
    };
    let widths: [usize; 5] = std::array::from_fn(width);
    for (columns, tone, marks) in &lines {
        let padded: Vec<String> = columns
            .iter()
            .zip(widths)
            .map(|(text, width)| format!("{text:width$}  "))
            .collect();
        let (before, after) = (padded[..3].concat(), format!("{}{marks}", padded[4]));
        output::result_words(&[
            (Tone::Plain, &before),
            (*tone, &padded[3]),
            (Tone::Plain, after.trim_end()),
        ]);
    }
    if lines.is_empty() && answers.iter().any(|answer| answer.listed.is_ok()) {
        output::note("no images");
    }
}

/// What a list shows beside the columns.
fn marks(marks: &ImageMarks, job: Option<&str>) -> String {
    let is = |said: Option<bool>, word: &str| said.filter(|said| *said).map(|_| word.to_owned());
    let family = marks.family.as_ref().filter(|family| !family.is_empty());
    let none = BTreeMap::new();
    let tags = marks.tags.as_ref().unwrap_or(&none);
    let tags: Vec<String> = tags.iter().map(|(key, value)| format!("{key}={value}")).collect();
    let words = [
        family.map(|family| format!("family: {family}")),
        is(marks.shared, "shared"),
        is(marks.public, "public"),
        is(marks.deprecated, "deprecated"),
        (!tags.is_empty()).then(|| format!("tags: {}", tags.join(" "))),
        job.map(|job| format!("job: {job}")),
    ];
    words.into_iter().flatten().collect::<Vec<_>>().join("; ")
}
