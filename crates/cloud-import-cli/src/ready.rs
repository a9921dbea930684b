//! What each target of an order comes to before any work: where it goes, what is wrong with that offline, and what its cloud says. Sends
//! nothing but questions, and decides by what `publish` decides.

use std::sync::Arc;

use cloud_import::{
    Asking, Check, CheckOutcome, Error, Field, Pace, Problem, Provider, Result, Stop, Subject,
    publish::{Destination, Ended, Image, Job, Listener, Publish, Readiness, State, gate},
};

use crate::{
    accepted::Acknowledged,
    args::Import,
    asked,
    chosen::{self, Chosen},
    connect::Clouds,
    destination::{self, Opened},
    findings::{Finding, Severity},
    side_by_side::side_by_side,
    sparse, sums,
    targets::Wanted,
    template,
    unpack::Unpacked,
    waiting::waiting,
};

/// The targets of a call, which can be prepared for more than one image.
pub(crate) struct Targets<'a> {
    pub(crate) options: &'a Import,
    pub(crate) wanted: &'a [Wanted],
    pub(crate) clouds: &'a Clouds<'a>,
    pub(crate) state: &'a State,
    pace: Pace,
    pub(crate) stop: &'a Stop,
    /// What the file is made into on its way.
    pub(crate) chosen: Option<Chosen>,
    /// The job that is gone on with.
    pub(crate) resumed: Option<&'a Job>,
    /// The labels of those that are here for their copies alone: no other image of them is made.
    pub(crate) sources: Vec<String>,
    /// Who is told, where that is not the user.
    pub(crate) listener: Option<Arc<dyn Listener>>,
    /// The sum that the file must have.
    expected: Option<String>,
    /// The sum of the file, once it was read.
    sha256: Option<String>,
    /// What the image was unpacked to.
    _unpacked: Option<Unpacked>,
}

/// What a target comes to.
pub(crate) struct Ready {
    /// Where it goes with what the cloud may refuse, or why it cannot go there.
    pub(crate) made: Result<(Destination, Vec<Problem>)>,
    /// What its cloud says; `None` where it was not asked.
    pub(crate) asked: Option<Readiness>,
}

impl Ready {
    /// The clouds have said this. What its order names and is not there is weighed with it, where that is binding.
    fn answered(&mut self, asked: Readiness, is_binding: bool) {
        let problems = self.made.as_mut().ok().map(|(_, problems)| problems);
        let is_weighed = |problem: &mut Problem| is_binding && destination::is_of_what_is_gone(problem);
        let gone: Vec<Problem> = problems
            .into_iter()
            .flat_map(|all| all.extract_if(.., is_weighed))
            .collect();
        self.asked = Some(asked.with_problems(&gone, true));
    }

    /// Why it would be refused for certain.
    pub(crate) fn refusal(&self) -> Option<Error> {
        match &self.made {
            Err(error) => Some(error.clone()),
            Ok(_) => self.asked.as_ref()?.refusal(),
        }
    }

    /// What its cloud says: nothing where it was not asked.
    pub(crate) fn asked(&self, wanted: &Wanted) -> Readiness {
        let unasked = || Readiness::new(wanted.target.provider, Vec::new());
        self.asked.clone().unwrap_or_else(unasked)
    }

    /// What its cloud would refuse it for, for certain.
    pub(crate) fn certain(&self) -> Vec<Finding> {
        let asked = self
            .asked
            .iter()
            .filter(|asked| self.made.is_ok() && !asked.may_be_made);
        let certain = asked.flat_map(|asked| asked.checks.iter().map(|check| (check, asked.provider)));
        let certain = certain.filter(|(check, _)| check.is_certain());
        certain
            .map(|(check, provider)| Finding::of_check(check, provider, Severity::Error))
            .collect()
    }

    /// What is wrong with the order offline and stops nothing. What stands beside the image is told when it is known what goes with it.
    pub(crate) fn problems(&self) -> impl Iterator<Item = &Problem> {
        let problems = self.made.iter().flat_map(|(_, problems)| problems);
        problems.filter(|problem| problem.field != Field::Bitmap)
    }

    /// The warnings that came and are accepted; `None` where not all that may come was looked for.
    pub(crate) fn acknowledged(&self) -> Acknowledged {
        let (_, problems) = self.made.as_ref().ok()?;
        let asked = self.asked.as_ref().filter(|asked| !asked.may_be_made)?;
        let problems = problems.iter().map(|one| (&one.id, one.acknowledged));
        let checks = asked.checks.iter().map(|one| (&one.id, one.acknowledged));
        let all = problems.chain(checks).filter(|(_, acknowledged)| *acknowledged);
        Some(all.filter_map(|(id, _)| id.clone()).collect())
    }

