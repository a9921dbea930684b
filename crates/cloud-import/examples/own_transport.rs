//! A transport of the program's own: it records what a simulated cloud answers, and plays it back without any network, by a clock
//! that stands still. The same place is where a program counts, traces or forwards requests.
//!
//! `cargo run --example own_transport --features testing`, against a simulated cloud on this machine.

#![allow(clippy::print_stdout, reason = "an example shows what happens")]

use std::{
    collections::VecDeque,
    error::Error,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use cloud_import::{
    BoxFuture, Bytes, Credentials, Disk, DiskFormat, ImportRequest, ImportedImage, Os, Provider, Settings, WaitOptions,
    connect,
    env::Env,
    http::{Request, Response},
    testing::Frozen,
    transport::{HttpTransport, Transport, TransportError, TransportErrorKind},
    wait,
};
use cloud_import_sim::{Cloud, Config, Simulator};

/// Answers from the network and keeps what came, or, without a network, from what was kept.
#[derive(Debug, Default)]
struct Tape {
    network: Option<HttpTransport>,
    answers: Mutex<VecDeque<Response<Bytes>>>,
}

impl Tape {
    fn answers(&self) -> std::sync::MutexGuard<'_, VecDeque<Response<Bytes>>> {
        self.answers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Transport for Tape {
    fn send(&self, request: Request<Bytes>) -> BoxFuture<'_, Result<Response<Bytes>, TransportError>> {
        Box::pin(async move {
            let Some(network) = &self.network else {
                let answer = self.answers().pop_front();
                // `Refused`: the request did not leave, so that it may be sent again.
                return answer.ok_or_else(|| TransportError::new(TransportErrorKind::Refused, "the tape is over"));
            };
            println!("{} {}", request.method(), request.uri().path());
            let answer = network.send(request).await?;
            self.answers().push_back(answer.clone());
            Ok(answer)
        })
    }
}

async fn import(transport: Arc<Tape>, env: Arc<dyn Env>) -> cloud_import::Result<ImportedImage> {
    let settings = Settings::new("cn-bj2")
        .credentials(Credentials::new("an-id", "a-secret"))
        .project("org-1")
        .transport(transport)
        .env(env);
    let importer = connect(Provider::UCLOUD, settings)?;
    let disk = Disk::url("https://images.cn-bj.ufileos.com/web.qcow2").format(DiskFormat::Qcow2);
    let order = ImportRequest::new("web", disk).os(Os::new("CentOS", "7.9"));
    let mut task = importer.start(&order).await?;
    let options = WaitOptions::default().intervals(Duration::from_millis(50), Duration::from_millis(100));
    wait(&*importer, &mut task, &options).await
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let config = Config::new("an-id", "a-secret").any_object(true);
    let simulator = Simulator::start(config.import_time(Duration::from_millis(300))).await?;
    let network = HttpTransport::builder()
        .dial(simulator.address(Cloud::Ucloud))
        .build()?;
    let recorder = Arc::new(Tape {
        network: Some(network),
        ..Tape::default()
    });
    let recorded = import(recorder.clone(), Arc::new(cloud_import::env::SystemEnv)).await?;
    simulator.stop().await; // from here on there is no cloud

    let answers = Mutex::new(std::mem::take(&mut *recorder.answers()));
    let player = Arc::new(Tape { network: None, answers });
    let clock = Arc::new(Frozen::at("2026-11-29T10:00:00Z", "a-nonce"));
    let played = import(player.clone(), clock.clone()).await?;
    println!("{played}, after {:?} that took no time", clock.slept());
    assert_eq!(recorded, played);
    assert!(player.answers().is_empty() && !clock.slept().is_zero());
    Ok(())
}
