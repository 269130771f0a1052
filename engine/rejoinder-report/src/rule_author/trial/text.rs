//! A rule that is tried, for people.

use std::fmt::Write as _;

use rejoinder_authoring::change::StandingKind;
use rejoinder_authoring::trial::HitKind;
use rejoinder_core::{Answer, printable};

use super::report::{HitRow, TrialReport};
use crate::numbers::{counted, share, thousands};
use crate::remarks;
use crate::rule_author::change::transition_words;
use crate::styles::{Styles, styled};

impl TrialReport {
    /// For people.
    pub fn text(&self, styles: Styles) -> String {
        let mut out = format!("{}\n", printable(&self.rule));
        let _ = writeln!(
            out,
            "{} of {} hit ({}), in {} of {}; {} marked already by rules in force, {} newly. {:.1} s",
            thousands(self.hits),
            counted(self.turns, "later turn"),
            share(self.hits, self.turns),
            thousands(self.hit_conversations),
            counted(self.conversations, "conversation"),
            thousands(self.marked_already),
            thousands(self.hits - self.marked_already),
            self.seconds
        );
        if let Some(part) = &self.part {
            let _ = writeln!(out, "counted: records with {}", printable(part).replace('\n', " "));
        }
        for warning in &self.warnings {
            let _ = writeln!(out, "warning: {}", printable(warning));
        }
        if self.hits == 0 {
            self.write_obstacles(&mut out);
        } else {
            self.write_effect(&mut out);
        }
        if let Some(answers) = &self.answers {
            let _ = write!(out, "\n{}", answers.text(self.category));
        }
        for (kind, heading) in
            [(HitKind::Right, "right"), (HitKind::Wrong, "wrong"), (HitKind::Unknown, "hits")]
        {
            let rows: Vec<&HitRow> = self.samples.iter().filter(|row| row.kind == kind).collect();
            if rows.is_empty() {
                continue;
            }
            let _ = writeln!(out, "\n══ {heading}: {} shown", counted(rows.len() as u64, "turn"));
            for row in rows {
                let heading =
                    format!("── {} · {}{}", row.id, printable(&row.shown.conversation_id), row.words());
                let _ = writeln!(out, "{}", styled(styles.heading, &heading.replace('\n', " ")));
                out += &row.shown.text(styles);
            }
        }
        if self.route.is_none() && self.hits > 0 {
            out += "\nthe hits were counted alone: --category UR1 … UR5, and --route, say what the rule would decide and cost\n";
        }
        out
    }

    fn write_effect(&self, out: &mut String) {
        let Some(route) = self.route else { return };
        let category = self.category.map_or_else(String::new, |category| format!(" {category}"));
        if let Some(score) = &self.score {
            let _ = writeln!(out, "{score}");
        }
        let word = |kind: StandingKind| kind.name().replace('-', " ");
        let standings: Vec<String> = self
            .without_rule
            .iter()
            .map(|(kind, turns)| format!("{} {}", thousands(*turns), word(*kind)))
            .collect();
        let _ = writeln!(out, "without the rule the hits are: {}", standings.join(", "));
        if self.changes.is_empty() {
            let _ = writeln!(out, "with route {route}{category} it decides no turn otherwise");
            return;
        }
        let _ = writeln!(out, "with route {route}{category}:");
        for row in &self.changes {
            let _ = writeln!(out, "  {:<36}{:>9}", transition_words(row.transition), thousands(row.turns));
        }
        let a_thousand = 1000.0 / self.turns.max(1) as f64;
        let asked = self.waiting_more as f64 * a_thousand;
        match self.waiting_more {
            0 => out.push_str("  as many turns wait for the judge as before\n"),
            1.. => {
                let _ = writeln!(out, "  {asked:.2} turns more to ask about, a thousand later turns");
            }
            _ => {
                let _ = writeln!(out, "  {:.2} turns less to ask about, a thousand later turns", -asked);
            }
        }
        let Some([before, after]) = self.cost.as_ref().filter(|_| self.waiting_more != 0) else { return };
        let tokens = |cost: &crate::plan::Cost| cost.requests.input_tokens.expected as f64;
        let _ = writeln!(
            out,
            "  {:+.0} input tokens a thousand later turns, as if each conversation were asked about by itself",
            (tokens(after) - tokens(before)) * a_thousand
        );
        if let (Some([before, _]), Some([after, _])) = (before.money, after.money) {
            let _ = writeln!(out, "  {:+.4} of money a thousand later turns", (after - before) * a_thousand);
        }
    }

    fn write_obstacles(&self, out: &mut String) {
        if self.turns == 0 {
            out.push_str(
                "there is no later turn in the input: `rejoinder inspect INPUT` says how it is read\n",
            );
            return;
        }
        let Some(obstacles) = &self.obstacles else { return };
        if let Some(least) = obstacles.conditions.first().filter(|_| obstacles.words > 0) {
            let _ = writeln!(
                out,
                "its words alone hit {}; of these each condition by itself leaves:",
                counted(obstacles.words, "turn")
            );
            for one in &obstacles.conditions {
                let _ = writeln!(out, "  {:>9}  {}", thousands(one.left), printable(&one.condition));
            }
            match remarks::rule_columns(&obstacles.columns) {
                Some(missing) => out.push_str(&format!("{}\n", printable(&missing.text))),
                None => {
                    let _ = writeln!(out, "next: loosen `{}`, or leave it out", printable(&least.condition));
                }
            }
            return;
        }
        if let Some(turns) = obstacles.words_folded.filter(|turns| *turns > 0) {
            let _ = writeln!(
                out,
                "the words stand only in another case, or with other quotes or spaces, in {}: `text = \"as-written\"` takes each \
                 character as it is. Next: leave --text out",
                counted(turns, "turn")
            );
            return;
        }
        if let Some(other) = &obstacles.regex_as_folded {
            let _ = writeln!(
                out,
                "the regex asks for characters that folded text never has, such as curly quotes or two spaces in a row; written `{}` it \
                 hits {}. Next: write it so, or --text as-written",
                printable(&other.condition),
                counted(other.left, "turn")
            );
            return;
        }
        match obstacles.inside_words {
            Some(inside) if inside > 0 => {
                let _ = writeln!(
                    out,
                    "the words stand only inside longer words, in {}: a phrase matches whole words; `--regex` matches parts",
                    counted(inside, "turn")
                );
            }
            _ => {
                let alike = if obstacles.words_folded.is_some() {
                    "in whatever case"
                } else {
                    "case, quotes and spaces make no difference"
                };
                let _ = writeln!(
                    out,
                    "nobody says it in a later turn of this input ({alike}); only what users say after the first answer counts. Next: \
                     fewer or other words, or `--regex`"
                );
            }
        }
    }
}

impl HitRow {
    fn words(&self) -> String {
        let label = match self.answer {
            Answer::Unknown => String::new(),
            Answer::NoFeedback => " · label: none".to_owned(),
            Answer::Feedback(category) => format!(" · label: {category}"),
        };
        let change = self.transition.map_or_else(String::new, |transition| {
            format!(
                " · {}",
                if transition.is_change() {
                    transition_words(transition)
                } else {
                    "decided alike".to_owned()
                }
            )
        });
        label + &change
    }
}
