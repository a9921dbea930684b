//! What is wrong with the name of a bucket, by the rules of its store. No I/O; knows no cloud by name.

use cloud_import_core::{Field, Problem, Provider};

use crate::spec::BucketNames;

/// The fewest digits that an account's number was seen with.
const ACCOUNT_DIGITS: usize = 8;

/// Every rule that a name breaks.
pub(crate) fn problems(provider: Provider, name: &str, rules: &BucketNames) -> Vec<Problem> {
    let mut problems = Vec::new();
    let mut broken = |rule: String, remedy: String| {
        let problem = Problem::error(provider, Field::Bucket, format!("`{}` {rule}", name.escape_debug()));
        problems.push(problem.source(rules.read_in).remedy(remedy));
    };
    let (shortest, longest) = (rules.shortest, rules.longest);
    let allowed = match rules.dots {
        true => "lower-case letters, digits, hyphens and dots",
        false => "lower-case letters, digits and hyphens",
    };
    let as_allowed = || format!("Name a bucket of {shortest} to {longest} {allowed}.");
    let is_allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '.');
    if let Some(bad) = name.chars().find(|c| !is_allowed(*c)) {
        broken(
            format!("has the character {bad:?}; {allowed} are allowed"),
            as_allowed(),
        );
    }
    if name.contains('.') && !rules.dots {
        let rule =
            "has a dot: this store has no such buckets, and its certificate covers no host name with one more dot";
        broken(rule.to_owned(), as_allowed());
    }
    if rules.account_number && !ends_in_account_number(name) {
        let whole = if name.is_empty() { "images" } else { name };
        broken(
            "does not end in the account's number (APPID)".to_owned(),
            format!(
                "Name it as the console shows it: with a hyphen and the account's number, such as {whole}-1250000000."
            ),
        );
    } else if !(shortest..=longest).contains(&name.chars().count()) {
        let count = name.chars().count();
        broken(
            format!("has {count} characters; {shortest} to {longest} are allowed"),
            as_allowed(),
        );
    }
    let at_an_end = |c: char| name.starts_with(c) || name.ends_with(c);
    if at_an_end('-') || at_an_end('.') {
        let remedy = "Name a bucket that begins and ends with a letter or digit.";
        broken("begins or ends with a hyphen or dot".to_owned(), remedy.to_owned());
    }
    if rules.dots && ["..", ".-", "-."].iter().any(|pair| name.contains(pair)) {
        broken("has a dot beside a dot or hyphen".to_owned(), as_allowed());
    }
    if name.parse::<std::net::Ipv4Addr>().is_ok() {
        broken("is an address".to_owned(), as_allowed());
    }
    problems
}

fn ends_in_account_number(name: &str) -> bool {
    name.rsplit_once('-').is_some_and(|(own, number)| {
        !own.is_empty() && number.len() >= ACCOUNT_DIGITS && number.bytes().all(|byte| byte.is_ascii_digit())
    })
}

#[cfg(test)]
mod tests {
    use cloud_import_core::Provider;

    use crate::Bucket;

    /// What is said of a name at each store, in the order of `Provider::all`; nothing where it is fine.
    fn said(name: &str) -> Vec<(&'static str, String)> {
        let said = |provider: Provider| {
            let problems = match Bucket::new(provider, "r-1", name) {
                Ok(bucket) => bucket.problems(),
                Err(error) => error.problems().to_vec(),
            };
            let lines: Vec<String> = problems.iter().map(ToString::to_string).collect();
            (provider.id(), lines.join("; "))
        };
        Provider::all().map(said).collect()
    }

    #[test]
    fn each_store_says_its_own_rules() {
        let long = "x".repeat(64);
        for (name, everywhere, at_tencent, at_huawei) in [
            ("images", "", "APPID", ""),
            ("images-2026", "", "APPID", ""),
            ("images-1250000000", "", "", ""),
            ("1-newproject-1250000000", "", "", ""),
            ("ab", "3 to 63", "APPID", "3 to 63"),
            (&long, "64 characters", "APPID", "64 characters"),
            ("my.bucket", "has a dot: ", "has a dot: ", ""),
            ("department.service.development", "certificate", "certificate", ""),
            ("my..bucket", "has a dot: ", "has a dot: ", "beside a dot"),
            ("my-.bucket", "has a dot: ", "has a dot: ", "beside a dot"),
            ("-images", "begins or ends", "begins or ends", "begins or ends"),
            ("images.", "begins or ends", "begins or ends", "begins or ends"),
            ("192.168.5.4", "is an address", "is an address", "is an address"),
            (
                "Images",
                "has the character 'I'",
                "has the character 'I'",
                "has the character 'I'",
            ),
            (
                "my_images",
                "has the character '_'",
                "has the character '_'",
                "has the character '_'",
            ),
            ("", "has 0 characters", "APPID", "has 0 characters"),
        ] {
            for (provider, said) in said(name) {
                let expected = match provider {
                    "tencent" => at_tencent,
                    "huawei" => at_huawei,
                    _ => everywhere,
                };
                assert_eq!(said.is_empty(), expected.is_empty(), "{provider} {name}: {said}");
                assert!(said.contains(expected), "{provider} {name}: {said}");
                // A rule has its field, its source and what to do.
                assert!(said.is_empty() || said.contains("`bucket`") && said.contains(" [") && said.contains(". Name"));
            }
        }
    }
}
