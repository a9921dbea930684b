//! What can be changed of an image that is there, and what a cloud says of it.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

/// Changes to an image that is there: with whom it is shared, how it is offered, its tags. What is not named stays as it is, and
/// doing it twice does nothing more.
///
/// ```
/// use cloud_import_core::ImageChange;
///
/// let change = ImageChange::default().share("100000000001").tag("team", "web").family("web");
/// assert!(!change.is_empty());
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct ImageChange {
    /// Who may use it from now on, by the vendor's numbers or names of accounts (at Huawei of projects). Accounts that have it keep it.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub share: BTreeSet<String>,
    /// Who may not use it any more.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub unshare: BTreeSet<String>,
    /// Whether all that have it are to lose it, but for those that are named.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub unshare_others: bool,
    /// Whether anybody may use it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub public: Option<bool>,
    /// The family that it is of.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub family: Option<String>,
    /// Whether it is not to be used for what is new.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deprecated: Option<bool>,
    /// Tags, by their keys.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub tags: BTreeMap<String, String>,
    /// Keys of tags that are taken away.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub untag: BTreeSet<String>,
}

impl ImageChange {
    /// Shares it with an account.
    #[must_use]
    pub fn share(mut self, account: impl Into<String>) -> Self {
        self.share.insert(account.into());
        self
    }

    /// Takes it from an account.
    #[must_use]
    pub fn unshare(mut self, account: impl Into<String>) -> Self {
        self.unshare.insert(account.into());
        self
    }

    /// Takes it from all accounts but those that it is shared with by this change.
    #[must_use]
    pub fn unshare_others(mut self) -> Self {
        self.unshare_others = true;
        self
    }

    /// Makes it public, or takes that back.
    #[must_use]
    pub fn public(mut self, public: bool) -> Self {
        self.public = Some(public);
        self
    }

    /// Puts it into a family.
    #[must_use]
    pub fn family(mut self, family: impl Into<String>) -> Self {
        self.family = Some(family.into());
        self
    }

    /// Marks it as deprecated, or takes that back.
    #[must_use]
    pub fn deprecated(mut self, deprecated: bool) -> Self {
        self.deprecated = Some(deprecated);
        self
    }

    /// Sets a tag.
    #[must_use]
    pub fn tag(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.tags.insert(key.into(), value.into());
        self
    }

    /// Takes a tag away.
    #[must_use]
    pub fn untag(mut self, key: impl Into<String>) -> Self {
        self.untag.insert(key.into());
        self
    }

    /// Whether it is about whom the image is shared with, so that this has to be looked at.
    pub fn is_about_shares(&self) -> bool {
        !self.share.is_empty() || !self.unshare.is_empty() || self.unshare_others
    }

    /// Whether nothing is changed.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// What of it an image does not have yet. What the cloud does not show counts as not done.
    #[must_use]
    pub fn left(&self, shown: &ImageAttributes) -> Self {
        let asked = |wanted: Option<bool>, shown: Option<bool>| wanted.filter(|wanted| shown != Some(*wanted));
        let has_tag = |key: &String, value: &String| shown.tags.get(key) == Some(value);
        Self {
            share: self.share.difference(&shown.shared_with).cloned().collect(),
            unshare: match self.unshare_others {
                true => shown.shared_with.difference(&self.share).cloned().collect(),
                false => self.unshare.intersection(&shown.shared_with).cloned().collect(),
            },
            unshare_others: false,
            public: asked(self.public, shown.public),
            family: self
                .family
                .clone()
                .filter(|family| shown.family.as_ref() != Some(family)),
            deprecated: asked(self.deprecated, shown.deprecated),
            tags: self
                .tags
                .iter()
                .filter(|(key, value)| !has_tag(key, value))
                .map(|(key, value)| (key.clone(), value.clone()))
                .collect(),
            untag: self
                .untag
                .iter()
                .filter(|key| shown.tags.contains_key(*key))
                .cloned()
                .collect(),
        }
    }
}

/// What a cloud says of an image that is there.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ImageAttributes {
    /// Whom it is shared with. Receivers that have not accepted it yet are here, where they are asked.
    pub shared_with: BTreeSet<String>,
    /// Those of them that have not accepted it.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub not_accepted: BTreeSet<String>,
    /// Whether anybody may use it, where the cloud says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub public: Option<bool>,
    /// Its family.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub family: Option<String>,
    /// Whether it is deprecated, where the cloud says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deprecated: Option<bool>,
    /// Its tags.
    pub tags: BTreeMap<String, String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_is_what_the_cloud_does_not_show() {
        let change = ImageChange::default()
            .share("1")
            .share("2")
            .unshare("3")
            .unshare("4")
            .family("web")
            .public(true)
            .deprecated(false)
            .tag("a", "1")
            .tag("b", "2")
            .untag("c");
        let shown = ImageAttributes {
            shared_with: ["1", "3"].map(str::to_owned).into(),
            family: Some("web".to_owned()),
            deprecated: Some(false),
            tags: [("a", "1"), ("b", "1"), ("c", "")]
                .map(|(k, v)| (k.to_owned(), v.to_owned()))
                .into(),
            ..ImageAttributes::default()
        };
        let left = ImageChange::default()
            .share("2")
            .unshare("3")
            .public(true)
            .tag("b", "2")
            .untag("c");
        assert_eq!(change.left(&shown), left);
        assert!(ImageChange::default().left(&shown).is_empty());
        let others = ImageChange::default().share("1").unshare_others();
        assert_eq!(others.left(&shown), ImageChange::default().unshare("3"));
        let json = serde_json::to_string(&left).unwrap();
        assert_eq!(serde_json::from_str::<ImageChange>(&json).unwrap(), left);
    }
}
