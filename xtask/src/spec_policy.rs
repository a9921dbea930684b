//! What must hold within `policy.toml`, beside its form.

use std::collections::BTreeSet;

use crate::spec::{Fact, Operation, Permission, Policy};

/// What keys are used for, as in core.
pub(crate) const PURPOSES: [&str; 7] = ["import", "stage", "copy", "export", "change", "role", "bucket"];

/// What may be said of a grammar.
const DOCUMENT: [&str; 5] = ["words", "version", "apart", "no_resource", "any_region"];

impl Policy {
    /// Every operation of the API is there once, and what rows name is known.
    pub(crate) fn check(&self, operations: &[Operation]) -> Result<(), String> {
        let mut named = BTreeSet::new();
        for row in &self.permissions {
            let what = &row.operation;
            if !named.insert(what.as_str()) {
                return Err(format!("policy: {what} is there twice"));
            }
            if let Some(word) = row.purposes.iter().find(|word| !PURPOSES.contains(&word.as_str())) {
                return Err(format!("policy: {what}: no purpose `{word}`"));
            }
            // Without its pattern, the row would be allowed for everything.
            let is_unknown = |name: &&String| {
                let pattern = self.resources.get(*name).and_then(|fact| fact.value.as_str());
                pattern.is_none()
            };
            if let Some(name) = row.on.iter().find(is_unknown) {
                return Err(format!("policy: {what}: no resource `{name}`"));
            }
            if row.actions.is_empty() && !row.unverified {
                return Err(format!("policy: {what}: no action, and no word that none is known"));
            }
        }
        if let Some(one) = operations.iter().find(|own| !named.contains(own.name.as_str())) {
            return Err(format!("policy: no row for the operation {}", one.name));
        }
        match self.document.keys().find(|name| !DOCUMENT.contains(&name.as_str())) {
            Some(name) => Err(format!("policy: `{name}` is no fact of a grammar")),
            None if self.words().len() != 6 => Err("policy: six `words` of the grammar".to_owned()),
            None => Ok(()),
        }
    }

    /// The vendor's words of a policy.
    pub(crate) fn words(&self) -> Vec<&str> {
        self.document.get("words").map(Fact::words).unwrap_or_default()
    }

    /// A text of the grammar.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.document.get(name)?.value.as_str()
    }

    /// The services whose actions stand apart.
    pub(crate) fn apart(&self) -> Vec<&str> {
        self.document.get("apart").map(Fact::words).unwrap_or_default()
    }

    /// Whether a statement for everything names no resource.
    pub(crate) fn has_no_resource(&self) -> bool {
        self.document.get("no_resource").is_some_and(Fact::holds)
    }

    /// What these purposes take.
    pub(crate) fn needed(&self, purposes: &[&str]) -> impl Iterator<Item = &Permission> {
        let rows = self.permissions.iter();
        rows.filter(move |row| row.purposes.iter().any(|own| purposes.contains(&own.as_str())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_for_a_resource_that_has_no_pattern_is_refused() {
        let policy = |resources: &str| {
            let text = format!(
                "permissions = [{{ operation = \"GetObject\", actions = [\"s:Get\"], purposes = [\"import\"], on = [\"object\"], source = \"s\" }}]\n\
                 [document]\nwords = {{ value = [\"a\", \"b\", \"c\", \"d\", \"e\", \"f\"], source = \"s\" }}\n{resources}"
            );
            toml::from_str::<Policy>(&text).unwrap().check(&[])
        };
        policy("[resources]\nobject = { value = \"{bucket}/*\", source = \"s\" }\n").unwrap();
        for wrong in [
            "",
            "[resources]\nbucket = { value = \"{bucket}\", source = \"s\" }\n",
            "[resources]\nobject = { value = false, source = \"s\" }\n",
        ] {
            assert_eq!(policy(wrong).unwrap_err(), "policy: GetObject: no resource `object`");
        }
    }
}
