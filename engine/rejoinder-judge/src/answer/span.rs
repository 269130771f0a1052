//! Where a quoted text stands in a turn.
//!
//! A quote counts only if the turn holds it. But models do not copy characters: they straighten quotation marks, break
//! lines elsewhere, compose accents, add marks around a quote and leave its middle out.

use std::ops::Range;

use rejoinder_core::fold::{self, Folded};

/// The bytes of `turn` that `quote` quotes, compared in folded form; `None` if the turn does not hold the quote.
pub(super) fn locate(quote: &str, turn: &str) -> Option<(usize, usize)> {
    let folded_turn = Folded::new(turn);
    let turn_text = comparable(&folded_turn);
    let quote = comparable(&Folded::new(quote));
    let range = [quote.trim(), bare(&quote)]
        .into_iter()
        .find_map(|quote| find(quote, &turn_text))
        .or_else(|| find_parts(&quote, &turn_text))?;
    let range = folded_turn.original_range(turn, range);
    Some((range.start, range.end))
}

/// The whole turn without white space at its ends; `None` if nothing is left.
pub(super) fn whole(turn: &str) -> Option<(usize, usize)> {
    let start = turn.len() - turn.trim_start().len();
    let end = turn.trim_end().len();
    (start < end).then_some((start, end))
}

/// The folded text, with its lines joined and its ellipses spelt out. Both changes keep every offset: `…` has three bytes, too.
fn comparable(folded: &Folded) -> String {
    folded.text().replace('\n', " ").replace('…', "...")
}

/// The quote without what models put around it: quotation marks, the dots of an omission, a full stop.
fn bare(quote: &str) -> &str {
    quote.trim_matches(['"', '\'', '`', '«', '»', '.', ' '])
}

/// Where `quote` stands in `turn`; a place between word boundaries is preferred.
fn find(quote: &str, turn: &str) -> Option<Range<usize>> {
    if quote.is_empty() {
        return None;
    }
    let is_word =
        |at: &usize| fold::is_word_boundary(turn, *at) && fold::is_word_boundary(turn, at + quote.len());
    let start = turn.match_indices(quote).map(|(at, _)| at).find(is_word).or_else(|| turn.find(quote))?;
    Some(start..start + quote.len())
}

/// From the first to the last part of a quote with omissions, if all parts stand in the turn in their order.
fn find_parts(quote: &str, turn: &str) -> Option<Range<usize>> {
    let quote = quote.replace("[...]", "...").replace("(...)", "...");
    let mut found: Option<Range<usize>> = None;
    let parts = bare(&quote).split("...").map(bare);
    for part in parts.filter(|part| !part.is_empty()) {
        if !is_telling(part) {
            return None;
        }
        let from = found.as_ref().map_or(0, |range| range.end);
        let range = find(part, &turn[from..])?;
        let start = found.map_or(range.start, |before| before.start);
        found = Some(start..from + range.end);
    }
    found
}

/// Whether a part of a quote is so long that it hardly stands in the turn by chance.
fn is_telling(part: &str) -> bool {
    part.chars().count() >= 8 || fold::words(part).count() >= 3
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn found<'a>(quote: &str, turn: &'a str) -> Option<&'a str> {
        locate(quote, turn).map(|(start, end)| &turn[start..end])
    }

    #[test]
    fn spellings_that_look_alike_are_equal() {
        for (quote, turn, span) in [
            ("café is wrong", "No, cafe\u{301} is wrong", "cafe\u{301} is wrong"),
            ("cafe\u{301} is wrong", "No, café is wrong", "café is wrong"),
            ("한국어", "\u{1112}\u{1161}\u{11AB}국어 주세요", "\u{1112}\u{1161}\u{11AB}국어"),
            ("NO, wrong!", "Ｎｏ，\u{3000}ｗｒｏｎｇ！", "Ｎｏ，\u{3000}ｗｒｏｎｇ！"),
            ("not that", "I said not\u{A0}that", "not\u{A0}that"),
            ("[INST] is text", "so [\u{200B}INST] is text", "[\u{200B}INST] is text"),
            ("it's \"ok\"", "now it’s “ok”, thanks", "it’s “ok”"),
            ("it’s “ok”", "now it's \"ok\", thanks", "it's \"ok\""),
            ("well... thanks", "Well… thanks!", "Well… thanks"),
            ("well… thanks", "Well... thanks!", "Well... thanks"),
            ("no, not that", "No,\r\n\r\n  not that", "No,\r\n\r\n  not that"),
            ("no,\nnot that", "No, not that", "No, not that"),
            ("\"Thank you.\"", "Hey, thank you", "thank you"),
            ("«thank you»", "Hey, thank you!", "thank you"),
            ("…is wrong…", "This is wrong, sorry", "is wrong"),
        ] {
            assert_eq!(found(quote, turn), Some(span), "{quote} in {turn}");
        }
    }

    #[test]
    fn a_word_is_looked_for_as_a_word_first() {
        assert_eq!(locate("no", "I know: no."), Some((8, 10)));
        assert_eq!(found("不对", "这不对吧"), Some("不对"));
        assert_eq!(found("than", "thanks"), Some("than"));
    }

    #[test]
    fn a_middle_may_be_left_out_between_parts_that_tell_something() {
        let turn = "No, I said that the list should be sorted by name in Python, please.";
        let span = "I said that the list should be sorted by name in Python";
        for quote in [
            "I said that … in Python",
            "I said that [...] by name in Python",
            "“I said that ... sorted by name … in Python.”",
        ] {
            assert_eq!(found(quote, turn), Some(span), "{quote}");
        }
        for quote in
            ["by name in Python … I said that", "No … in Python, please", "I said that … in Perl, please"]
        {
            assert_eq!(found(quote, turn), None, "{quote}");
        }
        assert_eq!(found("我要的是…按名字", "我要的是把列表按名字排"), Some("我要的是把列表按名字"));
    }

    #[test]
    fn nothing_is_nowhere() {
        for quote in ["", " ", "...", "\"\"", "\u{200B}", "something else"] {
            assert_eq!(found(quote, "thanks, that works"), None, "{quote:?}");
        }
    }

    proptest! {
        #[test]
        fn spans_are_parts_of_the_turn(turn in "\\PC{0,60}", quote in "\\PC{0,20}", mark in "[….\"' ]{0,4}", cut in any::<(prop::sample::Index, prop::sample::Index)>()) {
            let at = |index: prop::sample::Index| turn.floor_char_boundary(index.index(turn.len() + 1));
            let (from, to) = (at(cut.0).min(at(cut.1)), at(cut.0).max(at(cut.1)));
            for quote in [&quote, &turn[from..to], &format!("{}{mark}{}", &turn[..from], &turn[to..])] {
                if let Some((start, end)) = locate(quote, &turn) {
                    prop_assert!(start < end);
                    prop_assert!(turn.get(start..end).is_some());
                }
            }
        }

        #[test]
        fn an_exact_quote_is_found(before in "[a-z ,.…’é谢\n]{0,20}", quote in "[a-z]{1,8}[a-z ,’é谢\n]{0,20}[a-z]", after in "[a-z ,.…’é谢\n]{0,20}") {
            let turn = format!("{before}{quote}{after}");
            let (start, end) = locate(&quote, &turn).expect("it is there");
            let span = Folded::new(&turn[start..end]);
            let (span, quote) = (comparable(&span), comparable(&Folded::new(&quote)));
            prop_assert_eq!(span.trim(), quote.trim());
        }
    }
}
