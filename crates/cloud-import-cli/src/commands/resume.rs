//! `resume` and `retry`: a job is gone on with by what is kept of its order, so that nothing is typed again. What succeeded is left
//! as it is.

use std::collections::BTreeMap;

use cloud_import::{
    Error, ErrorKind, Provider, Result, Stop,
    publish::{Job, Record, ReleaseStep, ReplaceStep, Step},
};
use serde_json::Value;

use super::{copy, import::published, wait::wait_for_all};
use crate::{
    args::{
        self, GoOn, Import,
        scope::{Scope, Scoped},
    },
    asked,
    connect::Clouds,
    exit::Exit,
    interrupt, jobs, line,
    on_end::OnEnd,
    outcome::{Outcome, Status},
    output,
    ready::Targets,
    report::{self, Lines},
    simulate::Simulated,
    state::Remembered,
    targets::Wanted,
    tasks::Named,
    waiting::{listener, waiting},
};

/// Which targets of a job are meant.
struct Meant<'a> {
    /// What failed, too.
    failed: bool,
    /// What has no result yet.
    unfinished: bool,
    /// These alone; none: any.
    to: &'a [String],
    /// Whatever came of them: another image is made.
    again: bool,
}

pub(crate) async fn resume(options: args::Resume) -> Result<Exit> {
    let meant = Meant {
        failed: false,
        unfinished: true,
        to: &[],
        again: false,
    };
    go_on(&options.jobs, &options.with, &meant).await
}

pub(crate) async fn retry(options: args::Retry) -> Result<Exit> {
    let meant = Meant {
        failed: true,
        unfinished: !options.failed,
        to: &options.to,
        again: options.again,
    };
    go_on(&options.jobs, &options.with, &meant).await
}

impl Meant<'_> {
    fn is_meant(&self, target: &Outcome) -> bool {
        let record = target.record.as_deref();
        let replaces = record.and_then(|record| record.replace.as_ref());
        let replaces = replaces.is_some_and(|plan| plan.step != ReplaceStep::Done);
        let release = record.and_then(|record| record.release.as_ref());
        let releases = release.is_some_and(|release| release.step != ReleaseStep::Done);
        let is_left = target.status == Status::Succeeded && (replaces || releases);
        let wanted = match target.status {
            Status::Failed | Status::Canceled => self.failed,
            Status::NotStarted | Status::Unknown => true,
            Status::Running => self.unfinished,
            _ => self.unfinished && is_left,
        };
        let is_trial = record.is_some_and(Record::is_dry_run);
        (wanted || self.again) && !is_trial && (self.to.is_empty() || self.to.contains(&target.target))
    }

    /// Refuses names that no target has.
    fn check(&self, sources: &[Scoped<String>], targets: &[Outcome]) -> Result<()> {
        let known: Vec<&str> = targets.iter().map(|target| target.target.as_str()).collect();
        let sources = sources.iter().filter_map(|source| match &source.scope {
            // A target that is called otherwise may be meant by its place.
            Scope::Target(name) if !name.contains('/') => Some(name),
            _ => None,
        });
        match self
            .to
            .iter()
            .chain(sources)
            .find(|name| !known.contains(&name.as_str()))
        {
            Some(name) => Err(Error::new(
                ErrorKind::InvalidRequest,
                format!("there is no target `{name}` in this job"),
            )
            .with_remedy(format!("It has these: {}.", known.join(", ")))),
            None => Ok(()),
        }
    }
}

async fn go_on(names: &[String], with: &GoOn, meant: &Meant<'_>) -> Result<Exit> {
    #[cfg(feature = "fleet")]
    if with.state.fleet.is_some() {
        return in_fleet(names, with, meant).await;
    }
    let on_end = OnEnd::of(&with.waiting);
    let ended = ended(names, with, meant, &on_end).await;
    on_end.run(ended).await
}

/// A fleet's workers go on with what is unfinished by themselves; what came to nothing they are given again.
#[cfg(feature = "fleet")]
async fn in_fleet(names: &[String], with: &GoOn, meant: &Meant<'_>) -> Result<Exit> {
    if meant.again {
        let message = "--again is nothing for a fleet";
        return Err(
            Error::new(ErrorKind::InvalidRequest, message).with_remedy("Use --state URL in the place of --fleet URL.")
        );
    }
    crate::fleet::retry(names, with, meant.to).await
}

