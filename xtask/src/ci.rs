//! The sequence of checks, each step timed.

use std::{path::Path, process::Command, time::Instant};

use crate::Outcome;

const FEATURES: [&str; 5] = ["jdcloud", "tencent", "huawei", "aliyun", "ucloud"];

#[expect(clippy::disallowed_methods, reason = "it times real processes")]
fn now() -> Instant {
    Instant::now()
}

/// Runs them in order and stops at the first that fails.
pub(crate) fn run(root: &Path, quick: bool) -> Outcome {
    let mut steps: Vec<(String, Vec<String>)> = Vec::new();
    let mut step = |name: &str, command: &str| {
        steps.push((name.to_owned(), command.split_whitespace().map(str::to_owned).collect()));
    };
    step("format", "cargo fmt --all --check");
    step("codegen", "cargo xtask codegen --check");
    step("tidy", "cargo xtask tidy");
    step("packages", "cargo xtask package --quick");
    step(
        "clippy",
        "cargo clippy --workspace --all-targets --all-features --locked -- -D warnings",
    );
    step("test", "cargo test --workspace --locked");
    step("docs", "cargo doc --workspace --no-deps --all-features --locked");
    step(
        "facade without features",
        "cargo check -p cloud-import --no-default-features --locked",
    );
    for feature in FEATURES {
        let command = format!("cargo check -p cloud-import --no-default-features --features {feature} --locked");
        step(&format!("facade with {feature}"), &command);
    }
    step(
        "facade with all features",
        "cargo check -p cloud-import --all-features --locked",
    );
    if !quick {
        step(
            "first command of the README",
            "cargo run --release --locked -- import --simulate --to all --name hello-clouds --os CentOS_7.9 tests/images/tiny-linux.qcow2",
        );
        step("deny", "cargo deny check bans licenses sources");
    }
    let begun = now();
    for (name, command) in &steps {
        timed(root, name, command)?;
    }
    crate::say(&format!(
        "ci: {} steps in {:.1} min",
        steps.len(),
        begun.elapsed().as_secs_f64() / 60.0
    ));
    Ok(())
}

fn timed(root: &Path, name: &str, command: &[String]) -> Outcome {
    let (program, arguments) = command.split_first().ok_or("an empty step")?;
    // An argument with a blank is written with an underscore above.
    let arguments = arguments
        .iter()
        .map(|argument| argument.replace("CentOS_7.9", "CentOS 7.9"));
    let begun = now();
    let status = Command::new(program)
        .args(arguments)
        .current_dir(root)
        .env("RUSTDOCFLAGS", "-D warnings")
        .env("INSTA_UPDATE", "no")
        .status()
        .map_err(|error| format!("ci: {name}: {program}: {error}"))?;
    crate::say(&format!("ci: {name}: {:.1} min", begun.elapsed().as_secs_f64() / 60.0));
    if status.success() {
        return Ok(());
    }
    Err(format!("ci: {name} failed; to see it alone: {}", command.join(" ")))
}
