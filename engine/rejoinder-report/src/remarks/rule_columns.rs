//! The remark on metadata columns that rules ask for in vain.

use rejoinder_core::diagnostic::{did_you_mean, quoted_list};
use rejoinder_scan::RuleColumns;

use super::remark::Remark;
use crate::numbers::counted;

/// Columns that are named one by one.
const NAMED: usize = 5;
/// Columns of the records that are named one by one.
const NAMED_PRESENT: usize = 20;

/// That rules ask for columns that no record has.
pub fn rule_columns(columns: &RuleColumns) -> Option<Remark> {
    let missing: Vec<(&str, &str)> = columns.missing().collect();
    let present: Vec<&str> = columns.present.iter().map(String::as_str).collect();
    let about = |&(column, rule): &(&str, &str)| {
        let near = did_you_mean(column, &present);
        let advice = if near.starts_with("did") { format!(" ({near})") } else { String::new() };
        format!("the rule {rule} asks for `{}`{advice}", column.escape_debug())
    };
    let mut named: Vec<String> = missing.iter().take(NAMED).map(about).collect();
    if missing.len() > NAMED {
        named.push(format!("so it is with {} more", counted((missing.len() - NAMED) as u64, "column")));
    }
    let there_are = match present.as_slice() {
        [] => "These records have no columns besides their messages.".to_owned(),
        few if few.len() <= NAMED_PRESENT => format!("The columns here are {}.", quoted_list(few)),
        many => format!("The columns here are {}, ….", quoted_list(&many[..NAMED_PRESENT])),
    };
    (!missing.is_empty()).then(|| {
        Remark::new(
            "rule-columns",
            format!(
                "Rules ask in `where` for columns that none of {} with later turns has, and never hit: {}. {there_are}",
                counted(columns.conversations, "conversation"),
                named.join("; "),
            ),
        )
    })
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use rejoinder_scan::AskedColumn;

    use super::*;

    #[test]
    fn a_column_that_some_record_has_is_no_matter() {
        let asked = |conversations| AskedColumn { rule: "a.b".to_owned(), conversations };
        let mut columns = RuleColumns {
            conversations: 2,
            asked: BTreeMap::from([("modle".to_owned(), asked(0)), ("source".to_owned(), asked(1))]),
            present: BTreeSet::from(["model".to_owned(), "source".to_owned()]),
        };
        let said = rule_columns(&columns).unwrap().text;
        assert!(said.contains("the rule a.b asks for `modle` (did you mean `model`?)."), "{said}");
        assert!(said.contains("none of 2 conversations"), "{said}");
        columns.asked.remove("modle");
        assert_eq!(rule_columns(&columns), None);
    }
}
