//! Every error and warning that a user may meet, as it stands on the screen, in one snapshot to be read at once: command, exit
//! code, standard error. What differs from run to run is replaced; the clouds are simulated.
//!
//! Whatever is wrong with the file is told before a byte of it moves: the simulator counts.

mod files;
mod scene;

use std::time::Duration;

use cloud_import_sim::{BucketSettings, Cloud, Config, Fault, FaultKind};

use scene::{Case, Scene};

/// What is wrong with the file.
const FILES: &[Case] = &[
    Case::import("a file that is not there", "--to aliyun missing.qcow2"),
    Case::import("a file that may not be read", "--to aliyun unreadable.qcow2").by_nobody(),
    Case::import("an empty file", "--to aliyun empty.qcow2"),
    Case::import("a directory", "--to aliyun folder"),
    Case::import("a device", "--to aliyun /dev/null"),
    Case::import("a pipe", "--to aliyun pipe"),
    Case::import(
        "a sparse file of 10 TB",
        "--to jdcloud --to huawei --to aliyun huge.raw",
    ),
    Case::import("a header that lies about its tables", "--to aliyun lies.qcow2"),
    Case::import("a header that cannot be read", "--to aliyun broken.qcow2"),
    Case::import("a file that is cut", "--to tencent cut.qcow2"),
    Case::import("a difference to another file", "--to aliyun --to tencent overlay.qcow2"),
    Case::import("an encrypted disk", "--to aliyun encrypted.qcow2"),
    Case::import("a compressed file", "--to aliyun packed.qcow2"),
    Case::import("an ISO image where none is taken", "--to aliyun disc.iso"),
    Case::import("an ISO image where it takes a forced import", "--to tencent disc.iso"),
    Case::import("an archive of a virtual machine", "--to aliyun machine.ova"),
    Case::import(
        "a disk larger than the clouds take",
        "--to jdcloud --to aliyun large.qcow2",
    ),
    Case::import(
        "a disk larger than the size asked for",
        "--to aliyun --size-gib 20 of-32-gib.qcow2",
    ),
    Case::import("nothing that looks like a disk", "--to aliyun --to tencent noise.raw"),
    Case::import("nothing but zeros", "--to aliyun zeros.raw"),
    Case::import(
        "a page that a server sent instead",
        "--to aliyun --to ucloud page.qcow2",
    ),
    Case::import(
        "another format than the header's",
        "--to tencent --format vhd good.qcow2",
    ),
    Case::import("conversion of what is no disk", "--to aliyun --convert qcow2 noise.raw"),
    Case::import("a format that no cloud takes", "--to aliyun disk.parallels"),
    Case::import("a format that this cloud does not take", "--to aliyun disk.vdi"),
    Case::import(
        "a bitmap that is not there",
        "--to huawei --bitmap missing.mf small.raw",
    ),
    Case::import(
        "a large raw file for Huawei without its bitmap",
        "--to huawei --set huawei.route=\"quick\" small.raw",
    ),
    Case::inspect("inspect: a file that is not there", "missing.qcow2"),
];

