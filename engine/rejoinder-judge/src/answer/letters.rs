//! Replies in the letters form: a label for each of several turns, and how probable each label was, given those before it.

use rejoinder_core::Category;

use super::LETTERS;
use super::finding::{TurnFinding, unverified};
use super::label::{LabelReading, TokenAlternatives, bare, finding, probabilities};
use crate::question::Question;

type Labels = [(String, Option<Category>)];

/// Reads a reply in the letters form: for each question, a finding for each of its open turns.
pub(crate) fn read_letters(
    labels: &Labels,
    questions: &[Question],
    content: &str,
    alternatives: &str,
) -> Vec<Vec<TurnFinding>> {
    let readings = readings(labels, questions.len(), content, alternatives);
    questions.iter().zip(readings).map(|(question, reading)| of_turn(question, reading)).collect()
}

/// Reads what a reply about `turns` turns says of the question at a place.
pub(crate) fn read_letters_at(
    labels: &Labels,
    question: &Question,
    (place, turns): (usize, usize),
    content: &str,
    alternatives: &str,
) -> Vec<TurnFinding> {
    let reading = readings(labels, turns, content, alternatives).into_iter().nth(place).flatten();
    of_turn(question, reading)
}

fn of_turn(question: &Question, reading: Option<LabelReading>) -> Vec<TurnFinding> {
    match reading {
        Some(reading) => finding(question, reading, None),
        None => unverified(question, "the reply names no letter for this turn"),
    }
}

/// What a reply says of each of so many turns; `None` for a turn that the reply does not name.
///
/// Letters without numbers are those of the first turns, in order. More letters than turns name no turn surely, nor does a reply
/// that says anything but letters and numbers. What a reply names twice, it does not name.
fn readings(labels: &Labels, turns: usize, content: &str, alternatives: &str) -> Vec<Option<LabelReading>> {
    let mut read = vec![None; turns];
    let Some(named) = named(labels, turns, content) else { return read };
    let tokens = tokens_of(labels, alternatives);
    let are_aligned = tokens.len() == named.len()
        && tokens.iter().zip(&named).all(|((token, _), (_, label))| label_of(labels, token) == Some(*label));
    for (nth, (turn, label)) in named.iter().enumerate() {
        let Some(place) = read.get_mut(*turn) else { return vec![None; turns] };
        let is_first = named[..nth].iter().all(|(earlier, _)| earlier != turn);
        let all_labels = |(_, pairs): &&TokenAlternatives| {
            labels.iter().all(|(label, _)| pairs.iter().any(|(token, _)| bare(token) == label))
        };
        let alternatives = tokens.get(nth).filter(|_| are_aligned).filter(all_labels);
        let probabilities = alternatives.and_then(|(_, pairs)| probabilities(labels, pairs));
        *place = is_first.then(|| LabelReading { answer: labels[*label].1.into(), probabilities });
    }
    read
}

/// The turns that a reply names, from 0, each with the index of its label, in the order of the reply; `None` where the reply
/// cannot be relied on.
fn named(labels: &Labels, turns: usize, content: &str) -> Option<Vec<(usize, usize)>> {
    let mut named = Vec::new();
    let mut number = None;
    let words = content.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    for word in words.filter(|word| *word != LETTERS) {
        let digits = word.len() - word.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let (digits, label) = match label_of(labels, word) {
            Some(_) => ("", word),
            None => word.split_at(digits),
        };
        if !digits.is_empty() {
            if number.is_some() {
                return None;
            }
            number = Some(digits.parse::<usize>().ok().filter(|n| (1..=turns).contains(n))?);
        }
        if !label.is_empty() {
            named.push((number.take(), label_of(labels, label)?));
        }
    }
    let is_numbered = named.iter().any(|(number, _)| number.is_some());
    if number.is_some()
        || named.len() > turns
        || named.iter().any(|(number, _)| number.is_some() != is_numbered)
    {
        return None;
    }
    let place =
        |(nth, (number, label)): (usize, (Option<usize>, usize))| (number.map_or(nth, |n| n - 1), label);
    Some(named.into_iter().enumerate().map(place).collect())
}

fn label_of(labels: &Labels, text: &str) -> Option<usize> {
    labels.iter().position(|(label, _)| label == bare(text))
}

