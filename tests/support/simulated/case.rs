//! The seven ways in that every behaviour is tried on. Only data: what differs between them stands here and nowhere else.

use bytes::Bytes;
use cloud_import::{Disk, DiskFormat, ImportRequest, Os, Provider};
use cloud_import_sim::Cloud;

/// How a file is named to a cloud.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// By a link to that place.
    Link(&'static str),
    /// By bucket and key.
    Object,
}

/// One way in: a cloud, a route, a format.
#[derive(Debug)]
pub struct Case {
    /// Its name in the tests' names.
    pub name: &'static str,
    /// The cloud, as the clients call it.
    pub provider: Provider,
    /// The cloud, as the simulator calls it.
    pub cloud: Cloud,
    /// The region.
    pub region: &'static str,
    /// The project that is named; `None` where there is none or it is to be found.
    pub project: Option<&'static str>,
    /// How the file is named.
    pub form: Form,
    /// The file's format.
    pub format: DiskFormat,
    /// Whether the image is one data disk.
    pub is_data: bool,
    /// The operation that starts an import.
    pub start: &'static str,
    /// The operation that a poll of a started import begins with.
    pub poll: &'static str,
    /// The operation that finds an import whose answer was lost; `None` where its token does that.
    pub search: Option<&'static str>,
    /// The operation that deletes an image.
    pub delete: &'static str,
    /// The route that a task notes.
    pub route: Option<&'static str>,
}

const BUCKET: &str = "images-1250000000";

const PLAIN: Case = Case {
    name: "",
    provider: Provider::JDCLOUD,
    cloud: Cloud::Jdcloud,
    region: "",
    project: None,
    form: Form::Object,
    format: DiskFormat::Qcow2,
    is_data: false,
    start: "ImportImage",
    poll: "",
    search: None,
    delete: "DeleteImage",
    route: None,
};

/// JD Cloud.
pub static JDCLOUD: Case = Case {
    name: "jdcloud",
    region: "cn-north-1",
    form: Form::Link("images-1250000000.s3-internal.cn-north-1.jdcloud-oss.com"),
    start: "importImage",
    poll: "imageTasks",
    delete: "deleteImage",
    ..PLAIN
};

/// Tencent Cloud.
pub static TENCENT: Case = Case {
    name: "tencent",
    provider: Provider::TENCENT,
    cloud: Cloud::Tencent,
    region: "ap-guangzhou",
    form: Form::Link("images-1250000000.cos.ap-guangzhou.myqcloud.com"),
    poll: "DescribeImages",
    search: Some("DescribeImages"),
    delete: "DeleteImages",
    ..PLAIN
};

/// Alibaba Cloud.
pub static ALIYUN: Case = Case {
    name: "aliyun",
    provider: Provider::ALIYUN,
    cloud: Cloud::Aliyun,
    region: "cn-hangzhou",
    poll: "DescribeTaskAttribute",
    ..PLAIN
};

/// UCloud.
pub static UCLOUD: Case = Case {
    name: "ucloud",
    provider: Provider::UCLOUD,
    cloud: Cloud::Ucloud,
    region: "cn-bj2",
    // The storage calls this region by its older name.
    form: Form::Link("images-1250000000.cn-bj.ufileos.com"),
    start: "ImportCustomImage",
    poll: "DescribeImage",
    search: Some("DescribeImage"),
    delete: "TerminateCustomImage",
    ..PLAIN
};

/// UCloud in a region that is open for copies, which Beijing is not.
pub static UCLOUD_HK: Case = Case {
    region: "hk",
    form: Form::Link("images-1250000000.hk.ufileos.com"),
    ..UCLOUD
};

/// Huawei Cloud, common route; the project is found.
pub static HUAWEI_COMMON: Case = Case {
    name: "huawei_common_qcow2",
    provider: Provider::HUAWEI,
    cloud: Cloud::Huawei,
    region: "cn-north-4",
    start: "CreateImage",
    poll: "ShowJobProgress",
    search: Some("ListImages"),
    delete: "GlanceDeleteImage",
    route: Some("common"),
    ..PLAIN
};

/// Huawei Cloud, quick route, system disk; the project is named.
pub static HUAWEI_QUICK: Case = Case {
    name: "huawei_quick_zvhd2",
    project: Some("0123456789abcdef0123456789abcdef"),
    format: DiskFormat::Zvhd2,
    start: "ImportImageQuick",
    route: Some("quick"),
    ..HUAWEI_COMMON
};

/// Huawei Cloud, quick route, data disk; the project is found.
pub static HUAWEI_QUICK_DATA: Case = Case {
    name: "huawei_quick_data_zvhd2",
    is_data: true,
    format: DiskFormat::Zvhd2,
    start: "ImportImageQuick",
    route: Some("quick-data"),
    ..HUAWEI_COMMON
};

impl Case {
    /// The bucket with the files.
    pub fn bucket(&self) -> &'static str {
        BUCKET
    }

    /// The key of the file that orders name.
    pub fn key(&self) -> String {
        format!("web.{}", self.format)
    }

    /// The smallest file that has the format's magic bytes.
    pub fn file(&self) -> Bytes {
        let magic: &[u8] = match self.format {
            DiskFormat::Zvhd2 => b"z2strm\0\0",
            _ => b"QFI\xfb\x00\x00\x00\x03",
        };
        let mut bytes = magic.to_vec();
        bytes.resize(1024, 0);
        bytes.into()
    }

    /// A disk with that key.
    pub fn disk(&self, key: &str) -> Disk {
        let disk = match self.form {
            Form::Link(host) => Disk::url(format!("https://{host}/{key}")),
            Form::Object => Disk::object(BUCKET, key),
        };
        disk.format(self.format).size_gib(40)
    }

    /// An order for an image of that name from that disk.
    pub fn order_from(&self, name: &str, disk: Disk) -> ImportRequest {
        if self.is_data {
            ImportRequest::data_image(name, disk)
        } else {
            ImportRequest::new(name, disk).os(Os::new("CentOS", "7.9"))
        }
    }
}
