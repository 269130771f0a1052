//! The parts of a turn that are not the user's own words: quotations, code blocks, cited lines.

use std::ops::Range;

/// Shorter quotations are words that the user speaks about, and part of the user's sentence.
const QUOTATION: usize = 24;

/// Opening and closing marks of quotations that nest in nothing.
const MARKS: &[(char, char)] = &[('"', '"'), ('“', '”'), ('„', '“'), ('«', '»'), ('「', '」'), ('『', '』')];

/// Byte ranges of the foreign parts, in no order, each with its marks.
pub fn foreign(text: &str) -> Vec<Range<usize>> {
    let mut spans = fenced(text);
    let in_code = |at: usize, spans: &[Range<usize>]| spans.iter().any(|s| s.contains(&at));
    let fences = spans.clone();
    for &(open, close) in MARKS {
        let mut rest = 0;
        while let Some(start) = text[rest..].find(open).map(|at| rest + at) {
            let inside = start + open.len_utf8();
            let Some(end) = text[inside..].find(close).map(|at| inside + at + close.len_utf8()) else {
                break;
            };
            if end - start >= QUOTATION && !in_code(start, &fences) {
                spans.push(start..end);
            }
            rest = end;
        }
    }
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        if line.starts_with('>') {
            spans.push(at..at + line.len());
        }
        at += line.len();
    }
    spans
}

/// The code blocks; one that is never closed reaches to the end.
fn fenced(text: &str) -> Vec<Range<usize>> {
    let fences: Vec<usize> = text.match_indices("```").map(|(at, _)| at).collect();
    fences.chunks(2).map(|pair| pair[0]..pair.get(1).map_or(text.len(), |end| end + 3)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(text: &str) -> Vec<&str> {
        foreign(text).into_iter().map(|span| &text[span]).collect()
    }

    #[test]
    fn quotations_code_and_cited_lines_are_foreign() {
        assert_eq!(
            parts("what is \"odd\" in \"that is wrong, said the old fox\"?"),
            ["\"that is wrong, said the old fox\""]
        );
        assert_eq!(parts("see ```\nx = \"1\"\n``` and ```y"), ["```\nx = \"1\"\n```", "```y"]);
        assert_eq!(parts("> you are wrong\nreply"), ["> you are wrong\n"]);
        assert_eq!(parts("翻译「你说得不对，请再试一次」"), ["「你说得不对，请再试一次」"]);
        assert!(parts("an \"open mark").is_empty());
    }
}
