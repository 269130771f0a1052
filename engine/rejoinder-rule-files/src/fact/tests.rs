use proptest::prelude::*;

use super::condition::Comparison;
use super::*;
use crate::{Condition, parse};

fn read(text: &str) -> FactCondition {
    FactCondition::parse(text).unwrap_or_else(|error| panic!("{text}: {error:?}"))
}

fn number(value: f64) -> FactReading {
    FactReading::Known(FactValue::Number(value))
}

fn word(value: &str) -> FactReading {
    FactReading::Known(FactValue::Word(value.into()))
}

#[test]
fn each_comparison_holds_for_what_it_says() {
    for (sign, below, same, above) in [
        ("<", true, false, false),
        ("<=", true, true, false),
        ("=", false, true, false),
        ("!=", true, false, true),
        (">=", false, true, true),
        (">", false, false, true),
    ] {
        let condition = read(&format!("mood.sentiment {sign} -0.5"));
        let holds = [-0.6, -0.5, -0.4].map(|value| condition.holds(&number(value)));
        assert_eq!(holds, [below, same, above], "{sign}");
    }
    let [angry, not_angry] = ["mood.tone = angry", "mood.tone!=angry"].map(read);
    assert_eq!([&angry, &not_angry].map(|c| c.holds(&word("angry"))), [true, false]);
    assert_eq!([&angry, &not_angry].map(|c| c.holds(&word("calm"))), [false, true]);
    let truth = |is| FactReading::Known(FactValue::Truth(is));
    for (text, holds) in [("m.s", true), ("not m.s", false), ("m.s = true", true), ("m.s != true", false)] {
        assert_eq!([true, false].map(|is| read(text).holds(&truth(is))), [holds, !holds], "{text}");
    }
}

#[test]
fn nothing_holds_where_nothing_is_known() {
    for text in ["mood.sentiment != 0", "mood.tone != angry", "mood.sarcastic", "not mood.sarcastic"] {
        let condition = read(text);
        for reading in [FactReading::NotAsked, FactReading::Unknown] {
            assert!(!condition.holds(&reading), "{text} {reading}");
        }
        assert!(!condition.holds(&word("1")) || text.contains("tone"), "{text}: another type");
    }
}

#[test]
fn a_mistake_is_shown_at_its_place() {
    for (text, says, at) in [
        ("", "names no fact", 0..0),
        ("sentiment < 1", "`sentiment` names no fact", 0..9),
        ("a.b.c < 1", "`a.b.c` names no fact", 0..5),
        (".b < 1", "`.b` names no fact", 0..2),
        ("mood.x ~ 1", "`~ 1` is no comparison", 7..10),
        ("mood.x <", "nothing stands behind `<`", 7..8),
        ("mood.x < angry", "which `angry` is not", 9..14),
        ("mood.x < nan", "which `nan` is not", 9..12),
        ("mood.x == 1", "no word begins so", 8..11),
        ("not mood.x < 1", "`not` stands before a fact alone", 4..14),
        ("Mood.x", "made of a-z", 0..6),
    ] {
        let error = FactCondition::parse(text).unwrap_err();
        assert!(error.message.contains(says), "{text}: {}", error.message);
        assert_eq!(error.span, at, "{text}");
    }
    let file =
        "format = 1\n[[rule]]\nid = \"a\"\nroute = \"reject\"\nfacts = [\"mood.calm\", \"mood.x ~ 1\"]\n";
    let errors = parse("x.toml", file).errors;
    assert_eq!(errors.iter().map(|e| (e.code, e.line, e.column)).collect::<Vec<_>>(), [("R014", 5, 31)]);
}

