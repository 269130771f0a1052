//! The facts that conditions compare. A fact is worked out when a condition first asks for it, and at most once.

use std::cell::OnceCell;

use rejoinder_core::change::Change;
use rejoinder_core::dialogue::{self, Opening};
use rejoinder_core::fold::Folded;
use rejoinder_core::language::Language;
use rejoinder_core::similarity::WordBag;
use rejoinder_core::{Conversation, Role};

use rejoinder_rule_files::{
    AnswerTrait, ColumnValues, Condition, Measurement, SearchRoom, TextReading, TurnText,
};

use crate::dialogue_search::DialogueSearch;
use crate::dialogue_texts::{MAX_EARLIER_TURNS, SearchedTexts};

/// Below this similarity a turn is no template of an earlier one.
const TEMPLATE: f32 = 0.5;
/// How much of the answer is searched for the turn's words: its beginning and its end, in bytes each.
const ANSWER_SIDE: usize = 4096;
/// How much of a text is compared word by word for a template, in bytes.
const TEMPLATE_HEAD: usize = 2048;

/// Facts about a conversation, shared by the scans of its turns.
#[derive(Debug, Default)]
pub(crate) struct ConversationFacts {
    /// Word bags of the messages, as far as needed.
    bags: Vec<OnceCell<WordBag>>,
    language: OnceCell<Option<Language>>,
    first_and_last: OnceCell<(Option<usize>, Option<usize>)>,
    texts: SearchedTexts,
    /// What the record holds in the columns that rules ask for, by the numbers of the columns.
    columns: Vec<ColumnValues>,
}

impl ConversationFacts {
    /// Forgets the last conversation and begins this one, whose record holds these columns.
    pub(crate) fn begin(
        &mut self,
        conversation: &Conversation<'_>,
        columns: impl Iterator<Item = ColumnValues>,
    ) {
        self.bags.clear();
        self.bags.resize_with(conversation.messages.len(), OnceCell::new);
        self.language = OnceCell::new();
        self.first_and_last = OnceCell::new();
        self.texts = SearchedTexts::default();
        self.columns.clear();
        self.columns.extend(columns);
    }

    /// What the record holds in the columns that rules ask for, by the numbers of the columns.
    pub(crate) fn columns(&self) -> &[ColumnValues] {
        &self.columns
    }

    /// The language of the user's messages, taken together from the first one on.
    pub(crate) fn language(&self, conversation: &Conversation<'_>) -> Option<Language> {
        *self.language.get_or_init(|| {
            let users = conversation.messages.iter().filter(|m| m.role == Role::User);
            Language::of(users.map(|m| &*m.text))
        })
    }

    fn first_and_last(&self, conversation: &Conversation<'_>) -> (Option<usize>, Option<usize>) {
        *self.first_and_last.get_or_init(|| {
            let mut turns = conversation.later_turns();
            let first = turns.next();
            (first, turns.last().or(first))
        })
    }
}

/// Facts about one turn.
pub(crate) struct TurnFacts<'a> {
    conversation: &'a Conversation<'a>,
    shared: &'a ConversationFacts,
    turn: usize,
    text: &'a TurnText,
    search: &'a DialogueSearch,
    room: &'a SearchRoom,
    opening: OnceCell<Opening>,
    most_similar: OnceCell<(f32, usize)>,
    answer: [OnceCell<bool>; AnswerTrait::ALL.len()],
    in_answer: OnceCell<f32>,
    template: OnceCell<bool>,
}

impl<'a> TurnFacts<'a> {
    /// Facts about message `turn`, whose text is `text`; words are looked for in other texts by `search`, and patterns search in `room`.
    pub(crate) fn new(
        conversation: &'a Conversation<'a>,
        shared: &'a ConversationFacts,
        turn: usize,
        text: &'a TurnText,
        search: &'a DialogueSearch,
        room: &'a SearchRoom,
    ) -> Self {
        Self {
            conversation,
            shared,
            turn,
            text,
            search,
            room,
            opening: OnceCell::new(),
            most_similar: OnceCell::new(),
            answer: Default::default(),
            in_answer: OnceCell::new(),
            template: OnceCell::new(),
        }
    }

    /// Whether all of a rule's conditions hold; those that cost little are tried first.
    pub(crate) fn all_hold(&self, conditions: &[Condition]) -> bool {
        let (mut cheap, mut dear) = (conditions.iter(), conditions.iter());
        // Whether it is cheap may change while conditions are tried; a second trial then costs little.
        cheap.all(|c| !self.is_cheap(c) || self.holds(c)) && dear.all(|c| self.holds(c))
    }

    /// Whether the trial of the condition costs less than a regex.
    pub(crate) fn is_cheap(&self, condition: &Condition) -> bool {
        match condition {
            Condition::Unless(_)
            | Condition::InAnswer(_)
            | Condition::Dialogue(_)
            | Condition::Rules(..)
            | Condition::Fact(_) => false,
            Condition::Similar(_) => self.most_similar.get().is_some(),
            Condition::Template(_) => self.template.get().is_some(),
            Condition::Language(_) => self.shared.language.get().is_some(),
            _ => true,
        }
    }

    /// Whether a condition holds.
    pub(crate) fn holds(&self, condition: &Condition) -> bool {
        condition.holds(&self.measure(condition))
    }

