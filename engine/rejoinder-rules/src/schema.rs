//! The rule file's schema: TOML text in, rules and *all* findings out.

use std::collections::HashMap;
use std::ops::Range;

use regex::{Regex, RegexBuilder};
use rejoinder_core::Category;
use rejoinder_core::fold::Folded;
use toml::de::DeTable;

use crate::diagnostic::{Diagnostic, Severity, Source, did_you_mean};
use crate::literals;
use crate::rule::{At as Place, Expect, PreviousAssistant, Route, Rule, RuleTest};
use crate::toml_reader::{At, Findings, Table};

/// The format number that this engine reads.
const FORMAT: i64 = 1;

const FILE_KEYS: &[&str] = &["format", "lang", "rule"];
const RULE_KEYS: &[&str] = &[
    "id",
    "category",
    "route",
    "any",
    "regex",
    "unless",
    "at",
    "max-words",
    "similar-to-earlier",
    "previous-assistant",
    "weight",
    "test",
];
const PREVIOUS_KEYS: &[&str] = &["ends-with-question", "apologises", "refuses", "cut-off"];
const TEST_KEYS: &[&str] = &["dialogue", "expect", "todo"];
const EXPECT_KEYS: &[&str] = &["route", "category", "span", "hits"];

/// A rule file: its rules, as far as they are sound, and everything found wrong with it.
#[derive(Clone, Debug, Default)]
pub struct RuleFile {
    /// Language codes that the author gave.
    pub lang: Vec<String>,
    /// The sound rules, in the order of the file.
    pub rules: Vec<Rule>,
    /// All findings, in the order of the file.
    pub findings: Vec<Diagnostic>,
}

impl RuleFile {
    /// Whether any finding is an error.
    pub fn has_errors(&self) -> bool {
        self.findings.iter().any(|d| d.severity == Severity::Error)
    }
}

/// Reads a rule file; `name` stands in the messages.
pub fn parse(name: &str, text: &str) -> RuleFile {
    let mut findings = Findings { source: Source { name, text }, list: Vec::new() };
    let (document, errors) = DeTable::parse_recoverable(text);
    for error in errors {
        let span = error.span().unwrap_or(0..0);
        findings.report("R001", span, error.message().to_owned(), "");
    }
    let mut file = RuleFile::default();
    let top = Table::new(document.get_ref(), 0..0, "a rule file", FILE_KEYS, &mut findings);
    match top.integer("format", &mut findings) {
        Some(format) if format.value != FORMAT => findings.report(
            "R010",
            format.span,
            format!("rule format {} is not known to this engine", format.value),
            format!("it reads format = {FORMAT}"),
        ),
        Some(_) => {}
        None if top.has("format") => {}
        None => findings.report(
            "R003",
            0..0,
            "missing key `format`",
            format!("begin the file with `format = {FORMAT}`"),
        ),
    }
    if let Some(lang) = top.strings("lang", &mut findings) {
        file.lang = lang.into_iter().map(|l| l.value.to_owned()).collect();
    }
    let mut seen: HashMap<String, usize> = HashMap::new();
    for table in top.tables("rule", &mut findings) {
        let line = findings.source.line_of(table.span.start);
        if let Some(rule) = read_rule(table, line, &mut seen, &mut findings) {
            file.rules.push(rule);
        }
    }
    findings.list.sort_by_key(|d| (d.line, d.column));
    file.findings = findings.list;
    file
}

