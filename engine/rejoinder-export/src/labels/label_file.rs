//! Labels in a file beside the corpus, joined by the id of the conversation. The corpus is never rewritten.
//!
//! The lines of a file are a log: what a line says of a turn takes the place of what the lines before said of that turn.

use std::collections::HashMap;
use std::error::Error;
use std::fmt;

use rejoinder_core::Answer;
use rejoinder_read::Record;
use serde::{Deserialize, Serialize};

use super::error::LabelError;
use super::label::{Label, LabelRow, LabelWord};
use super::read::resolve;
use super::selection::TurnSelection;

/// A line of a file of labels: labels of one conversation. Further keys of a line are not read here.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConversationLabels {
    /// The id of the conversation.
    pub conversation_id: String,
    /// How the labelled turns were chosen.
    #[serde(default, rename = "drawn")]
    pub selection: TurnSelection,
    /// Whether every turn without a label was judged to hold no feedback, unless the reader is told otherwise.
    #[serde(default = "yes")]
    pub complete: bool,
    /// The labels.
    pub labels: Vec<LabelRow>,
}

const fn yes() -> bool {
    true
}

/// A label of a file.
#[derive(Clone, Debug)]
struct FiledLabel {
    row: LabelRow,
    answer: Answer,
    selection: TurnSelection,
    /// Whether the label's line says that turns without a label hold no feedback.
    of_complete: bool,
}

/// The labels of one conversation.
#[derive(Clone, Debug)]
struct Entry {
    /// The labels, those of later lines before those of earlier ones.
    labels: Vec<FiledLabel>,
    selection: TurnSelection,
    complete: bool,
}

impl Entry {
    /// Takes up the labels of a further line.
    fn add(&mut self, line: Vec<(LabelRow, LabelWord)>, selection: TurnSelection, of_complete: bool) {
        let mut added = Vec::new();
        for (row, word) in line {
            let earlier = self.labels.iter().filter(|label| label.row.names_turn_of(&row));
            // A turn that one of several draws holds is a turn of that draw, whoever drew it once more.
            let selection = earlier.map(|label| label.selection).fold(selection, TurnSelection::min);
            self.labels.retain(|label| !label.row.names_turn_of(&row));
            if let LabelWord::Said(answer) = word {
                added.push(FiledLabel { row, answer, selection, of_complete });
            }
        }
        self.labels.splice(0..0, added);
    }

    /// How the turn of a label was chosen. Where one line has only the turns with feedback, and another line takes away that all other
    /// turns have none, the labels of the first are no choice without regard to what they say; so of the selections the one that says
    /// least counts.
    fn selection_of(&self, label: &FiledLabel) -> TurnSelection {
        match label.of_complete && !self.complete {
            true => self.selection.max(label.selection),
            false => label.selection,
        }
    }
}

/// A file of labels, by conversation.
#[derive(Clone, Debug, Default)]
pub struct LabelFile {
    by_id: HashMap<String, Entry>,
    is_torn: bool,
}

