//! `[guard]` and `[rule.guard]`.

use toml::de::DeTable;

use super::file::choose;
use crate::guard::{Guard, GuardLimit, GuardOracle, Limit, PrecisionBound, PrecisionFloor, PrecisionOf};
use crate::keys;
use crate::toml_reader::{Findings, SpannedValue, Table, double};

/// What `min-precision` is written as.
enum FloorSource<'t> {
    Share(f64),
    Table(&'t DeTable<'t>),
}

/// The guard of the file or rule `table`; without limits where there is none.
pub(super) fn read(table: &Table<'_>, findings: &mut Findings<'_>) -> Guard {
    let mut limits = Vec::new();
    let Some(guard) = table.table("guard", findings) else { return Guard::default() };
    let before = findings.list.len();
    let guard = Table::new(guard.value, guard.span, "`guard`", keys::GUARD, findings);
    let [escalations, accepts, precision, cost] = Limit::KEYS;
    limits.extend(
        share(&guard, escalations, findings).map(|at| placed(Limit::MaxEscalationShare, at, findings)),
    );
    limits.extend(share(&guard, accepts, findings).map(|at| placed(Limit::MaxAcceptShare, at, findings)));
    limits.extend(floor(&guard, precision, findings).map(|at| placed(Limit::MinPrecision, at, findings)));
    limits.extend(money(&guard, cost, findings).map(|at| placed(Limit::MaxCostPer1000, at, findings)));
    if limits.is_empty() && findings.list.len() == before {
        findings.report(
            "R020",
            guard.span.clone(),
            "the guard has no limit",
            format!(
                "add one of {}, or remove the guard",
                Limit::KEYS.map(|key| format!("`{key}`")).join(", ")
            ),
        );
    }
    Guard { limits }
}

/// Reports a guard of a rule that neither accepts nor escalates.
pub(super) fn refuse(table: &Table<'_>, route: &str, findings: &mut Findings<'_>) {
    if let Some(guard) = table.table("guard", findings) {
        findings.report(
            "R020",
            guard.span,
            format!("a rule with route `{route}` accepts no turn and sends none to the judge: nothing can be guarded"),
            "guard the rules with route `accept` or `escalate`, or all rules of the file by `[guard]` at its top",
        );
    }
}

fn placed<T>(limit: impl Fn(T) -> Limit, at: SpannedValue<T>, findings: &Findings<'_>) -> GuardLimit {
    let place = findings.place(at.span);
    GuardLimit { limit: limit(at.value), line: place.line, column: place.column }
}

fn number(table: &Table<'_>, key: &str, findings: &mut Findings<'_>) -> Option<SpannedValue<f64>> {
    table.typed(key, "a number", findings, double)
}

/// A share in [0, 1].
fn share(table: &Table<'_>, key: &str, findings: &mut Findings<'_>) -> Option<SpannedValue<f64>> {
    let share = number(table, key, findings)?;
    if !(0.0..=1.0).contains(&share.value) {
        not_a_share(key, share.value, share.span, findings);
        return None;
    }
    Some(share)
}

fn not_a_share(key: &str, given: f64, span: std::ops::Range<usize>, findings: &mut Findings<'_>) {
    let help = match (1.0..=100.0).contains(&given) {
        true => format!("{given} in a hundred is {}", given / 100.0),
        false => String::new(),
    };
    findings.report("R020", span, format!("`{key}` is a share between 0 and 1"), help);
}

fn money(table: &Table<'_>, key: &str, findings: &mut Findings<'_>) -> Option<SpannedValue<f64>> {
    let money = number(table, key, findings)?;
    if money.value < 0.0 {
        findings.report("R020", money.span, format!("`{key}` is money, and at least 0"), "");
        return None;
    }
    Some(money)
}

fn floor(table: &Table<'_>, key: &str, findings: &mut Findings<'_>) -> Option<SpannedValue<PrecisionFloor>> {
    let source = table.typed(key, "a share, or a table with `share`", findings, FloorSource::of)?;
    let span = source.span;
    let (bound, of, against) = Default::default();
    let (floor, at) = match source.value {
        FloorSource::Share(share) => (PrecisionFloor { share, bound, of, against }, span.clone()),
        FloorSource::Table(inner) => {
            let inner = Table::new(inner, span.clone(), "`min-precision`", keys::PRECISION, findings);
            if !inner.has("share") {
                let help = "say what must be reached, as in min-precision = { share = 0.9 }";
                findings.report("R003", span.clone(), "missing key `share`", help);
            }
            let share = number(&inner, "share", findings);
            let mut chosen = |key: &str, names: &[&str]| match inner.string(key, findings) {
                Some(name) => choose(key, &name, names, findings).map(Some),
                None if inner.has(key) => None,
                None => Some(None),
            };
            let bound = chosen("bound", &PrecisionBound::NAMES)?.map_or(bound, |i| PrecisionBound::ALL[i]);
            let of = chosen("of", &PrecisionOf::NAMES)?.map_or(of, |i| PrecisionOf::ALL[i]);
            let against = chosen("against", &GuardOracle::NAMES)?.map(|i| GuardOracle::ALL[i]);
            let share = share?;
            (PrecisionFloor { share: share.value, bound, of, against }, share.span)
        }
    };
    if !(floor.share > 0.0 && floor.share <= 1.0) {
        not_a_share(key, floor.share, at, findings);
        return None;
    }
    if floor.share == 1.0 && floor.bound == PrecisionBound::Lower {
        let help = "take a share below 1, or bound = \"measured\"";
        findings.report("R020", at, "no number of answers proves a precision of 1", help);
        return None;
    }
    Some(SpannedValue { value: floor, span })
}

