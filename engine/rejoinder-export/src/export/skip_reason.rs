//! Why feedback gives no training row.

use std::collections::BTreeMap;

/// Why a feedback gives no example.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SkipReason {
    /// The export does not use the category of the feedback.
    Category,
    /// The export does not use the source of the feedback.
    Source,
    /// The score of the feedback is too low.
    Score,
    /// The feedback is about an opening greeting, which has no prompt.
    Greeting,
    /// The judged answer, or the request before it, is blank.
    Blank,
    /// A system message stands in the middle of the prompt.
    LateSystem,
    /// A message of prompt or answer is an image, a sound or a file, without words.
    Media,
    /// Tools were used, and the export takes no such rows.
    Tools,
    /// A tool answered after the assistant's last words.
    EndsWithTools,
    /// A call in the prompt names no tool.
    NamelessCall,
    /// The arguments of a call in the prompt are no JSON object.
    Arguments,
    /// A call in the prompt has no result before the dialogue goes on.
    OpenCall,
    /// A result in the prompt has no call.
    LostResult,
    /// The library has no form for such a use of tools.
    Form,
    /// Another feedback on the same answer says the opposite.
    Conflict,
    /// Another feedback on the same answer says the same.
    Repeated,
    /// No praised answer comes after the blamed answer, or the answer did not change.
    Unpaired,
    /// The praised answer comes from tools whose results are not in the prompt.
    BetterByTools,
}

impl SkipReason {
    /// The reason in words for the report.
    pub const fn describe(self) -> &'static str {
        match self {
            Self::Category => "of a category that this export does not use",
            Self::Source => "settled by a source that this export does not use",
            Self::Score => "with a score below the least",
            Self::Greeting => "about an opening greeting",
            Self::Blank => "about a blank answer or request",
            Self::LateSystem => "after a system message in the middle of the dialogue",
            Self::Media => "after or about an image, a sound or a file in place of words",
            Self::Tools => "after or about the use of a tool",
            Self::EndsWithTools => "about an answer that ends with a tool's result instead of words",
            Self::NamelessCall => "after a call of a tool without a name",
            Self::Arguments => "after a call of a tool whose arguments are no JSON object",
            Self::OpenCall => "after a call of a tool without its result",
            Self::LostResult => "after a tool's result without its call",
            Self::Form => "after a use of tools for which the style has no form",
            Self::Conflict => "contradicted by other feedback on the same answer",
            Self::Repeated => "repeated on the same answer",
            Self::Unpaired => "without an answer that was praised after it",
            Self::BetterByTools => "whose praised answer comes from tools that the prompt does not show",
        }
    }
}

/// The number of feedbacks without an example, by reason.
pub type SkipCounts = BTreeMap<SkipReason, u64>;

pub(super) fn note(skipped: &mut SkipCounts, why: SkipReason, count: usize) {
    if count > 0 {
        *skipped.entry(why).or_default() += count as u64;
    }
}
