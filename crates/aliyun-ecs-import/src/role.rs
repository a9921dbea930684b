//! The RAM role by which Alibaba's import reads the bucket: its name and the two policies that make it. No calls here.
//!
//! Source: ImportImage, older document (seed), ECS API reference (2025-05) and packer-plugin-alicloud (2025-06); of the three
//! permissions the last is in the newer sources only.

use cloud_import_core::{Field, ImportRequest, Remedy};

use crate::Options;

/// The role that is taken when the option `RoleName` names none.
pub const IMPORT_ROLE: &str = "AliyunECSImageImportDefaultRole";

/// The vendor's ready-made policy with the permissions.
pub const IMPORT_POLICY: &str = "AliyunECSImageImportRolePolicy";

/// Who may take the role: the trust policy.
pub const TRUST_DOCUMENT: &str = r#"{"Version":"1","Statement":[{"Action":"sts:AssumeRole","Effect":"Allow","Principal":{"Service":["ecs.aliyuncs.com"]}}]}"#;

/// What the role may do: what the vendor's ready-made policy says, for those who write their own.
pub const PERMISSION_DOCUMENT: &str = r#"{"Version":"1","Statement":[{"Action":["oss:GetObject","oss:GetBucketLocation","oss:GetBucketInfo"],"Resource":"*","Effect":"Allow"}]}"#;

/// The policy of the account's own with those permissions, where the vendor's ready-made one is not to be had.
pub(crate) const OWN_POLICY: &str = "cloud-import-read-image-files";

/// Who takes the role.
const SERVICE: &str = "ecs.aliyuncs.com";

/// The role that an order's import takes.
pub(crate) fn name(order: &ImportRequest) -> String {
    let options: Options = order.vendor_options().unwrap_or_default();
    options.role_name.unwrap_or_else(|| IMPORT_ROLE.to_owned())
}

/// Whether a trust policy names the service. One that is not shown is taken to.
pub(crate) fn trusts_service(document: Option<&str>) -> bool {
    document.is_none_or(|document| document.contains(SERVICE))
}

/// How a role that is missing is made.
pub(crate) fn remedy(order: &ImportRequest) -> Remedy {
    let role = name(order);
    Remedy::text(format!(
        "create the RAM role {role} with the trust policy {TRUST_DOCUMENT}, attach the system policy {IMPORT_POLICY} or one of \
         your own that is {PERMISSION_DOCUMENT}, and wait a minute"
    ))
    .or(Remedy::set(Field::ImportRole))
}

#[cfg(test)]
mod tests {
    use cloud_import_core::Disk;

    use super::*;

    #[test]
    fn the_remedy_has_both_documents_and_the_role_that_is_named() {
        let order = ImportRequest::new("web", Disk::object("b", "k"));
        let text = remedy(&order).to_string();
        for part in [IMPORT_ROLE, IMPORT_POLICY, TRUST_DOCUMENT, PERMISSION_DOCUMENT] {
            assert!(text.contains(part), "{text}");
        }
        let named = order.vendor(
            cloud_import_core::Provider::ALIYUN,
            &serde_json::json!({"RoleName": "Mine"}),
        );
        let text = remedy(&named.unwrap()).to_string();
        assert!(text.contains("role Mine ") && !text.contains(IMPORT_ROLE), "{text}");
    }

    #[test]
    fn only_a_trust_policy_that_is_shown_can_lack_the_service() {
        assert!(trusts_service(Some(TRUST_DOCUMENT)) && trusts_service(None));
        assert!(!trusts_service(Some(&TRUST_DOCUMENT.replace("ecs", "fc"))));
    }

    #[test]
    fn the_documents_are_json() {
        for (document, part) in [
            (TRUST_DOCUMENT, "/Statement/0/Principal/Service/0"),
            (PERMISSION_DOCUMENT, "/Statement/0/Action/2"),
        ] {
            let document: serde_json::Value = serde_json::from_str(document).unwrap();
            assert!(document.pointer(part).is_some_and(serde_json::Value::is_string));
        }
    }
}
