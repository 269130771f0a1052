//! The remark on metadata columns that rules ask for in vain.

use rejoinder_core::diagnostic::{did_you_mean, quoted_list};
use rejoinder_scan::RuleColumns;

use super::remark::Remark;
use crate::numbers::counted;

/// Columns that are named one by one.
const NAMED: usize = 5;
/// Columns of the records that are named one by one.
const NAMED_PRESENT: usize = 20;

/// That rules ask for columns that no record has, or in which none has a value.
pub fn rule_columns(columns: &RuleColumns) -> Option<Remark> {
    let missing: Vec<(&str, &str)> = columns.missing().collect();
    let present: Vec<&str> = columns.present.iter().map(String::as_str).collect();
    let is_there = |column: &str| columns.present.contains(column);
    let about = |&(column, rule): &(&str, &str)| {
        let near = did_you_mean(column, &present);
        let advice = match near.starts_with("did") {
            _ if is_there(column) => {
                format!(
                    " (it is empty, or an object: a dot leads to a value inside it, as in `{column}.key`)"
                )
            }
            true => format!(" ({near})"),
            false => String::new(),
        };
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
    let conversations = counted(columns.conversations, "conversation");
    let lacking = match missing.iter().any(|(column, _)| is_there(column)) {
        true => format!("in which none of {conversations} with later turns has a value"),
        false => format!("that none of {conversations} with later turns has"),
    };
    (!missing.is_empty()).then(|| {
        Remark::new(
            "rule-columns",
            format!(
                "Rules ask in `where` for columns {lacking}, and never hit: {}. {there_are}",
                named.join("; ")
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
        columns.asked.insert("source".to_owned(), asked(0));
        let said = rule_columns(&columns).unwrap().text;
        assert!(
            said.contains("columns in which none of 2 conversations with later turns has a value"),
            "{said}"
        );
        assert!(said.contains("`source` (it is empty, or an object: a dot leads"), "{said}");
        columns.asked.insert("source".to_owned(), asked(1));
        columns.asked.remove("modle");
        assert_eq!(rule_columns(&columns), None);
    }
}
