//! Arithmetic modulo an odd number, for public operations: its time depends on the numbers.

use std::cell::Cell;
use std::sync::OnceLock;

/// An odd modulus of at least two limbs, with what Montgomery's multiplication needs. All numbers modulo it are slices of as
/// many limbs of 32 bits, the lowest first, and less than it. With 32-bit limbs a product and two carries fit into 64 bits, which
/// is the widest multiplication of WebAssembly.
#[derive(Clone)]
pub(super) struct Modulus {
    limbs: Box<[u32]>,
    /// −1/n modulo 2³².
    inverse: u32,
    /// R² modulo n, where R is 2 to the number of all limbs' bits. It takes as long as a verification, and a key whose
    /// signatures the host verifies never needs it.
    square: OnceLock<Residue>,
    leading_zeros: u32,
}

/// A number modulo [`Modulus`].
pub(super) type Residue = Box<[u32]>;

const LOW: u64 = 0xffff_ffff;

/// The low half.
const fn low(value: u64) -> u32 {
    (value & LOW) as u32
}

/// The limbs of a big-endian number; `None` where it needs more than `count`.
fn limbs(bytes: &[u8], count: usize) -> Option<Residue> {
    let mut limbs = vec![0; count];
    let mut places = limbs.iter_mut();
    for chunk in bytes.rchunks(4) {
        let limb = chunk
            .iter()
            .fold(0_u32, |limb, byte| limb << 8 | u32::from(*byte));
        match places.next() {
            Some(place) => *place = limb,
            None if limb == 0 => {}
            None => return None,
        }
    }
    Some(limbs.into())
}

/// Whether one number is less than another of as many limbs.
fn is_less(left: &[u32], right: &[u32]) -> bool {
    left.iter().rev().lt(right.iter().rev())
}

/// Subtracts; what is borrowed from above is dropped.
fn subtract(from: &mut [u32], other: &[u32]) {
    let mut borrow = false;
    for (place, other) in from.iter_mut().zip(other) {
        let (difference, first) = place.overflowing_sub(*other);
        let (difference, second) = difference.overflowing_sub(u32::from(borrow));
        *place = difference;
        borrow = first | second;
    }
}

impl Modulus {
    /// The modulus of these big-endian bytes; `None` where it is even or has less than 33 bits. Leading zeros don't count.
    pub(super) fn new(bytes: &[u8]) -> Option<Self> {
        let unused = bytes.iter().take_while(|byte| **byte == 0).count();
        let bytes = bytes.get(unused..)?;
        let limbs = limbs(bytes, bytes.len().div_ceil(4))?;
        let (&lowest, rest) = limbs.split_first()?;
        let zeros = rest.last()?.leading_zeros();
        if lowest & 1 == 0 {
            return None;
        }
        // Newton's iteration: each step doubles the bits that are right, from three.
        let inverse = (0..4).fold(lowest, |inverse, _| {
            inverse.wrapping_mul(2_u32.wrapping_sub(lowest.wrapping_mul(inverse)))
        });
        Some(Self {
            inverse: inverse.wrapping_neg(),
            square: OnceLock::new(),
            leading_zeros: zeros,
            limbs,
        })
    }

    /// Whether the first product with [`enter`](Self::enter) is done.
    pub(super) fn is_prepared(&self) -> bool {
        self.square.get().is_some()
    }

    /// R² modulo n.
    fn radix_squared(&self) -> Residue {
        let leading_zeros = self.leading_zeros;
        // The highest bit of n is less than n, and some doublings make R of it.
        let highest = 31_u32.wrapping_sub(leading_zeros);
        let mut power = vec![0; self.limbs.len()].into_boxed_slice();
        if let Some(top) = power.last_mut() {
            *top = 1_u32.wrapping_shl(highest);
        }
        for _ in 0..=leading_zeros {
            power = self.sum(&power, &power);
        }
        // `power` is 2^s · R for s = 0. A product with itself doubles s, and a doubling adds one: so s becomes the bits of R.
        let bits = self.limbs.len().wrapping_mul(32);
        for place in (0..=bits.ilog2()).rev() {
            power = self.product(&power, &power);
            if bits >> place & 1 == 1 {
                power = self.sum(&power, &power);
            }
        }
        power
    }

