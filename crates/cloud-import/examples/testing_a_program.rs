//! Tests of a program that imports images: its decisions against a fake importer, in no time, and the whole of it against a
//! simulated cloud that loses an answer. In a project of your own, these are `#[tokio::test]` functions.
//!
//! `cargo run --example testing_a_program --features testing`

#![allow(clippy::print_stdout, reason = "an example shows what happens")]

use std::{error::Error, sync::Arc, time::Duration};

use cloud_import::{
    Credentials, Disk, DiskFormat, ErrorKind, Failure, ImageImporter, ImportRequest, Os, Provider, Settings, TaskState,
    WaitOptions, connect, testing::FakeImporter, transport::HttpTransport, wait,
};
use cloud_import_sim::{Cloud, Config, Fault, FaultKind, Simulator};

type Outcome = Result<(), Box<dyn Error>>;

/// The program under test: a nightly image. An import that fails is ordered once more, and no error is swallowed.
async fn nightly(importer: &dyn ImageImporter, options: &WaitOptions) -> cloud_import::Result<String> {
    let disk = Disk::object("images", "nightly.qcow2")
        .format(DiskFormat::Qcow2)
        .size_gib(40);
    let mut order = ImportRequest::new("nightly", disk).os(Os::new("Debian", "12"));
    loop {
        let mut task = importer.start(&order).await?;
        match wait(importer, &mut task, options).await {
            Ok(image) => return Ok(image.id),
            Err(error) if error.kind() == ErrorKind::TaskFailed && order.generation == 0 => order.generation = 1,
            Err(error) => return Err(error),
        }
    }
}

fn failed() -> TaskState {
    TaskState::Failed(Failure::new(Some("E1".into()), "no boot loader"))
}

/// What the cloud says comes from a list. The fake's clock stands still, so that the wait takes no time.
async fn a_failed_import_is_ordered_once_more() -> Outcome {
    let importer = FakeImporter::new([TaskState::in_progress("Creating", Some(10)), failed()]);
    let image = nightly(&importer, &WaitOptions::default()).await?;
    assert_eq!(image, "image-1");
    assert_eq!(importer.calls(), ["start", "poll", "poll", "start", "poll"]);
    Ok(())
}

async fn but_not_twice() -> Outcome {
    let importer = FakeImporter::new([failed(), failed()]);
    let error = nightly(&importer, &WaitOptions::default())
        .await
        .err()
        .ok_or("it went on")?;
    assert_eq!((error.kind(), error.code()), (ErrorKind::TaskFailed, Some("E1")));
    assert!(error.message().contains("no boot loader"));
    Ok(())
}

/// The simulator verifies signatures and checks what is sent, so that this is also a test of settings and order.
async fn a_lost_answer_makes_no_second_image() -> Outcome {
    let config = Config::new("an-id", "a-secret").import_time(Duration::from_millis(200));
    let simulator = Simulator::start(config).await?;
    let file = b"QFI\xfb\x00\x00\x00\x03".as_slice().into();
    simulator.put_object(Cloud::Aliyun, "cn-hangzhou", "images", "nightly.qcow2", file);
    simulator.inject(
        Fault::new(FaultKind::DropAfter)
            .cloud(Cloud::Aliyun)
            .operation("ImportImage"),
    );
    let transport = HttpTransport::builder()
        .dial(simulator.address(Cloud::Aliyun))
        .build()?;
    let settings = Settings::new("cn-hangzhou")
        .credentials(Credentials::new("an-id", "a-secret"))
        .transport(Arc::new(transport));
    let importer = connect(Provider::ALIYUN, settings)?;

    let options = WaitOptions::default().intervals(Duration::from_millis(20), Duration::from_millis(50));
    nightly(&*importer, &options).await?;
    let counters = simulator.counters();
    assert_eq!(counters.requests_of(Cloud::Aliyun, "ImportImage"), 2);
    assert_eq!(counters.imports_of(Cloud::Aliyun, "nightly"), 1);
    simulator.stop().await;
    Ok(())
}

#[tokio::main]
async fn main() -> Outcome {
    a_failed_import_is_ordered_once_more().await?;
    but_not_twice().await?;
    a_lost_answer_makes_no_second_image().await?;
    println!("3 tests passed");
    Ok(())
}
