//! What the judge replied about the turns: replies about them alone go; of replies that they share with others, what is quoted of them.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet, HashSet};

use rejoinder_judge::{BareClaims, Question, QuestionForm, bare_claims};
use rejoinder_ledger::ReplyStore;

use super::search::LEAST_TEXT;
use super::target::ForgottenTarget;
use crate::error::RunError;
use crate::folder::RunDir;
use crate::judging::comparison::forms_asked;
use crate::judging::{self, GroupRemoval, Judge, StretchPlace};
use crate::recall::audit::AuditSample;
use crate::spool_row::SpoolRow;

/// What becomes of the replies.
#[derive(Debug, Default)]
pub(super) struct ReplyChanges {
    /// Keys of replies that go.
    keys: BTreeSet<String>,
    /// New texts of replies, by key.
    texts: BTreeMap<String, String>,
    /// Keys by which turns are known that go.
    turns: BTreeSet<String>,
    /// Keys of all requests about the conversations, also those about others, too.
    requests: BTreeSet<String>,
    /// The groups of the turns.
    groups: GroupRemoval,
    forms: Vec<QuestionForm>,
}

/// How many replies were changed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct ReplyCounts {
    pub(super) removed: u64,
    pub(super) shortened: u64,
}

impl ReplyChanges {
    /// Works out what becomes of the replies to the run's judge, and of the groups of turns that shared them. The new groups are kept for
    /// [`GroupRemoval::settle`].
    ///
    /// # Errors
    /// If the run cannot be read, or ledger or store fails.
    pub(super) fn of(run: &RunDir, target: &ForgottenTarget, store: &ReplyStore) -> Result<Self, RunError> {
        let forms = judging::judge_of(run)?.map_or(Ok(Vec::new()), |judge| forms(run, judge))?;
        let mut changes = Self { forms, ..Self::default() };
        for question in &target.questions {
            for form in &changes.forms {
                changes.keys.extend(form.own_keys(question, store)?);
                changes.turns.insert(form.turn_key(question));
            }
        }
        let quotes = changes.quotes(target, store)?;
        let quotes = changes.spare_others(run, target, store, quotes)?;
        changes.groups.settle(run)?;
        // Says of the shared replies of earlier engines which turns they are about.
        changes.groups.stage(run, &changes.forms, store)?;
        changes.share(store)?;
        changes.unquote(target, store, &quotes)?;
        Ok(changes)
    }

    /// Quotes in any reply that stand in a text of the conversations, as replies of judges that were asked before may have.
    fn quotes(&self, target: &ForgottenTarget, store: &ReplyStore) -> Result<HashSet<String>, RunError> {
        let quotes = RefCell::new(HashSet::new());
        store.visit(|key, content| {
            if !self.keys.contains(key) {
                bare_claims(content, &|claim| {
                    if is_of(target, claim.quote) {
                        quotes.borrow_mut().insert(claim.quote.to_owned());
                    }
                    true
                });
            }
        })?;
        Ok(quotes.into_inner())
    }

    /// Spares what other conversations need: keys of requests with the same words, and quotes that stand in them, too. Takes up the rows
    /// of all stretches that lose some. Returns the quotes that are left.
    fn spare_others(
        &mut self,
        run: &RunDir,
        target: &ForgottenTarget,
        store: &ReplyStore,
        mut quotes: HashSet<String>,
    ) -> Result<HashSet<String>, RunError> {
        let said: HashSet<&str> = target.questions.iter().map(Question::turn).collect();
        let mut used = HashSet::new();
        let mut spare = |row: &SpoolRow, place: Option<StretchPlace>, groups: &mut GroupRemoval| {
            quotes.retain(|quote| row.question.lines.iter().all(|line| !line.text.contains(quote.as_str())));
            if said.contains(row.question.turn()) {
                for form in &self.forms {
                    let turn = form.turn_key(&row.question);
                    if self.turns.contains(&turn) {
                        place.into_iter().for_each(|place| groups.free(place));
                        used.extend(form.own_keys(&row.question, store)?);
                        used.insert(turn);
                    }
                }
            }
            Ok::<_, RunError>(())
        };
        for (part, _) in run.parts()? {
            for stretch in judging::stretches(run, part) {
                let (stretch, mut removed) = (stretch?, BTreeSet::new());
                for (place, row) in stretch.iter().enumerate() {
                    match target.holds(row.question.id) {
                        true => drop(removed.insert(place)),
                        false => spare(row, Some((row.stretch, place)), &mut self.groups)?,
                    }
                }
                if !removed.is_empty() {
                    self.groups.remove(stretch, removed);
                }
            }
        }
        let audited = AuditSample::of(run)?.map_or_else(Vec::new, |sample| sample.turns);
        for row in audited.iter().map(|drawn| &drawn.turn.row).filter(|row| !target.holds(row.question.id)) {
            spare(row, None, &mut self.groups)?;
        }
        self.keys.retain(|key| !used.contains(key));
        self.turns.retain(|turn| !used.contains(turn));
        Ok(quotes)
    }

