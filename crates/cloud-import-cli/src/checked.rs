//! What was found out about targets of which nothing is started, as `check` and a dry run show it: text for people, JSON for programs.

use cloud_import::{
    Check, CheckOutcome, DiskFormat, Error, ImageImporter, Provider, Result, Subject,
    publish::{Destination, Image, PREFIX, Readiness, ending, object_key},
};
use serde::Serialize;

use crate::{
    accepted::Acknowledged,
    args::OutputFormat,
    exit::Exit,
    findings::{self, Finding, Severity},
    output::{self, SCHEMA},
    render,
    targets::Wanted,
};

/// What stands for the sum of a file that was not read.
const UNREAD: &str = "SHA256";

/// What the clouds say to an order.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Report<'a> {
    schema: u32,
    results: &'a [Row],
    /// The code with which the command ends.
    exit: u8,
}

/// What was found for one target.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Row {
    target: String,
    status: Status,
    /// Where the credentials come from, in words; absent when there are none. Never a secret.
    credentials: Option<String>,
    #[cfg_attr(test, schemars(with = "Vec<crate::schema::Checked>"))]
    checks: Vec<Check>,
    /// What an import would do.
    #[serde(skip_serializing_if = "Option::is_none")]
    plan: Option<Plan>,
    #[serde(skip)]
    provider: Provider,
    /// The code with which a check of it alone would end.
    #[serde(serialize_with = "Exit::as_code")]
    #[cfg_attr(test, schemars(with = "u8"))]
    pub(crate) exit: Exit,
}

/// What was found for one target, in a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) enum Status {
    /// Nothing that was looked at stands against an import.
    Passed,
    /// An import would be refused.
    Failed,
}

/// What an import would do for a target.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Plan {
    /// The link or object that the cloud reads, where nothing is uploaded; a link without its query.
    #[serde(skip_serializing_if = "Option::is_none")]
    source: Option<String>,
    /// The target whose image is copied, where it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    copy_of: Option<String>,
    /// How much a copy saves that would be uploaded otherwise.
    #[serde(skip_serializing_if = "Option::is_none")]
    saved_bytes: Option<u64>,
    /// How much is uploaded at most; absent where nothing is, or where the file is still to be converted.
    #[serde(skip_serializing_if = "Option::is_none")]
    upload_bytes: Option<u64>,
    /// `BUCKET:KEY`, in which `SHA256` stands for the sum of the file, where it is uploaded.
    #[serde(skip_serializing_if = "Option::is_none")]
    upload_to: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    format: Option<&'static str>,
    /// The ids of older images that are deleted when the new one is there.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    replaces: Vec<String>,
    /// The order may have been carried out before: then its image is looked for, and nothing is made anew.
    may_be_made: bool,
}

impl Plan {
    /// What an import of this image would do at a destination.
    pub(crate) fn new(image: &Image, to: &Destination, ready: &Readiness) -> Self {
        let staged = match image {
            Image::File(file) => Some((file.format(), file.length(), UNREAD)),
            Image::Web(file) => Some((file.format(), file.length(), file.sha256())),
            _ => None,
        };
        let copy_of = to.copied_from().map(str::to_owned);
        let saved_bytes = staged.filter(|_| copy_of.is_some()).and_then(|(_, length, _)| length);
        let staged = staged.zip(to.bucket.as_ref());
        let disk = to.order.disks.first();
        let key = |(format, _, sum): (Option<DiskFormat>, Option<u64>, &str)| {
            let prefix = to.prefix.as_deref().unwrap_or(PREFIX);
            object_key(prefix, sum, ending(format))
        };
        let format = match staged {
            Some(((format, ..), _)) => format,
            None => disk.and_then(|disk| disk.format),
        };
        Self {
            copy_of,
            saved_bytes,
            source: disk.filter(|_| staged.is_none()).map(|disk| disk.source.identity()),
            upload_bytes: staged.and_then(|((_, length, _), _)| length),
            upload_to: staged.map(|(file, store)| format!("{}:{}", store.bucket().name, key(file))),
            format: format.map(DiskFormat::as_str),
            replaces: ready.replaces.clone(),
            may_be_made: ready.may_be_made,
        }
    }

