//! `explain`: an error code's row in the generated tables, in words.

use cloud_import::{
    Error, ErrorKind, Provider, Result,
    provider::{CodeRule, suggest::did_you_mean},
};

use crate::{args::Explain, exit::Exit, output};

pub(crate) fn run(options: &Explain) -> Result<Exit> {
    let providers = options
        .provider
        .map_or_else(|| Provider::all().collect(), |provider| vec![provider]);
    let (mut known, mut codes) = (false, Vec::new());
    for provider in providers {
        let rules = cloud_import::error_codes(provider)?;
        codes.extend(rules.iter().map(|rule| rule.code));
        if let Some(rule) = CodeRule::find(rules, &options.code) {
            known = true;
            text(provider, rule).lines().for_each(output::result);
        }
    }
    if known {
        return Ok(Exit::Done);
    }
    Err(Error::new(
        ErrorKind::InvalidRequest,
        format!("unknown error code `{}`", options.code),
    )
    .with_remedy(format!(
        "{}An undocumented code is classified by its HTTP status; ask the vendor's support, with the request id.",
        did_you_mean(&options.code, codes)
    )))
}

fn text(provider: Provider, rule: &CodeRule) -> String {
    let (kind, retry, executed) = match rule.kind() {
        None => (
            "success of a dry run",
            "there is nothing to retry",
            "nothing was executed",
        ),
        Some(kind) => (
            kind.as_str(),
            if kind.is_retryable() {
                "automatic, where it is safe"
            } else {
                "not automatic"
            },
            if rule.may_have_executed {
                "the request may have been executed"
            } else {
                "the request was not executed"
            },
        ),
    };
    let http = if rule.http == 0 {
        String::new()
    } else {
        format!(", usually with HTTP {}", rule.http)
    };
    let every = match (rule.prefix, rule.containing) {
        (false, _) => String::new(),
        (true, "") => " and every code that begins with it".to_owned(),
        (true, part) => format!("… with `{part}` in it"),
    };
    format!(
        "{}: {}{every}{http}\n  what it is  {kind}\n  retry       {retry}\n  executed    {executed}\n  what to do  {}\n  source      {}",
        provider.name(),
        rule.code,
        rule.remedy,
        rule.source
    )
}
