//! The audit after a run: from what was sampled of each part of the corpus to certified recall and precision.
//!
//! # What is promised
//!
//! Of one claim (all feedback wanted, or one group of categories) let F be the positives that the judge confirmed, C the accepted
//! units it would confirm, and M the positives in all other parts (rejected, undecided, accepted as something else). Then
//!
//! recall = (F + C) / (F + C + M),  precision = (F + C) / (F + accepted).
//!
//! C and M are unknown. From a uniform sample of each part come exact bounds: C ≥ C_L ([`crate::hypergeometric::least`]) and, for each
//! other part, M_s ≤ U_s ([`crate::hypergeometric::most`]). Both shares grow with C and recall falls with M, so
//!
//! recall ≥ (F + C_L) / (F + C_L + Σ U_s),  precision ≥ (F + C_L) / (F + accepted)
//!
//! hold together with probability ≥ 1−δ, for all claims at once, when the δ of all bounds add up to δ (union bound). For the
//! units rejected and undecided this is DESIGN's F/(F + N_rej·p_U + N_undecided), with N·p_U in whole units: a part that was not
//! sampled is counted as positive altogether.
//!
//! *When the answers are used* (the audited turns' answers become part of the result), the sampled positives x of the other parts
//! are found afterwards, and sampled accepted units that the judge does not confirm are taken out:
//!
//! recall ≥ (F + C_L + x) / (F + C_L + Σ U_s),  precision ≥ (F + C_L + x) / (F + x + accepted − refuted).
//!
//! U_s counts the sampled positives too, so x ≤ Σ U_s and the same monotony holds; x and `refuted` are known, not estimated.
//! Without it the certificate is about the result as it was before the audit.
//!
//! # How δ is split
//!
//! Bounds that need none get none: of a part that is empty, sampled whole, or not sampled at all. (Which these are is known before
//! the answers.) Half of δ, or another share that was settled beforehand, goes to the first claim, the rest in equal shares to the
//! others; all to one side when the other needs none. Within a claim the bounds share equally. Recall and precision share the bound
//! of C.
//!
//! *Where one request asks about several units* and letters may lean on their neighbours, the bounds of C and M are those of
//! [`crate::leaning`], and the certificate is relative to the judge asked about each unit alone, but for F, which counts what the
//! run's requests said.
//!
//! Nothing here asks how the run came to reject or accept: whatever learned, drifted or failed before, the sample of the parts
//! as they are now sees it. That is what an audit is for. Only the parts and the sample sizes must be settled before its answers.

use crate::certificate::{ASSUMPTIONS, Bound, Certificate, CertificatePart, CertifiedClaim, FORMAT};
use crate::error::{CascadeError, check_delta, check_part, check_target};
use crate::leaning;

/// A part of the corpus and what its sample holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SampledPart {
    /// Number of units in the part.
    pub units: u64,
    /// Number of units drawn from the part, uniformly without replacement, and judged.
    pub sampled: u64,
    /// Number of drawn units that are positive, that is, belong to the claim.
    pub positive: u64,
}

impl SampledPart {
    /// Whether the bound of this part spends error probability. Where letters lean, a part that was sampled whole is not known.
    fn needs_delta(&self, lean: f64) -> bool {
        self.sampled > 0 && (self.sampled < self.units || lean > 0.0)
    }

    fn check(&self) -> Result<(), CascadeError> {
        check_part("sampled", self.sampled, self.units)?;
        check_part("positive", self.positive, self.sampled)
    }

    /// Expected positives in the whole part; `None` when nothing was drawn from it.
    fn estimate(&self) -> Option<f64> {
        match (self.units, self.sampled) {
            (0, _) => Some(0.0),
            (_, 0) => None,
            (units, sampled) => Some(self.positive as f64 / sampled as f64 * units as f64),
        }
    }

    fn least(&self, delta: f64, lean: f64) -> u64 {
        if self.needs_delta(lean) {
            leaning::least(self.positive, self.sampled, self.units, delta, lean)
        } else {
            self.positive
        }
    }

    fn most(&self, delta: f64, lean: f64) -> u64 {
        if self.needs_delta(lean) {
            leaning::most(self.positive, self.sampled, self.units, delta, lean)
        } else {
            self.positive + (self.units - self.sampled)
        }
    }
}

/// The counts behind one claim.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Claim {
    /// The categories that the claim is about, e.g. `UR2+UR3`.
    pub name: String,
    /// F, positives that the judge confirmed during the run.
    pub confirmed: u64,
    /// Units accepted locally as belonging to the claim; positive are those that the judge confirms.
    pub accepted: SampledPart,
    /// The other parts that may hold positives, by name; none of them counts as found.
    pub others: Vec<(String, SampledPart)>,
}

impl Claim {
    fn parts(&self) -> impl Iterator<Item = &SampledPart> {
        std::iter::once(&self.accepted).chain(self.others.iter().map(|(_, part)| part))
    }

