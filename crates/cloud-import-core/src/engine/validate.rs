//! Checks an order against what a cloud can do: every problem at once, before any I/O.
//!
//! An error only where the sources agree; where they contradict each other or nothing settles it, a warning.

use std::{collections::BTreeMap, fmt};

use super::{
    accept::{of_limit, of_unlisted},
    guest,
};
use crate::{
    Capabilities, Disk, DiskPart, DiskSource, Encryption, Field, ImageChange, ImageKind, ImportRequest, PartitionTable,
    Problem, Provider, Severity, WarningId,
    model::{
        capabilities::{Alphabet, CharSet, Fact, First, Limit, Limited, Rule},
        os::{self, OsMatch},
        remedy::{Phrase, Remedy},
    },
};

/// Every problem that an order has with a cloud's capabilities and limits.
pub fn check(request: &ImportRequest, cloud: &Capabilities) -> Vec<Problem> {
    let mut found = Findings {
        cloud,
        problems: Vec::new(),
    };
    found.disks(request);
    found.system(request);
    found.options(request);
    found.limits(request);
    found.problems.extend(guest::problems(request, cloud));
    found.problems
}

/// The problems that the texts of an order have with a cloud's limits: name, description and tags.
pub(super) fn texts(request: &ImportRequest, cloud: &Capabilities) -> Vec<Problem> {
    let mut found = Findings {
        cloud,
        problems: Vec::new(),
    };
    for limit in cloud.limits {
        found.text_limit(request, limit);
    }
    found.problems
}

/// The size of the first disk.
const SIZE: Field = Field::disk(0, DiskPart::SizeGib);

/// A warning when the system disk's size is not known and the cloud must be told one: the smallest is asked for.
pub fn size_is_guessed(request: &ImportRequest, cloud: &Capabilities) -> Option<Problem> {
    let disk = request.first_disk()?;
    if disk.wanted_gib().is_some() {
        return None;
    }
    let size = cloud.system_disk_gib(disk)?;
    Some(
        Problem::warning(
            WarningId::SIZE_NOT_GIVEN,
            cloud.provider,
            SIZE,
            format!("is not given and the disk's virtual size is not known: {size} GiB are asked for, and the import fails if the disk is larger"),
        )
        .remedy(Remedy::set(SIZE)),
    )
}

/// A warning when the first disk has a GUID partition table, for a cloud whose `guide` to imports asks for MBR.
pub fn gpt_problem(
    request: &ImportRequest,
    provider: Provider,
    guide: &'static str,
    remedy: &'static str,
) -> Option<Problem> {
    let table = request.first_disk()?.partition_table?;
    (table == PartitionTable::Gpt).then(|| {
        let message = "is GPT, and the vendor's guide asks for MBR: the import may fail, or its guest not boot";
        Problem::warning(
            WarningId::PARTITION_TABLE_GPT,
            provider,
            Field::disk(0, DiskPart::PartitionTable),
            message,
        )
        .source(guide)
        .remedy(remedy)
    })
}

/// A warning or an error about an operating system that is not exactly what the cloud has.
pub fn os_problem<T>(provider: Provider, asked: &str, found: &OsMatch<T>) -> Option<Problem> {
    match found {
        OsMatch::Exact(_) => None,
        OsMatch::Nearest { changed, .. } => {
            let otherwise = Remedy::when("it is to be sent otherwise", Remedy::set(Field::OsRaw));
            let problem = Problem::warning(
                WarningId::OS_NEAREST,
                provider,
                Field::Os,
                format!("`{asked}`: {changed}"),
            );
            Some(problem.remedy(unless_mistyped(asked, otherwise)))
        }
        OsMatch::Unknown { available } => {
            let rule = format!("`{asked}` is not one that this cloud lists");
            let choice = Remedy::choose(Field::Os, available).or(Remedy::set(Field::OsRaw));
            Some(Problem::error(provider, Field::Os, rule).remedy(unless_mistyped(asked, choice)))
        }
    }
}

/// What there is to do about a system, after what was meant where its name looks mistyped.
fn unless_mistyped(asked: &str, remedy: Remedy) -> Remedy {
    match os::meant(asked) {
        Some(meant) => Remedy::when(format!("`{meant}` is meant"), Remedy::set_to(Field::Os, &meant)).then(remedy),
        None => remedy,
    }
}

