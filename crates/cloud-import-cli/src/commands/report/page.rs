//! One self-contained page: no network, nothing that any cloud or file wrote is taken for HTML.

use std::fmt::Write as _;

use cloud_import::{
    Error,
    env::{Env as _, SystemEnv},
};

use super::{
    causes::{self, Cause},
    class, gantt,
    html::escaped,
    next_command, seconds,
};
use crate::{
    jobs::Remembered as Job,
    outcome::{Outcome, totals},
    phases, render,
};

const STYLE: &str = include_str!("page.css");
pub(super) const SCRIPT: &str = include_str!("page.js");

/// What says that a page looks again, and how often, in seconds; whoever reads on can have it stay.
pub(super) const AGAIN: &str = "<p><label><input id=\"live\" type=\"checkbox\" data-seconds=\"3\" checked>Update every 3 seconds\
</label></p>\n";

/// The columns of the table.
const COLUMNS: [&str; 8] = [
    "Target",
    "Status",
    "Code",
    "Image",
    "Began",
    "Seconds",
    "Phases",
    "Request id",
];

/// Where a page is read.
#[derive(Debug, Clone, Copy)]
pub(super) enum Read<'a> {
    /// From a file, which holds everything and says itself what it may do.
    File,
    /// From a worker that answers, whose headers say so: it may look again there.
    #[cfg_attr(not(feature = "fleet"), expect(dead_code, reason = "only a worker answers"))]
    Live(&'a InQueue),
}

/// What the queue has of a job, or of all.
#[derive(Debug, Default)]
pub(crate) struct InQueue {
    /// Orders that go on.
    pub(crate) orders: usize,
    /// Those that are left for a person, and why.
    pub(crate) left: Vec<(String, Option<Error>)>,
}

impl Read<'_> {
    /// What marks a part that is replaced when there is something new.
    fn part(self, id: &str) -> String {
        match self {
            Self::File => String::new(),
            Self::Live(_) => format!(" id=\"{id}\" data-live"),
        }
    }
}

pub(super) fn render(jobs: &[Job], made_at: &str) -> String {
    page(jobs, made_at, Read::File)
}

/// The page of these jobs.
pub(super) fn page(jobs: &[Job], made_at: &str, read: Read<'_>) -> String {
    let names: Vec<&str> = jobs.iter().map(|job| job.facts.name.as_str()).collect();
    let title = escaped(&names.join(", "));
    let targets: Vec<&Outcome> = jobs.iter().flat_map(|job| &job.targets).collect();
    let part = |id| read.part(id);
    let mut page = format!(
        "{}<h1>Import of {title}</h1>\n<p{}>Made {made_at} from what is on record; no cloud was asked.</p>\n",
        head(&format!("{title}: import report"), read),
        part("made"),
    );
    let picture = gantt::render(&targets, SystemEnv.now());
    let causes = causes::causes(jobs);
    let _ = write!(page, "<nav aria-label=\"Contents\"{}>", part("contents"));
    contents(&mut page, read, !causes.is_empty(), !picture.is_empty());
    page.push_str("</nav>\n");
    if is_open(&targets, read) {
        page.push_str(AGAIN);
    }
    let _ = write!(page, "</header>\n<main>\n<div{}>\n", part("summary"));
    summary(&mut page, jobs, &targets);
    if let Read::Live(queue) = read {
        queued(&mut page, queue);
    }
    failures(&mut page, &causes);
    page.push_str("</div>\n");
    table(&mut page, &targets, read);
    let _ = writeln!(page, "<div{}>", part("times"));
    if !picture.is_empty() {
        let _ = write!(
            page,
            "<h2 id=\"time\">Time</h2>\n{LEGEND}\n<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Time\">\
             {picture}</div>\n"
        );
    }
    page.push_str("</div>\n");
    page.push_str(&foot(&match read {
        Read::File => format!("<script>\n{SCRIPT}</script>"),
        Read::Live(_) => "<script src=\"../page.js\"></script>".to_owned(),
    }));
    page
}

/// Whether anything of a job may change by itself.
fn is_open(targets: &[&Outcome], read: Read<'_>) -> bool {
    let Read::Live(queue) = read else { return false };
    let mut records = targets.iter().filter_map(|target| target.record.as_deref());
    queue.orders > 0 || records.any(|record| !record.step.is_settled() || record.is_open())
}

/// What is not on record.
pub(super) fn queued(page: &mut String, queue: &InQueue) {
    if queue.orders > 0 {
        let _ = writeln!(page, "<p><b>{}</b> of its orders go on in the queue.</p>", queue.orders);
    }
    if queue.left.is_empty() {
        return;
    }
    page.push_str("<h2>Left for a person</h2>\n<ul>\n");
    for (order, why) in &queue.left {
        let why = why.as_ref();
        let remedy = why.and_then(render::remedy_of).unwrap_or_default();
        let _ = writeln!(
            page,
            "<li class=\"left\"><b class=\"bad\">{}</b>: {}. {}</li>",
            escaped(order),
            escaped(why.map_or("it was left as it is", Error::message)),
            escaped(&remedy)
        );
    }
    page.push_str("</ul>\n");
}

/// A page up to within its header.
pub(super) fn head(title: &str, read: Read<'_>) -> String {
    let policy = match read {
        Read::File => {
            "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; \
             script-src 'unsafe-inline'\">\n"
        }
        Read::Live(_) => "",
    };
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n{policy}\
         <title>{title}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n<header>\n"
    )
}

/// A page from the end of what it tells on.
pub(super) fn foot(script: &str) -> String {
    format!("</main>\n{script}\n</body>\n</html>\n")
}

