//! What can be told of a call without looking at anything.

use cloud_import_core::{Error, ErrorKind, Field, Remedy, Result};

use super::{Publish, copies, store::State};

impl Publish {
    /// Where it is recorded, if it makes sense as it is.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidRequest`] when something needed is missing, or two things of it go against each other.
    pub(super) fn checked(&self) -> Result<State> {
        let refuse =
            |message: &str, remedy: Remedy| Err(Error::new(ErrorKind::InvalidRequest, message).with_remedy(remedy));
        let Some(state) = self.state.clone() else {
            return refuse(
                "the state, where jobs are recorded, is not set",
                Remedy::set(Field::State),
            );
        };
        if self.destinations.is_empty() {
            return refuse("no destination is named", "Name one.".into());
        }
        if self.image.file().is_some_and(|file| file.length().is_none()) {
            let message = "the image is one that is still to be made, by converting a file";
            return refuse(message, "Convert the file, and open the new one.".into());
        }
        if self.options.replace && !self.options.wait {
            let message = "older images are replaced when the new one is there, and that is not waited for";
            return refuse(message, "Wait for the verdict, or do not replace.".into());
        }
        copies::checked(&self.destinations, self.options.wait)?;
        for (index, to) in self.destinations.iter().enumerate() {
            if self.destinations[..index].iter().any(|other| other.label == to.label) {
                return refuse(
                    &format!("the target `{}` is named twice", to.label),
                    "Name it once.".into(),
                );
            }
        }
        Ok(state)
    }
}
