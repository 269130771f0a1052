//! A whole file: its tables one after the other.

use rejoinder_core::diagnostic::{Diagnostic, SourceText};
use toml_edit::{Document, Item, Key, Table};

use super::array;
use super::comments::{self, RemarkLine};
use super::entries::{self, Entry};
use super::place::Place;
use super::value::Source;
use crate::toml_text::with_line_feeds;

/// The text of the rule file `name` in the one style of rule files: its keys in their order, its lists and strings in one form, its
/// lines ended by line feeds. Comments and the meaning stay, and so do keys that rule files do not have. What is formatted does not
/// change when it is formatted again.
///
/// # Errors
/// The text is not TOML.
pub fn format_text(name: &str, text: &str) -> Result<String, Box<Diagnostic>> {
    let text = &*with_line_feeds(text);
    let document = Document::parse(text).map_err(|error| {
        let source = SourceText { name, text };
        Box::new(source.diagnostic("R001", error.span().unwrap_or(0..0), error.message(), ""))
    })?;
    let mut page = Page { source: Source(text), text: String::new() };
    let mut tables = Vec::new();
    nested(document.as_table(), &Header::default(), &mut tables);
    // A table without a place of its own is written with those below it.
    let mut last = 0;
    for (place, _, _) in &mut tables {
        last = place.unwrap_or(last);
        *place = Some(last);
    }
    tables.sort_by_key(|(place, header, _)| (!header.keys.is_empty(), *place));
    let mut above = 0;
    for (_, header, table) in tables {
        if header.keys.is_empty() {
            page.top(table);
            continue;
        }
        let entries = table.get_values();
        if !(table.is_implicit() && entries.is_empty()) {
            page.table(&header, table, entries, above);
            above = header.keys.len();
        }
    }
    page.end(page.source.between(Some(document.trailing())));
    Ok(page.text)
}

/// The name of a table in brackets.
#[derive(Clone, Default)]
struct Header<'t> {
    keys: Vec<&'t Key>,
    is_of_list: bool,
}

type Placed<'t> = (Option<isize>, Header<'t>, &'t Table);

/// All tables under `table` that have brackets of their own, and itself.
fn nested<'t>(table: &'t Table, header: &Header<'t>, found: &mut Vec<Placed<'t>>) {
    if !table.is_dotted() {
        found.push((table.position(), header.clone(), table));
    }
    for (name, item) in table {
        let Some(key) = table.key(name) else { continue };
        let below = |is_of_list| Header { keys: [&header.keys[..], &[key]].concat(), is_of_list };
        match item {
            Item::Table(inner) => nested(inner, &below(false), found),
            Item::ArrayOfTables(tables) => tables.iter().for_each(|inner| nested(inner, &below(true), found)),
            Item::Value(_) | Item::None => {}
        }
    }
}

/// The text as it is written.
struct Page<'t> {
    source: Source<'t>,
    text: String,
}

impl<'t> Page<'t> {
    fn line(&mut self, indent: &str, content: &str) {
        if !content.is_empty() {
            self.text += indent;
            self.text += content;
        }
        self.text.push('\n');
    }

    /// A blank line, unless there is one already, or nothing above it.
    fn blank(&mut self) {
        if !self.text.is_empty() && !self.text.ends_with("\n\n") {
            self.text.push('\n');
        }
    }

    fn remarks(&mut self, lines: &[RemarkLine<'_>], indent: impl Fn(bool) -> &'static str) {
        for line in lines {
            match *line {
                RemarkLine::Blank => self.blank(),
                RemarkLine::Comment(comment, was_indented) => self.line(indent(was_indented), comment),
            }
        }
    }

    /// The keys at the top of the file. The comment above the first is about the file, and stays at its top.
    fn top(&mut self, table: &'t Table) {
        let entries = table.get_values();
        let first = entries.first().map(|entry| comments::lines(self.above(entry))).unwrap_or_default();
        let about_file = match first.iter().rposition(|line| *line == RemarkLine::Blank) {
            Some(blank) => blank + 1,
            None => first.len(),
        };
        self.remarks(&first[..about_file], |_| "");
        let first_key = entries.first().and_then(|(keys, _)| keys.last()).copied();
        for entry in entries::sorted(entries, Place::TOP) {
            let is_first =
                first_key.is_some_and(|first| entry.0.last().is_some_and(|key| std::ptr::eq(*key, first)));
            let above =
                if is_first { first[about_file..].to_vec() } else { comments::lines(self.above(&entry)) };
            self.remarks(&above, |_| "");
            self.entry(&entry, Place::TOP, "");
        }
    }

    /// A table with its name in brackets; `above` is the depth of the table above it, 0 where there is none.
    fn table(&mut self, header: &Header<'t>, table: &'t Table, entries: Vec<Entry<'t>>, above: usize) {
        let depth = header.keys.len();
        let indent = indent_of(depth);
        let remarks = comments::lines(self.source.between(table.decor().prefix()));
        let attached =
            remarks.iter().rposition(|line| *line == RemarkLine::Blank).map_or(0, |blank| blank + 1);
        if attached == 0 && (depth == 1 || above < depth) {
            self.blank();
        }
        self.remarks(&remarks[..attached], |was_indented| if was_indented { "  " } else { "" });
        self.remarks(&remarks[attached..], |_| indent);
        let path = self.source.path(&header.keys);
        let name = if header.is_of_list { format!("[[{path}]]") } else { format!("[{path}]") };
        let behind = comments::end_of_line(self.source.between(table.decor().suffix()));
        self.line(indent, &with_comment(name, behind));
        let place = entries::place_of(&header.keys, Place::TOP);
        for entry in entries::sorted(entries, place) {
            let remarks = comments::lines(self.above(&entry));
            let is_comment = |line: &RemarkLine<'_>| *line != RemarkLine::Blank;
            if let (Some(first), Some(last)) =
                (remarks.iter().position(is_comment), remarks.iter().rposition(is_comment))
            {
                self.remarks(&remarks[first..=last], |_| indent);
            }
            self.entry(&entry, place, indent);
        }
    }

    /// What stands above a key.
    fn above(&self, (keys, _): &Entry<'t>) -> &'t str {
        keys.last().map_or("", |key| self.source.between(key.leaf_decor().prefix()))
    }

    fn entry(&mut self, (keys, value): &Entry<'t>, table: Place, indent: &str) {
        let place = entries::place_of(keys, table);
        let begin = format!("{} = ", self.source.path(keys));
        let text = array::text(value, place, &format!("{indent}{begin}"), indent, self.source);
        let behind = comments::end_of_line(self.source.between(value.decor().suffix()));
        self.line(indent, &with_comment(begin + &text, behind));
    }

    /// The comments at the end of the file.
    fn end(&mut self, trailing: &str) {
        let remarks = comments::lines(trailing);
        let last = remarks.iter().rposition(|line| *line != RemarkLine::Blank).map_or(0, |last| last + 1);
        self.remarks(&remarks[..last], |was_indented| if was_indented { "  " } else { "" });
    }
}

fn indent_of(depth: usize) -> &'static str {
    const INDENTS: [&str; 4] = ["", "  ", "    ", "      "];
    INDENTS[(depth.saturating_sub(1)).min(INDENTS.len() - 1)]
}

fn with_comment(text: String, comment: &str) -> String {
    if comment.is_empty() { text } else { format!("{text} {comment}") }
}
