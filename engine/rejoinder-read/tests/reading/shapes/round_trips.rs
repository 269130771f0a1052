//! One dialogue, written down in every shape, is read back as the same conversation. What is no talk in a shape (thinking,
//! tools, branches that were left, calls of helpers) has texts of its own, `say0`, so that it is seen where it comes through.

use std::io::Write as _;

use fastrand::Rng;
use proptest::prelude::*;
use rejoinder_read::{ChunkReader, InputFile, Mapping, Position};
use tempfile::NamedTempFile;

use super::dialogue::{Dialogue, Read, Said, dialogues, later_turns};
use super::{exports, joined, plain, traces};

/// A way to write dialogues down, and what it keeps of them.
#[derive(Clone, Copy)]
struct Shape {
    write: fn(&[Dialogue], &mut Rng) -> Vec<u8>,
    /// It has a place for the name of a conversation.
    has_ids: bool,
    /// It has a place for instructions among the messages, where they are the same in every record.
    has_system: bool,
    /// Answers that say nothing are kept. Else they are not looked at, and neither is what tools said.
    has_blanks: bool,
    /// Answers come without white space around them.
    trims: bool,
    /// What the dialogues become in it.
    fit: fn(&Dialogue) -> Dialogue,
}

impl Shape {
    const fn new(write: fn(&[Dialogue], &mut Rng) -> Vec<u8>) -> Self {
        Self { write, has_ids: true, has_system: true, has_blanks: true, trims: false, fit: Dialogue::clone }
    }

    const fn without_ids(self) -> Self {
        Self { has_ids: false, ..self }
    }

    const fn without_system(self) -> Self {
        Self { has_system: false, ..self }
    }

    const fn without_blanks(self) -> Self {
        Self { has_blanks: false, ..self }
    }

    const fn trims(self) -> Self {
        Self { trims: true, ..self }
    }

    const fn fit(self, fit: fn(&Dialogue) -> Dialogue) -> Self {
        Self { fit, ..self }
    }

    /// What is to be read, in an order that is the same for all shapes.
    fn expected(self, all: &[Dialogue]) -> Vec<Read> {
        let of = |d: &Dialogue| {
            let d = (self.fit)(d);
            let turns = later_turns(&d.said());
            self.compared(Some(d.id.clone()), d.said(), turns)
        };
        sorted(all.iter().map(of).collect())
    }

    /// What is compared of a conversation.
    fn compared(self, id: Option<String>, said: Vec<Said>, turns: Vec<String>) -> Read {
        let keeps = |(role, text): &Said| match *role {
            "tool" => self.has_blanks,
            "system" => self.has_system,
            _ => self.has_blanks || !text.trim().is_empty(),
        };
        let own = |(role, text): Said| match self.trims && role == "assistant" {
            true => (role, text.trim().to_owned()),
            false => (role, text),
        };
        (id.filter(|_| self.has_ids), said.into_iter().filter(keeps).map(own).collect(), turns)
    }

    /// What is read of a file that holds these bytes.
    ///
    /// # Errors
    /// What was set aside, and why.
    fn read(self, content: &[u8]) -> Result<(Vec<Read>, String), TestCaseError> {
        let temp = stored(content);
        let file = InputFile::describe(temp.path()).map_err(|why| TestCaseError::fail(why.to_string()))?;
        let seen = format!("{} · {}", file.format, file.container.describe());
        let (files, mapping) = ([file], Mapping::default());
        let mut all = Vec::new();
        for chunk in ChunkReader::new(&files, &mapping, Position::default(), 1 << 24) {
            for entry in chunk.entries() {
                let record = entry.record().map_err(|why| TestCaseError::fail(format!("{seen}: {why}")))?;
                let text = |at: usize| record.conversation.messages[at].text.to_string();
                let said = record.conversation.messages.iter().map(|m| (m.role.name(), m.text.to_string()));
                let turns = record.later_turns().map(text).collect();
                // Of pairs of one prompt the first side is the dialogue.
                let id = record.conversation.id.to_string();
                if !id.ends_with(":b") {
                    let id = id.strip_suffix(":a").unwrap_or(&id).to_owned();
                    all.push(self.compared(Some(id), said.collect(), turns));
                }
            }
            // An export has conversations in which nobody said anything.
            if let Some(set_aside) =
                chunk.set_aside.iter().find(|set_aside| !set_aside.reason.contains("no user message"))
            {
                return Err(TestCaseError::fail(format!("{seen}: {}", set_aside.reason)));
            }
        }
        Ok((sorted(all), seen))
    }
}

fn stored(content: &[u8]) -> NamedTempFile {
    let mut temp = NamedTempFile::new().unwrap();
    temp.write_all(content).unwrap();
    temp
}