    /// The measurement that the condition compares.
    pub(crate) fn measure(&self, condition: &Condition) -> Measurement {
        match condition {
            Condition::MinWords(_) | Condition::MaxWords(_) => Measurement::Words(self.word_count()),
            Condition::FirstTurn(_) => {
                Measurement::Is(self.shared.first_and_last(self.conversation).0 == Some(self.turn))
            }
            Condition::LastTurn(_) => {
                Measurement::Is(self.shared.first_and_last(self.conversation).1 == Some(self.turn))
            }
            Condition::Previous(which, _) => Measurement::Is(self.answer_is(*which)),
            Condition::Language(_) => Measurement::Language(self.shared.language(self.conversation)),
            Condition::Unless(regex) => {
                Measurement::Match(regex.find_in(self.written(), self.text, self.room))
            }
            Condition::Dialogue(words) => {
                let Self { conversation, shared, turn, search, room, .. } = self;
                let (place, texts) = shared.texts.find(words, *turn, search, conversation, room);
                Measurement::Elsewhere(place, texts)
            }
            Condition::Similar(_) => Measurement::Share(self.most_similar().0),
            Condition::Template(_) => Measurement::Is(self.is_template()),
            Condition::InAnswer(_) => Measurement::Share(self.in_answer()),
            Condition::Column(condition) => {
                Measurement::Column(ColumnValues::clone(&self.shared.columns[condition.slot as usize]))
            }
            Condition::Rules(..) | Condition::Fact(_) => Measurement::Later,
        }
    }

    /// What was measured for a condition, in words.
    pub(crate) fn describe(&self, condition: &Condition, measured: &Measurement) -> String {
        match (condition, measured) {
            (Condition::Dialogue(words), Measurement::Elsewhere(place, texts)) => {
                self.shared.texts.describe(words, place.as_ref(), *texts, self.search, self.conversation)
            }
            (Condition::Unless(regex), _) if !regex.reading().is_folded() => {
                measured.describe(self.written(), regex.reading())
            }
            _ => measured.describe(self.text.text(), TextReading::Folded),
        }
    }

    /// The turn as written.
    fn written(&self) -> &'a str {
        &self.conversation.messages[self.turn].text
    }

    fn word_count(&self) -> u32 {
        self.words().len() as u32
    }

    /// The turn's own words.
    fn words(&self) -> &'a WordBag {
        self.shared.bags[self.turn].get_or_init(|| WordBag::of_folded(self.text.text()))
    }

    fn previous_answer(&self) -> &'a str {
        self.conversation.previous_answer(self.turn)
    }

    fn answer_is(&self, which: AnswerTrait) -> bool {
        *self.answer[which as usize].get_or_init(|| {
            let answer = self.previous_answer();
            match which {
                AnswerTrait::EndsWithQuestion => dialogue::ends_with_question(answer),
                AnswerTrait::Apologises => self.opening(answer).apologises,
                AnswerTrait::Refuses => self.opening(answer).refuses,
                AnswerTrait::CutOff => dialogue::is_cut_off(answer),
                AnswerTrait::HasCode => dialogue::has_code(answer),
                AnswerTrait::OtherLanguage => {
                    let theirs = Language::of(std::iter::once(answer));
                    let ours = self.shared.language(self.conversation);
                    theirs.is_some() && ours.is_some() && theirs != ours
                }
            }
        })
    }

    fn opening(&self, answer: &str) -> Opening {
        *self.opening.get_or_init(|| Opening::of(answer))
    }

    /// The greatest similarity to an earlier user turn (see [`rejoinder_core::similarity`]), and that turn.
    fn most_similar(&self) -> (f32, usize) {
        *self.most_similar.get_or_init(|| {
            let bags = &self.shared.bags;
            let own = self.words();
            let messages = &self.conversation.messages;
            let mut best = (0.0, self.turn);
            let earlier = (0..self.turn).rev().filter(|&i| messages[i].role == Role::User);
            for i in earlier.take(MAX_EARLIER_TURNS) {
                let similarity = own.dice(bags[i].get_or_init(|| WordBag::new(&messages[i].text)));
                if similarity > best.0 {
                    best = (similarity, i);
                }
            }
            best
        })
    }

    fn is_template(&self) -> bool {
        *self.template.get_or_init(|| {
            let (similarity, earlier) = self.most_similar();
            if similarity < TEMPLATE {
                return false;
            }
            let earlier = Folded::new(head(&self.conversation.messages[earlier].text, TEMPLATE_HEAD));
            Change::between(earlier.text(), head(self.text.text(), TEMPLATE_HEAD)).is_template()
        })
    }

    /// The share of the turn's words that stand in the last answer; a word counts as often as both hold it.
    fn in_answer(&self) -> f32 {
        *self.in_answer.get_or_init(|| {
            let own = self.words();
            if own.is_empty() {
                return 0.0;
            }
            let answer = self.previous_answer();
            let tail = answer.ceil_char_boundary(answer.len().saturating_sub(ANSWER_SIDE).max(ANSWER_SIDE));
            let sides = [head(answer, ANSWER_SIDE), answer.get(tail..).unwrap_or_default()];
            own.common(&WordBag::new(&sides.join("\n"))) as f32 / own.len() as f32
        })
    }
}

fn head(text: &str, bytes: usize) -> &str {
    &text[..text.floor_char_boundary(bytes)]
}
