//! The tails and bounds against two independent ones: exact fractions, and the incomplete beta function of the crate `special`.

use num_bigint::{BigInt, BigUint};
use num_rational::BigRational;
use num_traits::{One, ToPrimitive, Zero};
use proptest::prelude::*;
use rejoinder_cascade::binomial;
use rejoinder_cascade::hypergeometric::{self, Draw};
use special::Beta;

fn choose(n: u64, k: u64) -> BigUint {
    if k > n {
        return BigUint::zero();
    }
    (1..=k).fold(BigUint::one(), |c, i| c * (n - k + i) / i)
}

/// Σ C(n, i) pⁱ (1−p)ⁿ⁻ⁱ over `range`, in fractions: `p` is taken as the fraction that the float is.
fn binomial_exactly(range: std::ops::RangeInclusive<u64>, n: u64, p: f64) -> f64 {
    let p = BigRational::from_float(p).unwrap();
    let q = BigRational::one() - &p;
    // Over one denominator, so that no term needs reducing.
    let (a, b, d) = (p.numer().clone(), q.numer() * p.denom() / q.denom(), p.denom().clone());
    let total = range
        .map(|i| BigInt::from(choose(n, i)) * a.pow(i as u32) * b.pow((n - i) as u32))
        .fold(BigInt::zero(), |s, t| s + t);
    ratio(&total, &d.pow(n as u32))
}

/// The quotient of two whole numbers of any length, to float precision.
fn ratio(top: &BigInt, bottom: &BigInt) -> f64 {
    if top.is_zero() {
        return 0.0;
    }
    let shift = bottom.bits() as i64 - top.bits() as i64 + 80;
    let scaled = if shift >= 0 { (top << shift as u64) / bottom } else { top / (bottom << (-shift) as u64) };
    scaled.to_f64().unwrap() * 2_f64.powi(-(shift / 2) as i32) * 2_f64.powi(-(shift - shift / 2) as i32)
}

fn hypergeometric_exactly(range: std::ops::RangeInclusive<u64>, draw: Draw) -> f64 {
    let Draw { units, positives, drawn } = draw;
    let ways = range
        .filter(|&x| x <= drawn)
        .map(|x| choose(positives, x) * choose(units - positives, drawn - x))
        .fold(BigUint::zero(), |s, t| s + t);
    ratio(&ways.into(), &choose(units, drawn).into())
}

/// Whether `got` is `expected` up to a relative 1e-12, or where it is one less a tail, an absolute 1e-13. Below 1e-300 floats
/// themselves run out of digits.
fn close(got: f64, expected: f64) -> bool {
    let tolerance = if expected > 0.1 { 1e-13 } else { 1e-300 };
    (got - expected).abs() <= tolerance + 1e-12 * expected
}

/// The regularised incomplete beta function I_p(a, b).
fn beta(a: u64, b: u64, p: f64) -> f64 {
    let (a, b) = (a as f64, b as f64);
    p.inc_beta(a, b, a.ln_beta(b))
}

