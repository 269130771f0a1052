//! From a value in the config to the place where the author wrote the value, for a message with a caret.

use std::ops::Range;

use rejoinder_core::diagnostic::{SourceText, did_you_mean};
use rejoinder_host::LoadError;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::error::ConfigError;

/// A config file as it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigText {
    /// The path of the file, as it was given.
    pub name: String,
    /// The text of the file.
    pub text: String,
    /// For each plugin in force, the place among the file's `[[plugin]]` tables of the table that names it.
    pub(super) plugins: Vec<usize>,
}

impl ConfigText {
    /// A message about a place in bytes.
    pub fn at(&self, span: Range<usize>, message: &str, help: &str) -> ConfigError {
        let source = SourceText { name: &self.name, text: &self.text };
        ConfigError::new(source.diagnostic("C001", span, message, help).to_string())
    }

    /// A message about a value, under its key, or under the innermost table on the way to the key that the file has.
    pub fn about(&self, pointer: &str, message: &str, help: &str) -> ConfigError {
        self.at(span_of(&self.text, pointer), message, help)
    }

    /// Why a plugin was not loaded, under the place where the config names the plugin.
    pub fn about_plugin(&self, error: &LoadError) -> ConfigError {
        let place = self.plugins.get(error.plugin).unwrap_or(&error.plugin);
        let mut failures = error.problems().into_iter().map(|problem| {
            let pointer = format!("/plugin/{place}{}", problem.pointer);
            let known: Vec<&str> = problem.known.iter().map(String::as_str).collect();
            let given = problem.pointer.rsplit('/').next().unwrap_or_default();
            let help = if known.is_empty() { String::new() } else { did_you_mean(given, &known) };
            self.about(&pointer, &problem.message, &help)
        });
        let mut all = failures.next().unwrap_or_else(|| ConfigError::new(error.to_string()));
        for failure in failures {
            all = ConfigError::new(format!("{all}\n\n{failure}"));
        }
        all
    }

    /// What is wrong with a key of a plugin, by the plugin's place in the list as it is now.
    pub(crate) fn about_plugin_key(&self, plugin: usize, key: &str, message: &str) -> ConfigError {
        let place = self.plugins.get(plugin).unwrap_or(&plugin);
        self.about(&format!("/plugin/{place}/{key}"), message, "")
    }
}

/// The key to which a JSON pointer leads, as far as the file goes.
fn span_of(text: &str, pointer: &str) -> Range<usize> {
    let Ok(table) = DeTable::parse(text) else { return 0..0 };
    let mut steps = pointer.split('/').skip(1).map(|step| step.replace("~1", "/").replace("~0", "~"));
    let mut found = 0..0;
    let mut value: Option<&Spanned<DeValue<'_>>> = None;
    loop {
        let Some(step) = steps.next() else { return found };
        let inner = match value.map(Spanned::get_ref) {
            None => child(table.get_ref(), &step),
            Some(DeValue::Table(inner)) => child(inner, &step),
            Some(DeValue::Array(items)) => {
                step.parse().ok().and_then(|i: usize| items.get(i)).map(|item| (item.span(), item))
            }
            Some(_) => None,
        };
        match inner {
            Some((span, inner)) => (found, value) = (span, Some(inner)),
            None => return found,
        }
    }
}

fn child<'t, 'i>(table: &'t DeTable<'i>, name: &str) -> Option<(Range<usize>, &'t Spanned<DeValue<'i>>)> {
    table.iter().find(|(key, _)| key.get_ref() == name).map(|(key, value)| (key.span(), value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_caret_stands_under_the_key_or_the_item_or_what_is_around_it() {
        let text = "format = 1\n[[plugin]]\nname = \"a\"\n[[plugin]]\nname = \"b\"\nconfig = { words = [\"x\", 2], \"a/b\" = 3 }\n";
        let at = |pointer: &str| &text[span_of(text, pointer)];
        assert_eq!(at("/format"), "format");
        assert_eq!(at("/plugin/1/config/words"), "words");
        assert_eq!(at("/plugin/1/config/words/1"), "2");
        assert_eq!(at("/plugin/1/config/a~1b"), "\"a/b\"");
        assert_eq!(at("/plugin/1/config/missing"), "config");
        assert_eq!(span_of(text, "/plugin/1/config").start, text.find("config").unwrap());
        assert_eq!(at("/nothing"), "");
        assert!(at("/plugin/1/path").starts_with("[[plugin]]"));
    }
}
