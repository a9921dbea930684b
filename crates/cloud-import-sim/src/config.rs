//! What a simulator is told when it starts. Reads neither files nor environment.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use crate::cloud::Cloud;
use crate::verify::{Secret, TOKEN_ACCOUNT};

/// How Tencent answers a dry run that found nothing wrong. Its documents describe both forms; which one `ImportImage` gives
/// is unverified.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
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
pub enum AliyunDryRun {
    /// `DRYRUN.SUCCESS` (the action's error table).
    #[default]
    DryrunSuccess,
    /// `DryRunOperation` (the parameter's description).
    DryRunOperation,
}

/// Settings of a [`Simulator`](crate::Simulator).
///
/// One key pair is valid in all five clouds. Every switch has the default that the newest documents describe.
#[derive(Clone)]
#[non_exhaustive]
pub struct Config {
    /// The access key id (JD Cloud, Alibaba, Huawei AK), secret id (Tencent) or public key (UCloud) that is accepted.
    pub access_key_id: String,
    /// The secret that belongs to it.
    pub secret_access_key: String,
    /// The session token that has to come with the key pair; `None` when the keys are permanent.
    pub security_token: Option<String>,
    /// Ports of the five listeners in the order of [`Cloud::ALL`]; `None` or 0 lets the system choose.
    pub ports: Option<[u16; 5]>,
    /// Port of the control endpoint; `None` or 0 lets the system choose.
    pub control_port: Option<u16>,
    /// Takes every import source as present, in the right region and of the right format, unless it was stored.
    pub any_object: bool,
    /// Time from acceptance to the end of an import. The first tenth of it is spent queued. Default 1 s.
    pub import_time: Duration,
    /// How many queries that would have shown a new import do not find it yet. Default 0.
    pub visible_after_polls: u32,
    /// Private images per cloud and region (and project, where there are projects), in the order of [`Cloud::ALL`].
    pub quotas: [u32; 5],
    /// Whether an image whose import failed still holds its name where names are unique. Unverified; default `false`.
    pub failed_images_keep_name: bool,
    /// JD Cloud answers an import with the number `importTaskId` (before December 2021) and not the text `taskId`.
    pub jdcloud_import_task_id_number: bool,
    /// Tencent answers an import with the image id (mainland SDKs since February 2025). The international SDKs know no such
    /// field: set `false` for that edition. Default `true`.
    pub tencent_image_id: bool,
    /// The form of a successful dry run at Tencent.
    pub tencent_dry_run: TencentDryRun,
    /// The form of a successful dry run at Alibaba.
    pub aliyun_dry_run: AliyunDryRun,
    /// Alibaba's account has the RAM role by which an import reads the bucket. Without it an import is refused until the role
    /// is made and has its policy. Default `true`.
    pub aliyun_import_role: bool,
    /// How long after a change to a RAM role Alibaba's ECS sees it. How long it takes in truth is not documented. Default 1 s.
    pub aliyun_role_delay: Duration,
    /// The projects that `KeystoneListProjects` knows, as `(name, id)`. `None`: one project for every region.
    pub huawei_projects: Option<Vec<(String, String)>>,
    /// An IAM token that Huawei takes in `X-Auth-Token` instead of a signature.
    pub huawei_auth_token: Option<String>,
    /// UCloud writes `RetCode` as text, as its SDKs are prepared for. Default `false`.
    pub ucloud_ret_code_text: bool,
    /// Ports of the five stores' own listeners in the order of [`Cloud::ALL`]; `None` or 0 lets the system choose.
    pub store_ports: Option<[u16; 5]>,
    /// A bucket that is not there is made by the first request that names it, in the region of the request's host.
    pub any_bucket: bool,
    /// The directory in which the stores make their own, which is removed at the end; `None` is that of temporary files.
    pub store_dir: Option<PathBuf>,
    /// The most bytes per second of all bodies of one store together, in both directions; `None` is no limit.
    pub store_rate: Option<u64>,
    /// Whether a store lists the parts of an upload, in the order of [`Cloud::ALL`]. Default: all but UCloud's, of which no such
    /// call is known.
    pub list_parts: [bool; 5],
    /// Lists of parts have no ETags, as of some stores of the S3 dialect. Default `false`.
    pub listed_without_etag: bool,
    /// A signed link to an object in a private bucket of Tencent holds for one `GET` or `HEAD`, after which an import cannot read
    /// it either (the vendor's guide: a link can be opened only once). Default `true`.
    pub tencent_links_open_once: bool,
}

impl Config {
    /// Default settings around one key pair.
    ///
    /// The quotas are those that the vendors' documents name: JD Cloud 5, Tencent 20 (an example; other texts say 10 or
    /// 1000), Huawei 50, Alibaba 100 (unverified, its documents name no number), UCloud 30 (10 in some regions).
    pub fn new(access_key_id: impl Into<String>, secret_access_key: impl Into<String>) -> Self {
        Config {
            access_key_id: access_key_id.into(),
            secret_access_key: secret_access_key.into(),
            security_token: None,
            ports: None,
            control_port: None,
            any_object: false,
            import_time: Duration::from_secs(1),
            visible_after_polls: 0,
            quotas: [5, 20, 50, 100, 30],
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
            store_ports: None,
            any_bucket: false,
            store_dir: None,
            store_rate: None,
            list_parts: [true, true, true, true, false],
            listed_without_etag: false,
            tencent_links_open_once: true,
        }
    }

