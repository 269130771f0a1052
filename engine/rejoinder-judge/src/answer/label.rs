//! Replies in the label form: a label, and how probable each label was.

use rejoinder_core::{Answer, AnswerProbabilities, Category};

use super::finding::{Finding, TurnFinding, unverified};
use super::{objects, span};
use crate::question::Question;

/// P(no feedback) and P(UR1) … P(UR5), which sum up to 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LabelProbabilities {
    /// The probability of no feedback.
    pub none: f32,
    /// The probability of each category, in the order of the codes.
    pub by_category: [f32; 5],
}

impl From<LabelProbabilities> for AnswerProbabilities {
    fn from(LabelProbabilities { none, by_category }: LabelProbabilities) -> Self {
        Self::new(none, by_category)
    }
}

/// A token of an answer, and the alternatives to the token with their log-probabilities.
pub(super) type TokenAlternatives = (String, Vec<(String, f64)>);

/// What a reply in the label form says.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct LabelReading {
    /// [`Answer::Unknown`] where the reply names no label.
    pub(super) answer: Answer,
    /// How probable each label was; `None` where the server gave fewer than two of the labels.
    pub(super) probabilities: Option<LabelProbabilities>,
}

/// The answer of a reply in the label form.
pub(crate) fn read_answer(
    labels: &[(String, Option<Category>)],
    content: &str,
    alternatives: &str,
) -> Answer {
    read(labels, content, alternatives).answer
}

/// Reads a reply in the label form. The span is the one that `quoting`, a reply in the span form, copies from the turn. Without
/// such a reply, the span is that of a rule of this category that hit, else the whole turn.
pub(crate) fn read_label(
    labels: &[(String, Option<Category>)],
    question: &Question,
    content: &str,
    alternatives: &str,
    quoting: Option<&str>,
) -> Vec<TurnFinding> {
    finding(question, read(labels, content, alternatives), quoting)
}

/// What a reading says of each open turn of a question, with the span that [`read_label`] describes.
pub(super) fn finding(
    question: &Question,
    LabelReading { answer, probabilities }: LabelReading,
    quoting: Option<&str>,
) -> Vec<TurnFinding> {
    let turn = question.turn();
    let finding = match answer {
        Answer::Unknown => return unverified(question, "the reply is none of the labels"),
        Answer::NoFeedback => Finding::NoFeedback,
        Answer::Feedback(category) => {
            let quoted =
                || objects::read(quoting?).claims.iter().find_map(|claim| span::locate(&claim.text, turn));
            let hinted = || {
                let hint = question.hints.iter().find(|hint| hint.category == category)?;
                Some((hint.start as usize, hint.end as usize))
                    .filter(|&(start, end)| turn.get(start..end).is_some())
            };
            match quoted().or_else(hinted).or_else(|| span::whole(turn)) {
                Some((start, end)) => Finding::Feedback { category, start, end },
                None => Finding::Unverified("the turn is blank".to_owned()),
            }
        }
    };
    question
        .open
        .iter()
        .map(|&message_index| TurnFinding { message_index, finding: finding.clone(), probabilities })
        .collect()
}

/// Reads the label of a reply and the probabilities of all labels.
///
/// The label that was generated counts. Where nothing constrained the server and it said something else, the most probable label
/// among the alternatives to its first token counts. The probabilities are those of the labels among the alternatives, scaled to
/// sum up to 1: what a server that constrains its answer would give.
pub(super) fn read(labels: &[(String, Option<Category>)], content: &str, alternatives: &str) -> LabelReading {
    let alternatives = match serde_json::from_str::<Vec<TokenAlternatives>>(alternatives) {
        Ok(tokens) => tokens.into_iter().next().map(|(_, pairs)| pairs).unwrap_or_default(),
        Err(_) => serde_json::from_str(alternatives).unwrap_or_default(),
    };
    let weights = weights(labels, &alternatives);
    let likeliest = || {
        let heaviest = (0..weights.len()).max_by(|&a, &b| weights[a].total_cmp(&weights[b]));
        heaviest.filter(|&label| weights[label] > 0.0)
    };
    let Some(chosen) = position(labels, content).or_else(likeliest) else { return LabelReading::default() };
    LabelReading { answer: labels[chosen].1.into(), probabilities: probabilities(labels, &alternatives) }
}

