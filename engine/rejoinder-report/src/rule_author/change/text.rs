//! A change for people, as text.

use std::fmt::Write as _;

use rejoinder_authoring::change::{ChangeKind, ChangedTurn, StandingKind};
use rejoinder_core::printable;

use super::report::{ChangeReport, SideReport, TransitionRow};
use super::shown::transition_words;
use crate::numbers::{counted, share, thousands};
use crate::rule_author::guards;

/// The most rules that are shown where nobody wants all.
const RULES: usize = 15;

impl ChangeReport {
    /// For people; `is_all` shows all rules that have to do with the change.
    pub fn text(&self, is_all: bool) -> String {
        let mut out = self.sides_text();
        let _ = writeln!(out, "\n{}", self.sentence());
        if let Some(why) = self.why_nothing() {
            let _ = writeln!(out, "{why}");
        }
        out.push('\n');
        for row in self.table() {
            let _ = writeln!(out, "{:<26}{:>14}{:>14}{:>14}", row[0], row[1], row[2], row[3]);
        }
        let _ = writeln!(
            out,
            "tokens are estimates, and no stored reply is reckoned with; nobody was asked. {:.1} s",
            self.seconds
        );
        if !self.transitions.is_empty() {
            out.push_str("\nwhat changes\n");
            for row in &self.transitions {
                let _ =
                    writeln!(out, "  {:<36}{:>9}", transition_words(row.transition), thousands(row.turns));
            }
        }
        self.write_rules(&mut out, if is_all { usize::MAX } else { RULES });
        if let Some(labels) = &self.labels {
            let _ = writeln!(out, "\n{}", labels.heading());
            for [name, before, after, difference] in labels.rows() {
                let _ = writeln!(out, "  {name:<26}{before:>22}{after:>22}   {difference}");
            }
            if let Some(missing) = labels.missing() {
                let _ = writeln!(out, "  {missing}");
            }
            out += &labels.changed_lines();
        }
        if !self.guards.is_empty() {
            let _ = write!(out, "\nguards of NEW\n{}", guards::text(&self.guards));
        }
        for (kind, dialogues) in self.dialogues.iter().filter(|(_, dialogues)| !dialogues.is_empty()) {
            let _ = writeln!(out, "\n══ {kind}: {} shown", counted(dialogues.len() as u64, "turn"));
            dialogues.iter().for_each(|dialogue| out += dialogue);
        }
        out
    }

    fn sides_text(&self) -> String {
        let mut out = String::new();
        for (name, side) in [("OLD", &self.before), ("NEW", &self.after)] {
            let _ = writeln!(out, "{name}  {}: {}", printable(&side.name), side.words());
        }
        let names = |packs: &[String]| printable(&packs.join(", ")).into_owned();
        if !self.beside.is_empty() {
            let _ = writeln!(out, "beside both, from the config: {}", names(&self.beside));
        }
        if !self.replaced.is_empty() {
            let _ = writeln!(
                out,
                "in force on no side, since they share a rule with OLD or NEW: {}",
                names(&self.replaced)
            );
        }
        match (&self.before.score, &self.after.score) {
            (before, after) if before == after => {
                before.iter().for_each(|score| out += &format!("{score}\n"));
            }
            (before, after) => {
                for (name, score) in [("OLD", before), ("NEW", after)] {
                    let score = score.as_deref().unwrap_or("score: as the config says");
                    let _ = writeln!(out, "{name}  {score}");
                }
            }
        }
        out
    }

    /// What has changed, in one sentence.
    pub(super) fn sentence(&self) -> String {
        let of = format!(
            "{} in {}",
            counted(self.turns, "later turn"),
            counted(self.conversations, "conversation")
        );
        match self.changed {
            0 => format!("The same decision for all {of}."),
            changed => format!(
                "{} of {of} decided otherwise ({}), in {}.",
                thousands(changed),
                share(changed, self.turns),
                counted(self.changed_conversations, "conversation")
            ),
        }
    }

    /// Why nothing changes, as far as it can be told.
    pub(super) fn why_nothing(&self) -> Option<String> {
        if self.changed > 0 {
            return None;
        }
        let hits = |hits: Option<u64>| hits.unwrap_or_default();
        let other_hits =
            self.rules.iter().filter(|row| hits(row.hits_before) != hits(row.hits_after)).count() as u64;
        Some(if self.turns == 0 {
            "There is no later turn in the input: `rejoinder inspect INPUT` says how it is read.".to_owned()
        } else if self.same_rules {
            "OLD and NEW hold the same rules.".to_owned()
        } else if other_hits == 0 {
            "No rule hits more turns or fewer: what the change is about does not occur in this input."
                .to_owned()
        } else {
            format!(
                "{} more turns or fewer, and other rules or the score decide these turns alike.",
                if other_hits == 1 { "1 rule hits".to_owned() } else { format!("{other_hits} rules hit") }
            )
        })
    }

