//! A label, and how probable each was.

use rejoinder_core::{AnswerProbabilities, Category};

/// P(no feedback) and P(UR1) … P(UR5), which sum up to 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Probabilities {
    /// That it is no feedback.
    pub none: f32,
    /// By category.
    pub by_category: [f32; 5],
}

impl From<Probabilities> for AnswerProbabilities {
    fn from(Probabilities { none, by_category }: Probabilities) -> Self {
        Self::new(none, by_category)
    }
}

/// What a reply in the label form says; `None` where it names no label.
///
/// The label that was generated counts; where nothing constrained the server and it said something else, the most probable
/// label among the alternatives to its first token does. Probabilities are those of the labels among the alternatives,
/// scaled to sum up to 1: what a server that constrains its answer would give.
pub(super) fn read(
    labels: &[(String, Option<Category>)],
    content: &str,
    alternatives: &str,
) -> Option<(Option<Category>, Option<Probabilities>)> {
    let alternatives: Vec<(String, f64)> = serde_json::from_str(alternatives).unwrap_or_default();
    let position = |token: &str| {
        let token = token.trim_matches(|c: char| c.is_whitespace() || matches!(c, '▁' | 'Ġ' | '"' | '.'));
        labels.iter().position(|(label, _)| label == token)
    };
    let mut weights = vec![0.0_f64; labels.len()];
    for (token, log_probability) in &alternatives {
        if let Some(label) = position(token)
            && log_probability.is_finite()
        {
            weights[label] += log_probability.min(0.0).exp();
        }
    }
    let sum: f64 = weights.iter().sum();
    let likeliest =
        || (0..weights.len()).max_by(|&a, &b| weights[a].total_cmp(&weights[b])).filter(|_| sum > 0.0);
    let chosen = position(content).or_else(likeliest)?;
    let is_spread = weights.iter().filter(|w| **w > 0.0).count() > 1;
    let probabilities = is_spread.then(|| {
        let mut read = Probabilities { none: 0.0, by_category: [0.0; 5] };
        for ((_, meaning), weight) in labels.iter().zip(&weights) {
            let share = (weight / sum) as f32;
            match meaning {
                None => read.none = share,
                Some(category) => read.by_category[category.index()] = share,
            }
        }
        read
    });
    Some((labels[chosen].1, probabilities))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::prompt::Template;

    fn labels() -> Vec<(String, Option<Category>)> {
        Template::shipped("turn-label").unwrap().labels
    }

    #[test]
    fn the_generated_label_counts_with_the_probabilities_of_all() {
        let alternatives = r#"[["B",-0.5],["F",-1.5],[" B",-4.0],["x",-3.0]]"#;
        let (category, probabilities) = read(&labels(), " B", alternatives).unwrap();
        let probabilities = probabilities.unwrap();
        let (b, f) = ((-0.5_f64).exp() + (-4.0_f64).exp(), (-1.5_f64).exp());
        assert_eq!(category, Some(Category::Ur2));
        assert!((f64::from(probabilities.by_category[1]) - b / (b + f)).abs() < 1e-6);
        assert!((f64::from(probabilities.none) - f / (b + f)).abs() < 1e-6);
        assert_eq!(read(&labels(), "F", "").unwrap(), (None, None));
        assert_eq!(
            read(&labels(), "F", r#"[["F",0.0]]"#).unwrap(),
            (None, None),
            "one label says nothing of the others"
        );
    }

    #[test]
    fn a_server_that_says_something_else_is_read_by_its_alternatives_or_not_at_all() {
        let alternatives = r#"[["Sure",-0.1],["E",-2.5],["F",-4.0]]"#;
        assert_eq!(read(&labels(), "Sure", alternatives).unwrap().0, Some(Category::Ur5));
        for (content, alternatives) in [("Sure", ""), ("", "[]"), ("G", r#"[["G",0.0]]"#), ("AB", "broken")] {
            assert_eq!(read(&labels(), content, alternatives), None, "{content}");
        }
    }

    proptest! {
        #[test]
        fn probabilities_sum_up_to_one(tokens in prop::collection::vec(("[A-G ]{0,2}", -40.0_f64..1.0), 0..20), content: String, noise: String) {
            let _ = read(&labels(), &content, &noise);
            let alternatives = serde_json::to_string(&tokens).unwrap();
            if let Some((_, Some(p))) = read(&labels(), &content, &alternatives) {
                let sum = p.none + p.by_category.iter().sum::<f32>();
                prop_assert!((sum - 1.0).abs() < 1e-4, "{}", sum);
            }
        }
    }
}
