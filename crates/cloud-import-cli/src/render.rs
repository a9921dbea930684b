//! Problems, remedies and errors of the library in the words of this command: flags for fields, commands for what to do next.
//! The only place where they become text. Changes no result that programs read.

use std::time::SystemTime;

use cloud_import::{
    Check, CheckOutcome, DiskPart, Error, Field, Problem, Provider, Remedy, Subject,
    provider::datetime,
    publish::Retired,
    remedy::{Change, LIKELY_CAUSES, Wording},
};

use crate::sources;

/// Fields by their paths in JSON, what to do next as commands.
#[derive(Debug, Clone, Copy)]
struct Paths;

impl Wording for Paths {
    fn repeat(&self, change: Change) -> String {
        Flags(None).repeat(change)
    }

    fn wait(&self) -> String {
        Flags(None).wait()
    }

    fn best_effort(&self) -> String {
        Flags(None).best_effort()
    }

    fn list_jobs(&self) -> String {
        Flags(None).list_jobs()
    }

    fn forget(&self, job: &str) -> String {
        Flags(None).forget(job)
    }
}

/// The words of this command for one cloud, which options in a cloud's own words name.
#[derive(Debug, Clone, Copy)]
struct Flags(Option<Provider>);

impl Flags {
    fn provider(self) -> String {
        self.0
            .map_or_else(|| "PROVIDER".to_owned(), |provider| provider.to_string())
    }

    /// A field as it is typed, with a value.
    fn typed(self, field: &Field, value: &str) -> Option<String> {
        let value = if value.contains(char::is_whitespace) {
            format!("\"{value}\"")
        } else {
            value.to_owned()
        };
        match field {
            Field::Disk { index: 0, part } => Some(format!("{} {value}", of_first_disk(*part)?)),
            Field::Disk { .. } | Field::Other(_) | Field::Kind | Field::Disks | Field::DataDisks | Field::Vendor => {
                None
            }
            Field::OsRaw => Some(format!("--os-raw {}={value}", self.provider())),
            Field::VendorOption(option) => Some(format!("--set {}.{option}={value}", self.provider())),
            Field::Bucket | Field::Project | Field::Profile | Field::Endpoint => {
                Some(format!("{} {}={value}", self.field(field), self.provider()))
            }
            Field::PlainHttp
            | Field::SkipGuestCheck
            | Field::Nvme
            | Field::ImdsV2
            | Field::DryRun
            | Field::InstanceMetadata => Some(self.field(field)),
            flag => Some(format!("{} {value}", self.field(flag))),
        }
    }
}

impl Flags {
    /// A field as it is typed, without a value.
    fn flag(self, field: &Field) -> String {
        let own = match field {
            Field::Disk { index: 0, part } => of_first_disk(*part).map(str::to_owned),
            _ => None,
        };
        own.unwrap_or_else(|| self.field(field))
    }
}

impl Wording for Flags {
    fn field(&self, field: &Field) -> String {
        match field {
            Field::Disk { index: 0, part } => match of_first_disk(*part) {
                Some(flag) => format!("{} ({flag})", named(*part)),
                None => named(*part).to_owned(),
            },
            Field::Disk { index, part } => format!("--data-disk {index}: {}", named(*part)),
            Field::Disks => "the order".to_owned(),
            Field::DataDisks => "--data-disk".to_owned(),
            Field::Kind => "the image (--data-image)".to_owned(),
            Field::Architecture => "--arch".to_owned(),
            Field::Tags => "--tag".to_owned(),
            Field::Tag(key) => format!("--tag {key}"),
            Field::OsRaw => format!("--os-raw {}=TEXT", self.provider()),
            Field::Vendor => "--set".to_owned(),
            Field::VendorOption(option) => format!("--set {}.{option}", self.provider()),
            Field::Region => "the region".to_owned(),
            Field::Credentials => "the credentials".to_owned(),
            Field::Profile => "--account".to_owned(),
            Field::ImportRole => "--create-role".to_owned(),
            Field::DryRun => "--vendor-dry-run".to_owned(),
            // Said of a change, or in a file of targets.
            Field::Share => "--with (`share` in a file of targets)".to_owned(),
            Field::Public => "--public (`public` in a file of targets)".to_owned(),
            Field::Family => "--family (`family` in a file of targets)".to_owned(),
            Field::DeprecatePrevious => "`deprecate_previous` in the file of targets".to_owned(),
            Field::Wait => "--no-wait".to_owned(),
            Field::Deprecated => "the mark as deprecated".to_owned(),
            Field::Encryption => "--encrypt".to_owned(),
            Field::Other(path) => path.to_string(),
            flag => format!("--{}", flag.to_string().replace('_', "-")),
        }
    }

