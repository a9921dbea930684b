//! Limits at their edges: a table written by hand from the vendors' documents, and both the validation and the simulator's
//! rules held against it.
//!
//! `Error`: all sources agree, so the order is refused before anything is sent, and the cloud would refuse it too.
//! `Warning`: sources differ or none settles it; the order may be sent. `Fine`: no word about it, and the cloud takes it.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail by panicking, too")]
#![expect(clippy::print_stdout, reason = "the figures, for who asks for them with --nocapture")]

mod systems;
mod words;

use std::sync::Arc;

use cloud_import::{
    Credentials, Disk, DiskFormat, ImageImporter, ImportRequest, Os, Provider, RetryPolicy, Settings,
    transport::HttpTransport,
};
use cloud_import_sim::{Cloud, Config, Simulator};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verdict {
    Fine,
    Warning,
    Error,
}
use Verdict::{Error, Fine, Warning};

/// What is varied.
#[derive(Debug, Clone, Copy)]
enum Field {
    /// A name of so many letters.
    NameLength,
    /// A description of so many letters.
    DescriptionLength,
    /// A system disk of so many GiB.
    SystemDisk,
    /// So many tags.
    Tags,
    /// A tag key of so many letters.
    TagKey,
    /// A tag value of so many letters.
    TagValue,
}
use Field::{DescriptionLength, NameLength, SystemDisk, TagKey, TagValue, Tags};

/// A limit's edges and where they are documented.
struct Row {
    cloud: Provider,
    field: Field,
    edges: &'static [(usize, Verdict)],
    source: &'static str,
}

const fn row(cloud: Provider, field: Field, edges: &'static [(usize, Verdict)], source: &'static str) -> Row {
    Row {
        cloud,
        field,
        edges,
        source,
    }
}

/// The marker that an importer puts behind a description: a blank, brackets and 19 characters.
const MARKER: usize = 22;

static TABLE: &[Row] = &[
    row(
        Provider::JDCLOUD,
        NameLength,
        &[(0, Error), (1, Fine), (32, Fine), (33, Error)],
        "General_Parameters",
    ),
    row(
        Provider::JDCLOUD,
        DescriptionLength,
        &[(0, Fine), (256, Fine), (257, Error)],
        "General_Parameters",
    ),
    row(
        Provider::JDCLOUD,
        SystemDisk,
        &[
            (30, Error),
            (39, Error),
            (40, Fine),
            (45, Error),
            (500, Fine),
            (501, Error),
            (510, Error),
        ],
        "importImage",
    ),
    row(
        Provider::TENCENT,
        NameLength,
        &[(0, Error), (1, Fine), (60, Fine), (61, Error)],
        "ImportImage",
    ),
    row(
        Provider::TENCENT,
        DescriptionLength,
        &[(0, Fine), (256 - MARKER, Fine), (257 - MARKER, Error)],
        "ImportImage; the marker is in it",
    ),
    row(
        Provider::HUAWEI,
        NameLength,
        &[(0, Error), (1, Fine), (128, Fine), (129, Error)],
        "OTC, API definition",
    ),
    row(
        Provider::HUAWEI,
        DescriptionLength,
        &[(0, Fine), (1024, Fine), (1025, Error)],
        "quick import",
    ),
    row(
        Provider::HUAWEI,
        SystemDisk,
        &[(0, Error), (39, Warning), (40, Fine), (1024, Fine), (1025, Error)],
        "CreateImage: 40 in one edition, 1 in another",
    ),
    row(
        Provider::HUAWEI,
        Tags,
        &[(0, Fine), (10, Fine), (11, Warning)],
        "OTC only",
    ),
    row(
        Provider::ALIYUN,
        NameLength,
        &[(1, Error), (2, Fine), (128, Fine), (129, Error)],
        "ImportImage",
    ),
    row(
        Provider::ALIYUN,
        DescriptionLength,
        &[(1, Warning), (2, Fine), (256, Fine), (257, Error)],
        "ImportImage: minimum in the newer text only",
    ),
    row(
        Provider::ALIYUN,
        SystemDisk,
        &[
            (0, Error),
            (1, Warning),
            (5, Fine),
            (500, Fine),
            (501, Warning),
            (2048, Warning),
            (2049, Error),
        ],
        "SDK 1 to 2048, seed 5 to 500",
    ),
    row(
        Provider::ALIYUN,
        Tags,
        &[(0, Fine), (20, Fine), (21, Error)],
        "ImportImage",
    ),
    row(
        Provider::ALIYUN,
        TagKey,
        &[(1, Fine), (128, Fine), (129, Error)],
        "ImportImage",
    ),
    row(
        Provider::ALIYUN,
        TagValue,
        &[(0, Fine), (128, Fine), (129, Error)],
        "ImportImage",
    ),
    row(
        Provider::UCLOUD,
        NameLength,
        &[(0, Error), (1, Fine), (63, Fine), (64, Error)],
        "specification",
    ),
    row(
        Provider::UCLOUD,
        DescriptionLength,
        &[(0, Fine), (255 - MARKER, Fine), (256 - MARKER, Error)],
        "specification; the marker is in it",
    ),
];