#[test]
fn what_a_plugin_does_not_declare_is_reported_with_what_it_does() {
    let declared = [
        FactDeclaration { name: "sentiment".into(), kind: FactKind::Number { least: -1.0, most: 1.0 } },
        FactDeclaration { name: "tone".into(), kind: FactKind::Word(vec!["angry".into(), "calm".into()]) },
        FactDeclaration { name: "sarcastic".into(), kind: FactKind::Truth },
    ];
    let problem = |text: &str| read(text).problem("x.toml", Some(&declared), &["mood"]);
    for fine in ["mood.sentiment < -0.5", "mood.tone = angry", "mood.sarcastic", "not mood.sarcastic"] {
        assert_eq!(problem(fine), None, "{fine}");
    }
    for (text, says, helps) in [
        (
            "mood.sentimant < 1",
            "gives no fact `sentimant`",
            "did you mean `sentiment`?\nit gives sentiment (a number, -1 to 1)",
        ),
        ("mood.sentiment", "is a number", "mood.sentiment < 0.5"),
        ("mood.sentiment > 1", "never holds", ""),
        ("mood.tone = cross", "is never `cross`", "`angry`, `calm`"),
        ("mood.tone", "is a word", "`angry`, `calm`"),
        ("mood.sarcastic < 1", "is true or false", "not mood.sarcastic"),
    ] {
        let found = problem(text).unwrap();
        assert!(found.message.contains(says) && found.help.contains(helps), "{text}: {found:?}");
    }
    let absent = read("moot.x").problem("x.toml", None, &["mood"]).unwrap();
    assert!(absent.message.contains("no plugin in force is called `moot`"), "{absent:?}");
    assert_eq!(absent.help, "did you mean `mood`?");
}

#[test]
fn conditions_on_words_and_on_truth_exclude_each_other_by_what_they_ask() {
    for (one, two, expected) in [
        ("m.x", "not m.x", true),
        ("m.x", "m.x != true", true),
        ("m.x", "m.x", false),
        ("m.x", "not m.y", false),
        ("m.tone = a", "m.tone = b", true),
        ("m.tone = a", "m.tone != a", true),
        ("m.tone = a", "m.tone != b", false),
        ("m.tone != a", "m.tone != b", false),
        ("m.tone = a", "n.tone = b", false),
    ] {
        assert_eq!(read(one).excludes(&read(two)), expected, "{one} / {two}");
    }
}

#[test]
fn facts_come_behind_all_other_conditions_and_survive_being_stored() {
    let text = "format = 1\n[[rule]]\nid = \"a\"\nroute = \"reject\"\nfacts = [\"mood.sentiment<-0.50\", \"mood.tone = angry\"]\nmin-words = 2\nwords-in-answer = 0.5\n";
    let file = parse("x.toml", text);
    assert!(file.errors.is_empty(), "{:?}", file.errors);
    let shown = |file: &crate::RuleFile| -> Vec<String> {
        file.rules[0].conditions.iter().map(ToString::to_string).collect()
    };
    let expected = [
        "min-words = 2",
        "words-in-answer = 0.5",
        "facts = [\"mood.sentiment < -0.5\"]",
        "facts = [\"mood.tone = angry\"]",
    ];
    assert_eq!(shown(&file), expected);
    assert_eq!(file.rules[0].facts().count(), 2);
    let json = serde_json::to_string(&file.rules[0].conditions).unwrap();
    let again: Vec<Condition> = serde_json::from_str(&json).unwrap();
    let texts: Vec<String> = again.iter().map(ToString::to_string).collect();
    assert_eq!(texts, expected);
}

#[test]
fn a_test_gives_facts() {
    let text = "format = 1\n[[rule]]\nid = \"a\"\nroute = \"reject\"\nfacts = [\"mood.calm\"]\n[[rule.test]]\ndialogue = [\"U: a\", \"A: b\", \"U: c\"]\n\
                facts = { \"mood.calm\" = true, \"mood.sentiment\" = -1, \"mood.tone\" = \"angry\" }\nexpect = { route = \"reject\" }\n";
    let file = parse("x.toml", text);
    assert!(file.errors.is_empty(), "{:?}", file.errors);
    let given: Vec<String> =
        file.rules[0].tests.all()[0].facts.iter().map(|(n, v)| format!("{n} {}", v.value)).collect();
    assert_eq!(given, ["mood.calm true", "mood.sentiment -1", "mood.tone angry"]);
    let wrong =
        parse("x.toml", &text.replace("\"mood.tone\" =", "mood.tone =").replace("\"mood.calm\" =", "calm ="));
    assert_eq!(wrong.errors.iter().map(|e| e.code).collect::<Vec<_>>(), ["R009", "R004"]);
}

