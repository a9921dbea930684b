//! One fault at a time is put into a spec, and must be seen; what is committed has none.

use std::{collections::BTreeMap, path::PathBuf};

use super::{
    accepted::Accepted,
    compare::{self, Row},
    facts::{self, Code, Codes, Lock},
    failure::Failure,
    newest, offline,
    report::Report,
    sources,
};
use crate::{
    house,
    spec::{CLOUDS, Field, Operation, Spec},
};

fn folder(cloud: &str) -> PathBuf {
    house::root().join("xtask/specs").join(cloud)
}

/// A table that has every code of our rows, for the operations that they name.
fn published(spec: &Spec) -> Codes {
    let code = |names: &[String]| Code {
        operations: names.iter().cloned().collect(),
    };
    Codes {
        codes: spec
            .errors
            .iter()
            .map(|row| (row.code.clone(), code(&row.operations)))
            .collect(),
    }
}

/// The rows that nobody accepted, after a change of a cloud's spec.
fn drift(cloud: &str, change: impl FnOnce(&mut Spec)) -> Vec<String> {
    let folder = folder(cloud);
    let (mut spec, lock) = (Spec::load(&folder).unwrap(), Lock::read(&folder).unwrap());
    let codes = published(&spec);
    change(&mut spec);
    let mut rows = compare::spec_with(&facts::of_spec(&spec), &lock);
    rows.extend(compare::codes(&spec, &codes));
    let (drift, _) = Accepted::read(&folder).unwrap().split(rows);
    drift.iter().map(Row::exact).collect()
}

fn operation<'a>(spec: &'a mut Spec, name: &str) -> &'a mut Operation {
    spec.api.operations.iter_mut().find(|own| own.name == name).unwrap()
}

fn request<'a>(spec: &'a mut Spec, name: &str, field: &str) -> &'a mut Field {
    operation(spec, name)
        .fields
        .iter_mut()
        .find(|own| own.name == field)
        .unwrap()
}

fn answer<'a>(spec: &'a mut Spec, name: &str, field: &str) -> &'a mut Field {
    operation(spec, name)
        .answer
        .as_mut()
        .unwrap()
        .iter_mut()
        .find(|own| own.name == field)
        .unwrap()
}

fn drop_value(spec: &mut Spec, name: &str, value: &str) {
    let words = spec.api.enums.iter_mut().find(|own| own.name == name).unwrap();
    let before = words.values.len();
    words.values.retain(|own| own.wire != value);
    assert_eq!(words.values.len() + 1, before);
}

#[test]
fn what_is_committed_has_no_drift() {
    let told = offline(&house::root(), &CLOUDS).unwrap();
    assert!(told.ends_with("0 acceptances that match nothing"), "{told}");
}

/// A fault: the cloud, the change, and the row that must tell it.
type Fault = (&'static str, fn(&mut Spec), &'static str);

#[test]
fn every_seeded_fault_is_found() {
    let faults: [Fault; 16] = [
        (
            "aliyun",
            |spec| {
                operation(spec, "ImportImage")
                    .fields
                    .retain(|own| own.name != "BootMode")
            },
            "ImportImage request missing BootMode theirs string",
        ),
        (
            "tencent",
            |spec| request(spec, "ImportImage", "OsVersion").name = "OSVersion".to_owned(),
            "ImportImage request missing OsVersion theirs string required",
        ),
        (
            "tencent",
            |spec| request(spec, "ImportImage", "Force").name = "Forced".to_owned(),
            "ImportImage request unknown Forced ours bool",
        ),
        (
            "tencent",
            |spec| request(spec, "ImportImage", "Force").kind = "string".to_owned(),
            "ImportImage request type Force ours string, theirs bool",
        ),
        (
            "tencent",
            |spec| request(spec, "ImportImage", "ImageName").required = false,
            "ImportImage request required ImageName theirs required",
        ),
        (
            "ucloud",
            |spec| request(spec, "ImportCustomImage", "ImageDescription").required = true,
            "ImportCustomImage request required ImageDescription ours required",
        ),
        (
            "huawei",
            |spec| operation(spec, "ImportImageQuick").http = "POST /v2/cloudimages/quick-import/action".to_owned(),
            "ImportImageQuick http path ours POST /v2/cloudimages/quick-import/action, theirs POST /v2/cloudimages/quickimport/action",
        ),
        (
            "huawei",
            |spec| request(spec, "ImportImageQuick", "min_disk").kind = "string".to_owned(),
            "ImportImageQuick request type min_disk ours string, theirs int",
        ),
        (
            "huawei",
            |spec| request(spec, "CreateDataImage", "min_disk").doc = "Up to 20480 GB.".to_owned(),
            "CreateDataImage request limit min_disk theirs max 2048",
        ),
        (
            "ucloud",
            |spec| {
                operation(spec, "ImportCustomImage")
                    .fields
                    .retain(|own| own.name != "UFileUrl")
            },
            "ImportCustomImage request missing UFileUrl theirs string required",
        ),
        (
            "ucloud",
            |spec| answer(spec, "ImportCustomImage", "ImageId").name = "ImageID".to_owned(),
            "ImportCustomImage response missing ImageId theirs string",
        ),
        (
            "ucloud",
            |spec| operation(spec, "TerminateCustomImage").name = "DeleteCustomImage".to_owned(),
            "DeleteCustomImage operation unknown in no source",
        ),
        (
            "jdcloud",
            |spec| request(spec, "importImage", "diskFormat").name = "diskFmt".to_owned(),
            "importImage request missing diskFormat theirs string required",
        ),
        (
            "jdcloud",
            |spec| drop_value(spec, "DiskFormat", "vmdk"),
            "importImage request no value diskFormat theirs vmdk",
        ),
        (
            "tencent",
            |spec| spec.errors.retain(|row| !row.code.starts_with("OperationDenied")),
            "ImportImage errors no rule OperationDenied.InnerUserProhibitAction",
        ),
        (
            "ucloud",
            |spec| request(spec, "ImportCustomImage", "Tag").unverified = true,
            "ImportCustomImage request settled Tag unverified in ours, and the vendor has it",
        ),
    ];
    for (cloud, change, wanted) in faults {
        let found = drift(cloud, change);
        assert!(found.iter().any(|row| row == wanted), "{cloud}: {wanted}: {found:#?}");
    }
}

