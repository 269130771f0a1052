//! Twenty thousand rules: how long they take to check, and a turn to scan.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use rejoinder_core::random::SplitMix64;
use rejoinder_rules::{Pack, Scanner, testing};

const RULES: usize = 20_000;
const WORDS: [&str; 40] = [
    "please", "wrong", "answer", "list", "again", "other", "thanks", "code", "table", "short", "longer",
    "why", "mean", "write", "line", "file", "column", "first", "second", "name", "number", "color",
    "missing", "right", "check", "result", "still", "error", "output", "format", "better", "explain",
    "reason", "part", "text", "sentence", "word", "example", "page", "step",
];

/// Some words.
fn words(random: &mut SplitMix64, count: usize) -> String {
    let drawn: Vec<&str> = (0..count).map(|_| WORDS[random.below(WORDS.len())]).collect();
    drawn.join(" ")
}

/// Rules of all routes: phrases, regexes, conditions, columns, tests, and one in ten on two others.
fn many_rules() -> String {
    let mut random = SplitMix64::with_seed(25);
    let mut text = "format = 1\nversion = \"1\"\nlang = [\"en\"]\n".to_owned();
    for number in 0..RULES {
        let route = ["accept", "escalate", "reject", "score"][number % 4];
        let own = format!("{} x{number} {}", words(&mut random, 1), words(&mut random, 1));
        let others: Vec<String> = (0..number % 5).map(|_| words(&mut random, 4)).collect();
        let _ = writeln!(
            text,
            "[[rule]]\nid = \"many.group_{}.rule_{number}\"\nroute = \"{route}\"",
            number % 97
        );
        if number % 4 < 2 {
            let _ = writeln!(text, "category = \"UR{}\"", 1 + number % 5);
        }
        let phrases: Vec<String> = others.into_iter().chain([own.clone()]).collect();
        let _ = writeln!(text, "any = {phrases:?}");
        if number % 2 == 0 {
            let (one, other) = (words(&mut random, 1), words(&mut random, 2));
            let _ = writeln!(text, "regex = ['''\\b(?:{one}|{other}) y{number}(?:'s| is)?\\b''']");
        }
        if number % 3 == 0 {
            let _ = writeln!(
                text,
                "max-words = {}\nunless = ['''\\b{}\\b''']",
                5 + number % 60,
                words(&mut random, 2)
            );
        }
        if number % 7 == 0 {
            text += "previous-assistant = { ends-with-question = false }\nwhere = { model = [\"gpt-4\", \"gpt-5\"] }\n";
        }
        if number % 10 == 9 {
            let base = |back: usize| format!("many.group_{}.rule_{}", (number - back) % 97, number - back);
            let _ = writeln!(text, "all-of = [{:?}, {:?}]", base(1), base(2));
        }
        for (turn, route) in [(format!("well {own} now"), route), (words(&mut random, 8), "none")] {
            let dialogue = [
                format!("U: {}", words(&mut random, 6)),
                format!("A: {}.", words(&mut random, 12)),
                format!("U: {turn}"),
            ];
            let _ = writeln!(
                text,
                "  [[rule.test]]\n  dialogue = {dialogue:?}\n  expect = {{ route = \"{route}\" }}"
            );
        }
    }
    text
}

#[test]
fn twenty_thousand_rules_are_checked_and_scan_turns_in_a_moment() {
    let text = many_rules();
    let begun = Instant::now();
    let pack = Pack::new("many", "many.toml", &text);
    assert!(pack.content.errors.is_empty(), "{}", pack.content.errors[0]);
    assert_eq!(pack.content.rules.len(), RULES);
    let warnings = pack.warnings().len();
    let rules = Pack::in_force(vec![pack], &[]).unwrap();
    let checked = begun.elapsed();
    let set = rules.compile(Vec::new());
    let mut scanner = Scanner::new(&set);
    let begun = Instant::now();
    let mut turns = 0;
    for test in set.rules().iter().flat_map(|rule| rule.tests.all()).step_by(7) {
        let conversation = testing::conversation(&test.dialogue);
        scanner.begin(&conversation);
        scanner.scan(&conversation, 2);
        turns += 1;
    }
    let a_turn = begun.elapsed() / turns;
    println!(
        "{RULES} rules ({} KiB) checked in {checked:?}, {warnings} warnings; {a_turn:?} a turn over {turns} turns",
        text.len() >> 10
    );
    // Ten times what an unoptimized build takes on a machine with much else to do; a square of time takes longer.
    assert!(checked < Duration::from_secs(180), "{checked:?}");
    assert!(a_turn < Duration::from_millis(100), "{a_turn:?}");
}