    /// The number of bits.
    pub(super) fn bits(&self) -> usize {
        let zeros = self.limbs.last().map_or(0, |top| top.leading_zeros());
        self.limbs
            .len()
            .wrapping_mul(32)
            .wrapping_sub(usize::try_from(zeros).unwrap_or(0))
    }

    /// The number of these big-endian bytes, where it is less than the modulus.
    pub(super) fn residue(&self, bytes: &[u8]) -> Option<Residue> {
        limbs(bytes, self.limbs.len()).filter(|limbs| is_less(limbs, &self.limbs))
    }

    /// left + right.
    pub(super) fn sum(&self, left: &[u32], right: &[u32]) -> Residue {
        let mut carry = 0_u64;
        let digits = left.iter().zip(right).map(|(left, right)| {
            let sum = u64::from(*left)
                .wrapping_add(u64::from(*right))
                .wrapping_add(carry);
            carry = sum >> 32;
            low(sum)
        });
        let mut sum: Residue = digits.collect();
        if carry != 0 || !is_less(&sum, &self.limbs) {
            subtract(&mut sum, &self.limbs);
        }
        sum
    }

    /// left · right / R (Montgomery's product).
    pub(super) fn product(&self, left: &[u32], right: &[u32]) -> Residue {
        let mut product = vec![0; self.limbs.len()].into_boxed_slice();
        self.multiply(left, right, &mut product);
        product
    }

    /// The same into `out`, which is as long as the modulus.
    fn multiply(&self, left: &[u32], right: &[u32], out: &mut [u32]) {
        out.fill(0);
        let mut top = 0_u64;
        // Cells, because each limb of the sum moves one place down while the sum is read.
        let cells = Cell::from_mut(&mut *out).as_slice_of_cells();
        let (Some((first, rest)), Some(last)) = (cells.split_first(), cells.last()) else {
            return;
        };
        let (Some((left_first, left_rest)), Some((n_first, n_rest))) =
            (left.split_first(), self.limbs.split_first())
        else {
            return;
        };
        for digit in right {
            // The sum grows by left · digit, and then by the multiple of n that makes its lowest limb zero.
            let digit = u64::from(*digit);
            let sum =
                u64::from(first.get()).wrapping_add(u64::from(*left_first).wrapping_mul(digit));
            let factor = u64::from(low(sum).wrapping_mul(self.inverse));
            let zero = (sum & LOW).wrapping_add(factor.wrapping_mul(u64::from(*n_first)));
            let (mut carry, mut n_carry) = (sum >> 32, zero >> 32);
            let limbs = left_rest.iter().zip(n_rest);
            for ((to, from), (left, n)) in cells.iter().zip(rest).zip(limbs) {
                let sum = u64::from(from.get())
                    .wrapping_add(u64::from(*left).wrapping_mul(digit))
                    .wrapping_add(carry);
                let reduced = (sum & LOW)
                    .wrapping_add(factor.wrapping_mul(u64::from(*n)))
                    .wrapping_add(n_carry);
                carry = sum >> 32;
                n_carry = reduced >> 32;
                to.set(low(reduced));
            }
            let sum = top.wrapping_add(carry).wrapping_add(n_carry);
            last.set(low(sum));
            top = sum >> 32;
        }
        if top != 0 || !is_less(out, &self.limbs) {
            subtract(out, &self.limbs);
        }
    }

    /// A residue times R, as the factors of [`Modulus::product`] are written.
    pub(super) fn enter(&self, residue: &[u32]) -> Residue {
        let square = self.square.get_or_init(|| self.radix_squared());
        self.product(residue, square)
    }

