//! What validation says: each rule of the vendor by field, all at once, before anything is sent.

use std::sync::Arc;

use cloud_import_core::{
    Architecture, BootMode, Disk, DiskFormat, ErrorKind, ImageImporter as _, ImportRequest, LicenseType, Os, Problem,
    Provider, testing::Scripted,
};
use huawei_ims_import::Importer;
use serde_json::{Value, json};

const GIB: u64 = 1 << 30;

fn disk(format: DiskFormat) -> Disk {
    Disk::object("images", "web.img").format(format).size_gib(40)
}

fn system(format: DiskFormat) -> ImportRequest {
    ImportRequest::new("web", disk(format)).os(Os::new("CentOS", "7.9"))
}

fn large(format: DiskFormat, gib: u64) -> Disk {
    {
        let mut it = disk(format);
        it.file_size_bytes = Some(gib * GIB);
        it
    }
}

fn with(order: ImportRequest, options: Value) -> ImportRequest {
    order.vendor(Provider::HUAWEI, &options).unwrap()
}

fn problems(order: &ImportRequest) -> Vec<Problem> {
    Importer::new(super::client(&Arc::new(Scripted::default()))).validate(order)
}

/// Whether there is a problem with that field and severity whose text has that word.
#[track_caller]
fn expect(order: &ImportRequest, is_error: bool, field: &str, word: &str) {
    let problems = problems(order);
    let found = problems.iter().any(|problem| {
        problem.is_error() == is_error
            && problem.field == field
            && problem.remedy.is_some()
            && problem.to_string().contains(word)
    });
    assert!(found, "{field} {word}: {problems:#?}");
}

#[track_caller]
fn no_error(order: &ImportRequest) {
    let errors: Vec<_> = problems(order).into_iter().filter(Problem::is_error).collect();
    assert!(errors.is_empty(), "{errors:#?}");
}

#[test]
fn good_orders_have_no_error() {
    use DiskFormat::{Qcow2, Raw, Vmdk, Zvhd2};
    for order in [
        system(Zvhd2),
        system(Qcow2),
        system(Raw),
        with(system(Raw), json!({"bitmap_staged": true})),
        with(system(Zvhd2), json!({"route": "common", "is_config": true})),
        with(system(Qcow2), json!({"tags": ["a.b"], "type": "BMS"})),
        system(Vmdk).data_disk({
            let mut it = Disk::object("images", "d.zvhd2").size_gib(20);
            it.format = Some(Zvhd2);
            it
        }),
        ImportRequest::new("web", large(Zvhd2, 1024)).os(Os::new("CentOS", "7.9")),
        ImportRequest::data_image("d", disk(Raw)),
    ] {
        no_error(&order);
    }
    // Nothing to say of the common route with a listed system and a size.
    assert_eq!(problems(&system(Qcow2)), []);
}

#[test]
fn the_quick_route_says_what_it_does_not_do() {
    expect(
        &system(DiskFormat::Zvhd2),
        false,
        "vendor.route",
        "nothing is put into the guest",
    );
    let windows = system(DiskFormat::Zvhd2).os(Os::new("Windows Server", "2016 Standard"));
    expect(&windows, false, "os", "international site");
}

#[test]
fn files_must_fit_the_route() {
    use DiskFormat::{Iso, Qcow2, Raw, Zvhd2};
    let of = |disk| ImportRequest::new("web", disk).os(Os::new("CentOS", "7.9"));
    let quick = |order| with(order, json!({"route": "quick"}));
    expect(&quick(system(Qcow2)), true, "disks[0].format", "zvhd2, raw");
    expect(&quick(system(Raw)), true, "disks[0].format", "CreateMF");
    expect(&of(large(Raw, 200)), true, "disks[0].format", "CreateMF");
    expect(&of(large(Qcow2, 129)), true, "disks[0].file_size_bytes", "zvhd2");
    expect(&of(large(Zvhd2, 1025)), true, "disks[0].file_size_bytes", "no route");
    no_error(&of(large(Qcow2, 128)));
    expect(
        &ImportRequest::data_image("d", disk(Iso)),
        true,
        "disks[0].format",
        "iso",
    );
    let unknown = Disk::object("images", "web").size_gib(40);
    expect(&of(unknown), false, "disks[0].format", "is not given");
    let blank = Disk::object("images", "my web.qcow2").format(Qcow2).size_gib(40);
    expect(&of(blank), true, "disks[0].source", "contains");
    let link = Disk::url("https://b/k").format(Qcow2).size_gib(40);
    expect(&of(link), true, "disks[0].source", "link");
}

#[test]
fn data_disks_go_the_common_way_with_files_of_their_own() {
    let data = |key: &str| Disk::object("images", key).format(DiskFormat::Qcow2);
    let order = system(DiskFormat::Qcow2).data_disk(data("d1"));
    expect(&order, true, "disks[1].size_gib", "missing");
    let same = system(DiskFormat::Qcow2).data_disk(disk(DiskFormat::Qcow2));
    expect(&same, true, "disks[1].source", "another disk");
    let order = system(DiskFormat::Zvhd2).data_disk(data("d1").size_gib(10));
    no_error(&order);
    expect(&with(order, json!({"route": "quick"})), true, "disks", "does not take");
    let vast = system(DiskFormat::Qcow2).data_disk(data("d1").virtual_size_bytes(4096 * GIB));
    expect(&vast, true, "disks[1].size_gib", "2048");
    let long = {
        let mut it = system(DiskFormat::Qcow2).data_disk(data("d1").size_gib(10));
        it.name = "x".repeat(125);
        it
    };
    expect(&long, true, "name", "no room");
}