    fn lines(&self) -> Vec<String> {
        let mut lines = Vec::new();
        if self.may_be_made {
            lines.push("on record: its image is looked for, and nothing is made anew if it is there".to_owned());
        }
        if let Some(to) = &self.upload_to {
            let much = match self.upload_bytes {
                Some(bytes) => format!("{} ({bytes} bytes)", indicatif::HumanBytes(bytes)),
                None => "the converted file".to_owned(),
            };
            lines.push(format!("upload {much} to {to}"));
        }
        if let Some(from) = &self.copy_of {
            let saved = self
                .saved_bytes
                .map(|bytes| format!(", which saves {}", indicatif::HumanBytes(bytes)));
            lines.push(format!(
                "copy the image of {from}, upload nothing{}",
                saved.unwrap_or_default()
            ));
        }
        if let Some(source) = &self.source {
            lines.push(format!("import from {source}, upload nothing"));
        }
        if !self.replaces.is_empty() {
            lines.push(format!("then delete the older image {}", self.replaces.join(", ")));
        }
        lines
    }
}

impl Status {
    pub(crate) fn of(exit: Exit) -> Self {
        match exit {
            Exit::Done => Self::Passed,
            _ => Self::Failed,
        }
    }
}

impl Row {
    pub(crate) fn of(target: &str, importer: &dyn ImageImporter, checks: Vec<Check>) -> Self {
        let connection = importer.connection();
        let source = connection.and_then(|connection| connection.pipeline.credentials.describe().ok());
        Self::new(target, importer.provider(), source, checks)
    }

    fn new(target: &str, provider: Provider, credentials: Option<String>, checks: Vec<Check>) -> Self {
        let exit = exit(&checks);
        Self {
            target: target.to_owned(),
            status: Status::of(exit),
            credentials,
            checks,
            plan: None,
            provider,
            exit,
        }
    }

    /// With what an import would do.
    pub(crate) fn with_plan(mut self, plan: Plan) -> Self {
        self.plan = Some(plan);
        self
    }

    /// The warnings that came and are accepted; `None` where nothing could be asked.
    pub(crate) fn acknowledged(&self) -> Acknowledged {
        self.credentials.as_ref()?;
        let accepted = self.checks.iter().filter(|check| check.acknowledged);
        Some(accepted.filter_map(|check| check.id.clone()).collect())
    }

    /// Where the keys come from that the cloud accepts, and whose they are as far as it tells.
    fn accepted_keys(&self) -> Option<String> {
        let source = self.credentials.as_ref()?;
        let is_accepted = |check: &&Check| check.what == Subject::Credentials && check.outcome == CheckOutcome::Passed;
        let accepted = self.checks.iter().find(is_accepted)?;
        Some(format!("with {source}: {}", render::check(accepted, self.provider)))
    }

    /// A target at which nothing could be asked.
    pub(crate) fn of_error(wanted: &Wanted, error: &Error) -> Self {
        let (checks, exit) = of_error(error);
        Self {
            exit,
            ..Self::new(&wanted.label, wanted.target.provider, None, checks)
        }
    }
}

/// What an error says that keeps a target from being asked about, and how a command about it alone ends.
pub(crate) fn of_error(error: &Error) -> (Vec<Check>, Exit) {
    let exit = Exit::of(error);
    let what = match exit {
        Exit::Usage => Subject::Order,
        Exit::Credentials => Subject::Credentials,
        _ => Subject::Endpoint,
    };
    let checks = match error.problems() {
        [] => vec![Check::failed_by(what, error)],
        problems => problems
            .iter()
            .map(|problem| Check::of_problem(what, problem, true))
            .collect(),
    };
    (checks, exit)
}

/// The order itself comes first, then the credentials: an import would end there.
pub(crate) fn exit(checks: &[Check]) -> Exit {
    let fails = |what: Subject| checks.iter().any(|check| check.what == what && check.is_failure());
    if fails(Subject::Order) {
        Exit::Usage
    } else if fails(Subject::Credentials) {
        Exit::Credentials
    } else if checks.iter().any(Check::is_failure) {
        Exit::NotStarted
    } else {
        Exit::Done
    }
}

