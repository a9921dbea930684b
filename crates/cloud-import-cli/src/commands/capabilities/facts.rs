//! The facts of a cloud, one a row, in words. Which facts there are is decided in the tables; here is how they read.

use cloud_import::{
    Capabilities, SourceForm,
    provider::capabilities::{Alphabet, CopyEncryption, Fact, First, Rule, UniqueNames},
};

/// A fact in words.
pub(super) struct Words {
    pub(super) words: String,
    pub(super) is_verified: bool,
    pub(super) note: &'static str,
    pub(super) source: &'static str,
}

/// A row: what of each cloud it tells.
pub(super) struct Row {
    pub(super) title: &'static str,
    pub(super) fact: fn(&Capabilities) -> Words,
    /// Whether it stands in the table of all clouds.
    pub(super) is_in_overview: bool,
}

const fn row(title: &'static str, fact: fn(&Capabilities) -> Words) -> Row {
    Row {
        title,
        fact,
        is_in_overview: true,
    }
}

const fn more(title: &'static str, fact: fn(&Capabilities) -> Words) -> Row {
    Row {
        title,
        fact,
        is_in_overview: false,
    }
}

/// What is told, those of the table in its order.
pub(super) const ROWS: &[Row] = &[
    row("formats", |cloud| list(&cloud.formats)),
    row("file named by", |cloud| {
        let form = |form: &SourceForm| match form {
            SourceForm::Url => "link".to_owned(),
            SourceForm::Object => "bucket and key".to_owned(),
            other => other.to_string(),
        };
        let words = cloud.sources.value.iter().map(form).collect::<Vec<_>>().join(", ");
        told(&cloud.sources, words)
    }),
    row("architectures", |cloud| list(&cloud.architectures)),
    row("boot modes", |cloud| list(&cloud.boot_modes)),
    row("data disks", |cloud| {
        let most = &cloud.max_data_disks;
        let words = match (most.value, most.verified) {
            (0, _) => "none".to_owned(),
            (_, false) => "yes; no source says how many".to_owned(),
            (most, true) => format!("up to {most}"),
        };
        Words {
            // The words say what is not known.
            is_verified: true,
            ..told(most, words)
        }
    }),
    row("image of one data disk", |cloud| switch(&cloud.data_image)),
    row("tags", |cloud| switch(&cloud.tags)),
    row("a lost answer", |cloud| {
        either(
            &cloud.client_token,
            "token: sent again safely",
            "name and marker, else \"outcome unknown\"",
        )
    }),
    row("an import is listed", |cloud| {
        let within = &cloud.listed_within_minutes;
        let words = within.value.map_or_else(
            || "no source says when".to_owned(),
            |minutes| format!("within {minutes} minutes"),
        );
        told(within, words)
    }),
    row("progress", |cloud| either(&cloud.progress, "percent", "state only")),
    row("reason of a failure", |cloud| {
        either(&cloud.failure_reason, "the vendor's", "likely causes, labelled so")
    }),
    row("cancel", |cloud| switch(&cloud.cancel)),
    row("dry run", |cloud| switch(&cloud.dry_run)),
    row("copy to a region", |cloud| {
        let after = &cloud.after;
        match after.copy_on_request.value {
            true => told(&after.copy_on_request, "on request".to_owned()),
            false => switch(&after.copy_to_regions),
        }
    }),
    row("copy inside one", |cloud| switch(&cloud.after.copy_within)),
    row("a lost copy", |cloud| {
        let token = &cloud.after.copy_token;
        either(
            token,
            "token: sent again safely",
            "looked for, else \"outcome unknown\"",
        )
    }),
    row("share", |cloud| {
        let most = &cloud.after.share;
        let words = match most.value {
            0 => "no".to_owned(),
            most => format!("with up to {most}"),
        };
        told(most, words)
    }),
    row("public", |cloud| switch(&cloud.after.public)),
    row("family", |cloud| switch(&cloud.after.family)),
    row("deprecate", |cloud| switch(&cloud.after.deprecate)),
    row("tag afterwards", |cloud| switch(&cloud.after.tag)),
    row("export", |cloud| list(&cloud.after.export_formats)),
    more("licence types", |cloud| list(&cloud.license_types)),
    more("description", |cloud| switch(&cloud.description)),
    more("project", |cloud| {
        let word = cloud.project.value;
        told(&cloud.project, if word.is_empty() { "no" } else { word }.to_owned())
    }),
    more("second image of a name", |cloud| {
        let words = match cloud.unique_names.value {
            UniqueNames::No => "accepted",
            UniqueNames::Refused => "refused",
            _ => "no source says",
        };
        Words {
            // The words say it.
            is_verified: true,
            ..told(&cloud.unique_names, words.to_owned())
        }
    }),
    more("skip the guest's check", |cloud| switch(&cloud.skip_guest_check)),
    more("share with", |cloud| {
        let with = &cloud.after.share_with;
        told(
            with,
            if with.value.is_empty() { "nobody" } else { with.value }.to_owned(),
        )
    }),
    more("copies at once", |cloud| number(&cloud.after.copies_at_once)),
    more("largest copy, GiB", |cloud| number(&cloud.after.copy_max_gib)),
    more("encrypted copies", |cloud| {
        let encrypted = &cloud.after.copy_encrypted;
        let words = match encrypted.value {
            CopyEncryption::Any => "yes",
            CopyEncryption::Within => "inside a region",
            _ => "no",
        };
        told(encrypted, words.to_owned())
    }),
    more("cancel a copy", |cloud| switch(&cloud.after.copy_cancel)),
    more("NVMe driver", |cloud| switch(&cloud.nvme)),
    more("metadata service v2", |cloud| switch(&cloud.imds_v2)),
];