impl LabelFile {
    /// Reads the lines of a file. Several lines about one conversation add up; of labels of one turn in several lines the last counts.
    ///
    /// A last line that has no end and breaks off in the middle, behind others that are whole, is left out: whoever was writing it was
    /// stopped ([`Self::is_torn`]).
    ///
    /// # Errors
    /// The first line that is malformed.
    pub fn new(lines: &str) -> Result<Self, LabelFileError> {
        let mut file = Self::default();
        let without_end = (!lines.ends_with('\n')).then(|| lines.lines().count());
        for (number, line) in lines.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
            let at = |error| LabelFileError { line: number + 1, error };
            let row: ConversationLabels = match serde_json::from_str(line) {
                Ok(row) => row,
                Err(error) if error.is_eof() && without_end == Some(number + 1) && !file.is_empty() => {
                    file.is_torn = true;
                    break;
                }
                Err(error) => return Err(at(LabelError::NotJson(error.to_string()))),
            };
            let ConversationLabels { conversation_id, selection, complete, labels } = row;
            let words: Result<Vec<LabelWord>, LabelError> = labels.iter().map(LabelRow::word).collect();
            let labels = labels.into_iter().zip(words.map_err(at)?).collect();
            let entry = file.by_id.entry(conversation_id);
            let entry = entry.or_insert(Entry { labels: Vec::new(), selection, complete });
            entry.add(labels, selection, complete);
            // Of several selections the one that says least counts.
            entry.selection = entry.selection.max(selection);
            entry.complete &= complete;
        }
        Ok(file)
    }

    /// The number of conversations with labels.
    pub fn len(&self) -> usize {
        self.by_id.len()
    }

    /// Whether no conversation has labels.
    pub fn is_empty(&self) -> bool {
        self.by_id.is_empty()
    }

    /// Whether the last line breaks off in the middle, and was left out.
    pub const fn is_torn(&self) -> bool {
        self.is_torn
    }

    /// The id of one conversation with labels, the first in the order of ids.
    pub fn example(&self) -> Option<&str> {
        self.by_id.keys().min().map(String::as_str)
    }

    /// The labels of a record; of several labels of a turn the first counts.
    ///
    /// # Errors
    /// If the file has no labels of the record, or a label does not fit the conversation.
    pub fn read(&self, record: &Record<'_>) -> Result<Vec<Label>, LabelError> {
        let entry = self.by_id.get(&*record.conversation.id);
        // Where all labels were taken back, it is as if none had been given.
        let entry = entry.filter(|entry| entry.complete || !entry.labels.is_empty());
        let entry = entry.ok_or(LabelError::NotInFile)?;
        let mut labels = Vec::with_capacity(entry.labels.len());
        for label in &entry.labels {
            let selection = entry.selection_of(label);
            resolve(&label.row, label.answer, selection, &record.conversation, &mut labels)?;
        }
        Ok(labels)
    }

    /// How the turns without a label of a conversation were chosen, and whether these turns were judged, too; `None` if the file has no
    /// labels of the conversation.
    pub fn selection_of(&self, conversation_id: &str) -> Option<(TurnSelection, bool)> {
        self.by_id.get(conversation_id).map(|entry| (entry.selection, entry.complete))
    }

    /// What the labels say of message `turn` of a conversation, which judges exchange `exchange`. A turn without a label holds no
    /// feedback if all of the conversation is labelled; else nobody has read the turn: `None`. [`Answer::Unknown`] if somebody has read
    /// the turn and could not say.
    pub fn answer(&self, conversation_id: &str, turn: usize, exchange: u32) -> Option<Answer> {
        let entry = self.by_id.get(conversation_id)?;
        match entry.labels.iter().find(|label| label.row.is_about(turn, exchange)) {
            Some(label) => Some(label.answer),
            None => entry.complete.then_some(Answer::NoFeedback),
        }
    }
}

/// A line of a file of labels cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LabelFileError {
    /// The number of the line, from 1.
    pub line: usize,
    /// What is wrong with the line.
    pub error: LabelError,
}

impl fmt::Display for LabelFileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.error)
    }
}