    fn set(&self, field: &Field, to: &[String]) -> String {
        match to {
            [] => format!("use {}", self.flag(field)),
            [one] => match self.typed(field, one) {
                Some(typed) => format!("use {typed}"),
                None => format!("make {} `{one}`", self.flag(field)),
            },
            many => format!("use {} with one of: {}", self.flag(field), many.join(", ")),
        }
    }

    fn another(&self, field: &Field) -> String {
        format!("give another {}", self.flag(field))
    }

    fn unset(&self, field: &Field) -> String {
        format!("leave {} out", self.flag(field))
    }

    fn source(&self, source: &str) -> String {
        match self.0 {
            Some(provider) => sources::keys(provider, source).join(", "),
            None => source.to_owned(),
        }
    }

    fn repeat(&self, change: Change) -> String {
        match change {
            Change::Generation => "repeat the command with --again, for this target alone, to make another image",
            Change::Original => "repeat the earlier command as it was",
            _ => "repeat the command: it resumes where it stopped",
        }
        .to_owned()
    }

    fn wait(&self) -> String {
        "wait for it with `cloud-import wait`".to_owned()
    }

    fn best_effort(&self) -> String {
        "use --best-effort to import to the targets that are ready".to_owned()
    }

    fn list_jobs(&self) -> String {
        "see the recorded jobs with `cloud-import list`".to_owned()
    }

    fn forget(&self, job: &str) -> String {
        format!("forget it with `cloud-import forget {job}`")
    }
}

/// The words of a look at a file, which has none of the options of an import.
#[derive(Debug, Clone, Copy)]
struct OfFile(Flags);

impl Wording for OfFile {
    fn field(&self, field: &Field) -> String {
        match field {
            Field::Disk { part, .. } => named(*part).to_owned(),
            other => self.0.field(other),
        }
    }

    fn set(&self, field: &Field, to: &[String]) -> String {
        format!("at the import, {}", self.0.set(field, to))
    }

    fn unset(&self, field: &Field) -> String {
        format!("at the import, {}", self.0.unset(field))
    }

    fn source(&self, source: &str) -> String {
        self.0.source(source)
    }
}

/// The flag that gives a part of the first disk, where there is one.
fn of_first_disk(part: DiskPart) -> Option<&'static str> {
    match part {
        DiskPart::SizeGib => Some("--size-gib"),
        DiskPart::Format => Some("--format"),
        _ => None,
    }
}

fn named(part: DiskPart) -> &'static str {
    match part {
        DiskPart::Source => "the place of the image",
        DiskPart::Format => "the disk's format",
        DiskPart::SizeGib => "the disk's size in GiB",
        DiskPart::VirtualSizeBytes => "the disk's virtual size in bytes",
        DiskPart::FileSizeBytes => "the file's size in bytes",
        DiskPart::PartitionTable => "the disk's partition table",
        DiskPart::Content => "the file",
        DiskPart::Guest => "the system on the disk",
        _ => "the disk",
    }
}

/// A problem of an order, in one line: cloud, flag, rule, source and remedy. What is wrong with the file is so for every cloud.
pub(crate) fn problem(problem: &Problem) -> String {
    let told = problem_of_cloud(problem);
    match of_the_file(problem) {
        true => told,
        false => format!("{}: {told}", problem.provider.name()),
    }
}

/// A problem of a target's order, behind the target: its cloud is told again only where the target does not name it.
pub(crate) fn problem_of_target(target: &str, problem: &Problem) -> String {
    match names_cloud(target, problem.provider) {
        true => problem_of_cloud(problem),
        false => self::problem(problem),
    }
}

/// Whether a target's name tells its cloud, as `PROVIDER/REGION` does.
pub(crate) fn names_cloud(target: &str, provider: Provider) -> bool {
    let rest = target.strip_prefix(provider.id());
    rest.is_some_and(|rest| rest.starts_with('/'))
}

