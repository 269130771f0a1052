//! Frequent closed phrases: words in a row that stand in enough conversations, and in more turns than any longer phrase around them.
//!
//! Level by level (Apriori): a phrase of n words is counted only where both phrases of n − 1 words in it are frequent, so a phrase is
//! a pair of numbers of the level before, and no text is compared.

use std::collections::HashMap;

use super::corpus::{BREAK, COMMA, Corpus};

/// Most words of a phrase.
const MOST_WORDS: usize = 7;
/// Most tokens of a phrase: words, and commas between them.
const MOST_TOKENS: usize = 9;
/// Words that stand for what was taken out of a text, or that belong to addresses. No phrase holds them.
const PLACEHOLDERS: [&str; 12] =
    ["email", "secret", "name", "phone", "url", "address", "redacted", "http", "https", "www", "com", "org"];
/// No phrase.
const NONE: u32 = u32::MAX;

/// An occurrence's place in its turn, as bits of a posting.
pub(super) mod place {
    /// No word stands before the phrase.
    pub(crate) const START: u32 = 1;
    /// No word stands behind the phrase.
    pub(crate) const END: u32 = 2;
    /// Neither.
    pub(crate) const WHOLE: u32 = 4;
    /// How far a posting's turn is shifted.
    pub(crate) const SHIFT: u32 = 3;
}

/// A phrase.
#[derive(Debug)]
pub(super) struct Phrase {
    pub(super) text: String,
    /// A turn of the phrase each, in order, with the places of all its occurrences there ([`place`]).
    pub(super) postings: Vec<u32>,
}

/// The frequent closed phrases of a corpus, in a fixed order; `least` is the number of conversations that a phrase stands in.
pub(super) fn frequent_phrases(corpus: &Corpus, least: u32) -> Vec<Phrase> {
    let mut found = Vec::new();
    let mut level = Level::of_words(corpus, least);
    let mut next = level.next(corpus, least);
    for tokens in 1..=MOST_TOKENS {
        let after = next.next(corpus, least);
        let closed = level.closed(corpus, [&next, &after], tokens);
        found.extend(level.phrases(corpus, &closed, tokens));
        (level, next) = (next, after);
        if level.counts.is_empty() {
            break;
        }
    }
    found
}

/// Phrases of one length.
struct Level {
    /// By place of the corpus: the number of the phrase that begins there, or [`NONE`].
    at: Vec<u32>,
    counts: Vec<Count>,
}

#[derive(Clone, Copy)]
struct Count {
    conversations: u32,
    turns: u32,
    last_turn: u32,
    last_conversation: u32,
    first: u32,
}

impl Count {
    const fn new(first: u32) -> Self {
        Self { conversations: 0, turns: 0, last_turn: NONE, last_conversation: NONE, first }
    }

    fn add(&mut self, turn: u32, conversation: u32) {
        if std::mem::replace(&mut self.last_turn, turn) != turn {
            self.turns += 1;
        }
        if std::mem::replace(&mut self.last_conversation, conversation) != conversation {
            self.conversations += 1;
        }
    }
}

impl Level {
    fn of_words(corpus: &Corpus, least: u32) -> Self {
        let speaks = |word: &String| {
            !word.chars().any(char::is_numeric)
                && !word.contains('_')
                && !PLACEHOLDERS.contains(&word.as_str())
        };
        let allowed: Vec<bool> = corpus.vocabulary.iter().map(speaks).collect();
        let key = |place: usize| {
            let word = corpus.words[place];
            (word != BREAK && allowed[word as usize]).then_some((word, 0))
        };
        Self::counted(corpus, least, key)
    }

    fn next(&self, corpus: &Corpus, least: u32) -> Self {
        let key = |place: usize| {
            let (one, other) = (self.at[place], *self.at.get(place + 1)?);
            (one != NONE && other != NONE).then_some((one, other))
        };
        Self::counted(corpus, least, key)
    }

