//! Compares bytes, for the module's `memcmp`.

/// Less than, equal to or greater than zero, as `left` is less than, equal to or greater than `right`, which has the same
/// length. So the C standard defines `memcmp`.
///
/// It compares eight bytes at a time. The C library for WebAssembly compares byte by byte, and every `==` of two slices in
/// Rust calls it: that was a seventh of the operations of a request.
pub(in crate::host::wasm) fn compare(left: &[u8], right: &[u8]) -> i32 {
    let (lefts, rights) = (left.chunks_exact(8), right.chunks_exact(8));
    let (left_end, right_end) = (lefts.remainder(), rights.remainder());
    for (l, r) in lefts.zip(rights) {
        let (Some(l), Some(r)) = (l.first_chunk(), r.first_chunk()) else {
            break;
        };
        if u64::from_ne_bytes(*l) != u64::from_ne_bytes(*r) {
            let is_less = u64::from_be_bytes(*l) < u64::from_be_bytes(*r);
            return if is_less { -1 } else { 1 };
        }
    }
    let ends = left_end.iter().zip(right_end);
    let mut differences = ends.map(|(l, r)| i32::from(*l).wrapping_sub(i32::from(*r)));
    differences.find(|by| *by != 0).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn orders_as_slices_do(start in prop::collection::vec(0_u8..3, 0..40), end in any::<[u8; 2]>(), other in any::<[u8; 2]>()) {
            let left = [&*start, &end, &*start].concat();
            let right = [&*start, &other, &*start].concat();
            prop_assert_eq!(compare(&left, &right).cmp(&0), left.cmp(&right));
        }
    }
}
