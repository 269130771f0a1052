//! The script that a text is written in.

/// A script, or several that one language uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Script {
    Latin,
    Cyrillic,
    Arabic,
    Devanagari,
    /// Chinese characters and Japanese syllables.
    HanAndKana,
    /// A script that stands for one language, which is the only or by far the greatest language of the script.
    Of(&'static str),
    /// A script whose languages are not told apart.
    Other,
}

/// The blocks of letters, in order: the first and last letter of each.
const BLOCKS: [(char, char, Script); 46] = [
    ('A', 'z', Script::Latin),
    ('ª', 'ʯ', Script::Latin),
    ('Ͱ', 'Ͽ', Script::Of("el")),
    ('Ѐ', 'ԯ', Script::Cyrillic),
    ('Ա', 'և', Script::Of("hy")),
    ('א', 'ײ', Script::Of("he")),
    ('ؠ', 'ۿ', Script::Arabic),
    ('ݐ', 'ݿ', Script::Arabic),
    ('ࡰ', 'ࣿ', Script::Arabic),
    ('ऀ', 'ॿ', Script::Devanagari),
    ('ঀ', '৿', Script::Of("bn")),
    ('ਁ', '੶', Script::Of("pa")),
    ('ઁ', '૿', Script::Of("gu")),
    ('ଁ', '୷', Script::Of("or")),
    ('ஂ', '௺', Script::Of("ta")),
    ('ఀ', '౿', Script::Of("te")),
    ('ಀ', 'ೳ', Script::Of("kn")),
    ('ഀ', 'ൿ', Script::Of("ml")),
    ('ඁ', '෴', Script::Of("si")),
    ('ก', '๛', Script::Of("th")),
    ('ກ', 'ໟ', Script::Of("lo")),
    ('ༀ', '࿚', Script::Of("bo")),
    ('က', '႟', Script::Of("my")),
    ('Ⴀ', 'ჿ', Script::Of("ka")),
    ('ᄀ', 'ᇿ', Script::Of("ko")),
    ('ሀ', '᎙', Script::Of("am")),
    ('ក', '៹', Script::Of("km")),
    ('ᲀ', 'ᲊ', Script::Cyrillic),
    ('Ა', 'Ჿ', Script::Of("ka")),
    ('Ḁ', 'ỿ', Script::Latin),
    ('ἀ', '῾', Script::Of("el")),
    ('ⴀ', 'ⴭ', Script::Of("ka")),
    ('ⷠ', 'ⷿ', Script::Cyrillic),
    ('々', '〇', Script::HanAndKana),
    ('ぁ', 'ヿ', Script::HanAndKana),
    ('ㄅ', 'ㄯ', Script::HanAndKana),
    ('ㄱ', 'ㆎ', Script::Of("ko")),
    ('ㇰ', 'ㇿ', Script::HanAndKana),
    ('㐀', '䶿', Script::HanAndKana),
    ('一', '鿿', Script::HanAndKana),
    ('가', '힣', Script::Of("ko")),
    ('\u{f900}', '\u{faff}', Script::HanAndKana),
    ('ﭐ', 'ﻼ', Script::Arabic),
    ('Ａ', 'ｚ', Script::Latin),
    ('ｦ', 'ﾝ', Script::HanAndKana),
    ('\u{20000}', '\u{323af}', Script::HanAndKana),
];

impl Script {
    /// The script of a letter.
    pub(super) fn of(letter: char) -> Self {
        if letter.is_ascii() {
            return Self::Latin;
        }
        let block = BLOCKS.partition_point(|&(_, last, _)| last < letter);
        BLOCKS.get(block).filter(|&&(first, ..)| first <= letter).map_or(Self::Other, |&(.., script)| script)
    }

    /// The script that most of a text is in; `None` without letters. A letter of another script counts more than a
    /// Latin one: names, terms and code in Latin letters stand in texts of all languages, and their words are longer;
    /// and twice that where the text sounds like that script's language.
    pub(super) fn most_of(text: &str, sounds: Self) -> Option<Self> {
        if text.is_ascii() {
            return text.contains(|c: char| c.is_ascii_alphabetic()).then_some(Self::Latin);
        }
        let mut counts = [(Self::Other, 0); 8];
        for c in text.chars().filter(|c| c.is_alphabetic()) {
            let script = Self::of(c);
            if let Some(slot) = counts.iter_mut().find(|(of, n)| *of == script || *n == 0) {
                *slot = (script, slot.1 + 1);
            }
        }
        let weigh = |(script, n): (Self, usize)| {
            let is_heard = script == sounds && script != Self::Latin;
            n * script.weight() * if is_heard { 2 } else { 1 }
        };
        counts.into_iter().filter(|(_, n)| *n > 0).max_by_key(|slot| weigh(*slot)).map(|(script, _)| script)
    }

    fn weight(self) -> usize {
        match self {
            Self::Latin => 1,
            // A letter is a syllable.
            Self::HanAndKana | Self::Of("ko") => 4,
            _ => 2,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_are_in_order_and_apart() {
        assert!(BLOCKS.iter().all(|(first, last, _)| first <= last));
        assert!(BLOCKS.windows(2).all(|pair| pair[0].1 < pair[1].0));
    }

    #[test]
    fn the_script_of_names_and_code_is_not_the_one_of_the_text() {
        let most_of = |text, sounds| Script::most_of(text, sounds);
        assert_eq!(most_of("ช่วยเขียน Python ให้หน่อย", Script::Latin), Some(Script::Of("th")));
        assert_eq!(most_of("what does спасибо mean in English?", Script::Latin), Some(Script::Latin));
        assert_eq!(most_of("напиши функцию is_prime(number)", Script::Cyrillic), Some(Script::Cyrillic));
        assert_eq!(most_of("用Python写", Script::Latin), Some(Script::HanAndKana));
        assert_eq!(most_of("ᚠᚢᚦ", Script::Latin), Some(Script::Other));
        assert_eq!(most_of("42 — 👍", Script::Latin), None);
    }
}
