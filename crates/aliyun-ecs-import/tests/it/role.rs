//! Making the import's RAM role: what is sent where, that nothing is made twice or changed, and how long it is waited.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use aliyun_ecs_import::{
    ClientOptions, CreateRole as _, IMPORT_POLICY, IMPORT_ROLE, Importer, PERMISSION_DOCUMENT, RoleEvent,
    SignatureVersion, TRUST_DOCUMENT, types::*,
};
use cloud_import_core::{
    Check, CheckOutcome, ImageImporter as _, ImportRequest, Provider, Subject, build,
    testing::{Frozen, Scripted, render},
};
use insta::assert_snapshot;

use super::{called, importer::order, parameter};

type Answer = (u16, &'static str);

const WITHOUT_ROLE: Answer = (
    403,
    r#"{"RequestId":"r","Code":"NoSetRoletoECSServiceAcount","Message":"no role"}"#,
);
const DRY_RUN: Answer = (400, r#"{"RequestId":"r","Code":"DRYRUN.SUCCESS","Message":"would"}"#);
const NO_OBJECT: Answer = (
    400,
    r#"{"RequestId":"r","Code":"InvalidOSSObject.NotFound","Message":"no object"}"#,
);
const NO_ROLE: Answer = (404, r#"{"RequestId":"r","Code":"EntityNotExist.Role","Message":"no"}"#);
const ROLE: Answer = (
    200,
    r#"{"RequestId":"r","Role":{"RoleName":"R","AssumeRolePolicyDocument":"ecs.aliyuncs.com"}}"#,
);
const OTHERS_ROLE: Answer = (
    200,
    r#"{"RequestId":"r","Role":{"AssumeRolePolicyDocument":"fc.aliyuncs.com"}}"#,
);
const NO_POLICIES: Answer = (200, r#"{"RequestId":"r","Policies":{"Policy":[]}}"#);
const OWN_POLICIES: Answer = (
    200,
    r#"{"RequestId":"r","Policies":{"Policy":[{"PolicyName":"mine"}]}}"#,
);
const POLICIES: Answer = (
    200,
    r#"{"RequestId":"r","Policies":{"Policy":[{"PolicyType":"System","PolicyName":"AliyunECSImageImportRolePolicy"}]}}"#,
);
const DONE: Answer = (200, r#"{"RequestId":"r"}"#);
const NO_POLICY: Answer = (
    404,
    r#"{"RequestId":"r","Code":"EntityNotExist.Policy","Message":"no"}"#,
);
const DENIED: Answer = (
    403,
    r#"{"RequestId":"r","Code":"NoPermission","Message":"ram:GetRole"}"#,
);

struct Made {
    check: Check,
    script: Arc<Scripted>,
    clock: Arc<Frozen>,
    said: Vec<RoleEvent>,
}

async fn make(answers: impl IntoIterator<Item = Answer>) -> Made {
    make_for(&order(), answers).await
}

async fn make_for(order: &ImportRequest, answers: impl IntoIterator<Item = Answer>) -> Made {
    let script = Arc::new(Scripted::new(answers));
    let clock = Arc::new(Frozen::at("2025-01-02T03:04:05Z", "nonce"));
    let importer = Importer::new(super::builder(&script).env(Arc::clone(&clock) as _).build().unwrap());
    let said = Mutex::default();
    let tell = |event: RoleEvent| {
        let events: &Mutex<Vec<RoleEvent>> = &said;
        events.lock().unwrap().push(event);
    };
    let check = importer.create_role(order, &tell).await;
    assert_eq!(check.what, Subject::ImportRole);
    Made {
        check,
        script,
        clock,
        said: said.into_inner().unwrap(),
    }
}

impl Made {
    #[track_caller]
    fn expect(&self, outcome: CheckOutcome, parts: &[&str], operations: &[&str]) {
        assert_eq!(self.check.outcome, outcome, "{:?}", self.check);
        for part in parts {
            assert!(
                self.check.message.to_string().contains(part),
                "`{part}` is not in {:?}",
                self.check
            );
        }
        assert_eq!(called(&self.script), operations);
    }
}

#[tokio::test]
async fn what_is_missing_is_made_and_waited_for() {
    let made = make([
        WITHOUT_ROLE,
        NO_ROLE,
        DONE,
        NO_POLICIES,
        DONE,
        WITHOUT_ROLE,
        WITHOUT_ROLE,
        WITHOUT_ROLE,
        DRY_RUN,
    ])
    .await;
    made.expect(
        CheckOutcome::Passed,
        &["made: RAM role", IMPORT_ROLE, IMPORT_POLICY, "after 20 s"],
        &[
            "ImportImage",
            "GetRole",
            "CreateRole",
            "ListPoliciesForRole",
            "AttachPolicyToRole",
            "ImportImage",
            "ImportImage",
            "ImportImage",
            "ImportImage",
        ],
    );
    let sent = made.script.sent();
    assert_eq!(parameter(&sent[2], "RoleName").as_deref(), Some(IMPORT_ROLE));
    assert_eq!(
        parameter(&sent[2], "AssumeRolePolicyDocument").as_deref(),
        Some(TRUST_DOCUMENT)
    );
    assert_eq!(parameter(&sent[4], "PolicyType").as_deref(), Some("System"));
    assert_eq!(parameter(&sent[4], "PolicyName").as_deref(), Some(IMPORT_POLICY));
    for (request, action) in sent.iter().zip(called(&made.script)) {
        let is_import = action == "ImportImage";
        let (host, version) = match is_import {
            true => ("ecs.cn-hangzhou.aliyuncs.com", "2014-05-26"),
            false => ("ram.aliyuncs.com", "2015-05-01"),
        };
        assert_eq!(request.uri().host(), Some(host), "{action}");
        assert_eq!(request.headers()["x-acs-version"], version, "{action}");
        assert_eq!(parameter(request, "DryRun").as_deref(), is_import.then_some("true"));
        assert_eq!(parameter(request, "ClientToken"), None);
    }
    // A word every so often, not with every look.
    let expected = [
        RoleEvent::RoleMade(IMPORT_ROLE.to_owned()),
        RoleEvent::PolicyAttached(IMPORT_POLICY),
        RoleEvent::Waiting(0),
        RoleEvent::Waiting(15),
    ];
    assert_eq!(made.said, expected);
}

#[tokio::test]
async fn a_role_that_is_seen_is_left_alone() {
    let made = make([DRY_RUN]).await;
    made.expect(CheckOutcome::Passed, &["nothing was made"], &["ImportImage"]);
    assert!(made.said.is_empty());
}

#[tokio::test]
async fn a_second_run_only_waits_for_what_the_first_made() {
    let made = make([WITHOUT_ROLE, ROLE, POLICIES, WITHOUT_ROLE, DRY_RUN]).await;
    made.expect(
        CheckOutcome::Passed,
        &["nothing was made", "after 10 s"],
        &[
            "ImportImage",
            "GetRole",
            "ListPoliciesForRole",
            "ImportImage",
            "ImportImage",
        ],
    );
}

#[tokio::test]
async fn what_came_to_be_in_between_is_no_failure() {
    let there = (
        409,
        r#"{"RequestId":"r","Code":"EntityAlreadyExists.Role","Message":"there"}"#,
    );
    let attached = (
        409,
        r#"{"RequestId":"r","Code":"EntityAlreadyExists.Role.Policy","Message":"there"}"#,
    );
    let made = make([WITHOUT_ROLE, NO_ROLE, there, NO_POLICIES, attached, DRY_RUN]).await;
    assert_eq!(made.check.outcome, CheckOutcome::Passed);
    assert!(
        made.check.message.to_string().contains("nothing was made"),
        "{:?}",
        made.check
    );
}

#[tokio::test]
async fn a_policy_of_the_accounts_own_stands_in_for_one_that_is_not_there() {
    let made = make([WITHOUT_ROLE, ROLE, OWN_POLICIES, NO_POLICY, DONE, DONE, DRY_RUN]).await;
    made.expect(
        CheckOutcome::Passed,
        &["its policy `cloud-import-read-image-files`"],
        &[
            "ImportImage",
            "GetRole",
            "ListPoliciesForRole",
            "AttachPolicyToRole",
            "CreatePolicy",
            "AttachPolicyToRole",
            "ImportImage",
        ],
    );
    let sent = made.script.sent();
    assert_eq!(
        parameter(&sent[4], "PolicyDocument").as_deref(),
        Some(PERMISSION_DOCUMENT)
    );
    assert_eq!(parameter(&sent[5], "PolicyType").as_deref(), Some("Custom"));
    assert_eq!(parameter(&sent[5], "PolicyName"), parameter(&sent[4], "PolicyName"));
}

#[tokio::test]
async fn a_role_with_policies_of_its_own_gets_no_other_unless_ecs_refuses_it() {
    let made = make([NO_OBJECT, ROLE, OWN_POLICIES]).await;
    made.expect(
        CheckOutcome::Passed,
        &["nothing was made", "InvalidOSSObject.NotFound"],
        &["ImportImage", "GetRole", "ListPoliciesForRole"],
    );
    assert!(made.clock.slept().is_zero());
}

#[tokio::test]
async fn a_trust_policy_of_somebody_else_is_not_changed() {
    let made = make([WITHOUT_ROLE, OTHERS_ROLE]).await;
    made.expect(
        CheckOutcome::Failed,
        &["does not name ECS"],
        &["ImportImage", "GetRole"],
    );
    assert!(
        made.check.remedy.as_ref().unwrap().to_string().contains(TRUST_DOCUMENT),
        "{:?}",
        made.check
    );
}

#[tokio::test]
async fn where_the_dry_run_cannot_tell_it_is_waited_a_minute() {
    let answers = [NO_OBJECT, NO_ROLE, DONE, NO_POLICIES, DONE];
    let made = make(answers.into_iter().chain(std::iter::repeat_n(NO_OBJECT, 50))).await;
    assert_eq!(made.check.outcome, CheckOutcome::Passed);
    assert!(
        made.check.message.to_string().contains("does not tell"),
        "{:?}",
        made.check
    );
    assert_eq!(made.clock.slept(), Duration::from_secs(60));
}

#[tokio::test]
async fn the_wait_has_an_end() {
    let answers = [WITHOUT_ROLE, NO_ROLE, DONE, NO_POLICIES, DONE];
    let made = make(answers.into_iter().chain(std::iter::repeat_n(WITHOUT_ROLE, 100))).await;
    assert_eq!(made.check.outcome, CheckOutcome::Failed);
    assert!(
        made.check.message.to_string().contains("made: ") && made.check.message.to_string().contains("after 120 s"),
        "{:?}",
        made.check
    );
    assert_eq!(made.clock.slept(), Duration::from_secs(120));
}

#[tokio::test]
async fn who_may_not_make_it_is_told_what_to_make() {
    for answers in [
        vec![WITHOUT_ROLE, DENIED],
        vec![WITHOUT_ROLE, NO_ROLE, DENIED],
        vec![WITHOUT_ROLE, ROLE, DENIED],
        vec![WITHOUT_ROLE, ROLE, NO_POLICIES, DENIED],
    ] {
        let calls = answers.len();
        let made = make(answers).await;
        assert_eq!(made.check.outcome, CheckOutcome::Failed);
        assert!(
            made.check.message.to_string().contains("NoPermission"),
            "{:?}",
            made.check
        );
        for part in [IMPORT_ROLE, IMPORT_POLICY, TRUST_DOCUMENT, PERMISSION_DOCUMENT] {
            assert!(
                made.check.remedy.as_ref().unwrap().to_string().contains(part),
                "{:?}",
                made.check
            );
        }
        assert_eq!(called(&made.script).len(), calls);
    }
}

#[tokio::test]
async fn what_cannot_be_reached_is_not_tried_further() {
    let wrong_key = (
        400,
        r#"{"RequestId":"r","Code":"SignatureDoesNotMatch","Message":"no"}"#,
    );
    let busy = (
        503,
        r#"{"RequestId":"r","Code":"ServiceUnavailable","Message":"later"}"#,
    );
    for answer in [wrong_key, busy] {
        let made = make([answer]).await;
        made.expect(CheckOutcome::NotChecked, &["nothing was made"], &["ImportImage"]);
    }
}

#[tokio::test]
async fn a_dry_run_that_is_none_ends_it() {
    for answers in [
        vec![(200, super::importer::STARTED)],
        vec![WITHOUT_ROLE, ROLE, POLICIES, (200, super::importer::STARTED)],
    ] {
        let calls = answers.len();
        let made = make(answers).await;
        assert_eq!(made.check.outcome, CheckOutcome::Warning);
        assert!(made.check.message.to_string().contains("m-1"), "{:?}", made.check);
        assert_eq!(called(&made.script).len(), calls);
    }
}

#[tokio::test]
async fn the_role_that_is_named_is_made() {
    let order = order()
        .vendor(Provider::ALIYUN, &serde_json::json!({"RoleName": "Mine"}))
        .unwrap();
    let made = make_for(&order, [WITHOUT_ROLE, NO_ROLE, DONE, NO_POLICIES, DONE, DRY_RUN]).await;
    let sent = made.script.sent();
    for request in &sent {
        assert_eq!(parameter(request, "RoleName").as_deref(), Some("Mine"));
    }
}

#[tokio::test]
async fn a_preflight_asks_ram_where_the_dry_run_does_not_tell() {
    let regions = (200, r#"{"Regions":{"Region":[{"RegionId":"cn-hangzhou"}]}}"#);
    let images = (200, r#"{"Images":{"Image":[]}}"#);
    for (dry_run, role, outcome, part) in [
        (NO_OBJECT, ROLE, CheckOutcome::Passed, "there is a RAM role"),
        (NO_OBJECT, OTHERS_ROLE, CheckOutcome::Failed, "does not name ECS"),
        (NO_OBJECT, NO_ROLE, CheckOutcome::Failed, "there is no RAM role"),
        (NO_OBJECT, DENIED, CheckOutcome::NotChecked, "NoPermission"),
        (WITHOUT_ROLE, NO_ROLE, CheckOutcome::Failed, "there is no RAM role"),
        (WITHOUT_ROLE, ROLE, CheckOutcome::Failed, "or it was made just now"),
        (
            WITHOUT_ROLE,
            DENIED,
            CheckOutcome::Failed,
            "NoSetRoletoECSServiceAcount",
        ),
    ] {
        let (importer, script) = super::importer::importer([regions, images, dry_run, role]);
        let checks = importer.preflight(&order()).await;
        let found: Vec<&Check> = checks
            .iter()
            .filter(|check| check.what == Subject::ImportRole)
            .collect();
        assert_eq!(found.len(), 1, "{checks:#?}");
        assert_eq!(found[0].outcome, outcome, "{:?}", found[0]);
        assert!(found[0].message.to_string().contains(part), "{:?}", found[0]);
        assert_eq!(
            called(&script),
            ["DescribeRegions", "DescribeImages", "ImportImage", "GetRole"]
        );
    }
}

#[tokio::test]
async fn a_gateway_of_ones_own_answers_for_ram_too() {
    for (endpoint, expected) in [
        ("https://ecs-vpc.cn-beijing.aliyuncs.com", "https://ram.aliyuncs.com/"),
        ("http://ecs.aliyuncs.com", "https://ram.aliyuncs.com/"),
        ("https://ecs.private.example:8443", "https://ecs.private.example:8443/"),
        ("https://aliyuncs.com.example", "https://aliyuncs.com.example/"),
    ] {
        let script = Arc::new(Scripted::new([ROLE]));
        let client = super::builder(&script)
            .endpoint(endpoint.parse().unwrap())
            .plain_http(true)
            .build()
            .unwrap();
        client.get_role(&GetRoleRequest::default()).await.unwrap();
        assert_eq!(script.sent()[0].uri().to_string(), expected);
    }
}

fn role_name() -> Option<String> {
    Some(IMPORT_ROLE.to_owned())
}

#[tokio::test]
async fn the_calls_of_ram() {
    let script = Arc::new(Scripted::new([DONE; 5]));
    let client = super::client(&script);
    let get = build!(GetRoleRequest { role_name: role_name() });
    client.get_role(&get).await.unwrap();
    let create = build!(CreateRoleRequest {
        role_name: role_name(),
        assume_role_policy_document: Some(TRUST_DOCUMENT.to_owned()),
        description: Some("a role".to_owned()),
    });
    client.create_role(&create).await.unwrap();
    let list = build!(ListPoliciesForRoleRequest { role_name: role_name() });
    client.list_policies_for_role(&list).await.unwrap();
    let policy = build!(CreatePolicyRequest {
        policy_name: Some("mine".to_owned()),
        policy_document: Some(PERMISSION_DOCUMENT.to_owned()),
    });
    client.create_policy(&policy).await.unwrap();
    let attach = build!(AttachPolicyToRoleRequest {
        policy_type: Some("Custom".to_owned()),
        policy_name: Some("mine".to_owned()),
        role_name: role_name(),
    });
    client.attach_policy_to_role(&attach).await.unwrap();
    let sent: Vec<String> = script.sent().iter().map(render).collect();
    assert_snapshot!(sent.join("\n"));
}

#[tokio::test]
async fn the_older_form_names_the_version_of_ram() {
    let script = Arc::new(Scripted::new([ROLE]));
    let options = ClientOptions::default().signature_version(SignatureVersion::Rpc);
    let client = super::builder(&script).options(options).build().unwrap();
    client.get_role(&GetRoleRequest::default()).await.unwrap();
    let sent = script.sent();
    assert_eq!(sent[0].uri().host(), Some("ram.aliyuncs.com"));
    assert_eq!(parameter(&sent[0], "Version").as_deref(), Some("2015-05-01"));
}