fn any_condition() -> impl Strategy<Value = (String, bool)> {
    let name = "[a-z0-9_-]{1,8}\\.[a-z0-9_-]{1,8}";
    let value = prop_oneof![
        any::<f64>().prop_filter("finite", |f| f.is_finite()).prop_map(|f| f.to_string()),
        "[a-z]{1,6}"
    ];
    (name, prop::sample::select(vec!["<", "<=", "=", "!=", ">=", ">"]), value, "[ \t]{0,2}").prop_map(
        |(name, sign, value, gap)| {
            let is_number = value.parse::<f64>().is_ok_and(f64::is_finite);
            (format!("{gap}{name}{gap}{sign}{gap}{value}{gap}"), is_number || matches!(sign, "=" | "!="))
        },
    )
}

proptest! {
    #[test]
    fn any_text_is_read_or_refused_with_a_place_inside_of_it(text in "\\PC{0,40}|[a-z. <>=!0-9t\t-]{0,24}") {
        match FactCondition::parse(&text) {
            Ok(condition) => {
                let shown = condition.to_string();
                prop_assert_eq!(&FactCondition::parse(&shown).unwrap().to_string(), &shown);
            }
            Err(error) => {
                prop_assert!(error.span.start <= error.span.end && error.span.end <= text.len(), "{:?}", error);
                prop_assert!(text.get(error.span.clone()).is_some(), "{:?}", error);
            }
        }
    }

    #[test]
    fn a_condition_is_read_as_it_is_written((text, is_sound) in any_condition()) {
        let read = FactCondition::parse(&text);
        prop_assert_eq!(read.is_ok(), is_sound, "{}", text);
        if let Ok(condition) = read {
            let again = FactCondition::parse(&condition.to_string()).unwrap();
            prop_assert_eq!((again.name(), again.comparison, again.wanted), (condition.name(), condition.comparison, condition.wanted));
        }
    }

    #[test]
    fn conditions_exclude_each_other_where_no_number_meets_both(
        one in prop::sample::select(vec!["<", "<=", "=", "!=", ">=", ">"]), left in -2..3_i32,
        two in prop::sample::select(vec!["<", "<=", "=", "!=", ">=", ">"]), right in -2..3_i32,
    ) {
        let (one, two) = (read(&format!("a.b {one} {left}")), read(&format!("a.b {two} {right}")));
        let meets = |quarter: i32| [&one, &two].iter().all(|c| c.holds(&number(f64::from(quarter) / 4.0)));
        prop_assert_eq!(one.excludes(&two), !(-12..=12).any(meets));
        prop_assert_eq!(one.excludes(&two), two.excludes(&one));
    }

    #[test]
    fn a_condition_always_or_never_holds_as_all_numbers_of_the_range_say(
        sign in prop::sample::select(vec!["<", "<=", "=", "!=", ">=", ">"]), wanted in -4..5_i32, least in -2..1_i32, width in 0..3_i32,
    ) {
        let condition = read(&format!("a.b {sign} {wanted}"));
        let (least, most) = (least, least + width);
        let held: Vec<bool> =
            (4 * least..=4 * most).map(|quarter| condition.holds(&number(f64::from(quarter) / 4.0))).collect();
        let expected = held.iter().all(|is| *is == held[0]).then_some(held[0]);
        let range = f64::from(least)..=f64::from(most);
        prop_assert_eq!(condition.comparison.outcome(f64::from(wanted), range), expected);
    }

    #[test]
    fn opposite_comparisons_never_agree(value in -2.0..2.0_f64, wanted in -2.0..2.0_f64) {
        for (one, other) in [("<", ">="), ("<=", ">"), ("=", "!=")] {
            let holds = |sign: &str| read(&format!("a.b {sign} {wanted}")).holds(&number(value));
            prop_assert_ne!(holds(one), holds(other));
        }
        prop_assert_eq!(read("a.b = 1").comparison, Comparison::Equal);
    }
}