/// The problems of an error that are told. Before the file is another, what else may be wrong is no matter.
pub(crate) fn told_problems(error: &Error) -> impl Iterator<Item = &Problem> {
    let mut errors = error.problems().iter().filter(|problem| problem.is_error()).peekable();
    let file_alone = errors.peek().is_some() && errors.all(of_the_file);
    let problems = error.problems().iter();
    problems.filter(move |problem| !file_alone || of_the_file(problem))
}

/// Whether it is about the file itself, whatever cloud it goes to.
pub(crate) fn of_the_file(problem: &Problem) -> bool {
    problem.field == Field::disk(0, DiskPart::Content)
}

/// The same where the cloud is told already.
pub(crate) fn problem_of_cloud(problem: &Problem) -> String {
    problem.render(&Flags(Some(problem.provider)))
}

/// The same where nothing is ordered yet: what is advised is for an import.
pub(crate) fn problem_of_file(problem: &Problem) -> String {
    problem.render(&OfFile(Flags(Some(problem.provider))))
}

/// What the user can do about an error; nothing where the error does not say.
pub(crate) fn remedy_of(error: &Error) -> Option<String> {
    Some(error.remedy()?.render(&Flags(error.provider())))
}

/// What the user can do, in as many lines as it has: likely causes are a list.
pub(crate) fn remedy_lines(remedy: Option<&Remedy>, provider: Option<Provider>) -> Vec<String> {
    match remedy {
        Some(Remedy::LikelyCauses(causes)) => {
            let items = causes.iter().map(|cause| format!("- {cause}"));
            std::iter::once(format!("{LIKELY_CAUSES}:")).chain(items).collect()
        }
        Some(remedy) => {
            let line = remedy.render(&Flags(provider));
            if line.is_empty() { Vec::new() } else { vec![line] }
        }
        None => Vec::new(),
    }
}

/// The same for an error. A bucket that is not there has a command that makes it, of which the library knows nothing.
pub(crate) fn remedy_lines_of(error: &Error) -> Vec<String> {
    let mut lines = remedy_lines(error.remedy(), error.provider());
    if is_without_bucket(error) {
        lines.push("`cloud-import bucket create` makes one that the import can use.".to_owned());
    }
    lines
}

/// Whether the bucket is not there.
pub(crate) fn is_without_bucket(error: &Error) -> bool {
    error.code() == Some("NoSuchBucket")
}

/// The same for programs.
pub(crate) fn remedy_in_json(error: &Error) -> Option<String> {
    Some(error.remedy()?.render(&Paths))
}

/// What a check found, with the name of a warning.
pub(crate) fn check(check: &Check, provider: Provider) -> String {
    let told = check.message.render(&Flags(Some(provider)));
    let id = warning_id(check, &told);
    told + &id
}

/// The name of the warning that a check is, to stand behind its text; empty where it is none, or where the text tells it.
pub(crate) fn warning_id(check: &Check, told: &str) -> String {
    match &check.id {
        Some(id) if check.acknowledged => format!(" ({id}, acknowledged)"),
        Some(id) if !told.contains(id.as_str()) => format!(" ({id})"),
        _ => String::new(),
    }
}

/// What a check is about, in words.
pub(crate) fn subject(what: Subject) -> String {
    what.as_str().replace('_', " ")
}

/// How it is, in words.
pub(crate) fn check_outcome(outcome: CheckOutcome) -> String {
    outcome.as_str().replace('_', " ")
}

/// What the user can do about a check.
pub(crate) fn remedy(remedy: &Remedy, provider: Provider) -> String {
    remedy.render(&Flags(Some(provider)))
}

/// An order that is sent anew, by the listings that do not show it.
pub(crate) fn not_started(not_listed_at: [SystemTime; 2]) -> String {
    let [first, last] = not_listed_at.map(instant);
    format!("was not started: not in two complete listings at {first} and {last}; it is sent anew")
}

/// An image that is made anew, by what became of the one of before.
pub(crate) fn anew(retired: &Retired) -> String {
    let at = instant(retired.at);
    let by = match retired.by.as_str() {
        "" => "because that was asked for".to_owned(),
        job => format!("by the job {job}"),
    };
    format!("its image was deleted {by} at {at}: another one is made")
}

/// An instant in UTC.
pub(crate) fn instant(at: SystemTime) -> String {
    datetime::extended(at)
}

