//! What an order becomes in UCloud's words, and what is said of one that cannot be written in them.

use std::sync::Arc;

use cloud_import_core::{
    Architecture, BootMode, Disk, DiskFormat, ErrorKind, ImageImporter as _, ImportRequest, Os, Problem, Provider,
    Severity, build, testing::Scripted,
};
use insta::assert_json_snapshot;
use serde_json::json;
use ucloud_uhost_import::{Importer, Options};

use super::importer::order;

fn importer() -> Importer {
    Importer::new(super::client(&Arc::new(Scripted::default())))
}

fn found<'a>(problems: &'a [Problem], field: &str, severity: Severity) -> Option<&'a Problem> {
    problems
        .iter()
        .find(|problem| problem.field == field && problem.severity == severity)
}

#[test]
fn every_field_has_its_place() {
    let order = order()
        .architecture(Architecture::I386)
        .boot_mode(BootMode::Bios)
        .description("a web server")
        .project("org-2")
        .vendor(
            Provider::UCLOUD,
            &build!(Options {
                tag: Some("Default".into()),
            }),
        )
        .unwrap();
    assert!(
        importer().validate(&order).is_empty(),
        "{:?}",
        importer().validate(&order)
    );
    assert_json_snapshot!(importer().request(&order).unwrap());
}

#[test]
fn formats_are_written_in_the_vendors_letter_case() {
    for (format, written) in [
        (DiskFormat::Raw, "RAW"),
        (DiskFormat::Vhd, "VHD"),
        (DiskFormat::Vmdk, "VMDK"),
        (DiskFormat::Qcow2, "qcow2"),
    ] {
        let disk = Disk::url("https://b.cn-bj.ufileos.com/k").format(format);
        let order = ImportRequest::new("web", disk).os(Os::new("CentOS", "7.9"));
        let request = importer().request(&order).unwrap();
        assert_eq!(request.format.unwrap().as_str(), written);
    }
}

#[test]
fn the_mark_follows_order_and_project() {
    let marker = |order: &ImportRequest| importer().prepare(order).unwrap().into_task().marker.unwrap();
    assert_eq!(marker(&order()), marker(&order()));
    assert_eq!(
        marker(&order()),
        marker(
            &ImportRequest::new(
                "web",
                Disk::url("https://b.cn-bj.ufileos.com/web.qcow2?Expires=2").format(DiskFormat::Qcow2)
            )
            .os(Os::new("CentOS", "7.9"))
        )
    );
    assert_ne!(marker(&order()), marker(&order().project("org-2")));
    assert_ne!(marker(&order()), marker(&order().generation(1)));
}

#[tokio::test]
async fn every_problem_is_named_at_once_before_anything_is_sent() {
    let order = {
        let mut it = ImportRequest::data_image("", Disk::object("b", "k"))
            .tag("k", "v")
            .boot_mode(BootMode::Uefi)
            .architecture(Architecture::Arm64)
            .description("x".repeat(234))
            .data_disk(Disk::url("https://b/k"))
            .vendor(Provider::UCLOUD, &json!({"Tag": ""}))
            .unwrap();
        it.name = "x".repeat(64);
        it.dry_run = true;
        it.skip_guest_check = true;
        it.nvme = true;
        it.imds_v2 = true;
        it
    };
    let script = Arc::new(Scripted::default());
    let error = Importer::new(super::client(&script)).start(&order).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidRequest);
    for field in [
        "name",
        "kind",
        "disks",
        "disks[0].source",
        "disks[0].format",
        "tags",
        "dry_run",
        "skip_guest_check",
        "nvme",
        "imds_v2",
        "boot_mode",
        "architecture",
        "description",
        "vendor.Tag",
    ] {
        let found = found(error.problems(), field, Severity::Error);
        assert!(
            found.is_some_and(|problem| problem.remedy.is_some()),
            "{field}: {error}"
        );
    }
    assert!(script.sent().is_empty());
}

#[test]
fn a_description_leaves_room_for_the_mark() {
    let problems = |chars: usize| importer().validate(&order().description("中".repeat(chars)));
    assert!(problems(233).is_empty());
    let sent = importer().request(&order().description("中".repeat(233))).unwrap();
    assert_eq!(sent.image_description.unwrap().chars().count(), 255);
    let problems = problems(234);
    let problem = found(&problems, "description", Severity::Error).unwrap();
    assert!(problem.rule.to_string().contains("233 are left"), "{problem}");
}

#[test]
fn a_size_that_cannot_be_sent_is_said() {
    let sized = |size| {
        let disk = Disk::url("https://b.cn-bj.ufileos.com/k").format(DiskFormat::Raw);
        let order = ImportRequest::new("web", {
            let mut it = disk;
            it.size_gib = size;
            it
        })
        .os(Os::new("CentOS", "7.9"));
        importer().validate(&order)
    };
    assert!(sized(None).is_empty());
    let problems = sized(Some(40));
    assert_eq!(problems.len(), 1, "{problems:?}");
    assert!(found(&problems, "disks[0].size_gib", Severity::Warning).is_some());
}

#[test]
fn a_system_that_becomes_other_is_said() {
    let order = order().os(Os::new("Rocky Linux", "9.3"));
    let problems = importer().validate(&order);
    let warning = found(&problems, "os", Severity::Warning).unwrap();
    assert!(warning.rule.to_string().contains("password"), "{warning}");
    let raw = order.os(Os::new("Rocky Linux", "9.3").with_raw(Provider::UCLOUD, "Rocky/Rocky 9.3 64位"));
    assert!(importer().validate(&raw).is_empty());
    let request = importer().request(&raw).unwrap();
    assert_eq!(
        (request.os_type.as_deref(), request.os_name.as_deref()),
        (Some("Rocky"), Some("Rocky 9.3 64位"))
    );
    let half = raw.os(Os::new("Rocky Linux", "9.3").with_raw(Provider::UCLOUD, "Rocky 9.3"));
    let problems = importer().validate(&half);
    assert!(found(&problems, "os", Severity::Error).is_some_and(|problem| problem.to_string().contains("TYPE/NAME")));
    assert_eq!(importer().request(&half).unwrap_err().kind(), ErrorKind::InvalidRequest);
}

#[test]
fn unknown_options_are_refused() {
    let order = order().vendor(Provider::UCLOUD, &json!({"Tags": "x"})).unwrap();
    let problems = importer().validate(&order);
    assert!(
        found(&problems, "vendor", Severity::Error).is_some_and(|problem| problem.rule.to_string().contains("Tags"))
    );
}
