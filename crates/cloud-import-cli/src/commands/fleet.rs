//! `fleet`: a worker that carries out the orders of a fleet; and the import that leaves its work to one.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use cloud_import::{
    Result, Stop,
    env::{Env as _, SystemEnv},
};
use cloud_import_fleet::{Queue, Recovery, Serving, Step, flags};
use futures_util::{StreamExt as _, stream::FuturesUnordered};
use tokio::{sync::mpsc, task::JoinSet};

use crate::{
    args::{self, FleetVerb, HTTP, Import},
    connect::Clouds,
    exit::Exit,
    fleet::{
        self, Fleet, Limits, Watched, Worker,
        http::{self, Answers, Listening},
    },
    interrupt::Signals,
    on_end::OnEnd,
    output,
    simulate::Simulated,
};

/// How long what was sent may take to be answered after a signal, and then to be recorded: half a minute in all.
const PATIENCE: [Duration; 2] = [Duration::from_secs(20), Duration::from_secs(5)];

/// How long a worker rests whose database failed.
const REST: Duration = Duration::from_secs(2);

/// How often it is looked whether anything is left.
const LOOK: Duration = Duration::from_millis(300);

pub(crate) async fn run(options: args::Fleet) -> Result<Exit> {
    match options.verb {
        FleetVerb::Serve => serve(&options).await,
        FleetVerb::Health => health(&options).await,
    }
}

/// Asks a worker of this machine how it is.
async fn health(options: &args::Fleet) -> Result<Exit> {
    let path = if options.alive { "/healthz" } else { "/readyz" };
    output::result(&http::asked(options.http.unwrap_or(HTTP), path).await?);
    Ok(Exit::Done)
}

/// `import --fleet`.
pub(crate) async fn import(mut options: Import) -> Result<Exit> {
    let on_end = OnEnd::of(&options.waiting);
    // The workers ask, who have the keys.
    options.no_preflight = true;
    let ended = fleet::ended(&options, &on_end).await;
    on_end.run(ended).await
}

async fn serve(options: &args::Fleet) -> Result<Exit> {
    fleet::lasting(&options.reach)?;
    let simulated = Simulated::of(&options.reach).await?;
    let slots = usize::from(options.slots.get());
    let serving = Serving {
        flags: flags(&options.serves, simulated.is_some())?,
        slots,
        recovery: Recovery {
            heartbeat: options.heartbeat,
            sweep: options.sweep,
            threshold: options.threshold,
        },
        grace: PATIENCE[0] + PATIENCE[1],
    };
    let url = options.fleet.as_deref().unwrap_or_default();
    let fleet = Fleet::open(Some(url), slots).await?;
    let stop = Stop::default();
    let watched = Arc::new(Watched::new(slots, &stop));
    let answers = Answers::new(url, fleet.state.state(), &fleet.queue, &watched)?;
    let _answering = answering(options.http, answers, &fleet.queue, &watched).await?;
    let clouds = Clouds::new(&options.reach, simulated.as_ref())?.stopped_by(&stop);
    let limits = Limits::new(&fleet.records, &options.per_account);
    let worker = Worker::new(&options.reach, &clouds, &fleet, limits, &stop);
    output::note(&format!("serving {} with {slots} slots", serving.flags.join(", ")));
    let work = served(&worker, &fleet.queue, &serving, (&stop, &watched));
    let mut signals = Signals::new()?;
    tokio::pin!(work);
    tokio::select! {
        () = &mut work => return Ok(Exit::Done),
        () = drained(options.drain, &fleet.queue, &serving, &stop) => {}
        () = signals.next() => output::say("stopping: finishing what was sent, starting nothing new"),
    }
    stop.request();
    let patience = async {
        SystemEnv.sleep(PATIENCE[0]).await;
        stop.press();
        SystemEnv.sleep(PATIENCE[1]).await;
    };
    // Whatever is left by then is on record, and another worker's.
    tokio::select! {
        () = &mut work => {}
        () = signals.next() => {}
        () = patience => {}
    }
    Ok(Exit::Done)
}

/// Answers who asks, where that is wanted, for as long as the value is there.
async fn answering(
    address: Option<SocketAddr>,
    answers: Answers,
    queue: &Queue,
    watched: &Arc<Watched>,
) -> Result<JoinSet<()>> {
    let mut tasks = JoinSet::new();
    let Some(address) = address else { return Ok(tasks) };
    let listening = Listening::at(address).await?;
    if let Some(address) = listening.address() {
        output::note(&format!("answering at http://{address}/"));
    }
    tasks.spawn(listening.answer(Arc::new(answers)));
    let (queue, watched) = (queue.clone(), Arc::clone(watched));
    tasks.spawn(async move { watched.kept(&queue).await });
    Ok(tasks)
}

/// Works until it is stopped. The engine hands out; the orders are worked on here, side by side.
async fn served(worker: &Worker<'_>, queue: &Queue, serving: &Serving, (stop, watched): (&Stop, &Watched)) {
    let (to, mut steps) = mpsc::channel(serving.slots);
    let mut running = FuturesUnordered::new();
    let engine = handed_out(queue, serving, to, (stop, watched));
    let listening = worker.listen();
    tokio::pin!(engine, listening);
    loop {
        watched.is_busy_with(running.len());
        tokio::select! {
            () = &mut engine => return,
            () = &mut listening => {}
            Some(step) = steps.recv() => running.push(stepped(worker, step)),
            Some(()) = running.next(), if !running.is_empty() => {}
        }
    }
}

async fn stepped(worker: &Worker<'_>, step: Step) {
    let next = worker.step(step.order.clone()).await;
    step.done(next);
}

/// Hands out orders. A database that is away is waited for: what runs in the clouds goes on.
async fn handed_out(queue: &Queue, serving: &Serving, to: mpsc::Sender<Step>, (stop, watched): (&Stop, &Watched)) {
    loop {
        watched.takes(Ok(()));
        let Err(error) = queue.serve(serving, to.clone(), stop).await else {
            return;
        };
        watched.takes(Err(&error));
        if stop.is_requested() {
            return;
        }
        output::say(&format!("{error}: waiting for it"));
        tokio::select! {
            () = SystemEnv.sleep(REST) => {}
            () = stop.requested() => return,
        }
    }
}

/// Returns once no order is left that is served here; never, where that is not wanted.
async fn drained(is_wanted: bool, queue: &Queue, serving: &Serving, stop: &Stop) {
    while is_wanted && !stop.is_requested() {
        if queue.open_orders(&serving.flags).await.is_ok_and(|many| many == 0) {
            return;
        }
        SystemEnv.sleep(LOOK).await;
    }
    std::future::pending().await
}