    /// What its cloud says that stops nothing, and what it did not answer.
    pub(crate) fn warnings(&self) -> impl Iterator<Item = (&Check, Provider)> {
        let asked = self.asked.iter().filter(|_| self.made.is_ok());
        let checks = asked.flat_map(|asked| asked.checks.iter().map(|check| (check, asked.provider)));
        // Those of the order were found here, too.
        checks.filter(|(check, _)| {
            let stops_nothing = check.outcome == CheckOutcome::Warning || check.is_unanswered();
            check.what != Subject::Order && stops_nothing
        })
    }
}

impl<'a> Targets<'a> {
    /// The targets of a call, and the image that its order names.
    ///
    /// # Errors
    /// There is no such image, or its sum is to be another.
    pub(crate) async fn of(
        options: &'a Import,
        wanted: &'a [Wanted],
        clouds: &'a Clouds<'a>,
        state: &'a State,
        stop: &'a Stop,
    ) -> Result<(Self, Image)> {
        let pace = Pace::new(options.parallel, options.limit_rate);
        let said = options.expect_sha256.as_deref();
        let Opened { image, unpacked } = destination::image(&options.order, wanted, clouds, &pace, said, stop).await?;
        // Of what was unpacked, that is the sum of the packed file.
        let expected = match unpacked {
            Some(_) => None,
            None => sums::expected_of(said, &image)?,
        };
        if let (Image::File(file), None) = (&image, options.staging.convert) {
            sparse::tell(file);
        }
        let chosen = Chosen::of(options.staging.convert, &image)?;
        let targets = Self {
            options,
            wanted,
            clouds,
            state,
            pace,
            stop,
            chosen,
            resumed: None,
            sources: Vec::new(),
            listener: None,
            expected,
            sha256: None,
            _unpacked: unpacked,
        };
        Ok((targets, image))
    }

    pub(crate) fn labels(&self) -> Vec<&str> {
        self.wanted.iter().map(|wanted| wanted.label.as_str()).collect()
    }

    /// What is to be done with an image, as the options say.
    pub(crate) fn publish(&self, image: Image) -> Publish {
        let options = self.options;
        let name = self.job_name(self.wanted, &image);
        let mut publish = Publish::of(image)
            .state(self.state.clone())
            .stop(self.stop.clone())
            .pace(self.pace.clone())
            .wait(!options.no_wait)
            .waiting(waiting(options.waiting.timeout, self.clouds.are_simulated()))
            .rehash(options.rehash)
            .again(options.again)
            .replace(options.replace)
            .best_effort(options.best_effort)
            .cancel_on_stop(options.cancel_on_interrupt);
        if let Some(name) = name {
            publish = publish.job_name(name);
        }
        if let Some(expected) = &self.expected {
            publish = publish.expected_sha256(expected);
        }
        if let Some(order) = &options.asked {
            publish = publish.asked(order.clone());
        }
        if let Some(job) = self.resumed {
            publish = publish.of_job(job);
        }
        match &options.staging.bitmap {
            Some(bitmap) => publish.side_file(bitmap),
            None => publish,
        }
    }

    /// What the job is called: by the name that is said of all targets, else by the first one's. One that cannot be made is each
    /// target's own error.
    fn job_name(&self, wanted: &[Wanted], image: &Image) -> Option<String> {
        let names = wanted
            .iter()
            .flat_map(|wanted| [&wanted.common_name, &wanted.fields.name]);
        let name = names.flatten().next()?;
        template::job_name(name, destination::content(image, self.sha256.as_deref())).ok()
    }

    /// The job that one target has by itself. The file is read, where its sum is not known.
    #[cfg(feature = "fleet")]
    pub(crate) async fn identified(
        &self,
        wanted: &Wanted,
        to: &Destination,
        image: &Image,
    ) -> Result<cloud_import::publish::JobFacts> {
        let mut publish = Publish::of(image.clone())
            .state(self.state.clone())
            .stop(self.stop.clone())
            .rehash(self.options.rehash)
            .to(to.clone());
        if let Some(name) = self.job_name(std::slice::from_ref(wanted), image) {
            publish = publish.job_name(name);
        }
        if let Some(bitmap) = &self.options.staging.bitmap {
            publish = publish.side_file(bitmap);
        }
        publish.identified().await
    }

    /// Whether the image was unpacked on its way.
    #[cfg(feature = "fleet")]
    pub(crate) fn is_unpacked(&self) -> bool {
        self._unpacked.is_some()
    }

    /// The image as it will be sent. Hours may go into converting it: what is wrong already is told before.
    pub(crate) fn planned(&self, image: &Image) -> Result<Image> {
        chosen::planned(image, self.chosen)
    }

