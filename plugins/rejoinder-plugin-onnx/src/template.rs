//! What the model reads of a candidate: a text with places for the turn and for what came before it.

use rejoinder_plugin::Candidate;

/// Of each text that is put in, at most so many bytes a token are read: no tokenizer of words makes longer ones, and a turn of
/// megabytes costs no more than one that fills the model.
const BYTES_PER_TOKEN: usize = 32;

/// Texts of a candidate that may be put in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    /// The turn to judge.
    Turn,
    /// The last assistant text before the turn.
    Answer,
    /// The latest user text before the turn.
    Earlier,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Words(String),
    Put(Place),
}

/// A text with places.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Template(Vec<Part>);

impl Template {
    /// Reads a template: `{turn}`, `{answer}` and `{earlier}` are places, `{{` and `}}` are braces.
    ///
    /// # Errors
    /// A brace without its counterpart, or a place of another name.
    pub fn parse(text: &str) -> Result<Self, String> {
        let (mut parts, mut words, mut rest) = (Vec::new(), String::new(), text);
        while let Some(at) = rest.find(['{', '}']) {
            words.push_str(&rest[..at]);
            let brace = &rest[at..=at];
            rest = &rest[at + 1..];
            if let Some(behind) = rest.strip_prefix(brace) {
                words.push_str(brace);
                rest = behind;
                continue;
            }
            let name = rest.split_once('}').filter(|_| brace == "{");
            let (name, behind) = name.ok_or_else(|| {
                format!("`{text}` has a `{brace}` of its own; `{brace}{brace}` is one that stands for itself")
            })?;
            let place = match name {
                "turn" => Place::Turn,
                "answer" => Place::Answer,
                "earlier" => Place::Earlier,
                _ => {
                    return Err(format!(
                        "`{text}` has a place `{{{name}}}`; the places are {{turn}}, {{answer}} and {{earlier}}"
                    ));
                }
            };
            if !words.is_empty() {
                parts.push(Part::Words(std::mem::take(&mut words)));
            }
            parts.push(Part::Put(place));
            rest = behind;
        }
        words.push_str(rest);
        if !words.is_empty() {
            parts.push(Part::Words(words));
        }
        Ok(Self(parts))
    }

    /// Whether the turn itself is put in.
    pub fn has_turn(&self) -> bool {
        self.0.contains(&Part::Put(Place::Turn))
    }

    /// The text for a candidate; a model that reads `max_tokens` is to see its beginning.
    pub fn fill(&self, candidate: Candidate<'_>, max_tokens: usize) -> String {
        self.fill_by(max_tokens, |place| match place {
            Place::Turn => candidate.target().text(),
            Place::Answer => candidate.previous_answer(),
            Place::Earlier => candidate.earlier_user_texts().next().unwrap_or_default(),
        })
    }

    fn fill_by<'a>(&'a self, max_tokens: usize, text_of: impl Fn(Place) -> &'a str) -> String {
        let texts = self.0.iter().map(|part| match part {
            Part::Words(words) => words.as_str(),
            Part::Put(place) => {
                let text = text_of(*place);
                &text[..text.floor_char_boundary(max_tokens * BYTES_PER_TOKEN)]
            }
        });
        texts.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(template: &str) -> String {
        Template::parse(template).unwrap().fill_by(4, |place| match place {
            Place::Turn => "no",
            Place::Answer => "4",
            Place::Earlier => "2 + 3?",
        })
    }

    #[test]
    fn places_are_filled_and_doubled_braces_stand_for_themselves() {
        assert_eq!(filled("{turn}"), "no");
        assert_eq!(filled("{earlier} A: {answer} U: {turn}!"), "2 + 3? A: 4 U: no!");
        assert_eq!(filled("{{turn}} {{{turn}}}"), "{turn} {no}");
    }

    #[test]
    fn a_mistake_in_a_template_is_told() {
        let told = |template: &str| Template::parse(template).unwrap_err();
        assert_eq!(
            told("{turns}"),
            "`{turns}` has a place `{turns}`; the places are {turn}, {answer} and {earlier}"
        );
        assert_eq!(told("a } b"), "`a } b` has a `}` of its own; `}}` is one that stands for itself");
        assert!(told("{turn").contains("has a `{` of its own"));
        assert!(!Template::parse("{answer}").unwrap().has_turn());
    }

    #[test]
    fn of_a_long_text_the_beginning_is_put_in_up_to_a_whole_character() {
        let long = format!("x{}", "ä".repeat(100));
        let text = Template::parse("{turn}.").unwrap().fill_by(3, |_| &long);
        assert_eq!(text.len(), 3 * BYTES_PER_TOKEN - 1 + ".".len());
    }
}
