//! What facts and rules were read in, by short keys: `tencent:guide`. `explain` has the titles.

use cloud_import::Provider;

/// A source as it is named in a line.
pub(crate) fn named(provider: Provider, key: &str) -> String {
    format!("{provider}:{key}")
}

/// The keys of a citation, which has the titles of one or more documents, parted by `; `. One that has no key stands for itself.
pub(crate) fn keys(provider: Provider, citation: &str) -> Vec<String> {
    let known = cloud_import::sources(provider).unwrap_or_default();
    let titles = citation.split("; ").filter(|title| !title.is_empty());
    let key = |title: &str| {
        known
            .iter()
            .find(|(_, own)| *own == title)
            .map(|(key, _)| named(provider, key))
    };
    titles
        .map(|title| key(title).unwrap_or_else(|| title.to_owned()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_fact_of_every_cloud_is_cited_by_keys() {
        for provider in Provider::all() {
            let known = cloud_import::sources(provider).unwrap();
            assert!(known.iter().all(|(_, title)| !title.contains("; ")), "{provider}");
            let cloud = cloud_import::capabilities(provider).unwrap();
            let limits = cloud.limits.iter().map(|limit| limit.source);
            for source in limits.chain([cloud.formats.source, cloud.tags.source, cloud.max_data_disks.source]) {
                let keys = keys(provider, source);
                let prefix = format!("{provider}:");
                assert!(
                    !keys.is_empty() && keys.iter().all(|key| key.starts_with(&prefix)),
                    "{keys:?}"
                );
            }
        }
        assert_eq!(keys(Provider::UCLOUD, "a book; another"), ["a book", "another"]);
    }
}