/// Links to the parts that there are.
fn contents(page: &mut String, read: Read<'_>, fails: bool, has_picture: bool) {
    match read {
        Read::File => {}
        Read::Live(_) => page.push_str("<a href=\"../\">All jobs</a> "),
    }
    if fails {
        page.push_str("<a href=\"#causes\">What went wrong</a> ");
    }
    page.push_str("<a href=\"#all\">Targets</a>");
    if has_picture {
        page.push_str(" <a href=\"#time\">Time</a>");
    }
}

const LEGEND: &str = "<p class=\"legend\"><span class=\"hash\">hash</span> <span class=\"stage\">stage</span> \
<span class=\"start\">start</span> <span class=\"import\">import</span> <span class=\"tidy\">tidy up</span> \
<span class=\"unknown\">unknown</span></p>";

fn summary(page: &mut String, jobs: &[Job], targets: &[&Outcome]) {
    page.push_str("<ul class=\"totals\">\n");
    for (status, count) in totals(targets.iter().copied()) {
        let _ = writeln!(
            page,
            "<li class=\"{}\"><b>{count}</b> {}</li>",
            class(status),
            status.words()
        );
    }
    page.push_str("</ul>\n");
    for job in jobs {
        let facts = &job.facts;
        let _ = write!(
            page,
            "<p><code>{}</code> from {}",
            escaped(&facts.id),
            escaped(&facts.source)
        );
        if let Some(sha256) = &facts.sha256 {
            let _ = write!(page, ", SHA-256 <code>{}</code>", escaped(sha256));
        }
        page.push_str("</p>\n");
        if let Some(command) = next_command(job) {
            let _ = writeln!(page, "<p>To continue:</p>\n<pre>{}</pre>", escaped(&command));
        }
    }
}

fn failures(page: &mut String, causes: &[Cause<'_>]) {
    if causes.is_empty() {
        return;
    }
    page.push_str("<h2 id=\"causes\">What went wrong</h2>\n");
    for cause in causes {
        let _ = writeln!(
            page,
            "<section class=\"cause {}\">\n<h3><code>{}</code>, {} {}</h3>\n<p>{}</p>",
            cause.targets.first().map_or("", |target| class(target.status)),
            escaped(cause.code),
            cause.targets.len(),
            if cause.targets.len() == 1 { "target" } else { "targets" },
            escaped(cause.message)
        );
        if let Some(remedy) = &cause.remedy {
            let _ = writeln!(page, "<p><b>What to do:</b> {}</p>", escaped(remedy));
        }
        page.push_str("<ul>\n");
        for target in &cause.targets {
            let id = target.error.as_ref().and_then(|error| error.request_id());
            let id = id.map_or_else(String::new, |id| format!(", request <code>{}</code>", escaped(id)));
            let _ = writeln!(page, "<li>{}{id}</li>", escaped(&target.target));
        }
        page.push_str("</ul>\n</section>\n");
    }
}

fn table(page: &mut String, targets: &[&Outcome], read: Read<'_>) {
    page.push_str("<h2 id=\"all\">Targets</h2>\n");
    table_head(
        page,
        "targets",
        "Each target of the import. Headings sort.",
        targets.len(),
        &COLUMNS,
    );
    let _ = writeln!(page, "<tbody{}>", read.part("rows"));
    for target in targets {
        row(page, target);
    }
    page.push_str("</tbody>\n</table>\n</div>\n");
}

/// A table up to its rows, with what filters and sorts them.
pub(super) fn table_head(page: &mut String, of: &str, caption: &str, many: usize, columns: &[&str]) {
    let shown = if many == 1 { of.trim_end_matches('s') } else { of };
    let named = format!("{}{}", of[..1].to_ascii_uppercase(), &of[1..]);
    let _ = write!(
        page,
        "<p><label>Filter <input id=\"filter\" type=\"search\" autocomplete=\"off\"></label> \
         <span id=\"count\" role=\"status\" data-of=\"{of}\">{many} {shown}</span></p>\n\
         <div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"{named}\">\n<table id=\"targets\">\n\
         <caption>{caption}</caption>\n<thead><tr>"
    );
    for column in columns {
        let _ = write!(page, "<th scope=\"col\"><button type=\"button\">{column}</button></th>");
    }
    page.push_str("</tr></thead>\n");
}

fn row(page: &mut String, target: &Outcome) {
    let record = target.record.as_deref();
    let began = record
        .and_then(|record| phases::span(record).began)
        .map(render::instant);
    let phases = record.map(phases::phases).unwrap_or_default();
    let took: Vec<String> = phases
        .iter()
        .filter_map(|phase| {
            let took = phase.ended?.duration_since(phase.began).ok()?;
            Some(format!("{} {}", phase.name, render::seconds(took.as_secs())))
        })
        .collect();
    let error = target.error.as_ref();
    let seconds = seconds(target).map(|seconds| seconds.to_string()).unwrap_or_default();
    let _ = write!(
        page,
        "<tr><th scope=\"row\">{}</th><td class=\"{}\">{}</td>",
        escaped(&target.target),
        class(target.status),
        target.status.words()
    );
    let image = target.image.as_ref().map_or("", |image| &image.id);
    let cells = [
        error.map_or("", causes::code),
        image,
        began.as_deref().unwrap_or_default(),
        &seconds,
        &took.join(", "),
        error.and_then(|error| error.request_id()).unwrap_or_default(),
    ];
    for cell in cells {
        let _ = write!(page, "<td>{}</td>", escaped(cell));
    }
    page.push_str("</tr>\n");
}