/// Writes what was found, and says how the command ends. `all`: what is as it must be, too.
pub(crate) fn write(rows: &[Row], form: OutputFormat, all: bool) -> Result<Exit> {
    let exit = Exit::together(rows.iter().map(|row| row.exit));
    match form {
        OutputFormat::Json => output::json(&Report {
            schema: SCHEMA,
            results: rows,
            exit: exit.code(),
        })?,
        OutputFormat::Text => {
            for row in rows {
                text(row, all);
            }
            if !all {
                write_findings(rows);
            }
            let all: Vec<Status> = rows.iter().map(|row| row.status).collect();
            output::result(&closing(&all, "to import"));
        }
    }
    Ok(exit)
}

/// Writes what is not as it must be, each text once.
fn write_findings(rows: &[Row]) {
    let found = rows.iter().flat_map(|row| {
        let checks = row.checks.iter().filter_map(|check| {
            let severity = match check.outcome {
                CheckOutcome::Passed => return None,
                CheckOutcome::Failed => Severity::Error,
                CheckOutcome::Warning => Severity::Warning,
                _ => Severity::NotChecked,
            };
            let finding = Finding::of_check(check, row.provider, severity);
            Some(match severity {
                Severity::NotChecked => finding.about(check.what),
                _ => finding,
            })
        });
        checks.map(|finding| (row.target.as_str(), finding))
    });
    findings::results(&found.collect::<Vec<_>>());
}

/// How many targets are ready, and what for.
pub(crate) fn closing(all: &[Status], what: &str) -> String {
    let ready = all.iter().filter(|status| **status == Status::Passed).count();
    match all.len() {
        1 if ready == 1 => format!("the target is ready {what}"),
        1 => format!("the target is not ready {what}"),
        many => format!("{ready} of {many} targets are ready {what}"),
    }
}

fn text(row: &Row, all: bool) {
    let verdict = match row.status {
        Status::Passed => "ready to import",
        Status::Failed => "an import would fail",
    };
    output::result(&format!("{} {verdict}", row.target));
    if let Some(plan) = &row.plan {
        plan.lines()
            .iter()
            .for_each(|line| output::result(&format!("  {line}")));
    }
    if !all {
        if let Some(accepted) = row.accepted_keys() {
            output::result(&format!("  {accepted}"));
        }
        return;
    }
    if let Some(source) = &row.credentials {
        output::result(&format!("  with {source}"));
    }
    let checks = row.checks.iter().flat_map(|check| lines(check, row.provider));
    checks.for_each(|line| output::result(&line));
}

/// A check, and below it what the user can do.
pub(crate) fn lines(check: &Check, provider: Provider) -> Vec<String> {
    let message = render::check(check, provider);
    let (outcome, what) = (render::check_outcome(check.outcome), render::subject(check.what));
    let remedy = check.remedy.as_ref().filter(|_| check.outcome != CheckOutcome::Passed);
    let remedy = remedy.map(|remedy| format!("  {:11} {:11} -> {}", "", "", render::remedy(remedy, provider)));
    [format!("  {outcome:11} {what:11} {message}")]
        .into_iter()
        .chain(remedy)
        .collect()
}

#[cfg(test)]
mod tests {
    use cloud_import::WarningId;

    use super::*;

    #[test]
    fn an_import_would_end_at_the_first_of_them() {
        let failed = |what| Check::failed(what, "x", "");
        let all = [Subject::Name, Subject::Credentials, Subject::Order].map(failed);
        assert_eq!(exit(&all), Exit::Usage);
        assert_eq!(exit(&all[..2]), Exit::Credentials);
        assert_eq!(exit(&all[..1]), Exit::NotStarted);
        let harmless = [
            Check::passed(Subject::Name, "x"),
            Check::warning(WarningId::OS_NEAREST, Subject::Order, "x", ""),
            Check::not_checked(Subject::Credentials, "x"),
        ];
        assert_eq!(exit(&harmless), Exit::Done);
    }

    #[test]
    fn one_line_says_how_many_are_ready() {
        assert_eq!(closing(&[Status::Passed], "to import"), "the target is ready to import");
        assert_eq!(
            closing(&[Status::Failed], "to import"),
            "the target is not ready to import"
        );
    }
}
