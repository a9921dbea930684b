//! The sequence of checks, each step timed.

use std::path::Path;

use crate::{
    Outcome,
    step::{Clock, Step},
};

const FEATURES: [&str; 5] = ["jdcloud", "tencent", "huawei", "aliyun", "ucloud"];

/// As the README has it; the dependencies are those of the lock.
const FIRST: &str = "cargo run --release --locked -p cloud-import-cli -- import --simulate --to all \
                     --name hello-clouds tests/images/linux-40-gib.qcow2";

/// Runs them in order and stops at the first that fails.
pub(crate) fn run(root: &Path, quick: bool) -> Outcome {
    let steps = steps(quick);
    let begun = Clock::start();
    for step in &steps {
        step.run("ci", root)?;
    }
    crate::say(&format!("ci: {} steps in {:.1} min", steps.len(), begun.minutes()));
    Ok(())
}

fn steps(quick: bool) -> Vec<Step> {
    let mut steps = vec![
        Step::new("format", "cargo fmt --all --check"),
        Step::new("codegen", "cargo xtask codegen --check"),
        Step::new("tidy", "cargo xtask tidy"),
        Step::new("drift", "cargo xtask drift"),
        Step::new("advisories", "cargo xtask advisories"),
        Step::new("packages", "cargo xtask package --quick"),
        // It also holds our code to the declared Rust version.
        Step::new(
            "clippy",
            "cargo clippy --workspace --all-targets --locked -- -D warnings",
        ),
        Step::new(
            "clippy of the comparison with qemu-img",
            "cargo clippy --workspace --test qemu-img --locked -- -D warnings",
        ),
        Step::new("declared Rust version", "cargo xtask msrv"),
        Step::new("test, with nothing but a toolchain", "tests/bare/run"),
        Step::new(
            "a run on a simulated account",
            "cargo xtask live ucloud --simulate --image tests/images/tiny-linux.qcow2 --os CentOS-7.9",
        ),
        Step::new(
            "clippy of the features of the command",
            "cargo clippy -p cloud-import-cli --features otel,fleet --all-targets --locked -- -D warnings",
        ),
        Step::new(
            "export by OpenTelemetry, records and fleet in Postgres",
            "cargo test -p cloud-import-cli --features otel,fleet --bin cloud-import --test it --locked -- otel postgres fleet config::tests args::tests",
        ),
        Step::new("docs", "cargo doc --workspace --no-deps --locked").variable("RUSTDOCFLAGS", "-D warnings"),
        Step::new(
            "disk images without codecs",
            "cargo check -p cloud-import-disk --no-default-features --locked",
        ),
        Step::new(
            "facade without features",
            "cargo check -p cloud-import --no-default-features --locked",
        ),
    ];
    for feature in FEATURES {
        let command = format!("cargo check -p cloud-import --no-default-features --features {feature} --locked");
        steps.push(Step::new(&format!("facade with {feature}"), &command));
    }
    // The feature `native-tls`, which needs OpenSSL's headers, and the other choices of TLS are tried by night.
    if !quick {
        steps.extend([
            Step::new("readers of vendors' packages", "python3 -B xtask/drift/tests.py"),
            Step::new(
                "comparison with qemu-img",
                "cargo test --workspace --test qemu-img --locked",
            ),
            Step::new("first command of the README", FIRST),
            Step::new("book", "cargo xtask book"),
            Step::new("deny", "cargo deny check bans licenses sources"),
        ]);
    }
    steps
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_command_is_that_of_the_readme() {
        let page = std::fs::read_to_string(crate::root().join("README.md")).unwrap();
        let (_, rest) = page.split_once("\n$ ").unwrap();
        let (line, _) = rest.split_once("\njdcloud/").unwrap();
        let typed: Vec<&str> = line.split_whitespace().filter(|word| *word != "\\").collect();
        assert_eq!(typed.join(" "), FIRST.replace(" --locked", ""));
    }
}
