//! Memory that the host writes to.

use std::cell::Cell;
use std::mem::ManuallyDrop;
use std::ptr::null_mut;

/// A buffer of more bytes than this isn't kept.
const MOST_SPARE: usize = 16 * 1024;

thread_local! {
    /// The memory of the host's next buffer: most requests need one buffer, and only one at a time.
    static SPARE: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
    /// Where the host writes into the spare buffer, and how many bytes have room there.
    static LENT: Cell<(*mut u8, usize)> = const { Cell::new((null_mut(), 0)) };
}

/// Sees to it that [`allocate`] can't fail for the next buffer, if it has at most `size` bytes.
pub(super) fn reserve(size: usize) {
    let spare = SPARE.take();
    let has_room = spare.capacity() >= size;
    SPARE.set(if has_room {
        spare
    } else {
        Vec::with_capacity(size)
    });
}

/// Memory that the host may write `size` bytes to, until they are adopted.
pub(super) fn allocate(size: usize) -> *mut u8 {
    let spare = SPARE.take();
    if size == 0 || spare.capacity() < size {
        SPARE.set(spare);
        return Box::into_raw(Box::<[u8]>::new_uninit_slice(size)).cast();
    }
    let mut spare = ManuallyDrop::new(spare);
    LENT.set((spare.as_mut_ptr(), spare.capacity()));
    spare.as_mut_ptr()
}

/// Takes over a buffer that the host allocated in this VM, without a copy.
///
/// # Safety
/// `data` is null, or came from [`allocate`] for `size` bytes, was the last that did, and it has no other owner.
pub(super) unsafe fn adopt(data: *mut u8, size: usize) -> Vec<u8> {
    if data.is_null() || size == 0 {
        return Vec::new();
    }
    let (lent, room) = LENT.replace((null_mut(), 0));
    let room = if lent == data { room } else { size };
    // SAFETY: this program allocated so much room there as bytes, and the host has filled `size` of them.
    unsafe { Vec::from_raw_parts(data, size, room) }
}

/// Keeps a buffer of the host's for the next call. Where another is kept already, it was too small or came later, and the
/// last one given back stays.
pub(in crate::host::wasm) fn give_back(buffer: Vec<u8>) {
    if (1..=MOST_SPARE).contains(&buffer.capacity()) {
        SPARE.set(buffer);
    }
}

/// Runs code for which this thread has no memory: an allocation ends the test program.
#[cfg(test)]
pub(super) use tests::without_memory;

#[cfg(test)]
mod tests {
    use std::alloc::{GlobalAlloc, Layout, System};
    use std::cell::Cell;
    use std::ptr::null_mut;

    use super::{MOST_SPARE, adopt, allocate, give_back, reserve};

    /// The system's allocator, which has no memory for a thread while [`without_memory`] runs there.
    struct Exhaustible;

    thread_local! {
        static EXHAUSTED: Cell<bool> = const { Cell::new(false) };
    }

    #[global_allocator]
    static ALLOCATOR: Exhaustible = Exhaustible;

    // SAFETY: it passes on the callers' promises, or has no memory.
    unsafe impl GlobalAlloc for Exhaustible {
        unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
            if EXHAUSTED.get() {
                return null_mut();
            }
            unsafe { System.alloc(layout) }
        }

        unsafe fn dealloc(&self, data: *mut u8, layout: Layout) {
            unsafe { System.dealloc(data, layout) }
        }
    }

    pub(in super::super) fn without_memory<T>(work: impl FnOnce() -> T) -> T {
        EXHAUSTED.set(true);
        let done = work();
        EXHAUSTED.set(false);
        done
    }

    #[test]
    fn has_reserved_memory_where_none_is_left() {
        for before in [Vec::new(), vec![1; 10], vec![1; 600]] {
            for size in [1, 2, 64, 256] {
                give_back(before.clone());
                reserve(256);
                let data = without_memory(|| {
                    let data = allocate(size);
                    assert!(!data.is_null());
                    // SAFETY: so many bytes have room there.
                    unsafe { data.write_bytes(7, size) };
                    data
                });
                // SAFETY: they have no other owner.
                let buffer = unsafe { adopt(data, size) };
                assert_eq!(buffer, vec![7; size]);
            }
        }
    }

    /// A buffer as the host makes one: it allocates, writes, and we adopt.
    fn handed_over(bytes: &[u8]) -> Vec<u8> {
        let data = allocate(bytes.len());
        // SAFETY: so many bytes have room there, and they have no other owner.
        unsafe {
            data.copy_from_nonoverlapping(bytes.as_ptr(), bytes.len());
            adopt(data, bytes.len())
        }
    }

    #[test]
    fn reuses_a_buffer_that_was_given_back() {
        let first = handed_over(&[1; 600]);
        let pointer = first.as_ptr();
        give_back(first);
        for size in [600, 1, 599] {
            let next = handed_over(&vec![2; size]);
            assert_eq!(
                (next.as_ptr(), next.len(), next.capacity()),
                (pointer, size, 600)
            );
            assert!(next.iter().all(|byte| *byte == 2));
            give_back(next);
        }
    }

    #[test]
    fn lends_a_buffer_to_one_owner() {
        give_back(handed_over(&[1; 600]));
        let first = handed_over(&[1; 600]);
        let second = handed_over(&[2; 500]);
        assert_ne!(first.as_ptr(), second.as_ptr());
        give_back(second);
        give_back(first);
        // An empty buffer doesn't replace another.
        give_back(Vec::new());
        assert_eq!(handed_over(&[3; 600]).capacity(), 600);
    }

    #[test]
    fn allocates_for_what_does_not_fit() {
        give_back(handed_over(&[1; 100]));
        let larger = handed_over(&[2; 101]);
        assert_eq!((larger.len(), larger.capacity()), (101, 101));
        assert_eq!(handed_over(&[3; 100]).capacity(), 100);
        assert!(handed_over(&[]).is_empty());
    }

    #[test]
    fn survives_a_buffer_that_never_came() {
        give_back(handed_over(&[1; 600]));
        // The host allocated, and then failed.
        let lost = allocate(600);
        let next = handed_over(&[2; 600]);
        assert_ne!(next.as_ptr().cast_mut(), lost);
        assert_eq!(next, [2; 600]);
        // SAFETY: it is still what was allocated; its bytes are the first buffer's.
        drop(unsafe { Vec::from_raw_parts(lost, 600, 600) });
    }

    #[test]
    fn drops_a_huge_buffer() {
        give_back(handed_over(&vec![1; MOST_SPARE + 1]));
        assert_eq!(handed_over(&[2; 10]).capacity(), 10);
        give_back(handed_over(&vec![1; MOST_SPARE]));
        assert_eq!(handed_over(&[2; 10]).capacity(), MOST_SPARE);
    }
}
