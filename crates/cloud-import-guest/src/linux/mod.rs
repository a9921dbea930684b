//! A guest that is Linux, by the files in its tree.

mod agents;
mod boot;
mod entries;
mod kernels;
mod network;
mod release;
mod services;
mod users;

use crate::{facts::Guest, fstab::Known, initramfs::Bounds, tree::Tree};

/// Looks at all of it.
pub(crate) fn look(tree: &mut Tree, known: &Known, bounds: &Bounds<'_>, guest: &mut Guest) {
    release::look(tree, guest);
    // Which kernel boots is not known where a configuration before it was not read.
    let before = tree.misses;
    let default = boot::look(tree, known, guest);
    let kernel = kernels::look(tree, default.as_ref(), bounds, guest);
    if let Some(kernel) = kernel.filter(|_| tree.misses == before) {
        kernels::judge(&kernel, guest);
    }
    agents::look(
        tree,
        default.as_ref().map_or("", |entry| entry.arguments.as_str()),
        guest,
    );
    network::look(tree, guest);
    services::look(tree, guest);
    users::look(tree, guest);
}
