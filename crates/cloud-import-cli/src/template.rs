//! Templates in the texts of an order: `web-{date}-{region}`. What they stand for is settled once for a command, so that all its targets
//! and all its texts say the same.

use std::{collections::BTreeMap, sync::OnceLock, time::SystemTime};

use cloud_import::{
    Error, ErrorKind, Result,
    env::{Env as _, SystemEnv},
    provider::suggest::did_you_mean,
};

use crate::{fields::Fields, render, targets::Wanted};

/// What may stand in braces.
const WORDS: [&str; 6] = ["date", "time", "region", "provider", "target", "sha8"];

/// Of a file that was not read yet: rules about names look at their form.
const UNREAD: &str = "00000000";

/// What `{sha8}` is.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Content<'a> {
    /// The SHA-256 of the file, in hex.
    Read(&'a str),
    /// It is a file of this machine.
    NotRead,
    /// It is a link or an object, whose sum is not known.
    Elsewhere,
}

/// The fields of a target with what their templates stand for.
///
/// # Errors
/// [`ErrorKind::InvalidRequest`] for a word in braces that is not known, or that cannot stand where it is.
pub(crate) fn filled(wanted: &Wanted, content: Content<'_>) -> Result<Fields> {
    let fields = &wanted.fields;
    let name = fields.name.clone().unwrap_or_default();
    let fill = |what: &str, text: &String| {
        let word = |word: &str| {
            // One name means one order: what is new tomorrow is so in the name, too.
            if matches!(word, "date" | "time") && !uses(&name, word) {
                let why = format!(
                    "stands in the {what} and not in the name, so that a repeat would be another order of that name"
                );
                return Err(refuse(word, text, &why, "Put it into the name, too."));
            }
            match (word, content) {
                ("sha8", _) if what == "bucket" => {
                    let why = "cannot stand in the name of a bucket, which is looked at before the file is read";
                    Err(refuse(word, text, why, "Put it into the prefix."))
                }
                ("sha8", Content::Elsewhere) => {
                    let why = "is that of a file of this machine, and the image is none";
                    Err(refuse(word, text, why, "Leave it out."))
                }
                ("sha8", Content::Read(sha256)) => Ok(sha256.chars().take(8).collect()),
                ("sha8", Content::NotRead) => Ok(UNREAD.to_owned()),
                ("region", _) => Ok(wanted.target.region.clone()),
                ("provider", _) => Ok(wanted.target.provider.to_string()),
                ("target", _) => Ok(wanted.label.replace('/', "-")),
                _ => of_moment(word, text),
            }
        };
        replaced(text, PLAIN, word)
    };
    texts(fields, fill)
}

/// The fields with what stands for the moment of this command and nothing else filled in, so that they say the same on another day. A
/// text that is no template stays as it is.
pub(crate) fn of_now(fields: &Fields) -> Fields {
    let filled = texts(fields, |_, text| Ok(text_of_now(text)));
    filled.unwrap_or_else(|_| fields.clone())
}

/// The same of one text.
pub(crate) fn text_of_now(text: &str) -> String {
    let filled = replaced(text, WRITTEN, |word| match word {
        "date" | "time" => of_moment(word, text),
        _ => Ok(format!("{{{word}}}")),
    });
    filled.unwrap_or_else(|_| text.to_owned())
}

/// The fields with this made of each text that may be a template, by what the text is.
fn texts(fields: &Fields, make: impl Fn(&str, &String) -> Result<String>) -> Result<Fields> {
    let one = |what: &str, text: &Option<String>| text.as_ref().map(|text| make(what, text)).transpose();
    let tags = fields.tags.as_ref().map(|tags| {
        let filled = tags.iter().map(|(key, value)| Ok((key.clone(), make("tags", value)?)));
        filled.collect::<Result<BTreeMap<_, _>>>()
    });
    Ok(Fields {
        name: one("name", &fields.name)?,
        description: one("description", &fields.description)?,
        tags: tags.transpose()?,
        bucket: one("bucket", &fields.bucket)?,
        prefix: one("prefix", &fields.prefix)?,
        ..fields.clone()
    })
}