    fn bounds(&self, lean: f64) -> usize {
        self.parts().filter(|part| part.needs_delta(lean)).count()
    }
}

/// Certifies all `claims` together with confidence 1 − `delta`; the first is the main one. See the module for formulas and proof.
///
/// A claim without any positive at all has recall and precision 1: nothing was missed, nothing wrongly found.
///
/// # Errors
/// No claim; more positives than sampled, or sampled than units, in a part; a delta outside (0, 1).
pub fn certify(claims: &[Claim], delta: f64, answers_used: bool) -> Result<Certificate, CascadeError> {
    certify_by(claims, AuditTerms { answers_used, ..AuditTerms::at(delta) })
}

/// What a certificate goes by; all of it settled before the answers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AuditTerms {
    /// δ, the error probability of all bounds together.
    pub delta: f64,
    /// Share of δ that the first claim has where others need some.
    pub of_main: f64,
    /// q, with which probability a letter may be another one for its neighbours' sake ([`crate::leaning`]); 0 where each request is
    /// about one unit.
    pub lean: f64,
    /// Whether the answers to audited units become part of the result.
    pub answers_used: bool,
}

impl AuditTerms {
    /// The usual terms: half of δ for the first claim, letters that do not lean, answers that are only measured with.
    pub const fn at(delta: f64) -> Self {
        Self { delta, of_main: 0.5, lean: 0.0, answers_used: false }
    }
}

/// As [`certify`], by other terms.
///
/// # Errors
/// As [`certify`]; a share of the first claim outside (0, 1], or a lean outside [0, 1).
pub fn certify_by(claims: &[Claim], terms: AuditTerms) -> Result<Certificate, CascadeError> {
    let AuditTerms { delta, of_main, lean, answers_used } = terms;
    check_delta(delta)?;
    check_target("share of the first claim", of_main)?;
    check_target("share of letters that do not lean", 1.0 - lean)?;
    claims.iter().flat_map(Claim::parts).try_for_each(SampledPart::check)?;
    let Some((main, groups)) = claims.split_first() else { return Err(CascadeError::NoClaim) };
    let needy = groups.iter().filter(|c| c.bounds(lean) > 0).count();
    let of_main = match (main.bounds(lean) > 0, needy > 0) {
        (_, false) => delta,
        (true, true) => delta * of_main,
        (false, true) => 0.0,
    };
    let of_group = (delta - of_main) / needy.max(1) as f64;
    let shares = std::iter::once(of_main).chain(std::iter::repeat(of_group));
    let mut certificate = Certificate {
        format: FORMAT,
        confidence: 1.0 - delta,
        answers_used,
        claims: claims.iter().zip(shares).map(|(c, share)| certified(c, share, terms)).collect(),
        assumptions: ASSUMPTIONS.map(str::to_owned).to_vec(),
    };
    if lean > 0.0 {
        certificate.assume_leaning(lean);
    }
    Ok(certificate)
}

fn certified(claim: &Claim, delta: f64, terms: AuditTerms) -> CertifiedClaim {
    let AuditTerms { lean, answers_used, .. } = terms;
    let each = delta / claim.bounds(lean).max(1) as f64;
    let part = |name: &str, part: &SampledPart, bound: u64| CertificatePart {
        name: name.to_owned(),
        units: part.units,
        sampled: part.sampled,
        positive: part.positive,
        delta: if part.needs_delta(lean) { each } else { 0.0 },
        bound,
    };
    let accepted = &claim.accepted;
    let mut parts = vec![part("accepted", accepted, accepted.least(each, lean))];
    parts.extend(claim.others.iter().map(|(name, other)| part(name, other, other.most(each, lean))));

    let confirmed = claim.confirmed as f64;
    let (rescued, refuted) = if answers_used {
        (claim.others.iter().map(|(_, o)| o.positive).sum::<u64>(), accepted.sampled - accepted.positive)
    } else {
        (0, 0)
    };
    let rescued = rescued as f64;
    let output = confirmed + rescued + (accepted.units - refuted) as f64;
    let recall =
        |right: f64, elsewhere: f64| share(confirmed + right + rescued, confirmed + right + elsewhere);
    let precision = |right: f64| share(confirmed + right + rescued, output);

    let right_at_least = parts[0].bound as f64;
    let elsewhere_at_most = parts[1..].iter().map(|p| p.bound).sum::<u64>() as f64;
    let right = accepted.estimate();
    let elsewhere = claim.others.iter().map(|(_, o)| o.estimate()).sum::<Option<f64>>();
    let at_least = recall(right_at_least, elsewhere_at_most);
    CertifiedClaim {
        name: claim.name.clone(),
        recall: Bound { estimate: right.zip(elsewhere).map(|(r, e)| recall(r, e)), at_least },
        missed_at_most: 1.0 - at_least,
        precision: Bound { estimate: right.map(precision), at_least: precision(right_at_least) },
        parts,
    }
}

