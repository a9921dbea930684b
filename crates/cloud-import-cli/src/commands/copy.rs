//! `copy`: an image that is there goes to other regions of its cloud, each by itself, side by side. It is a job, as an import is: every
//! order is on record before it leaves.

use std::sync::Arc;

use cloud_import::{
    Asking, DiskPart, Encryption, Endpoint, Error, ErrorKind, Field, ImageImporter, ImageSource, ImportRequest,
    ImportedImage, Problem, Provider, Result, Stop, Target,
    provider::copies,
    publish::{self, Destination, Ended, Event, Image, Job, Listener, Publish, Record, gate},
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{
    args::{self, Copy, OneImage, Reach, scope::own_options},
    connect::{self, Clouds},
    exit::Exit,
    findings,
    found::{self, Found},
    interrupt, line,
    on_end::OnEnd,
    outcome::{Outcome, Status},
    ready::{Ready, certain, warnings},
    report::{self, Lines},
    simulate::Simulated,
    state::Remembered,
    targets::{self, Wanted},
    waiting::{Renumbered, listener, waiting},
};

/// What is kept with the job of a copy, so that a later command can go on with it. It holds no secret.
#[derive(Debug, Serialize, Deserialize)]
struct Kept {
    /// What tells it from what an import keeps.
    copy: Order,
    /// The clouds were simulated ones.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    simulated: bool,
}

/// What is copied, and as what.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Order {
    image: ImportedImage,
    name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    tags: Vec<(String, String)>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    encryption: Option<Encryption>,
    /// Options in the cloud's own words.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    options: Map<String, Value>,
    /// The profile of the vendor's own tools, where one was named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    account: Option<String>,
    /// The size of its disk in GiB, where the cloud tells and it matters. What was begun is not held up by it.
    #[serde(skip)]
    disk_gib: Option<u32>,
}

/// How a call goes about it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Way<'a> {
    pub(crate) dry_run: bool,
    pub(crate) vendor_dry_run: bool,
    pub(crate) best_effort: bool,
    pub(crate) no_preflight: bool,
    pub(crate) again: bool,
    pub(crate) no_wait: bool,
    pub(crate) events: bool,
    pub(crate) waiting: &'a args::Waiting,
}

pub(crate) async fn run(options: Copy) -> Result<Exit> {
    let on_end = OnEnd::of(&options.waiting);
    let ended = ended(&options, &on_end).await;
    on_end.run(ended).await
}

async fn ended(options: &Copy, on_end: &OnEnd) -> Result<Exit> {
    let simulated = Simulated::of(&options.reach).await?;
    let state = Remembered::of(&options.state, simulated.is_some()).await?;
    let stop = Stop::default();
    let clouds = Clouds::new(&options.reach, simulated.as_ref())?.stopped_by(&stop);
    let work = async {
        let (order, to) = ordered(options, &clouds, &state).await?;
        let way = Way {
            dry_run: options.dry_run,
            vendor_dry_run: options.vendor_dry_run,
            best_effort: options.best_effort,
            no_preflight: options.no_preflight,
            again: options.again,
            no_wait: options.no_wait,
            events: options.events,
            waiting: &options.waiting,
        };
        let call = Call {
            order: &order,
            way,
            clouds: &clouds,
            state: &state,
            stop: &stop,
        };
        let (outcomes, job) = call.copied(&to).await?;
        let job = job.filter(|_| state.lasts()).map(|job| job.facts().id.clone());
        on_end.keep(job.as_deref(), &outcomes);
        let again = job.map(|job| line::with_places(&job, &options.state, &options.reach, &options.reach.endpoint));
        let lines = if options.no_wait { Lines::Tasks } else { Lines::Images };
        let form = report::form(options.events, options.reach.output);
        Ok(report::write(
            &outcomes,
            form,
            lines,
            again.as_deref(),
            options.waiting.fail_if,
        ))
    };
    interrupt::guarded(&stop, work).await
}

