//! The templates, with all that stands in them escaped by default.

use minijinja::value::Value;
use minijinja::{AutoEscape, Environment, Output, State};

use crate::numbers::thousands;
use rejoinder_core::{TextPiece, printable, text_pieces};

/// Escapes for Markdown stand under this name.
const MARKDOWN: AutoEscape = AutoEscape::Custom("markdown");

/// The environment of all pages.
pub(super) fn environment() -> Environment<'static> {
    let mut pages = Environment::new();
    pages.set_auto_escape_callback(|name| if name.ends_with(".md") { MARKDOWN } else { AutoEscape::Html });
    pages.set_formatter(write_value);
    pages.set_trim_blocks(true);
    pages.set_lstrip_blocks(true);
    pages.add_filter("count", |number: u64| thousands(number));
    pages.add_filter("percent", percent);
    pages.add_filter("decimal", |number: f64| decimal(number));
    pages.add_filter("pieces", |text: String| shown_pieces(&text));
    for (name, source) in [
        ("report.html", include_str!("../../templates/report.html")),
        ("macros.html", include_str!("../../templates/macros.html")),
        ("feedback.html", include_str!("../../templates/feedback.html")),
        ("recall.html", include_str!("../../templates/recall.html")),
        ("rules.html", include_str!("../../templates/rules.html")),
        ("examples.html", include_str!("../../templates/examples.html")),
        ("origin.html", include_str!("../../templates/origin.html")),
        ("report.md", include_str!("../../templates/report.md")),
    ] {
        pages.add_template(name, source).expect("the templates are tested");
    }
    pages
}

/// The pieces of a foreign text, as a page shows them: each a text and nothing, or nothing and the number of a character that would not
/// be seen.
fn shown_pieces(text: &str) -> Value {
    // An end of line of two characters is one end of line.
    let text = text.replace("\r\n", "\n");
    let pieces = text_pieces(&text).map(|piece| match piece {
        TextPiece::Seen(seen) => [seen.to_owned(), String::new()],
        TextPiece::Unseen(c) => [String::new(), format!("U+{:04X}", u32::from(c))],
    });
    Value::from_serialize(pieces.collect::<Vec<_>>())
}

/// Writes a value as its page wants it: HTML as minijinja escapes it, Markdown so that no text of others is markup.
fn write_value(out: &mut Output<'_>, state: &State<'_, '_>, value: &Value) -> Result<(), minijinja::Error> {
    if state.auto_escape() != MARKDOWN || value.is_safe() || value.is_number() {
        let escaped = if state.auto_escape() == MARKDOWN { AutoEscape::None } else { state.auto_escape() };
        return match escaped {
            AutoEscape::None => out.write_str(&value.to_string()).map_err(minijinja::Error::from),
            _ => minijinja::escape_formatter(out, state, value),
        };
    }
    out.write_str(&markdown_text(&value.to_string())).map_err(minijinja::Error::from)
}

/// A text in which Markdown and HTML find no markup, on one line.
pub(crate) fn markdown_text(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in printable(text).chars() {
        match c {
            '\n' | '\r' | '\t' => shown.push(' '),
            '<' => shown.push_str("&lt;"),
            '>' => shown.push_str("&gt;"),
            '&' => shown.push_str("&amp;"),
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '#' | '~' | '!' | '@' => {
                shown.push('\\');
                shown.push(c);
            }
            c => shown.push(c),
        }
    }
    // What looks like an address becomes a link by itself.
    shown.replace("://", ":\u{2060}//").replace("www.", "www\u{2060}.")
}

/// `12.3 %`, and with a digit more where that would be 0.
fn percent(share: f64) -> String {
    let percent = 100.0 * share;
    match percent {
        p if (0.005..0.1).contains(&p) => format!("{p:.2} %"),
        p => format!("{p:.1} %"),
    }
}

/// A number with as many digits as people read.
fn decimal(number: f64) -> String {
    match number.abs() {
        n if n >= 100.0 => thousands(number.round() as u64),
        n if n >= 1.0 => format!("{number:.2}"),
        _ => format!("{number:.4}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_of_others_are_no_markup_in_markdown() {
        let shown =
            markdown_text("a|b\n<script>*x*</script> [l](javascript:1) https://x `c` @all #1 \u{202e}");
        assert_eq!(
            shown,
            "a\\|b &lt;script&gt;\\*x\\*&lt;/script&gt; \\[l\\](javascript:1) https:\u{2060}//x \\`c\\` \\@all \\#1 \\\\u{202e}"
        );
    }

    #[test]
    fn what_would_not_be_seen_is_shown_by_its_number() {
        let mut pages = environment();
        pages.add_template("x.html", "{% from 'macros.html' import chat %}{{ chat(text) }}").unwrap();
        let page = pages.get_template("x.html").unwrap();
        let shown = page.render(minijinja::context! { text => "<b>\u{0}a\r\nb\r" }).unwrap();
        let boxed = |number: &str| format!("<span class=\"codepoint\">{number}</span>");
        assert_eq!(shown, format!("&lt;b&gt;{}a\nb{}", boxed("U+0000"), boxed("U+000D")));
    }

    #[test]
    fn shares_and_amounts_have_the_digits_that_people_read() {
        assert_eq!([0.0, 0.000_12, 0.123, 1.0].map(percent), ["0.0 %", "0.01 %", "12.3 %", "100.0 %"]);
        assert_eq!([0.01234, 2.5, 1234.5].map(decimal), ["0.0123", "2.50", "1,235"]);
    }
}
