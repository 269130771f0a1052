//! What the outputs of a model mean.

use rejoinder_plugin::Category;

use crate::config::Activation;

/// How far the probabilities that a model gives itself may be off 1 in sum.
const TOLERANCE: f32 = 0.01;

/// What the probabilities of a model are about, as its labels say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subject {
    /// No feedback, and categories of feedback.
    Categories,
    /// Feedback of any kind.
    Feedback,
    /// Something else; rules may make of it what they like.
    Anything,
}

/// The labels of a model, one for each value of its output.
#[derive(Clone, Debug)]
pub struct Labels {
    names: Vec<String>,
    activation: Activation,
    subject: Subject,
}

impl Labels {
    /// Reads labels; without an activation, one label has a sigmoid, and several have a softmax.
    ///
    /// # Errors
    /// Labels that make no sense together, or with the activation.
    pub fn new(names: Vec<String>, activation: Option<Activation>) -> Result<Self, String> {
        let is_category = |name: &String| category(name).is_some();
        let has = |wanted: &str| names.iter().any(|name| name == wanted);
        let is_of_feedback = |name: &&String| is_category(name) || *name == "none" || *name == "feedback";
        let subject = match names.iter().any(is_category) {
            true => Subject::Categories,
            false if has("feedback") => Subject::Feedback,
            false => Subject::Anything,
        };
        if subject != Subject::Anything {
            if let Some(other) = names.iter().find(|name| !is_of_feedback(name)) {
                return Err(format!(
                    "the labels name feedback and `{other}`: give every label of a model of feedback a name out of none, UR1 \
                     to UR5; or none, feedback"
                ));
            }
            if subject == Subject::Categories && has("feedback") {
                return Err("the labels name categories and `feedback`, which is all of them".into());
            }
            if !has("none") && (subject == Subject::Categories || names.len() > 1) {
                return Err("no label is `none`, the label of turns that are no feedback".into());
            }
        }
        let activation = activation.unwrap_or(match names.len() {
            1 => Activation::Sigmoid,
            _ => Activation::Softmax,
        });
        if activation == Activation::Softmax && names.len() == 1 {
            return Err("a softmax of one label is always 1: `activation` is to be sigmoid or none".into());
        }
        if activation == Activation::Sigmoid && names.len() > 1 && subject != Subject::Anything {
            return Err(
                "these labels exclude each other, and a sigmoid gives each a probability of its own: `activation` is to be \
                 softmax or none"
                    .into(),
            );
        }
        Ok(Self { names, activation, subject })
    }

    /// What the probabilities are about.
    pub const fn subject(&self) -> Subject {
        self.subject
    }

    /// The labels, in the order of the model's output.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// The probabilities of the labels, from the values of the model's output.
    ///
    /// # Errors
    /// More or fewer values than labels, or values that are no probabilities.
    pub fn probabilities(&self, mut values: Vec<f32>) -> Result<Vec<f32>, String> {
        if values.len() != self.names.len() {
            return Err(format!(
                "the model's output has {} value{}, and `labels` names {}",
                values.len(),
                if values.len() == 1 { "" } else { "s" },
                self.names.len()
            ));
        }
        if let Some(value) = values.iter().find(|value| !value.is_finite()) {
            return Err(format!("the model gives {value}"));
        }
        match self.activation {
            Activation::Softmax => softmax(&mut values),
            Activation::Sigmoid => values.iter_mut().for_each(|value| *value = 1.0 / (1.0 + (-*value).exp())),
            Activation::None if self.subject != Subject::Anything => {
                let sum: f32 = values.iter().sum();
                let alternatives = values.len() > 1;
                if values.iter().any(|value| !(0.0..=1.0).contains(value))
                    || (alternatives && (sum - 1.0).abs() > TOLERANCE)
                {
                    return Err(format!(
                        "the model gives {values:?}, which are no probabilities that sum to 1: `activation` is to say what makes \
                         them so"
                    ));
                }
                if alternatives {
                    values.iter_mut().for_each(|value| *value /= sum);
                }
            }
            Activation::None => {}
        }
        Ok(values)
    }

    /// The probabilities of none, UR1, …, UR5; labels of one name add up.
    pub fn outcomes(&self, probabilities: &[f32]) -> [f32; 6] {
        let mut outcomes = [0.0; 6];
        for (name, probability) in self.names.iter().zip(probabilities) {
            outcomes[category(name).map_or(0, |category| category as usize)] += probability;
        }
        outcomes.map(|probability: f32| probability.min(1.0))
    }