/// The share of `part` in `whole`; all of nothing is 1.
fn share(part: f64, whole: f64) -> f64 {
    if whole == 0.0 { 1.0 } else { part / whole }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(units: u64, sampled: u64, positive: u64) -> SampledPart {
        SampledPart { units, sampled, positive }
    }

    fn claim(confirmed: u64, accepted: SampledPart, rejected: SampledPart, undecided: SampledPart) -> Claim {
        let others = vec![("rejected".to_owned(), rejected), ("undecided".to_owned(), undecided)];
        Claim { name: "all".to_owned(), confirmed, accepted, others }
    }

    #[test]
    fn bounds_are_the_formula_of_the_design() {
        let all = claim(900, part(0, 0, 0), part(1_000_000, 300, 0), part(50, 0, 0));
        let made = certify(&[all], 0.05, false).unwrap();
        // N·p_U = 10⁶·(1 − 0.05^(1/300)) ≈ 9,936; the population's end makes it a little less.
        let [_, rejected, undecided] = &made.claims[0].parts[..] else { panic!("three parts") };
        assert!((9_930..=9_936).contains(&rejected.bound), "{}", rejected.bound);
        assert_eq!((rejected.delta, undecided.delta, undecided.bound), (0.05, 0.0, 50));
        let expected = 900.0 / (900.0 + rejected.bound as f64 + 50.0);
        assert_eq!(made.claims[0].recall, Bound { estimate: None, at_least: expected });
        assert_eq!(made.claims[0].precision, Bound { estimate: Some(1.0), at_least: 1.0 });
    }

    #[test]
    fn what_is_known_costs_nothing() {
        let known = claim(10, part(5, 5, 4), part(20, 20, 2), part(0, 0, 0));
        let open = claim(10, part(5, 5, 4), part(200, 20, 2), part(0, 0, 0));
        let made = certify(&[known.clone(), open.clone(), known.clone()], 0.05, false).unwrap();
        assert_eq!(made.claims[0].recall, Bound { estimate: Some(14.0 / 16.0), at_least: 14.0 / 16.0 });
        assert_eq!(made.claims[0].precision.at_least, 14.0 / 15.0);
        assert_eq!(made.claims[1].parts[1].delta, 0.05, "the only bound that needs any has it all");
        let made = certify(&[open.clone(), open.clone(), known, open], 0.05, false).unwrap();
        let spent = made.claims.iter().map(|c| c.parts[1].delta);
        assert_eq!(spent.collect::<Vec<_>>(), [0.025, 0.0125, 0.0, 0.0125]);
    }

    #[test]
    fn used_answers_repair_what_they_found() {
        let all = claim(10, part(5, 5, 4), part(20, 20, 2), part(0, 0, 0));
        let made = certify(&[all], 0.05, true).unwrap();
        assert_eq!((made.claims[0].recall.at_least, made.claims[0].precision.at_least), (1.0, 1.0));
    }

    #[test]
    fn letters_that_lean_lower_every_bound() {
        let all = claim(200, part(50, 20, 19), part(900, 150, 2), part(30, 30, 1));
        let made = |lean| {
            certify_by(std::slice::from_ref(&all), AuditTerms { lean, ..AuditTerms::at(0.05) }).unwrap()
        };
        assert!(made(0.2).assumptions[1].contains("at least 0.800"), "{:?}", made(0.2).assumptions);
        let [fixed, leaning] = [0.0, 0.2].map(|lean| made(lean).claims.swap_remove(0));
        assert_eq!(fixed, certify(std::slice::from_ref(&all), 0.05, false).unwrap().claims[0]);
        assert!(leaning.recall.at_least < fixed.recall.at_least);
        assert!(leaning.precision.at_least < fixed.precision.at_least);
        assert!(leaning.parts[2].bound > 1 && fixed.parts[2].bound == 1, "asked whole is not known");
        assert!(
            certify_by(std::slice::from_ref(&all), AuditTerms { lean: 1.0, ..AuditTerms::at(0.05) }).is_err()
        );
    }

    #[test]
    fn nothing_and_contradictions() {
        assert_eq!(certify(&[], 0.05, true), Err(CascadeError::NoClaim));
        let nothing = certify(&[Claim::default()], 0.05, true).unwrap();
        assert_eq!(nothing.claims[0].recall, Bound { estimate: Some(1.0), at_least: 1.0 });
        let wrong = claim(0, part(5, 6, 0), part(0, 0, 0), part(0, 0, 0));
        assert_eq!(certify(&[wrong], 0.05, true).unwrap_err().to_string(), "6 sampled of only 5");
    }

    #[test]
    fn survives_being_a_file() {
        let made =
            certify(&[claim(90, part(30, 9, 9), part(999, 99, 1), part(5, 0, 0))], 0.05, true).unwrap();
        let text = serde_json::to_string(&made).unwrap();
        let read: Certificate = serde_json::from_str(&text).unwrap();
        assert_eq!(read.claims[0].parts[1].bound, made.claims[0].parts[1].bound);
        assert!((read.claims[0].recall.at_least - made.claims[0].recall.at_least).abs() < 1e-12);
    }
}