impl<'t> FloorSource<'t> {
    fn of(value: &'t toml::de::DeValue<'t>) -> Option<Self> {
        value.as_table().map(Self::Table).or_else(|| double(value).map(Self::Share))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::{RuleFile, parse};

    fn file(guard: &str, rule: &str) -> RuleFile {
        parse(
            "f",
            &format!(
                "format = 1\n{guard}\n[[rule]]\nid = \"a\"\ncategory = \"UR5\"\nroute = \"accept\"\nany = [\"x\"]\n{rule}\n"
            ),
        )
    }

    #[test]
    fn limits_are_read_with_their_places() {
        let read = file(
            "[guard]\nmin-precision = 0.9\nmax-accept-share = 0.05",
            "[rule.guard]\nmin-precision = { share = 0.8, bound = \"measured\", of = \"category\", against = \"judge\" }\n\
             max-cost-per-1000 = 1",
        );
        assert!(read.errors.is_empty(), "{:?}", read.errors);
        let limits = |guard: &Guard| -> Vec<_> {
            guard.limits.iter().map(|at| (at.limit, at.line, at.column)).collect()
        };
        let usual = PrecisionFloor {
            share: 0.9,
            bound: PrecisionBound::Lower,
            of: PrecisionOf::Feedback,
            against: None,
        };
        assert_eq!(
            limits(&read.guard),
            [(Limit::MaxAcceptShare(0.05), 4, 20), (Limit::MinPrecision(usual), 3, 17)]
        );
        let given = PrecisionFloor {
            share: 0.8,
            bound: PrecisionBound::Measured,
            of: PrecisionOf::Category,
            against: Some(GuardOracle::Judge),
        };
        let of_rule = limits(&read.rules[0].guard);
        assert_eq!(of_rule, [(Limit::MinPrecision(given), 11, 17), (Limit::MaxCostPer1000(1.0), 12, 21)]);
    }

    #[test]
    fn what_cannot_be_guarded_is_told_where_it_stands() {
        for (guard, code, line, column, says) in [
            ("[guard]", "R020", 2, 1, "no limit"),
            ("[guard]\nmax-accept-share = 5", "R020", 3, 20, "between 0 and 1"),
            ("[guard]\nmax-escalation-share = -0.1", "R020", 3, 24, "between 0 and 1"),
            ("[guard]\nmin-precision = 0", "R020", 3, 17, "between 0 and 1"),
            ("[guard]\nmin-precision = 1.0", "R020", 3, 17, "no number of answers"),
            ("[guard]\nmax-cost-per-1000 = -1", "R020", 3, 21, "at least 0"),
            ("[guard]\nmax-accept-shares = 0.5", "R002", 3, 1, "did you mean `max-accept-share`"),
            ("[guard]\nmax-accept-share = nan", "R004", 3, 20, "must be a number, found nan"),
            ("[guard]\nmin-precision = \"much\"", "R004", 3, 17, "a share, or a table"),
            ("[guard]\nmin-precision = { bound = \"lower\" }", "R003", 3, 17, "`share`"),
            (
                "[guard]\nmin-precision = { share = 0.9, against = \"juge\" }",
                "R005",
                3,
                42,
                "did you mean `judge`",
            ),
            ("[guard]\nmin-precision = { share = 0.9, off = \"x\" }", "R002", 3, 32, "did you mean `of`"),
            ("guard = 3", "R004", 2, 9, "a table"),
        ] {
            let errors = file(guard, "").errors;
            let [error] = &*errors else { panic!("{guard}: {errors:?}") };
            assert_eq!((error.code, error.line, error.column), (code, line, column), "{guard}: {error}");
            assert!(error.to_string().contains(says), "{guard}: {error}");
        }
        let reject = parse(
            "f",
            "format = 1\n[[rule]]\nid = \"a\"\nroute = \"reject\"\nany = [\"x\"]\n[rule.guard]\nmax-accept-share = 0.1\n",
        );
        assert_eq!((reject.errors[0].code, reject.errors[0].line), ("R020", 6));
    }

    #[test]
    fn a_guard_is_stored_with_its_file() {
        let read = file("[guard]\nmin-precision = 0.9", "[rule.guard]\nmax-accept-share = 0.25");
        let stored = read.stored().unwrap();
        let kept: RuleFile = serde_json::from_str(&stored.rules).unwrap();
        assert_eq!((&kept.guard, &kept.rules[0].guard), (&read.guard, &read.rules[0].guard));
    }
}
