//! Building a client: the settings that every cloud has, and one vendor's own options.

use std::{marker::PhantomData, sync::Arc};

use super::settings::{Settings, VendorSettings, with_setters};
use crate::{
    Credentials, Endpoint, Grace, Result, Stop, Throttle,
    credentials::{AssumeRole, ChainSpec, CredentialSource},
    net::{env::Env, retry::RetryPolicy, transport::Transport},
};

/// Where a cloud's credentials are looked for when none are given.
pub trait Chained {
    /// The places.
    const CREDENTIAL_CHAIN: &'static ChainSpec;
}

/// A client that [`ClientBuilder`] can build.
pub trait Buildable: Chained + Sized {
    /// What only this vendor's client can be told.
    type Options: VendorSettings;

    /// Builds it.
    ///
    /// # Errors
    /// As [`Settings::endpoint_or`] and [`Settings::pipeline`].
    fn build(settings: Settings, options: Self::Options) -> Result<Self>;
}

/// Builds a client: with the setters of [`Settings`], and the vendor's own options.
#[derive(Debug)]
#[must_use]
pub struct ClientBuilder<C: Buildable> {
    settings: Settings,
    client: PhantomData<fn() -> C>,
}

impl<C: Buildable> ClientBuilder<C> {
    /// A client for a region.
    pub fn new(region: impl Into<String>) -> Self {
        Self::from(Settings::new(region))
    }

    /// Sets what only this vendor's client can be told.
    pub fn options(self, options: C::Options) -> Self {
        self.map(|settings| settings.options(options))
    }

    /// Builds the client.
    ///
    /// # Errors
    /// A region that makes no host name, options of another vendor, or an HTTP client that cannot be set up. Missing
    /// credentials are told by the first call.
    pub fn build(mut self) -> Result<C> {
        self.settings.chain = Some(C::CREDENTIAL_CHAIN);
        let options = self.settings.options_of()?;
        C::build(self.settings, options)
    }

    fn map(mut self, change: impl FnOnce(Settings) -> Settings) -> Self {
        self.settings = change(self.settings);
        self
    }
}

macro_rules! setters {
    ($($(#[$doc:meta])* $name:ident($self:ident $(, $argument:ident: $type:ty)*) $body:block)*) => {
        /// The same as in [`Settings`].
        impl<C: Buildable> ClientBuilder<C> {
            $($(#[$doc])* pub fn $name($self $(, $argument: $type)*) -> Self {
                $self.map(|settings| settings.$name($($argument),*))
            })*
        }
    };
}
with_setters!(setters);

impl<C: Buildable> From<Settings> for ClientBuilder<C> {
    fn from(settings: Settings) -> Self {
        Self {
            settings,
            client: PhantomData,
        }
    }
}
