//! The keys `all-of` and `any-of`: the rules that a rule builds on.

use crate::named_rule::{NamedRule, Quorum};
use crate::toml_reader::{Findings, Table};

/// The rules under the key of a quorum; `None` without the key.
pub(super) fn read(table: &Table<'_>, quorum: Quorum, findings: &mut Findings<'_>) -> Option<Vec<NamedRule>> {
    let ids = table.strings(quorum.key(), findings)?;
    if ids.is_empty() {
        findings.report(
            "R008",
            table.span_of(quorum.key()).unwrap_or(table.span.clone()),
            format!("`{}` names no rule", quorum.key()),
            "name the ids of some rules, or leave the key out",
        );
    }
    Some(ids.iter().map(|id| NamedRule::new(id.value, findings.place(id.span.clone()))).collect())
}