    /// Sets [`Config::security_token`].
    #[must_use]
    pub fn security_token(mut self, token: impl Into<String>) -> Self {
        self.security_token = Some(token.into());
        self
    }

    /// Sets [`Config::ports`].
    #[must_use]
    pub fn ports(mut self, ports: [u16; 5]) -> Self {
        self.ports = Some(ports);
        self
    }

    /// Sets [`Config::control_port`].
    #[must_use]
    pub fn control_port(mut self, port: u16) -> Self {
        self.control_port = Some(port);
        self
    }

    /// Sets [`Config::any_object`].
    #[must_use]
    pub fn any_object(mut self, any_object: bool) -> Self {
        self.any_object = any_object;
        self
    }

    /// Sets [`Config::import_time`].
    #[must_use]
    pub fn import_time(mut self, import_time: Duration) -> Self {
        self.import_time = import_time;
        self
    }

    /// Sets [`Config::visible_after_polls`].
    #[must_use]
    pub fn visible_after_polls(mut self, polls: u32) -> Self {
        self.visible_after_polls = polls;
        self
    }

    /// Sets the quota of one cloud.
    #[must_use]
    pub fn quota(mut self, cloud: Cloud, images: u32) -> Self {
        self.quotas[cloud.index()] = images;
        self
    }

    /// Sets [`Config::failed_images_keep_name`].
    #[must_use]
    pub fn failed_images_keep_name(mut self, keep: bool) -> Self {
        self.failed_images_keep_name = keep;
        self
    }

    /// Sets [`Config::jdcloud_import_task_id_number`].
    #[must_use]
    pub fn jdcloud_import_task_id_number(mut self, number: bool) -> Self {
        self.jdcloud_import_task_id_number = number;
        self
    }

    /// Sets [`Config::tencent_image_id`].
    #[must_use]
    pub fn tencent_image_id(mut self, present: bool) -> Self {
        self.tencent_image_id = present;
        self
    }

    /// Sets [`Config::tencent_dry_run`].
    #[must_use]
    pub fn tencent_dry_run(mut self, form: TencentDryRun) -> Self {
        self.tencent_dry_run = form;
        self
    }

    /// Sets [`Config::aliyun_dry_run`].
    #[must_use]
    pub fn aliyun_dry_run(mut self, form: AliyunDryRun) -> Self {
        self.aliyun_dry_run = form;
        self
    }

    /// Sets [`Config::aliyun_import_role`].
    #[must_use]
    pub fn aliyun_import_role(mut self, present: bool) -> Self {
        self.aliyun_import_role = present;
        self
    }

    /// Sets [`Config::aliyun_role_delay`].
    #[must_use]
    pub fn aliyun_role_delay(mut self, delay: Duration) -> Self {
        self.aliyun_role_delay = delay;
        self
    }

    /// Sets [`Config::huawei_projects`] from `(name, id)` pairs.
    #[must_use]
    pub fn huawei_projects(mut self, projects: Vec<(String, String)>) -> Self {
        self.huawei_projects = Some(projects);
        self
    }

    /// Sets [`Config::huawei_auth_token`].
    #[must_use]
    pub fn huawei_auth_token(mut self, token: impl Into<String>) -> Self {
        self.huawei_auth_token = Some(token.into());
        self
    }

    /// Sets [`Config::ucloud_ret_code_text`].
    #[must_use]
    pub fn ucloud_ret_code_text(mut self, text: bool) -> Self {
        self.ucloud_ret_code_text = text;
        self
    }

    /// Sets [`Config::store_ports`].
    #[must_use]
    pub fn store_ports(mut self, ports: [u16; 5]) -> Self {
        self.store_ports = Some(ports);
        self
    }

    /// Sets [`Config::any_bucket`].
    #[must_use]
    pub fn any_bucket(mut self, any_bucket: bool) -> Self {
        self.any_bucket = any_bucket;
        self
    }

    /// Sets [`Config::store_dir`].
    #[must_use]
    pub fn store_dir(mut self, directory: impl Into<PathBuf>) -> Self {
        self.store_dir = Some(directory.into());
        self
    }

    /// Sets [`Config::store_rate`].
    #[must_use]
    pub fn store_rate(mut self, bytes_per_second: u64) -> Self {
        self.store_rate = Some(bytes_per_second);
        self
    }

    /// Sets whether the store of one cloud lists the parts of an upload.
    #[must_use]
    pub fn list_parts(mut self, cloud: Cloud, listed: bool) -> Self {
        self.list_parts[cloud.index()] = listed;
        self
    }

    /// Sets [`Config::listed_without_etag`].
    #[must_use]
    pub fn listed_without_etag(mut self, without: bool) -> Self {
        self.listed_without_etag = without;
        self
    }

    /// Sets [`Config::tencent_links_open_once`].
    #[must_use]
    pub fn tencent_links_open_once(mut self, once: bool) -> Self {
        self.tencent_links_open_once = once;
        self
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

/// Leaves out the secret and the token.
impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Config")
            .field("access_key_id", &self.access_key_id)
            .field("has_security_token", &self.security_token.is_some())
            .field("ports", &self.ports)
            .field("control_port", &self.control_port)
            .field("any_object", &self.any_object)
            .field("any_bucket", &self.any_bucket)
            .field("import_time", &self.import_time)
            .field("visible_after_polls", &self.visible_after_polls)
            .field("quotas", &self.quotas)
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
        assert_eq!(config.quotas, [5, 20, 1, 100, 30]);
    }
}
