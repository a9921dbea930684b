//! The rules that every [`StateBackend`] keeps, to hold one against them.

use super::backend::{StateBackend, StateLock};

/// Holds a backend against its rules: `one` and `other` reach the same store as two processes do, and `lose` takes the lock of a name
/// away from whoever has it, as an accident would. The store is left as it was found, if it was empty. Blocks.
///
/// # Errors
/// The first rule that is not kept.
pub fn check_backend(one: &dyn StateBackend, other: &dyn StateBackend, lose: &dyn Fn(&str)) -> Result<(), String> {
    texts(one, other)?;
    one_holder(one, other)?;
    nothing_after_a_loss(one, other, lose)?;
    held(one, "rules/lock")?.remove_folder("rules").map_err(told)?;
    match one.list("rules").map_err(told)? {
        left if left.is_empty() => Ok(()),
        left => Err(format!("a folder that was removed has {left:?}")),
    }
}

const LARGE: usize = 1 << 20;
const JSON: &str = "{\"é\": \"\\u0000'\"}\n";

fn texts(one: &dyn StateBackend, other: &dyn StateBackend) -> Result<(), String> {
    is(
        "no folder is empty",
        one.list("rules/texts").map_err(told)?,
        Vec::<String>::new(),
    )?;
    is("no text is none", one.read("rules/texts/a").map_err(told)?, None)?;
    let lock = held(one, "rules/texts.lock")?;
    for (name, text) in [
        ("rules/texts/b", "1"),
        ("rules/texts/a_2fb.json", JSON),
        ("rules/texts/c/d/e", ""),
        ("rules/texts/c%_/f", &"x".repeat(LARGE)),
    ] {
        lock.write(name, text).map_err(told)?;
        is(
            "what is written is read",
            other.read(name).map_err(told)?.as_deref(),
            Some(text),
        )?;
    }
    lock.write("rules/texts/b", "2").map_err(told)?;
    let names = ["a_2fb.json", "b", "c", "c%_"].map(str::to_owned);
    is(
        "names are listed once, sorted",
        other.list("rules/texts").map_err(told)?,
        names.to_vec(),
    )?;
    is(
        "a folder in one is listed",
        other.list("rules/texts/c").map_err(told)?,
        vec!["d".to_owned()],
    )?;
    is(
        "a name is no pattern",
        other.list("rules/texts/c%_").map_err(told)?,
        vec!["f".to_owned()],
    )?;
    let asked = ["b", "none", "a_2fb.json"].map(str::to_owned);
    let all = other.read_all("rules/texts", &asked).collect::<Result<Vec<_>, _>>();
    let all: Vec<_> = all.map_err(told)?;
    is(
        "several are read in the order of asking",
        all,
        vec![Some("2".to_owned()), None, Some(JSON.to_owned())],
    )?;
    lock.remove("rules/texts/b").map_err(told)?;
    lock.remove("rules/texts/b").map_err(told)?;
    is(
        "what is removed is gone",
        other.read("rules/texts/b").map_err(told)?,
        None,
    )?;
    lock.remove_folder("rules/texts/c").map_err(told)?;
    is(
        "all of a folder is gone",
        other.read("rules/texts/c/d/e").map_err(told)?,
        None,
    )?;
    let near = other.list("rules/texts/c%_").map_err(told)?;
    is("and nothing beside it", near, vec!["f".to_owned()])
}

fn one_holder(one: &dyn StateBackend, other: &dyn StateBackend) -> Result<(), String> {
    let lock = held(one, "rules/held.lock")?;
    for who in [one, other] {
        let again = who.lock("rules/held.lock").map_err(told)?;
        is("a lock has one holder", again.is_none(), true)?;
    }
    drop(held(other, "rules/free.lock")?);
    drop(lock);
    // The store may hear of it a moment later.
    let mut tries = 0;
    while other.lock("rules/held.lock").map_err(told)?.is_none() {
        tries += 1;
        is("a lock that is dropped is free", tries < 100, true)?;
        std::thread::yield_now();
    }
    Ok(())
}

fn nothing_after_a_loss(one: &dyn StateBackend, other: &dyn StateBackend, lose: &dyn Fn(&str)) -> Result<(), String> {
    let lost = held(one, "rules/lost.lock")?;
    lost.write("rules/lost", "1").map_err(told)?;
    lose("rules/lost.lock");
    let next = held(other, "rules/lost.lock")?;
    next.write("rules/lost", "2").map_err(told)?;
    let wrote = lost.write("rules/lost", "3").is_ok();
    let removed = lost.remove("rules/lost").is_ok() || lost.remove_folder("rules").is_ok();
    is("who lost a lock is told", wrote || removed, false)?;
    let text = other.read("rules/lost").map_err(told)?;
    is("and changes nothing", text.as_deref(), Some("2"))?;
    next.remove("rules/lost").map_err(told)
}

fn held(backend: &dyn StateBackend, name: &str) -> Result<Box<dyn StateLock>, String> {
    let lock = backend.lock(name).map_err(told)?;
    lock.ok_or_else(|| format!("the lock `{name}` is free and is not had"))
}

fn is<T: PartialEq + std::fmt::Debug>(rule: &str, found: T, right: T) -> Result<(), String> {
    match found == right {
        true => Ok(()),
        false => Err(format!("{rule}: {found:.200?} instead of {right:.200?}")),
    }
}

fn told(error: impl std::fmt::Display) -> String {
    error.to_string()
}
