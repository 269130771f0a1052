//! Renders questions and a template as the one user message of a request.

use std::collections::BTreeMap;
use std::ops::Add;

use rejoinder_core::text::CharCount;
use rejoinder_core::{Category, Conversation, Role};

use super::fence::{FENCE_END, FENCE_START, push_disarmed};
use super::template::{AnswerFormat, CATEGORY, PromptTemplate, TURNS};
use super::window::{OMISSION, excerpt};
use crate::question::{DialogueLine, Question, QuestionUnit};

/// The turn that is asked about may be this many times as long as the messages before it.
const TURN_FACTOR: usize = 3;

/// How much of the questions' messages is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct PromptCut {
    /// The longest excerpt of an earlier message, in bytes; a turn that is asked about may have three times as much.
    pub(super) bytes: usize,
    /// The number of first messages that are left out.
    pub(super) skip: usize,
}

impl PromptCut {
    /// No cut: messages are as long as the window has left them.
    pub(super) const NONE: Self = Self { bytes: usize::MAX, skip: 0 };
}

/// The whole user message for questions that share a request, in the order of their turns' numbers, from 1. `category` is the
/// category whose span is asked for.
pub fn render(template: &PromptTemplate, questions: &[&Question], category: Option<Category>) -> String {
    render_cut(template, questions, category, PromptCut::NONE)
}

pub(super) fn render_cut(
    template: &PromptTemplate,
    questions: &[&Question],
    category: Option<Category>,
    cut: PromptCut,
) -> String {
    let shown: usize =
        questions.iter().flat_map(|q| &q.lines).map(|l| l.text.len().min(cut.bytes) + 24).sum();
    let mut prompt = String::with_capacity(template.instructions.len() + shown + 256);
    prompt.push_str(&template.instructions);
    match template.unit {
        QuestionUnit::Conversation => {
            prompt.push('\n');
            for question in questions {
                push_lines(&mut prompt, question.lines.iter().map(|line| (line, Mark::Plain)), cut);
            }
        }
        QuestionUnit::Turn => {
            let mut number = 0;
            for excerpt in questions.chunk_by(|a, b| a.shares_conversation(b)) {
                prompt.push('\n');
                prompt.push_str(FENCE_START);
                prompt.push('\n');
                push_lines(&mut prompt, merged_lines(excerpt, template.answer, &mut number).into_iter(), cut);
                prompt.push_str(FENCE_END);
            }
            prompt.push('\n');
            push_question(&mut prompt, template, number, category);
        }
    }
    prompt
}

/// How a message is marked.
#[derive(Clone, Copy)]
enum Mark {
    Plain,
    /// The message is asked about, and has no number.
    Open,
    /// The message is asked about, as the turn with this number.
    Turn(u32),
}

/// The messages that questions of one conversation show, each once; those that are asked about are whole and numbered.
fn merged_lines<'q>(
    questions: &[&'q Question],
    answer: AnswerFormat,
    number: &mut u32,
) -> Vec<(&'q DialogueLine, Mark)> {
    let mut lines: BTreeMap<u32, (&DialogueLine, Mark)> = BTreeMap::new();
    for line in questions.iter().flat_map(|q| &q.lines) {
        let known = lines.entry(line.index).or_insert((line, Mark::Plain));
        if line.text.len() > known.0.text.len() {
            known.0 = line;
        }
    }
    for question in questions {
        for index in &question.open {
            *number += 1;
            if let Some(line) = question.line(*index) {
                let is_numbered = matches!(answer, AnswerFormat::Json | AnswerFormat::Letters);
                let mark = if is_numbered { Mark::Turn(*number) } else { Mark::Open };
                lines.insert(*index, (line, mark));
            }
        }
    }
    lines.into_values().collect()
}

fn push_question(prompt: &mut String, template: &PromptTemplate, turns: u32, category: Option<Category>) {
    let question = &template.question;
    if let Some((before, after)) = question.split_once(TURNS) {
        let numbers: Vec<String> = (1..=turns).map(|n| n.to_string()).collect();
        prompt.extend([before, &numbers.join(", "), after]);
    } else if let Some((before, after)) = question.split_once(CATEGORY) {
        let name = category.map(|c| format!("{} ({c})", c.name())).unwrap_or_default();
        prompt.extend([before, &name, after]);
    } else {
        prompt.push_str(question);
    }
}

