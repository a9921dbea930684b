//! What takes too long for CI, or needs the network or other tools: each step timed, a table at the end.

use std::path::Path;

use crate::{
    Outcome,
    step::{Clock, Step},
};

/// Names and commands, in order.
const STEPS: &[(&str, &str)] = &[
    (
        "core without TLS",
        "cargo test -p cloud-import-core --no-default-features --locked",
    ),
    (
        "core with aws-lc-rs alone",
        "cargo test -p cloud-import-core --no-default-features --features aws-lc-rs --locked",
    ),
    (
        "core with native-tls alone",
        "cargo test -p cloud-import-core --no-default-features --features native-tls --locked",
    ),
    (
        "clippy with all features",
        "cargo clippy --workspace --all-targets --all-features --locked -- -D warnings",
    ),
    ("programs that depend on us", "tests/dependents/run"),
    ("soak", "cargo xtask soak"),
    (
        "a fleet under kills",
        "cargo test --release --locked -p cloud-import-cli --features fleet --test fleet-survival",
    ),
    (
        "load of a fleet",
        "cargo test --release --locked -p cloud-import-cli --features fleet --test fleet-survival -- load 1000",
    ),
    // It compiles on stable; only to run it takes cargo-fuzz.
    (
        "the target of cargo-fuzz",
        "cargo check --manifest-path tests/fuzz/Cargo.toml --target-dir target/fuzz",
    ),
    ("vendors' SDKs", "tests/sdk/run"),
    ("other stores and clients", "tests/stores/run"),
    ("report and book in a browser", "tests/browser/run"),
    (
        "benchmark of signing",
        "cargo bench --locked -p cloud-import-tests --bench sign",
    ),
    (
        "benchmark of inspect",
        "cargo bench --locked -p cloud-import-tests --bench inspect",
    ),
    (
        "benchmark of conversion",
        "cargo bench --locked -p cloud-import-tests --bench convert",
    ),
    (
        "benchmark of list",
        "cargo bench --locked -p cloud-import-tests --bench list",
    ),
    ("benchmark of staging", "tests/staging/bench"),
    (
        "benchmark of regions",
        "cargo bench --locked -p cloud-import-tests --bench regions",
    ),
    ("weight of a dependency", "tests/weight/run"),
    ("packages", "cargo xtask package"),
    ("assets of a release", "tests/packages/run"),
    ("completion in real shells", "tests/completions/run"),
    ("Action and templates", "tests/action/run"),
    ("public APIs", "tests/semver/run"),
    ("advisories and yanked versions", "cargo deny check advisories"),
];

/// Runs them all, whatever fails; or with `list` only shows them.
pub(crate) fn run(root: &Path, list: bool) -> Outcome {
    let steps: Vec<Step> = STEPS.iter().map(|(name, command)| Step::new(name, command)).collect();
    if list {
        for step in &steps {
            crate::say(&format!("{:<30} {}", step.name, step.command()));
        }
        return Ok(());
    }
    all(root, &steps)
}

fn all(root: &Path, steps: &[Step]) -> Outcome {
    let (mut table, mut failed) = (String::new(), 0);
    for step in steps {
        let begun = Clock::start();
        let outcome = step.run("nightly", root);
        let shown = if outcome.is_ok() { "ok" } else { "FAILED" };
        table.push_str(&format!("\n  {:<30} {:>6.1} min  {shown}", step.name, begun.minutes()));
        if let Err(error) = outcome {
            crate::say(&error);
            failed += 1;
        }
    }
    if failed == 0 {
        crate::say(&format!("nightly:{table}"));
        return Ok(());
    }
    Err(format!("nightly: {failed} of {} failed{table}", steps.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_step_stops_nothing_and_is_not_forgotten() {
        let step = |name, command| Step::new(name, command);
        let good = step("good", "cargo --version");
        let steps = [
            step("no program", "no-such-program"),
            step("bad", "cargo --no-such-option"),
            good.clone(),
        ];
        let told = all(&crate::root(), &steps).unwrap_err();
        assert!(told.starts_with("nightly: 2 of 3 failed\n"), "{told}");
        for (line, end) in told.lines().skip(1).zip(["FAILED", "FAILED", "ok"]) {
            assert!(line.ends_with(end), "{told}");
        }
        all(&crate::root(), &[good]).unwrap();
    }
}
