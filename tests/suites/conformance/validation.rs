//! What is found out before anything is sent.

use std::collections::BTreeSet;

use cloud_import::{BootMode, Disk, DiskFormat, ErrorKind, Provider, SourceForm};
use cloud_import_tests::simulated::{Case, Form, Stage};

pub(crate) async fn all_problems_are_found_before_anything_is_sent(case: &'static Case) {
    let stage = Stage::new(case).await.unwrap();
    let importer = stage.importer().unwrap();
    let wrong_form = match case.form {
        Form::Link(_) => Disk::object("images", "web.vdi"),
        Form::Object => Disk::url("https://example.com/web.vdi"),
    };
    let disk = wrong_form.format(DiskFormat::Vdi).size_gib(40);
    let mut order = case.order_from(&"x".repeat(300), disk);
    order.architecture = cloud_import::Architecture::I386;
    if case.provider == Provider::HUAWEI {
        // Its common route takes every format there is.
        let quick = serde_json::json!({"route": "quick"});
        order = order.vendor(case.provider, &quick).unwrap();
    }

    let error = importer.start(&order).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidRequest);
    assert!(!error.may_have_executed() && error.attempts() == 0);
    assert_eq!(error.provider(), Some(case.provider));
    let problems: Vec<_> = error.problems().iter().filter(|problem| problem.is_error()).collect();
    let fields: BTreeSet<String> = problems.iter().map(|problem| problem.field.to_string()).collect();
    for field in ["name", "disks[0].format", "disks[0].source"] {
        assert!(fields.contains(field), "{field} is not in {fields:?}");
    }
    for problem in &problems {
        assert!(
            problem.remedy.is_some() && !problem.rule.is_empty(),
            "a problem has a remedy: {problem:?}"
        );
        assert!(error.message().contains(&problem.rule.to_string()), "{error}");
    }
    assert_eq!(importer.validate(&order), error.problems());
    assert_eq!(stage.requests(), 0);
}

pub(crate) async fn words_that_no_cloud_knows_are_refused(case: &'static Case) {
    for error in [
        "coreboot".parse::<BootMode>().unwrap_err(),
        "floppy".parse::<DiskFormat>().unwrap_err(),
        "tape".parse::<SourceForm>().unwrap_err(),
    ] {
        assert_eq!(error.kind(), ErrorKind::InvalidRequest);
        assert!(error.remedy().unwrap().to_string().contains("Use one of"), "{error:?}");
    }

    // A boot mode that the cloud, or the cloud's kind of image, does not have.
    let stage = Stage::new(case).await.unwrap();
    let importer = stage.importer().unwrap();
    for mode in [BootMode::Bios, BootMode::Uefi] {
        let order = stage.order().boot_mode(mode);
        let problems = importer.validate(&order);
        let refused = problems.iter().any(|p| p.field == "boot_mode" && p.is_error());
        let known = importer.capabilities().boot_modes.value.contains(&mode);
        if !known || case.is_data {
            assert!(refused, "{mode}: {problems:?}");
            let error = importer.start(&order).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidRequest);
        } else {
            assert!(!refused, "{mode}: {problems:?}");
        }
    }

    // An option that the vendor does not have.
    let mut order = stage.order();
    let options = serde_json::json!({"noSuchOption": true});
    order = order.vendor(case.provider, &options).unwrap();
    let error = importer.start(&order).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidRequest);
    assert!(error.message().contains("noSuchOption"), "{error}");
    assert_eq!(stage.requests(), 0);
}

pub(crate) async fn without_validation_the_cloud_itself_refuses(case: &'static Case) {
    let stage = Stage::new(case).await.unwrap();
    let importer = stage.importer().unwrap();
    let mut order = stage.order_named(&"x".repeat(300));
    order.no_validate = true;
    let error = importer.start(&order).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidRequest, "{error:?}");
    assert_eq!(error.operation(), Some(case.start));
    assert!(error.code().is_some() && error.request_id().is_some(), "{error:?}");
    assert!(error.http_status().is_some() && error.attempts() == 1, "{error:?}");
    assert_eq!(stage.starts(), 1);
    assert!(stage.images().is_empty());
}