fn draws() -> impl Strategy<Value = (Draw, u64)> {
    (1_u64..300).prop_flat_map(|units| {
        (0..=units, 0..=units).prop_flat_map(move |(positives, drawn)| {
            (Just(Draw { units, positives, drawn }), 0..=drawn.min(positives))
        })
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(128) })]

    #[test]
    fn binomial_tails_are_those_of_exact_fractions(n in 1_u64..250, at in 0.0_f64..1.0, p in prop_oneof![0.0001_f64..0.9999, Just(0.05), Just(1e-9), Just(0.999_999)]) {
        let k = (at * n as f64) as u64;
        let (low, high) = (binomial::at_most(k, n, p), binomial::at_least(k, n, p));
        let expected = binomial_exactly(0..=k, n, p);
        prop_assert!(close(low, expected), "P(X ≤ {}; {}, {}) = {:e}, exactly {:e}", k, n, p, low, expected);
        let expected = binomial_exactly(k..=n, n, p);
        prop_assert!(close(high, expected), "P(X ≥ {}; {}, {}) = {:e}, exactly {:e}", k, n, p, high, expected);
    }

    #[test]
    fn binomial_tails_are_the_incomplete_beta_function(n in 1_u64..50_000, at in 0.0_f64..1.0, sigmas in -6.0_f64..6.0) {
        let p = at.clamp(1e-6, 1.0 - 1e-6);
        let mean = n as f64 * p;
        let k = (mean + sigmas * (mean * (1.0 - p)).sqrt()).clamp(1.0, n as f64) as u64;
        let expected = beta(k, n - k + 1, p);
        let got = binomial::at_least(k, n, p);
        // What the library's log-gamma leaves of sixteen digits at this n; for ours see the sixty-digit values below.
        prop_assert!((got - expected).abs() <= 1e-8 * expected + 1e-15, "{:e} and {:e}", got, expected);
        prop_assert!((binomial::at_most(k - 1, n, p) - (1.0 - expected)).abs() <= 1e-8);
    }

    #[test]
    fn bounds_are_where_the_tail_is_delta(n in 1_u64..5_000, share in 0.0_f64..=1.0, delta in prop_oneof![0.0001_f64..0.5, Just(0.05)]) {
        let x = (share * n as f64) as u64;
        let (low, high) = (binomial::lower(x, n, delta), binomial::upper(x, n, delta));
        if x > 0 {
            prop_assert!((beta(x, n - x + 1, low) / delta - 1.0).abs() < 1e-8);
        } else {
            prop_assert_eq!(low, 0.0);
        }
        if x < n {
            prop_assert!(((1.0 - beta(x + 1, n - x, high)) / delta - 1.0).abs() < 1e-8);
        } else {
            prop_assert_eq!(high, 1.0);
        }
        // The two bounds are each other's mirror image.
        prop_assert!((binomial::lower(n - x, n, delta) - (1.0 - high)).abs() < 1e-13);
    }

    #[test]
    fn draws_without_replacement_are_those_of_exact_fractions((draw, x) in draws()) {
        let most = draw.drawn.min(draw.positives);
        prop_assert!(close(draw.at_most(x), hypergeometric_exactly(0..=x, draw)), "{:?} at most {}", draw, x);
        prop_assert!(close(draw.at_least(x), hypergeometric_exactly(x..=most, draw)), "{:?} at least {}", draw, x);
        prop_assert!(close(draw.exactly(x), hypergeometric_exactly(x..=x, draw)), "{:?} exactly {}", draw, x);
    }

    #[test]
    fn finite_bounds_are_the_furthest_count_that_is_not_refuted((draw, x) in draws(), delta in 0.001_f64..0.25) {
        let Draw { units, drawn, .. } = draw;
        let possible = x..=units - (drawn - x);
        let with = |positives| Draw { units, positives, drawn };
        let most = possible.clone().rev().find(|&k| hypergeometric_exactly(0..=x, with(k)) > delta);
        let least = possible.clone().find(|&k| hypergeometric_exactly(x..=drawn.min(k), with(k)) > delta);
        prop_assert_eq!(Some(hypergeometric::most(x, drawn, units, delta)), most);
        prop_assert_eq!(Some(hypergeometric::least(x, drawn, units, delta)), least);
        // Knowing that the population ends never loosens a bound.
        let (low, high) = (binomial::lower(x, drawn, delta), binomial::upper(x, drawn, delta));
        prop_assert!(most.unwrap() as f64 <= (high * units as f64).ceil());
        prop_assert!(least.unwrap() as f64 >= (low * units as f64).floor());
    }
}

#[test]
fn known_bounds_come_out() {
    // Clopper–Pearson 95 % two-sided for 4 of 20, as in many tables: 0.0573 to 0.4366.
    assert!((binomial::lower(4, 20, 0.025) - 0.0573).abs() < 5e-5);
    assert!((binomial::upper(4, 20, 0.025) - 0.4366).abs() < 5e-5);
    assert_eq!((binomial::lower(0, 0, 0.05), binomial::upper(0, 0, 0.05)), (0.0, 1.0));
    assert_eq!((hypergeometric::least(0, 0, 9, 0.05), hypergeometric::most(0, 0, 9, 0.05)), (0, 9));
    assert_eq!((hypergeometric::least(3, 9, 9, 0.05), hypergeometric::most(3, 9, 9, 0.05)), (3, 3));
}

#[test]
fn far_tails_and_large_samples_keep_their_digits() {
    // 0.5¹⁰⁰⁰ is exact; 1 − 10⁻⁶ to the 10⁶ by the logarithm.
    assert!(close(binomial::at_most(0, 1000, 0.5), 2_f64.powi(-1000)));
    assert!(close(binomial::at_least(1000, 1000, 0.5), 2_f64.powi(-1000)));
    assert!(close(binomial::at_most(0, 1_000_000, 1e-6), (1e6 * (-1e-6_f64).ln_1p()).exp()));
    // By summation in sixty-digit decimals (Python's `decimal`, ln n! by Stirling's series).
    for (n, p, k, expected) in [
        (323_556, 0.833_820_817_661_033_9, 269_851, 3.836_232_209_503_366e-1),
        (1_000_000, 0.1, 101_500, 3.054_419_574_693_141e-7),
        (1_000_000, 0.1, 103_000, 1.200_165_478_968_818_8e-23),
        (100_000, 0.05, 5_400, 5.082_962_829_315_906e-9),
        (2_000_000, 0.9, 1_801_000, 9.204_742_662_337_495e-3),
    ] {
        let got = binomial::at_least(k, n, p);
        assert!((got - expected).abs() <= 1e-11 * expected, "n = {n}: {got:e}, expected {expected:e}");
    }
    // All probabilities together are one, however many there are.
    let n = 100_000;
    let total: f64 = (0..=n).map(|k| binomial::exactly(k, n, 0.3)).sum();
    assert!((total - 1.0).abs() < 1e-12, "{total}");
}
