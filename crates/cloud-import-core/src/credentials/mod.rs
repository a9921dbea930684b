//! Where credentials are looked for when the program gives none: variables, the files of the vendors' own tools, instance
//! metadata, roles. [`chain`](fn@chain) looks where a vendor's own tools look; what they are called and how they read is in
//! each provider's crate, as a [`ChainSpec`].

mod cached;
mod chain;
mod context;
mod environment;
mod find;
mod first_of;
pub mod ini;
mod metadata;
mod places;
pub mod profile;
mod spec;
mod sts;
mod uri;
pub mod web_identity;

pub use crate::model::credentials::{CredentialSource, Credentials, Keys};

pub use cached::{Cached, cached, cached_by};
pub use chain::{Chain, chain, defaults};
pub use context::{ChainOptions, Context};
pub use environment::EnvironmentNames;
pub use find::Defaults;
pub use first_of::FirstOf;
pub use profile::{AssumeRole, Expiry, KeySource, Profile, ProfileError, Temporary, WebIdentityRole};
pub use spec::{
    Caller, ChainSpec, Companion, Exchange, KeysLink, Metadata, MetadataToken, Precedence, ProfileFile, ProfileText,
    RoleNames, Sts, WebIdentity,
};
