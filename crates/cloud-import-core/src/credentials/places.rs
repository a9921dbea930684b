//! Where a cloud's keys are looked for, in words. Reads nothing.

use super::{ChainSpec, Precedence};

impl ChainSpec {
    /// Where keys are looked for, in order, each place as a user writes it. Of several names for one variable it has the first.
    pub fn places(&self) -> Vec<String> {
        let first = |names: &'static [&'static str]| names.first().copied();
        let named = |precedence| {
            let web = self.web_identity.filter(|web| web.precedence == precedence);
            let link = self.link.filter(|link| link.precedence == precedence);
            let names = [
                web.and_then(|web| first(web.token_file)),
                link.and_then(|link| first(link.names)),
            ];
            names.into_iter().flatten().map(str::to_owned)
        };
        let keys = [
            first(self.environment.access_key_id),
            first(self.environment.secret_access_key),
        ];
        let keys: Vec<&str> = keys.into_iter().flatten().collect();
        let file = |path: &str, profile: &str| path.replace("{profile}", profile);
        let files = self.files.iter().map(|it| file(it.path, it.default_profile));
        let metadata = self.metadata.iter().map(|_| "instance metadata".to_owned());
        named(Precedence::First)
            .chain([keys.join(" and ")])
            .chain(named(Precedence::AfterKeys))
            .chain(files)
            .chain(metadata)
            .chain(named(Precedence::Last))
            .collect()
    }
}