    /// A residue to the power of an odd exponent, as big-endian bytes of all limbs.
    pub(super) fn power(&self, base: &[u32], exponent: u64) -> Vec<u8> {
        let factor = self.enter(base);
        let mut power = factor.clone();
        let mut next = vec![0; self.limbs.len()].into_boxed_slice();
        let mut times = |power: &mut Residue, factor: Option<&[u32]>| {
            self.multiply(power, factor.unwrap_or(power), &mut next);
            std::mem::swap(power, &mut next);
        };
        // From the second highest bit of the exponent to the lowest, which is set.
        let length = u64::BITS.wrapping_sub(exponent.leading_zeros());
        for place in (0..length.saturating_sub(1)).rev() {
            times(&mut power, None);
            if place == 0 {
                // The base itself as the last factor takes R away.
                times(&mut power, Some(base));
            } else if exponent >> place & 1 == 1 {
                times(&mut power, Some(&factor));
            }
        }
        power
            .iter()
            .rev()
            .flat_map(|limb| limb.to_be_bytes())
            .collect()
    }
}

#[cfg(test)]
#[expect(
    clippy::arithmetic_side_effects,
    reason = "a test that overflows has failed"
)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The number of limbs, if it fits.
    fn value(limbs: &[u32]) -> u128 {
        let digits = limbs.iter().rev();
        digits.fold(0, |value, limb| value << 32 | u128::from(*limb))
    }

    fn times(mut left: u128, mut right: u128, modulus: u128) -> u128 {
        let mut product = 0;
        while right > 0 {
            if right & 1 == 1 {
                product = (product + left) % modulus;
            }
            left = left * 2 % modulus;
            right >>= 1;
        }
        product
    }

    proptest! {
        #[test]
        fn powers_are_those_of_plain_arithmetic(modulus in 1_u128 << 33..1 << 126, base in any::<u128>(), exponent in 1_u64..1 << 34) {
            let (modulus, exponent) = (modulus | 1, exponent | 1);
            let base = base % modulus;
            let numbers = Modulus::new(&modulus.to_be_bytes()).unwrap();
            prop_assert_eq!(numbers.bits(), 128 - usize::try_from(modulus.leading_zeros()).unwrap());
            let residue = numbers.residue(&base.to_be_bytes()).unwrap();
            let mut wanted = 1;
            for place in (0..64).rev() {
                wanted = times(wanted, wanted, modulus);
                if exponent >> place & 1 == 1 {
                    wanted = times(wanted, base, modulus);
                }
            }
            let found = numbers.power(&residue, exponent);
            let found = found.iter().fold(0_u128, |value, byte| value << 8 | u128::from(*byte));
            prop_assert_eq!(found, wanted);
        }

        #[test]
        fn sums_are_those_of_plain_arithmetic(modulus in 1_u128 << 33..1 << 126, left in any::<u128>(), right in any::<u128>()) {
            let modulus = modulus | 1;
            let (left, right) = (left % modulus, right % modulus);
            let numbers = Modulus::new(&modulus.to_be_bytes()).unwrap();
            let residue = |number: u128| numbers.residue(&number.to_be_bytes()).unwrap();
            prop_assert_eq!(value(&numbers.sum(&residue(left), &residue(right))), (left + right) % modulus);
        }
    }

    #[test]
    fn takes_residues_below_the_modulus() {
        let modulus = u128::MAX.to_be_bytes();
        let numbers = Modulus::new(&modulus).unwrap();
        assert!(numbers.residue(&modulus).is_none());
        assert!(numbers.residue(&(u128::MAX - 1).to_be_bytes()).is_some());
        assert!(numbers.residue(&[&[1][..], &[0; 16]].concat()).is_none());
        for none in [&[][..], &[0; 40], &[1], &[0xff; 4], &[1, 0, 0, 0, 0]] {
            assert!(Modulus::new(none).is_none());
        }
    }
}