/// Refuses a text that is no template, whatever it is filled in for.
///
/// # Errors
/// [`ErrorKind::InvalidRequest`] for a word in braces that is not known, or a brace that is not closed.
pub(crate) fn check(text: &str) -> Result<()> {
    let filled = replaced(text, PLAIN, |word| match word {
        "region" | "provider" | "target" | "sha8" => Ok(String::new()),
        _ => of_moment(word, text),
    });
    filled.map(drop)
}

/// The name of the job of these targets: the first one's, with what differs from target to target left as it is written.
pub(crate) fn job_name(name: &str, content: Content<'_>) -> Result<String> {
    replaced(name, PLAIN, |word| match (word, content) {
        ("sha8", Content::Read(sha256)) => Ok(sha256.chars().take(8).collect()),
        ("region" | "provider" | "target" | "sha8", _) => Ok(format!("{{{word}}}")),
        _ => of_moment(word, name),
    })
}

/// Whether the sum of the file is in any of the texts.
pub(crate) fn needs_content(wanted: &Wanted) -> bool {
    let Fields {
        name,
        description,
        tags,
        prefix,
        ..
    } = &wanted.fields;
    let texts = [name, description, prefix].into_iter().flatten();
    texts
        .chain(tags.iter().flat_map(BTreeMap::values))
        .any(|text| uses(text, "sha8"))
}

fn uses(text: &str, word: &str) -> bool {
    let mut found = false;
    let looked = replaced(text, PLAIN, |own| {
        found |= own == word;
        Ok(String::new())
    });
    looked.is_ok() && found
}

/// What words of the moment stand for, in UTC.
fn of_moment(word: &str, text: &str) -> Result<String> {
    static MOMENT: OnceLock<SystemTime> = OnceLock::new();
    let moment = render::instant(*MOMENT.get_or_init(|| SystemEnv.now()));
    let digits = |part: &str| part.chars().filter(char::is_ascii_digit).collect();
    match (word, moment.split_once('T')) {
        ("date", Some((date, _))) => Ok(digits(date)),
        ("time", Some((_, time))) => Ok(digits(time)),
        _ => {
            let known = WORDS.map(|word| format!("{{{word}}}")).join(", ");
            let remedy = format!(
                "{}Use one of {known}; write {{{{ for a brace.",
                did_you_mean(word, WORDS)
            );
            Err(refuse(word, text, "is no template", &remedy))
        }
    }
}

fn refuse(word: &str, text: &str, why: &str, remedy: &str) -> Error {
    Error::new(ErrorKind::InvalidRequest, format!("`{text}`: {{{word}}} {why}")).with_remedy(remedy.to_owned())
}

/// Braces as they are meant, and as they are written in a template.
const PLAIN: [&str; 2] = ["{", "}"];
const WRITTEN: [&str; 2] = ["{{", "}}"];

