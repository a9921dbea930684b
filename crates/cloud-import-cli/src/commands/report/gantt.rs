//! The phases of targets over time, as a picture in SVG: a row for each target, its name on the left.

use std::{fmt::Write as _, time::SystemTime};

use super::{class, html::escaped};
use crate::{
    outcome::Outcome,
    phases::{self, Phase},
    render,
};

/// The width of the bars' area in its own units.
const WIDTH: f64 = 1000.0;
/// How many hundredths of the picture the names have.
const NAMES: f64 = 25.0;
/// The height of a target's row, and of the axis above them all, in pixels.
const ROW: usize = 16;
const AXIS: usize = 22;
/// The most stretches between two marks of the axis.
const MOST_STRETCHES: u64 = 4;

/// The picture; empty where nothing is known of any target's time.
pub(super) fn render(targets: &[&Outcome], now: SystemTime) -> String {
    let records = targets
        .iter()
        .filter_map(|target| Some((*target, target.record.as_deref()?)));
    let rows: Vec<(&Outcome, Vec<Phase>)> = records
        .map(|(target, record)| (target, phases::phases(record)))
        .collect();
    let phases = || rows.iter().flat_map(|(_, phases)| phases);
    let Some(first) = phases().map(|phase| phase.began).min() else {
        return String::new();
    };
    let last = phases().map(|phase| phase.ended.unwrap_or(now)).max().unwrap_or(now);
    let whole = last.duration_since(first).unwrap_or_default().as_secs_f64().max(1.0);
    let height = rows.len() * ROW;
    let mut svg = format!(
        "<svg role=\"img\" aria-labelledby=\"gantt-title\" aria-describedby=\"gantt-desc\" style=\"height:{}px\">\
         <title id=\"gantt-title\">Phases of each target from {} to {}, {}</title>\
         <desc id=\"gantt-desc\">A row for each target with a bar for each of its phases. The table of targets says the same in \
         numbers.</desc>",
        height + AXIS,
        render::instant(first),
        render::instant(last),
        render::seconds(whole as u64)
    );
    axis(&mut svg, whole as u64);
    // Names of their own width, bars as wide as there is room.
    let _ = write!(svg, "<svg y=\"{AXIS}\" width=\"{}%\" height=\"{height}\">", NAMES - 1.0);
    for (index, (target, _)) in rows.iter().enumerate() {
        let (y, name) = ((index + 1) * ROW - 4, escaped(&target.target));
        let _ = write!(
            svg,
            "<text class=\"{}\" x=\"4\" y=\"{y}\">{name}</text>",
            class(target.status)
        );
    }
    let _ = write!(
        svg,
        "</svg><svg x=\"{NAMES}%\" y=\"{AXIS}\" width=\"{}%\" height=\"{height}\" viewBox=\"0 0 {WIDTH} {height}\" \
         preserveAspectRatio=\"none\">",
        100.0 - NAMES
    );
    let at = |instant: SystemTime| instant.duration_since(first).unwrap_or_default().as_secs_f64() / whole * WIDTH;
    for (index, (target, phases)) in rows.iter().enumerate() {
        for phase in phases {
            let ended = phase.ended.unwrap_or(last);
            let (left, right) = (at(phase.began), at(ended));
            let took = ended.duration_since(phase.began).unwrap_or_default();
            let _ = write!(
                svg,
                "<rect class=\"{}\" x=\"{left:.1}\" y=\"{}\" width=\"{:.1}\" height=\"{}\"><title>{}: {} {}</title></rect>",
                phase.name,
                index * ROW + 2,
                (right - left).max(1.5),
                ROW - 4,
                escaped(&target.target),
                phase.name,
                render::seconds(took.as_secs())
            );
        }
    }
    svg.push_str("</svg></svg>");
    svg
}

/// Marks of the time since the first began.
fn axis(svg: &mut String, whole: u64) {
    let stretches = whole.clamp(1, MOST_STRETCHES);
    for mark in 0..=stretches {
        let x = NAMES + (100.0 - NAMES) * mark as f64 / stretches as f64;
        let anchor = match mark {
            0 => "start",
            mark if mark == stretches => "end",
            _ => "middle",
        };
        let time = render::seconds(whole * mark / stretches);
        let _ = write!(
            svg,
            "<line x1=\"{x}%\" x2=\"{x}%\" y1=\"{}\" y2=\"100%\"/>\
             <text class=\"axis\" x=\"{x}%\" y=\"{}\" text-anchor=\"{anchor}\">{time}</text>",
            AXIS - 4,
            AXIS - 8
        );
    }
}
