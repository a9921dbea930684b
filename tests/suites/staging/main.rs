//! Staging a file in each of the simulator's five stores, over real sockets: every store by its own dialect, with faults, and
//! with the process killed at random moments.
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "helpers of tests fail by panicking, too, and the suite says how often it killed"
)]

mod faults;
mod kill;
mod kinds;
mod place;
mod resume;
mod stores;
mod whole;

/// One test for each store.
macro_rules! on_every_store {
    ($($name:ident),+ $(,)?) => {$(
        mod $name {
            use crate::stores;

            #[tokio::test(flavor = "multi_thread")]
            async fn jdcloud() {
                super::$name(&stores::JDCLOUD).await;
            }

            #[tokio::test(flavor = "multi_thread")]
            async fn tencent() {
                super::$name(&stores::TENCENT).await;
            }

            #[tokio::test(flavor = "multi_thread")]
            async fn huawei() {
                super::$name(&stores::HUAWEI).await;
            }

            #[tokio::test(flavor = "multi_thread")]
            async fn aliyun() {
                super::$name(&stores::ALIYUN).await;
            }

            #[tokio::test(flavor = "multi_thread")]
            async fn ucloud() {
                super::$name(&stores::UCLOUD).await;
            }
        }
    )+};
}
pub(crate) use on_every_store;
