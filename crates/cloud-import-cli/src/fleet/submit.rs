//! `import --fleet`: what stands against an order offline is found out here; then it waits for a worker, and is followed.

use std::{collections::HashMap, sync::Arc, time::Duration};

use cloud_import::{
    Error, ErrorKind, Result, Stop,
    publish::{Ended, Image, Listener, Record},
};
use cloud_import_fleet::Order;

use super::{Fleet, follow::Follow, lasting, orders};
use crate::{
    args::Import,
    commands::import::{stopped_at_the_gate, tell, with_places},
    connect::Clouds,
    exit::Exit,
    interrupt,
    on_end::OnEnd,
    outcome::Outcome,
    output,
    ready::{Ready, Targets},
    report::{self, Lines},
    simulate::Simulated,
    targets::{self, Wanted},
    waiting::{Renumbered, listener},
};

/// How often it is looked how orders stand, in real and in simulated clouds.
pub(super) const EVERY: [Duration; 2] = [Duration::from_secs(2), Duration::from_millis(100)];

/// Submits the import of these options, and follows it.
pub(crate) async fn ended(options: &Import, on_end: &OnEnd) -> Result<Exit> {
    lasting(&options.reach)?;
    let wanted = targets::wanted(&options.order, &options.staging, &options.reach)?;
    orders::check(options, &wanted)?;
    let simulated = Simulated::of(&options.reach).await?;
    let fleet = Fleet::open(options.state.fleet.as_deref(), 1).await?;
    let stop = Stop::default();
    let call = Call {
        options,
        wanted: &wanted,
        fleet: &fleet,
        stop: &stop,
        on_end,
    };
    interrupt::guarded(&stop, call.done(simulated.as_ref())).await
}

/// One import.
struct Call<'a> {
    options: &'a Import,
    wanted: &'a [Wanted],
    fleet: &'a Fleet,
    stop: &'a Stop,
    on_end: &'a OnEnd,
}

impl Call<'_> {
    async fn done(&self, simulated: Option<&Simulated>) -> Result<Exit> {
        let options = self.options;
        let clouds = Clouds::new(&options.reach, simulated)?.stopped_by(self.stop);
        let state = self.fleet.state.state();
        let (mut targets, mut image) = Targets::of(options, self.wanted, &clouds, state, self.stop).await?;
        if targets.is_unpacked() {
            let message = "a packed file is unpacked by each worker anew, and at each of its looks";
            return Err(Error::new(ErrorKind::InvalidRequest, message).with_remedy("Unpack it first."));
        }
        let labels = targets.labels().into_iter().map(str::to_owned).collect();
        let progress = listener(options.events, labels);
        let mut ready = targets.ready(&image).await?;
        tell(options, &targets, &ready);
        if targets.gate(&ready).iter().any(Option::is_none) {
            if let Image::File(file) = &mut image {
                file.hash(state, options.rehash, &progress, self.stop).await?;
            }
            if targets.read_the_sum(&mut image, &progress).await? {
                targets.made_again(&mut ready, &image).await;
            }
        }
        let ended = targets.gate(&ready);
        let (indices, orders, mut outcomes) = self.orders(&targets, &image, ready, ended, &progress).await?;
        let keys: Vec<String> = orders.iter().map(Order::key).collect();
        // An earlier wish to cancel them is over.
        self.fleet.notices.withdraw(&keys).await?;
        self.fleet.queue.add_many(&orders).await?;
        outcomes.extend(indices.iter().copied().zip(match options.no_wait {
            true => orders.iter().map(submitted).collect(),
            false => {
                let listener = Arc::new(Renumbered::new(progress, indices.clone()));
                self.followed(&orders, listener, simulated.is_some()).await
            }
        }));
        outcomes.sort_by_key(|(index, _)| *index);
        let outcomes: Vec<Outcome> = outcomes.into_iter().map(|(_, outcome)| outcome).collect();
        Ok(self.written(&outcomes, &orders))
    }

    async fn followed(&self, orders: &[Order], listener: Arc<dyn Listener>, simulated: bool) -> Vec<Outcome> {
        let follow = Follow {
            queue: &self.fleet.queue,
            state: self.fleet.state.state(),
            stop: self.stop,
            orders,
            listener,
            every: EVERY[usize::from(simulated)],
            limit: self.options.waiting.timeout,
        };
        follow.followed().await
    }

    /// The orders of the targets that nothing stands against, by their places among all, and what came of the others.
    async fn orders(
        &self,
        targets: &Targets<'_>,
        image: &Image,
        ready: Vec<Ready>,
        ended: Vec<Option<Ended>>,
        progress: &Arc<dyn Listener>,
    ) -> Result<(Vec<usize>, Vec<Order>, Vec<(usize, Outcome)>)> {
        let (mut indices, mut orders, mut outcomes) = (Vec::new(), Vec::new(), Vec::new());
        let mut known: HashMap<String, Vec<Record>> = HashMap::new();
        for (index, (one, ended)) in ready.into_iter().zip(ended).enumerate() {
            let wanted = &self.wanted[index];
            let is_told = one.made.is_ok();
            let ended = match (one.made, ended) {
                (Ok((to, _)), None) => {
                    let facts = targets.identified(wanted, &to, image).await?;
                    if !known.contains_key(&facts.id) {
                        let state = self.fleet.state.state();
                        state.announce(&facts).await?;
                        known.insert(facts.id.clone(), state.records_of(&facts.id).await?);
                    }
                    let mut own = known.get(&facts.id).into_iter().flatten();
                    let own = own.find(|record| record.target == wanted.label);
                    let sha256 = facts.sha256.as_deref();
                    let mut order = orders::order(self.options, wanted, &facts.id, sha256, own)?;
                    order.rank = u16::try_from(orders.len()).unwrap_or(u16::MAX);
                    orders.push(order);
                    indices.push(index);
                    continue;
                }
                (_, Some(ended)) => ended,
                (Err(error), None) => Ended::not_started(error),
            };
            outcomes.push((index, stopped_at_the_gate((index, wanted), ended, is_told, &**progress)));
        }
        Ok((indices, orders, outcomes))
    }

    fn written(&self, outcomes: &[Outcome], orders: &[Order]) -> Exit {
        let options = self.options;
        let mut jobs: Vec<&str> = orders.iter().map(|order| order.job.as_str()).collect();
        jobs.dedup();
        self.on_end.keep(jobs.iter().copied(), outcomes);
        let again = (!jobs.is_empty()).then(|| with_places(&jobs.join(" "), options, self.wanted));
        let form = report::form(options.events, options.reach.output);
        match (options.no_wait, again) {
            (true, Some(again)) => {
                let exit = report::write(outcomes, form, Lines::States, None, options.waiting.fail_if);
                output::note(&format!("to look: cloud-import show {again}"));
                exit
            }
            (_, again) => report::write(outcomes, form, Lines::Images, again.as_deref(), options.waiting.fail_if),
        }
    }
}

/// An order that nobody waits for.
fn submitted(order: &Order) -> Outcome {
    Outcome::aside(&order.target, "submitted".to_owned())
}