/// The mark that goes with a description takes a part of its length. `sent`: the description as it is sent, mark and all.
pub fn room_for_mark(request: &ImportRequest, sent: &str, cloud: &Capabilities) -> Option<Problem> {
    let given = request.description.as_deref().unwrap_or_default().chars().count();
    let (sent, limits) = (sent.chars().count(), cloud.limits.iter());
    let mut limits = limits.filter(|limit| limit.field == Limited::Description);
    let (most, source) = limits.find_map(|limit| match limit.rule {
        Rule::Chars { max, .. } => Some((usize::try_from(max).ok()?, limit.source)),
        _ => None,
    })?;
    if sent <= given || sent <= most {
        return None;
    }
    let left = most.saturating_sub(sent - given);
    let rule = format!(
        "has {given} characters, and {left} are left of {most}: the rest is for the mark by which the image is found again when an \
         answer is lost"
    );
    let problem = Problem::error(cloud.provider, Field::Description, rule).source(source);
    Some(problem.remedy(format!("Shorten it to {left} characters.")))
}

/// Every rule that a prefix of an export breaks.
pub(super) fn export_prefix(prefix: &str, cloud: &Capabilities) -> Vec<Problem> {
    let mut found = Findings {
        cloud,
        problems: Vec::new(),
    };
    let limits = cloud.limits.iter();
    for limit in limits.filter(|limit| limit.field == Limited::ExportPrefix) {
        found.text(Field::Prefix, prefix, limit);
    }
    found.problems
}

/// The problems that the texts of changes to an image have with a cloud's limits: accounts, family and tags.
pub(super) fn change(change: &ImageChange, cloud: &Capabilities) -> Vec<Problem> {
    let mut found = Findings {
        cloud,
        problems: Vec::new(),
    };
    for account in change
        .share
        .iter()
        .filter(|account| account.trim() != *account || account.is_empty())
    {
        let rule = format!("names `{account}`, which is no account: it is empty or has a blank around it");
        let problem = Problem::error(cloud.provider, Field::Share, rule);
        found
            .problems
            .push(problem.remedy("Correct the account, or leave it out."));
    }
    for limit in cloud.limits {
        match limit.field {
            Limited::Account => {
                let accounts = change.share.iter();
                accounts.for_each(|account| found.account(account, limit));
            }
            Limited::Family => {
                let family = change.family.iter();
                family.for_each(|family| found.text(Field::Family, family, limit));
            }
            Limited::TagKey | Limited::TagValue | Limited::Tags => found.tags(&change.tags, limit),
            _ => {}
        }
    }
    found.problems
}

struct Findings<'a> {
    cloud: &'a Capabilities,
    problems: Vec<Problem>,
}

