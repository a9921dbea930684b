//! What the library says, in the words of this command: options for the fields of an order, names of a vendor's operations
//! only behind what happened. Changes no result that programs read.

use cloud_import::{Error, Problem, Provider};

/// A problem of an order, in one line: cloud, option, fact, remedy, and where the rule was read.
pub(crate) fn problem(problem: &Problem) -> String {
    format!("{}: {}", problem.provider.name(), problem_of_cloud(problem))
}

/// The same where the cloud is told already.
pub(crate) fn problem_of_cloud(problem: &Problem) -> String {
    let field = option(&problem.field, problem.provider);
    let message = own_options(&in_options(&problem.message), problem.provider);
    let remedy = remedy(problem);
    let source = match problem.source.split("; ").next() {
        Some(first) if !first.is_empty() => format!(" [{first}]"),
        _ => String::new(),
    };
    format!("{field} {message}. {remedy}{source}").trim_end().to_owned()
}

fn remedy(problem: &Problem) -> String {
    let text = own_options(&in_options(&problem.remedy), problem.provider);
    if problem.field != "os" {
        return text;
    }
    let raw = format!("--os-raw {}=TEXT", problem.provider);
    text.replace("this cloud's own text", &raw)
        .replace("this cloud's own", &raw)
}

/// An error in one line: cloud and fact; then, for the vendor's support, operation, code, status and request id.
pub(crate) fn error(error: &Error) -> String {
    let details = [
        error.operation().map(str::to_owned),
        error.code().map(|code| format!("code {code}")),
        error.http_status().map(|status| format!("HTTP {status}")),
        error.request_id().map(|id| format!("request {id}")),
        (error.attempts() > 1).then(|| format!("{} attempts", error.attempts())),
    ];
    let details: Vec<String> = details.into_iter().flatten().collect();
    let message = in_options(error.message());
    let told = match error.provider().map(Provider::name) {
        Some(cloud) if !message.starts_with(cloud) => format!("{cloud}: {message}"),
        _ => message,
    };
    if details.is_empty() {
        told
    } else {
        format!("{told} ({})", details.join(", "))
    }
}

/// The option of a field.
fn option(field: &str, provider: Provider) -> String {
    if let Some(tag) = field.strip_prefix("tags[").and_then(|rest| rest.strip_suffix(']')) {
        return format!("--tag {tag}");
    }
    let (head, part) = field.split_once('.').unwrap_or((field, ""));
    if let Some(disk) = head.strip_prefix("disks[").and_then(|rest| rest.strip_suffix(']')) {
        return of_disk(disk, part);
    }
    match (head, part) {
        ("architecture", _) => "--arch".to_owned(),
        ("disks", _) => "the order".to_owned(),
        ("kind", _) => "the image (--data-image)".to_owned(),
        ("tags", _) => "--tag".to_owned(),
        ("vendor", "") => "--set:".to_owned(),
        ("vendor", own) => format!("--set {provider}.{own}"),
        _ => format!("--{}", head.replace('_', "-")),
    }
}

fn of_disk(disk: &str, part: &str) -> String {
    let name = match (disk, part) {
        ("0", "size_gib") => return "the disk's size in GiB (--size-gib)".to_owned(),
        ("0", "format") => return "the disk's format (--format)".to_owned(),
        ("0", "source") => return "the place of the image".to_owned(),
        ("0", _) => "the disk's".to_owned(),
        (other, _) => format!("--data-disk {other}: its"),
    };
    let part = match part {
        "size_gib" => "size in GiB",
        "file_size_bytes" => "file size in bytes",
        "virtual_size_bytes" => "virtual size in bytes",
        "source" => "place",
        "partition_table" => "partition table",
        other => other,
    };
    format!("{name} {part}")
}

/// A text with the options in place of the fields that it names.
fn in_options(text: &str) -> String {
    const FIELDS: [&str; 6] = [
        "skip_guest_check",
        "size_gib",
        "boot_mode",
        "license_type",
        "dry_run",
        "no_validate",
    ];
    FIELDS.iter().fold(text.to_owned(), |text, field| {
        let option = format!("--{}", field.replace('_', "-"));
        text.replace(&format!("`{field}`"), &option).replace(field, &option)
    })
}

/// A text with `--set` for what it calls options of the vendor.
fn own_options(text: &str, provider: Provider) -> String {
    let text = text
        .strip_prefix("vendor options: ")
        .unwrap_or(text)
        .replace("unknown field", "unknown option");
    let text = text.replace("set the vendor option", "give the vendor option");
    let mut parts = text.split("the vendor option `");
    let mut told = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (name, rest) = part.split_once('`').unwrap_or((part, ""));
        // As it is typed, where a value is named.
        let rest = rest
            .strip_prefix(" to `")
            .map_or(rest.to_owned(), |rest| format!("={}", rest.replacen('`', "", 1)));
        told.push_str(&format!("--set {provider}.{name}{rest}"));
    }
    told
}

#[cfg(test)]
mod tests {
    use cloud_import::ErrorKind;

    use super::*;

    #[test]
    fn fields_are_options_here() {
        for (field, expected) in [
            ("name", "--name"),
            ("boot_mode", "--boot-mode"),
            ("disks[0].size_gib", "the disk's size in GiB (--size-gib)"),
            ("disks[2].size_gib", "--data-disk 2: its size in GiB"),
            ("tags[a.b]", "--tag a.b"),
            ("vendor.RoleName", "--set aliyun.RoleName"),
        ] {
            assert_eq!(option(field, Provider::Aliyun), expected);
        }
        let told = problem(
            &Problem::warning(Provider::Tencent, "disks[0].format", "is iso")
                .remedy("Set skip_guest_check, or give a disk image instead."),
        );
        assert_eq!(
            told,
            "Tencent Cloud: the disk's format (--format) is iso. Set --skip-guest-check, or give a disk image instead."
        );
    }

    #[test]
    fn a_vendors_option_is_set() {
        let told = own_options(
            "Convert it, or set the vendor option `route` to `common`.",
            Provider::Huawei,
        );
        assert_eq!(told, "Convert it, or give --set huawei.route=common.");
        let told = own_options("vendor options: unknown field `a`", Provider::Huawei);
        assert_eq!(told, "unknown option `a`");
    }

    #[test]
    fn the_vendors_words_come_last() {
        let told = Error::new(ErrorKind::NotFound, "there is none")
            .with_provider(Provider::Aliyun)
            .with_operation("HeadBucket")
            .with_http_status(404);
        assert_eq!(error(&told), "Alibaba Cloud: there is none (HeadBucket, HTTP 404)");
        let named = Error::new(ErrorKind::Unsupported, "UCloud has none").with_provider(Provider::Ucloud);
        assert_eq!(error(&named), "UCloud has none");
    }
}
