//! What the answers of a run say about each fact that no source settles.

use super::answers::{Answers, Exchange, find, holds, shown};
use crate::{
    spec::{ErrorCode, Fact, Operation, Spec},
    spec_store::{Shared, Store},
};

/// A fact, and what became of it.
#[derive(Debug, PartialEq)]
pub(crate) struct Judged {
    /// The file that holds it.
    pub(crate) file: String,
    /// Its name there.
    pub(crate) fact: String,
    pub(crate) verdict: Verdict,
}

#[derive(Debug, PartialEq)]
pub(crate) enum Verdict {
    /// The cloud answered as it stands there.
    Settled(String),
    /// The cloud answered otherwise.
    Contradicted(String),
    /// Nothing in this run is about it.
    Open,
}

/// Every unverified fact about a cloud and its store.
pub(crate) fn judge(spec: &Spec, store: &Store, shared: &Shared, answers: &Answers) -> Vec<Judged> {
    let run = Run { spec, answers };
    let own = |file: &str| format!("{}/{file}", spec.provider.id);
    let mut judged = Vec::new();
    let mut add = |file: &str, fact: String, verdict| {
        let file = file.to_owned();
        judged.push(Judged { file, fact, verdict });
    };
    for (name, fact) in unverified(&spec.provider.capabilities) {
        add(
            &own("provider.toml"),
            format!("capabilities.{name}"),
            run.capability(name, fact),
        );
    }
    for (name, fact) in unverified(&spec.provider.after) {
        add(
            &own("provider.toml"),
            format!("after.{name}"),
            run.capability(name, fact),
        );
    }
    let states = spec.provider.states.task.iter().chain(&spec.provider.states.image);
    for state in states.filter(|state| state.unverified) {
        add(
            &own("provider.toml"),
            format!("state {}", state.raw),
            run.state(&state.raw),
        );
    }
    for (owner, field) in spec.fields().filter(|(_, field)| field.unverified) {
        add(
            &own("api.toml"),
            format!("{owner}.{}", field.name),
            run.field(owner, &field.name),
        );
    }
    for row in spec.systems.iter().filter(|row| row.unverified) {
        let form = row.form.replace("{version}", "");
        add(
            &own("systems.toml"),
            format!("system {}", row.form),
            run.system(form.trim()),
        );
    }
    for row in spec.errors.iter().filter(|row| row.unverified) {
        add(
            &own("errors.toml"),
            format!("code {}{}", row.code, row.containing),
            run.code(row),
        );
    }
    let facts = [&store.store, &store.bucket_names, &store.limits, &store.headers];
    for (name, fact) in facts.into_iter().flat_map(unverified) {
        add(&own("store.toml"), name.to_owned(), run.store(name, fact));
    }
    for row in store.codes.iter().filter(|row| row.unverified) {
        add(&own("store.toml"), format!("code {}", row.code), run.code(row));
    }
    for row in shared.codes.iter().filter(|row| store.shares_codes && row.unverified) {
        add("stores.toml", format!("code {}", row.code), run.code(row));
    }
    judged
}

fn unverified(facts: &std::collections::BTreeMap<String, Fact>) -> impl Iterator<Item = (&str, &Fact)> {
    let facts = facts.iter().filter(|(_, fact)| fact.unverified);
    facts.map(|(name, fact)| (name.as_str(), fact))
}

/// A run beside the spec of its cloud.
pub(crate) struct Run<'a> {
    pub(crate) spec: &'a Spec,
    pub(crate) answers: &'a Answers,
}

