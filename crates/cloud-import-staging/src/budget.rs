//! How much of files may be in memory at once, over all uploads that share it. Knows no part and no store.

use std::{
    fmt, mem,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use cloud_import_core::Bytes;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

const MIB: u64 = 1 << 20;
/// What a part counts for at least, in MiB: its request and its connection take memory, too.
const LEAST: u32 = 4;

/// A bound for the memory of all parts in flight, shared by its clones: 64 MiB where nothing else is asked for.
///
/// It counts in whole MiB, and a small part as four. A part larger than the bound takes it whole and goes alone.
///
/// ```
/// use cloud_import_staging::Budget;
///
/// let budget = Budget::mib(64);
/// let shared = budget.clone(); // the same 64 MiB
/// assert_eq!(shared.peak(), 0);
/// ```
#[derive(Clone)]
pub struct Budget(Arc<Shared>);

struct Shared {
    permits: Arc<Semaphore>,
    most: u32,
    /// What a buffer has at least, in bytes.
    least: usize,
    memory: Mutex<Memory>,
}

/// Buffers are used again: fresh memory costs more than filling it.
#[derive(Default)]
struct Memory {
    idle: Vec<Vec<u8>>,
    in_use: u64,
    peak: u64,
}

impl Default for Budget {
    fn default() -> Self {
        Self::mib(64)
    }
}

impl fmt::Debug for Budget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Budget")
            .field("mib", &self.0.most)
            .finish_non_exhaustive()
    }
}

impl Budget {
    /// At most so many MiB, and at least one.
    pub fn mib(most: u32) -> Self {
        Self::with(most, 0)
    }

    /// At most so many buffers of so many MiB. A smaller part takes one whole, so that the same buffers serve parts of any such size: a
    /// process that takes and leaves memory of many sizes has more of the system than it uses.
    pub fn buffers(many: u32, mib: u32) -> Self {
        Self::with(many.saturating_mul(mib), mib)
    }

    fn with(most: u32, least: u32) -> Self {
        let most = most.clamp(1, u32::MAX >> 4);
        let least = usize::try_from(least.min(most)).unwrap_or_default() << 20;
        Self(Arc::new(Shared {
            permits: Arc::new(Semaphore::new(usize::try_from(most).unwrap_or(Semaphore::MAX_PERMITS))),
            most,
            least,
            memory: Mutex::default(),
        }))
    }

    /// The most that was in use at one time so far, in bytes.
    pub fn peak(&self) -> u64 {
        self.0.memory().peak
    }

    /// Room for so many bytes that somebody else holds, as soon as there is some. In the order of asking.
    pub(crate) async fn reserve(&self, length: u64) -> Option<OwnedSemaphorePermit> {
        let mib = u32::try_from(length.div_ceil(MIB))
            .unwrap_or(u32::MAX)
            .clamp(LEAST.min(self.0.most), self.0.most);
        // The semaphore is never closed.
        self.0.permits.clone().acquire_many_owned(mib).await.ok()
    }

    /// Memory for so many bytes, as soon as there is room; its content is arbitrary. In the order of asking.
    pub(crate) async fn take(&self, length: usize) -> Buffer {
        let room = length.max(self.0.least);
        let permit = self.reserve(count(room)).await;
        let mut content = self.0.memory().take(room, u64::from(self.0.most) * MIB);
        content.truncate(length);
        Buffer {
            content,
            shared: self.0.clone(),
            _permit: permit,
        }
    }
}

impl Shared {
    fn memory(&self) -> MutexGuard<'_, Memory> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Memory {
    fn take(&mut self, length: usize, most: u64) -> Vec<u8> {
        // A buffer of another class would hold more than its permits say.
        let class = |bytes: usize| bytes.div_ceil(1 << 20);
        let fits = |buffer: &Vec<u8>| buffer.capacity() >= length && class(buffer.capacity()) == class(length);
        let fitting = self.idle.iter().position(fits);
        let buffer = fitting.map(|at| self.idle.swap_remove(at)).unwrap_or_default();
        self.in_use += count(buffer.capacity().max(length));
        self.peak = self.peak.max(self.in_use);
        while self.in_use + self.idle.iter().map(size_of).sum::<u64>() > most && self.idle.pop().is_some() {}
        let mut buffer = if fitting.is_some() { buffer } else { vec![0; length] };
        buffer.resize(length, 0);
        buffer
    }