    fn counted(corpus: &Corpus, least: u32, key: impl Fn(usize) -> Option<(u32, u32)>) -> Self {
        let mut numbers: HashMap<(u32, u32), u32> = HashMap::new();
        let mut counts: Vec<Count> = Vec::new();
        let mut at = vec![NONE; corpus.words.len()];
        for (place, at) in at.iter_mut().enumerate() {
            let Some(key) = key(place) else { continue };
            let new = counts.len() as u32;
            *at = *numbers.entry(key).or_insert(new);
            if *at == new {
                counts.push(Count::new(place as u32));
            }
            let turn = corpus.turn_of[place];
            counts[*at as usize].add(turn, corpus.turns[turn as usize].conversation);
        }
        let mut kept = Vec::new();
        let renumbered: Vec<u32> = counts
            .into_iter()
            .map(|count| {
                if count.conversations < least {
                    return NONE;
                }
                kept.push(count);
                kept.len() as u32 - 1
            })
            .collect();
        for number in at.iter_mut().filter(|number| **number != NONE) {
            *number = renumbered[*number as usize];
        }
        Self { at, counts: kept }
    }

    fn tokens<'c>(&self, corpus: &'c Corpus, phrase: usize, tokens: usize) -> &'c [u32] {
        let first = self.counts[phrase].first as usize;
        &corpus.words[first..first + tokens]
    }

    /// Whether each phrase is one: it begins and ends with a word, and no longer one stands in as many turns. A phrase that is longer by a
    /// word can be longer by two tokens, since a comma is one.
    fn closed(&self, corpus: &Corpus, longer: [&Self; 2], tokens: usize) -> Vec<bool> {
        let is_phrase = |tokens: &[u32]| {
            tokens.first() != Some(&COMMA)
                && tokens.last() != Some(&COMMA)
                && tokens.iter().filter(|&&token| token != COMMA).count() <= MOST_WORDS
        };
        let mut closed: Vec<bool> =
            (0..self.counts.len()).map(|phrase| is_phrase(self.tokens(corpus, phrase, tokens))).collect();
        for (more, longer) in (1..).zip(longer) {
            for (number, count) in longer.counts.iter().enumerate() {
                if !is_phrase(longer.tokens(corpus, number, tokens + more)) {
                    continue;
                }
                let first = count.first as usize;
                for &part in &self.at[first..=first + more] {
                    closed[part as usize] &= self.counts[part as usize].turns > count.turns;
                }
            }
        }
        closed
    }

    fn phrases(&self, corpus: &Corpus, closed: &[bool], tokens: usize) -> impl Iterator<Item = Phrase> {
        let mut postings: Vec<Vec<u32>> = vec![Vec::new(); closed.len()];
        let is_edge = |turn: u32, place: Option<usize>| {
            place.is_none_or(|place| corpus.turn_of.get(place).is_none_or(|&other| other != turn))
        };
        for (place, &phrase) in self.at.iter().enumerate() {
            if phrase == NONE || !closed[phrase as usize] {
                continue;
            }
            let turn = corpus.turn_of[place];
            let is_first = is_edge(turn, place.checked_sub(1));
            // The turn's own break stands behind its last word.
            let is_last = corpus.words[place + tokens] == BREAK && is_edge(turn, Some(place + tokens + 1));
            let mut bits = u32::from(is_first) * place::START + u32::from(is_last) * place::END;
            bits |= if is_first && is_last { place::WHOLE } else { 0 };
            let list = &mut postings[phrase as usize];
            match list.last_mut() {
                Some(last) if *last >> place::SHIFT == turn => *last |= bits,
                _ => list.push(turn << place::SHIFT | bits),
            }
        }
        let texts: Vec<String> =
            (0..closed.len()).map(|phrase| text(corpus, self.tokens(corpus, phrase, tokens))).collect();
        postings
            .into_iter()
            .zip(texts)
            .filter(|(postings, _)| !postings.is_empty())
            .map(|(postings, text)| Phrase { text, postings })
    }
}

/// The phrase as a rule file has it.
fn text(corpus: &Corpus, tokens: &[u32]) -> String {
    let mut text = String::new();
    for &token in tokens {
        let word = &corpus.vocabulary[token as usize];
        let joins_on = |c: char| rejoinder_core::fold::is_unsegmented(c);
        let is_joined = token == COMMA
            || text.is_empty()
            || (text.chars().next_back().is_some_and(joins_on) && word.chars().all(joins_on));
        if !is_joined {
            text.push(' ');
        }
        text.push_str(word);
    }
    text
}
