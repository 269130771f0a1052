//! Every format is read as its golden page says (`tests/data/formats/NAME.read`); with `REJOINDER_BLESS` set, the
//! pages are written anew, to be looked at.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use rejoinder_read::{Chunk, ChunkReader, Container, Format, InputFile, InputOptions, Mapping, Position};

fn asked(format: Option<Format>) -> InputOptions<'static> {
    static PLAIN: LazyLock<Mapping> = LazyLock::new(Mapping::default);
    InputOptions { format, mapping: &PLAIN, joins: true }
}

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/data/formats").join(name)
}

fn chunks(file: &InputFile, from: Position) -> Vec<Chunk> {
    let mapping = Mapping::default();
    let files = [file.clone()];
    ChunkReader::new(&files, &mapping, from, 1 << 20).collect()
}

/// What is read of a file, for people.
fn page(file: &InputFile, why: &str) -> String {
    let mut page = format!("{} · {}: {why}\n", file.format, file.container.describe());
    for chunk in chunks(file, Position::default()) {
        for entry in chunk.entries() {
            match entry.record() {
                Err(why) => writeln!(page, "\n{}: {why}", entry.ordinal).unwrap(),
                Ok(record) => {
                    let metadata = serde_json::Value::Object(record.metadata_values());
                    let shared = match record.shared {
                        0 => String::new(),
                        n => format!(" · the first {n} stand before"),
                    };
                    writeln!(page, "\n{}: {}{shared} · {metadata}", entry.ordinal, record.conversation.id)
                        .unwrap();
                    for message in &record.conversation.messages {
                        writeln!(page, "    {}: {:?}", message.role.name(), &*message.text).unwrap();
                    }
                }
            }
        }
        for set_aside in &chunk.set_aside {
            writeln!(page, "\n{}: {} ({} bytes)", set_aside.line, set_aside.reason, set_aside.bytes).unwrap();
        }
        if chunk.skipped != Default::default() {
            writeln!(page, "\n{:?}", chunk.skipped).unwrap();
        }
    }
    page
}

/// The names of all fixtures.
fn names() -> Vec<String> {
    let entries = std::fs::read_dir(fixture("")).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<String> = names.filter(|name| !name.ends_with(".read")).collect();
    names.sort();
    assert!(names.len() > 12);
    names
}

#[test]
fn no_format_gives_a_conversation_that_was_forgotten_and_all_give_the_others() {
    let told = |file: &InputFile| -> Vec<(u64, String)> {
        let of_chunk = |chunk: Chunk| {
            let entries = chunk.entries();
            entries.map(|entry| (entry.ordinal, format!("{:?}", entry.record()))).collect::<Vec<_>>()
        };
        chunks(file, Position::default()).into_iter().flat_map(of_chunk).collect()
    };
    for name in names() {
        let file = InputFile::describe(&fixture(&name)).unwrap();
        let all = told(&file);
        for (ordinal, _) in &all {
            let forgotten = [*ordinal].into();
            let left = told(&InputFile { forgotten, ..file.clone() });
            let others: Vec<_> = all.iter().filter(|(other, _)| other != ordinal).cloned().collect();
            assert_eq!(left, others, "{name} without {ordinal}");
        }
    }
}

#[test]
fn every_format_is_told_by_its_content_and_read_as_its_page_says() {
    for name in names() {
        let (file, why) = InputFile::describe_as(&fixture(&name), asked(None)).unwrap();
        let page = page(&file, &why.text);
        let golden = fixture(&format!("{name}.read"));
        if std::env::var_os("REJOINDER_BLESS").is_some() {
            std::fs::write(&golden, &page).unwrap();
        }
        assert_eq!(page, std::fs::read_to_string(&golden).unwrap_or_default(), "{name}");
    }
}

#[test]
fn the_same_conversations_come_of_an_array_and_of_lines() {
    let read = |name: &str, container: Container| {
        let file = InputFile::describe(&fixture(name)).unwrap();
        assert_eq!((file.format, file.container), (Format::SHAREGPT, container));
        let page = page(&file, "");
        page.split_once('\n').unwrap().1.to_owned()
    };
    assert_eq!(read("sharegpt.json", Container::Array), read("sharegpt.jsonl", Container::Lines));
}

#[test]
fn a_format_that_is_asked_for_is_taken() {
    let (file, why) =
        InputFile::describe_as(&fixture("sharegpt.jsonl"), asked(Some(Format::OPENAI))).unwrap();
    assert_eq!((file.format, &*why.text), (Format::OPENAI, "as asked for"));
}
