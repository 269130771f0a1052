//! "Please fix this, thanks in advance": thanks for what is still to be done.

use rejoinder_core::fold::Folded;

use crate::phrases::{self, Phrases};
use crate::turn::Turn;

static ADVANCE: Phrases = Phrases::new(&[
    "thanks in advance",
    "thank you in advance",
    "thx in advance",
    "ty in advance",
    "many thanks in advance",
    "thank you so much in advance",
    "thank you very much in advance",
    "appreciate it in advance",
    "先谢谢",
    "先谢了",
    "先感谢",
    "提前谢谢",
    "よろしくお願いします",
    "宜しくお願いします",
    "gracias de antemano",
    "gracias por adelantado",
    "merci d'avance",
    "merci par avance",
    "danke im voraus",
    "vielen dank im voraus",
    "заранее спасибо",
    "спасибо заранее",
    "заранее благодарю",
    "obrigado desde já",
    "obrigada desde já",
    "desde já obrigado",
    "desde já agradeço",
]);

/// Plain thanks: in advance where they follow upon a question.
const PLAIN: &[&str] = &[
    "thanks",
    "thank you",
    "thank you so much",
    "thank you very much",
    "many thanks",
    "thx",
    "ty",
    "谢谢",
    "谢谢你",
    "感谢",
    "ありがとう",
    "ありがとうございます",
    "gracias",
    "muchas gracias",
    "merci",
    "merci beaucoup",
    "danke",
    "vielen dank",
    "danke schön",
    "спасибо",
    "большое спасибо",
    "obrigado",
    "obrigada",
    "muito obrigado",
    "muito obrigada",
];

/// How much of a turn's end is searched, in bytes.
const TAIL: usize = 160;

/// The turn ends with such thanks, and no rule marked anything before them.
pub fn fits(turn: &Turn<'_>) -> bool {
    turn.is_marked() && thanks(turn.text).is_some_and(|start| turn.all_hits(|hit| hit.start >= start))
}

/// Where the sentence of thanks at the end begins.
fn thanks(text: &str) -> Option<usize> {
    let text = text.trim_end();
    let start = text.ceil_char_boundary(text.len().saturating_sub(TAIL));
    let body = text.trim_end_matches(|c: char| !c.is_alphanumeric());
    let last = body.rfind(SENTENCE_ENDS).map_or(0, |at| text.ceil_char_boundary(at + 1)).max(start);
    let folded = Folded::new(&text[last..]);
    let after_question = text[..last].ends_with(['?', '？']);
    let is_thanks = ADVANCE.stand_in(folded.text())
        || (after_question && phrases::consists_of(&phrases::bare(folded.text()), PLAIN, 2));
    is_thanks.then_some(last)
}

const SENTENCE_ENDS: [char; 7] = ['.', '!', '?', '\n', '。', '！', '？'];