impl Findings<'_> {
    fn error(&mut self, field: Field, rule: impl Into<Phrase>, source: &'static str, remedy: impl Into<Remedy>) {
        let problem = Problem::error(self.cloud.provider, field, rule);
        self.problems.push(problem.source(source).remedy(remedy));
    }

    /// An error where the fact is sure, else a warning.
    fn judged(
        &mut self,
        (is_sure, id): (bool, WarningId),
        field: Field,
        rule: impl Into<Phrase>,
        source: &'static str,
        remedy: impl Into<Remedy>,
    ) {
        let severity = if is_sure { Severity::Error } else { Severity::Warning };
        let problem = Problem::of(severity, id, self.cloud.provider, field, rule);
        self.problems.push(problem.source(source).remedy(remedy));
    }

    /// A value that must be in a list; a warning where the list is not settled.
    fn listed<T: Copy + PartialEq + fmt::Display>(&mut self, field: Field, value: T, list: &Fact<&'static [T]>) {
        if list.value.contains(&value) {
            return;
        }
        let rule = format!("`{value}` is not one that this cloud takes");
        let remedy = match list.value {
            [] => Remedy::Unset(field.clone()),
            listed => Remedy::choose(field.clone(), listed),
        };
        let id = of_unlisted(&field);
        self.judged((list.verified, id), field, rule, list.source, remedy);
    }

    fn disks(&mut self, request: &ImportRequest) {
        if request.disks.is_empty() {
            self.error(Field::Disks, "are missing", "", "Name at least one disk.");
        }
        for (index, disk) in request.disks.iter().enumerate() {
            self.disk(index, disk);
        }
        let (most, data_disks) = (self.cloud.max_data_disks, request.data_disks().len());
        if data_disks > usize::try_from(most.value).unwrap_or(usize::MAX) {
            let rule = format!("has {data_disks} data disks, this cloud takes {}", most.value);
            let remedy = "Import the data disks as images of their own, or leave them out.";
            let id = WarningId::LIMIT_DATA_DISKS;
            let is_sure = most.verified || most.value == 0;
            self.judged((is_sure, id), Field::Disks, rule, most.source, remedy);
        }
        if request.kind == ImageKind::Data {
            let can = self.cloud.data_image;
            if !can.value {
                let remedy = "Import the disk beside a system disk.";
                self.error(
                    Field::Kind,
                    "is a data image, which this cloud cannot import",
                    can.source,
                    remedy,
                );
            } else if data_disks > 0 {
                let rule = "has more than one disk, and a data image has only one";
                self.error(Field::Disks, rule, "", "Import each data disk by itself.");
            }
        }
    }

    fn disk(&mut self, index: usize, disk: &Disk) {
        let source = Field::disk(index, DiskPart::Source);
        let forms = self.cloud.sources;
        let is_taken = forms.value.contains(&disk.source.form());
        if !is_taken {
            let (has, wants) = match disk.source {
                DiskSource::Url(_) => (
                    "is a link, which this cloud's import does not take",
                    "Name the object as BUCKET:KEY in this cloud's object storage.",
                ),
                DiskSource::Object { .. } => (
                    "names a bucket and a key, which this cloud's import does not take",
                    "Give a link that this cloud can open (signed for at least a day if the bucket is private).",
                ),
                DiskSource::Image(_) => (
                    "is an image, and only the first disk of a copy is one",
                    "Order the copy of an image by itself.",
                ),
            };
            self.error(source.clone(), has, forms.source, wants);
        }
        match &disk.source {
            DiskSource::Url(link)
                if !["http://", "https://"]
                    .iter()
                    .any(|scheme| link.expose().starts_with(scheme)) =>
            {
                self.error(source, "is not an http or https link", "", "Give the whole link.");
            }
            DiskSource::Object { bucket, key } if bucket.is_empty() || key.is_empty() => {
                self.error(source, "has an empty bucket or key", "", "Write BUCKET:KEY.");
            }
            // That of a file that is staged is held against the rules by itself, as the bucket of the call.
            DiskSource::Object { bucket, .. } if is_taken && !disk.pending => {
                let rules = self.cloud.bucket_names.iter();
                let broken = rules.flat_map(|rules| rules.problems(self.cloud.provider, &source, bucket));
                self.problems.extend(broken);
            }
            _ => {}
        }
        if let Some(format) = disk.format {
            let formats = self.cloud.formats;
            self.listed(Field::disk(index, DiskPart::Format), format, &formats);
        }
        if let (Some(size), Some(bytes)) = (disk.size_gib, disk.virtual_size_bytes)
            && u64::from(size) << 30 < bytes
        {
            let held = bytes.div_ceil(1 << 30);
            let rule = format!("is {size}, but the disk in the file has {held} GiB");
            let remedy = format!("Ask for at least {held} GiB.");
            self.error(Field::disk(index, DiskPart::SizeGib), rule, "", remedy);
        }
    }

    fn system(&mut self, request: &ImportRequest) {
        if request.kind == ImageKind::System && request.os.is_none() {
            let remedy = "Name the guest's system, such as \"CentOS 7.9\".";
            self.error(Field::Os, "is missing", "", remedy);
        }
        let cloud = *self.cloud;
        self.listed(Field::Architecture, request.architecture, &cloud.architectures);
        if let Some(boot_mode) = request.boot_mode {
            self.listed(Field::BootMode, boot_mode, &cloud.boot_modes);
        }
        if let Some(license_type) = request.license_type {
            self.listed(Field::LicenseType, license_type, &cloud.license_types);
        }
    }

    fn options(&mut self, request: &ImportRequest) {
        let cloud = *self.cloud;
        let asked = [
            (
                Field::Tags,
                !request.tags.is_empty(),
                cloud.tags,
                ", and set them on the image afterwards",
            ),
            (Field::Description, request.description.is_some(), cloud.description, ""),
            (
                Field::DryRun,
                request.dry_run,
                cloud.dry_run,
                ": the order is checked against what this cloud documents in any case",
            ),
            (
                Field::SkipGuestCheck,
                request.skip_guest_check,
                cloud.skip_guest_check,
                "",
            ),
            (Field::Nvme, request.nvme, cloud.nvme, ""),
            (
                Field::ImdsV2,
                request.imds_v2,
                cloud.imds_v2,
                ", and set it when instances are made of the image, where that is possible",
            ),
        ];
        let project = cloud.project;
        let refused = asked.into_iter().filter(|(_, asked, can, _)| *asked && !can.value);
        let refused = refused.map(|(field, _, can, why)| (field, can.source, why));
        let project =
            (request.project.is_some() && project.value.is_empty()).then_some((Field::Project, project.source, ""));
        for (field, source, why) in refused.chain(project).collect::<Vec<_>>() {
            let remedy = match why {
                "" => Remedy::Unset(field.clone()),
                why => Remedy::text(
                    Phrase::new("Leave ")
                        .field(field.clone())
                        .text(format!(" out for this cloud{why}.")),
                ),
            };
            self.error(field, "cannot be set with this cloud's import", source, remedy);
        }
    }

    fn limits(&mut self, request: &ImportRequest) {
        let limits = self.cloud.limits;
        for limit in limits {
            self.text_limit(request, limit);
            match limit.field {
                Limited::SystemDiskGib if request.kind == ImageKind::System => {
                    // What is checked is what would be asked for; a size that nobody knows is not.
                    let disk = request.first_disk().filter(|disk| disk.wanted_gib().is_some());
                    if let Some(size) = disk.and_then(|disk| self.cloud.system_disk_gib(disk)) {
                        self.number(SIZE, size.into(), limit);
                    }
                }
                Limited::DataDiskGib => {
                    let skipped = usize::from(request.kind == ImageKind::System);
                    for (index, disk) in request.disks.iter().enumerate().skip(skipped) {
                        if let Some(size) = disk.wanted_gib() {
                            self.number(Field::disk(index, DiskPart::SizeGib), size.into(), limit);
                        }
                    }
                }
                Limited::SourceKey => {
                    for (index, disk) in request.disks.iter().enumerate() {
                        if let DiskSource::Object { key, .. } = &disk.source {
                            self.text(Field::disk(index, DiskPart::Source), key, limit);
                        }
                    }
                }
                // The token is made here and fits every cloud; a size of a data image is a data disk's.
                _ => {}
            }
        }
    }

    fn text_limit(&mut self, request: &ImportRequest, limit: &Limit) {
        match limit.field {
            Limited::Name => self.text(Field::Name, &request.name, limit),
            Limited::Description => {
                if let Some(description) = &request.description {
                    self.text(Field::Description, description, limit);
                }
            }
            Limited::TagKey | Limited::TagValue | Limited::Tags => self.tags(&request.tags, limit),
            Limited::EncryptionKey => {
                if let Some(Encryption::Key(key)) = &request.encryption {
                    self.text(Field::Encryption, key, limit);
                }
            }
            _ => {}
        }
    }

    fn tags(&mut self, tags: &BTreeMap<String, String>, limit: &Limit) {
        match limit.field {
            Limited::TagKey => {
                let keys = tags.keys();
                keys.for_each(|key| self.text(Field::Tag(key.clone()), key, limit));
            }
            Limited::TagValue => {
                let tags = tags.iter();
                tags.for_each(|(key, value)| self.text(Field::Tag(key.clone()), value, limit));
            }
            _ => {
                let count = u64::try_from(tags.len()).unwrap_or(u64::MAX);
                self.number(Field::Tags, count, limit);
            }
        }
    }

    /// One of the accounts that an image is shared with.
    fn account(&mut self, account: &str, limit: &Limit) {
        if let Some(rule) = limit.rule.refuses(account) {
            self.broken(Field::Share, format!("names `{account}`, which {rule}"), limit);
        }
    }

    fn text(&mut self, field: Field, text: &str, limit: &Limit) {
        if let Some(rule) = limit.rule.refuses(text) {
            self.broken(field, rule, limit);
        }
    }

    fn number(&mut self, field: Field, number: u64, limit: &Limit) {
        match limit.rule {
            Rule::Range { min, max, multiple_of } => {
                if number < min.into() || number > max.into() {
                    self.broken(field, format!("is {number}; {min} to {max} are allowed"), limit);
                } else if multiple_of > 1 && !number.is_multiple_of(u64::from(multiple_of)) {
                    self.broken(
                        field,
                        format!("is {number}, which is not a multiple of {multiple_of}"),
                        limit,
                    );
                }
            }
            Rule::Count { max } if number > max.into() => {
                self.broken(field, format!("has {number} entries; at most {max} are allowed"), limit);
            }
            Rule::Count { .. } | Rule::Chars { .. } | Rule::Alphabet(_) => {}
        }
    }

    fn broken(&mut self, field: Field, rule: String, limit: &Limit) {
        let mut remedy = match (limit.field, limit.rule) {
            (Limited::SystemDiskGib | Limited::DataDiskGib, Rule::Range { min, max, .. }) => {
                format!("Ask for {min} to {max} GiB; a larger disk must be shrunk in the file first")
            }
            _ => format!("Change the {}", limit.field.as_str()),
        };
        if !limit.note.is_empty() {
            remedy.push_str(&format!(" ({})", limit.note));
        }
        remedy.push('.');
        let id = of_limit(limit.field);
        self.judged((limit.agreed, id), field, rule, limit.source, remedy);
    }
}