/// The order that the options make, and where the copies go.
async fn ordered(options: &Copy, clouds: &Clouds<'_>, state: &Remembered) -> Result<(Order, Vec<Wanted>)> {
    let named = OneImage {
        image: options.image.clone(),
        to: options.from.clone(),
        project: options.project.clone(),
    };
    let place = found::place(&named, "--from", &options.reach, clouds, state.state()).await?;
    let to = destinations(&options.to, place.importer.provider())?;
    let Found { importer, image, .. } = place.find().await?;
    let disk_gib = disk_gib(&*importer, &image).await;
    let name = options.name.clone().unwrap_or_else(|| image.name.clone());
    if name.is_empty() {
        let message = format!("the cloud shows no name of the image {}", image.id);
        return Err(Error::new(ErrorKind::InvalidRequest, message).with_remedy("Use --name NAME."));
    }
    let tags = options.tag.iter().filter_map(|tag| tag.split_once('='));
    let order = Order {
        options: own_options(&options.set, image.provider)?,
        account: connect::account(image.provider, &options.reach),
        disk_gib,
        image,
        name,
        description: options.description.clone(),
        tags: tags.map(|(key, value)| (key.to_owned(), value.to_owned())).collect(),
        encryption: options
            .encrypt
            .clone()
            .map(|key| key.map_or(Encryption::ServiceKey, Encryption::Key)),
    };
    Ok((order, to))
}

/// The size of an image, where its cloud copies none that is too large. That it is not told stands against nothing.
async fn disk_gib(importer: &dyn ImageImporter, image: &ImportedImage) -> Option<u32> {
    importer.capabilities().after.copy_max_gib.value?;
    let shown = importer.image(&image.id, image.project.as_deref()).await;
    shown.ok()??.disk_gib
}

/// Regions of a cloud; one that is named twice counts once.
fn destinations(named: &[String], provider: Provider) -> Result<Vec<Wanted>> {
    let mut found: Vec<Wanted> = Vec::new();
    for text in named.iter().map(|text| text.trim()) {
        let target: Target = match text.contains('/') {
            true => text.parse()?,
            false => format!("{provider}/{text}").parse()?,
        };
        if target.provider != provider {
            let message = format!(
                "the image is in {}, and is copied to its own regions alone",
                provider.name()
            );
            return Err(Error::new(ErrorKind::InvalidRequest, message).with_remedy(format!(
                "Use --to with regions of it, or import the file to {target} too."
            )));
        }
        let wanted = Wanted::of(target);
        if found.iter().all(|other| other.label != wanted.label) {
            targets::doubt_region(&wanted);
            found.push(wanted);
        }
    }
    Ok(found)
}

impl Order {
    /// The order, in the words of the library.
    fn request(&self, dry_run: bool) -> ImportRequest {
        let request = ImportRequest::copy_of(ImageSource::from(&self.image), &self.name).dry_run(dry_run);
        let tags = self.tags.iter();
        let mut request = tags.fold(request, |request, (key, value)| request.tag(key, value));
        request.description.clone_from(&self.description);
        request.encryption.clone_from(&self.encryption);
        if !self.options.is_empty() {
            request.vendor.insert(self.image.provider, self.options.clone());
        }
        request
    }

    /// What is copied, for people.
    fn source(&self) -> String {
        self.image.to_string()
    }

    /// Where copies on record go: by the account that they were begun with, and at their endpoints, which count only when they are typed.
    pub(crate) fn recorded_places(
        &self,
        records: &[Record],
        clouds: &Clouds<'_>,
        reach: &Reach,
    ) -> Result<Vec<Wanted>> {
        let wanted = |record: &Record| {
            let mut wanted = Wanted::of(Target::new(record.provider, &record.region));
            wanted.label.clone_from(&record.target);
            wanted.fields.account = connect::account(record.provider, reach).or_else(|| self.account.clone());
            if let Some(endpoint) = &record.endpoint {
                let endpoint: Endpoint = endpoint.parse()?;
                wanted.fields.endpoint = Some(endpoint.clone());
                clouds.is_trusted(&*clouds.importer(&wanted)?, &endpoint, &reach.endpoint)?;
            }
            Ok(wanted)
        };
        records.iter().map(wanted).collect()
    }
}

/// What is kept of a copy; `None` for what an import keeps.
pub(crate) fn kept(order: &Value) -> Option<Order> {
    serde_json::from_value(order.clone()).ok().map(|Kept { copy, .. }| copy)
}

/// A call of the command.
#[derive(Clone, Copy)]
pub(crate) struct Call<'a> {
    pub(crate) order: &'a Order,
    pub(crate) way: Way<'a>,
    pub(crate) clouds: &'a Clouds<'a>,
    pub(crate) state: &'a Remembered,
    pub(crate) stop: &'a Stop,
}

