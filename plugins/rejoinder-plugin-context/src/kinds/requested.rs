//! "Translate: I am sorry, that is wrong": the words are material of a writing task, not said to the assistant.

use rejoinder_core::fold::Folded;

use crate::phrases::{self, Phrases};
use crate::turn::Turn;

/// Words of courtesy before the task.
const COURTESY: &[&str] = &[
    "请",
    "请你",
    "请帮我",
    "帮我",
    "por favor",
    "bitte",
    "пожалуйста",
    "please",
    "now",
    "then",
    "and",
    "can you",
    "could you",
    "would you",
    "help me",
    "ok",
    "okay",
];

/// Verbs that ask for a text.
const TASKS: &[&str] = &[
    "translate",
    "write",
    "rewrite",
    "reword",
    "rephrase",
    "paraphrase",
    "proofread",
    "compose",
    "draft",
    "summarize",
    "summarise",
    "correct the grammar",
    "fix the grammar",
    "improve the text",
    "reply to",
    "respond to",
    "make a story",
    "create a story",
    "make a dialogue",
    "roleplay",
    "role play",
    "pretend",
    "翻译",
    "翻譯",
    "写",
    "改写",
    "润色",
    "翻訳",
    "traduce",
    "traduis",
    "traduisez",
    "traduire",
    "escribe",
    "redacta",
    "écris",
    "rédige",
    "übersetze",
    "schreibe",
    "schreib",
    "переведи",
    "перепиши",
    "напиши",
    "traduza",
    "escreva",
];

/// How long the words that set the task may be, in bytes.
const INSTRUCTION: usize = 200;

/// What speaks of the answer: then the task may be a correction.
static OF_THE_ANSWER: Phrases = Phrases::new(&[
    "again",
    "instead",
    "you",
    "your",
    "this time",
    "still",
    "not",
    "don't",
    "without",
    "better",
    "above",
    "previous",
    "the last",
    "that",
    "it",
]);

/// Texts that praise, thank or complain by nature.
const SORTS: &[&str] = &[
    "thank you note",
    "thank-you note",
    "thank you letter",
    "thank-you letter",
    "thank you card",
    "thank you email",
    "letter of thanks",
    "apology letter",
    "letter of apology",
    "apology email",
    "complaint letter",
    "letter of complaint",
    "complaint email",
    "positive review",
    "negative review",
    "bad review",
    "good review",
    "感谢信",
    "道歉信",
    "投诉信",
    "お礼状",
    "謝罪文",
    "carta de agradecimiento",
    "carta de disculpa",
    "carta de queja",
    "lettre de remerciement",
    "lettre d'excuses",
    "lettre de réclamation",
    "dankesbrief",
    "dankschreiben",
    "entschuldigungsschreiben",
    "beschwerdebrief",
    "благодарственное письмо",
    "жалобу",
    "carta de agradecimento",
    "carta de reclamação",
];

pub fn fits(turn: &Turn<'_>) -> bool {
    if is_sort(turn) {
        return !turn.may_be_about_the_answer();
    }
    let Some(material) = turn.is_marked().then(|| material(turn)).flatten() else { return false };
    turn.all_hits(|hit| hit.start >= material) && !turn.may_be_about_the_answer()
}

/// A short request for a text of such a sort.
fn is_sort(turn: &Turn<'_>) -> bool {
    let Some(task) = task(turn.head.text()).filter(|_| turn.text.len() <= INSTRUCTION) else { return false };
    SORTS
        .iter()
        .filter_map(|sort| phrases::find(task, sort).map(|at| (at, sort.len())))
        .any(|(at, len)| !OF_THE_ANSWER.stand_in(&task[..at]) && !OF_THE_ANSWER.stand_in(&task[at + len..]))
}

/// Where the material begins: after the colon, line end or quotation mark that closes a short instruction.
fn material(turn: &Turn<'_>) -> Option<usize> {
    let head = &turn.text[..turn.text.floor_char_boundary(INSTRUCTION)];
    let (end, mark) = head.char_indices().find(|&(at, c)| {
        matches!(c, ':' | '：' | '\n' | '"' | '“' | '「') && !head[..at].trim().is_empty()
    })?;
    let instruction = Folded::new(&head[..end]);
    task(instruction.text()).filter(|task| !OF_THE_ANSWER.stand_in(task)).map(|_| end + mark.len_utf8())
}

/// The instruction without courtesy, if it sets a task.
fn task(instruction: &str) -> Option<&str> {
    let mut task = instruction;
    while let Some(rest) = phrases::strip(task, COURTESY) {
        task = rest.trim_start_matches([' ', ',']);
    }
    phrases::strip(task, TASKS).map(|_| task)
}