    fn give_back(&mut self, buffer: Vec<u8>) {
        self.in_use = self.in_use.saturating_sub(size_of(&buffer));
        self.idle.push(buffer);
    }
}

fn size_of(buffer: &Vec<u8>) -> u64 {
    count(buffer.capacity())
}

fn count(bytes: usize) -> u64 {
    u64::try_from(bytes).unwrap_or(u64::MAX)
}

/// Memory of a [`Budget`], which has it back when this is dropped.
pub(crate) struct Buffer {
    content: Vec<u8>,
    shared: Arc<Shared>,
    // Given back after the memory, as fields are dropped after `drop`.
    _permit: Option<OwnedSemaphorePermit>,
}

impl Buffer {
    pub(crate) fn as_mut(&mut self) -> &mut [u8] {
        &mut self.content
    }

    /// The same memory to send; the budget has it back when the last clone is dropped.
    pub(crate) fn into_bytes(self) -> Bytes {
        Bytes::from_owner(self)
    }
}

impl AsRef<[u8]> for Buffer {
    fn as_ref(&self) -> &[u8] {
        &self.content
    }
}

impl Drop for Buffer {
    fn drop(&mut self) {
        let content = mem::take(&mut self.content);
        self.shared.memory().give_back(content);
    }
}

#[cfg(test)]
mod tests {
    use std::{future::Future, pin::pin, task::Context, task::Poll, task::Waker};

    use super::*;

    fn now<T>(future: impl Future<Output = T>) -> Option<T> {
        match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(value) => Some(value),
            Poll::Pending => None,
        }
    }

    const PART: usize = 4 << 20;

    #[test]
    fn no_more_than_the_bound_is_out_at_once() {
        let budget = Budget::mib(10);
        let (one, two) = (now(budget.take(PART)).unwrap(), now(budget.clone().take(PART)).unwrap());
        assert!(now(budget.take(PART)).is_none());
        assert_eq!(budget.peak(), 8 << 20);
        let sent = one.into_bytes();
        let clone = sent.clone();
        drop(sent);
        assert!(now(budget.take(PART)).is_none());
        drop(clone);
        assert!(now(budget.take(PART)).is_some());
        drop(two);
        assert_eq!(budget.peak(), 8 << 20);
    }

    #[test]
    fn a_part_larger_than_the_bound_goes_alone() {
        let budget = Budget::mib(2);
        let small = now(budget.take(1)).unwrap();
        assert!(now(budget.take(PART)).is_none());
        drop(small);
        let large = now(budget.take(PART)).unwrap();
        assert!(now(budget.take(1)).is_none());
        drop(large);
        assert!(now(budget.take(1)).is_some());
    }

    #[test]
    fn small_parts_go_in_bounded_number() {
        let budget = Budget::mib(64);
        let out: Vec<_> = (0..16).map(|_| now(budget.take(1)).unwrap()).collect();
        assert!(now(budget.take(1)).is_none());
        drop(out);
        assert!(now(Budget::mib(1).take(1)).is_some());
    }

    #[test]
    fn the_same_buffers_serve_parts_of_any_size() {
        let budget = Budget::buffers(2, 5);
        let mut sizes = [PART, 5 << 20, 17, PART].into_iter().cycle();
        let mut seen = std::collections::BTreeSet::new();
        for _ in 0..20 {
            let mut two = [(); 2].map(|()| now(budget.take(sizes.next().unwrap())).unwrap());
            assert!(now(budget.take(1)).is_none());
            seen.extend(two.each_mut().map(|buffer| buffer.as_mut().as_ptr() as usize));
        }
        assert_eq!((seen.len(), budget.peak()), (2, 10 << 20));
        assert!(now(budget.take(6 << 20)).is_some(), "a larger part takes two");
    }

    #[test]
    fn memory_is_used_again_and_what_lies_idle_counts() {
        let budget = Budget::mib(8);
        let mut first = now(budget.take(PART)).unwrap();
        let address = first.as_mut().as_ptr();
        drop(first);
        let mut second = now(budget.take(PART - 5)).unwrap();
        assert_eq!(second.as_mut().as_ptr(), address);
        assert_eq!(second.as_mut().len(), PART - 5);
        drop(second);
        let _larger = now(budget.take(8 << 20)).unwrap();
        assert!(budget.0.memory().idle.is_empty());
    }
}
