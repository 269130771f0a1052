//! Where each value of a config comes from.

use std::collections::BTreeMap;
use std::fmt;

use rejoinder_core::diagnostic::SourceText;
use toml::de::{DeTable, DeValue};

use super::ConfigText;

/// Where a value comes from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum ValueOrigin {
    /// The value is the default.
    #[default]
    Default,
    /// The config file says the value, at a 1-based line.
    File(String, usize),
    /// An environment variable says the value.
    Environment(String),
    /// A flag of the command says the value.
    Flag(&'static str),
}

impl ValueOrigin {
    /// `default`, `file`, `environment` or `flag`.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Default => "default",
            Self::File(..) => "file",
            Self::Environment(_) => "environment",
            Self::Flag(_) => "flag",
        }
    }
}

impl fmt::Display for ValueOrigin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File(file, line) => write!(f, "{file}:{line}"),
            Self::Environment(variable) => f.write_str(variable),
            Self::Flag(flag) => f.write_str(flag),
        }
    }
}

/// The lines on which a config file says something, by key: plugins by their places in force, which a `*` moves.
pub(super) fn origins_in_file(
    ConfigText { name, text, plugins }: &ConfigText,
) -> BTreeMap<String, ValueOrigin> {
    let mut origins = BTreeMap::new();
    // It has been parsed before; what cannot be read says nothing.
    if let Ok(table) = DeTable::parse(text) {
        let mut note = |key: &str, offset: usize| {
            let line = SourceText { name, text }.line_of(offset);
            let mut set = |key: String| origins.insert(key, ValueOrigin::File(name.clone(), line));
            let of_plugin = key.strip_prefix("plugin[").and_then(|rest| rest.split_once(']'));
            match of_plugin.and_then(|(place, rest)| Some((place.parse::<usize>().ok()?, rest))) {
                None => drop(set(key.to_owned())),
                Some((place, rest)) => plugins
                    .iter()
                    .enumerate()
                    .filter(|(_, of)| **of == place)
                    .for_each(|(now, _)| drop(set(format!("plugin[{now}]{rest}")))),
            }
        };
        walk(table.get_ref(), "", &mut note);
    }
    origins
}

fn walk(table: &DeTable<'_>, prefix: &str, note: &mut dyn FnMut(&str, usize)) {
    for (name, value) in table {
        let key = format!("{prefix}{}", name.get_ref());
        note(&key, name.span().start);
        match value.get_ref() {
            DeValue::Table(inner) => walk(inner, &format!("{key}."), note),
            DeValue::Array(items) => {
                for (index, item) in items.iter().enumerate() {
                    if let DeValue::Table(inner) = item.get_ref() {
                        walk(inner, &format!("{key}[{index}]."), note);
                    }
                }
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_found_for_tables_inline_tables_and_lists_of_tables() {
        let text = "format = 1\n[input]\nmap = { id = \"x\" }\n\n[[plugin]]\nname = \"rephrase\"\n[plugin.config]\nthreshold = 0.5\n";
        let origins =
            origins_in_file(&ConfigText { name: "c.toml".into(), text: text.into(), plugins: vec![0] });
        for (key, line) in
            [("format", 1), ("input.map.id", 3), ("plugin[0].name", 6), ("plugin[0].config.threshold", 8)]
        {
            assert_eq!(origins[key], ValueOrigin::File("c.toml".to_owned(), line), "{key}");
        }
    }

    #[test]
    fn plugins_that_a_star_stands_for_come_from_its_line() {
        let text = "[[plugin]]\nname = \"*\"\n\n[[plugin]]\nname = \"mine\"\n";
        let origins =
            origins_in_file(&ConfigText { name: "c.toml".into(), text: text.into(), plugins: vec![0, 0, 1] });
        for (key, line) in [("plugin[0].name", 2), ("plugin[1].name", 2), ("plugin[2].name", 5)] {
            assert_eq!(origins[key], ValueOrigin::File("c.toml".to_owned(), line), "{key}");
        }
    }
}
