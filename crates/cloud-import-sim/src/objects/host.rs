//! Which host name is which store: bucket and region in it, and the name of a bucket's host. Looks at no path.

use std::net::IpAddr;

use crate::cloud::Cloud;

/// What a store's host name says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct StoreHost {
    /// `None`: the bucket is the first segment of the path.
    pub(crate) bucket: Option<String>,
    /// In the words of the cloud's compute API.
    pub(crate) region: String,
}

/// Reads the name of a host (lower case, without a port); `None` when it is none of this cloud's stores.
pub(crate) fn parse(cloud: Cloud, host: &str) -> Option<StoreHost> {
    match cloud {
        Cloud::Jdcloud => {
            const NEW: &[&str] = &["s3", "s3-internal", "s3-ipv6"];
            const OLD: &[&str] = &["s3", "oss"];
            served(host, ".jdcloud-oss.com", NEW).or_else(|| served(host, ".jcloudcs.com", OLD))
        }
        Cloud::Tencent => {
            const NEW: &[&str] = &["cos", "cos-internal"];
            served(host, ".myqcloud.com", &["cos"]).or_else(|| served(host, ".tencentcos.cn", NEW))
        }
        Cloud::Huawei => [".myhuaweicloud.com", ".myhuaweicloud.eu", ".otc.t-systems.com"]
            .iter()
            .find_map(|suffix| served(host, suffix, &["obs"])),
        Cloud::Aliyun => aliyun(host),
        Cloud::Ucloud => ucloud(host),
    }
}

/// `[<bucket>.]<service>.<region><suffix>`.
fn served(host: &str, suffix: &str, services: &[&str]) -> Option<StoreHost> {
    let (front, region) = host.strip_suffix(suffix)?.rsplit_once('.')?;
    let (bucket, service) = match front.rsplit_once('.') {
        Some((bucket, service)) => (Some(bucket), service),
        None => (None, front),
    };
    services.contains(&service).then_some(())?;
    place(bucket, region)
}

/// `[<bucket>.]oss-<region>[-internal].aliyuncs.com`, or with two addresses `<bucket>.<region>.oss.aliyuncs.com`.
fn aliyun(host: &str) -> Option<StoreHost> {
    let stem = host.strip_suffix(".aliyuncs.com")?;
    if let Some(front) = stem.strip_suffix(".oss") {
        let (bucket, region) = split(front);
        return place(bucket, region);
    }
    let (bucket, last) = split(stem);
    let region = last.strip_prefix("oss-")?;
    place(bucket, region.strip_suffix("-internal").unwrap_or(region))
}

/// `[<bucket>.]<region>.ufileos.com`, where storage and compute name some regions differently.
fn ucloud(host: &str) -> Option<StoreHost> {
    if let Some(front) = host.strip_suffix("ufile.cn-north-02.ucloud.cn") {
        return place(front.strip_suffix('.'), "cn-bj2");
    }
    let stem = [".ufileos.com", ".ufile.ucloud.cn"]
        .iter()
        .find_map(|suffix| host.strip_suffix(suffix))?;
    let (bucket, place_name) = split(stem);
    // The S3 dialect of this store is another one, which is not played here.
    if place_name.starts_with("s3-") {
        return None;
    }
    let name = place_name.strip_prefix("internal-").unwrap_or(place_name);
    let name = name.strip_suffix("-01").or(name.strip_suffix("-02")).unwrap_or(name);
    place(bucket, if name == "cn-bj" { "cn-bj2" } else { name })
}

fn split(stem: &str) -> (Option<&str>, &str) {
    match stem.rsplit_once('.') {
        Some((bucket, last)) => (Some(bucket), last),
        None => (None, stem),
    }
}

fn place(bucket: Option<&str>, region: &str) -> Option<StoreHost> {
    let filled = !region.is_empty() && bucket != Some("");
    filled.then(|| StoreHost {
        bucket: bucket.map(str::to_owned),
        region: region.to_owned(),
    })
}

/// The public host of a region's store, without a bucket.
pub(crate) fn endpoint(cloud: Cloud, region: &str) -> String {
    match cloud {
        Cloud::Jdcloud => format!("s3.{region}.jdcloud-oss.com"),
        Cloud::Tencent => format!("cos.{region}.myqcloud.com"),
        Cloud::Huawei => format!("obs.{region}.myhuaweicloud.com"),
        Cloud::Aliyun => format!("oss-{region}.aliyuncs.com"),
        Cloud::Ucloud if region == "cn-bj2" => "cn-bj.ufileos.com".to_owned(),
        Cloud::Ucloud => format!("{region}.ufileos.com"),
    }
}

/// The region of a bucket that is made on first use by a request that names none.
pub(crate) fn default_region(cloud: Cloud) -> &'static str {
    match cloud {
        Cloud::Jdcloud => "cn-north-1",
        Cloud::Tencent => "ap-guangzhou",
        Cloud::Huawei => "cn-north-4",
        Cloud::Aliyun => "cn-hangzhou",
        Cloud::Ucloud => "cn-bj2",
    }
}

