//! Renders what operating systems a cloud has words for. A system is a line.

use std::fmt::Write as _;

use super::text::{header, keys, literal, literals};
use crate::spec::Spec;

pub(super) fn render(spec: &Spec) -> String {
    let mut rows = String::new();
    for row in &spec.systems {
        let unverified = if row.unverified { ".unverified()" } else { "" };
        let _ = writeln!(
            rows,
            "    Listed::new(Distribution::{}, {}, {}){unverified}, // {}",
            row.system,
            literal(&row.form),
            literals(&row.versions),
            keys(&row.source)
        );
    }
    format!(
        "{}//! What operating systems are called at {}. The keys behind each are those of the [sources](super::types#sources).\n\n\
         use cloud_import_core::__generated::*;\n\n\
         /// The systems, in the order in which they are listed to people.\npub(crate) static SYSTEMS: &[Listed] = &[\n{rows}];\n",
        header(spec),
        spec.provider.name
    )
}