fn read_rule(
    table: At<&DeTable<'_>>,
    line: usize,
    seen: &mut HashMap<String, usize>,
    findings: &mut Findings<'_>,
) -> Option<Rule> {
    let before = error_count(findings);
    let table = Table::new(table.value, table.span, "a rule", RULE_KEYS, findings);
    let id = read_id(&table, line, seen, findings);
    let route = match required(&table, "route", findings) {
        Some(name) => choose("route", &name, &Route::NAMES, findings)
            .map(|i| [Route::Accept, Route::Escalate, Route::Reject, Route::Score][i]),
        None => None,
    };
    let category = table.string("category", findings).and_then(|text| read_category(&text, findings));
    if let Some(route @ (Route::Accept | Route::Escalate)) = route
        && !table.has("category")
    {
        findings.report(
            "R003",
            table.span.clone(),
            format!("a rule with route `{}` needs a `category`", route.name()),
            "add category = \"UR1\" … \"UR5\"",
        );
    }
    let phrases = read_phrases(&table, findings);
    let regexes = read_regexes(&table, "regex", route != Some(Route::Score), findings);
    let unless = read_regexes(&table, "unless", false, findings);
    let at = table
        .string("at", findings)
        .and_then(|at| choose("at", &at, &Place::NAMES, findings).map(|i| (i, at.span)))
        .map(|(i, span)| ([Place::Anywhere, Place::Start, Place::End, Place::Whole][i], span));
    let max_words = table.integer("max-words", findings).and_then(|n| match u32::try_from(n.value) {
        Ok(words @ 1..) => Some(words),
        _ => {
            findings.report(
                "R008",
                n.span,
                "`max-words` must be at least 1",
                "leave the key out for no limit",
            );
            None
        }
    });
    let similar = table.number("similar-to-earlier", findings);
    if let Some(similar) = &similar
        && !(0.0..=1.0).contains(&similar.value)
    {
        findings.report(
            "R008",
            similar.span.clone(),
            "`similar-to-earlier` lies between 0 (off) and 1 (the same words)",
            "",
        );
    }
    let similar_to_earlier = similar.map_or(0.0, |s| s.value);
    let previous_assistant = read_previous(&table, findings);
    let weight = table.number("weight", findings).map(|w| w.value);

    let no_matcher = !table.has("any") && !table.has("regex");
    let no_condition = max_words.is_none()
        && similar_to_earlier == 0.0
        && previous_assistant == PreviousAssistant::default();
    if no_matcher && no_condition && !table.has("max-words") {
        findings.report(
            "R008",
            table.span.clone(),
            "the rule has nothing to match: it would hit every turn",
            "add `any`, `regex`, `max-words`, `similar-to-earlier` or `previous-assistant`",
        );
    }
    if let Some((place, span)) = &at
        && no_matcher
        && *place != Place::Anywhere
    {
        findings.report(
            "R008",
            span.clone(),
            "`at` needs a phrase or regex whose place it names",
            "add `any` or `regex`",
        );
    }
    let tests = read_tests(&table, findings);
    if tests.is_empty() {
        findings.report(
            "W102",
            table.span.clone(),
            "the rule has no test",
            "add a [[rule.test]] that hits and one that does not",
        );
    } else if !tests.iter().any(|t| {
        t.expect.route.as_deref() == Some("none") || t.expect.hits.as_ref().is_some_and(Vec::is_empty)
    }) {
        findings.report(
            "W103",
            table.span.clone(),
            "the rule has no negative test",
            "add a [[rule.test]] with a dialogue that looks alike and must not hit: expect = { route = \"none\" }",
        );
    }
    if error_count(findings) > before {
        return None;
    }
    let route = route?;
    Some(Rule {
        id: id?,
        category,
        route,
        phrases,
        regexes,
        unless,
        at: at.map_or(Place::Anywhere, |(place, _)| place),
        max_words,
        similar_to_earlier,
        previous_assistant,
        weight: weight.unwrap_or(if route == Route::Reject { -1.0 } else { 1.0 }),
        tests,
        file: findings.source.name.to_owned(),
        line,
    })
}

fn error_count(findings: &Findings<'_>) -> usize {
    findings.list.iter().filter(|d| d.severity == Severity::Error).count()
}

fn required<'t>(table: &Table<'t>, key: &str, findings: &mut Findings<'_>) -> Option<At<&'t str>> {
    if !table.has(key) {
        findings.report(
            "R003",
            table.span.clone(),
            format!("missing key `{key}`"),
            format!("every rule has `{key} = …`"),
        );
    }
    table.string(key, findings)
}

fn read_id(
    table: &Table<'_>,
    line: usize,
    seen: &mut HashMap<String, usize>,
    findings: &mut Findings<'_>,
) -> Option<String> {
    let id = required(table, "id", findings)?;
    let sound = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '.' | '_' | '-');
    if id.value.is_empty() || !id.value.chars().all(sound) {
        findings.report(
            "R005",
            id.span,
            "an id is made of a-z, 0-9, `.`, `_` and `-`",
            "for example id = \"en.correction.not_what_i_asked\"",
        );
        return None;
    }
    if let Some(first) = seen.get(id.value) {
        findings.report(
            "R006",
            id.span,
            format!("rule id `{}` is already used in line {first}", id.value),
            "ids are unique",
        );
        return None;
    }
    seen.insert(id.value.to_owned(), line);
    Some(id.value.to_owned())
}

fn choose(key: &str, given: &At<&str>, names: &[&str], findings: &mut Findings<'_>) -> Option<usize> {
    let found = names.iter().position(|n| *n == given.value);
    if found.is_none() {
        findings.report(
            "R005",
            given.span.clone(),
            format!("`{}` is no value of `{key}`", given.value),
            did_you_mean(given.value, names),
        );
    }
    found
}

fn read_category(given: &At<&str>, findings: &mut Findings<'_>) -> Option<Category> {
    let names = Category::ALL.map(Category::code);
    choose("category", given, &names, findings).map(|i| Category::ALL[i])
}

fn read_phrases(table: &Table<'_>, findings: &mut Findings<'_>) -> Vec<String> {
    let mut phrases = Vec::new();
    for phrase in table.strings("any", findings).unwrap_or_default() {
        let folded = Folded::new(phrase.value.trim());
        if folded.text().is_empty() {
            findings.report("R008", phrase.span, "an empty phrase would match everywhere", "remove it");
        } else {
            phrases.push(folded.text().replace('\n', " "));
        }
    }
    phrases
}

/// Builds a regex as the engine runs it: over folded text, without regard to case.
fn build(pattern: &str) -> Result<Regex, regex::Error> {
    RegexBuilder::new(pattern).case_insensitive(true).size_limit(1 << 20).build()
}