    /// Reads the sum of the file where that decides on what is sent, and says whether it does.
    ///
    /// # Errors
    /// It is not the one that was expected.
    pub(crate) async fn read_the_sum(&mut self, image: &mut Image, progress: &Arc<dyn Listener>) -> Result<bool> {
        let Image::File(file) = image else { return Ok(false) };
        if self.expected.is_none() && !self.wanted.iter().any(template::needs_content) {
            return Ok(false);
        }
        self.state.check().await?;
        file.hash(self.state, self.options.rehash, progress, self.stop).await?;
        let found = file.sha256().unwrap_or_default();
        if let Some(expected) = &self.expected {
            sums::compared(file.path(), found, expected)?;
        }
        self.sha256 = Some(found.to_owned());
        Ok(true)
    }

    /// What each target comes to for an image, and what its cloud says, unless it is not to be asked.
    pub(crate) async fn ready(&self, image: &Image) -> Result<Vec<Ready>> {
        let made = self.made(image).await.into_iter();
        let mut ready: Vec<Ready> = made.map(|made| Ready { made, asked: None }).collect();
        if self.options.no_preflight {
            return Ok(ready);
        }
        let destinations = ready.iter().filter_map(|one| one.made.as_ref().ok());
        let publish = self.publish(image.clone());
        let publish = destinations.fold(publish, |publish, (to, _)| publish.to(to.clone()));
        let asked = publish.preflight(&Asking::reads()).await?;
        let made = ready.iter_mut().filter(|one| one.made.is_ok());
        made.zip(asked)
            .for_each(|(one, asked)| one.answered(asked, !self.options.no_validate));
        Ok(ready)
    }

    /// The same for another image, into which the first was converted: the clouds have said what they say.
    pub(crate) async fn made_again(&self, ready: &mut [Ready], image: &Image) {
        let made = self.made(image).await;
        let goes_on = ready.iter_mut().zip(made).filter(|(one, _)| one.made.is_ok());
        goes_on.for_each(|(one, made)| one.made = made);
    }

    /// How each target ends before anything is begun; `None` for those that go on.
    pub(crate) fn gate(&self, ready: &[Ready]) -> Vec<Option<Ended>> {
        let refusals = ready.iter().map(Ready::refusal).collect();
        gate(&self.labels(), refusals, self.options.best_effort)
    }

    /// Where the image goes for each target, or why it cannot.
    async fn made(&self, image: &Image) -> Vec<Result<(Destination, Vec<Problem>)>> {
        let made = side_by_side(self.wanted, |wanted| self.destination(wanted, image)).await;
        let made = self.wanted.iter().zip(destination::linked(self.wanted, made));
        side_by_side(made, |(wanted, made)| self.judged(wanted, made, image)).await
    }

    async fn destination(&self, wanted: &Wanted, image: &Image) -> Result<(Destination, Vec<Problem>)> {
        let Self { options, clouds, .. } = self;
        let sha256 = self.sha256.as_deref();
        let (mut made, problems) = destination::destination(&options.order, wanted, image, sha256, clouds).await?;
        made.again = self.sources.contains(&wanted.label).then_some(false);
        made.order.dry_run = options.vendor_dry_run;
        made.order.no_validate = options.no_validate;
        made.asked = options.asked.as_ref().and_then(|_| asked::of_target(wanted));
        Ok((made, problems))
    }

    /// A destination with every problem of its order, unless one stands against it.
    async fn judged(
        &self,
        wanted: &Wanted,
        made: Result<(Destination, Vec<Problem>)>,
        image: &Image,
    ) -> Result<(Destination, Vec<Problem>)> {
        let (made, mut problems) = made?;
        let (publish, options) = (self.publish(image.clone()), self.options);
        let is_binding = |problem: &Problem| problem.is_error() && !options.no_validate;
        // Whether an image was made of what is gone now is known when it was asked for.
        let is_open = |problem: &Problem| !options.no_preflight && destination::is_of_what_is_gone(problem);
        let own = publish.problems(&made).await?;
        let is_refused = own.iter().any(is_binding) || problems.iter().any(|one| is_binding(one) && !is_open(one));
        problems.extend(own);
        if is_refused {
            return Err(Error::invalid(wanted.target.provider, problems));
        }
        Ok((made, problems))
    }
}

/// Lines for what stops nothing, of all targets.
pub(crate) fn warnings<'a>(labels: &[&'a str], ready: &[Ready]) -> Vec<(&'a str, Finding)> {
    let found = labels.iter().zip(ready).flat_map(|(label, one)| {
        let problems = one.problems().map(Finding::of_problem);
        let asked = one
            .warnings()
            .map(|(check, provider)| Finding::of_check(check, provider, Severity::Warning));
        problems.chain(asked).map(|finding| (*label, finding))
    });
    found.collect()
}

/// What each target with certain findings is refused for, of all targets.
pub(crate) fn certain<'a>(labels: &[&'a str], ready: &[Ready]) -> Vec<(&'a str, Finding)> {
    let found = labels.iter().zip(ready);
    found
        .flat_map(|(label, one)| one.certain().into_iter().map(|finding| (*label, finding)))
        .collect()
}
