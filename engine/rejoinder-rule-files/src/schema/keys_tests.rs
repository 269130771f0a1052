//! The keys that are read are those of the table, by which files are laid out and the JSON Schema is made.

use std::collections::BTreeSet;

use super::{conditions, file, rule, rule_test};
use crate::keys::{ANSWER, EXPECT, FILE, Key, RULE, TEST, TURN};

#[test]
fn the_table_has_the_keys_that_are_read_and_no_others() {
    let tables: [(&[Key], &[&str]); 6] = [
        (FILE, file::FILE_KEYS),
        (RULE, rule::KEYS),
        (TURN, conditions::TURN_KEYS),
        (&ANSWER, &conditions::PREVIOUS_KEYS),
        (TEST, rule_test::KEYS),
        (EXPECT, rule_test::EXPECT_KEYS),
    ];
    let mut coming: BTreeSet<&str> = BTreeSet::new();
    for (table, read) in tables {
        let table: BTreeSet<&str> = table.iter().map(|key| key.name).collect();
        let read: BTreeSet<&str> = read.iter().copied().collect();
        assert_eq!(read.difference(&table).next(), None, "is read, and not in the table");
        coming.extend(table.difference(&read));
    }
    assert!(coming.is_empty(), "are in the table, and not read: {coming:?}");
}