    /// Counts and price, before and after: a row each, the first one the heads.
    pub(super) fn table(&self) -> Vec<[String; 4]> {
        let (before, after) = (&self.before, &self.after);
        let mut rows = vec![["", "before", "after", "change"].map(str::to_owned)];
        let mut count = |name: &str, of: fn(&SideReport) -> u64| {
            let (old, new) = (of(before), of(after));
            if old > 0 || new > 0 {
                rows.push([name.to_owned(), thousands(old), thousands(new), signed(old, new)]);
            }
        };
        count("accepted", |side| side.accepted);
        count("waiting for the judge", |side| side.waiting);
        count("rejected", |side| side.rejected);
        count("not looked at", |side| side.not_looked_at);
        count("marked by a rule", |side| side.candidates);
        count("requests", |side| side.cost.requests.requests);
        count("input tokens", |side| side.cost.requests.input_tokens.expected);
        count("output tokens", |side| side.cost.requests.output_tokens.expected);
        for (name, of) in [
            ("money", (|side| side.cost.money) as fn(&SideReport) -> Option<[f64; 2]>),
            ("GPU-seconds", |side| side.cost.gpu_seconds),
        ] {
            if let (Some([old, _]), Some([new, _])) = (of(before), of(after)) {
                rows.push([name.to_owned(), amount(old), amount(new), format!("{:+.4}", new - old)]);
                let thousand = |amount: f64| 1000.0 * amount / self.turns.max(1) as f64;
                let (old, new) = (thousand(old), thousand(new));
                let name = format!("{name} a thousand turns");
                rows.push([name, amount(old), amount(new), format!("{:+.4}", new - old)]);
            }
        }
        rows
    }

    fn write_rules(&self, out: &mut String, most: usize) {
        if self.rules.is_empty() {
            return;
        }
        let _ = writeln!(out, "\n{:<44}{:>9}{:>9}{:>9}", "rules responsible", "before", "after", "changed");
        let hits = |hits: Option<u64>| hits.map_or_else(|| "–".to_owned(), thousands);
        for row in self.rules.iter().take(most) {
            let _ = writeln!(
                out,
                "{:<44}{:>9}{:>9}{:>9}  {}",
                row.id,
                hits(row.hits_before),
                hits(row.hits_after),
                thousands(row.changed),
                transitions(&row.transitions)
            );
        }
        if self.rules.len() > most {
            let _ = writeln!(out, "… and {} more (--all)", counted((self.rules.len() - most) as u64, "rule"));
        }
        if self.without_rule > 0 {
            let _ = writeln!(
                out,
                "{} changed though no rule hits otherwise: the languages that packs read, the score or a plugin went by the rules",
                counted(self.without_rule, "turn")
            );
        }
    }
}

impl SideReport {
    fn words(&self) -> String {
        let mut words =
            format!("{} in {}", counted(self.rules, "rule"), counted(self.files.len() as u64, "file"));
        if !self.not_to_disable.is_empty() {
            let _ = write!(words, "; not there to disable: {}", self.not_to_disable.join(", "));
        }
        words
    }
}

/// A changed turn for people: what has changed by which rules, and the dialogue.
pub(super) fn sample(turn: &ChangedTurn, dialogue: &str) -> String {
    let mut by = Vec::new();
    if !turn.new_rules.is_empty() {
        by.push(format!("newly hit by {}", turn.new_rules.join(", ")));
    }
    if !turn.lost_rules.is_empty() {
        by.push(format!("no longer hit by {}", turn.lost_rules.join(", ")));
    }
    let by = if by.is_empty() { String::new() } else { format!(" ({})", by.join("; ")) };
    format!("{}{by}\n{dialogue}", transition_words(turn.transition))
}

/// A kind of change in words.
pub(super) fn kind_words(kind: ChangeKind) -> String {
    let word = |kind: StandingKind| kind.name().replace('-', " ");
    match kind.before == kind.after {
        true => "accepted as another category".to_owned(),
        false => format!("{} → {}", word(kind.before), word(kind.after)),
    }
}

fn transitions(rows: &[TransitionRow]) -> String {
    let words =
        |row: &TransitionRow| format!("{} {}", transition_words(row.transition), thousands(row.turns));
    rows.iter().map(words).collect::<Vec<_>>().join(", ")
}

/// `+12`, `−3`, `0`
fn signed(old: u64, new: u64) -> String {
    match new.cmp(&old) {
        std::cmp::Ordering::Greater => format!("+{}", thousands(new - old)),
        std::cmp::Ordering::Less => format!("-{}", thousands(old - new)),
        std::cmp::Ordering::Equal => "0".to_owned(),
    }
}

fn amount(amount: f64) -> String {
    format!("{amount:.4}")
}
