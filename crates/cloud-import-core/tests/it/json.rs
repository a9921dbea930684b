//! The normalized model as JSON: these forms are stored by programs, so they only grow.

use std::time::SystemTime;

use cloud_import_core::{
    BootMode, CancelOutcome, Check, Disk, DiskFormat, DiskPart, ErrorKind, Failure, Field, GuestFinding, ImportRequest,
    ImportTask, ImportedImage, LicenseType, Os, PartitionTable, Problem, Provider, Remedy, Subject, TaskState,
    remedy::Phrase,
};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Value, json};

/// The value is written as this, and read back as itself.
#[track_caller]
fn golden<T: Serialize + DeserializeOwned + PartialEq + std::fmt::Debug>(value: &T, expected: Value) {
    let written = serde_json::to_value(value).unwrap();
    assert_eq!(written, expected);
    assert_eq!(&serde_json::from_value::<T>(written).unwrap(), value);
}

#[test]
fn an_order() {
    let small = ImportRequest::new("web", Disk::object("b", "k"));
    golden(
        &small,
        json!({
            "name": "web", "architecture": "x86_64", "generation": 0,
            "disks": [{"source": {"object": {"bucket": "b", "key": "k"}}}],
        }),
    );
    let disk = Disk::url("https://b.example/k")
        .format(DiskFormat::Qcow2)
        .size_gib(40)
        .virtual_size_bytes(1 << 30)
        .file_size_bytes(512)
        .partition_table(PartitionTable::Gpt)
        .guest([GuestFinding::new("guest.lvm", "part2", "it is LVM")])
        .content_sha256("ab");
    let large = ImportRequest::new("web", disk)
        .os(Os::new("CentOS", "7.9").with_raw(Provider::TENCENT, "CentOS/7"))
        .boot_mode(BootMode::Uefi)
        .license_type(LicenseType::Byol)
        .description("d")
        .tag("team", "images")
        .project("p")
        .skip_guest_check(true)
        .nvme(true)
        .imds_v2(true)
        .dry_run(true)
        .no_validate(true)
        .generation(2)
        .vendor(Provider::ALIYUN, &json!({"RoleName": "R"}))
        .unwrap();
    golden(
        &large,
        json!({
            "name": "web", "architecture": "x86_64", "boot_mode": "uefi", "license_type": "byol", "description": "d",
            "disks": [{
                "source": {"url": "https://b.example/k"}, "format": "qcow2", "size_gib": 40, "virtual_size_bytes": 1 << 30,
                "file_size_bytes": 512, "partition_table": "gpt",
                "guest": [{"id": "guest.lvm", "where": "part2", "what": "it is LVM"}], "content_sha256": "ab",
            }],
            "os": {"distribution": "CentOS", "version": "7.9", "raw": {"tencent": "CentOS/7"}},
            "tags": {"team": "images"}, "project": "p", "skip_guest_check": true, "nvme": true, "imds_v2": true,
            "dry_run": true, "no_validate": true, "generation": 2, "vendor": {"aliyun": {"RoleName": "R"}},
        }),
    );
    let data = ImportRequest::data_image("d", Disk::object("b", "k"));
    assert_eq!(serde_json::to_value(&data).unwrap()["kind"], "data");
}

#[test]
fn a_signed_link_is_written_whole_only_on_demand() {
    let order = ImportRequest::new("web", Disk::url("https://b.example/k?sig=s3cret"));
    let hidden = serde_json::to_string(&order).unwrap();
    assert!(!hidden.contains("s3cret"), "{hidden}");
    assert!(!format!("{:?}", order.exposed()).contains("s3cret"));
    let whole = serde_json::to_string(&order.exposed()).unwrap();
    assert_eq!(serde_json::from_str::<ImportRequest>(&whole).unwrap(), order);
}

#[test]
fn a_task_and_what_becomes_of_it() {
    let started = SystemTime::UNIX_EPOCH + std::time::Duration::from_millis(1_500);
    let mut task = ImportTask::new(Provider::HUAWEI, "https://ims", "r", "web", "b:k", started);
    task.seen(started);
    golden(
        &task,
        json!({
            "version": 1, "provider": "huawei", "endpoint": "https://ims", "region": "r", "name": "web", "source": "b:k",
            "generation": 0, "started_at": "1970-01-01T00:00:01Z", "first_seen_at": "1970-01-01T00:00:01Z",
        }),
    );
    let image = ImportedImage::new(Provider::ALIYUN, "r", "m-1", "web").with_project("p");
    let written = json!({"provider": "aliyun", "region": "r", "project": "p", "id": "m-1", "name": "web"});
    golden(&image, written.clone());
    golden(
        &TaskState::in_progress("Creating", Some(40)),
        json!({"state": "in_progress", "percent": 40, "raw": "Creating"}),
    );
    golden(
        &TaskState::Succeeded { image },
        json!({"state": "succeeded", "image": written}),
    );
    let failure = Failure::new(Some("IMG.1".to_owned()), "no driver").with_likely_causes(&["none"]);
    golden(
        &TaskState::Failed(failure),
        json!({"state": "failed", "code": "IMG.1", "reason": "no driver", "likely_causes": ["none"]}),
    );
    golden(&TaskState::Canceled, json!({"state": "canceled"}));
    golden(&CancelOutcome::Requested, json!("requested"));
    golden(
        &CancelOutcome::Unsupported("why".to_owned()),
        json!({"unsupported": "why"}),
    );
    golden(&ErrorKind::OutcomeUnknown, json!("outcome_unknown"));
}

#[test]
fn problems_and_checks() {
    let size = Field::disk(1, DiskPart::SizeGib);
    let problem = Problem::error(Provider::HUAWEI, size.clone(), "is missing").source("a document");
    golden(
        &problem.clone().remedy(Remedy::set_to(size, "40")),
        json!({
            "severity": "error", "provider": "huawei", "field": "disks[1].size_gib", "message": "is missing",
            "source": "a document", "remedy": "Set `disks[1].size_gib` to `40`.",
            "action": {"set": {"field": "disks[1].size_gib", "to": ["40"]}},
        }),
    );
    golden(
        &problem.remedy("Give it."),
        json!({
            "severity": "error", "provider": "huawei", "field": "disks[1].size_gib", "message": "is missing",
            "source": "a document", "remedy": "Give it.",
        }),
    );
    golden(
        &Check::passed(Subject::ImportRole, Phrase::new("there is one")),
        json!({"what": "import_role", "outcome": "passed", "message": "there is one", "remedy": ""}),
    );
}
