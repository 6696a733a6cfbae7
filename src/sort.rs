//! Sorts slices with little code. The sorts of the standard library are faster, but each type that they sort adds 6 to 9 kB to
//! the module. What is sorted here is sorted while a policy is compiled.

use std::cmp::Ordering;

/// Sorts `list` by `order`, in place and in O(n log n). Items that are equal get any order among each other.
pub(crate) fn sort_by<T>(list: &mut [T], order: impl Fn(&T, &T) -> Ordering) {
    let length = list.len();
    heap_sort(&mut Places { list, order }, length);
}

/// A list whose items are known by their places.
trait Sortable {
    fn is_less(&self, left: usize, right: usize) -> bool;
    fn swap(&mut self, left: usize, right: usize);
}

struct Places<'l, T, F> {
    list: &'l mut [T],
    order: F,
}

impl<T, F: Fn(&T, &T) -> Ordering> Sortable for Places<'_, T, F> {
    fn is_less(&self, left: usize, right: usize) -> bool {
        let items = self.list.get(left).zip(self.list.get(right));
        items.is_some_and(|(left, right)| (self.order)(left, right).is_lt())
    }

    fn swap(&mut self, left: usize, right: usize) {
        if left.max(right) < self.list.len() {
            self.list.swap(left, right);
        }
    }
}

/// Not generic, so that there is one copy of it.
fn heap_sort(list: &mut dyn Sortable, length: usize) {
    for root in (0..length / 2).rev() {
        sift_down(list, root, length);
    }
    for last in (1..length).rev() {
        list.swap(0, last);
        sift_down(list, 0, last);
    }
}

/// Moves the item at `root` down until none of the two below it is greater.
fn sift_down(list: &mut dyn Sortable, mut root: usize, length: usize) {
    loop {
        let left = root.saturating_mul(2).saturating_add(1);
        let right = left.saturating_add(1);
        if left >= length {
            return;
        }
        let is_right = right < length && list.is_less(left, right);
        let greatest = if is_right { right } else { left };
        if !list.is_less(root, greatest) {
            return;
        }
        list.swap(root, greatest);
        root = greatest;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sorts_like_the_standard_library() {
        let mut seed = 1_u64;
        for length in (0..40).chain([1000, 1023]) {
            let mut list: Vec<u64> = (0..length)
                .map(|_| {
                    seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                    (seed >> 33) % 100
                })
                .collect();
            let mut expected = list.clone();
            expected.sort_unstable();
            sort_by(&mut list, Ord::cmp);
            assert_eq!(list, expected, "{length}");
            sort_by(&mut list, |left, right| right.cmp(left));
            expected.reverse();
            assert_eq!(list, expected, "{length}");
        }
    }
}