async fn ended(names: &[String], with: &GoOn, meant: &Meant<'_>, on_end: &OnEnd) -> Result<Exit> {
    let simulated = Simulated::of(&with.reach).await?;
    let state = Remembered::of(&with.state, simulated.is_some()).await?;
    let (mut work, mut targets, mut known) = (Vec::new(), Vec::new(), Vec::new());
    for name in names {
        let job = jobs::named(state.state(), name).await?;
        known.push(job.facts().id.clone());
        let remembered = jobs::Remembered::of(&job, &state).await?.targets;
        let record = |target: &Outcome| target.record.as_deref().cloned();
        let records = remembered.iter().filter(|target| meant.is_meant(target));
        let records: Vec<Record> = records.filter_map(record).collect();
        if !records.is_empty() {
            work.push((job, records, remembered.iter().filter_map(record).collect::<Vec<_>>()));
        }
        targets.extend(remembered);
    }
    meant.check(&with.source, &targets)?;
    targets.retain(|target| meant.to.is_empty() || meant.to.contains(&target.target));
    let lines = if with.no_wait { Lines::Tasks } else { Lines::Images };
    let form = report::form(with.events, with.reach.output);
    let fail_if = with.waiting.fail_if;
    if work.is_empty() {
        output::note(&format!("nothing to do: {}", report::counts(&targets)));
        on_end.keep([], &targets);
        let again = line::with_places(&known.join(" "), &with.state, &with.reach, &with.reach.endpoint);
        return Ok(report::found(&targets, form, &again, fail_if));
    }
    let ids: Vec<String> = work.iter().map(|(job, ..)| job.facts().id.clone()).collect();
    let again = line::with_places(&ids.join(" "), &with.state, &with.reach, &with.reach.endpoint);
    let stop = Stop::default();
    let done = async {
        let mut outcomes: Vec<Outcome> = Vec::new();
        for (job, records, remembered) in work {
            let call = Call {
                job: &job,
                remembered: &remembered,
                with,
                again: meant.again,
                simulated: simulated.as_ref(),
                state: &state,
                stop: &stop,
            };
            outcomes.extend(call.done(records).await?);
        }
        outcomes.extend(targets.into_iter().filter(|target| target.status == Status::Damaged));
        on_end.keep(ids.iter().map(String::as_str), &outcomes);
        Ok(report::write(&outcomes, form, lines, Some(&again), fail_if))
    };
    interrupt::guarded(&stop, done).await
}

/// Copies of one order, and their records.
struct Copies {
    order: copy::Order,
    records: Vec<Record>,
}

/// An import that is repeated for some of its targets.
struct Repeat {
    import: Import,
    wanted: Vec<Wanted>,
    /// The labels of those that are here for their copies alone.
    sources: Vec<String>,
}

/// One job, and how it is gone on with.
struct Call<'a> {
    job: &'a Job,
    /// All that the job has on record.
    remembered: &'a [Record],
    with: &'a GoOn,
    again: bool,
    simulated: Option<&'a Simulated>,
    state: &'a Remembered,
    stop: &'a Stop,
}