/// What is wrong with the order, or with how it is asked for.
const ORDERS: &[Case] = &[
    Case::plain("an unknown command", "imprt disk.qcow2"),
    Case::plain("no name", "import --simulate --to aliyun good.qcow2"),
    Case::plain("no target", "import --simulate --name web good.qcow2"),
    Case::import("an unknown cloud", "--to aws good.qcow2"),
    Case::import("an unknown format", "--to aliyun --format zip good.qcow2"),
    Case::import("an unknown architecture", "--to aliyun --arch sparc good.qcow2"),
    Case::import("a time that is none", "--to aliyun --timeout soon good.qcow2"),
    Case::import(
        "a name that is too long",
        "--to jdcloud --name a-name-that-is-much-longer-than-32-characters good.qcow2",
    ),
    Case::import(
        "a name with a character that is not allowed",
        "--to aliyun --name http://web good.qcow2",
    ),
    Case::plain(
        "no operating system, and none on the disk",
        "import --simulate=sim.json --to aliyun --name web small.raw",
    ),
    Case::import(
        "firmware that the cloud cannot start",
        "--to ucloud --boot-mode uefi good.qcow2",
    ),
    Case::import(
        "options that the cloud does not have",
        "--to jdcloud --tag a=b --skip-guest-check --vendor-dry-run --project jdcloud=p good.qcow2",
    ),
    Case::import(
        "data disks where none are taken",
        "--to ucloud --data-disk https://b.cn-bj.ufileos.com/d.qcow2@20 good.qcow2",
    ),
    Case::import(
        "a data image where none is taken",
        "--to jdcloud --data-image good.qcow2",
    ),
    Case::import(
        "an unknown option of a cloud",
        "--to aliyun --set aliyun.RolName=R good.qcow2",
    ),
    Case::import("an option without a cloud", "--to aliyun --set RoleName=R good.qcow2"),
    Case::import("a tag without a value", "--to aliyun --tag team good.qcow2"),
    Case::import("a bucket and key with nothing at it", "--to jdcloud bucket:key.qcow2"),
    Case::import(
        "a link where bucket and key are wanted",
        "--to huawei https://b.example/key.qcow2",
    ),
    Case::import(
        "a file of targets that is not there",
        "--targets nowhere.toml good.qcow2",
    ),
    Case::import("a file of targets with a mistake", "--targets mistaken.toml good.qcow2"),
    Case::import(
        "an unknown cloud in a file of targets",
        "--targets unknown.toml good.qcow2",
    ),
    Case::import(
        "an unknown cloud of an option",
        "--to aliyun --set aws.key=x good.qcow2",
    ),
    Case::import("an unknown group", "--targets targets.toml --to @west good.qcow2"),
    Case::import("a group without a file", "--to @west good.qcow2"),
    Case::import(
        "a state directory that cannot be",
        "--to aliyun --state good.qcow2/jobs good.qcow2",
    ),
    Case::plain("a state directory of another version", "list --state newer"),
    Case::import(
        "conversion of what is no file",
        "--to aliyun --convert qcow2 bucket:key.qcow2",
    ),
    Case::import(
        "conversion to what qemu-img cannot write",
        "--to aliyun --convert vdi good.qcow2",
    ),
    Case::import("conversion without qemu-img", "--to aliyun --convert vhd good.qcow2"),
    Case::import(
        "conversion onto a full disk",
        "--to aliyun --trust-image --convert vhd good.qcow2",
    )
    .tools("full"),
    Case::import(
        "conversion of a difference to another file",
        "--to aliyun --convert raw overlay.qcow2",
    ),
    Case::plain(
        "no bucket for a local file",
        "import --to aliyun/cn-hangzhou --name web --os CentOS-7 good.qcow2",
    ),
    Case::plain(
        "no credentials",
        "import --to aliyun/cn-hangzhou --name web --os CentOS-7 bucket:key.qcow2",
    ),
    Case::plain(
        "no region",
        "import --to huawei --name web --os CentOS-7 bucket:key.qcow2",
    ),
    Case::plain(
        "a simulator that is not there",
        "import --simulate=nowhere.json --to aliyun --name web --os CentOS-7 good.qcow2",
    ),
    Case::plain(
        "a simulator's line that is none",
        "import --simulate=targets.toml --to aliyun --name web --os CentOS-7 good.qcow2",
    ),
    Case::plain("wait: no job", "wait --state empty"),
    Case::plain("wait: an unknown job", "wait --state empty web-0123456789ab"),
    Case::plain("wait: a file without a task", "wait --state empty targets.toml"),
    Case::plain("wait: a task of an unknown cloud", "wait --state empty tasks.jsonl"),
    Case::plain("cancel: nothing named", "cancel --state empty"),
    Case::plain("explain: an unknown code", "explain NoSuchCode"),
    Case::plain("capabilities: an unknown cloud", "capabilities aws"),
    Case::plain(
        "sim: an object that is misspelt",
        "sim --access-key-id A --secret-access-key S --object aliyun/key=good.qcow2",
    ),
];

/// Warnings over orders that go on.
const WARNINGS: &[Case] = &[
    Case::import(
        "GPT where the guide asks for MBR",
        "--to jdcloud --to tencent --to ucloud --to aliyun gpt.raw",
    ),
    Case::import("snapshots inside", "--to aliyun --name snapshots snapshots.qcow2"),
    Case::import(
        "a disc that is a disk as well",
        "--to tencent --name hybrid --format raw hybrid.iso",
    ),
    Case::import(
        "what does not look like a disk, but is said to be one",
        "--to aliyun --to tencent --name noise --format raw noise.raw",
    ),
    Case::import("a raw file that ends within a sector", "--to aliyun --name odd odd.raw"),
    Case::import("a disk that was not closed", "--to aliyun --name dirty dirty.qcow2"),
    Case::import(
        "an operating system that is nearly listed",
        "--to jdcloud --name nearly --os Debian-12 good.qcow2",
    ),
    Case::import(
        "a size that is not sent",
        "--to tencent --name size --vendor-dry-run --size-gib 100 good.qcow2",
    ),
    Case::import(
        "a bucket that is open to everyone",
        "--to aliyun --name open --bucket open good.qcow2",
    ),
];

