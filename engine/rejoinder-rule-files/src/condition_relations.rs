//! What one condition says about another: that it holds, too, or that it does not.

use crate::condition::Condition;

impl Condition {
    /// Whether the other condition holds wherever this one does, as far as their kinds tell.
    pub(crate) fn implies(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::MinWords(own), Self::MinWords(least)) => own >= least,
            (Self::MaxWords(own), Self::MaxWords(most)) => own <= most,
            (Self::Similar(own), Self::Similar(least)) | (Self::InAnswer(own), Self::InAnswer(least)) => {
                own >= least
            }
            (Self::Language(own), Self::Language(wanted)) => own.iter().all(|one| wanted.contains(one)),
            (Self::Unless(own), Self::Unless(pattern)) => own.as_str() == pattern.as_str(),
            _ => {
                std::mem::discriminant(self) == std::mem::discriminant(other)
                    && self.to_string() == other.to_string()
            }
        }
    }

    /// Whether the other condition never holds where this one does: surely, where a record has one value in a column.
    pub(crate) fn excludes(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::MinWords(least), Self::MaxWords(most)) | (Self::MaxWords(most), Self::MinWords(least)) => {
                least > most
            }
            (Self::FirstTurn(one), Self::FirstTurn(two))
            | (Self::LastTurn(one), Self::LastTurn(two))
            | (Self::Template(one), Self::Template(two)) => one != two,
            (Self::Previous(which, one), Self::Previous(other, two)) => which == other && one != two,
            (Self::Language(one), Self::Language(two)) => !one.iter().any(|code| two.contains(code)),
            (Self::Fact(one), Self::Fact(two)) => one.excludes(two),
            (Self::Column(one), Self::Column(two)) => one.excludes(two),
            (Self::Dialogue(one), Self::Dialogue(two)) => one.excludes(two),
            _ => false,
        }
    }
}
