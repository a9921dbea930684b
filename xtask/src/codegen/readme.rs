//! Renders the capability table of the README, between its markers.

use std::fmt::Write as _;

use crate::spec::{Fact, Spec};

const BEGIN: &str = "<!-- capabilities: written by `cargo xtask codegen` -->";
const END: &str = "<!-- /capabilities -->";

pub(super) fn with_table(page: &str, specs: &[Spec]) -> Result<String, String> {
    let missing = || format!("README.md needs the lines {BEGIN} and {END}");
    let (before, rest) = page.split_once(BEGIN).ok_or_else(missing)?;
    let (_, after) = rest.split_once(END).ok_or_else(missing)?;
    Ok(format!("{before}{BEGIN}\n{}{END}{after}", table(specs)))
}

fn table(specs: &[Spec]) -> String {
    let mut out = String::from("\n| |");
    for spec in specs {
        let _ = write!(out, " {} |", spec.provider.name);
    }
    out.push_str("\n|---|");
    out.push_str(&"---|".repeat(specs.len()));
    out.push('\n');
    let mut row = |title: &str, cell: &dyn Fn(&Spec) -> String| {
        let _ = write!(out, "| {title} |");
        for spec in specs {
            let _ = write!(out, " {} |", cell(spec));
        }
        out.push('\n');
    };
    row("formats", &|spec| words(&spec.provider.capabilities.formats));
    row("file named by", &|spec| {
        words(&spec.provider.capabilities.sources)
            .replace("url", "link")
            .replace("object", "bucket and key")
    });
    row("architectures", &|spec| {
        words(&spec.provider.capabilities.architectures)
    });
    row("boot modes", &|spec| words(&spec.provider.capabilities.boot_modes));
    row("data disks beside the system disk", &|spec| {
        let own = &spec.provider.capabilities.max_data_disks;
        match (own.value, own.unverified) {
            (0, _) => "no".to_owned(),
            (most, false) => format!("up to {most}"),
            (_, true) => "yes ¹".to_owned(),
        }
    });
    row("image of one data disk", &|spec| {
        switch(&spec.provider.capabilities.data_image)
    });
    row("tags", &|spec| switch(&spec.provider.capabilities.tags));
    row("a lost answer is settled by", &|spec| {
        if spec.provider.capabilities.client_token.value {
            "token: sent again safely"
        } else {
            "name and marker; else \"outcome unknown\""
        }
        .to_owned()
    });
    row("progress", &|spec| {
        if spec.provider.capabilities.progress.value {
            "percent"
        } else {
            "state only"
        }
        .to_owned()
    });
    row("reason of a failure", &|spec| {
        if spec.provider.capabilities.failure_reason.value {
            "the vendor's"
        } else {
            "likely causes, labelled so"
        }
        .to_owned()
    });
    row("cancel", &|spec| switch(&spec.provider.capabilities.cancel));
    row("dry run", &|spec| switch(&spec.provider.capabilities.dry_run));
    out.push_str("\n¹ Unverified: no source settles it.\n\n");
    out
}

fn words(own: &Fact<Vec<String>>) -> String {
    let mark = if own.unverified { " ¹" } else { "" };
    format!("{}{mark}", own.value.join(", "))
}

fn switch(own: &Fact<bool>) -> String {
    let mark = if own.unverified { " ¹" } else { "" };
    format!("{}{mark}", if own.value { "yes" } else { "no" })
}
