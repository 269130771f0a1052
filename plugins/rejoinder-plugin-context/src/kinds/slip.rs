//! "Sorry, my mistake: the file is b.txt": the blame falls on the user's own words, not on the answer.

use crate::phrases::Phrases;
use crate::turn::Turn;

/// The user owns up.
static OWN: Phrases = Phrases::new(&[
    "my bad",
    "my mistake",
    "my fault",
    "my typo",
    "i made a mistake",
    "i made a typo",
    "i mistyped",
    "i misspoke",
    "i was wrong",
    "i pasted the wrong",
    "i gave you the wrong",
    "i sent the wrong",
    "i meant my",
    "我打错了",
    "我说错了",
    "我写错了",
    "打错字了",
    "打ち間違えました",
    "書き間違えました",
    "私の間違い",
    "me equivoqué",
    "mi error",
    "error mío",
    "je me suis trompé",
    "je me suis trompée",
    "mon erreur",
    "mein fehler",
    "ich habe mich vertippt",
    "ich habe mich geirrt",
    "я ошибся",
    "я ошиблась",
    "моя ошибка",
    "опечатка",
    "eu errei",
    "meu erro",
    "me enganei",
]);

/// Blame of the answer beside it.
static ANSWER: Phrases = Phrases::new(&[
    "your answer",
    "your code",
    "you said",
    "you did",
    "you didn't",
    "you forgot",
    "you made",
    "you are wrong",
    "you're wrong",
    "you should",
    "still",
    "again",
    "error:",
    "your mistake",
    "doesn't work",
    "does not work",
    "did i",
    "was i",
    "is it my",
    "isn't my",
    "not my",
    "why",
    "或者",
    "まだ",
]);

/// Longer turns say more, such as the request anew, in bytes.
const LONGEST: usize = 100;

pub fn fits(turn: &Turn<'_>) -> bool {
    let text = turn.head.text();
    turn.text.len() <= LONGEST
        && !turn.text.contains(['?', '？'])
        && OWN.stand_in(text)
        && !ANSWER.stand_in(text)
}
