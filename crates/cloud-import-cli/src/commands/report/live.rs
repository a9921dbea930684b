//! The pages of a worker that answers: that of a job as `report` has it, and that of all jobs. They look again by themselves.

use std::{fmt::Write as _, time::SystemTime};

pub(crate) use super::page::InQueue;
use super::{
    class,
    html::escaped,
    page::{AGAIN, Read, SCRIPT, foot, head, page, queued, table_head},
};
use crate::{
    jobs::Remembered as Job,
    outcome::{Outcome, totals},
    phases, render,
};

/// What both pages run.
const AGAIN_SCRIPT: &str = include_str!("live.js");

/// Jobs that are shown at most, the newest: more are for `list`.
pub(crate) const MOST: usize = 500;

const COLUMNS: [&str; 5] = ["Job", "Image", "Targets", "Began", "Last change"];

/// What waits in the queue, as the page of all jobs shows it.
pub(crate) struct Waiting {
    /// The cloud, and what its orders wait for.
    pub(crate) of: [String; 2],
    pub(crate) orders: u64,
    pub(crate) oldest: u64,
}

/// The script of the pages, which is a document of its own.
pub(crate) fn script() -> String {
    format!("{SCRIPT}{AGAIN_SCRIPT}")
}

/// The page of a job.
pub(crate) fn job(job: Job, queue: &InQueue, made_at: &str) -> String {
    page(&[job], made_at, Read::Live(queue))
}

/// All that the page of all jobs shows.
pub(crate) struct All<'a> {
    /// The newest of them, and how many there are.
    pub(crate) jobs: &'a [Job],
    pub(crate) many: usize,
    pub(crate) waiting: Vec<Waiting>,
    /// Only what is left of it.
    pub(crate) left: InQueue,
    /// The fleet's database.
    pub(crate) place: &'a str,
}

/// The page of all jobs.
pub(crate) fn jobs(all: &All<'_>, made_at: &str) -> String {
    let All { jobs, many, place, .. } = all;
    let mut page = head("Fleet of cloud-import", Read::Live(&all.left));
    let _ = write!(
        page,
        "<h1>Fleet in {}</h1>\n<p id=\"made\" data-live>Made {made_at} from what is on record; no cloud was asked.</p>\n{AGAIN}\
         </header>\n<main>\n<h2>Orders that are not over</h2>\n<div id=\"queue\" data-live>\n",
        escaped(place)
    );
    queue(&mut page, &all.waiting);
    queued(&mut page, &all.left);
    page.push_str("</div>\n<h2>Jobs</h2>\n<div id=\"more\" data-live>\n");
    if *many > jobs.len() {
        let _ = writeln!(
            page,
            "<p>The newest {} of {many}: <code>cloud-import list</code> shows all.</p>",
            jobs.len()
        );
    }
    page.push_str("</div>\n");
    let caption = "Each job that a worker has begun. Headings sort.";
    table_head(&mut page, "jobs", caption, jobs.len(), &COLUMNS);
    page.push_str("<tbody id=\"rows\" data-live>\n");
    jobs.iter().for_each(|job| row(&mut page, job));
    page.push_str("</tbody>\n</table>\n</div>\n");
    page.push_str(&foot("<script src=\"page.js\"></script>"));
    page
}

fn queue(page: &mut String, waiting: &[Waiting]) {
    if waiting.is_empty() {
        page.push_str("<p>There are none.</p>\n");
        return;
    }
    page.push_str("<ul>\n");
    for one in waiting {
        let [cloud, waits] = &one.of;
        let _ = writeln!(
            page,
            "<li>{}: <b>{}</b> {}, the oldest for {}</li>",
            escaped(cloud),
            one.orders,
            escaped(waits),
            render::seconds(one.oldest)
        );
    }
    page.push_str("</ul>\n");
}

/// When work on a job began, and when something was last recorded of it.
pub(crate) fn times(job: &Job) -> [Option<SystemTime>; 2] {
    let records = || job.targets.iter().filter_map(|target| target.record.as_deref());
    let began = records().filter_map(|record| phases::span(record).began).min();
    [began, records().filter_map(|record| record.last_at()).max()]
}

fn row(page: &mut String, job: &Job) {
    let id = escaped(&job.facts.id);
    // An id is letters, digits and what a name of a file may have: it is looked for as it stands.
    let _ = write!(
        page,
        "<tr><th scope=\"row\"><a href=\"jobs/{}\">{id}</a></th><td>{}</td><td>",
        escaped(&in_a_link(&job.facts.id)),
        escaped(&job.facts.name)
    );
    let totals = totals(job.targets.iter().collect::<Vec<&Outcome>>());
    for (at, (status, count)) in totals.into_iter().enumerate() {
        let parted = if at == 0 { "" } else { ", " };
        let _ = write!(
            page,
            "{parted}<span class=\"{}\">{count} {}</span>",
            class(status),
            status.words()
        );
    }
    for at in times(job) {
        let _ = write!(page, "</td><td>{}", at.map(render::instant).unwrap_or_default());
    }
    page.push_str("</td></tr>\n");
}

/// A text as one part of a path.
fn in_a_link(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    text.bytes().fold(String::new(), |mut out, byte| {
        let _ = match plain(byte) {
            true => write!(out, "{}", char::from(byte)),
            false => write!(out, "%{byte:02X}"),
        };
        out
    })
}

/// The text of a part of a path; `None` where it is none.
pub(crate) fn from_a_link(part: &str) -> Option<String> {
    let (mut out, mut bytes) = (Vec::new(), part.bytes());
    while let Some(byte) = bytes.next() {
        out.push(match byte {
            b'%' => {
                let digit = |byte: Option<u8>| char::from(byte?).to_digit(16);
                u8::try_from(digit(bytes.next())? * 16 + digit(bytes.next())?).ok()?
            }
            byte => byte,
        });
    }
    String::from_utf8(out).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_of_a_path_is_read_as_it_was_written() {
        for text in ["web-4f0c", "a/b c%?\"<x>", "镜像-1", "..", ""] {
            let link = in_a_link(text);
            assert!(!link.contains(['/', '"', '<', ' ', '?']), "{link}");
            assert_eq!(from_a_link(&link).as_deref(), Some(text));
        }
        for broken in ["%", "%4", "%zz", "%ff"] {
            assert_eq!(from_a_link(broken), None, "{broken}");
        }
    }
}
