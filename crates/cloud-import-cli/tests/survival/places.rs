//! The five clouds as the command names them, and what each promises when the answer to an order is lost. Plain facts.

use cloud_import_sim::Cloud;

/// One target.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place {
    pub(crate) cloud: Cloud,
    /// As `--to` has it.
    pub(crate) target: &'static str,
    pub(crate) region: &'static str,
    /// The operation that starts an import.
    pub(crate) import: &'static str,
    /// Operations that ask how an import stands.
    pub(crate) poll: &'static str,
    /// A token makes a repeated order the first one: what became of it is never unknown.
    pub(crate) token: bool,
}

pub(crate) const ALL: [Place; 5] = [
    Place {
        cloud: Cloud::Jdcloud,
        target: "jdcloud/cn-north-1",
        region: "cn-north-1",
        import: "importImage",
        poll: "imageTasks",
        token: true,
    },
    Place {
        cloud: Cloud::Tencent,
        target: "tencent/ap-guangzhou",
        region: "ap-guangzhou",
        import: "ImportImage",
        poll: "DescribeImages",
        token: false,
    },
    Place {
        cloud: Cloud::Huawei,
        target: "huawei/cn-north-4",
        region: "cn-north-4",
        import: "CreateImage",
        poll: "ShowJobProgress",
        token: false,
    },
    Place {
        cloud: Cloud::Aliyun,
        target: "aliyun/cn-hangzhou",
        region: "cn-hangzhou",
        import: "ImportImage",
        poll: "DescribeTaskAttribute",
        token: true,
    },
    Place {
        cloud: Cloud::Ucloud,
        target: "ucloud/cn-bj2",
        region: "cn-bj2",
        import: "ImportCustomImage",
        poll: "DescribeImage",
        token: false,
    },
];