fn read_regexes(table: &Table<'_>, key: &str, want_literal: bool, findings: &mut Findings<'_>) -> Vec<Regex> {
    let mut regexes = Vec::new();
    for pattern in table.strings(key, findings).unwrap_or_default() {
        if let Err(error) =
            regex_syntax::ParserBuilder::new().case_insensitive(true).build().parse(pattern.value)
        {
            let (message, inner) = describe(&error);
            let span = span_inside(&pattern, inner, findings.source.text);
            findings.report("R007", span, format!("invalid regex: {message}"), "");
            continue;
        }
        match build(pattern.value) {
            Ok(regex) if regex.is_match("") => {
                findings.report(
                    "R008",
                    pattern.span,
                    "the regex matches the empty text, so it would hit every turn",
                    "",
                );
            }
            Ok(regex) => {
                if want_literal && literals::required(pattern.value).is_none() {
                    findings.report(
                        "W101",
                        pattern.span.clone(),
                        "no literal text occurs in every match: this regex runs on every turn",
                        "spell out a word that each match holds",
                    );
                }
                regexes.push(regex);
            }
            Err(error) => {
                findings.report("R007", pattern.span, format!("the regex is too large: {error}"), "");
            }
        }
    }
    regexes
}

fn describe(error: &regex_syntax::Error) -> (String, Range<usize>) {
    match error {
        regex_syntax::Error::Parse(e) => (e.kind().to_string(), e.span().start.offset..e.span().end.offset),
        regex_syntax::Error::Translate(e) => {
            (e.kind().to_string(), e.span().start.offset..e.span().end.offset)
        }
        other => (other.to_string(), 0..0),
    }
}

/// The place inside the file of a place inside a regex: exact where the TOML string holds no escapes.
fn span_inside(pattern: &At<&str>, inner: Range<usize>, text: &str) -> Range<usize> {
    let raw = &text[pattern.span.clone()];
    match raw.find(pattern.value) {
        Some(lead) if !pattern.value.is_empty() => {
            let start = pattern.span.start + lead;
            start + inner.start..start + inner.end
        }
        _ => pattern.span.clone(),
    }
}

fn read_previous(table: &Table<'_>, findings: &mut Findings<'_>) -> PreviousAssistant {
    let Some(previous) = table.table("previous-assistant", findings) else {
        return PreviousAssistant::default();
    };
    let previous = Table::new(previous.value, previous.span, "`previous-assistant`", PREVIOUS_KEYS, findings);
    PreviousAssistant {
        ends_with_question: previous.bool("ends-with-question", findings),
        apologises: previous.bool("apologises", findings),
        refuses: previous.bool("refuses", findings),
        cut_off: previous.bool("cut-off", findings),
    }
}

fn read_tests(table: &Table<'_>, findings: &mut Findings<'_>) -> Vec<RuleTest> {
    let mut tests = Vec::new();
    for test in table.tables("test", findings) {
        let line = findings.source.line_of(test.span.start);
        let test = Table::new(test.value, test.span, "a rule test", TEST_KEYS, findings);
        let dialogue = test.strings("dialogue", findings).unwrap_or_default();
        for message in &dialogue {
            if !["U: ", "A: ", "S: "].iter().any(|role| message.value.starts_with(role))
                && !matches!(message.value, "U:" | "A:")
            {
                findings.report(
                    "R009",
                    message.span.clone(),
                    "a message begins with `U: `, `A: ` or `S: `",
                    "",
                );
            }
        }
        if !dialogue.last().is_some_and(|m| m.value.starts_with("U:")) {
            findings.report(
                "R009",
                test.span.clone(),
                "a test's dialogue ends with the user turn under test",
                "end `dialogue` with \"U: …\"",
            );
        }
        let Some(expect) = read_expect(&test, findings) else {
            findings.report(
                "R009",
                test.span.clone(),
                "a test expects something",
                "add expect = { route = \"…\" }",
            );
            continue;
        };
        let todo = test.string("todo", findings).map(|t| t.value.to_owned());
        tests.push(RuleTest {
            dialogue: dialogue.iter().map(|m| m.value.to_owned()).collect(),
            expect,
            todo,
            line,
        });
    }
    tests
}

fn read_expect(test: &Table<'_>, findings: &mut Findings<'_>) -> Option<Expect> {
    let table = test.table("expect", findings)?;
    let table = Table::new(table.value, table.span, "`expect`", EXPECT_KEYS, findings);
    let routes = [&Route::NAMES[..], &["none"]].concat();
    let route = table.string("route", findings);
    if let Some(route) = &route {
        choose("route", route, &routes, findings);
    }
    let expect = Expect {
        route: route.map(|r| r.value.to_owned()),
        category: table.string("category", findings).and_then(|c| read_category(&c, findings)),
        span: table.string("span", findings).map(|s| s.value.to_owned()),
        hits: table.strings("hits", findings).map(|hits| hits.iter().map(|h| h.value.to_owned()).collect()),
    };
    (expect != Expect::default()).then_some(expect)
}