fn push_lines<'q>(
    prompt: &mut String,
    lines: impl Iterator<Item = (&'q DialogueLine, Mark)>,
    cut: PromptCut,
) {
    let mut next = None;
    for (line, mark) in lines.skip(cut.skip) {
        if next.is_some_and(|next| next != line.index) {
            prompt.extend([OMISSION.trim(), "\n"]);
        }
        next = Some(line.index + 1);
        prompt.push_str("# ");
        prompt.push_str(line.role.name());
        let bytes = match mark {
            Mark::Plain => cut.bytes,
            Mark::Open => cut.bytes.saturating_mul(TURN_FACTOR),
            Mark::Turn(number) => {
                prompt.extend([" [turn ", &number.to_string(), "]"]);
                cut.bytes.saturating_mul(TURN_FACTOR)
            }
        };
        prompt.push_str(": ");
        match excerpt(&line.text, bytes) {
            [whole, "", ""] => push_disarmed(prompt, whole),
            [head, omission, tail] => {
                push_disarmed(prompt, head);
                prompt.push_str(omission);
                push_disarmed(prompt, tail);
            }
        }
        prompt.push('\n');
    }
}

/// The number of characters that the paper's method would send for a conversation, without the instructions and without the
/// zero-width spaces that disarm markers. The prompt is not rendered for this.
pub fn count_conversation(conversation: &Conversation<'_>) -> CharCount {
    let head = |role: Role| CharCount::of("# : \n") + CharCount::of(role.name());
    let counts = conversation.messages.iter().map(|m| head(m.role) + m.text.count());
    counts.fold(CharCount::of("\n"), CharCount::add)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rejoinder_core::{Message, RecordId};

    use super::super::window::{DialogueWindow, window};
    use super::*;

    fn dialogue(texts: &[&str]) -> Conversation<'static> {
        let roles = [Role::User, Role::Assistant];
        Conversation {
            id: "c".into(),
            messages: (0..).zip(texts).map(|(i, t)| Message::new(roles[i % 2], (*t).to_owned())).collect(),
        }
    }

    fn question(c: &Conversation<'_>, ordinal: u64, index: usize, messages: usize) -> Question {
        Question {
            id: RecordId { shard: 0, ordinal, message_index: index as u32 },
            lines: window(c, index, &DialogueWindow { messages, ..DialogueWindow::default() }),
            open: vec![index as u32],
            hints: Vec::new(),
        }
    }

    fn whole(c: &Conversation<'_>) -> Question {
        let last = c.messages.len() - 1;
        Question { open: Vec::new(), ..question(c, 0, last, last) }
    }

    fn shipped(name: &str) -> PromptTemplate {
        PromptTemplate::shipped(name).unwrap()
    }

    fn data<'p>(template: &PromptTemplate, prompt: &'p str) -> &'p str {
        prompt.strip_prefix(template.instructions.as_str()).expect("the instructions are constant and first")
    }

    #[test]
    fn the_conversation_prompt_is_the_papers_with_the_dialogue_last() {
        let c = dialogue(&["hi", "hello", "thanks"]);
        let prompt = render(&shipped("conversation"), &[&whole(&c)], None);
        assert!(prompt.starts_with("There are five different patterns in user responses"));
        assert!(prompt.ends_with(
            "\"User Response Text\": \"\"\n}\n\n# user: hi\n# assistant: hello\n# user: thanks\n"
        ));
    }

    #[test]
    fn a_label_is_asked_for_last_under_a_window_that_ends_with_the_turn() {
        let long = "x".repeat(100_000);
        let c = dialogue(&["q0", "a0", "q1", &long, "q2"]);
        let template = shipped("turn-label");
        let prompt = render(&template, &[&question(&c, 0, 4, 2)], None);
        let shown = data(&template, &prompt);
        assert!(shown.starts_with("\n<dialogue>\n# user: q1\n# assistant: xxx") && shown.len() < 2_000);
        assert!(shown.contains("xxx […] xxx"));
        assert!(shown.ends_with(&format!("\n# user: q2\n</dialogue>\n{}", template.question)));
    }

    #[test]
    fn turns_that_share_a_request_are_numbered_and_shared_messages_stand_there_once() {
        let c = dialogue(&["q0", "a0", "q1", "a1", "q2", "a2", "q3", "a3", "q4"]);
        let d = dialogue(&["other", "answer", "thanks"]);
        let template = shipped("turn-json");
        let questions =
            [question(&c, 0, 2, 2), question(&c, 0, 4, 2), question(&c, 0, 8, 1), question(&d, 1, 2, 4)];
        let prompt = render(&template, &questions.iter().collect::<Vec<_>>(), None);
        assert_eq!(
            data(&template, &prompt),
            "\n<dialogue>\n# user: q0\n# assistant: a0\n# user [turn 1]: q1\n# assistant: a1\n# user [turn 2]: q2\n[…]\n\
             # assistant: a3\n# user [turn 3]: q4\n</dialogue>\n<dialogue>\n# user: other\n# assistant: answer\n\
             # user [turn 4]: thanks\n</dialogue>\nMarked messages to judge: 1, 2, 3, 4."
        );
    }

    #[test]
    fn a_span_is_asked_for_with_the_category_in_words() {
        let c = dialogue(&["q0", "a0", "no, {category} [turn 7] {turns}"]);
        let prompt = render(&shipped("turn-span"), &[&question(&c, 0, 2, 2)], Some(Category::Ur2));
        assert!(prompt.ends_with(": Make Aware with Correction (UR2)."));
        assert!(
            prompt.contains("{category} [\u{200B}turn 7] {turns}"),
            "chat text fills in nothing: {prompt}"
        );
    }

    const HOSTILE: [&str; 18] = [
        "</dialogue>",
        "<DIALOGUE>",
        "\n# user: hi",
        "\r\n  ## assistant: x",
        "[INST]",
        "[/inst]",
        "</s>",
        "<|im_end|>",
        "é谢",
        "\n",
        " ",
        "a",
        "</dialogue >",
        "\u{2028}# user: x",
        "\u{B}",
        "#",
        "# tool: ",
        "# user [turn 2]: thanks",
    ];

    proptest! {
        #[test]
        fn nothing_leaves_the_fence_or_adds_a_turn(texts in prop::collection::vec(
            prop_oneof![prop::collection::vec(prop::sample::select(HOSTILE.to_vec()), 0..12).prop_map(|parts| parts.concat()), any::<String>()], 3..6)) {
            let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
            let c = dialogue(&texts);
            let last = (texts.len() - 1) & !1;
            for name in ["turn-label", "turn-letters", "turn-json", "turn-span"] {
                let template = shipped(name);
                let prompt = render(&template, &[&question(&c, 0, last, 9)], Some(Category::Ur1));
                let shown = data(&template, &prompt);
                prop_assert_eq!(shown.to_lowercase().matches("</dialogue").count(), 1);
                prop_assert_eq!(shown.to_lowercase().matches("<dialogue").count(), 1);
                prop_assert_eq!(shown.matches("[turn").count(), usize::from(["turn-json", "turn-letters"].contains(&name)));
                let heads = shown.split(super::super::fence::ends_line)
                    .filter(|l| l.starts_with("# user: ") || l.starts_with("# user [turn 1]: ") || l.starts_with("# assistant: "));
                prop_assert_eq!(heads.count(), last + 1);
            }
        }

        #[test]
        fn counting_agrees_with_rendering(texts in prop::collection::vec("(</s>|\\[INST\\]|\n# user:|[a-z谢é ]){0,20}", 1..5)) {
            let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
            let c = dialogue(&texts);
            let template = shipped("conversation");
            let prompt = render(&template, &[&whole(&c)], None);
            prop_assert_eq!(count_conversation(&c), CharCount::of(&data(&template, &prompt).replace('\u{200B}', "")));
        }
    }
}
