//! What the libraries say: no flag and no command, for a program has none; and the user's own words as they are, whatever field
//! they look like.

use std::sync::Arc;

use cloud_import::{
    Architecture, BootMode, Credentials, Disk, DiskFormat, ImageImporter, ImportRequest, LicenseType, Os, Problem,
    Provider, Settings, Target, connect, error_codes, testing::Scripted,
};

/// Texts of a user that look like a field, a flag or a key. None has white space.
const AWKWARD: [&str; 12] = [
    "os.qcow2",
    "name",
    "bucket",
    "--os.raw",
    "state",
    "boot_mode",
    "region",
    "disks[0].size_gib",
    "vendor.RoleName",
    "tags[team]",
    "generation",
    "`project`",
];

fn importer(provider: Provider) -> Box<dyn ImageImporter> {
    let region = Target::default_of(provider).unwrap().region;
    let settings = Settings::new(region)
        .project("p-1")
        .credentials(Credentials::new("AK", "SK"))
        .transport(Arc::new(Scripted::default()));
    connect(provider, settings).unwrap()
}

/// Orders in which much is wrong, with a text of the user wherever one may stand.
fn orders(text: &str) -> Vec<ImportRequest> {
    let link = format!("https://b.example/{text}");
    let disks = [
        // The name of a bucket is left out: of a bad one, the first character that is not allowed is told by itself.
        Disk::object("images", text).format(DiskFormat::Vdi).size_gib(90_000),
        Disk::url(link).format(DiskFormat::Vhdx),
        Disk::object("b", text),
    ];
    let mut orders = Vec::new();
    for disk in disks {
        let full = ImportRequest::new(text, disk.clone())
            .os(Os::new(text, text))
            .description(text)
            .project(text)
            .tag(text, text)
            .boot_mode(BootMode::Uefi)
            .license_type(LicenseType::Byol)
            .architecture(Architecture::Arm64)
            .skip_guest_check(true)
            .dry_run(true);
        orders.push(full.clone().data_disk(disk.clone()));
        let mut option = full.clone();
        for provider in Provider::all() {
            option = option.vendor(provider, &serde_json::json!({ text: text })).unwrap();
        }
        orders.extend([
            full,
            option,
            ImportRequest::new("", disk.clone()),
            ImportRequest::data_image(text, disk),
        ]);
    }
    orders
}

fn problems(text: &str) -> Vec<Problem> {
    let importers: Vec<_> = Provider::all().map(importer).collect();
    let orders = orders(text);
    importers
        .iter()
        .flat_map(|importer| orders.iter().flat_map(|order| importer.validate(order)))
        .collect()
}

/// Everything that is said of orders with this text, errors of a refused start and of the vendor's words included.
fn said_of(text: &str) -> Vec<String> {
    let mut said = Vec::new();
    for problem in problems(text) {
        said.push(problem.to_string());
        said.extend(problem.remedy.as_ref().map(ToString::to_string));
    }
    for importer in Provider::all().map(importer) {
        for order in orders(text) {
            if let Err(error) = importer.prepare(&order) {
                said.push(error.to_string());
                said.extend(error.remedy().map(ToString::to_string));
            }
        }
    }
    said
}

#[track_caller]
fn has_no_flag_and_no_command(text: &str) {
    let names_flag = text
        .split("--")
        .skip(1)
        .any(|rest| rest.starts_with(|c: char| c.is_ascii_lowercase()));
    assert!(!names_flag && !text.contains("cloud-import"), "{text}");
}

#[test]
fn nothing_that_a_library_says_names_a_flag_or_the_command() {
    let said = said_of("web");
    assert!(said.len() > 300, "{}", said.len());
    said.iter().for_each(|text| has_no_flag_and_no_command(text));
    for provider in Provider::all() {
        for rule in error_codes(provider).unwrap() {
            has_no_flag_and_no_command(rule.remedy);
        }
        let capabilities = cloud_import::capabilities(provider).unwrap();
        capabilities
            .likely_causes
            .iter()
            .for_each(|cause| has_no_flag_and_no_command(cause));
    }
    for bad in ["", "aws", "a/b/c", "aliyun/"] {
        let error = bad.parse::<Target>().unwrap_err();
        has_no_flag_and_no_command(&format!("{error} {}", error.remedy().unwrap()));
    }
}

#[test]
fn the_users_words_stand_as_they_are() {
    for text in AWKWARD {
        // The same with letters that are no word: what is said may differ in nothing but them.
        let letters = |c: char| if c.is_ascii_lowercase() { 'q' } else { c };
        let plain: String = text
            .chars()
            .map(|c| if c.is_ascii_uppercase() { 'Q' } else { letters(c) })
            .collect();
        let (told, expected) = (said_of(text), said_of(&plain));
        assert_eq!(told.len(), expected.len(), "{text}");
        let mut shown = 0;
        for (told, expected) in told.iter().zip(&expected) {
            assert_eq!(*told, expected.replace(&plain, text));
            shown += usize::from(expected.contains(&plain));
        }
        assert!(shown > 20, "{text} is shown {shown} times");
    }
}