/// What the clouds say, each with the fault that makes them.
const CLOUDS: &[(Case, Cause)] = &[
    (
        Case::import(
            "a bucket that is not there",
            "--to aliyun --name no-bucket --bucket absent good.qcow2",
        ),
        None,
    ),
    (
        Case::import(
            "a bucket elsewhere",
            "--to aliyun --to huawei --name elsewhere --bucket elsewhere good.qcow2",
        ),
        None,
    ),
    (
        Case::import(
            "a bucket of another account",
            "--to aliyun --to huawei --name theirs --bucket theirs good.qcow2",
        ),
        None,
    ),
    (
        Case::import(
            "a bucket of a class that is not read",
            "--to aliyun --name cold --bucket cold good.qcow2",
        ),
        None,
    ),
    (
        Case::import("a wrong secret", "--to tencent good.qcow2").wrong_secret(),
        None,
    ),
    (
        Case::import(
            "an object that is not there",
            "--to aliyun --name absent images:absent.qcow2",
        ),
        None,
    ),
    (
        Case::import("a quota that is used up", "--to aliyun --name quota good.qcow2"),
        Some((
            Cloud::Aliyun,
            "ImportImage",
            Trouble::Refuse(403, "QuotaExceed.Image", "The maximum number of images is exceeded."),
        )),
    ),
    (
        Case::import("a code that is not documented", "--to jdcloud --name code good.qcow2"),
        Some((
            Cloud::Jdcloud,
            "importImage",
            Trouble::Refuse(400, "NEW_CODE", "something new"),
        )),
    ),
    (
        Case::import("no permission", "--to tencent --name permission good.qcow2"),
        Some((
            Cloud::Tencent,
            "ImportImage",
            Trouble::Refuse(
                200,
                "UnauthorizedOperation",
                "You are not authorized to perform operation (cvm:ImportImage).",
            ),
        )),
    ),
    (
        Case::import("a failed import, with a reason", "--to huawei --name reason good.qcow2"),
        Some((
            Cloud::Huawei,
            "",
            Trouble::Fails("IMG.1006", "The image file is damaged."),
        )),
    ),
    (
        Case::import(
            "a failed import, without a reason",
            "--to ucloud --name no-reason good.qcow2",
        ),
        Some((Cloud::Ucloud, "", Trouble::Fails("x", "x"))),
    ),
    (
        Case::import(
            "time is up",
            "--to aliyun --name time-is-up --timeout 1s --state jobs good.qcow2",
        ),
        Some((Cloud::Aliyun, "", Trouble::Stalls)),
    ),
    (
        Case::plain(
            "other options than before, while it runs",
            "import --simulate=sim.json --to aliyun --name time-is-up --os CentOS-7 --size-gib 50 --state jobs good.qcow2",
        ),
        None,
    ),
    (
        Case::plain("status of what runs", "status --simulate=sim.json --state jobs"),
        None,
    ),
    (
        Case::import(
            "a cloud that cannot cancel",
            "--to ucloud --name cancel --no-wait --state cancel good.qcow2",
        ),
        // What is over is not cancelled.
        Some((Cloud::Ucloud, "", Trouble::Stalls)),
    ),
    (
        Case::plain("it says so", "cancel --simulate=sim.json --state cancel CANCEL"),
        None,
    ),
    (
        Case::import("done before", "--to jdcloud --name before --state before good.qcow2"),
        None,
    ),
    (
        Case::import(
            "with other options",
            "--to jdcloud --name before --state before --size-gib 50 good.qcow2",
        ),
        None,
    ),
    (
        Case::import(
            "not known whether it was started",
            "--to ucloud --name unknown --state unknown good.qcow2",
        ),
        Some((Cloud::Ucloud, "ImportCustomImage", Trouble::Lost)),
    ),
    (Case::plain("the list says so", "list --state unknown"), None),
];

