//! Credentials from a place of the program's own, such as a vault: temporary keys with an end, kept until they are to be
//! refreshed, so that the vault is not asked for every request.
//!
//! `cargo run --example own_credentials`, against a simulated cloud on this machine.

#![allow(clippy::print_stdout, reason = "an example shows what happens")]

use std::{
    error::Error,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use cloud_import::{
    BoxFuture, CredentialSource, Credentials, Disk, DiskFormat, ErrorKind, ImportRequest, Os, Provider, Settings,
    WaitOptions, connect,
    credentials::cached,
    env::{Env as _, SystemEnv},
    transport::HttpTransport,
    wait,
};
use cloud_import_sim::{Cloud, Config, Simulator};

/// Gives keys for an hour, and counts how often it was asked.
#[derive(Default)]
struct Vault {
    asked: AtomicU32,
    is_sealed: bool,
}

impl CredentialSource for Vault {
    fn credentials(&self) -> BoxFuture<'_, cloud_import::Result<Credentials>> {
        Box::pin(async {
            self.asked.fetch_add(1, Ordering::SeqCst);
            if self.is_sealed {
                let error = cloud_import::Error::new(ErrorKind::Credentials, "the vault is sealed");
                return Err(error.with_remedy("Unseal it."));
            }
            let end = SystemEnv.now() + Duration::from_secs(3600);
            Ok(Credentials::temporary("an-id", "a-secret", "a-token").expiring_at(end))
        })
    }

    fn describe(&self) -> cloud_import::Result<String> {
        Ok("the vault, path images/aliyun".to_owned())
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let config = Config::new("an-id", "a-secret")
        .security_token("a-token")
        .any_object(true);
    let simulator = Simulator::start(config.import_time(Duration::from_millis(300))).await?;
    let transport = HttpTransport::builder()
        .dial(simulator.address(Cloud::Aliyun))
        .build()?;
    let settings = Settings::new("cn-hangzhou").transport(Arc::new(transport));
    let disk = Disk::object("images", "web.qcow2")
        .format(DiskFormat::Qcow2)
        .size_gib(40);
    let order = ImportRequest::new("web", disk).os(Os::new("CentOS", "7.9"));

    // Several clients may share one source.
    let vault = Arc::new(Vault::default());
    let keys = Arc::new(cached(vault.clone()));
    println!("keys come from {}", keys.describe()?);
    let importer = connect(Provider::ALIYUN, settings.clone().credential_source(keys))?;
    let mut task = importer.start(&order).await?;
    let options = WaitOptions::default().intervals(Duration::from_millis(50), Duration::from_millis(100));
    let image = wait(&*importer, &mut task, &options).await?;
    let requests: u64 = simulator.counters().requests[&Cloud::Aliyun].values().sum();
    println!("{image}, after {requests} requests and one look into the vault");
    assert_eq!((requests > 2, vault.asked.load(Ordering::SeqCst)), (true, 1));

    // What the source says when it has none is what the caller reads; nothing was sent.
    let sealed = Arc::new(Vault {
        is_sealed: true,
        ..Vault::default()
    });
    let importer = connect(Provider::ALIYUN, settings.credential_source(sealed))?;
    let error = importer.start(&order.generation(1)).await.err().ok_or("it had keys")?;
    println!("{error}");
    assert_eq!(
        (error.kind(), error.may_have_executed()),
        (ErrorKind::Credentials, false)
    );

    simulator.stop().await;
    Ok(())
}
