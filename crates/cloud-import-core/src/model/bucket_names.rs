//! What a cloud's object storage allows as the name of a bucket. No I/O; knows no cloud by name.

use serde::Serialize;

use crate::{Field, Problem, Provider, WarningId};

/// What a store allows as the name of a bucket, beside lower-case letters, digits and hyphens inside.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct BucketNames {
    /// The fewest characters.
    pub shortest: usize,
    /// The most characters.
    pub longest: usize,
    /// Whether there may be dots. Such a bucket is reached by its path: the wildcard of a certificate covers one label.
    pub dots: bool,
    /// Whether a name ends in a hyphen and the account's number.
    pub account_number: bool,
    /// Where that was read.
    pub source: &'static str,
}

/// The fewest digits that an account's number was seen with.
const ACCOUNT_DIGITS: usize = 8;

impl BucketNames {
    /// Names of so many characters, without dots and the account's number.
    pub const fn new(shortest: usize, longest: usize, source: &'static str) -> Self {
        Self {
            shortest,
            longest,
            dots: false,
            account_number: false,
            source,
        }
    }

    /// There may be dots.
    #[must_use]
    pub const fn dots(mut self) -> Self {
        self.dots = true;
        self
    }

    /// A name ends in a hyphen and the account's number.
    #[must_use]
    pub const fn account_number(mut self) -> Self {
        self.account_number = true;
        self
    }

    /// Every rule that the name of a bucket breaks, which stands in this field: [`Field::Bucket`], or the source of a disk. A length is
    /// only warned of in a source: a bucket that is there may be older than the rule.
    pub fn problems(&self, provider: Provider, field: &Field, name: &str) -> Vec<Problem> {
        let mut problems = Vec::new();
        let subject = match field {
            Field::Bucket => format!("`{}`", name.escape_debug()),
            _ => format!("names the bucket `{}`, which", name.escape_debug()),
        };
        let mut told = |problem: fn(Provider, Field, String) -> Problem, rule: String, remedy: String| {
            let problem = problem(provider, field.clone(), format!("{subject} {rule}"));
            problems.push(problem.source(self.source).remedy(remedy));
        };
        let (shortest, longest) = (self.shortest, self.longest);
        let allowed = match self.dots {
            true => "lower-case letters, digits, hyphens and dots",
            false => "lower-case letters, digits and hyphens",
        };
        let as_allowed = || format!("Name a bucket of {shortest} to {longest} {allowed}.");
        let is_allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '.');
        if let Some(bad) = name.chars().find(|c| !is_allowed(*c)) {
            told(
                Problem::error,
                format!("has the character {bad:?}; {allowed} are allowed"),
                as_allowed(),
            );
        }
        if name.contains('.') && !self.dots {
            let rule =
                "has a dot: this store has no such buckets, and its certificate covers no host name with one more dot";
            told(Problem::error, rule.to_owned(), as_allowed());
        }
        if self.account_number && !ends_in_account_number(name) {
            let whole = if name.is_empty() { "images" } else { name };
            told(
                Problem::error,
                "does not end in the account's number (APPID)".to_owned(),
                format!(
                    "Name it as the console shows it: with a hyphen and the account's number, such as {whole}-1250000000."
                ),
            );
        } else if !(shortest..=longest).contains(&name.chars().count()) {
            let count = name.chars().count();
            let plural = if count == 1 { "" } else { "s" };
            let of_length = match field {
                Field::Bucket => Problem::error,
                _ => |provider, field, rule| Problem::warning(WarningId::BUCKET_NAME, provider, field, rule),
            };
            told(
                of_length,
                format!("has {count} character{plural}; {shortest} to {longest} are allowed"),
                as_allowed(),
            );
        }
        let at_an_end = |c: char| name.starts_with(c) || name.ends_with(c);
        if at_an_end('-') || at_an_end('.') {
            let remedy = "Name a bucket that begins and ends with a letter or digit.";
            told(
                Problem::error,
                "begins or ends with a hyphen or dot".to_owned(),
                remedy.to_owned(),
            );
        }
        if self.dots && ["..", ".-", "-."].iter().any(|pair| name.contains(pair)) {
            told(
                Problem::error,
                "has a dot beside a dot or hyphen".to_owned(),
                as_allowed(),
            );
        }
        if name.parse::<std::net::Ipv4Addr>().is_ok() {
            told(Problem::error, "is an address".to_owned(), as_allowed());
        }
        problems
    }
}

fn ends_in_account_number(name: &str) -> bool {
    name.rsplit_once('-').is_some_and(|(own, number)| {
        !own.is_empty() && number.len() >= ACCOUNT_DIGITS && number.bytes().all(|byte| byte.is_ascii_digit())
    })
}
