//! RAM, version `2015-05-01`: the roles and policies of the one account that the simulator's keys belong to, and whether ECS
//! sees a role by which it may read or write buckets.
//!
//! Source: the vendor's RAM API reference (2017-05). Unverified: how long ECS takes to see a role, and the answers of
//! `ListPoliciesForRole` and `CreatePolicy` beside their names.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::{Duration, Instant},
};

use serde_json::{Value, json};
use time::OffsetDateTime;

use super::answer::{bad, done, missing};
use crate::{
    clock::{Now, rfc3339},
    clouds::vendor::{Failure, Outcome, Reply, length},
    rules::Params,
};

pub(super) const HOST: &str = "ram.aliyuncs.com";
pub(super) const VERSION: &str = "2015-05-01";

/// The operations that are RAM's and not those of ECS.
pub(super) const OPERATIONS: [&str; 5] = [
    "GetRole",
    "CreateRole",
    "ListPoliciesForRole",
    "CreatePolicy",
    "AttachPolicyToRole",
];

/// The role that an import takes when it names none.
pub(super) const DEFAULT_ROLE: &str = "AliyunECSImageImportDefaultRole";

/// The role that an export takes.
pub(super) const EXPORT_ROLE: &str = "AliyunECSImageExportDefaultRole";

/// The vendor's ready-made policies, each for its role.
const SYSTEM_POLICIES: [(&str, &str); 2] = [
    (DEFAULT_ROLE, "AliyunECSImageImportRolePolicy"),
    (EXPORT_ROLE, "AliyunECSImageExportRolePolicy"),
];

pub(super) const ACCOUNT: &str = "1234567890123456";
const SERVICE: &str = "ecs.aliyuncs.com";
const SYSTEM: &str = "System";
const CUSTOM: &str = "Custom";

/// What the account has.
#[derive(Debug, Default)]
pub(super) struct Ram {
    roles: BTreeMap<String, Role>,
    /// Names of the account's own policies.
    policies: BTreeSet<String>,
}

#[derive(Debug)]
struct Role {
    trust: String,
    description: String,
    created: OffsetDateTime,
    /// Type and name of each.
    policies: Vec<(String, String)>,
    /// When it was last changed; `None` for one that was there from the start.
    changed: Option<Instant>,
}

impl Ram {
    /// An account that has imported and exported before.
    pub(super) fn with_image_roles() -> Self {
        let role = |policy: &str| Role {
            trust: json!({"Version": "1", "Statement": [
                {"Action": "sts:AssumeRole", "Effect": "Allow", "Principal": {"Service": [SERVICE]}}
            ]})
            .to_string(),
            description: String::new(),
            created: OffsetDateTime::UNIX_EPOCH,
            policies: vec![(SYSTEM.to_owned(), policy.to_owned())],
            changed: None,
        };
        Ram {
            roles: SYSTEM_POLICIES
                .map(|(name, policy)| (name.to_owned(), role(policy)))
                .into(),
            policies: BTreeSet::new(),
        }
    }

    /// Whether ECS may take the role and sees so. Any policy is taken as enough for a bucket.
    pub(super) fn ecs_sees(&self, name: &str, now: &Now, delay: Duration) -> bool {
        self.roles.get(name).is_some_and(|role| {
            let settled = |changed| now.instant.saturating_duration_since(changed) >= delay;
            role.trust.contains(SERVICE) && !role.policies.is_empty() && role.changed.is_none_or(settled)
        })
    }
}

pub(super) fn execute(ram: &mut Ram, now: &Now, operation: &str, params: &Params) -> Outcome {
    match operation {
        "GetRole" => get_role(ram, params),
        "CreateRole" => create_role(ram, now, params),
        "ListPoliciesForRole" => list_policies(ram, params),
        "CreatePolicy" => create_policy(ram, params),
        _ => attach_policy(ram, now, params),
    }
}

fn get_role(ram: &Ram, params: &Params) -> Outcome {
    let name = role_name(params)?;
    let role = ram.roles.get(name).ok_or_else(no_role)?;
    Ok(Reply::ok(json!({"Role": shown(name, role)})))
}

fn create_role(ram: &mut Ram, now: &Now, params: &Params) -> Outcome {
    let name = role_name(params)?;
    let trust = document(params, "AssumeRolePolicyDocument")?;
    if ram.roles.contains_key(name) {
        let message = "The role already exists.";
        return Err(Failure::new(409, "EntityAlreadyExists.Role", message));
    }
    let role = Role {
        trust: trust.to_owned(),
        description: params.text("Description").unwrap_or_default().to_owned(),
        created: now.utc,
        policies: Vec::new(),
        changed: Some(now.instant),
    };
    let reply = Reply::ok(json!({"Role": shown(name, &role)}));
    ram.roles.insert(name.to_owned(), role);
    Ok(reply)
}

