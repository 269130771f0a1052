//! The last look: whether some file still holds what the conversations say.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use aho_corasick::AhoCorasick;

use super::redacted::redacted_forms;
use super::target::ForgottenTarget;
use crate::error::RunError;

/// Shorter texts tell nobody apart, in bytes.
pub(super) const LEAST_TEXT: usize = 12;
/// Of longer texts only beginning and end are looked for: excerpts keep these.
const LONGEST: usize = 200;
const EXCERPT: usize = 100;
/// Bytes that are looked at in one piece.
const PIECE: usize = 1 << 20;

/// Texts of the conversations, as they are and as JSON writes them.
pub(super) struct Traces(Vec<Vec<u8>>);

impl Traces {
    /// What the conversations say, and their ids; also as exports without personal data write them.
    pub(super) fn of(target: &ForgottenTarget) -> Self {
        let mut traces = BTreeSet::new();
        let own = target.texts.iter().chain(&target.ids);
        let redacted = own.clone().flat_map(|text| redacted_forms(text));
        for text in own.cloned().chain(redacted) {
            for text in pieces(text.trim()).into_iter().filter(|text| text.len() >= LEAST_TEXT) {
                traces.insert(text.as_bytes().to_vec());
                traces.insert(escaped(text).trim_matches('"').as_bytes().to_vec());
            }
        }
        for id in &target.ids {
            traces.insert(format!("\"conversation_id\":{}", escaped(id)).into_bytes());
        }
        Self(traces.into_iter().collect())
    }

    /// The same without the texts that files hold whose rows are all of other conversations.
    ///
    /// # Errors
    /// If a file cannot be read.
    pub(super) fn without_shared(self, files: &[PathBuf]) -> Result<Self, RunError> {
        let searcher = self.searcher()?;
        let mut shared = BTreeSet::new();
        for file in files {
            search(&searcher, file, &mut |trace| {
                shared.insert(trace);
            })?;
        }
        let own = self.0.into_iter().enumerate().filter(|(number, _)| !shared.contains(number));
        Ok(Self(own.map(|(_, trace)| trace).collect()))
    }

    /// The files that hold one of the texts.
    ///
    /// # Errors
    /// If a file cannot be read.
    pub(super) fn found_in(&self, files: Vec<PathBuf>) -> Result<Vec<PathBuf>, RunError> {
        let searcher = self.searcher()?;
        let mut found = Vec::new();
        for file in files {
            let mut is_found = false;
            search(&searcher, &file, &mut |_| is_found = true)?;
            if is_found {
                found.push(file);
            }
        }
        Ok(found)
    }

    fn searcher(&self) -> Result<AhoCorasick, RunError> {
        AhoCorasick::new(&self.0).map_err(|e| RunError::io("the texts cannot be searched for", &e))
    }
}

/// The text, or beginning and end of a long one.
fn pieces(text: &str) -> Vec<&str> {
    match text.len() > LONGEST {
        true => vec![
            &text[..text.floor_char_boundary(EXCERPT)],
            &text[text.ceil_char_boundary(text.len() - EXCERPT)..],
        ],
        false => vec![text],
    }
}

fn escaped(text: &str) -> String {
    serde_json::to_string(text).expect("a text is plain data")
}

/// Calls `found` with the number of each text in a file.
fn search(searcher: &AhoCorasick, path: &Path, found: &mut dyn FnMut(usize)) -> Result<(), RunError> {
    let failed = |e: io::Error| RunError::io(format!("cannot read {}", path.display()), &e);
    let mut file = File::open(path).map_err(failed)?;
    let mut piece = Vec::new();
    loop {
        let more = file.by_ref().take(PIECE as u64).read_to_end(&mut piece).map_err(failed)?;
        searcher.find_overlapping_iter(&piece).for_each(|one| found(one.pattern().as_usize()));
        if more == 0 {
            return Ok(());
        }
        // A text may begin in one piece and end in the next.
        piece.drain(..piece.len().saturating_sub(searcher.max_pattern_len()));
    }
}

/// All files of a folder and of the folders in it; links are not followed.
///
/// # Errors
/// If a folder cannot be read.
pub(super) fn files_below(folder: &Path) -> Result<Vec<PathBuf>, RunError> {
    let failed = |e: io::Error| RunError::io(format!("cannot read {}", folder.display()), &e);
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        let kind = entry.file_type().map_err(failed)?;
        if kind.is_dir() {
            files.extend(files_below(&entry.path())?);
        } else if kind.is_file() {
            files.push(entry.path());
        }
    }
    files.sort();
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_found_wherever_it_stands_and_however_json_writes_it() {
        let folder = tempfile::tempdir().unwrap();
        let long = format!("begin of a long text {} end of a long text", "ü".repeat(500));
        let texts = ["short", "say \"no\" to\nnothing", &long].map(str::to_owned).into();
        let target = ForgottenTarget { texts, ids: ["7".to_owned()].into(), ..ForgottenTarget::default() };
        let traces = Traces::of(&target);
        let holds = |content: &str| {
            let file = folder.path().join("file");
            fs::write(&file, content).unwrap();
            !traces.found_in(vec![file]).unwrap().is_empty()
        };
        let far = "x".repeat(PIECE - 7);
        for content in [
            "a say \"no\" to\nnothing b",
            r#"{"a":"say \"no\" to\nnothing"}"#,
            &format!("{far}{long}"),
            &long[..long.floor_char_boundary(150)],
            &long[long.ceil_char_boundary(long.len() - 150)..],
            r#"{"conversation_id":"7","x":1}"#,
        ] {
            assert!(holds(content), "{content}");
        }
        for content in ["short", "say no to nothing", r#"{"conversation_id":"71"}"#, ""] {
            assert!(!holds(content), "{content}");
        }
    }

    #[test]
    fn what_others_say_too_is_no_trace() {
        let folder = tempfile::tempdir().unwrap();
        let [rows, other] = ["rows", "other"].map(|name| folder.path().join(name));
        let texts = ["thank you very much", "my secret garden"].map(str::to_owned).into();
        let target = ForgottenTarget { texts, ..ForgottenTarget::default() };
        fs::write(&rows, "thank you very much").unwrap();
        fs::write(&other, "thank you very much").unwrap();
        let traces = Traces::of(&target).without_shared(&[rows]).unwrap();
        assert!(traces.found_in(vec![other.clone()]).unwrap().is_empty());
        fs::write(&other, "in my secret garden").unwrap();
        assert_eq!(traces.found_in(files_below(folder.path()).unwrap()).unwrap(), [other]);
    }
}
