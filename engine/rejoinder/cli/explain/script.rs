//! Dialogues as text: lines that begin with who speaks, such as `U: `, `User: ` or `Human: `.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;

use rejoinder_read::input::speaker_of_line;
use rejoinder_read::{Chunk, Position, RecordError};

use crate::failure::Failure;

/// The dialogue of a file that begins with somebody's words; `None` where the file holds records.
pub(super) fn dialogue(path: &Path, max_bytes: usize) -> Result<Option<Chunk>, Failure> {
    let Some(text) = text(path, max_bytes)? else { return Ok(None) };
    let mut messages: Vec<(&str, String)> = Vec::new();
    for line in text.lines() {
        match (speaker_of_line(line), messages.last_mut()) {
            (Some((role, rest)), _) => messages.push((role.name(), rest.to_owned())),
            // A line without a speaker goes on with the message before it.
            (None, Some((_, message))) => {
                message.push('\n');
                message.push_str(line);
            }
            (None, None) => {}
        }
    }
    let messages: Vec<_> = messages
        .iter()
        .map(|(role, content)| serde_json::json!({ "role": role, "content": content.trim_end() }))
        .collect();
    let bytes = serde_json::json!({ "id": "dialogue", "messages": messages }).to_string().into_bytes();
    Ok(Some(Chunk::of_lines(path.display().to_string(), Position::default(), bytes)))
}

/// The text of a file that begins with somebody's words.
fn text(path: &Path, max_bytes: usize) -> Result<Option<String>, Failure> {
    let failed = |e: io::Error| Failure::io(format!("cannot read {}", path.display()), &e);
    let file = File::open(path).map_err(failed)?;
    let size = file.metadata().map_err(failed)?.len();
    let mut file = BufReader::new(file);
    let head = file.fill_buf().map_err(failed)?;
    let head = head.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(head).trim_ascii_start();
    let line = String::from_utf8_lossy(&head[..head.len().min(80)]).into_owned();
    if speaker_of_line(&line).is_none() {
        return Ok(None);
    }
    if size > max_bytes as u64 {
        return Err(Failure::usage(format!(
            "{}: {}",
            path.display(),
            RecordError::TooLong { bytes: size, limit: max_bytes }
        )));
    }
    let mut text = String::new();
    file.read_to_string(&mut text).map_err(failed)?;
    let start = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
    Ok(Some(text.split_off(start)))
}
