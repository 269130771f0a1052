//! Remarks on what a run and its judge decided.

use std::collections::BTreeMap;

use rejoinder_core::Category;
use rejoinder_judge::REFUSAL_PREFIX;
use rejoinder_run::judging::LetterCheck;
use rejoinder_run::stats::{ByCategory, JudgeStats, ScanCounts};

use super::remark::{ENOUGH, Remark, is_nearly_all};
use crate::numbers::thousands;

/// Remarks on what a run decided.
pub fn decisions(
    counts: &ScanCounts,
    judge: &JudgeStats,
    useless: &BTreeMap<String, u64>,
    letters: LetterCheck,
    run: &str,
) -> Vec<Remark> {
    let stats = &counts.stats;
    let mut remarks = Vec::new();
    if stats.turns >= ENOUGH && stats.candidates == 0 && stats.not_looked_at < stats.turns {
        remarks.push(Remark::new(
            "no-candidate",
            format!(
                "No rule marked any of {} later turns. Either the rules are for other languages or another kind of dialogue, or \
                 the texts that are read as users' turns are something else: rejoinder show {run} --rejected --sample 20",
                thousands(stats.turns),
            ),
        ));
    }
    let accepted = stats.accepted.total();
    remarks.extend(one_category(&stats.accepted, run));
    remarks.extend(one_rule(&counts.accepted_by, accepted, run));
    if stats.faults * 20 > stats.candidates.max(1) {
        remarks.push(Remark::new(
            "plugin-faults",
            format!(
                "Plugins failed {} times on {} candidates, and those turns wait for the judge: {run}/faults says which and why.",
                thousands(stats.faults),
                thousands(stats.candidates),
            ),
        ));
    }
    remarks.extend(judged(judge, useless, run));
    remarks.extend(order_of_letters(letters, run));
    remarks
}

fn one_category(accepted: &ByCategory, run: &str) -> Option<Remark> {
    let total = accepted.total();
    let most = Category::ALL.into_iter().max_by_key(|c| accepted.get(*c)).filter(|_| total >= ENOUGH)?;
    let count = accepted.get(most);
    let why = match most {
        Category::Ur5 => {
            "Service dialogues and small talk end with thanks as a courtesy, which says little about an answer."
        }
        _ => "One habit of these users, or of the file, is probably taken for feedback.",
    };
    is_nearly_all(count, total).then(|| {
        Remark::new(
            "one-category",
            format!(
                "{} of {} accepted turns are {most} ({}). {why} Read some before you train on them: rejoinder show {run} \
                 --accepted --category {most} --sample 20",
                thousands(count),
                thousands(total),
                most.name(),
            ),
        )
    })
}

fn one_rule(accepted_by: &BTreeMap<String, u64>, accepted: u64, run: &str) -> Option<Remark> {
    let (name, count) = accepted_by.iter().max_by_key(|(_, count)| **count).filter(|_| accepted >= ENOUGH)?;
    is_nearly_all(*count, accepted).then(|| {
        Remark::new(
            "one-rule",
            format!(
                "{} of {} accepted turns were accepted by {name} alone: its precision is that of the whole. Read some: \
                 rejoinder show {run} --accepted --sample 20",
                thousands(*count),
                thousands(accepted),
            ),
        )
    })
}

/// Remarks on what the judge said.
fn judged(judge: &JudgeStats, useless: &BTreeMap<String, u64>, run: &str) -> Vec<Remark> {
    let mut remarks = Vec::new();
    let answered = judge.judged + judge.unverified;
    let is_more_than_a_few = |count: u64| count * 20 > answered && count >= 3;
    let refusals = || useless.iter().filter(|(why, _)| why.starts_with(REFUSAL_PREFIX));
    let refused: u64 = refusals().map(|(_, count)| count).sum();
    if is_more_than_a_few(refused) {
        let commonest = refusals().max_by_key(|(_, count)| **count).map_or("", |(why, _)| why);
        remarks.push(Remark::new(
            "refused",
            format!(
                "The server refused to answer about {} of {} turns, and they keep waiting (“{commonest}”). A filter of the server's, or a \
                 slip in the config, is the likeliest reason: `rejoinder judge test --config FILE` shows which; rejoinder judge {run} \
                 --ask-again refused asks again.",
                thousands(refused),
                thousands(answered),
            ),
        ));
    }
    let unfit = judge.unverified.saturating_sub(refused);
    if is_more_than_a_few(unfit) {
        remarks.push(Remark::new(
            "unverified",
            format!(
                "{} of {} answers of the judge do not fit the turn that they are about, so those turns keep waiting. A model \
                 that is too small, or a chat template that is not the model's, is the likeliest reason: rejoinder explain {run} \
                 ID shows an answer.",
                thousands(unfit),
                thousands(answered),
            ),
        ));
    }
    let none = judge.judged - judge.feedback.total();
    let answers = Category::ALL.map(|c| (c.code(), judge.feedback.get(c))).into_iter();
    let (answer, count) = answers.chain([("no feedback", none)]).max_by_key(|(_, n)| *n).unwrap_or_default();
    if judge.judged >= ENOUGH && count * 100 >= judge.judged * 97 {
        remarks.push(Remark::new(
            "one-answer",
            format!(
                "{} of {} answers of the judge are one and the same: {answer}. A judge that answers so whatever it is asked \
                 tells nothing: read some turns beside its answers (rejoinder show {run} --judged --sample 20) before you use \
                 them.",
                thousands(count),
                thousands(judge.judged),
            ),
        ));
    }
    remarks
}

/// A judge whose letters stay where they are when their meanings change places.
fn order_of_letters(letters: LetterCheck, run: &str) -> Option<Remark> {
    let LetterCheck { turns, same_letter, same_answer } = letters;
    (turns >= 10 && same_letter * 2 > turns).then(|| {
        Remark::new(
            "letters",
            format!(
                "{turns} turns were asked about once more with the letters in reverse: {same_letter} got the same letter, which \
                 then means something else, and {same_answer} the same answer. The judge's letters follow the order of the \
                 choices more than the text. A model that is too small, or a chat template that is not the model's, is the \
                 likeliest reason: read some turns beside its answers (rejoinder show {run} --judged --sample 20), and try \
                 `answer = \"json\"` under [judge] or another model in a new run.",
            ),
        )
    })
}
