//! The account of root. Of its password only the kind is told, and it is kept no longer than to see that.

use crate::{
    facts::{Account, Guest},
    tree::Tree,
};

pub(super) fn look(tree: &mut Tree, guest: &mut Guest) {
    let field = |text: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix("root:"))?;
        Some(line.split(':').next().map_or(Account::NotRead, kind))
    };
    let Some(accounts) = tree.text("/etc/passwd") else {
        return;
    };
    guest.root_account = match (field(&accounts), tree.text("/etc/shadow")) {
        (None, _) => Account::Missing,
        // Before there was a file for them, and where there is none, passwords stand beside the names.
        (Some(own), None) => match tree.exists("/etc/shadow") {
            Some(false) => own,
            _ => Account::NotRead,
        },
        (Some(_), Some(shadow)) => field(&shadow).unwrap_or(Account::Locked),
    };
    match guest.root_account {
        Account::Locked => guest.find("guest.root_locked", "/etc/shadow", "no password of root is right"),
        Account::Missing => guest.find("guest.root_locked", "/etc/passwd", "there is no account root"),
        _ => {}
    }
    for path in ["/etc/shadow", "/etc/passwd"] {
        if tree.is_immutable(path) {
            guest.find(
                "guest.shadow_immutable",
                path,
                "nobody may change it, so that no password can be set",
            );
        }
    }
}

fn kind(password: &str) -> Account {
    match password {
        "" => Account::Empty,
        "x" => Account::Locked,
        // A hash is longer than any word that stands for none.
        locked if locked.starts_with(['!', '*']) || locked.len() < 13 => Account::Locked,
        _ => Account::Set,
    }
}