/// The tokens that are labels, in their order, as the store keeps them: of an answer of one token, its alternatives alone.
fn tokens_of(labels: &Labels, alternatives: &str) -> Vec<TokenAlternatives> {
    let several = serde_json::from_str::<Vec<TokenAlternatives>>(alternatives);
    let tokens = several.unwrap_or_else(|_| {
        let one: Vec<(String, f64)> = serde_json::from_str(alternatives).unwrap_or_default();
        let likeliest = one.iter().max_by(|a, b| a.1.total_cmp(&b.1)).map(|(token, _)| token.clone());
        likeliest.map(|token| (token, one)).into_iter().collect()
    });
    tokens.into_iter().filter(|(token, _)| label_of(labels, token).is_some()).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rejoinder_core::Answer;

    use super::*;
    use crate::prompt::PromptTemplate;

    fn labels() -> Vec<(String, Option<Category>)> {
        PromptTemplate::shipped("turn-letters").unwrap().labels
    }

    /// The letters of four turns by a reply; `-` for a turn that the reply does not name.
    fn read(content: &str) -> String {
        let labels = labels();
        let letter = |reading: Option<LabelReading>| match reading {
            Some(reading) => labels
                .iter()
                .find(|(_, of)| Answer::from(*of) == reading.answer)
                .map_or("?", |(label, _)| label)
                .to_owned(),
            None => "-".to_owned(),
        };
        readings(&labels, 4, content, "").into_iter().map(letter).collect()
    }

    #[test]
    fn a_reply_answers_what_it_names_and_nothing_else() {
        for (content, expected) in [
            ("A F B E", "AFBE"),
            ("A\nF\nB\nE\n", "AFBE"),
            ("A,F,B,E", "AFBE"),
            (r#"{"letters":["A","F","B","E"]}"#, "AFBE"),
            (r#"{"letters": ["A", "F""#, "AF--"),
            ("A F", "AF--"),
            ("1: A\n3: B", "A-B-"),
            ("4E 1A", "A--E"),
            ("A F B E F", "----"),
            ("1: A, 1: B", "----"),
            ("5: A", "----"),
            ("1 2 A", "----"),
            ("1: A, B", "----"),
            ("Sure! A B C D", "----"),
            ("G", "----"),
            ("AF", "----"),
            ("", "----"),
        ] {
            assert_eq!(read(content), expected, "{content}");
        }
    }

    #[test]
    fn a_letter_has_probabilities_only_where_all_six_are_among_its_alternatives() {
        let all = r#"[["A",-0.1],["B",-3.0],["C",-4.0],["D",-5.0],["E",-6.0],["F",-7.0]]"#;
        let few = r#"[["F",-0.1],["B",-3.0]]"#;
        let reading = readings(&labels(), 2, "A F", &format!(r#"[["A",{all}],[" F",{few}]]"#));
        let [first, second] = [0, 1].map(|i| reading[i].unwrap());
        assert!(first.probabilities.unwrap().by_category[0] > 0.8);
        assert_eq!((second.answer, second.probabilities), (Answer::NoFeedback, None));
        // Tokens that are not the letters of the answer say nothing of them.
        let other = readings(&labels(), 2, "A F", &format!(r#"[["B",{all}],["F",{all}]]"#));
        assert!(other.iter().all(|reading| reading.unwrap().probabilities.is_none()));
        let alone = readings(&labels(), 1, "A", all);
        assert!(alone[0].unwrap().probabilities.is_some());
    }

    proptest! {
        #[test]
        fn any_reply_is_read_or_refused(content: String, alternatives: String, turns in 0_usize..10) {
            prop_assert_eq!(readings(&labels(), turns, &content, &alternatives).len(), turns);
        }

        #[test]
        fn letters_in_order_are_read_in_order(letters in prop::collection::vec(0_usize..6, 1..12), separator in "[ \n,]") {
            let labels = labels();
            let content: Vec<&str> = letters.iter().map(|&i| labels[i].0.as_str()).collect();
            let read = readings(&labels, letters.len(), &content.join(&separator), "");
            let answers: Vec<Answer> = read.into_iter().map(|reading| reading.unwrap().answer).collect();
            prop_assert_eq!(answers, letters.iter().map(|&i| Answer::from(labels[i].1)).collect::<Vec<_>>());
        }
    }
}
