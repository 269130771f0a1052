//! What a text has become in exports without personal data.

use std::collections::BTreeSet;

use rejoinder_export::redaction::{PersonalKind, PersonalKinds, Redactor};

/// The forms that a text may have in exports without personal data: for each choice of kinds the text with placeholders, and the text
/// with masks. A text that holds no personal data has none.
pub(super) fn redacted_forms(text: &str) -> BTreeSet<String> {
    const KINDS: [PersonalKind; 4] = PersonalKind::ALL;
    if Redactor::new(KINDS).find(text).is_empty() {
        return BTreeSet::new();
    }
    let choices = (1_u8..1 << KINDS.len()).map(|choice| {
        let chosen = KINDS.into_iter().enumerate().filter(|(place, _)| choice >> place & 1 == 1);
        Redactor::new(chosen.map(|(_, kind)| kind))
    });
    let forms = choices.flat_map(|redactor| {
        let mut taken = PersonalKinds::default();
        [redactor.replaced(text, &mut taken), redactor.masked(text, &mut taken)].map(String::from)
    });
    forms.filter(|form| form != text).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_has_a_form_for_each_choice_of_kinds_and_way_of_hiding() {
        let text = "ann@example.org at 192.0.2.7";
        let forms = [
            "[EMAIL] at 192.0.2.7",
            "ann@example.org at [IP]",
            "[EMAIL] at [IP]",
            "*************** at 192.0.2.7",
            "ann@example.org at *********",
            "*************** at *********",
        ];
        assert_eq!(redacted_forms(text), forms.map(str::to_owned).into());
        assert!(redacted_forms("nobody").is_empty());
    }
}