/// Names of fields that a problem of the varied field may carry.
fn problem_fields(field: Field) -> &'static [&'static str] {
    match field {
        NameLength => &["name"],
        DescriptionLength => &["description"],
        SystemDisk => &["disks[0].size_gib"],
        Tags | TagKey | TagValue => &["tags"],
    }
}

fn order(cloud: Provider, field: Field, value: usize) -> ImportRequest {
    let disk = match cloud {
        Provider::JDCLOUD => Disk::url("https://b.s3-internal.cn-north-1.jdcloud-oss.com/k.qcow2"),
        Provider::TENCENT => Disk::url("https://b-1250000000.cos.ap-guangzhou.myqcloud.com/k.qcow2"),
        Provider::UCLOUD => Disk::url("https://b.cn-bj.ufileos.com/k.qcow2"),
        _ => Disk::object("images", "k.qcow2"),
    };
    let sized = !matches!(cloud, Provider::TENCENT | Provider::UCLOUD);
    let disk = disk.format(DiskFormat::Qcow2);
    let size = u32::try_from(value).unwrap();
    let disk = match field {
        SystemDisk => disk.size_gib(size),
        _ if sized => disk.size_gib(40),
        _ => disk,
    };
    let mut order = ImportRequest::new("name", disk).os(Os::new("CentOS", "7"));
    match field {
        NameLength => order.name = "n".repeat(value),
        DescriptionLength => order.description = Some("d".repeat(value)),
        Tags => {
            order.tags = (0..value)
                .map(|number| (format!("k{number}"), "v".to_owned()))
                .collect()
        }
        TagKey => order = order.tag("k".repeat(value), "v"),
        TagValue => order = order.tag("k", "v".repeat(value)),
        SystemDisk => {}
    }
    order
}

fn importer(cloud: Provider, simulator: &Simulator) -> Box<dyn ImageImporter> {
    let address = simulator.address(cloud.id().parse::<Cloud>().unwrap());
    let region = cloud_import::capabilities(cloud).unwrap().default_region;
    let settings = Settings::new(region)
        .credentials(Credentials::new("an-access-key", "a-secret-key"))
        .transport(Arc::new(HttpTransport::builder().dial(address).build().unwrap()))
        .retry(RetryPolicy::none());
    cloud_import::connect(cloud, settings).unwrap()
}

async fn simulator() -> Simulator {
    let config = Config::new("an-access-key", "a-secret-key").any_object(true);
    let config = Cloud::ALL
        .iter()
        .fold(config, |config, &cloud| config.quota(cloud, u32::MAX));
    Simulator::start(config).await.unwrap()
}

#[tokio::test]
async fn validation_and_simulator_agree_with_the_documents() {
    let mut checked = 0;
    for row in TABLE {
        for (value, verdict) in row.edges {
            let at = format!("{} {:?} {value} ({})", row.cloud, row.field, row.source);
            // A fresh one each: names are unique in three clouds.
            let simulator = simulator().await;
            let importer = importer(row.cloud, &simulator);
            let mut order = order(row.cloud, row.field, *value);

            let problems = importer.validate(&order);
            let of_field = |problem: &&cloud_import::Problem| {
                problem_fields(row.field)
                    .iter()
                    .any(|field| problem.field.to_string().starts_with(field))
            };
            let found: Vec<_> = problems.iter().filter(of_field).collect();
            let said = if found.iter().any(|problem| problem.is_error()) {
                Error
            } else if found.is_empty() {
                Fine
            } else {
                Warning
            };
            assert_eq!(said, *verdict, "{at}: {problems:?}");
            assert!(
                found.iter().all(|problem| problem.remedy.is_some()),
                "{at}: {problems:?}"
            );

            order.no_validate = true;
            let started = importer.start(&order).await;
            match verdict {
                Fine => assert!(started.is_ok(), "{at}: the simulator refuses it: {started:?}"),
                Error => {
                    let error = started.expect_err(&at);
                    assert!(!error.may_have_executed(), "{at}: {error}");
                    let imports: u64 = simulator.images(row.cloud.id().parse().unwrap()).len() as u64;
                    assert_eq!(imports, 0, "{at}");
                }
                Warning => {}
            }
            simulator.stop().await;
            checked += 1;
        }
    }
    println!("{checked} edges of {} limits", TABLE.len());
    assert!(checked >= 65, "only {checked}");
}