#[test]
fn a_row_for_an_operation_that_does_not_have_the_code_is_told() {
    let found = drift("tencent", |spec| {
        let row = spec
            .errors
            .iter_mut()
            .find(|row| row.code == "InvalidImageName.Duplicate")
            .unwrap();
        row.operations.push("DescribeImages".to_owned());
    });
    assert_eq!(found, ["DescribeImages errors not listed InvalidImageName.Duplicate"]);
}

#[test]
fn an_acceptance_that_matches_nothing_is_an_error_of_its_own() {
    let folder = folder("tencent");
    let (spec, mut lock) = (Spec::load(&folder).unwrap(), Lock::read(&folder).unwrap());
    let import = lock.facts.get_mut("tccli").unwrap().get_mut("ImportImage").unwrap();
    import
        .request
        .get_mut("Architecture")
        .unwrap()
        .values
        .insert("arm".to_owned());
    let mut report = Report::default();
    report.compare(&folder, &spec, &lock).unwrap();
    let Err(Failure::Stale(told)) = report.end() else {
        panic!("not told")
    };
    assert!(
        told.contains("stale  tencent  ImportImage request odd value Architecture ours arm"),
        "{told}"
    );
}

#[test]
fn a_lock_is_written_as_it_was_read() {
    for cloud in CLOUDS {
        let lock = Lock::read(&folder(cloud)).unwrap();
        let committed = std::fs::read_to_string(folder(cloud).join(Lock::FILE)).unwrap();
        assert!(lock.to_json().unwrap() == committed, "{cloud}");
    }
}

#[test]
fn a_lock_of_other_sources_is_an_error() {
    let mut lock = Lock::read(&folder("tencent")).unwrap();
    sources::check("tencent", &lock).unwrap();
    lock.sources[0].name = "another".to_owned();
    assert!(matches!(sources::check("tencent", &lock), Err(Failure::Stale(_))));
}

#[test]
fn what_a_newer_package_says_otherwise_is_told_field_by_field() {
    let lock = Lock::read(&folder("tencent")).unwrap();
    let locked = &lock.facts["tccli"];
    let mut newest = locked.clone();
    let import = newest.get_mut("ImportImage").unwrap();
    let architecture = import.request.remove("Architecture").unwrap();
    import.request.insert("Arch".to_owned(), architecture);
    import.request.get_mut("Force").unwrap().kind = "string".to_owned();
    import.request.get_mut("BootMode").unwrap().doc = "0".to_owned();
    import.http = "GET /".to_owned();
    let told: Vec<String> = compare::lock_with("tccli", locked, &newest)
        .iter()
        .map(Row::exact)
        .collect();
    let doc = &locked["ImportImage"].request["BootMode"].doc;
    assert_eq!(
        told,
        [
            "ImportImage http changed POST / → GET /".to_owned(),
            "ImportImage request changed Force bool → string".to_owned(),
            "ImportImage request gone Architecture string required".to_owned(),
            "ImportImage request new Arch string required".to_owned(),
            format!("ImportImage request reworded BootMode {doc} → 0"),
        ]
    );
}

#[test]
fn a_package_in_which_fields_cannot_be_found_any_more_is_laid_out_anew() {
    let source = sources::of("tencent").next().unwrap();
    let lock = Lock::read(&folder("tencent")).unwrap();
    let locked = &lock.facts["tccli"];
    newest::same_layout(source, locked, locked).unwrap();
    let mut fewer = locked.clone();
    fewer.get_mut("DescribeImages").unwrap().response = BTreeMap::new();
    assert!(matches!(
        newest::same_layout(source, locked, &fewer),
        Err(Failure::Package(_))
    ));
    fewer.remove("DescribeImages");
    assert!(matches!(
        newest::same_layout(source, locked, &fewer),
        Err(Failure::Package(_))
    ));
}
