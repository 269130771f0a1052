//! The shape of a turn: length, punctuation, case, code, script.

use std::sync::LazyLock;

use memchr::memmem::{self, Finder};
use memchr::{memchr, memchr_iter, memchr2, memchr3};

/// Words of error reports.
static ERRORS: LazyLock<[Finder<'static>; 6]> =
    LazyLock::new(|| ["error", "exception", "traceback", "undefined", "failed", "invalid"].map(Finder::new));
static LINK: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new("http"));
static DOTS: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new("..."));

pub(crate) const NAMES: [&str; 30] = [
    "log words",
    "log bytes",
    "lines",
    "question marks",
    "ends with question",
    "exclamations",
    "capitals",
    "shouts",
    "repeated marks",
    "code",
    "fence",
    "digits",
    "beyond ascii",
    "unsegmented",
    "link",
    "quotes",
    "lower start",
    "ends with stop",
    "ends with colon",
    "ends with comma",
    "error words",
    "list",
    "first line",
    "mean word",
    "dots",
    "brackets",
    "first sentence",
    "smiles",
    "frowns",
    "question within",
];

/// Reads the shape of `text`, the trimmed original; `folded` is its ends, `words` their number.
pub(crate) fn of(text: &str, folded: &str, words: usize) -> [f32; NAMES.len()] {
    let head = &text.as_bytes()[..text.floor_char_boundary(600)];
    let mut count = [0_u32; 256];
    for &b in head {
        count[b as usize] += 1;
    }
    let sum = |range: std::ops::RangeInclusive<u8>| {
        count[*range.start() as usize..=*range.end() as usize].iter().sum::<u32>()
    };
    let (upper, lower, digits) = (sum(b'A'..=b'Z'), sum(b'a'..=b'z'), sum(b'0'..=b'9'));
    let beyond = sum(128..=255);
    let of = |b: u8| count[b as usize] as f32;
    let all = head.len().max(1) as f32;
    let last = text.chars().next_back().unwrap_or(' ');
    let first = text.chars().next().unwrap_or(' ');
    // Without a branch, so that the compiler makes it a vector loop.
    let repeats = |(&a, &b): (&u8, &u8)| u32::from((a == b) & ((a == b'!') | (a == b'?') | (a == b'.')));
    let repeated: u32 = head.iter().zip(head.iter().skip(1)).map(repeats).sum();
    let full_width = if beyond > 0 { questions(folded) as f32 } else { of(b'?') };
    let code = of(b';') + of(b'{') + of(b'}') + of(b'=') + of(b'_') + of(b'(');
    let first_line = memchr(b'\n', head).unwrap_or(head.len());
    let first_sentence = memchr3(b'.', b'?', b'!', head).unwrap_or(head.len());
    let first_sentence = memchr2(b'\n', b',', &head[..first_sentence]).unwrap_or(first_sentence);
    let unsegmented = if beyond > 0 {
        folded.chars().take(100).filter(|&c| rejoinder_core::fold::is_unsegmented(c)).count() as f32 / 100.0
    } else {
        0.0
    };
    let holds = |word: &Finder<'_>| word.find(folded.as_bytes()).is_some();
    let error = ERRORS.iter().filter(|word| holds(word)).count();
    let flag = |yes: bool| f32::from(u8::from(yes));
    let (smiles, frowns) = faces(text);
    [
        (words as f32).ln_1p(),
        (text.len() as f32).ln_1p(),
        of(b'\n').ln_1p(),
        full_width.min(5.0),
        flag(matches!(last, '?' | '？' | '؟')),
        of(b'!').min(5.0),
        upper as f32 / (upper + lower).max(1) as f32,
        flag(upper >= 8 && lower * 3 < upper),
        (repeated as f32).min(5.0),
        code / all,
        flag(memmem::find(text.as_bytes(), b"```").is_some()),
        digits as f32 / all,
        beyond as f32 / all,
        unsegmented,
        flag(holds(&LINK)),
        (of(b'"') + of(b'\'')).min(6.0),
        flag(first.is_lowercase()),
        flag(matches!(last, '.' | '!' | '。' | '！')),
        flag(matches!(last, ':' | '：')),
        flag(last.is_alphanumeric()),
        error as f32,
        of(b'-').max(of(b'*')).min(6.0),
        (first_line as f32).ln_1p(),
        (upper + lower) as f32 / words.max(1) as f32,
        flag(holds(&DOTS)),
        (of(b'[') + of(b'<') + of(b'>')) / all,
        (first_sentence as f32).ln_1p(),
        smiles,
        frowns,
        // Something is said after the question.
        flag(full_width > 0.0 && !matches!(last, '?' | '？' | '؟')),
    ]
}

/// Question marks, and those of Arabic script.
fn questions(folded: &str) -> usize {
    memchr_iter(b'?', folded.as_bytes()).count() + memmem::find_iter(folded.as_bytes(), "؟").count()
}

/// Faces and gestures that please, and those that don't, in the last few hundred bytes.
fn faces(text: &str) -> (f32, f32) {
    let tail = &text[text.ceil_char_boundary(text.len().saturating_sub(200))..];
    let (mut smiles, mut frowns) = (0.0_f32, 0.0_f32);
    if memchr3(b':', b';', b'^', tail.as_bytes()).is_some() {
        let count = |faces: &[&str]| faces.iter().filter(|face| tail.contains(**face)).count() as f32;
        smiles += count(&[":)", ":-)", ":d", ":D", ";)", "^^", ":p"]);
        frowns += count(&[":(", ":-(", ":/ "]);
    }
    if !tail.is_ascii() {
        // The least of them is U+263A.
        for c in tail.chars().filter(|c| *c >= '\u{2600}') {
            match c {
                '\u{1F600}'..='\u{1F60F}'
                | '👍'
                | '🙏'
                | '👏'
                | '❤'
                | '💕'
                | '🎉'
                | '🔥'
                | '💯'
                | '🤗'
                | '🥰'
                | '🤩'
                | '👌'
                | '☺'
                | '🙂' => smiles += 1.0,
                '\u{1F610}'..='\u{1F617}' | '\u{1F61E}'..='\u{1F62D}' | '🤔' | '🙄' | '👎' | '🤦' | '🙁' =>
                {
                    frowns += 1.0;
                }
                _ => {}
            }
        }
    }
    (smiles.min(4.0), frowns.min(4.0))
}
