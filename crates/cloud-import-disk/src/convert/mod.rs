//! The disk as a file of another format that is written nowhere. What a file holds is decided in the files below; which formats a
//! cloud takes is not.

mod converted;
mod map;
mod qcow2;
mod survey;
mod target;
mod window;
mod zeros;
mod zvhd2;

pub use converted::Converted;
pub use map::Map;
pub use survey::Survey;
pub use target::Target;
