//! Five clouds at once, by one order: what a cloud cannot do is known before anything is sent, and an answer that is lost on the
//! way makes no second image.
//!
//! `cargo run --example five_clouds`, against simulated clouds on this machine.

#![allow(clippy::print_stdout, reason = "an example shows what happens")]

use std::{error::Error, sync::Arc, time::Duration};

use cloud_import::{
    Credentials, Disk, DiskFormat, Grace, ImageImporter, ImportRequest, ImportedImage, Os, Provider, Settings,
    SourceForm, Target, WaitOptions, connect, transport::HttpTransport, wait,
};
use cloud_import_sim::{Cloud, Config, Fault, FaultKind, Simulator};
use tokio::task::JoinSet;

const NAME: &str = "web-2026-11";

/// The order, with the file as this cloud wants it named: by bucket and key, or by a link.
fn order(importer: &dyn ImageImporter) -> ImportRequest {
    let by_key = importer.capabilities().sources.value.contains(&SourceForm::Object);
    let disk = match (by_key, importer.provider()) {
        (true, _) => Disk::object("images", "web.qcow2"),
        (_, Provider::JDCLOUD) => Disk::url("https://images.s3.cn-north-1.jdcloud-oss.com/web.qcow2"),
        (_, Provider::TENCENT) => Disk::url("https://images-1250000000.cos.ap-guangzhou.myqcloud.com/web.qcow2"),
        (_, _) => Disk::url("https://images.cn-bj.ufileos.com/web.qcow2"),
    };
    ImportRequest::new(NAME, disk.format(DiskFormat::Qcow2).size_gib(40)).os(Os::new("CentOS", "7.9"))
}

async fn import(importer: Box<dyn ImageImporter>) -> cloud_import::Result<ImportedImage> {
    let options = WaitOptions::default().intervals(Duration::from_millis(50), Duration::from_millis(100));
    let mut task = importer.start(&order(&*importer)).await?;
    wait(&*importer, &mut task, &options).await
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let config = Config::new("an-id", "a-secret").any_object(true);
    let simulator = Simulator::start(config.import_time(Duration::from_millis(300))).await?;
    for (cloud, start) in [(Cloud::Aliyun, "ImportImage"), (Cloud::Ucloud, "ImportCustomImage")] {
        // The cloud takes the order, and its answer never arrives.
        simulator.inject(Fault::new(FaultKind::DropAfter).cloud(cloud).operation(start));
    }

    let mut imports = JoinSet::new();
    for target in Target::all() {
        let cloud: Cloud = target.provider.id().parse()?;
        let transport = HttpTransport::builder().dial(simulator.address(cloud)).build()?;
        let settings = Settings::new(&target.region)
            .credentials(Credentials::new("an-id", "a-secret"))
            .project("org-1")
            .grace(Grace::new(Duration::from_secs(5), Duration::from_millis(100)))
            .transport(Arc::new(transport));
        let importer = connect(target.provider, settings)?;

        // Every problem at once, with field, reason and remedy; nothing is sent.
        let with_description = order(&*importer).description("x".repeat(300));
        for problem in importer.validate(&with_description) {
            println!("{problem}");
        }
        imports.spawn(import(importer));
    }
    let mut images = 0;
    while let Some(image) = imports.join_next().await {
        println!("{}", image??);
        images += 1;
    }

    assert_eq!(images, 5);
    for &cloud in Cloud::ALL {
        assert_eq!(simulator.counters().imports_of(cloud, NAME), 1, "{cloud}");
    }
    simulator.stop().await;
    Ok(())
}
