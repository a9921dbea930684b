//! An import that outlives its process. The first process records the task before it sends the order, sends it, and dies before
//! the answer is written down; the second goes on with what is recorded, and there is one image.
//!
//! `cargo run --example resume`, against a simulated cloud on this machine. It runs itself twice more, as the two processes.

#![allow(clippy::print_stdout, reason = "an example shows what happens")]

use std::{env, error::Error, fs, net::SocketAddr, path::Path, process, sync::Arc, time::Duration};

use cloud_import::{
    Credentials, Disk, DiskFormat, ImportRequest, ImportTask, Os, Provider, Settings, WaitOptions, connect, connect_to,
    transport::HttpTransport, wait,
};
use cloud_import_sim::{Cloud, Config, Simulator};
use serde::{Deserialize, Serialize};

/// What is stored: both are plain data, without secrets.
#[derive(Serialize, Deserialize)]
struct Record {
    order: ImportRequest,
    task: ImportTask,
}

type Outcome = Result<(), Box<dyn Error>>;

fn settings(cloud: SocketAddr) -> cloud_import::Result<Settings> {
    let transport = HttpTransport::builder().dial(cloud).build()?;
    Ok(Settings::new("ap-guangzhou")
        .credentials(Credentials::new("an-id", "a-secret"))
        .transport(Arc::new(transport)))
}

/// The first process: prepare, store, send, and gone.
async fn first(cloud: SocketAddr, file: &Path) -> Outcome {
    let importer = connect(Provider::TENCENT, settings(cloud)?)?;
    let disk = Disk::url("https://images-1250000000.cos.ap-guangzhou.myqcloud.com/web.qcow2").format(DiskFormat::Qcow2);
    let order = ImportRequest::new("web", disk).os(Os::new("CentOS", "7.9"));
    let prepared = importer.prepare(&order)?;
    let task = prepared.task().clone();
    fs::write(file, serde_json::to_vec(&Record { order, task })?)?;
    importer.submit(prepared).await?;
    process::abort() // as by a power failure: the answer is in nobody's memory
}

/// The second process: it finds the import by what is stored, and waits for it.
async fn second(cloud: SocketAddr, file: &Path) -> Outcome {
    let Record { order, task } = serde_json::from_slice(&fs::read(file)?)?;
    let importer = connect_to(&task, settings(cloud)?)?;
    let mut task = importer.resume(&order, task).await?;
    let options = WaitOptions::default().intervals(Duration::from_millis(50), Duration::from_millis(100));
    println!("{}", wait(&*importer, &mut task, &options).await?);
    Ok(())
}

/// The cloud, and whoever starts the two processes.
async fn both() -> Outcome {
    let config = Config::new("an-id", "a-secret").any_object(true);
    let simulator = Simulator::start(config.import_time(Duration::from_millis(300))).await?;
    let cloud = simulator.address(Cloud::Tencent).to_string();
    let file = env::temp_dir().join(format!("cloud-import-resume-{}.json", process::id()));
    let run = |role: &'static str| {
        let (cloud, file) = (cloud.clone(), file.clone());
        tokio::task::spawn_blocking(move || {
            process::Command::new(env::current_exe()?)
                .args([role, &cloud])
                .arg(file)
                .status()
        })
    };

    assert!(!run("first").await??.success(), "the first process died");
    assert!(run("second").await??.success(), "the second went on");
    assert_eq!(simulator.counters().imports_of(Cloud::Tencent, "web"), 1);

    fs::remove_file(file)?;
    simulator.stop().await;
    Ok(())
}

#[tokio::main]
async fn main() -> Outcome {
    let arguments: Vec<String> = env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["first", cloud, file] => first(cloud.parse()?, file.as_ref()).await,
        ["second", cloud, file] => second(cloud.parse()?, file.as_ref()).await,
        _ => both().await,
    }
}
