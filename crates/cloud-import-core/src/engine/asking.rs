//! How a preflight asks: how far it goes, and which answers it shares with others. Knows no cloud.

use std::{
    any::Any,
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

use tokio::sync::OnceCell;

use crate::{Error, ErrorKind, Result};

type Answer = Result<Arc<dyn Any + Send + Sync>>;

/// How [`ImageImporter::preflight_with`](crate::ImageImporter::preflight_with) asks. Clones share the answers that hold for a whole
/// account: give them to importers of one cloud, one account and one kind of endpoint, and to no others. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Asking {
    reads_alone: bool,
    answers: Arc<Mutex<BTreeMap<String, Arc<OnceCell<Answer>>>>>,
}

impl Asking {
    /// With reads, and with the vendor's dry run where it has one and the image is where the cloud reads it.
    pub fn with_dry_run() -> Self {
        Self::default()
    }

    /// With reads alone.
    pub fn reads() -> Self {
        Self {
            reads_alone: true,
            ..Self::default()
        }
    }

    /// The same for another account: no answer is shared.
    #[must_use]
    pub fn apart(&self) -> Self {
        Self {
            reads_alone: self.reads_alone,
            ..Self::default()
        }
    }

    pub(super) fn reads_alone(&self) -> bool {
        self.reads_alone
    }

    /// The answer to a question, which is asked for once; a refusal counts as one. When the one who asks is dropped, the next asks.
    pub(super) async fn once<T: Clone + Send + Sync + 'static>(
        &self,
        what: &str,
        ask: impl Future<Output = Result<T>> + Send,
    ) -> Result<T> {
        let cell = {
            let mut answers = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(answers.entry(what.to_owned()).or_default())
        };
        let ask = async { ask.await.map(|answer| Arc::new(answer) as Arc<dyn Any + Send + Sync>) };
        let answer = cell.get_or_init(|| ask).await.clone()?;
        let other = || Error::new(ErrorKind::Local, format!("two questions have the name `{what}`"));
        answer.downcast_ref::<T>().cloned().ok_or_else(other)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;

    #[tokio::test]
    async fn a_question_is_asked_once_for_all_who_share_it() {
        let asked = AtomicU32::new(0);
        let ask = || async {
            asked.fetch_add(1, Ordering::Relaxed);
            Ok(7_u8)
        };
        let one = Asking::reads();
        let same = one.clone();
        let (first, second) = tokio::join!(one.once("regions", ask()), same.once("regions", ask()));
        assert_eq!((first.unwrap(), second.unwrap()), (7, 7));
        assert_eq!(asked.load(Ordering::Relaxed), 1);
        one.once("projects", ask()).await.unwrap();
        one.apart().once("regions", ask()).await.unwrap();
        assert_eq!(asked.load(Ordering::Relaxed), 3);
        assert!(one.apart().reads_alone());
        let refuse = async { Err::<u8, _>(Error::new(ErrorKind::Credentials, "no")) };
        assert!(one.once("refused", refuse).await.is_err());
        assert_eq!(
            one.once("refused", ask()).await.unwrap_err().kind(),
            ErrorKind::Credentials
        );
    }
}
