//! Where credentials are looked for when the program gives none: variables, the files of the vendors' own tools, instance
//! metadata, roles. [`chain`](fn@chain) looks where a vendor's own tools look; what they are called and how they read is in
//! each provider's crate, as a [`ChainSpec`].

mod cached;
mod chain;
mod environment;
mod find;
mod first_of;
pub mod ini;
mod metadata;
pub mod profile;
mod reach;
mod spec;
mod sts;
mod uri;
pub mod web_identity;

pub use crate::model::credentials::{CredentialSource, Credentials, Keys};

pub use cached::{Cached, cached, cached_by};
pub use chain::{Chain, chain, defaults};
pub use environment::EnvironmentNames;
pub use find::Defaults;
pub use first_of::FirstOf;
pub use profile::{AssumeRole, Expiry, Flaw, Means, Profile, Temporary, WebIdentityRole};
pub use reach::{ChainOptions, Reach};
pub use spec::{
    Beside, Caller, ChainSpec, Exchange, KeysLink, Metadata, MetadataToken, ProfileFile, ProfileText, Rank, RoleNames,
    Sts, WebIdentity,
};
