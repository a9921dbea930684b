//! What the tests of the stores' verifiers share. Test support only.

use super::{
    store,
    verified::{Addressing, StoreVerified},
};
use crate::{
    cloud::Cloud,
    verify::{Refusal, example::account},
    wire::WireRequest,
};

/// One account and the bucket that its requests go to.
pub(super) struct Shop {
    pub(super) cloud: Cloud,
    pub(super) bucket: &'static str,
    pub(super) id: &'static str,
    pub(super) key: &'static str,
    pub(super) token: Option<&'static str>,
}

impl Shop {
    /// Verifies a request whose host names the bucket.
    pub(super) fn verify(&self, request: &WireRequest) -> Result<StoreVerified, Refusal> {
        self.verify_at(request, Addressing::VirtualHost { bucket: self.bucket })
    }

    /// Verifies a request with the bucket named elsewhere.
    pub(super) fn verify_at(
        &self,
        request: &WireRequest,
        addressing: Addressing<'_>,
    ) -> Result<StoreVerified, Refusal> {
        store(self.cloud, request, addressing, &account(self.id, self.key, self.token))
    }
}