#[test]
fn sizes_are_bounded_where_sources_agree_and_questioned_elsewhere() {
    use DiskFormat::{Qcow2, Zvhd2};
    let sized = |format, gib| {
        let disk = Disk::object("images", "k").format(format).size_gib(gib);
        ImportRequest::new("web", disk).os(Os::new("CentOS", "7.9"))
    };
    expect(&sized(Qcow2, 20), false, "disks[0].size_gib", "begins at 40");
    expect(&sized(Zvhd2, 5), false, "disks[0].size_gib", "begins at 10");
    let windows = sized(Zvhd2, 15).os(Os::new("Windows Server", "2016 Standard"));
    expect(&windows, false, "disks[0].size_gib", "begins at 20");
    expect(&sized(Qcow2, 1025), true, "disks[0].size_gib", "1024");
    let of = |disk: Disk| ImportRequest::new("web", disk).os(Os::new("CentOS", "7.9"));
    let bytes = |format, gib: u64| Disk::object("images", "k").format(format).virtual_size_bytes(gib * GIB);
    expect(&of(bytes(Zvhd2, 2000)), true, "disks[0].size_gib", "1024");
    expect(&of(bytes(Qcow2, 8)), false, "disks[0].size_gib", "40 GiB are asked for");
    expect(
        &of(Disk::object("images", "k").format(Qcow2)),
        false,
        "disks[0].size_gib",
        "40 GiB are asked for",
    );
    expect(
        &of(bytes(Zvhd2, 41).size_gib(40)),
        true,
        "disks[0].size_gib",
        "at least 41",
    );
    no_error(&of(bytes(Zvhd2, 40).size_gib(40)));
    let data = |disk: Disk| ImportRequest::data_image("d", disk);
    expect(
        &data(Disk::object("images", "k").format(Zvhd2)),
        true,
        "disks[0].size_gib",
        "missing",
    );
    expect(
        &data(Disk::object("images", "k").format(Zvhd2).size_gib(1500)),
        true,
        "disks[0].size_gib",
        "1024",
    );
    no_error(&data(Disk::object("images", "k").format(Qcow2).size_gib(1500)));
}

#[test]
fn what_does_not_go_together_is_named() {
    use DiskFormat::{Qcow2, Zvhd2};
    let arm = system(Zvhd2).architecture(Architecture::Arm64);
    no_error(&arm);
    expect(&arm.boot_mode(BootMode::Bios), true, "boot_mode", "uefi only");
    let windows = |format| system(format).os(Os::new("Windows Server", "2016 Standard"));
    no_error(&windows(Zvhd2).license_type(LicenseType::Byol));
    expect(
        &windows(Qcow2).license_type(LicenseType::Byol),
        true,
        "license_type",
        "quick route only",
    );
    expect(
        &system(Zvhd2).license_type(LicenseType::Byol),
        true,
        "license_type",
        "Windows only",
    );
    let tags = with(system(Zvhd2).tag("a", "b"), json!({"tags": ["a.b"]}));
    expect(&tags, true, "vendor.tags", "`tags` are both given");
    for option in [
        json!({"is_config": true}),
        json!({"cmk_id": "k"}),
        json!({"min_ram": 1}),
        json!({"max_ram": 1}),
    ] {
        let name = option.as_object().unwrap().keys().next().unwrap().clone();
        expect(&with(system(Zvhd2), option), true, &format!("vendor.{name}"), "`quick`");
    }
    let data = ImportRequest::data_image("d", disk(Qcow2))
        .boot_mode(BootMode::Uefi)
        .license_type(LicenseType::Byol)
        .architecture(Architecture::Arm64)
        .os(Os::new("CentOS", "7.9"));
    let data = with(data, json!({"type": "ECS"}));
    for field in ["boot_mode", "license_type", "architecture", "vendor.type"] {
        expect(&data, true, field, "");
    }
    expect(&data, false, "os", "only the family");
}

#[test]
fn systems_and_options_must_be_known() {
    expect(
        &system(DiskFormat::Qcow2).os(Os::new("TempleOS", "5")),
        true,
        "os",
        "CentOS VERSION 64bit",
    );
    expect(
        &system(DiskFormat::Qcow2).os(Os::new("Rocky Linux", "9.3")),
        false,
        "os",
        "not in the list",
    );
    let unknown = with(system(DiskFormat::Zvhd2), json!({"rout": "quick"}));
    expect(&unknown, true, "vendor", "rout");
    let unknown = with(system(DiskFormat::Zvhd2), json!({"route": "slow"}));
    expect(&unknown, true, "vendor", "slow");
}

#[tokio::test]
async fn every_problem_is_named_at_once_before_anything_is_sent() {
    let order = {
        let mut it = ImportRequest::new("", Disk::url("https://b/k").format(DiskFormat::Zvhd2).size_gib(5000));
        it.name = " web".into();
        it.dry_run = true;
        it.skip_guest_check = true;
        it
    }
    .description("a\nb");
    let script = Arc::new(Scripted::default());
    let error = Importer::new(super::client(&script)).start(&order).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidRequest);
    for field in [
        "name",
        "os",
        "description",
        "disks[0].source",
        "disks[0].size_gib",
        "dry_run",
        "skip_guest_check",
    ] {
        let found = error
            .problems()
            .iter()
            .any(|problem| problem.field == field && problem.is_error());
        assert!(found, "{field}: {error}");
    }
    assert!(script.sent().is_empty());
}