impl Error for LabelFileError {}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;
    use rejoinder_core::Category::{self, Ur2, Ur5};
    use rejoinder_read::Mapping;

    use super::*;

    fn line(turn: usize, category: &str, drawn: &str) -> String {
        format!(
            r#"{{"conversation_id":"c","drawn":"{drawn}","complete":false,"labels":[{{"turn":{turn},"category":"{category}"}}],"at":"now"}}"#
        ) + "\n"
    }

    fn answers(lines: &str) -> [Option<Answer>; 2] {
        let file = LabelFile::new(lines).unwrap();
        [2, 4].map(|turn| file.answer("c", turn, turn as u32 / 2))
    }

    /// The labels of a conversation with the later turns 2 and 4.
    fn read(lines: &str) -> Vec<(usize, Answer, TurnSelection)> {
        let turns = (0..5).map(|i| format!(r#"{{"role":"{}","content":"x"}}"#, ["user", "assistant"][i % 2]));
        let turns = turns.collect::<Vec<_>>().join(",");
        let record = format!(r#"{{"conversation_id":"c","conversation":[{turns}]}}"#);
        let record = Record::parse(record.as_bytes(), &Mapping::default()).unwrap();
        let labels = LabelFile::new(lines).unwrap().read(&record).unwrap();
        labels.into_iter().map(|label| (label.turn, label.answer, label.selection)).collect()
    }

    #[test]
    fn a_later_label_takes_the_place_of_an_earlier_one_and_a_label_can_be_taken_back() {
        let first = line(2, "UR2", "whole") + &line(4, "none", "whole");
        assert_eq!(answers(&first), [Some(Answer::Feedback(Ur2)), Some(Answer::NoFeedback)]);
        assert_eq!(answers(&(first.clone() + &line(2, "UR5", "whole")))[0], Some(Answer::Feedback(Ur5)));
        assert_eq!(answers(&(first.clone() + &line(2, "unsure", "whole")))[0], Some(Answer::Unknown));
        let undone = first + &line(2, "undone", "whole");
        assert_eq!(answers(&undone), [None, Some(Answer::NoFeedback)]);
        assert_eq!(answers(&(undone + &line(2, "none", "whole")))[0], Some(Answer::NoFeedback));
    }

    #[test]
    fn a_label_by_the_turn_takes_the_place_of_one_by_the_exchange() {
        let by_exchange =
            r#"{"conversation_id":"c","complete":false,"labels":[{"feedback_turn":1,"category":"UR2"}]}"#;
        let lines = by_exchange.to_owned() + "\n" + &line(2, "UR5", "whole");
        assert_eq!(answers(&lines)[0], Some(Answer::Feedback(Ur5)));
        assert_eq!(read(&lines)[0], (2, Answer::Feedback(Ur5), TurnSelection::Independent));
    }

    #[test]
    fn each_turn_is_chosen_as_its_own_line_says() {
        let lines = line(2, "UR2", "whole") + &line(4, "UR5", "chosen");
        assert_eq!(
            read(&lines),
            [
                (4, Answer::Feedback(Ur5), TurnSelection::Chosen),
                (2, Answer::Feedback(Ur2), TurnSelection::Independent)
            ]
        );
        // Drawn once more: the turn stays one of the even draw.
        let again = lines + &line(2, "none", "chosen");
        assert!(read(&again).contains(&(2, Answer::NoFeedback, TurnSelection::Independent)));
        // A line with the feedback of a whole conversation says nothing by itself once the others are unknown.
        let whole = r#"{"conversation_id":"c","labels":[{"turn":2,"category":"UR2"}]}"#.to_owned() + "\n";
        let mixed = whole + &line(4, "UR5", "found");
        assert!(read(&mixed).iter().all(|(.., selection)| *selection == TurnSelection::FoundByRun));
    }

    #[test]
    fn a_torn_last_line_is_left_out_and_nothing_else() {
        let whole = line(2, "UR2", "whole");
        let next = line(4, "UR5", "whole");
        for end in 1..next.len() - 1 {
            let file = LabelFile::new(&(whole.clone() + &next[..end])).unwrap();
            assert_eq!((file.is_torn(), file.answer("c", 4, 2)), (true, None), "{end}");
        }
        let unended = LabelFile::new(&(whole.clone() + next.trim_end())).unwrap();
        assert_eq!((unended.is_torn(), unended.answer("c", 4, 2)), (false, Some(Answer::Feedback(Ur5))));
        for wrong in ["{\"conv", "{\"conv\n", "nonsense", "{\"conversation_id\":\"c\"}"] {
            assert_eq!(LabelFile::new(wrong).unwrap_err().line, 1, "{wrong}");
        }
        let behind = LabelFile::new(&(whole.clone() + "{\"conv\n" + &whole)).unwrap_err();
        assert_eq!(behind.line, 2, "only the last line may be torn");
        assert_eq!(LabelFile::new(&(whole + "nonsense")).unwrap_err().line, 2, "that was never a line");
    }

    #[test]
    fn words_that_no_file_knows_are_refused_with_their_line() {
        let wrong = LabelFile::new(&(line(2, "UR2", "whole") + &line(2, "perhaps", "whole"))).unwrap_err();
        assert!(wrong.to_string().starts_with("line 2: label `perhaps`: "), "{wrong}");
    }

    proptest! {
        #[test]
        fn a_log_says_what_its_last_lines_say(
            said in prop::collection::vec((prop::sample::select(vec![2_usize, 4]), 0..8_usize), 0..30),
        ) {
            let words: Vec<&str> =
                Category::ALL.iter().map(|c| c.code()).chain(["none", "unsure", "undone"]).collect();
            let lines: String = said.iter().map(|(turn, word)| line(*turn, words[*word], "audit")).collect();
            let mut expected: BTreeMap<usize, Option<Answer>> = BTreeMap::new();
            for (turn, word) in &said {
                let answer = match words[*word] {
                    "undone" => None,
                    "unsure" => Some(Answer::Unknown),
                    "none" => Some(Answer::NoFeedback),
                    code => Some(Answer::Feedback(code.parse().unwrap())),
                };
                expected.insert(*turn, answer);
            }
            let of = |turn| expected.get(&turn).copied().flatten();
            prop_assert_eq!(answers(&lines), [of(2), of(4)]);
        }

        #[test]
        fn no_text_makes_it_panic(text in "\\PC{0,80}", cut in 0..100_usize) {
            let _ = LabelFile::new(&text);
            let lines = line(2, "UR2", "whole").repeat(2);
            let _ = LabelFile::new(&lines[..cut.min(lines.len())]);
        }
    }
}