/// A text with what stands for each word in braces. `{{` is a brace, and so is `}}`; these stand for them.
fn replaced(text: &str, [open, close]: [&str; 2], mut word: impl FnMut(&str) -> Result<String>) -> Result<String> {
    let (mut made, mut rest) = (String::new(), text);
    while let Some(at) = rest.find(['{', '}']) {
        let (before, from) = rest.split_at(at);
        made.push_str(before);
        rest = if let Some(after) = from.strip_prefix("{{") {
            made.push_str(open);
            after
        } else if let Some(after) = from.strip_prefix("}}") {
            made.push_str(close);
            after
        } else if let Some(after) = from.strip_prefix('}') {
            made.push_str(close);
            after
        } else {
            let inside = from.strip_prefix('{').and_then(|inside| inside.split_once('}'));
            let (own, after) = inside.ok_or_else(|| refuse("", text, "is not closed", "Write {{ for a brace."))?;
            made.push_str(&word(own)?);
            after
        };
    }
    made.push_str(rest);
    Ok(made)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wanted(fields: Fields) -> Wanted {
        Wanted {
            label: "second".to_owned(),
            fields,
            ..Wanted::of("aliyun/cn-beijing".parse().unwrap())
        }
    }

    fn name(text: &str) -> Fields {
        Fields {
            name: Some(text.to_owned()),
            ..Fields::default()
        }
    }

    #[test]
    fn what_stands_in_braces_is_filled_in() {
        let made = |text: &str| {
            filled(&wanted(name(text)), Content::Read("0123456789abcdef"))
                .unwrap()
                .name
                .unwrap()
        };
        assert_eq!(
            made("web-{region}-{provider}-{target}-{sha8}"),
            "web-cn-beijing-aliyun-second-01234567"
        );
        assert_eq!(made("{{region}} }x}}"), "{region} }x}");
        let (date, time) = (made("{date}"), made("{time}"));
        assert!(date.len() == 8 && date.starts_with("20"), "{date}");
        assert!(
            time.len() == 6 && time.bytes().all(|byte| byte.is_ascii_digit()),
            "{time}"
        );
        assert_eq!(
            made("{date}{time}"),
            format!("{date}{time}"),
            "one moment for the whole command"
        );
        let unread = filled(&wanted(name("a{sha8}")), Content::NotRead)
            .unwrap()
            .name
            .unwrap();
        assert_eq!(unread, "a00000000");
        let label = Wanted {
            fields: name("{target}"),
            ..Wanted::of("aliyun/cn-beijing".parse().unwrap())
        };
        assert_eq!(
            filled(&label, Content::NotRead).unwrap().name.unwrap(),
            "aliyun-cn-beijing"
        );
    }

    #[test]
    fn what_cannot_stand_there_is_refused_with_the_reason() {
        let refused = |fields: Fields, content| {
            let error = filled(&wanted(fields), content).unwrap_err();
            format!("{error}; {}", error.remedy().unwrap())
        };
        let told = refused(name("web-{regoin}"), Content::NotRead);
        assert!(
            told.contains("`web-{regoin}`: {regoin} is no template; Did you mean `region`? Use one of {date}, "),
            "{told}"
        );
        assert!(refused(name("web-{"), Content::NotRead).contains("not closed"));
        assert!(refused(name("{sha8}"), Content::Elsewhere).contains("file of this machine"));
        let bucket = Fields {
            bucket: Some("images-{sha8}".to_owned()),
            ..name("web")
        };
        assert!(refused(bucket, Content::Read("00")).contains("before the file is read"));
        for fields in [
            Fields {
                description: Some("of {date}".to_owned()),
                ..name("web")
            },
            Fields {
                tags: Some([("day".to_owned(), "{date}".to_owned())].into()),
                ..name("web-{time}")
            },
            Fields {
                prefix: Some("{date}/".to_owned()),
                ..name("{{date}}")
            },
        ] {
            assert!(refused(fields, Content::NotRead).contains("another order of that name"));
        }
        let both = Fields {
            prefix: Some("{date}/".to_owned()),
            ..name("web-{date}")
        };
        assert!(filled(&wanted(both), Content::NotRead).is_ok());
    }

    #[test]
    fn what_is_of_this_moment_is_filled_in_alone() {
        let date = text_of_now("{date}");
        assert!(date.len() == 8 && date.starts_with("20"), "{date}");
        for (text, made) in [
            ("web-{date}-{region}-{sha8}", format!("web-{date}-{{region}}-{{sha8}}")),
            ("{{date}} }x}}", "{{date}} }}x}}".to_owned()),
            ("web-{", "web-{".to_owned()),
        ] {
            assert_eq!(text_of_now(text), made);
        }
        let fields = Fields {
            prefix: Some("{date}/".to_owned()),
            tags: Some([("day".to_owned(), "{date}".to_owned())].into()),
            ..name("{{{date}}}")
        };
        let read = |fields: Fields| filled(&wanted(fields), Content::NotRead).unwrap();
        let (now, read_now) = (of_now(&fields), read(fields));
        assert!(now.prefix != Some("{date}/".to_owned()) && now.name == Some(format!("{{{{{date}}}}}")));
        assert_eq!(read(now), read_now, "read again it is the same");
    }

    #[test]
    fn a_job_is_named_by_what_its_targets_have_in_common() {
        assert_eq!(
            job_name("web-{region}-{sha8}", Content::Read("0123456789")).unwrap(),
            "web-{region}-01234567"
        );
        assert!(job_name("web-{x}", Content::NotRead).is_err());
    }
}