fn sorted(mut all: Vec<Read>) -> Vec<Read> {
    all.sort_by(|one, other| (&one.1, &one.0).cmp(&(&other.1, &other.0)));
    all
}

fn check(shape: Shape, all: &[Dialogue], seed: u64) -> Result<(), TestCaseError> {
    let content = (shape.write)(all, &mut Rng::with_seed(seed));
    let shown = || String::from_utf8_lossy(&content).chars().take(6_000).collect::<String>();
    match shape.read(&content) {
        Err(why) => prop_assert!(false, "{why}\n{}", shown()),
        Ok((read, seen)) => prop_assert_eq!(read, shape.expected(all), "{}\n{}", seen, shown()),
    }
    Ok(())
}

/// A test for each shape.
macro_rules! shapes {
    ($($name:ident: $shape:expr;)*) => {
        proptest! {
            #![proptest_config(ProptestConfig { cases: 60, failure_persistence: None, ..ProptestConfig::default() })]
            $(#[test]
            fn $name(all in dialogues(), seed in any::<u64>()) {
                check($shape, &all, seed)?;
            })*
        }
    };
}

shapes! {
    messages_a_line: Shape::new(plain::messages);
    conversation_a_line: Shape::new(plain::conversation);
    an_array: Shape::new(plain::array);
    a_pretty_array: Shape::new(plain::pretty_array);
    objects_over_several_lines: Shape::new(plain::pretty_objects);
    a_list_of_lists: Shape::new(plain::list_of_lists).without_ids();
    a_list_a_line: Shape::new(plain::list_a_line).without_ids();
    an_object_around_all: Shape::new(plain::wrapper);
    objects_around_all: Shape::new(plain::deep_wrapper);
    a_path_in_a_chat: Shape::new(plain::nested_chat);
    a_path_in_a_request: Shape::new(plain::nested_request);
    json_in_a_text: Shape::new(plain::text_of_json);
    csv_with_commas: Shape::new(plain::csv_comma);
    csv_with_semicolons: Shape::new(plain::csv_semicolon);
    csv_with_tabs: Shape::new(plain::csv_tab);
    python_in_csv: Shape::new(plain::csv_python);
    numpy_in_csv: Shape::new(plain::csv_numpy);
    utf_16: Shape::new(plain::utf16);
    utf_16_with_tabs: Shape::new(plain::utf16_csv);
    windows_1252: Shape::new(plain::windows_1252).fit(plain::in_windows_1252);
    packed_with_gzip: Shape::new(plain::gzip);
    packed_with_zstd: Shape::new(plain::zstd_array);
    sharegpt: Shape::new(plain::sharegpt);
    pairs_a_record: Shape::new(plain::pairs_a_record).without_system();
    parts: Shape::new(plain::parts_lists);
    tags_of_thinking: Shape::new(plain::think_tags).trims();
    ai_sdk: Shape::new(plain::ai_sdk);
    ai_sdk_4: Shape::new(plain::ai_sdk_4);
    anthropic_blocks: Shape::new(plain::anthropic).without_blanks();
    openai_tools: Shape::new(plain::openai_tools).without_blanks();
    gemini: Shape::new(plain::gemini).without_blanks();
    langchain_constructors: Shape::new(plain::langchain_constructor).without_blanks();
    langchain_data: Shape::new(plain::langchain_data);
    langchain_flat: Shape::new(plain::langchain_flat);

    chatgpt: Shape::new(exports::chatgpt).without_system();
    deepseek: Shape::new(exports::deepseek).without_system();
    claude: Shape::new(exports::claude).without_system();
    open_webui: Shape::new(exports::open_webui).without_system().trims();
    oasst_trees: Shape::new(exports::oasst_trees).without_system();
    oasst_messages: Shape::new(exports::oasst_messages).without_system();
    arena: Shape::new(exports::arena).without_system();

    rows_by_order: Shape::new(joined::rows_by_order);
    rows_by_time: Shape::new(joined::rows_by_time);
    rows_in_an_array: Shape::new(joined::rows_array);
    rows_of_csv_by_order: Shape::new(joined::csv_rows_by_order);
    rows_of_csv_by_time: Shape::new(joined::csv_rows_by_time);
    pairs: Shape::new(joined::pairs_lines);
    pairs_of_csv: Shape::new(joined::pairs_csv);
    langfuse_turns: Shape::new(joined::langfuse_turns).without_blanks();
    langfuse_turns_observed: Shape::new(joined::langfuse_turns_observed).without_blanks();
    langfuse_growing: Shape::new(joined::langfuse_growing).without_blanks();
    langfuse_growing_observed: Shape::new(joined::langfuse_growing_observed).without_blanks();
    langfuse_window: Shape::new(joined::langfuse_window).without_blanks();
    langfuse_window_observed: Shape::new(joined::langfuse_window_observed).without_blanks();
    langfuse_short_window: Shape::new(joined::langfuse_short_window).without_blanks();
    langsmith: Shape::new(joined::langsmith).without_blanks();
    gateway_without_sessions: Shape::new(joined::gateway_alone).without_ids().without_system().without_blanks();
    gateway_with_sessions: Shape::new(joined::gateway_sessions).without_system().without_blanks();
    responses: Shape::new(joined::responses).without_ids().without_system().without_blanks();

    openinference_nested: Shape::new(traces::openinference_nested).without_blanks();
    openinference_flat: Shape::new(traces::openinference_flat).without_blanks();
    openllmetry: Shape::new(traces::openllmetry).without_blanks();
    genai_events: Shape::new(traces::genai_events).without_blanks();
    genai_messages: Shape::new(traces::genai_messages).without_blanks();
    ai_sdk_spans: Shape::new(traces::ai_sdk_spans).without_blanks();
    mlflow: Shape::new(traces::mlflow).without_blanks();
}