impl Call<'_> {
    async fn done(&self, records: Vec<Record>) -> Result<Vec<Outcome>> {
        // An export needs neither file nor order, and is not begun from here.
        if records.iter().any(|record| record.export.is_some()) {
            return self.waited(records).await;
        }
        let runs = |record: &Record| matches!(record.step, Step::Started | Step::Succeeded) && record.task.is_some();
        // For what runs already neither the file nor the order is needed.
        if !self.again && records.iter().all(runs) {
            return self.waited(records).await;
        }
        let mut outcomes = Vec::new();
        let (copies, records) = self.copies(records)?;
        for copies in copies {
            outcomes.extend(self.copied(&copies).await?);
        }
        for Repeat {
            import,
            wanted,
            sources,
        } in self.orders(&records)?
        {
            self.check_endpoints(&import, &wanted)?;
            let clouds = Clouds::new(&import.reach, self.simulated)?.stopped_by(self.stop);
            let state = self.state.state();
            let (mut targets, image) = Targets::of(&import, &wanted, &clouds, state, self.stop).await?;
            targets.resumed = Some(self.job);
            targets.sources = sources;
            let (done, _) = published(targets, image).await?;
            outcomes.extend(done);
        }
        Ok(outcomes)
    }

    /// The copies among these records, by what is kept of their orders, and the others.
    fn copies(&self, records: Vec<Record>) -> Result<(Vec<Copies>, Vec<Record>)> {
        let orders = &self.job.facts().orders;
        let (mut copies, mut others) = (BTreeMap::<String, Copies>::new(), Vec::new());
        for record in records {
            let key = record.asked.as_ref().map(|asked| asked.order.clone());
            let order = key.and_then(|key| Some((orders.get(&key)?, key)));
            let Some((order, key, copy)) = order.and_then(|(order, key)| Some((order, key, copy::kept(order)?))) else {
                others.push(record);
                continue;
            };
            let is_simulated = self.simulated.is_some();
            if asked::was_simulated(order) != is_simulated {
                return Err(of_other_clouds(is_simulated));
            }
            let new = Copies {
                order: copy,
                records: Vec::new(),
            };
            copies.entry(key).or_insert(new).records.push(record);
        }
        Ok((copies.into_values().collect(), others))
    }

    /// Copies again, by what is kept of the order: the same order finds its records.
    async fn copied(&self, copies: &Copies) -> Result<Vec<Outcome>> {
        let (with, order) = (self.with, &copies.order);
        let clouds = Clouds::new(&with.reach, self.simulated)?.stopped_by(self.stop);
        let to = order.recorded_places(&copies.records, &clouds, &with.reach)?;
        let way = copy::Way {
            dry_run: false,
            vendor_dry_run: false,
            // Each of them was begun: what one is refused for now holds no other back.
            best_effort: true,
            no_preflight: false,
            again: self.again,
            no_wait: with.no_wait,
            events: with.events,
            waiting: &with.waiting,
        };
        let call = copy::Call {
            order,
            way,
            clouds: &clouds,
            state: self.state,
            stop: self.stop,
        };
        Ok(call.copied(&to).await?.0)
    }

    /// The imports to be repeated: one for each order that some of these were begun with.
    fn orders(&self, records: &[Record]) -> Result<Vec<Repeat>> {
        let facts = self.job.facts();
        let mut orders: BTreeMap<&str, (&Value, Vec<&Value>)> = BTreeMap::new();
        for record in records {
            let asked = record.asked.as_ref();
            let order = asked.and_then(|asked| Some((asked, facts.orders.get(&asked.order)?)));
            let (asked, order) = order.ok_or_else(|| self.order_unknown(records))?;
            orders
                .entry(&asked.order)
                .or_insert((order, Vec::new()))
                .1
                .push(&asked.target);
        }
        let orders = orders.into_values().map(|(order, mut targets)| {
            let is_simulated = self.simulated.is_some();
            if asked::was_simulated(order) != is_simulated {
                return Err(of_other_clouds(is_simulated));
            }
            let sources = self.sources(&targets);
            targets.extend(&sources);
            let (mut import, mut wanted) = asked::again(order, &targets, &self.with.source)?;
            self.take_over(&mut import, &mut wanted);
            let labels = wanted[wanted.len() - sources.len()..].iter();
            let labels = labels.map(|source| source.label.clone()).collect();
            Ok(Repeat {
                import,
                wanted,
                sources: labels,
            })
        });
        orders.collect()
    }

    /// What was asked of the targets whose images some of these copy, as far as they are not among them.
    fn sources(&self, targets: &[&Value]) -> Vec<&Value> {
        let mut sources: Vec<&Value> = Vec::new();
        let remembered = self.remembered.iter().filter_map(|record| record.asked.as_ref());
        let remembered: Vec<&Value> = remembered.map(|asked| &asked.target).collect();
        for target in targets {
            let is_its_source = |other: &&&Value| {
                let of = asked::copied_from(target);
                of.is_some() && other["label"].as_str() == of
            };
            let Some(source) = remembered.iter().find(is_its_source) else {
                continue;
            };
            if targets.iter().chain(&sources).any(|other| is_its_source(&other)) {
                continue;
            }
            sources.push(source);
        }
        sources
    }

    /// What is of this call takes the place of what was of the import's.
    fn take_over(&self, import: &mut Import, wanted: &mut [Wanted]) {
        let with = self.with;
        import.again = self.again;
        // Each of them was begun: what one is refused for now holds no other back.
        import.best_effort = true;
        import.expect_sha256.clone_from(&self.job.facts().expected_sha256);
        import.no_wait = with.no_wait;
        import.events = with.events;
        import.waiting.timeout = with.waiting.timeout;
        import.state = with.state.clone();
        import.reach.endpoint.clone_from(&with.reach.endpoint);
        import.reach.account.clone_from(&with.reach.account);
        import.reach.instance_metadata |= with.reach.instance_metadata;
        import.reach.plain_http = with.reach.plain_http;
        import.reach.simulate.clone_from(&with.reach.simulate);
        import.reach.output = with.reach.output;
        for Wanted { target, fields, .. } in wanted {
            // What is typed now counts; the endpoints of several targets of one cloud may all be typed.
            let typed = said_of(target.provider, &with.reach.endpoint);
            if fields.endpoint.as_ref().is_none_or(|own| !typed.contains(&own)) {
                fields.endpoint = typed.last().copied().cloned().or(fields.endpoint.take());
            }
            let account = said_of(target.provider, &with.reach.account).pop();
            fields.account = account.cloned().or(fields.account.take());
        }
    }

    /// A record does not choose who gets requests that are signed with the user's keys.
    fn check_endpoints(&self, import: &Import, wanted: &[Wanted]) -> Result<()> {
        let clouds = Clouds::new(&import.reach, self.simulated)?;
        for one in wanted {
            if let Some(endpoint) = crate::connect::endpoint(one, &import.reach) {
                let importer = clouds.importer(one)?;
                clouds.is_trusted(&*importer, endpoint, &self.with.reach.endpoint)?;
            }
        }
        Ok(())
    }

    async fn waited(&self, records: Vec<Record>) -> Result<Vec<Outcome>> {
        if self.with.no_wait {
            let goes_on = |record| Outcome {
                exit: Exit::Done,
                ..Outcome::recorded(record)
            };
            return Ok(records.into_iter().map(goes_on).collect());
        }
        let clouds = Clouds::new(&self.with.reach, self.simulated)?.stopped_by(self.stop);
        let waiting = waiting(self.with.waiting.timeout, self.simulated.is_some());
        let labels = records.iter().map(|record| record.target.clone()).collect();
        let progress = listener(self.with.events, labels);
        let named = vec![Named::Job(self.job.clone(), records)];
        Ok(wait_for_all(named, &clouds, &waiting, self.stop, progress).await)
    }

    /// An earlier version kept no order, and none is kept of what was typed in bytes that are no text.
    fn order_unknown(&self, records: &[Record]) -> Error {
        let facts = self.job.facts();
        let mut words = vec!["cloud-import", "import"];
        for record in records {
            words.extend(["--to", &record.target]);
        }
        words.extend(["--name", &facts.name, &facts.source]);
        let message = format!(
            "the options of the job {} are not recorded: an earlier version began it",
            facts.id
        );
        Error::new(ErrorKind::Conflict, message).with_remedy(format!(
            "Repeat its import with the options that it had: {}",
            line::of(&words)
        ))
    }
}

/// What was said about a cloud, in the order in which it was.
fn said_of<T>(provider: Provider, said: &[(Provider, T)]) -> Vec<&T> {
    let said = said.iter().filter(|(of, _)| *of == provider);
    said.map(|(_, value)| value).collect()
}

fn of_other_clouds(simulated: bool) -> Error {
    let (of, remedy) = match simulated {
        true => ("the real clouds", "Leave --simulate out."),
        false => ("simulated clouds", "Name them: --simulate=FILE."),
    };
    Error::new(ErrorKind::InvalidRequest, format!("the job was begun in {of}")).with_remedy(remedy)
}
