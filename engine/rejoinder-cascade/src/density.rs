//! The binomial density without cancellation, which all tails and bounds stand on.
//!
//! ln C(n, x) as a difference of log-gammas loses as many digits as ln n! has before the point (eleven of sixteen at
//! n = 10⁶ are left). Loader's saddle-point form loses none of them: the large parts are cancelled on paper. C. Loader,
//! *Fast and Accurate Computation of Binomial Probabilities*, 2000; R's `dbinom` does the same.

use std::f64::consts::TAU;

/// P(X = x) for X ~ Binomial(n, p), relative error about 1e-13; 0 for x > n. `p` must lie in [0, 1].
pub(crate) fn binomial_density(x: u64, n: u64, p: f64) -> f64 {
    let q = 1.0 - p;
    if x > n {
        return 0.0;
    }
    if p == 0.0 || q == 0.0 {
        let certain = if p == 0.0 { 0 } else { n };
        return if x == certain { 1.0 } else { 0.0 };
    }
    let (xf, nf) = (x as f64, n as f64);
    let rest = n - x;
    if x == 0 {
        return (nf * (-p).ln_1p()).exp();
    }
    if rest == 0 {
        return (nf * p.ln()).exp();
    }
    let exponent = stirling_error(n)
        - stirling_error(x)
        - stirling_error(rest)
        - deviance(xf, nf * p)
        - deviance(rest as f64, nf * q);
    (nf / (TAU * xf * rest as f64)).sqrt() * exponent.exp()
}

/// δ(n) = ln n! − ln(√(2πn)·(n/e)ⁿ), what Stirling's formula is short of; n ≥ 1.
fn stirling_error(n: u64) -> f64 {
    let nf = n as f64;
    if n <= 15 {
        let factorial: u64 = (1..=n).product();
        return (factorial as f64).ln() - (0.5 * (TAU * nf).ln() + nf * nf.ln() - nf);
    }
    let n2 = nf * nf;
    (1.0 / 12.0 - (1.0 / 360.0 - (1.0 / 1260.0 - (1.0 / 1680.0 - 1.0 / 1188.0 / n2) / n2) / n2) / n2) / nf
}

/// D₀(x, m) = x·ln(x/m) + m − x, by its series in (x−m)/(x+m) where the two are close and the terms would cancel.
fn deviance(x: f64, m: f64) -> f64 {
    let difference = x - m;
    if difference.abs() >= 0.1 * (x + m) {
        return x * (x / m).ln() + m - x;
    }
    let v = difference / (x + m);
    let mut sum = difference * v;
    let mut term = 2.0 * x * v;
    for odd in (3_u32..).step_by(2) {
        term *= v * v;
        let next = sum + term / f64::from(odd);
        if next == sum {
            break;
        }
        sum = next;
    }
    sum
}
