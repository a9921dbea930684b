//! How many vectors of the default directory each part must pass, so that none gets lost unnoticed.

use crate::outcome::Part;

/// A provider, a part, and how many must pass.
pub(crate) type Minimum = (&'static str, Part, usize);

/// For the default directory only.
pub(crate) const MINIMUMS: &[Minimum] = &[
    ("jdcloud", Part::Verify, 191),
    ("jdcloud", Part::Resign, 191),
    ("jdcloud", Part::Produce, 191),
    ("tencent", Part::Verify, 214),
    ("tencent", Part::Resign, 214),
    ("tencent", Part::Produce, 214),
    ("huawei", Part::Verify, 221),
    ("huawei", Part::Resign, 221),
    ("huawei", Part::Produce, 221),
    ("aliyun", Part::Verify, 228),
    ("aliyun", Part::Resign, 228),
    ("aliyun", Part::Produce, 228),
    ("ucloud", Part::Verify, 105),
    ("ucloud", Part::Resign, 105),
    ("ucloud", Part::Produce, 105),
    ("storage_tencent", Part::Verify, 24),
    ("storage_huawei", Part::Verify, 48),
    ("storage_aliyun", Part::Verify, 72),
    ("storage_ucloud", Part::Verify, 16),
    ("storage_tencent", Part::Resign, 24),
    ("storage_huawei", Part::Resign, 48),
    ("storage_aliyun", Part::Resign, 72),
    ("storage_ucloud", Part::Resign, 16),
    // The client sends one of the two signatures that Huawei and Alibaba have.
    ("storage_tencent", Part::Produce, 24),
    ("storage_huawei", Part::Produce, 24),
    ("storage_aliyun", Part::Produce, 48),
    ("storage_ucloud", Part::Produce, 16),
];

/// Calls and parameters that the recordings hold and the vendor's documents of the call do not name, so that no request
/// type has them.
pub(crate) const UNDOCUMENTED: &[(&str, &str)] = &[
    // Named for system disks only; the SDK has one type for both.
    ("ImportImageQuick of a data image", "architecture"),
    // Invented for calls with an untyped dictionary.
    ("ImportCustomImage", "ChargeRatio"),
    ("ImportCustomImage", "Extra"),
    ("ImportCustomImage", "Half"),
    ("ImportCustomImage", "Labels"),
];