/// A conversation with its number, and the end of its chunk.
type Numbered = (u64, String, Vec<Said>);

/// What is read of a file from a place on, and where its chunks end.
fn read_from(file: &InputFile, from: Position) -> (Vec<Numbered>, Vec<Position>) {
    let (files, mapping) = ([file.clone()], Mapping::default());
    let (mut all, mut ends) = (Vec::new(), Vec::new());
    for chunk in ChunkReader::new(&files, &mapping, from, 1 << 24) {
        for entry in chunk.entries() {
            let record = entry.record().unwrap();
            let said = record.conversation.messages.iter().map(|m| (m.role.name(), m.text.to_string()));
            all.push((entry.ordinal, record.conversation.id.to_string(), said.collect()));
        }
        assert_eq!(chunk.set_aside, []);
        ends.push(chunk.end);
    }
    (all, ends)
}

/// The same dialogues with texts so long that a file of them is cut into several chunks.
fn long(all: &[Dialogue], length: usize) -> Vec<Dialogue> {
    let grown = |text: &String| {
        if text.is_empty() { String::new() } else { format!("{text}{}", " and so on".repeat(length / 10)) }
    };
    let of = |d: &Dialogue| Dialogue {
        exchanges: d.exchanges.iter().map(|both| both.each_ref().map(grown)).collect(),
        ..d.clone()
    };
    all.iter().map(of).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1, failure_persistence: None, max_shrink_iters: 20, ..ProptestConfig::default() })]
    /// A conversation may begin in one chunk and end in another.
    #[test]
    fn each_end_of_a_chunk_is_a_place_to_go_on_from(all in prop::collection::vec(dialogues(), 3), seed in any::<u64>()) {
        let named = |(nth, d): (usize, Dialogue)| {
            let prefixed = |text: String| if text.is_empty() { text } else { format!("{nth}: {text}") };
            Dialogue { id: format!("d{nth}"), exchanges: d.exchanges.into_iter().map(|both| both.map(prefixed)).collect(), ..d }
        };
        let all: Vec<Dialogue> = all.into_iter().flatten().enumerate().map(named).collect();
        // Conversations that all go on until the last rows are one chunk, however long, which few draws are.
        let mut in_one_chunk = Vec::new();
        for (write, length) in [
            (joined::rows_by_time as fn(&[Dialogue], &mut Rng) -> Vec<u8>, 60_000),
            (joined::csv_rows_by_order, 60_000),
            (joined::pairs_lines, 60_000),
            (joined::langfuse_window_observed, 10_000),
            (joined::gateway_alone, 20_000),
            (joined::responses, 60_000),
            (traces::genai_messages, 20_000),
        ] {
            let content = write(&long(&all, length), &mut Rng::with_seed(seed));
            let temp = stored(&content);
            let file = InputFile::describe(temp.path()).unwrap();
            let (whole, ends) = read_from(&file, Position::default());
            if ends.len() == 1 && content.len() >= 3 << 20 {
                in_one_chunk.push((file.format, content.len()));
            }
            for end in ends {
                let rest: Vec<_> = whole.iter().filter(|(ordinal, ..)| *ordinal >= end.line).collect();
                let (read, _) = read_from(&file, end);
                let is_same = read.iter().eq(rest.iter().copied());
                prop_assert!(is_same, "{} of {} bytes, read on from {end:?}: {} of {} conversations", file.format, content.len(), read.len(), rest.len());
            }
        }
        prop_assert!(in_one_chunk.len() <= 2, "in one chunk: {in_one_chunk:?}");
    }
}