fn list_policies(ram: &Ram, params: &Params) -> Outcome {
    let role = ram.roles.get(role_name(params)?).ok_or_else(no_role)?;
    let policy = |(kind, name): &(String, String)| json!({"PolicyType": kind, "PolicyName": name});
    let policies: Vec<Value> = role.policies.iter().map(policy).collect();
    Ok(Reply::ok(json!({"Policies": {"Policy": policies}})))
}

fn create_policy(ram: &mut Ram, params: &Params) -> Outcome {
    let name = policy_name(params)?;
    document(params, "PolicyDocument")?;
    if !ram.policies.insert(name.to_owned()) {
        let message = "The policy already exists.";
        return Err(Failure::new(409, "EntityAlreadyExists.Policy", message));
    }
    let policy = json!({"PolicyType": CUSTOM, "PolicyName": name, "DefaultVersion": "v1"});
    Ok(Reply::ok(json!({"Policy": policy})))
}

fn attach_policy(ram: &mut Ram, now: &Now, params: &Params) -> Outcome {
    let (name, policy) = (role_name(params)?, policy_name(params)?);
    let kind = params.given("PolicyType").ok_or_else(|| missing("PolicyType"))?;
    let Ram { roles, policies } = ram;
    let role = roles.get_mut(name).ok_or_else(no_role)?;
    let exists = match kind {
        SYSTEM => SYSTEM_POLICIES.iter().any(|(_, known)| *known == policy),
        _ => policies.contains(policy),
    };
    if !exists {
        return Err(Failure::new(404, "EntityNotExist.Policy", "The policy does not exist."));
    }
    let attached = (kind.to_owned(), policy.to_owned());
    if role.policies.contains(&attached) {
        let message = "The policy is already attached to the role.";
        return Err(Failure::new(409, "EntityAlreadyExists.Role.Policy", message));
    }
    role.policies.push(attached);
    role.changed = Some(now.instant);
    Ok(done())
}

fn no_role() -> Failure {
    Failure::new(404, "EntityNotExist.Role", "The role does not exist.")
}

fn role_name(params: &Params) -> Result<&str, Failure> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || c == '.' || c == '-';
    name(params, "RoleName", 64, allowed)
}

fn policy_name(params: &Params) -> Result<&str, Failure> {
    name(params, "PolicyName", 128, |c| c.is_ascii_alphanumeric() || c == '-')
}

fn name<'p>(params: &'p Params, field: &str, longest: usize, allowed: fn(char) -> bool) -> Result<&'p str, Failure> {
    let name = params.given(field).ok_or_else(|| missing(field))?;
    if length(name) > longest {
        let code = format!("InvalidParameter.{field}.Length");
        return Err(bad(&code, format!("The parameter \"{field}\" is too long.")));
    }
    if !name.chars().all(allowed) {
        let code = format!("InvalidParameter.{field}.InvalidChars");
        return Err(bad(
            &code,
            format!("The parameter \"{field}\" contains invalid characters."),
        ));
    }
    Ok(name)
}

/// A policy document: JSON with statements.
fn document<'p>(params: &'p Params, field: &str) -> Result<&'p str, Failure> {
    let text = params.given(field).ok_or_else(|| missing(field))?;
    let parsed: Option<Value> = serde_json::from_str(text).ok();
    match parsed.and_then(|document| document.get("Statement").map(Value::is_array)) {
        Some(true) => Ok(text),
        _ => Err(bad(
            "MalformedPolicyDocument",
            format!("The {field} is no policy document."),
        )),
    }
}

fn shown(name: &str, role: &Role) -> Value {
    json!({
        "RoleName": name,
        "Arn": format!("acs:ram::{ACCOUNT}:role/{}", name.to_lowercase()),
        "Description": role.description,
        "AssumeRolePolicyDocument": role.trust,
        "CreateDate": rfc3339(role.created),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ecs_sees_a_role_a_little_after_it_has_all_it_needs() {
        let (mut ram, now) = (Ram::with_image_roles(), Now::read());
        let delay = Duration::from_secs(5);
        let after = |seconds| Now {
            instant: now.instant + Duration::from_secs(seconds),
            ..now
        };
        assert!(ram.ecs_sees(DEFAULT_ROLE, &now, delay) && !ram.ecs_sees("Other", &now, delay));
        let role = ram.roles.get_mut(DEFAULT_ROLE).unwrap();
        role.changed = Some(now.instant);
        assert!(!ram.ecs_sees(DEFAULT_ROLE, &after(4), delay));
        assert!(ram.ecs_sees(DEFAULT_ROLE, &after(5), delay));
        let role = ram.roles.get_mut(DEFAULT_ROLE).unwrap();
        let policies = std::mem::take(&mut role.policies);
        assert!(!ram.ecs_sees(DEFAULT_ROLE, &after(5), delay));
        let role = ram.roles.get_mut(DEFAULT_ROLE).unwrap();
        role.policies = policies;
        role.trust = role.trust.replace(SERVICE, "fc.aliyuncs.com");
        assert!(!ram.ecs_sees(DEFAULT_ROLE, &after(5), delay));
    }
}
