//! The name of a pattern in a reply: a code, the paper's name, both, or "No Feedback". Text that names no pattern is
//! [`Answer::Unknown`].

use rejoinder_core::{Answer, Category};

/// The rank of a category where several apply: UR2 > UR3 > UR4 > UR1 > UR5.
pub(super) fn rank(category: Category) -> usize {
    use Category::{Ur1, Ur2, Ur3, Ur4, Ur5};
    [Ur2, Ur3, Ur4, Ur1, Ur5].iter().position(|c| *c == category).unwrap_or(usize::MAX)
}

/// Reads a name. Where a text has several names, the one that ranks first counts.
pub(super) fn read(text: &str) -> Answer {
    let text = text.to_lowercase();
    let codes = Category::ALL.into_iter().filter(|&c| names_code(&text, c));
    if let Some(category) = codes.min_by_key(|&c| rank(c)) {
        return Answer::Feedback(category);
    }
    let words = words(&text);
    // An unknown code is not saved by the words beside it.
    let other_code = words.split(' ').any(|w| {
        w.strip_prefix("ur").is_some_and(|n| !n.is_empty() && n.bytes().all(|b| b.is_ascii_digit()))
    });
    if other_code {
        return Answer::Unknown;
    }
    if matches!(words.as_str(), "" | "none" | "no" | "null" | "n a" | "na" | "nofeedback")
        || words.contains("no feedback")
    {
        return Answer::NoFeedback;
    }
    // "No positive feedback" does not mean the name that stands in it.
    if words.split(' ').any(|w| matches!(w, "no" | "not" | "non")) {
        return Answer::Unknown;
    }
    let by_name = [
        ("withoutcorrection", Category::Ur3),
        ("withcorrection", Category::Ur2),
        ("repeat", Category::Ur1),
        ("rephrase", Category::Ur1),
        ("clarification", Category::Ur4),
        ("positivefeedback", Category::Ur5),
    ];
    let joined = words.replace(' ', "");
    let named = by_name.iter().filter(|(name, _)| joined.contains(name)).map(|(_, c)| *c);
    named.min_by_key(|&c| rank(c)).map_or(Answer::Unknown, Answer::Feedback)
}

/// Reads a reply that is nothing but a name, a code, or both: prose that mentions a name is no answer.
pub(super) fn read_bare(text: &str) -> Answer {
    let words = words(&text.to_lowercase()).replace(' ', "");
    let labels = ["userresponsepattern", "pattern", "category", "label", "answer"];
    let bare = labels.iter().find_map(|label| words.strip_prefix(label)).unwrap_or(&words);
    if matches!(bare, "nofeedback" | "none" | "no" | "null" | "na") {
        return Answer::NoFeedback;
    }
    let is_named = |category: &Category| {
        let code = category.code().to_lowercase();
        let rest = bare.strip_prefix(&code).or_else(|| bare.strip_suffix(&code)).unwrap_or(bare);
        let name = self::words(&category.name().to_lowercase()).replace(' ', "");
        (rest.is_empty() && !bare.is_empty()) || rest == name || rest == name.replace("repeator", "repeat")
    };
    Category::ALL.into_iter().find(is_named).map_or(Answer::Unknown, Answer::Feedback)
}

/// The words of a lower-case text, one space apart.
fn words(text: &str) -> String {
    let words: String = text.chars().map(|c| if c.is_alphanumeric() { c } else { ' ' }).collect();
    words.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Whether the category's code stands in the text as a word of its own: `ur2`, `ur-2`, `ur 2`, not `ur21` and not `your2`.
fn names_code(text: &str, category: Category) -> bool {
    text.match_indices("ur").any(|(at, _)| {
        let before = text[..at].chars().next_back();
        let rest = text[at + 2..].trim_start_matches([' ', '-', '_']);
        let after = rest.strip_prefix(&category.code()[2..]).map(|r| r.chars().next());
        !before.is_some_and(char::is_alphanumeric)
            && after.is_some_and(|next| !next.is_some_and(char::is_alphanumeric))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_codes_names_and_mixtures() {
        use Category::{Ur1, Ur2, Ur3, Ur4, Ur5};
        for (text, expected) in [
            ("UR1", Answer::Feedback(Ur1)),
            ("ur-3.", Answer::Feedback(Ur3)),
            ("Repeat/Rephrase", Answer::Feedback(Ur1)),
            ("Make Aware without Correction", Answer::Feedback(Ur3)),
            ("Make Aware with Correction (UR2)", Answer::Feedback(Ur2)),
            ("Ask for Clarification", Answer::Feedback(Ur4)),
            ("Positive Feedback", Answer::Feedback(Ur5)),
            ("MakeAwareWithCorrection", Answer::Feedback(Ur2)),
            ("make_aware_without_correction", Answer::Feedback(Ur3)),
            ("NoFeedback", Answer::NoFeedback),
            ("no_feedback", Answer::NoFeedback),
            ("UR5, UR4", Answer::Feedback(Ur4)),
            ("No Feedback", Answer::NoFeedback),
            ("None.", Answer::NoFeedback),
            ("UR21", Answer::Unknown),
            ("UR6 (Positive Feedback)", Answer::Unknown),
            ("your 2nd point", Answer::Unknown),
            ("negative", Answer::Unknown),
            ("No positive feedback", Answer::Unknown),
        ] {
            assert_eq!(read(text), expected, "{text}");
        }
    }

    #[test]
    fn a_bare_name_is_an_answer_and_prose_that_mentions_one_is_not() {
        use Category::{Ur1, Ur2, Ur5};
        for (text, expected) in [
            ("UR2", Answer::Feedback(Ur2)),
            (" ur-2.\n", Answer::Feedback(Ur2)),
            ("Repeat/Rephrase (UR1)", Answer::Feedback(Ur1)),
            ("UR1: Repeat or Rephrase", Answer::Feedback(Ur1)),
            ("User Response Pattern: \"Positive Feedback\"", Answer::Feedback(Ur5)),
            ("Answer: **UR5**", Answer::Feedback(Ur5)),
            ("No Feedback", Answer::NoFeedback),
            ("None.", Answer::NoFeedback),
            ("", Answer::Unknown),
            ("I need more clarification to answer.", Answer::Unknown),
            ("I can't repeat that.", Answer::Unknown),
            ("UR2 UR3", Answer::Unknown),
            ("No positive feedback", Answer::Unknown),
        ] {
            assert_eq!(read_bare(text), expected, "{text}");
        }
    }
}
