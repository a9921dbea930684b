//! The `cloud-import` command.
fn main() {}
