//! What came after a turn. It is no feature of the score, which never looks ahead; it teaches a teacher, which tells the
//! score what unlabelled turns are likely to be: an apology in the next answer gives a complaint away.

use rejoinder_core::dialogue::Opening;
use rejoinder_core::fold::Folded;
use rejoinder_core::similarity::WordBag;
use rejoinder_core::{Conversation, Role};

use super::lexicon;
use super::words::{WordList, fold_ends};

/// Number of values.
pub(crate) const LEN: usize = 5 + lexicon::GROUPS;
/// How much of a text is read, in bytes.
const HEAD: usize = 600;

/// Reads what followed message `turn`.
pub(crate) fn of(conversation: &Conversation<'_>, turn: usize) -> [f32; LEN] {
    let mut values = [-1.0; LEN];
    let messages = &conversation.messages;
    let head = |text: &str| text[..text.floor_char_boundary(HEAD)].to_owned();
    let turn_words = WordBag::new(&head(&messages[turn].text));
    if let Some(answer) = messages.get(turn + 1).filter(|m| m.role == Role::Assistant) {
        let opening = Opening::of(&answer.text);
        values[0] = f32::from(u8::from(opening.apologises));
        values[1] = f32::from(u8::from(opening.refuses));
        values[2] = (answer.text.len() as f32).ln_1p();
        let before = WordBag::new(&head(conversation.previous_answer(turn)));
        values[3] = WordBag::new(&head(&answer.text)).dice(&before);
        let (mut folded, mut words) = (Folded::default(), WordList::default());
        fold_ends(&head(&answer.text), HEAD, 0, &mut folded, &mut String::new());
        words.read(folded.text());
        let groups = lexicon::groups(&words.ordered[..words.len().min(12)]);
        for (group, value) in values[5..].iter_mut().enumerate() {
            *value = (groups >> group & 1) as f32;
        }
    }
    if let Some(next) = messages[turn + 1..].iter().find(|m| m.role == Role::User) {
        values[4] = WordBag::new(&head(&next.text)).dice(&turn_words);
    }
    values
}