    /// The probability of feedback, where that is a label.
    pub fn feedback(&self, probabilities: &[f32]) -> f32 {
        let of_feedback = self.names.iter().zip(probabilities).filter(|(name, _)| *name == "feedback");
        of_feedback.map(|(_, probability)| probability).sum::<f32>().min(1.0)
    }
}

fn category(name: &str) -> Option<Category> {
    name.starts_with("UR").then(|| name.parse().ok()).flatten()
}

fn softmax(values: &mut [f32]) {
    let greatest = values.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    values.iter_mut().for_each(|value| *value = (*value - greatest).exp());
    let sum: f32 = values.iter().sum();
    values.iter_mut().for_each(|value| *value /= sum);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(names: &[&str], activation: Option<Activation>) -> Result<Labels, String> {
        Labels::new(names.iter().map(|&name| name.to_owned()).collect(), activation)
    }

    const ALL: [&str; 6] = ["none", "UR1", "UR2", "UR3", "UR4", "UR5"];

    #[test]
    fn the_labels_say_what_the_probabilities_are_about() {
        let subject = |names: &[&str]| labels(names, None).unwrap().subject();
        assert_eq!(subject(&ALL), Subject::Categories);
        assert_eq!(subject(&["UR5", "none", "none"]), Subject::Categories);
        assert_eq!(subject(&["none", "feedback"]), Subject::Feedback);
        assert_eq!(subject(&["feedback"]), Subject::Feedback);
        assert_eq!(subject(&["negative", "positive", "none"]), Subject::Anything);
    }

    #[test]
    fn labels_that_make_no_sense_together_are_refused() {
        let told = |names: &[&str], activation| labels(names, activation).unwrap_err();
        assert!(told(&["none", "UR1", "UR6"], None).starts_with("the labels name feedback and `UR6`"));
        assert!(told(&["none", "UR1", "feedback"], None).contains("which is all of them"));
        for without_none in [&["UR1", "UR2"][..], &["UR1"], &["feedback", "feedback"]] {
            assert!(told(without_none, None).starts_with("no label is `none`"), "{without_none:?}");
        }
        assert!(told(&["feedback"], Some(Activation::Softmax)).starts_with("a softmax of one label"));
        assert!(told(&ALL, Some(Activation::Sigmoid)).starts_with("these labels exclude each other"));
    }

    #[test]
    fn values_become_probabilities() {
        let given = |names: &[&str], activation, values: &[f32]| {
            labels(names, activation).unwrap().probabilities(values.to_vec())
        };
        let near = |a: &[f32], b: &[f32]| a.iter().zip(b).all(|(a, b)| (a - b).abs() < 1e-6);
        assert!(near(&given(&["none", "feedback"], None, &[1000.0, 1000.0]).unwrap(), &[0.5, 0.5]));
        assert!(near(&given(&["feedback"], None, &[0.0]).unwrap(), &[0.5]));
        assert!(near(
            &given(&["calm", "warm"], Some(Activation::Sigmoid), &[0.0, 99.0]).unwrap(),
            &[0.5, 1.0]
        ));
        assert!(near(
            &given(&["none", "feedback"], Some(Activation::None), &[0.25, 0.751]).unwrap(),
            &[0.24975, 0.75025]
        ));
        assert!(near(&given(&["warmth"], Some(Activation::None), &[-7.0]).unwrap(), &[-7.0]));
    }

    #[test]
    fn values_that_are_none_are_told() {
        let told = |activation, values: &[f32]| {
            labels(&["none", "feedback"], activation).unwrap().probabilities(values.to_vec()).unwrap_err()
        };
        assert_eq!(told(None, &[1.0]), "the model's output has 1 value, and `labels` names 2");
        assert_eq!(told(None, &[1.0, f32::NAN]), "the model gives NaN");
        assert!(told(Some(Activation::None), &[3.0, -2.0]).contains("no probabilities that sum to 1"));
    }

    #[test]
    fn labels_of_one_name_add_up() {
        let labels = labels(&["UR2", "none", "UR2", "none"], None).unwrap();
        assert_eq!(labels.outcomes(&[0.125, 0.25, 0.5, 0.125]), [0.375, 0.0, 0.625, 0.0, 0.0, 0.0]);
    }
}