/// A `Host` header in lower case, without its port.
pub(crate) fn bare(host: &str) -> String {
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.parse::<u16>().is_ok() => name,
        _ => host,
    };
    name.to_ascii_lowercase()
}

/// Whether a [`bare`] host is an address and no name.
pub(crate) fn is_address(host: &str) -> bool {
    let inner = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || inner.parse::<IpAddr>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_of_a_stores_host_is_read() {
        for (cloud, host, bucket, region) in [
            (Cloud::Jdcloud, "b.s3.cn-north-1.jdcloud-oss.com", "b", "cn-north-1"),
            (
                Cloud::Jdcloud,
                "b.s3-internal.cn-east-2.jdcloud-oss.com",
                "b",
                "cn-east-2",
            ),
            (Cloud::Jdcloud, "b.oss.cn-north-1.jcloudcs.com", "b", "cn-north-1"),
            (Cloud::Jdcloud, "s3.cn-north-1.jdcloud-oss.com", "", "cn-north-1"),
            (
                Cloud::Tencent,
                "b-1.cos.ap-guangzhou.myqcloud.com",
                "b-1",
                "ap-guangzhou",
            ),
            (Cloud::Tencent, "b-1.cos-internal.ap-x.tencentcos.cn", "b-1", "ap-x"),
            (Cloud::Tencent, "cos.ap-x.myqcloud.com", "", "ap-x"),
            (
                Cloud::Huawei,
                "b.c.obs.cn-north-4.myhuaweicloud.com",
                "b.c",
                "cn-north-4",
            ),
            (Cloud::Huawei, "obs.eu-de.otc.t-systems.com", "", "eu-de"),
            (Cloud::Aliyun, "b.oss-cn-hangzhou.aliyuncs.com", "b", "cn-hangzhou"),
            (Cloud::Aliyun, "b.oss-cn-x-internal.aliyuncs.com", "b", "cn-x"),
            (Cloud::Aliyun, "b.cn-x.oss.aliyuncs.com", "b", "cn-x"),
            (Cloud::Aliyun, "oss-cn-x.aliyuncs.com", "", "cn-x"),
            (Cloud::Ucloud, "b.cn-bj.ufileos.com", "b", "cn-bj2"),
            (Cloud::Ucloud, "b.internal-cn-gd-02.ufileos.com", "b", "cn-gd"),
            (Cloud::Ucloud, "b.ufile.cn-north-02.ucloud.cn", "b", "cn-bj2"),
            (Cloud::Ucloud, "ufile.cn-north-02.ucloud.cn", "", "cn-bj2"),
            (Cloud::Ucloud, "hk.ufileos.com", "", "hk"),
        ] {
            let found = parse(cloud, host).unwrap();
            assert_eq!(found.bucket.as_deref().unwrap_or_default(), bucket, "{host}");
            assert_eq!(found.region, region, "{host}");
        }
        for (cloud, host) in [
            (Cloud::Jdcloud, "vm.jdcloud-api.com"),
            (Cloud::Jdcloud, "b.oss.cn-north-1.jdcloud-oss.com"),
            (Cloud::Tencent, "cvm.tencentcloudapi.com"),
            (Cloud::Tencent, "b.cos.a.b.myqcloud.com"),
            (Cloud::Huawei, "ims.cn-north-4.myhuaweicloud.com"),
            (Cloud::Aliyun, "ecs-cn-hangzhou.aliyuncs.com"),
            (Cloud::Aliyun, "ecs.cn-hangzhou.aliyuncs.com"),
            (Cloud::Ucloud, "api.ucloud.cn"),
            (Cloud::Ucloud, "b.s3-cn-bj.ufileos.com"),
            (Cloud::Aliyun, "b.oss-.aliyuncs.com"),
        ] {
            assert_eq!(parse(cloud, host), None, "{host}");
        }
    }

    #[test]
    fn an_endpoint_is_read_back() {
        for &cloud in Cloud::ALL {
            let region = default_region(cloud);
            let endpoint = endpoint(cloud, region);
            assert_eq!(parse(cloud, &endpoint).unwrap().region, region);
            let bucket = parse(cloud, &format!("b.{endpoint}")).unwrap().bucket;
            assert_eq!(bucket.as_deref(), Some("b"));
        }
    }

    #[test]
    fn an_address_is_no_name() {
        for host in ["127.0.0.1", "[::1]", "localhost"] {
            assert!(is_address(host), "{host}");
        }
        assert!(!is_address("example.com") && !is_address(""));
        assert_eq!(bare("A.Example.com:80"), "a.example.com");
        assert_eq!(bare("[::1]:80"), "[::1]");
        assert_eq!(bare("[::1]"), "[::1]");
    }
}