impl Call<'_> {
    /// Copies the image; what came of the destinations, and the job, where there is one.
    pub(crate) async fn copied(&self, to: &[Wanted]) -> Result<(Vec<Outcome>, Option<Job>)> {
        let labels: Vec<String> = to.iter().map(|wanted| wanted.label.clone()).collect();
        let ready = self.ready(to).await?;
        self.tell(&labels, &ready);
        let refusals = ready.iter().map(Ready::refusal).collect();
        let ended = gate(&labels, refusals, self.way.best_effort);
        let goes_on = ended.iter().any(Option::is_none) && !self.way.dry_run;
        let progress: Arc<dyn Listener> = match goes_on || self.way.events {
            true => listener(self.way.events, labels.clone()),
            false => Arc::new(()),
        };
        let (mut outcomes, mut indices, mut asked) = (Vec::new(), Vec::new(), Vec::new());
        let mut publish = self.publish();
        for (index, (one, ended)) in ready.into_iter().zip(ended).enumerate() {
            let (is_told, found) = (one.made.is_ok(), one.asked(&to[index]));
            let ended = match (one.made, ended) {
                (Ok(_), None) if self.way.dry_run => {
                    outcomes.push((index, checked(&labels[index])));
                    continue;
                }
                (Ok((destination, _)), None) => {
                    indices.push(index);
                    publish = publish.to(destination);
                    asked.push(found);
                    continue;
                }
                (_, Some(ended)) => ended,
                (Err(error), None) => Ended::not_started(error),
            };
            let mut outcome = not_begun(index, &labels[index], ended, &*progress);
            outcome.is_told = is_told && !outcome.is_aside;
            outcomes.push((index, outcome));
        }
        let mut job = None;
        if !indices.is_empty() {
            let listener = Renumbered::new(progress, indices.clone());
            let done = publish.after(asked).listener(Arc::new(listener)).run().await?;
            outcomes.extend(indices.into_iter().zip(done.outcomes.into_iter().map(Outcome::from)));
            job = Some(done.job);
        }
        outcomes.sort_by_key(|(index, _)| *index);
        Ok((outcomes.into_iter().map(|(_, outcome)| outcome).collect(), job))
    }

    /// What each region comes to, and what the cloud says of it, unless it is not to be asked.
    async fn ready(&self, to: &[Wanted]) -> Result<Vec<Ready>> {
        let made = to.iter().map(|wanted| self.made(wanted));
        let mut ready: Vec<Ready> = made.map(|made| Ready { made, asked: None }).collect();
        if self.way.no_preflight {
            return Ok(ready);
        }
        let there = ready.iter().filter_map(|one| one.made.as_ref().ok());
        let publish = there.fold(self.publish(), |publish, (to, _)| publish.to(to.clone()));
        let asked = publish.preflight(&Asking::reads()).await?;
        let there = ready.iter_mut().filter(|one| one.made.is_ok());
        there.zip(asked).for_each(|(one, asked)| one.asked = Some(asked));
        Ok(ready)
    }

    /// A destination with what its cloud may refuse.
    ///
    /// # Errors
    /// What its cloud would surely refuse.
    fn made(&self, wanted: &Wanted) -> Result<(Destination, Vec<Problem>)> {
        let importer = self.clouds.importer(wanted)?;
        let request = self.order.request(self.way.vendor_dry_run);
        let mut problems = importer.validate(&request);
        let cloud = importer.capabilities();
        let too_large = |gib| copies::too_large(cloud, gib, Field::disk(0, DiskPart::Source));
        problems.extend(self.order.disk_gib.and_then(too_large));
        if problems.iter().any(Problem::is_error) {
            return Err(Error::invalid(importer.provider(), problems));
        }
        let own = Value::from(wanted.label.clone());
        let destination = Destination::new(importer)
            .label(&wanted.label)
            .order(request)
            .asked(own);
        Ok((destination, problems))
    }

    fn publish(&self) -> Publish {
        let kept = Kept {
            copy: self.order.clone(),
            simulated: self.clouds.are_simulated(),
        };
        let publish = Publish::of(Image::There(self.order.source()))
            .job_name(&self.order.name)
            .state(self.state.state().clone())
            .best_effort(true)
            .again(self.way.again)
            .wait(!self.way.no_wait)
            .waiting(waiting(self.way.waiting.timeout, self.clouds.are_simulated()))
            .stop(self.stop.clone());
        // It is always JSON.
        match serde_json::to_value(kept) {
            Ok(kept) if !self.way.vendor_dry_run => publish.asked(kept),
            _ => publish,
        }
    }

    /// Tells what is certain, and what stops nothing.
    fn tell(&self, labels: &[String], ready: &[Ready]) {
        let labels: Vec<&str> = labels.iter().map(String::as_str).collect();
        if !self.way.events {
            findings::say(&warnings(&labels, ready));
        }
        findings::say(&certain(&labels, ready));
    }
}

