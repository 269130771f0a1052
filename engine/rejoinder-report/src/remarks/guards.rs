//! That guards of the rules are broken.

use rejoinder_run::guards::GuardStanding;

use super::remark::Remark;
use crate::numbers::{counted, form};
use crate::rule_author::guards::{GuardCounts, GuardRow};
use crate::shell::word;

/// A remark for each broken limit, with its place, and one on those about which a run says too little.
pub fn guards(rows: &[GuardRow], run: &str) -> Vec<Remark> {
    let broken = rows.iter().filter(|row| row.standing == GuardStanding::Broken);
    let mut remarks: Vec<Remark> = broken
        .map(|row| Remark::new("guard-broken", format!("a guard is broken: {}. {}", row.name(), row.says)))
        .collect();
    let unproven = GuardCounts::of(rows).unproven as u64;
    if unproven > 0 {
        let told = format!(
            "{} of {} could neither be proven nor refuted by this run; why: rejoinder rules test --on {}",
            counted(unproven, "limit"),
            form(rows.len() as u64, "guard"),
            word(std::path::Path::new(run))
        );
        remarks.push(Remark::new("guard-unproven", told));
    }
    remarks
}
