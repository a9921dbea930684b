//! Six submit the same orders at once and follow them: each order is done once, and all six are told the same.

use std::path::Path;

use crate::{
    Form, IMAGE,
    fleet::{Fleet, config},
    process::Process,
    standing::Standing,
};

const MANY: usize = 6;

pub(crate) fn run(_: &Form) -> Result<String, String> {
    let fleet = Fleet::new(config(), Path::new(IMAGE))?;
    let _workers = ["one", "other"].map(|machine| fleet.worker(machine, &["--slots", "3"]));
    let submitters: Vec<Process> = (0..MANY)
        .map(|number| fleet.submitter(&format!("submitter-{number}"), "web", &[]))
        .collect();
    let mut told = Vec::new();
    for submitter in submitters {
        told.push(submitter.ended(120)?.expect(0)?.out);
    }
    told.dedup();
    if told.len() != 1 || told[0].lines().count() != 5 {
        return Err(format!("they were told otherwise: {told:#?}"));
    }
    let standing = Standing::of(&fleet, 1).expect_good()?;
    Ok(format!("{MANY} submitters: {standing}"))
}