/// `BUCKET:KEY` with no more of a hash in it than tells it from others.
pub(crate) fn object(object: &str) -> String {
    let is_hash = |word: &str| word.len() == 64 && word.bytes().all(|byte| byte.is_ascii_hexdigit());
    let words = object.split_inclusive(|c: char| !c.is_ascii_alphanumeric());
    let short = words.map(|word| match word.char_indices().nth(64) {
        Some((end, _)) if is_hash(&word[..end]) => format!("{}\u{2026}{}", &word[..12], &word[end..]),
        None if is_hash(word) => format!("{}\u{2026}", &word[..12]),
        _ => word.to_owned(),
    });
    short.collect()
}

/// An instant with its milliseconds: `2026-11-29T16:00:00.250Z`.
pub(crate) fn instant_ms(at: SystemTime) -> String {
    let ms = datetime::unix_millis(at).rem_euclid(1_000);
    format!("{}.{ms:03}Z", instant(at).trim_end_matches('Z'))
}

/// A number of bytes, for people and exactly: `3.0 GiB (3221225472)`.
pub(crate) fn size(bytes: u64) -> String {
    const UNITS: [&str; 5] = ["KiB", "MiB", "GiB", "TiB", "PiB"];
    let mut size = bytes as f64;
    let mut unit = "";
    for next in UNITS {
        if size < 1024.0 {
            break;
        }
        size /= 1024.0;
        unit = next;
    }
    match unit {
        "" => format!("{bytes} bytes"),
        unit => format!("{size:.1} {unit} ({bytes})"),
    }
}

/// A length of time: `9s`, `12m04s`, `3h02m`, `2d05h`.
pub(crate) fn seconds(seconds: u64) -> String {
    match seconds {
        0..60 => format!("{seconds}s"),
        60..3_600 => format!("{}m{:02}s", seconds / 60, seconds % 60),
        3_600..86_400 => format!("{}h{:02}m", seconds / 3_600, seconds / 60 % 60),
        _ => format!("{}d{:02}h", seconds / 86_400, seconds / 3_600 % 24),
    }
}

/// An error in one line: cloud and fact; then, for the vendor's support, operation, code, status and request id.
pub(crate) fn error(error: &Error) -> String {
    let told = error_of_cloud(error);
    match error.provider().map(Provider::name) {
        Some(cloud) if !told.starts_with(cloud) => format!("{cloud}: {told}"),
        _ => told,
    }
}

/// The same where the cloud is told already.
pub(crate) fn error_of_cloud(error: &Error) -> String {
    detailed(error, error.request_id())
}

/// The same without what is this answer's alone.
pub(crate) fn error_of_all(error: &Error) -> String {
    detailed(error, None)
}

