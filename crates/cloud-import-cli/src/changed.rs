//! What came of a command about one image, as text or as JSON with a stable schema.

use cloud_import::{Error, ImageAttributes, Result};
use serde::Serialize;

use crate::{
    args::OutputFormat,
    exit::Exit,
    findings::{self, Finding},
    found::Found,
    output::{self, SCHEMA, Tone},
    row::Reason,
};

/// What share, unshare, accept, tag, set, deprecate and delete did.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Report<'a> {
    schema: u32,
    results: Vec<Row<'a>>,
    /// The code with which the command ends.
    exit: u8,
}

/// An image.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct Row<'a> {
    target: String,
    image_id: &'a str,
    /// Its name, where that is known.
    #[serde(skip_serializing_if = "str::is_empty")]
    name: &'a str,
    status: Done,
    /// What the cloud shows of it at the end.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, schemars(with = "Option<crate::schema::Attributes>"))]
    shown: Option<&'a ImageAttributes>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<Reason<'a>>,
    exit: u8,
}

/// What was done with an image.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) enum Done {
    /// It is what it was to be.
    Changed,
    /// The change was only validated.
    Checked,
    /// It is shared with this account, which took it.
    Accepted,
    /// Or did not.
    Rejected,
    /// It is gone.
    Deleted,
    /// The error says what was not done.
    Failed,
}

impl Done {
    fn words(self) -> &'static str {
        match self {
            Self::Changed => "changed",
            Self::Checked => "checked",
            Self::Accepted => "accepted",
            Self::Rejected => "rejected",
            Self::Deleted => "deleted",
            Self::Failed => "failed",
        }
    }

    fn tone(self) -> Tone {
        if self == Self::Failed { Tone::Bad } else { Tone::Good }
    }
}

/// Writes what came of it, and says how the command ends.
pub(crate) fn write(found: &Found, done: Result<(Done, Option<ImageAttributes>)>, form: OutputFormat) -> Result<Exit> {
    let (status, shown, error) = match done {
        Ok((status, shown)) => (status, shown, None),
        Err(error) => (Done::Failed, None, Some(error)),
    };
    let exit = error.as_ref().map_or(Exit::Done, Exit::of);
    let target = found.target();
    if let Some(error) = &error {
        tell(&target, error);
    }
    match form {
        OutputFormat::Json => output::json(&Report {
            schema: SCHEMA,
            results: vec![Row {
                target,
                image_id: &found.image.id,
                name: &found.image.name,
                status,
                shown: shown.as_ref(),
                error: error.as_ref().map(Reason::of),
                exit: exit.code(),
            }],
            exit: exit.code(),
        })?,
        OutputFormat::Text => {
            let begin = format!("{target} {} ", found.image.id);
            output::result_words(&[(Tone::Plain, &begin), (status.tone(), status.words())]);
            shown.iter().flat_map(lines).for_each(|line| output::result(&line));
        }
    }
    Ok(exit)
}

fn tell(target: &str, error: &Error) {
    let found = Finding::of_error(error).into_iter().map(|finding| (target, finding));
    findings::say(&found.collect::<Vec<_>>());
}

/// What the cloud shows, a line for each thing that it says.
fn lines(shown: &ImageAttributes) -> Vec<String> {
    let together = |texts: &std::collections::BTreeSet<String>| texts.iter().cloned().collect::<Vec<_>>().join(", ");
    let told = |said: Option<bool>| said.map(|said| if said { "yes" } else { "no" }.to_owned());
    let tags = shown.tags.iter().map(|(key, value)| format!("{key}={value}"));
    let parts = [
        ("shared with", Some(together(&shown.shared_with))),
        ("not accepted by", Some(together(&shown.not_accepted))),
        ("public", told(shown.public)),
        ("family", shown.family.clone()),
        ("deprecated", told(shown.deprecated)),
        ("tags", Some(tags.collect::<Vec<_>>().join(", "))),
    ];
    let parts = parts.into_iter().filter_map(|(name, text)| Some((name, text?)));
    let parts = parts.filter(|(_, text)| !text.is_empty());
    parts.map(|(name, text)| format!("  {name}: {text}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_shown_is_told_and_nothing_else() {
        let shown: ImageAttributes = serde_json::from_value(serde_json::json!({
            "shared_with": ["2", "1"], "public": false, "tags": {"team": "web", "empty": ""},
        }))
        .unwrap();
        assert_eq!(
            lines(&shown),
            ["  shared with: 1, 2", "  public: no", "  tags: empty=, team=web"]
        );
        assert!(lines(&ImageAttributes::default()).is_empty());
    }
}
