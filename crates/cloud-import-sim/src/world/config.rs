//! What a simulator is told when it starts. Reads neither files nor environment.

use std::{collections::BTreeMap, fmt, path::PathBuf, time::Duration};

use crate::{
    cloud::Cloud,
    setters::setters,
    verify::{Secret, TOKEN_ACCOUNT},
};

/// How Tencent answers a dry run that found nothing wrong. Its documents describe both forms; which one `ImportImage` gives
/// is unverified.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum TencentDryRun {
    /// An ordinary answer that holds only the request id (the form of the `DeleteImages` example).
    #[default]
    RequestIdOnly,
    /// The error code `DryRunOperation` (the list of common error codes).
    DryRunOperation,
}

/// How Alibaba answers a dry run that found nothing wrong, always with HTTP 400. Its documents name both codes; which one
/// `ImportImage` gives is unverified.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum AliyunDryRun {
    /// `DRYRUN.SUCCESS` (the action's error table).
    #[default]
    DryrunSuccess,
    /// `DryRunOperation` (the parameter's description).
    DryRunOperation,
}

/// Settings of a [`Simulator`](crate::Simulator).
///
/// One key pair is valid in all clouds. Every switch has the default that the newest documents describe.
///
/// ```
/// use std::time::Duration;
///
/// use cloud_import_sim::{Cloud, Config};
///
/// let config = Config::new("an-access-key-id", "its-secret")
///     .any_object(true)
///     .import_time(Duration::from_millis(200))
///     .quota(Cloud::Tencent, 3);
/// ```
#[derive(Clone)]
pub struct Config {
    pub(crate) access_key_id: String,
    pub(crate) secret_access_key: String,
    pub(crate) security_token: Option<String>,
    pub(crate) ports: BTreeMap<Cloud, u16>,
    pub(crate) control_port: u16,
    pub(crate) any_object: bool,
    pub(crate) import_time: Duration,
    pub(crate) visible_after_polls: u32,
    pub(crate) listed_after: Duration,
    quotas: BTreeMap<Cloud, u32>,
    pub(crate) failed_images_keep_name: bool,
    pub(crate) jdcloud_import_task_id_number: bool,
    pub(crate) tencent_image_id: bool,
    pub(crate) tencent_dry_run: TencentDryRun,
    pub(crate) aliyun_dry_run: AliyunDryRun,
    pub(crate) aliyun_import_role: bool,
    pub(crate) aliyun_role_delay: Duration,
    pub(crate) huawei_projects: Option<Vec<(String, String)>>,
    huawei_auth_token: Option<String>,
    pub(crate) ucloud_ret_code_text: bool,
    pub(crate) ucloud_copies: bool,
    pub(crate) tags_of_images: bool,
    pub(crate) store_ports: BTreeMap<Cloud, u16>,
    pub(crate) any_bucket: bool,
    pub(crate) store_dir: Option<PathBuf>,
    pub(crate) store_rate: Option<u64>,
    list_parts: BTreeMap<Cloud, bool>,
    pub(crate) listed_without_etag: bool,
    pub(crate) tencent_links_open_once: bool,
}

impl Config {
    /// Default settings around one key pair: the access key id (JD Cloud, Alibaba, Huawei AK), secret id (Tencent) or public
    /// key (UCloud) that is accepted, and the secret that belongs to it.
    pub fn new(access_key_id: impl Into<String>, secret_access_key: impl Into<String>) -> Self {
        Config {
            access_key_id: access_key_id.into(),
            secret_access_key: secret_access_key.into(),
            security_token: None,
            ports: BTreeMap::new(),
            control_port: 0,
            any_object: false,
            import_time: Duration::from_secs(1),
            visible_after_polls: 0,
            listed_after: Duration::ZERO,
            quotas: BTreeMap::new(),
            failed_images_keep_name: false,
            jdcloud_import_task_id_number: false,
            tencent_image_id: true,
            tencent_dry_run: TencentDryRun::default(),
            aliyun_dry_run: AliyunDryRun::default(),
            aliyun_import_role: true,
            aliyun_role_delay: Duration::from_secs(1),
            huawei_projects: None,
            huawei_auth_token: None,
            ucloud_ret_code_text: false,
            ucloud_copies: true,
            tags_of_images: false,
            store_ports: BTreeMap::new(),
            any_bucket: false,
            store_dir: None,
            store_rate: None,
            list_parts: BTreeMap::new(),
            listed_without_etag: false,
            tencent_links_open_once: true,
        }
    }

