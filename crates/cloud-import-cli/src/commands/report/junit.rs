//! JUnit's XML, as CI servers read it: a suite for each job, a test for each target.

use std::fmt::Write as _;

use super::{causes, html::escaped, seconds};
use crate::{
    jobs::Remembered as Job,
    outcome::{Outcome, Status},
    render,
};

pub(super) fn render(jobs: &[Job]) -> String {
    let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n");
    for job in jobs {
        let many = |is: fn(Status) -> bool| job.targets.iter().filter(|target| is(target.status)).count();
        let _ = writeln!(
            out,
            "  <testsuite name=\"{}\" tests=\"{}\" failures=\"{}\" errors=\"{}\" skipped=\"{}\">",
            escaped(&job.facts.id),
            job.targets.len(),
            many(is_failure),
            many(is_error),
            many(is_open)
        );
        for target in &job.targets {
            test(&mut out, target);
        }
        out.push_str("  </testsuite>\n");
    }
    out.push_str("</testsuites>\n");
    out
}

/// The cloud gave its verdict.
fn is_failure(status: Status) -> bool {
    matches!(status, Status::Failed | Status::Canceled)
}

/// There is no verdict, and none is waited for; or no image any more.
fn is_error(status: Status) -> bool {
    matches!(
        status,
        Status::NotStarted | Status::Unknown | Status::Damaged | Status::Gone
    )
}

fn is_open(status: Status) -> bool {
    matches!(status, Status::Running | Status::CancelRequested)
}

fn test(out: &mut String, target: &Outcome) {
    let cloud = target.record.as_deref().map_or("", |record| record.provider.id());
    let _ = write!(
        out,
        "    <testcase classname=\"{}\" name=\"{}\" time=\"{}\">",
        escaped(cloud),
        escaped(&target.target),
        seconds(target).unwrap_or_default()
    );
    let element = match target.status {
        status if is_failure(status) => "failure",
        status if is_error(status) => "error",
        status if is_open(status) => {
            out.push_str("<skipped message=\"it goes on in the cloud\"/></testcase>\n");
            return;
        }
        _ => {
            let id = target.image.as_ref().map_or("", |image| &image.id);
            let _ = writeln!(out, "<system-out>{}</system-out></testcase>", escaped(id));
            return;
        }
    };
    let (code, message, whole) = match &target.error {
        Some(error) => {
            let remedy = render::remedy_of(error).map_or_else(String::new, |remedy| format!("\n{}", escaped(&remedy)));
            let whole = format!("{}{remedy}", escaped(&render::error(error)));
            (causes::code(error), error.message(), whole)
        }
        None => (target.status.words(), target.status.words(), String::new()),
    };
    let _ = writeln!(
        out,
        "<{element} type=\"{}\" message=\"{}\">{}</{element}></testcase>",
        escaped(code),
        escaped(message),
        whole
    );
}