fn detailed(error: &Error, request_id: Option<&str>) -> String {
    let details = [
        error.operation().map(str::to_owned),
        error.code().map(|code| format!("code {code}")),
        error.http_status().map(|status| format!("HTTP {status}")),
        request_id.map(|id| format!("request {id}")),
        (error.attempts() > 1).then(|| format!("{} attempts", error.attempts())),
    ];
    let details: Vec<String> = details.into_iter().flatten().collect();
    match details.is_empty() {
        true => error.message().to_owned(),
        false => format!("{} ({})", error.message(), details.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use cloud_import::{
        ErrorKind,
        remedy::{LibraryWording, Phrase},
    };

    use super::*;

    #[test]
    fn fields_are_flags_here() {
        let flags = Flags(Some(Provider::ALIYUN));
        for (field, expected) in [
            (Field::Name, "--name"),
            (Field::BootMode, "--boot-mode"),
            (Field::disk(0, DiskPart::SizeGib), "the disk's size in GiB (--size-gib)"),
            (
                Field::disk(2, DiskPart::SizeGib),
                "--data-disk 2: the disk's size in GiB",
            ),
            (Field::Tag("a.b".to_owned()), "--tag a.b"),
            (Field::vendor("RoleName"), "--set aliyun.RoleName"),
        ] {
            assert_eq!(flags.field(&field), expected);
        }
        for (remedy, expected) in [
            (Remedy::set(Field::SkipGuestCheck), "Use --skip-guest-check."),
            (Remedy::set_to(Field::BootMode, "uefi"), "Use --boot-mode uefi."),
            (
                Remedy::set_to(Field::vendor("route"), "common"),
                "Use --set aliyun.route=common.",
            ),
            (
                Remedy::choose(Field::Os, ["CentOS 7", "Debian 12"]),
                "Use --os with one of: CentOS 7, Debian 12.",
            ),
            (Remedy::set(Field::State), "Use --state."),
            (
                Remedy::Unset(Field::disk(0, DiskPart::SizeGib)),
                "Leave --size-gib out.",
            ),
        ] {
            assert_eq!(remedy.render(&flags), expected);
        }
    }

    #[test]
    fn sizes_are_for_people_and_exact() {
        for (bytes, expected) in [
            (0, "0 bytes"),
            (1023, "1023 bytes"),
            (1024, "1.0 KiB (1024)"),
            (3_221_225_472, "3.0 GiB (3221225472)"),
            (33_554_432, "32.0 MiB (33554432)"),
            (u64::MAX, "16384.0 PiB (18446744073709551615)"),
        ] {
            assert_eq!(size(bytes), expected);
        }
    }

    #[test]
    fn what_the_user_wrote_stays_as_it_is() {
        let names = "boot_mode skip_guest_check license_type size_gib dry_run no_validate the vendor option `x`";
        let error = Error::new(ErrorKind::Local, names).with_remedy(names);
        assert_eq!(super::error(&error), names);
        assert_eq!(remedy_of(&error).unwrap(), format!("B{}.", &names[1..]));
        let told = problem(&Problem::error(Provider::ALIYUN, Field::Name, names));
        assert_eq!(told, format!("Alibaba Cloud: --name {names}"));
    }

    /// What is told of a text of the user's, in one front end's words.
    fn told_of(text: &str, wording: &dyn Wording) -> Vec<String> {
        let in_words = |rest: &str| Remedy::text(format!("see {text} {rest}"));
        let rule = Phrase::new(format!("of {text} excludes "))
            .field(Field::OsRaw)
            .text(format!(", not {text}"));
        let remedies = [
            in_words("first"),
            Remedy::set_to(Field::Name, text),
            Remedy::set_to(Field::disk(1, DiskPart::Source), text),
            Remedy::choose(Field::Bucket, [text, "other"]),
            Remedy::Grant(text.to_owned()),
            Remedy::Unset(Field::VendorOption(text.to_owned().into())),
            Remedy::Another(Field::Tag(text.to_owned())),
            Remedy::when(format!("{text} is there"), Remedy::Wait),
            Remedy::Any(vec![in_words("once"), Remedy::Unset(Field::Os)]),
            Remedy::InOrder(vec![in_words("twice"), Remedy::Repeat(Change::Generation)]),
        ];
        let mut told: Vec<String> = remedies.iter().map(|remedy| remedy.render(wording)).collect();
        let problem = Problem::error(Provider::ALIYUN, Field::State, rule).remedy(remedies[0].clone());
        told.push(problem.render(wording));
        let error = Error::new(ErrorKind::Local, format!("{text}: no such file")).with_remedy(remedies[0].clone());
        told.extend([
            super::error(&error),
            error.remedy().unwrap().render(wording),
            error.to_string(),
        ]);
        told
    }

    #[test]
    fn no_name_is_taken_for_a_field() {
        const NEUTRAL: &str = "zq7";
        let wordings: [&dyn Wording; 3] = [&LibraryWording, &Flags(Some(Provider::ALIYUN)), &Paths];
        for text in [
            "os.qcow2",
            "name",
            "bucket",
            "--os.raw",
            "state",
            "boot_mode",
            "disks[0].size_gib",
            "vendor.RoleName",
            "tags[team]",
            "generation",
            "`os`",
            "the",
        ] {
            for (index, wording) in wordings.into_iter().enumerate() {
                let expected = told_of(NEUTRAL, wording).into_iter().map(|told| {
                    assert!(told.contains(NEUTRAL), "{told}");
                    told.replace(NEUTRAL, text)
                });
                assert_eq!(told_of(text, wording), expected.collect::<Vec<_>>(), "wording {index}");
            }
        }
    }

    #[test]
    fn the_vendors_words_come_last() {
        let told = Error::new(ErrorKind::NotFound, "there is none")
            .with_provider(Provider::ALIYUN)
            .with_operation("HeadBucket")
            .with_http_status(404);
        assert_eq!(error(&told), "Alibaba Cloud: there is none (HeadBucket, HTTP 404)");
        let named = Error::new(ErrorKind::Unsupported, "UCloud has none").with_provider(Provider::UCLOUD);
        assert_eq!(error(&named), "UCloud has none");
    }
}
