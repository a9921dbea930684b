//! The phases of targets over time, as a picture in SVG.

use std::{fmt::Write as _, time::SystemTime};

use super::html::escaped;
use crate::{outcome::Outcome, phases, render};

/// The width of the time axis in the picture's own units.
const WIDTH: f64 = 1000.0;
/// The height of a target's row.
const ROW: usize = 14;

/// The picture; empty where nothing is known of any target's time.
pub(super) fn render(targets: &[&Outcome], now: SystemTime) -> String {
    let records = targets
        .iter()
        .filter_map(|target| Some((*target, target.record.as_deref()?)));
    let rows: Vec<_> = records
        .map(|(target, record)| (target, phases::phases(record)))
        .collect();
    let phases = || rows.iter().flat_map(|(_, phases)| phases);
    let Some(first) = phases().map(|phase| phase.began).min() else {
        return String::new();
    };
    let last = phases().map(|phase| phase.ended.unwrap_or(now)).max().unwrap_or(now);
    let whole = last.duration_since(first).unwrap_or_default().as_secs_f64().max(1.0);
    let at = |instant: SystemTime| instant.duration_since(first).unwrap_or_default().as_secs_f64() / whole * WIDTH;
    let height = rows.len() * ROW;
    let mut svg = format!(
        "<svg role=\"img\" aria-labelledby=\"gantt-title\" viewBox=\"0 0 {WIDTH} {height}\" preserveAspectRatio=\"none\" \
         style=\"height:{height}px\"><title id=\"gantt-title\">Phases of each target from {} to {}, {}. The table says the same in \
         numbers.</title>",
        render::instant(first),
        render::instant(last),
        render::seconds(whole as u64)
    );
    for (index, (target, phases)) in rows.iter().enumerate() {
        for phase in phases {
            let (left, right) = (at(phase.began), at(phase.ended.unwrap_or(last)));
            let took = phase
                .ended
                .unwrap_or(last)
                .duration_since(phase.began)
                .unwrap_or_default();
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
    svg.push_str("</svg>");
    svg
}
