//! Rule packs in numbers: a row a pack, as Markdown.

use rejoinder_core::{Category, printable};
use rejoinder_rules::{Route, Rule};

use crate::run_report::markdown_text;

const HEADS: [&str; 4] = ["rules", "phrases", "regexes", "tests"];

/// A pack, and those of its rules that are in force.
pub struct PackRow<'r> {
    /// The pack's name, or its file.
    pub name: String,
    /// Codes of the languages that the pack is for.
    pub languages: String,
    /// The rules.
    pub rules: Vec<&'r Rule>,
}

/// The table: of each pack, and of all together, how many rules there are, how many of each category and route, and how many
/// phrases, regexes and tests they have.
pub fn pack_table(packs: &[PackRow<'_>]) -> String {
    let [rules, words @ ..] = HEADS;
    let categories = Category::ALL.map(Category::code);
    let heads = ["pack", "for"].into_iter().chain([rules]).chain(categories).chain(Route::NAMES).chain(words);
    let heads: Vec<String> = heads.map(str::to_owned).collect();
    let mut rows: Vec<Vec<String>> = packs
        .iter()
        .map(|pack| {
            cells(
                &format!("`{}`", pack.name.replace('`', "'")),
                &markdown_text(&pack.languages),
                &numbers(&pack.rules),
            )
        })
        .collect();
    if packs.len() > 1 {
        let all: Vec<&Rule> = packs.iter().flat_map(|pack| pack.rules.iter().copied()).collect();
        rows.push(cells("all", "", &numbers(&all)));
    }
    let widths: Vec<usize> = (0..heads.len())
        .map(|at| rows.iter().chain([&heads]).map(|row| row[at].chars().count()).max().unwrap_or(0))
        .collect();
    let line = |row: &[String]| {
        let cells = row.iter().zip(&widths).enumerate().map(|(at, (cell, &width))| match at {
            0 | 1 => format!("{cell:<width$}"),
            _ => format!("{cell:>width$}"),
        });
        format!("| {} |\n", cells.collect::<Vec<_>>().join(" | "))
    };
    let rule: Vec<String> = widths
        .iter()
        .enumerate()
        .map(|(at, &width)| match at {
            0 | 1 => "-".repeat(width),
            _ => format!("{}:", "-".repeat(width - 1)),
        })
        .collect();
    [&heads, &rule].into_iter().chain(&rows).map(|row| line(row)).collect()
}

fn cells(name: &str, languages: &str, numbers: &[usize]) -> Vec<String> {
    let name = printable(name).replace('|', "\\|").replace(['\n', '\t'], " ");
    [name, languages.to_owned()].into_iter().chain(numbers.iter().map(usize::to_string)).collect()
}

/// The figures of a row, in the order of its columns.
fn numbers(rules: &[&Rule]) -> Vec<usize> {
    let of_category = |category| rules.iter().filter(|rule| rule.category == Some(category)).count();
    let of_route = |route| rules.iter().filter(|rule| rule.route == route).count();
    let sum = |of: fn(&Rule) -> usize| rules.iter().map(|rule| of(rule)).sum::<usize>();
    let mut numbers = vec![rules.len()];
    numbers.extend(Category::ALL.map(of_category));
    numbers.extend(Route::ALL.map(of_route));
    numbers.extend([
        sum(|rule| rule.phrases.len()),
        sum(|rule| rule.regexes.len()),
        sum(|rule| rule.tests.all().len()),
    ]);
    numbers
}

#[cfg(test)]
mod tests {
    use super::*;
    use rejoinder_rules::parse;

    #[test]
    fn each_pack_has_a_row_and_all_have_one_together() {
        let text = "format = 1\n[[rule]]\nid = \"a\"\ncategory = \"UR5\"\nroute = \"accept\"\nany = [\"thanks\", \"thx\"]\n\
                    [[rule]]\nid = \"b\"\nroute = \"reject\"\nregex = ['''x''']\n";
        let file = parse("f", text);
        let row = |name: &str| PackRow {
            name: name.to_owned(),
            languages: "en".to_owned(),
            rules: file.rules.iter().collect(),
        };
        let table = pack_table(&[row("en"), row("a|b")]);
        let lines: Vec<&str> = table.lines().collect();
        assert_eq!(
            lines[0],
            "| pack   | for | rules | UR1 | UR2 | UR3 | UR4 | UR5 | accept | escalate | reject | score | phrases | regexes | tests |"
        );
        assert_eq!(
            lines[2],
            "| `en`   | en  |     2 |   0 |   0 |   0 |   0 |   1 |      1 |        0 |      1 |     0 |       2 |       1 |     0 |"
        );
        assert!(lines[1].starts_with("| ------ | --- | ----: |"), "{}", lines[1]);
        assert!(lines[3].starts_with("| `a\\|b` |"), "{}", lines[3]);
        assert!(lines[4].starts_with("| all    |     |     4 |"), "{}", lines[4]);
        assert_eq!(pack_table(&[row("en")]).lines().count(), 3);
        let hostile = PackRow { languages: "e\u{1b}[31m|n\n## *x*".to_owned(), ..row("a`b\nc\u{202e}") };
        let table = pack_table(&[hostile]);
        assert_eq!(table.lines().count(), 3, "{table}");
        assert!(table.contains("| `a'b c\\u{202e}` | e\\\\u{1b}\\[31m\\|n \\#\\# \\*x\\* |"), "{table}");
    }
}
