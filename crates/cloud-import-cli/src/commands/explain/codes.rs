//! Error codes of the clouds: rows of the generated tables, by the whole code or a part of it.

use cloud_import::{Provider, Result, provider::CodeRule};
use serde::Serialize;

/// More than these are no help.
const MOST_SIMILAR: usize = 20;

/// A code and what it means.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct CodeRow {
    #[cfg_attr(test, schemars(with = "String"))]
    provider: Provider,
    code: &'static str,
    /// Whether it stands for every code that begins with it.
    family: bool,
    /// What such a code has in it, too.
    #[serde(skip_serializing_if = "str::is_empty")]
    containing: &'static str,
    /// The HTTP status that usually comes with it.
    http_status: Option<u16>,
    /// What it is; `null` for the success of a dry run.
    kind: Option<&'static str>,
    /// Whether it is retried, where that is safe.
    retried: bool,
    may_have_executed: bool,
    remedy: &'static str,
    source: &'static str,
}

impl CodeRow {
    fn of(provider: Provider, rule: &CodeRule) -> Self {
        Self {
            provider,
            code: rule.code,
            family: rule.prefix,
            containing: rule.containing,
            http_status: (rule.http != 0).then_some(rule.http),
            kind: rule.kind().map(|kind| kind.as_str()),
            retried: rule.kind().is_some_and(|kind| kind.is_retryable()),
            may_have_executed: rule.kind().is_some() && rule.may_have_executed,
            remedy: rule.remedy,
            source: rule.source,
        }
    }

    /// On a line: cloud, code, kind.
    pub(super) fn line(&self) -> String {
        let code = match (self.family, self.containing) {
            (false, _) => self.code.to_owned(),
            (true, "") => format!("{}…", self.code),
            (true, part) => format!("{}…{part}…", self.code),
        };
        format!(
            "{:8} {code:44} {}",
            self.provider.id(),
            self.kind.unwrap_or("dry run passed")
        )
    }

    /// In full.
    pub(super) fn text(&self) -> String {
        let http = self
            .http_status
            .map_or_else(String::new, |http| format!(", usually with HTTP {http}"));
        let every = match (self.family, self.containing) {
            (false, _) => String::new(),
            (true, "") => " and every code that begins with it".to_owned(),
            (true, part) => format!("… with `{part}` in it"),
        };
        let (retry, executed) = match (self.kind, self.retried, self.may_have_executed) {
            (None, ..) => ("there is nothing to retry", "nothing was executed"),
            (_, retried, may) => (
                if retried {
                    "automatic, where it is safe"
                } else {
                    "not automatic"
                },
                if may {
                    "the request may have been executed"
                } else {
                    "the request was not executed"
                },
            ),
        };
        format!(
            "{}: {}{every}{http}\n  what it is  {}\n  retry       {retry}\n  executed    {executed}\n  what to do  {}\n  source      {}",
            self.provider.name(),
            self.code,
            self.kind.unwrap_or("success of a dry run"),
            self.remedy,
            self.source
        )
    }
}

/// The codes of a cloud.
pub(super) fn all(provider: Provider) -> Result<Vec<CodeRow>> {
    let mut rows: Vec<CodeRow> = cloud_import::error_codes(provider)?
        .iter()
        .map(|rule| CodeRow::of(provider, rule))
        .collect();
    rows.sort_by_key(|row| row.code.to_ascii_lowercase());
    Ok(rows)
}

/// What a code means, and the codes that begin with it or have it in them, where none is just it.
pub(super) fn find(code: &str, only: Option<Provider>) -> Result<(Vec<CodeRow>, Vec<CodeRow>)> {
    let (mut found, mut similar) = (Vec::new(), Vec::new());
    let part = code.to_ascii_lowercase();
    for provider in Provider::all().filter(|provider| only.is_none_or(|only| only == *provider)) {
        let rules = cloud_import::error_codes(provider)?;
        found.extend(CodeRule::find(rules, code).map(|rule| CodeRow::of(provider, rule)));
        let has_it = |rule: &&CodeRule| rule.code.to_ascii_lowercase().contains(&part);
        similar.extend(rules.iter().filter(has_it).map(|rule| CodeRow::of(provider, rule)));
    }
    if found.iter().any(|row| row.code.eq_ignore_ascii_case(code)) || part.is_empty() {
        similar.clear();
    }
    similar.sort_by_key(|row| !row.code.to_ascii_lowercase().starts_with(&part));
    similar.truncate(MOST_SIMILAR);
    Ok((found, similar))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn codes(rows: &[CodeRow]) -> Vec<&str> {
        rows.iter().map(|row| row.code).collect()
    }

    #[test]
    fn a_part_of_a_code_finds_it() {
        let (found, similar) = find("InvalidImageName.Duplicat", None).unwrap();
        assert!(found.iter().all(|row| row.code != "InvalidImageName.Duplicate"));
        assert!(
            codes(&similar).contains(&"InvalidImageName.Duplicate"),
            "{:?}",
            codes(&similar)
        );
        let (found, similar) = find("invalidimagename.duplicate", None).unwrap();
        assert!(codes(&found).contains(&"InvalidImageName.Duplicate"));
        assert_eq!(codes(&similar), [""; 0], "the code itself is there");
        // What begins with it comes first.
        let (_, similar) = find("throttl", None).unwrap();
        let begins: Vec<bool> = similar
            .iter()
            .map(|row| row.code.to_lowercase().starts_with("throttl"))
            .collect();
        assert!(
            begins[0] && begins.is_sorted_by_key(|begins| !begins),
            "{:?}",
            codes(&similar)
        );
        let (found, similar) = find("quota", Some(Provider::UCLOUD)).unwrap();
        assert!(found.iter().chain(&similar).all(|row| row.provider == Provider::UCLOUD));
        assert!(find("NoSuchCode", None).unwrap().1.is_empty());
    }
}