impl Run<'_> {
    fn capability(&self, name: &str, _: &Fact) -> Verdict {
        let step = self
            .answers
            .step("same name")
            .filter(|step| name == "unique_names" && step.passed);
        step.map_or(Verdict::Open, |step| {
            Verdict::Settled(format!("a second image of the name: {}", step.told))
        })
    }

    fn state(&self, raw: &str) -> Verdict {
        let mut exchanges = self.answers.exchanges.iter();
        match exchanges.any(|one| self.operation(one).is_some() && holds(&one.answer, raw)) {
            true => Verdict::Settled("the cloud gave it".to_owned()),
            false => Verdict::Open,
        }
    }

    /// Of a request, whether it was sent and taken; of an answer, whether it was there.
    fn field(&self, owner: &str, field: &str) -> Verdict {
        for exchange in &self.answers.exchanges {
            let Some(operation) = self.operation(exchange) else {
                continue;
            };
            let sent = exchange.sent(field).filter(|_| operation.request == owner);
            match (sent, exchange.code()) {
                (Some(value), None) if exchange.is_success() => {
                    return Verdict::Settled(format!("{} took `{value}`", operation.name));
                }
                (Some(value), Some(code)) => {
                    return Verdict::Contradicted(format!("{} with `{value}` was refused: {code}", operation.name));
                }
                _ => {}
            }
            let is_answered = operation.response == owner || self.spec.api.types.iter().any(|own| own.name == owner);
            if let Some(value) = find(&exchange.answer, field).filter(|_| is_answered && operation.request != owner) {
                return Verdict::Settled(format!("{} answered `{}`", operation.name, shown(value)));
            }
        }
        Verdict::Open
    }

    fn system(&self, form: &str) -> Verdict {
        let passed = self.answers.step("import").is_some_and(|step| step.passed);
        let names = |one: &&Exchange| {
            let order = self.operation(one).is_some_and(Operation::is_order);
            order && (one.sends(form) || one.request.to_string().contains(&format!("\"{form}")))
        };
        match self.answers.exchanges.iter().find(names) {
            Some(order) if order.is_taken() && passed => Verdict::Settled("an import took it".to_owned()),
            Some(order) if !order.is_taken() => {
                let code = order.code().unwrap_or_default();
                Verdict::Contradicted(format!("an import with it was refused: {code}"))
            }
            _ => Verdict::Open,
        }
    }

    fn code(&self, row: &ErrorCode) -> Verdict {
        let is_it = |code: &str| match row.prefix {
            true => code.starts_with(&row.code) && code.contains(&row.containing),
            false => code == row.code,
        };
        let mut exchanges = self.answers.exchanges.iter();
        let found = exchanges.find_map(|one| Some((one, one.code().filter(|code| is_it(code))?)));
        match found {
            None => Verdict::Open,
            Some((one, code)) if row.http == 0 || one.status == Some(row.http) => {
                Verdict::Settled(format!("{code} came with HTTP {}", one.status.unwrap_or_default()))
            }
            Some((one, code)) => Verdict::Contradicted(format!(
                "{code} came with HTTP {} and not {}",
                one.status.unwrap_or_default(),
                row.http
            )),
        }
    }

    fn store(&self, name: &str, fact: &Fact) -> Verdict {
        let exchanges = &self.answers.exchanges;
        match fact.value.as_str() {
            _ if name == "etag_is_md5" => match exchanges.iter().find_map(|one| one.etag_is_md5) {
                Some(is_md5) if is_md5 == fact.holds() => {
                    Verdict::Settled(format!("the ETag of what was put: {is_md5}"))
                }
                Some(is_md5) => Verdict::Contradicted(format!("the ETag of what was put: {is_md5}")),
                None => Verdict::Open,
            },
            Some(header) if header.starts_with("x-") => {
                match exchanges.iter().any(|one| one.headers.contains_key(header)) {
                    true => Verdict::Settled("an answer had the header".to_owned()),
                    false => Verdict::Open,
                }
            }
            _ => Verdict::Open,
        }
    }

    /// Which operation an exchange was.
    pub(crate) fn operation(&self, exchange: &Exchange) -> Option<&Operation> {
        let action = exchange.action.clone().or_else(|| exchange.sent("Action"));
        let is_it = |own: &&Operation| match own.http() {
            (_, "/") => action.as_deref() == Some(&own.name),
            (method, path) => method == exchange.method && is_path(path, &exchange.path),
        };
        self.spec.api.operations.iter().find(is_it)
    }
}

impl Operation {
    /// Whether it begins an import: it must not be sent twice, or only with its token.
    pub(crate) fn is_order(&self) -> bool {
        self.repeat != "safe"
    }
}

/// Whether a path is of a form in which words in braces stand for anything.
fn is_path(form: &str, path: &str) -> bool {
    let (form, path): (Vec<&str>, Vec<&str>) = (form.split('/').collect(), path.split('/').collect());
    let fits = |(form, part): (&&str, &&str)| match form.split_once('{') {
        None => form == part,
        // `{imageId}:modifyImageAttribute`
        Some((_, rest)) => rest.split_once('}').is_some_and(|(_, end)| match end {
            "" => !part.contains(':'),
            end => part.ends_with(end),
        }),
    };
    form.len() == path.len() && form.iter().zip(&path).all(fits)
}