/// An order that was only validated.
fn checked(label: &str) -> Outcome {
    Outcome {
        state: Some("checked".to_owned()),
        ..Outcome::new(label, Status::Checked, Exit::Done)
    }
}

/// A destination that is not begun.
fn not_begun(index: usize, label: &str, ended: Ended, progress: &dyn Listener) -> Outcome {
    let outcome = publish::Outcome::new(label, ended);
    progress.on(Some(index), &Event::Over { outcome: &outcome });
    outcome.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn copies_go_to_regions_of_the_images_own_cloud() {
        let named = |text: &str| -> Result<Vec<String>> {
            let named: Vec<String> = text.split(',').map(str::to_owned).collect();
            let found = destinations(&named, Provider::ALIYUN)?;
            Ok(found.into_iter().map(|wanted| wanted.label).collect())
        };
        assert_eq!(
            named("cn-beijing, alicloud/cn-shenzhen,cn-beijing").unwrap(),
            ["aliyun/cn-beijing", "aliyun/cn-shenzhen"]
        );
        let refused = named("cn-beijing,tencent/ap-beijing").unwrap_err();
        assert!(
            refused.message().contains("Alibaba Cloud") && refused.remedy().is_some(),
            "{refused}"
        );
        assert!(named("").is_err());
    }

    #[test]
    fn what_is_kept_makes_the_same_order_again() {
        let order = Order {
            image: ImportedImage::new(Provider::ALIYUN, "cn-hangzhou", "m-1", "web"),
            name: "web-2".to_owned(),
            description: Some("d".to_owned()),
            tags: vec![("team".to_owned(), "web".to_owned())],
            encryption: Some(Encryption::Key("k".to_owned())),
            options: own_options(&[args::scope::vendor_option("aliyun.A=1").unwrap()], Provider::ALIYUN).unwrap(),
            account: None,
            disk_gib: None,
        };
        let kept_order = serde_json::to_value(Kept {
            copy: order.clone(),
            simulated: true,
        })
        .unwrap();
        assert_eq!(kept(&kept_order).unwrap().request(false), order.request(false));
        assert!(crate::asked::was_simulated(&kept_order));
        assert!(kept(&serde_json::json!({"image": "web.qcow2", "options": {}})).is_none());
        assert_ne!(order.request(true), order.request(false));
    }
    #[derive(clap::Parser)]
    struct Line {
        #[command(flatten)]
        reach: Reach,
    }

    #[test]
    fn a_record_does_not_choose_who_gets_requests() {
        let order: Order = serde_json::from_value(serde_json::json!({"name": "web", "account": "work",
            "image": {"provider": "aliyun", "region": "cn-hangzhou", "id": "m-1", "name": "web"}}))
        .unwrap();
        let record: Record = serde_json::from_value(serde_json::json!({"schema": 1, "target": "aliyun/cn-beijing",
            "provider": "aliyun", "region": "cn-beijing", "name": "web", "order": "o", "generation": 0, "step": "staged",
            "endpoint": "https://ecs.example"}))
        .unwrap();
        let places = |more: &[&str]| {
            let line = <Line as clap::Parser>::parse_from([&["it"], more].concat());
            let clouds = Clouds::new(&line.reach, None).unwrap();
            order.recorded_places(std::slice::from_ref(&record), &clouds, &line.reach)
        };
        let refused = places(&[]).unwrap_err();
        assert!(refused.message().contains("https://ecs.example"), "{refused}");
        let typed = places(&["--endpoint", "aliyun=https://ecs.example"]).unwrap();
        assert_eq!(typed[0].fields.account.as_deref(), Some("work"));
        let other = ["--endpoint", "aliyun=https://ecs.example", "--account", "aliyun=other"];
        assert_eq!(places(&other).unwrap()[0].fields.account.as_deref(), Some("other"));
    }
}