    setters! {
        /// Port of the control endpoint. With 0, the default, the system chooses.
        control_port: u16,

        /// Takes every import source as present, in the right region and of the right format, unless it was stored. Default
        /// `false`.
        any_object: bool,

        /// Time from acceptance to the end of an import. The first tenth of it is spent queued. Default 1 s.
        import_time: Duration,

        /// How many queries that would have shown a new import do not find it yet. Default 0.
        visible_after_polls: u32,

        /// How long after its acceptance an import, with its task and its image, is first found, in all clouds. Default zero.
        ///
        /// Until then no query finds it: neither a list nor one by id. Whether the vendors' queries by id lag behind as well is
        /// not documented; here they do, so that no client can take them for a way around. All else knows the import at once:
        /// names and quotas, client tokens, changes by id, [`Simulator::images`](crate::Simulator::images). Queries before that
        /// time do not count for [`visible_after_polls`](Self::visible_after_polls). An image that is registered (Huawei) counts
        /// from its registration, and once more from the moment that it gets its file.
        listed_after: Duration,

        /// Whether an image whose import failed still holds its name where names are unique. Unverified; default `false`.
        failed_images_keep_name: bool,

        /// JD Cloud answers an import with the number `importTaskId` (before December 2021) and not the text `taskId`. Default
        /// `false`.
        jdcloud_import_task_id_number: bool,

        /// Tencent answers an import with the image id (mainland SDKs since February 2025). The international SDKs know no such
        /// field: set `false` for that edition. Default `true`.
        tencent_image_id: bool,

        /// The form of a successful dry run at Tencent.
        tencent_dry_run: TencentDryRun,

        /// The form of a successful dry run at Alibaba.
        aliyun_dry_run: AliyunDryRun,

        /// Alibaba's account has the RAM role by which an import reads the bucket, and that by which an export writes into one. Without
        /// them both are refused until the role is made and has its policy. Default `true`.
        aliyun_import_role: bool,

        /// How long after a change to a RAM role Alibaba's ECS sees it. How long it takes in truth is not documented. Default 1 s.
        aliyun_role_delay: Duration,

        /// UCloud writes `RetCode` as text, as its SDKs are prepared for. Default `false`.
        ucloud_ret_code_text: bool,

        /// UCloud has opened the copying of images to the account, which it does by ticket. Default `true`.
        ucloud_copies: bool,

        /// The services that JD Cloud and UCloud have for tags take images. No source says that they do; default `false`.
        tags_of_images: bool,

        /// A bucket that is not there is made by the first request that names it, in the region of the request's host. Default
        /// `false`.
        any_bucket: bool,

        /// Lists of parts have no ETags, as of some stores of the S3 dialect. Default `false`.
        listed_without_etag: bool,

        /// A signed link to an object in a private bucket of Tencent holds for one `GET` or `HEAD`, after which an import cannot
        /// read it either (the vendor's guide: a link can be opened only once). Default `true`.
        tencent_links_open_once: bool,
    }

    /// The session token that has to come with the key pair. By default the keys are permanent.
    #[must_use]
    pub fn security_token(mut self, token: impl Into<String>) -> Self {
        self.security_token = Some(token.into());
        self
    }

    /// Ports of the clouds' APIs in the order of [`Cloud::ALL`]. The system chooses where one is 0 or absent, and by default.
    #[must_use]
    pub fn ports(mut self, ports: impl IntoIterator<Item = u16>) -> Self {
        self.ports = by_cloud(ports);
        self
    }

    /// How many private images a cloud allows per region (and project, where there are projects).
    ///
    /// The defaults are those that the vendors' documents name: JD Cloud 5, Tencent 20 (an example; other texts say 10 or
    /// 1000), Huawei 50, Alibaba 100 (unverified, its documents name no number), UCloud 30 (10 in some regions).
    #[must_use]
    pub fn quota(mut self, cloud: Cloud, images: u32) -> Self {
        self.quotas.insert(cloud, images);
        self
    }

