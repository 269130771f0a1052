//! Invented dialogues about rivers, for the tests of suggested rules. No text of a user stands in them but the phrases themselves.

/// The messages of a dialogue, each with its role, as rule files have them.
pub(super) type Dialogue = Vec<String>;

const REQUEST: &str =
    "Write down three rivers of Europe, how long each of them is, and which sea it flows into at its end";
/// A request that is repeated where a rule asks for many words.
const LONG_REQUEST: &str = "Write down three rivers of Europe, how long each of them is, which sea it flows into at its end, \
                            through which countries and cities it runs on its way, and what people have built along the banks of it";
const EARLIER: [&str; 2] = ["U: What is a river?", "A: A natural stream of water."];
const BODIES: [&str; 4] = [
    "The Danube, the Rhine and the Elbe.",
    "```python\nrivers = [\"Danube\", \"Rhine\", \"Elbe\"]\nprint(rivers)\n```",
    "```python\nrivers = [\"Danube\", \"Rhine\",",
    "Die Donau, der Rhein und die Elbe sind drei lange Flüsse in Europa, und sie fließen in verschiedene Meere.",
];
const OPENINGS: [&str; 3] = ["", "I'm sorry. ", "I cannot tell how long they are. "];
const ENDINGS: [&str; 2] = ["", "\nShall I name more?"];
const PADDING: &str = "the answer about the rivers and the seas of Europe in the list above with all of the names and all \
                       of the lengths that stand in it next to each other";

/// Most last turns of known dialogues that are tried.
const MOST_KNOWN: usize = 20;

/// Dialogues whose last turn is an ordinary next request.
pub(super) fn openings() -> Vec<Dialogue> {
    let next = ["U: Name a mountain of Asia.", "U: Which lake is the deepest one?"];
    let request = format!("U: {REQUEST}");
    next.iter().map(|next| vec![request.clone(), format!("A: {}", BODIES[0]), (*next).to_owned()]).collect()
}

/// Dialogues whose last turn holds one of the phrases, or repeats the request, or ends one of the dialogues that are `known`, after answers
/// of all kinds; the plainest first.
pub(super) fn neighbours(phrases: &[String], known: &[Dialogue]) -> Vec<Dialogue> {
    let mut dialogues = Vec::new();
    for request in [REQUEST, LONG_REQUEST] {
        for turn in turns(phrases, known, request) {
            for answer in answers() {
                for earlier in [&EARLIER[..0], &EARLIER] {
                    let earlier = earlier.iter().map(|line| (*line).to_owned());
                    let rest = [format!("U: {request}"), format!("A: {answer}"), format!("U: {turn}")];
                    dialogues.push(earlier.chain(rest).collect());
                }
            }
        }
    }
    dialogues
}

fn answers() -> Vec<String> {
    let mut answers = Vec::new();
    for body in BODIES {
        for opening in OPENINGS {
            answers.extend(ENDINGS.map(|ending| format!("{opening}{body}{ending}")));
        }
    }
    answers
}

fn turns(phrases: &[String], known: &[Dialogue], request: &str) -> Vec<String> {
    let padding: Vec<&str> = PADDING.split(' ').collect();
    let ends = known.iter().filter_map(|dialogue| dialogue.last()?.strip_prefix("U: "));
    let mut turns: Vec<String> = ends.take(MOST_KNOWN).map(str::to_owned).collect();
    for phrase in phrases.iter().take(3) {
        turns.extend([format!("{phrase}, please"), phrase.clone(), format!("{phrase}: {request}")]);
        turns.extend([4, 8, 15, 28].map(|words| format!("{phrase} {}", padding[..words].join(" "))));
    }
    if phrases.is_empty() {
        turns.extend([
            format!("{request}, please"),
            format!("{request}, and name two more"),
            "The Danube, the Rhine?".to_owned(),
            PADDING.to_owned(),
        ]);
    }
    turns
}
