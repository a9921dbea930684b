//! `explain`: error codes of the clouds, findings in guests, warnings, kinds of errors, exit codes and sources, in words. Nothing is asked.

mod codes;
mod guests;
mod kinds;
mod warnings;

use cloud_import::{Error, ErrorKind, Provider, Result, WarningId, provider::suggest::did_you_mean};
use serde::Serialize;

use self::{
    codes::CodeRow,
    guests::GuestRow,
    kinds::{ExitRow, KindRow},
    warnings::WarningRow,
};
use crate::{
    args::{Explain, OutputFormat},
    exit::Exit,
    output::{self, SCHEMA},
    sources,
};

/// What was found. The keys are part of the interface.
#[derive(Serialize, Default)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Found {
    schema: u32,
    /// What the code means, by each cloud that has it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    codes: Vec<CodeRow>,
    /// Codes that begin with it or have it in them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    similar: Vec<CodeRow>,
    /// What a finding in the guest is worth, to each cloud that minds it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    guests: Vec<GuestRow>,
    /// Warnings that can be accepted.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    warnings: Vec<WarningRow>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    kinds: Vec<KindRow>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    exits: Vec<ExitRow>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    sources: Vec<SourceRow>,
}

/// A document that facts are from.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct SourceRow {
    #[cfg_attr(test, schemars(with = "String"))]
    provider: Provider,
    key: &'static str,
    title: &'static str,
}

pub(crate) fn run(options: &Explain) -> Result<Exit> {
    let found = Found {
        schema: SCHEMA,
        ..found(options)?
    };
    if let (true, [.., asked]) = (found.is_empty(), options.code.as_slice()) {
        return Err(unknown(asked, options.provider)?);
    }
    match options.output {
        OutputFormat::Json => output::json(&found)?,
        OutputFormat::Text => found.text(),
    }
    Ok(Exit::Done)
}

fn found(options: &Explain) -> Result<Found> {
    if let Some(provider) = options.all {
        let codes = codes::all(provider)?;
        return Ok(Found {
            similar: codes,
            ..Found::default()
        });
    }
    if let Some(provider) = options.sources {
        let sources = sources_of(provider, None)?;
        return Ok(Found {
            sources,
            ..Found::default()
        });
    }
    let words: Vec<&str> = options.code.iter().map(String::as_str).collect();
    Ok(match words[..] {
        [] => Found {
            kinds: ErrorKind::all().map(KindRow::of).collect(),
            exits: kinds::exits(None),
            ..Found::default()
        },
        ["warnings"] => Found {
            warnings: warnings::all(),
            ..Found::default()
        },
        ["exit"] => Found {
            exits: kinds::exits(None),
            ..Found::default()
        },
        ["exit", code] => Found {
            exits: kinds::exits(Some(code)),
            ..Found::default()
        },
        [code] => {
            let (codes, similar) = codes::find(code, options.provider)?;
            let source = code
                .split_once(':')
                .and_then(|(cloud, key)| Some((cloud.parse().ok()?, key)));
            Found {
                codes,
                similar,
                guests: guests::find(code, options.provider)?,
                warnings: warnings::find(code),
                kinds: code.parse().ok().map(KindRow::of).into_iter().collect(),
                exits: kinds::exits(Some(code)),
                sources: match source {
                    Some((provider, key)) => sources_of(provider, Some(key))?,
                    None => Vec::new(),
                },
                ..Found::default()
            }
        }
        _ => Found::default(),
    })
}

fn sources_of(provider: Provider, only: Option<&str>) -> Result<Vec<SourceRow>> {
    let known = cloud_import::sources(provider)?.iter();
    let wanted = known.filter(|(key, _)| only.is_none_or(|only| only.eq_ignore_ascii_case(key)));
    Ok(wanted.map(|&(key, title)| SourceRow { provider, key, title }).collect())
}

fn unknown(asked: &str, provider: Option<Provider>) -> Result<Error> {
    let mut known = Vec::new();
    for provider in Provider::all().filter(|one| provider.is_none_or(|provider| provider == *one)) {
        known.extend(cloud_import::error_codes(provider)?.iter().map(|rule| rule.code));
    }
    known.extend(WarningId::ALL.iter().map(|(id, _)| id.as_str()));
    let error = Error::new(ErrorKind::InvalidRequest, format!("unknown error code `{asked}`"));
    Ok(error.with_remedy(format!(
        "{}`cloud-import explain --all CLOUD` lists the codes of a cloud. One that is not documented is judged by its HTTP status; \
         ask the vendor's support, with the request id.",
        did_you_mean(asked, known)
    )))
}

impl Found {
    fn is_empty(&self) -> bool {
        self.codes.is_empty()
            && self.similar.is_empty()
            && self.guests.is_empty()
            && self.warnings.is_empty()
            && self.kinds.is_empty()
            && self.exits.is_empty()
            && self.sources.is_empty()
    }

    fn text(&self) {
        let say = |text: String| text.lines().for_each(output::result);
        self.kinds.iter().for_each(|kind| say(kind.text()));
        self.exits.iter().for_each(|exit| say(exit.text()));
        self.codes.iter().for_each(|code| say(code.text()));
        self.guests.iter().for_each(|row| say(row.text()));
        self.warnings.iter().for_each(|row| say(row.line()));
        if !self.codes.is_empty() && !self.similar.is_empty() {
            say("Similar codes:".to_owned());
        }
        self.similar.iter().for_each(|code| say(code.line()));
        self.sources
            .iter()
            .for_each(|one| say(format!("{}  {}", sources::named(one.provider, one.key), one.title)));
    }
}