/// A token without what tokenizers and models put around a label.
pub(super) fn bare(token: &str) -> &str {
    token.trim_matches(|c: char| c.is_whitespace() || matches!(c, '▁' | 'Ġ' | '"' | '.'))
}

fn position(labels: &[(String, Option<Category>)], token: &str) -> Option<usize> {
    labels.iter().position(|(label, _)| label == bare(token))
}

/// The probability of each label among alternatives, not scaled.
fn weights(labels: &[(String, Option<Category>)], alternatives: &[(String, f64)]) -> Vec<f64> {
    let mut weights = vec![0.0_f64; labels.len()];
    for (token, log_probability) in alternatives {
        if let Some(label) = position(labels, token)
            && log_probability.is_finite()
        {
            weights[label] += log_probability.min(0.0).exp();
        }
    }
    weights
}

/// The probabilities of the labels among alternatives; `None` where fewer than two of the labels are among them.
pub(super) fn probabilities(
    labels: &[(String, Option<Category>)],
    alternatives: &[(String, f64)],
) -> Option<LabelProbabilities> {
    let weights = weights(labels, alternatives);
    let sum: f64 = weights.iter().sum();
    let is_spread = weights.iter().filter(|w| **w > 0.0).count() > 1;
    is_spread.then(|| {
        let mut read = LabelProbabilities { none: 0.0, by_category: [0.0; 5] };
        for ((_, meaning), weight) in labels.iter().zip(&weights) {
            let share = (weight / sum) as f32;
            match meaning {
                None => read.none = share,
                Some(category) => read.by_category[category.index()] = share,
            }
        }
        read
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::prompt::PromptTemplate;

    fn labels() -> Vec<(String, Option<Category>)> {
        PromptTemplate::shipped("turn-label").unwrap().labels
    }

    #[test]
    fn the_generated_label_counts_with_the_probabilities_of_all() {
        let alternatives = r#"[["B",-0.5],["F",-1.5],[" B",-4.0],["x",-3.0]]"#;
        let LabelReading { answer, probabilities } = read(&labels(), " B", alternatives);
        let probabilities = probabilities.unwrap();
        let (b, f) = ((-0.5_f64).exp() + (-4.0_f64).exp(), (-1.5_f64).exp());
        assert_eq!(answer, Answer::Feedback(Category::Ur2));
        assert!((f64::from(probabilities.by_category[1]) - b / (b + f)).abs() < 1e-6);
        assert!((f64::from(probabilities.none) - f / (b + f)).abs() < 1e-6);
        let no_feedback = LabelReading { answer: Answer::NoFeedback, probabilities: None };
        assert_eq!(read(&labels(), "F", ""), no_feedback);
        assert_eq!(
            read(&labels(), "F", r#"[["F",0.0]]"#),
            no_feedback,
            "one label says nothing of the others"
        );
    }

    #[test]
    fn a_server_that_says_something_else_is_read_by_its_alternatives_or_not_at_all() {
        let alternatives = r#"[["Sure",-0.1],["E",-2.5],["F",-4.0]]"#;
        assert_eq!(read(&labels(), "Sure", alternatives).answer, Answer::Feedback(Category::Ur5));
        for (content, alternatives) in [("Sure", ""), ("", "[]"), ("G", r#"[["G",0.0]]"#), ("AB", "broken")] {
            assert_eq!(read(&labels(), content, alternatives), LabelReading::default(), "{content}");
        }
    }

    proptest! {
        #[test]
        fn probabilities_sum_up_to_one(tokens in prop::collection::vec(("[A-G ]{0,2}", -40.0_f64..1.0), 0..20), content: String, noise: String) {
            let _ = read(&labels(), &content, &noise);
            let alternatives = serde_json::to_string(&tokens).unwrap();
            if let Some(p) = read(&labels(), &content, &alternatives).probabilities {
                let sum = p.none + p.by_category.iter().sum::<f32>();
                prop_assert!((sum - 1.0).abs() < 1e-4, "{}", sum);
            }
        }
    }
}