    /// Takes what replies about several turns say of these turns out of the replies, and all words around. A reply that is about no other
    /// turn goes, and so does a note in a reply's place, and one in words that nobody can tell apart.
    fn share(&mut self, store: &ReplyStore) -> Result<(), RunError> {
        let mut places: BTreeMap<String, Vec<u32>> = BTreeMap::new();
        for turn in &self.turns {
            for shared in store.shared(turn)? {
                places.entry(shared.key).or_default().push(shared.place as u32 + 1);
            }
        }
        self.requests.extend(self.keys.iter().chain(places.keys()).cloned());
        for (key, numbers) in places {
            let Some(reply) = store.get(&key)? else { continue };
            let is_note = reply.is_refused() || reply.is_too_long() || reply.is_empty();
            if is_note || store.turns_of(&key)?.iter().all(|turn| self.turns.contains(turn)) {
                self.keys.insert(key);
                continue;
            }
            let is_of_others = |turn: Option<u32>| turn.is_some_and(|turn| !numbers.contains(&turn));
            match bare_claims(&reply.content, &|claim| is_of_others(claim.turn)) {
                Some(BareClaims { text, .. }) if text == reply.content => {}
                Some(BareClaims { text, .. }) => drop(self.texts.insert(key, text)),
                None if has_words(&reply.content) => drop(self.keys.insert(key)),
                None => {}
            }
        }
        Ok(())
    }

    /// Takes quotes out of all other replies. Of those without claims, such as refusals, those go that repeat a text.
    fn unquote(
        &mut self,
        target: &ForgottenTarget,
        store: &ReplyStore,
        quotes: &HashSet<String>,
    ) -> Result<(), RunError> {
        let long: Vec<&String> = target.texts.iter().filter(|text| text.len() >= LEAST_TEXT).collect();
        let (keys, mut repeating, mut texts) = (&self.keys, Vec::new(), BTreeMap::new());
        store.visit(|key, content| {
            if keys.contains(key) {
                return;
            }
            let content = self.texts.get(key).map_or(content, String::as_str);
            match bare_claims(content, &|claim| !quotes.contains(claim.quote)) {
                Some(BareClaims { left_out: 0, .. }) => {}
                Some(BareClaims { text, .. }) => drop(texts.insert(key.to_owned(), text)),
                None => {
                    if long.iter().any(|text| content.contains(text.as_str())) {
                        repeating.push(key.to_owned());
                    }
                }
            }
        })?;
        self.texts.extend(texts);
        self.keys.extend(repeating);
        Ok(())
    }

    /// The keys of all requests about the conversations.
    pub(super) const fn requests(&self) -> &BTreeSet<String> {
        &self.requests
    }

    /// Changes the replies, and forgets the keys of the turns.
    ///
    /// # Errors
    /// If ledger or store fails.
    pub(super) fn make(&self, run: &RunDir, store: &ReplyStore) -> Result<ReplyCounts, RunError> {
        let keys: Vec<&str> = self.keys.iter().map(String::as_str).collect();
        let turns: Vec<&str> = self.turns.iter().map(String::as_str).collect();
        let texts = self.texts.iter().filter(|(key, _)| !self.keys.contains(*key));
        let texts: Vec<(&str, &str)> = texts.map(|(key, text)| (key.as_str(), text.as_str())).collect();
        let removed = store.remove(&keys, &texts, &turns)?;
        run.ledger.forget_turns(&[keys, turns].concat())?;
        Ok(ReplyCounts { removed, shortened: texts.len() as u64 })
    }
}

/// All forms in which the run may have asked its judge.
fn forms(run: &RunDir, judge: Judge) -> Result<Vec<QuestionForm>, RunError> {
    let others = judge.other_forms(&run.manifest.config.judge, run.manifest.judge.as_ref())?;
    let compared = forms_asked(run, &judge.client)?;
    Ok(std::iter::once(judge).chain(others).map(|judge| judge.form).chain(compared).collect())
}

/// Whether a quote stands in a text of the conversations.
fn is_of(target: &ForgottenTarget, quote: &str) -> bool {
    quote.len() >= LEAST_TEXT && target.texts.iter().any(|text| text.contains(quote))
}

/// Whether a reply without claims holds more than letters, with which it may quote a turn.
fn has_words(content: &str) -> bool {
    /// The only word of a reply with letters in the JSON form.
    const LETTERS: &str = "letters";
    let mut words = content.split(|c: char| !c.is_alphabetic());
    words.any(|word| word.chars().count() > 1 && word != LETTERS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_are_told_from_words() {
        for letters in ["A", "A B F", "1: A\n2: B", "{\"letters\":[\"A\",\"F\"]}", ""] {
            assert!(!has_words(letters), "{letters}");
        }
        for words in ["The first is A", "1: A, since Änne says no", "否定"] {
            assert!(has_words(words), "{words}");
        }
    }
}