    /// The projects that `KeystoneListProjects` knows, as `(name, id)`. By default there is one for every region.
    #[must_use]
    pub fn huawei_projects(mut self, projects: Vec<(String, String)>) -> Self {
        self.huawei_projects = Some(projects);
        self
    }

    /// An IAM token that Huawei takes in `X-Auth-Token` instead of a signature. By default it takes none.
    #[must_use]
    pub fn huawei_auth_token(mut self, token: impl Into<String>) -> Self {
        self.huawei_auth_token = Some(token.into());
        self
    }

    /// Ports of the stores' own listeners, as in [`ports`](Self::ports).
    #[must_use]
    pub fn store_ports(mut self, ports: impl IntoIterator<Item = u16>) -> Self {
        self.store_ports = by_cloud(ports);
        self
    }

    /// The directory in which the stores make their own, which is removed at the end. Default is that of temporary files.
    #[must_use]
    pub fn store_dir(mut self, directory: impl Into<PathBuf>) -> Self {
        self.store_dir = Some(directory.into());
        self
    }

    /// The most bytes per second of all bodies of one store together, in both directions. By default there is no limit.
    #[must_use]
    pub fn store_rate(mut self, bytes_per_second: u64) -> Self {
        self.store_rate = Some(bytes_per_second);
        self
    }

    /// Whether the store of one cloud lists the parts of an upload. By default all do but UCloud's, of which no such call is
    /// known.
    #[must_use]
    pub fn list_parts(mut self, cloud: Cloud, listed: bool) -> Self {
        self.list_parts.insert(cloud, listed);
        self
    }

    /// How many images one scope of this cloud may have.
    pub(crate) fn quota_of(&self, cloud: Cloud) -> u32 {
        let usual = match cloud {
            Cloud::Jdcloud => 5,
            Cloud::Tencent => 20,
            Cloud::Huawei => 50,
            Cloud::Aliyun => 100,
            Cloud::Ucloud => 30,
        };
        self.quotas.get(&cloud).copied().unwrap_or(usual)
    }

    /// Whether the store of this cloud lists unfinished uploads and their parts. US3 opens the former on application only.
    pub(crate) fn lists_parts(&self, cloud: Cloud) -> bool {
        self.list_parts.get(&cloud).copied().unwrap_or(cloud != Cloud::Ucloud)
    }

    /// The secret that belongs to an access key id, or Huawei's IAM token.
    pub(crate) fn secret_of(&self, access_key_id: &str) -> Option<Secret> {
        if access_key_id == TOKEN_ACCOUNT {
            let token = self.huawei_auth_token.clone()?;
            return Some(Secret {
                secret_access_key: String::new(),
                security_token: Some(token),
            });
        }
        (access_key_id == self.access_key_id).then(|| Secret {
            secret_access_key: self.secret_access_key.clone(),
            security_token: self.security_token.clone(),
        })
    }
}

fn by_cloud(ports: impl IntoIterator<Item = u16>) -> BTreeMap<Cloud, u16> {
    Cloud::ALL.iter().copied().zip(ports).collect()
}

/// Leaves out the secret, the tokens and what is not about them.
impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Config")
            .field("access_key_id", &self.access_key_id)
            .field("has_security_token", &self.security_token.is_some())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_neither_secret_nor_token() {
        let config = Config::new("an-id", "a-secret-key")
            .security_token("a-token")
            .huawei_auth_token("an-iam-token");
        let shown = format!("{config:?}");
        assert!(shown.contains("an-id"), "{shown}");
        assert!(!shown.contains("a-secret-key"), "{shown}");
        assert!(!shown.contains("a-token") && !shown.contains("an-iam-token"), "{shown}");
    }

    #[test]
    fn a_quota_is_set_for_its_cloud_only() {
        let config = Config::new("a", "s").quota(Cloud::Huawei, 1);
        let quotas: Vec<u32> = Cloud::ALL.iter().map(|cloud| config.quota_of(*cloud)).collect();
        assert_eq!(quotas, [5, 20, 1, 100, 30]);
    }
}
