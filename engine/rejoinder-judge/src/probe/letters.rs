//! Whether a server gives several letters in one answer, each of them a token of its own.

use serde_json::Value;

use super::capabilities::LettersCapability;
use super::error::ProbeError;
use super::prober::{LABELS, Prober};
use crate::request::{LabelConstraint, LettersConstraint};

/// What may stand between two letters, in the order of trying.
const SEPARATORS: [char; 3] = [' ', '\n', ','];

impl Prober<'_> {
    /// How the server gives several letters, each a token of its own, if it does so under the constraint beside the one that it
    /// obeys for one letter, or under a JSON schema.
    pub(super) async fn find_letters(
        &self,
        single: LabelConstraint,
    ) -> Result<Option<LettersCapability>, ProbeError> {
        let mut constraints = vec![LettersConstraint::beside(single), LettersConstraint::Schema];
        constraints.dedup();
        let mut obeyed = None;
        for constraint in constraints {
            for separator in SEPARATORS {
                let Some(found) = self.try_letters(constraint, separator).await? else { break };
                if found.alternatives || constraint == LettersConstraint::Schema {
                    return Ok(Some(found));
                }
                obeyed = obeyed.or(Some(found));
            }
            if obeyed.is_some() {
                break;
            }
        }
        Ok(obeyed)
    }

    /// What the server does under a constraint on several letters; `None` where it does not obey.
    async fn try_letters(
        &self,
        constraint: LettersConstraint,
        separator: char,
    ) -> Result<Option<LettersCapability>, ProbeError> {
        const TURNS: usize = LettersCapability::TRIED;
        let constrain = |body: &mut Value| constraint.apply(body, &LABELS, TURNS, separator);
        let max_tokens = constraint.max_tokens(TURNS);
        let reply = match self.post_with_alternatives(max_tokens, &constrain).await? {
            Some(reply) => Some(reply),
            None => self.post(max_tokens, &constrain).await?.answer(),
        };
        let Some(reply) = reply else { return Ok(None) };
        let words = reply.content.split(|c: char| !c.is_alphanumeric());
        let letters = words.filter(|word| LABELS.contains(word)).count();
        let others = reply.content.chars().filter(|c| c.is_alphanumeric()).count() - letters;
        let is_bare = constraint != LettersConstraint::Schema;
        if letters != TURNS || (is_bare && others > 0) {
            return Ok(None);
        }
        let tokens = serde_json::from_str::<Vec<(String, Vec<(String, f64)>)>>(&reply.alternatives);
        let has_rivals = |(_, pairs): &(String, Vec<(String, f64)>)| pairs.len() > 1;
        let alternatives = tokens.is_ok_and(|tokens| tokens.len() == TURNS && tokens.iter().all(has_rivals));
        let counted = reply.usage.map(|usage| usage.completion_tokens as u32).filter(|&n| n >= TURNS as u32);
        let tokens_of_tried = counted.unwrap_or(max_tokens).min(max_tokens);
        Ok(Some(LettersCapability { constraint, separator, alternatives, tokens_of_tried }))
    }
}