impl Rule {
    /// Why a text is refused, if it is.
    fn refuses(&self, text: &str) -> Option<String> {
        match self {
            Self::Chars { min, max } => {
                let chars = u32::try_from(text.chars().count()).unwrap_or(u32::MAX);
                let has = match chars {
                    1 => "1 character".to_owned(),
                    _ => format!("{chars} characters"),
                };
                let allowed = match min == max {
                    true => format!("{min} are needed"),
                    false => format!("{min} to {max} are allowed"),
                };
                (chars < *min || chars > *max).then(|| format!("has {has}; {allowed}"))
            }
            Self::Alphabet(alphabet) => alphabet.refuses(text),
            Self::Range { .. } | Self::Count { .. } => None,
        }
    }
}

impl Alphabet {
    /// Why a text is refused, if it is.
    fn refuses(&self, text: &str) -> Option<String> {
        if let Some(allowed) = self.allowed
            && let Some(bad) = text.chars().find(|c| !allowed.contains(*c))
        {
            return Some(format!("has the character {bad:?}, allowed are {allowed}"));
        }
        let ends = |is_bad: fn(char) -> bool| text.chars().next().is_some_and(is_bad);
        let first_is_bad = match self.first {
            First::Any => false,
            First::Letter => ends(|c| !c.is_ascii_alphabetic()),
            First::LetterOrHan => ends(|c| !c.is_ascii_alphabetic() && !is_han(c)),
            First::NotSpace => text.trim() != text,
        };
        if first_is_bad {
            return Some(match self.first {
                First::NotSpace => "begins or ends with a space".to_owned(),
                First::Letter => "does not begin with a letter".to_owned(),
                First::Any | First::LetterOrHan => "does not begin with a letter or a Chinese character".to_owned(),
            });
        }
        let lower = text.to_lowercase();
        if let Some(prefix) = self.not_prefix.iter().find(|prefix| lower.starts_with(**prefix)) {
            return Some(format!("begins with `{prefix}`"));
        }
        let part = self.not_containing.iter().find(|part| lower.contains(**part))?;
        Some(format!("contains `{}`", part.escape_debug()))
    }
}

impl CharSet {
    fn contains(&self, c: char) -> bool {
        (self.letters && c.is_ascii_alphabetic())
            || (self.digits && c.is_ascii_digit())
            || (self.han && is_han(c))
            || self.also.contains(c)
    }
}

impl fmt::Display for CharSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts = [
            self.letters.then(|| "letters".to_owned()),
            self.digits.then(|| "digits".to_owned()),
            self.han.then(|| "Chinese characters".to_owned()),
            (!self.also.is_empty()).then(|| format!("`{}`", self.also)),
        ];
        f.write_str(&parts.into_iter().flatten().collect::<Vec<_>>().join(", "))
    }
}

fn is_han(c: char) -> bool {
    matches!(u32::from(c), 0x3400..=0x4dbf | 0x4e00..=0x9fff | 0xf900..=0xfaff | 0x20000..=0x323af)
}
