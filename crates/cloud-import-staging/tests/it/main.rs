//! The multipart client against a store in memory: every step can fail, hang or lose its answer.

mod fake;
mod files;
mod interrupted;
mod lost;
mod records;
mod refused;
mod stage;
mod stopped;
mod upload;
