//! Whatever stands in a rule file, reading it ends in rules or in findings with a place, never in a panic.

use proptest::prelude::*;
use rejoinder_rules::{FactReading, Pack, Scanner, testing};

const SOUND: &str = r#"format = 1
version = "1"
lang = ["en"]

[lists]
claims = ["as an ai", "@@home", "i said so"]

[[rule]]
id = "a.b"
category = "UR2"
route = "escalate"
any = ["not what i asked", "i wanted"]
regex = ['''(?i)^no[,. ]+i (said|meant|wanted)\b''', "caf\u00e9 \\d{1,3}"]
unless = ['''\bi was wrong\b''']
at = "start"
min-words = 1
max-words = 40
turn = { first = true, last = false }
language = ["en", "zh"]
similar-to-earlier = 0.2
template = false
words-in-answer = 0.1
previous-assistant = { ends-with-question = false, other-language = false }
answer-any = ["@claims", "java code"]
answer-regex = ['\bhere (?:is|are)\b']
answer-unless = ['[A-Z]{3}']
earlier-any = ["sort this"]
earlier-regex = ["list"]
earlier-unless = ["python"]
where = { model = ["gpt-4", 4, 0.5, true], plan = { not = "free" }, moderation.flagged = false }
all-of = ["a.c"]
any-of = ["a.c", "a.d"]
weight = 1.5
allow = ["W101", "W110", "W116"]

  [[rule.test]]
  dialogue = ["U: sort this list", "A: here is the Java code", "U: No, I wanted Python"]
  expect = { route = "escalate", category = "UR2", span = "No, I wanted Python", hits = [] }
  columns = { model = "gpt-4", plan = ["pro", 2], moderation.flagged = false }
  todo = "no"

[[rule]]
id = "a.c"
route = "score"
text = "as-written"
any = ["I wanted", "café 12", "@@home"]
regex = ['\b[A-Z]{4,}\b', "É\u0301? \\d"]
unless = ['(?i)WRONG']
answer-any = ["no"]
  [[rule.test]]
  dialogue = ["U: sort this list", "A: no", "U: CAFÉ 12"]
  expect = { route = "score" }

[[rule]]
id = "a.d"
route = "score"
any-of = ["a.c"]
"#;

fn check(text: &str) {
    let pack = Pack::new("p", "p.toml", text);
    for finding in pack.content.errors.iter().chain(&pack.warnings()) {
        assert!(finding.line >= 1 && finding.column >= 1 && !finding.message.is_empty());
        assert!(finding.to_string().contains("p.toml:"));
    }
    let Ok(set) = Pack::compile(vec![pack], &[]) else { return };
    testing::run(&set, "p.toml");
    let dialogue = ["U: café 12 i wanted".to_owned(), "A: no?".to_owned(), "U: i wanted CAFÉ 12".to_owned()];
    let conversation = testing::conversation(&dialogue);
    let mut scanner = Scanner::new(&set);
    scanner.begin(&conversation);
    let hits = scanner.scan(&conversation, 2).to_vec();
    assert!(hits.iter().all(|h| dialogue[2].get(h.start as usize..h.end as usize).is_some()));
    let trials = scanner.explain(&conversation, 2, |_| FactReading::NotAsked);
    let explained: Vec<u32> =
        trials.iter().filter(|trial| trial.hit.is_some()).map(|trial| trial.rule).collect();
    assert_eq!(hits.iter().map(|hit| hit.rule).collect::<Vec<_>>(), explained);
}

proptest! {
    #[test]
    fn any_text_is_read(text in "\\PC{0,200}") {
        check(&text);
    }

    #[test]
    fn a_damaged_rule_file_is_read(
        at in any::<prop::sample::Index>(),
        length in 0_usize..30,
        insert in prop_oneof![
            "\\PC{0,8}",
            prop::sample::select(vec!["\"", "@", "@@", "as-written", "'''", "[", "]", "{", "}", "=", "\n", "[[rule]]", "9", "-1", "true", "é", "\u{0}", "(", "\\"])
                .prop_map(str::to_owned),
        ],
    ) {
        let from = SOUND.floor_char_boundary(at.index(SOUND.len()));
        let to = SOUND.ceil_char_boundary((from + length).min(SOUND.len()));
        check(&[&SOUND[..from], insert.as_str(), &SOUND[to..]].concat());
    }
}

#[test]
fn the_undamaged_file_is_sound() {
    let pack = Pack::new("p", "p.toml", SOUND);
    assert!(pack.content.errors.is_empty(), "{:?}", pack.content.errors);
}