fn told<T: Copy>(fact: &Fact<T>, words: String) -> Words {
    Words {
        words,
        is_verified: fact.verified,
        note: fact.note,
        source: fact.source,
    }
}

fn list<T: ToString>(fact: &Fact<&'static [T]>) -> Words {
    let words: Vec<String> = fact.value.iter().map(ToString::to_string).collect();
    let words = if words.is_empty() {
        "none".to_owned()
    } else {
        words.join(", ")
    };
    told(fact, words)
}

fn number(fact: &Fact<Option<u32>>) -> Words {
    let words = fact
        .value
        .map_or("no source says".to_owned(), |number| number.to_string());
    told(fact, words)
}

fn switch(fact: &Fact<bool>) -> Words {
    either(fact, "yes", "no")
}

fn either(fact: &Fact<bool>, yes: &str, no: &str) -> Words {
    told(fact, if fact.value { yes } else { no }.to_owned())
}

/// A rule in words.
pub(super) fn rule(rule: &Rule) -> String {
    match rule {
        Rule::Chars { min: 0, max } => format!("up to {max} characters"),
        Rule::Chars { min, max } => format!("{min} to {max} characters"),
        Rule::Range {
            min,
            max,
            multiple_of: 0 | 1,
        } => format!("{min} to {max} GiB"),
        Rule::Range { min, max, multiple_of } => format!("{min} to {max} GiB, in steps of {multiple_of}"),
        Rule::Count { max } => format!("up to {max}"),
        Rule::Alphabet(alphabet) => self::alphabet(alphabet),
        _ => String::new(),
    }
}

fn alphabet(alphabet: &Alphabet) -> String {
    let mut parts = Vec::new();
    if let Some(set) = alphabet.allowed {
        let kinds = [
            (set.letters, "letters"),
            (set.digits, "digits"),
            (set.han, "Chinese characters"),
        ];
        let mut kinds: Vec<String> = kinds
            .iter()
            .filter(|(is_in, _)| *is_in)
            .map(|(_, name)| (*name).to_owned())
            .collect();
        if !set.also.is_empty() {
            kinds.push(format!("any of `{}`", set.also));
        }
        parts.push(format!("only {}", kinds.join(", ")));
    }
    match alphabet.first {
        First::Any => {}
        First::Letter => parts.push("begins with a letter".to_owned()),
        First::LetterOrHan => parts.push("begins with a letter or a Chinese character".to_owned()),
        First::NotSpace => parts.push("no blank at either end".to_owned()),
        _ => {}
    }
    let quoted = |texts: &[&str]| {
        texts
            .iter()
            .map(|text| format!("`{text}`"))
            .collect::<Vec<_>>()
            .join(" or ")
    };
    if !alphabet.not_prefix.is_empty() {
        parts.push(format!("does not begin with {}", quoted(alphabet.not_prefix)));
    }
    if !alphabet.not_containing.is_empty() {
        parts.push(format!("has no {} in it", quoted(alphabet.not_containing)));
    }
    parts.join("; ")
}

#[cfg(test)]
mod tests {
    use cloud_import::Provider;

    use super::*;

    #[test]
    fn facts_read_well() {
        for provider in Provider::all() {
            let cloud = cloud_import::capabilities(provider).unwrap();
            for row in ROWS {
                let fact = (row.fact)(cloud);
                assert!(!fact.words.is_empty() && fact.words != "0", "{provider}: {}", row.title);
                assert!(
                    fact.is_verified || !fact.words.contains("nverified"),
                    "{provider}: {}: {}",
                    row.title,
                    fact.words
                );
            }
            for limit in cloud.limits {
                assert!(!rule(&limit.rule).is_empty(), "{provider}: {limit:?}");
            }
        }
    }
}
