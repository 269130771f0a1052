//! How text for reading looks on a terminal.

use anstyle::{AnsiColor, Style};

/// Styles of the parts of a text; all plain where the place takes no colours.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Styles {
    /// The heading of a turn, and what became of it.
    pub heading: Style,
    /// The feedback in a turn.
    pub span: Style,
    /// What holds for a rule.
    pub good: Style,
    /// What does not hold for a rule.
    pub bad: Style,
    /// What frames the text: roles, and notes about what is left out.
    pub frame: Style,
}

impl Styles {
    /// Styles with colours.
    pub const fn coloured() -> Self {
        const fn of(color: AnsiColor) -> Style {
            Style::new().fg_color(Some(anstyle::Color::Ansi(color)))
        }
        Self {
            heading: of(AnsiColor::Cyan).bold(),
            span: of(AnsiColor::Yellow).bold(),
            good: of(AnsiColor::Green),
            bad: of(AnsiColor::Red),
            frame: Style::new().dimmed(),
        }
    }
}

/// A text in a style, line by line: pagers forget a style at the end of a line.
pub fn styled(style: Style, text: &str) -> String {
    if style == Style::new() || text.is_empty() {
        return text.to_owned();
    }
    let lines: Vec<String> = text
        .split('\n')
        .map(|line| if line.is_empty() { String::new() } else { format!("{style}{line}{style:#}") })
        .collect();
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_style_begins_and_ends_on_each_line() {
        let style = Styles::coloured().span;
        assert_eq!(styled(style, "a\n\nb"), format!("{style}a{style:#}\n\n{style}b{style:#}"));
        assert_eq!(styled(Styles::default().span, "a\nb"), "a\nb");
    }
}