/// What goes wrong at which cloud, in which operation.
type Cause = Option<(Cloud, &'static str, Trouble)>;

#[derive(Clone, Copy)]
enum Trouble {
    Refuse(u16, &'static str, &'static str),
    Fails(&'static str, &'static str),
    Stalls,
    Lost,
}

#[test]
fn what_is_wrong_with_the_file_or_the_order_is_told_before_a_byte_moves() {
    let scene = Scene::new("files", Config::new(super::KEYS[0], super::KEYS[1]).any_bucket(true));
    files::make(scene.folder());
    let told =
        scene.tell_all("What is wrong with the file", FILES) + &scene.tell_all("What is wrong with the order", ORDERS);
    insta::assert_snapshot!("before_a_byte_moves", told);
    let counters = scene.simulator().counters();
    let moved = [
        &counters.bytes_received,
        &counters.objects_stored,
        &counters.open_uploads,
    ];
    assert!(
        moved.iter().all(|counts| counts.values().all(|count| *count == 0)),
        "{counters:?}"
    );
    for &cloud in Cloud::ALL {
        for operation in ["PutObject", "InitiateMultipartUpload", "UploadPart"] {
            assert_eq!(counters.requests_of(cloud, operation), 0, "{cloud:?} {operation}");
        }
    }
}

#[test]
fn warnings_and_what_the_clouds_say() {
    let config = Config::new(super::KEYS[0], super::KEYS[1]);
    let scene = Scene::new("clouds", config.import_time(Duration::from_millis(400)));
    files::make(scene.folder());
    let settings = BucketSettings::default;
    let regions = [
        (Cloud::Jdcloud, "cn-north-1"),
        (Cloud::Tencent, "ap-guangzhou"),
        (Cloud::Huawei, "cn-north-4"),
        (Cloud::Aliyun, "cn-hangzhou"),
        (Cloud::Ucloud, "cn-bj2"),
    ];
    let ours = settings().expires_uploads(true);
    for (cloud, region) in regions {
        scene
            .simulator()
            .create_bucket(cloud, region, "simulated-images-1250000000", ours.clone());
        scene.simulator().create_bucket(cloud, region, "images", ours.clone());
        scene
            .simulator()
            .create_bucket(cloud, region, "theirs", settings().owner_is_other(true));
    }
    scene
        .simulator()
        .create_bucket(Cloud::Aliyun, "cn-hangzhou", "open", settings().public(true));
    let cold = settings().storage_class("Archive");
    scene
        .simulator()
        .create_bucket(Cloud::Aliyun, "cn-hangzhou", "cold", cold);
    scene
        .simulator()
        .create_bucket(Cloud::Aliyun, "cn-beijing", "elsewhere", settings());
    scene
        .simulator()
        .create_bucket(Cloud::Huawei, "cn-east-3", "elsewhere", settings());
    let mut told = scene.tell_all("Warnings", WARNINGS);
    told.push_str("## What the clouds say\n\n");
    for (case, trouble) in CLOUDS {
        if let Some((cloud, operation, trouble)) = trouble {
            scene.simulator().inject(fault(*cloud, operation, *trouble));
        }
        told.push_str(&scene.tell(case));
        scene.simulator().clear_faults();
    }
    insta::assert_snapshot!("warnings_and_what_the_clouds_say", told);
}

fn fault(cloud: Cloud, operation: &str, trouble: Trouble) -> Fault {
    let always = |kind| Fault::new(kind).cloud(cloud).operation(operation).times(u32::MAX);
    match trouble {
        Trouble::Refuse(http, code, message) => always(FaultKind::Refuse {
            http,
            code: code.to_owned(),
            message: message.to_owned(),
        }),
        Trouble::Fails(code, reason) => Fault::new(FaultKind::FailImport {
            code: code.to_owned(),
            reason: reason.to_owned(),
        })
        .cloud(cloud),
        Trouble::Stalls => Fault::new(FaultKind::Stall).cloud(cloud),
        Trouble::Lost => always(FaultKind::DropBefore),
    }
}

#[test]
fn a_file_that_grows_is_not_imported() {
    let scene = Scene::new("grows", Config::new(super::KEYS[0], super::KEYS[1]).any_bucket(true));
    files::make(scene.folder());
    let slow = Fault::new(FaultKind::Delay(1500))
        .operation("UploadPart")
        .times(u32::MAX);
    scene.simulator().inject(slow);
    let grow = || files::append(&scene.folder().join("grows.raw"));
    let case = Case::import("a file that grows meanwhile", "--to aliyun grows.raw");
    let told = scene.tell_when(&case, "staging 0%", grow);
    assert_eq!(scene.simulator().counters().imports_of(Cloud::Aliyun, "web"), 0);
    assert!(scene.simulator().objects().is_empty() && scene.simulator().open_uploads(Cloud::Aliyun).is_empty());
    insta::assert_snapshot!("a_file_that_grows", told);
}

#[cfg(unix)]
#[test]
fn an_interrupt_is_told_with_how_to_go_on() {
    let scene = Scene::new(
        "interrupted",
        Config::new(super::KEYS[0], super::KEYS[1]).any_bucket(true),
    );
    files::make(scene.folder());
    scene
        .simulator()
        .inject(Fault::new(FaultKind::Stall).cloud(Cloud::Aliyun));
    let case = Case::import("interrupted while it runs", "--to aliyun --state jobs good.qcow2");
    let told = scene.tell_interrupted(&case, "importing: ");
    let slow = Fault::new(FaultKind::Delay(700))
        .cloud(Cloud::Jdcloud)
        .operation("UploadPart")
        .times(u32::MAX);
    scene.simulator().inject(slow);
    let case = Case::import("interrupted while it is staged", "--to jdcloud --state jobs grows.raw");
    let told = told + &scene.tell_interrupted(&case, "staging 0%");
    insta::assert_snapshot!("interrupted", told);
}
