//! What is wrong with a value, in words for people who write a configuration.

use boon::ErrorKind;
use serde_json::Value;

/// Characters of a value that a message repeats.
const SHOWN: usize = 80;

/// Why `value` breaks the schema.
pub fn of(kind: &ErrorKind<'_, '_>, value: &Value) -> String {
    use ErrorKind as E;
    let value = shown(value);
    match kind {
        E::Type { want, .. } => {
            let types: Vec<String> = want.iter().map(|kind| format!("\"{kind}\"")).collect();
            format!("{value} is not of type {}", types.join(" or "))
        }
        E::Enum { want } => format!("{value} is not one of {}", list(want.iter().map(shown))),
        E::Const { want } => format!("{value} is not {}", shown(want)),
        E::Required { want } => format!("without {}", keys(want)),
        E::Dependency { prop, missing } | E::DependentRequired { prop, missing } => {
            format!("`{prop}` without {}", keys(missing))
        }
        E::PropertyName { prop } => format!("`{prop}` is no key that may stand here"),
        E::Minimum { want, .. } => format!("{value} is less than the minimum of {want}"),
        E::Maximum { want, .. } => format!("{value} is greater than the maximum of {want}"),
        E::ExclusiveMinimum { want, .. } => format!("{value} is not greater than {want}"),
        E::ExclusiveMaximum { want, .. } => format!("{value} is not less than {want}"),
        E::MultipleOf { want, .. } => format!("{value} is no multiple of {want}"),
        E::MinLength { want, .. } => format!("{value} has fewer than {}", counted(*want, "character")),
        E::MaxLength { want, .. } => format!("{value} has more than {}", counted(*want, "character")),
        E::MinItems { want, .. } => format!("{value} has fewer than {}", counted(*want, "item")),
        E::MaxItems { want, .. } => format!("{value} has more than {}", counted(*want, "item")),
        E::MinProperties { want, .. } => format!("{value} has fewer than {}", counted(*want, "key")),
        E::MaxProperties { want, .. } => format!("{value} has more than {}", counted(*want, "key")),
        E::AdditionalItems { got } => format!("{value} has {} too many", counted(*got, "item")),
        E::UniqueItems { got: [one, other] } => format!("the items {one} and {other} of {value} are equal"),
        E::Pattern { want, .. } => format!("{value} does not match the pattern `{want}`"),
        E::Format { want, .. } => format!("{value} is no valid {want}"),
        E::FalseSchema => format!("{value} may not stand here"),
        E::Not => format!("{value} is what the schema rules out"),
        E::AnyOf | E::OneOf(None) => format!("{value} is in none of the forms that the schema allows"),
        E::OneOf(Some(_)) => format!("{value} is in more than one of the forms that the schema keeps apart"),
        E::RefCycle { .. } => "the schema refers to itself for it".to_owned(),
        other => format!("{value}: {other}"),
    }
}

fn shown(value: &Value) -> String {
    let text = value.to_string();
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

fn keys(keys: &[&str]) -> String {
    format!("the key {}", list(keys.iter().map(|key| format!("`{key}`"))))
}

fn list(items: impl Iterator<Item = String>) -> String {
    items.collect::<Vec<_>>().join(", ")
}

fn counted(count: usize, what: &str) -> String {
    if count == 1 { format!("1 {what}") } else { format!("{count} {what}s") }
}
