//! What a plugin gives and wishes: which turns it is asked about, facts that rules ask for, and a score in place of the shipped one.

use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

use crate::support::{Ended, figure, folder, output_files, rejoinder, rows, text, write};

/// Compiles the plugin of the tests, `mood`, with what these macros say.
pub(crate) fn mood(dir: &Path, macros: &[&str]) -> String {
    mood_named("mood", dir, macros)
}

/// Compiles the plugin of the tests under a name.
pub(crate) fn mood_named(name: &str, dir: &Path, macros: &[&str]) -> String {
    let library = dir.join(format!("{name}-{}.so", macros.len()));
    let compiled = Command::new(std::env::var("CC").unwrap_or_else(|_| "cc".into()))
        .args(["-std=c11", "-Wall", "-Wextra", "-Werror", "-O1", "-fPIC", "-shared", "-Iplugins/abi/include"])
        .arg(format!("-DNAME={name:?}"))
        .args(macros.iter().map(|name| format!("-D{name}")))
        .args([Path::new("tests/data/mood.c"), Path::new("-o"), &library])
        .output()
        .expect("this test needs a C compiler");
    assert!(compiled.status.success(), "{}", String::from_utf8_lossy(&compiled.stderr));
    text(&library)
}

pub(crate) const SHOUTS: &str = "WHAT ARE YOU DOING";
pub(crate) const SWEARS: &str = "well what the hell is that";

/// One dialogue a turn.
pub(crate) fn dialogues(dir: &Path, turns: &[&str]) -> String {
    let lines = turns.iter().enumerate().map(|(number, turn)| {
        let messages = json!([
            {"role": "user", "content": "name a river of France"},
            {"role": "assistant", "content": "The Seine."},
            {"role": "user", "content": turn},
        ]);
        json!({"id": number.to_string(), "messages": messages}).to_string() + "\n"
    });
    write(dir, "in.jsonl", lines.collect::<String>())
}

/// A config with one rule file, no score, and the plugin in a library.
pub(crate) fn config(dir: &Path, rules: &str, library: &str, plugin: &str) -> String {
    write(dir, "rules.toml", format!("format = 1\n{rules}"));
    let toml = format!(
        "format = 1\n[rules]\npacks = [\"./rules.toml\"]\n[cascade]\nscore = false\n[[plugin]]\npath = {library:?}\n{plugin}\n"
    );
    write(dir, "c.toml", toml)
}

pub(crate) const MARKS: &str =
    "[[rule]]\nid = \"t.marked\"\ncategory = \"UR3\"\nroute = \"escalate\"\nany = [\"marked\"]\n";

pub(crate) fn run(input: &str, config: &str, out: &Path, more: &[&str]) -> Ended {
    rejoinder(&[&["run", input, "--config", config, "--out", &text(out), "--json"][..], more].concat())
}

/// The outcome of each turn, and why.
pub(crate) fn outcomes(run: &Path) -> Vec<(String, String)> {
    let shown = rejoinder(&["show", &text(run), "--json", "--sample", "all"]).expect(0).stdout;
    let mut turns: Vec<Value> = shown.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    turns.sort_by_key(|turn| turn["conversation_id"].as_str().unwrap().parse::<u32>().unwrap());
    let word = |turn: &Value, key: &str| turn[key].as_str().unwrap().to_owned();
    turns.iter().map(|turn| (word(turn, "outcome"), word(turn, "decision"))).collect()
}

#[test]
fn a_plugin_is_asked_about_the_turns_that_config_and_plugin_say() {
    let dir = folder();
    let input = dialogues(dir.path(), &[SHOUTS, SWEARS, "MARKED", "and the Loire"]);
    let waits = "waits for the judge: a plugin asks for it, and no rule marked it";
    let marked = "waits for the judge: a rule marked it, and nothing settled it";
    for (place, (macros, plugin, shouting, asked, votes)) in [
        (&["VOTES"][..], "", "rejected: no rule marked it", 1, 1),
        (&["VOTES"], "candidates = \"all\"", waits, 4, 2),
        (&["VOTES", "ASKS=RJN_ASK_ALL"], "", waits, 4, 2),
        (&["VOTES", "ASKS=RJN_ASK_ALL"], "candidates = \"rules\"", "rejected: no rule marked it", 1, 1),
        (&["VOTES", "ASKS=RJN_ASK_SELECTED", "PHRASE=\"What ARE you\""], "", waits, 1, 1),
    ]
    .into_iter()
    .enumerate()
    {
        let library = mood(dir.path(), macros);
        let config = config(dir.path(), MARKS, &library, plugin);
        let out = dir.path().join(format!("run{place}"));
        let summary = run(&input, &config, &out, &[]).expect(0).json();
        let found = outcomes(&out);
        assert_eq!(found[0].1, shouting, "{macros:?} {plugin}");
        assert_eq!(found[2].1, marked, "{macros:?} {plugin}");
        assert_eq!([1, 3].map(|turn| found[turn].0.as_str()), ["rejected"; 2], "{macros:?} {plugin}");
        assert_eq!(figure(&summary, "candidates"), 1, "a candidate is what a rule marked");
        let plan = rejoinder(&["plan", &input, "--config", &config, "--json"]).expect(0).json();
        assert_eq!(plan["asked"][0]["id"], "mood");
        assert_eq!((figure(&plan["asked"][0], "turns"), figure(&plan["asked"][0], "facts")), (asked, 0));
        // Records have the votes of those that were asked.
        let spooled = rows(&out.join("spool/part-00000.jsonl"));
        let turns = spooled.iter().flat_map(|row| row["turns"].as_array().unwrap());
        let votes_on = turns.flat_map(|turn| turn["plugins"].as_array().unwrap());
        let verdicts: Vec<&Value> = votes_on.map(|vote| &vote["verdict"]).collect();
        assert_eq!(verdicts, vec!["escalate"; votes], "{macros:?} {plugin}");
    }
}

#[test]
fn explain_says_who_was_not_asked_and_why() {
    let dir = folder();
    let input = dialogues(dir.path(), &[SHOUTS, SWEARS]);
    let explain = |config: &str, id: &str, more: &[&str]| {
        rejoinder(&[&["explain", &input, id, "--config", config][..], more].concat()).expect(0)
    };
    let unmarked = config(dir.path(), MARKS, &mood(dir.path(), &["VOTES"]), "");
    let told = explain(&unmarked, "0:0:2", &[]).stdout;
    assert!(told.contains("not asked mood: no rule marked the turn\n"), "{told}");
    let object = explain(&unmarked, "0:0:2", &["--json"]).json();
    assert_eq!(object["not_asked"], json!([{"plugin": "mood", "why": "no rule marked the turn"}]));
    assert_eq!(object["plugins"], json!([]));
    let macros = ["VOTES", "ASKS=RJN_ASK_SELECTED", "PHRASE=\"what the hell\""];
    let selecting = config(dir.path(), MARKS, &mood(dir.path(), &macros), "");
    let told = explain(&selecting, "0:0:2", &[]).stdout;
    let why = "the turn does not meet the plugin's own condition (the phrase `what the hell`)";
    assert!(told.contains(&format!("not asked mood: {why}\n")), "{told}");
    let told = explain(&selecting, "0:1:2", &[]).stdout;
    assert!(told.contains("abstain mood") && !told.contains("not asked"), "{told}");
}

const MOODY: &str = "[[rule]]\nid = \"t.angry\"\ncategory = \"UR2\"\nroute = \"accept\"\nmax-words = 8\nfacts = [\"mood.sentiment < -0.5\", \"mood.tone = angry\", \"not mood.shouts\"]\n";

#[test]
fn a_rule_asks_for_facts_that_a_plugin_tells() {
    let dir = folder();
    let long = "well what the hell is that supposed to mean my dear friend";
    let turns =
        [SWEARS, "WHAT THE HELL", "and the Loire", "what the hell nobody knows", "hell is broken", long];
    let input = dialogues(dir.path(), &turns);
    let library = mood(dir.path(), &["FACTS"]);
    let mut outputs = Vec::new();
    for isolation in ["none", "process"] {
        let config = config(dir.path(), MOODY, &library, &format!("isolation = \"{isolation}\""));
        let out = dir.path().join(isolation);
        let summary = run(&input, &config, &out, &["--threads", "2"]).expect(0).json();
        let found: Vec<String> = outcomes(&out).into_iter().map(|(outcome, _)| outcome).collect();
        assert_eq!(
            found,
            ["accepted", "rejected", "rejected", "rejected", "waiting", "rejected"],
            "{isolation}"
        );
        assert_eq!(summary["candidates"], 1, "{isolation}");
        let faults = rows(&out.join("faults/part-00000.jsonl"));
        assert_eq!(faults.len(), 1, "{isolation}");
        assert!(faults[0]["message"].as_str().unwrap().contains("`sentiment` the value 7"), "{}", faults[0]);
        let plan = rejoinder(&["plan", &input, "--config", &config, "--json"]).expect(0).json();
        let asked = &plan["asked"][0];
        assert_eq!((figure(asked, "turns"), figure(asked, "facts")), (0, 5), "the long turn is no question");
        let said = |id: &str| rejoinder(&["explain", &text(&out), id]).expect(0).stdout;
        let told = said("0:0:2");
        assert!(told.contains("mood.sentiment = -0.8\n") && told.contains("mood.tone = angry\n"), "{told}");
        assert!(told.contains("PASS facts = [\"mood.sentiment < -0.5\"]"), "{told}");
        assert!(!told.contains("not asked"), "{told}");
        let told = said("0:1:2");
        assert!(told.contains("FAIL facts = [\"not mood.shouts\"]"), "{told}");
        assert!(said("0:3:2").contains("mood.sentiment = unknown\n"));
        let told = said("0:5:2");
        assert!(told.contains("not asked mood: no rule came so far as to ask for its facts\n"), "{told}");
        let all = rejoinder(&["explain", &text(&out), "0:5:2", "--all"]).expect(0).stdout;
        assert!(all.contains("the plugin was not asked"), "{all}");
        outputs.push(output_files(&out));
    }
    assert!(!outputs[0].is_empty() && outputs[0] == outputs[1]);
}

#[test]
fn a_mistake_about_facts_is_shown_in_the_rule_file() {
    let dir = folder();
    let input = dialogues(dir.path(), &[SWEARS]);
    let library = mood(dir.path(), &["FACTS"]);
    let rules = |fact: &str| {
        format!(
            "[[rule]]\nid = \"t.x\"\nroute = \"reject\"\nany = [\"x\"]\nfacts = [\"mood.shouts\", \"{fact}\"]\n"
        )
    };
    for (fact, says) in [
        ("mood.sentimant < 0", "did you mean `sentiment`?"),
        ("mood.sentiment = angry", "is a number"),
        ("mood.tone = cross", "`angry`, `calm`"),
        ("moot.tone = calm", "did you mean `mood`?"),
    ] {
        let config = config(dir.path(), &rules(fact), &library, "");
        let ended = run(&input, &config, &dir.path().join("out"), &[]).expect(7);
        assert!(
            ended.stderr.contains("rules.toml:6:25\n") && ended.stderr.contains(says),
            "{fact}\n{}",
            ended.stderr
        );
        let file = text(&dir.path().join("rules.toml"));
        let checked = rejoinder(&["rules", "check", &file, "--config", &config]).expect(3);
        assert!(
            checked.stdout.contains("error[R015]") && checked.stdout.contains(says),
            "{}",
            checked.stdout
        );
        let unchecked = rejoinder(&["rules", "check", &file]).expect(0).stdout;
        assert!(
            unchecked.contains("not checked, since plugins tell them: ") && unchecked.contains("mood.shouts"),
            "{unchecked}"
        );
    }
    config(dir.path(), &rules("mood.sentiment ~ 0"), &library, "");
    let checked = rejoinder(&["rules", "check", &text(&dir.path().join("rules.toml"))]).expect(3).stdout;
    assert!(checked.contains("error[R014]") && checked.contains("rules.toml:6:41\n"), "{checked}");
}

#[test]
fn the_tests_of_a_rule_give_the_facts() {
    let dir = folder();
    let test = |facts: &str, route: &str| {
        format!(
            "[[rule.test]]\ndialogue = [\"U: a\", \"A: b\", \"U: c\"]\n{facts}\nexpect = {{ route = \"{route}\" }}\n"
        )
    };
    let angry = "facts = { \"mood.sentiment\" = -0.8, \"mood.tone\" = \"angry\", \"mood.shouts\" = false }";
    let rules = format!("format = 1\n{MOODY}{}{}", test(angry, "accept"), test("", "none"));
    let file = write(dir.path(), "rules.toml", &rules);
    let passed = rejoinder(&["rules", "test", &file]).expect(0).stdout;
    assert!(passed.contains("2 passed; 0 failed"), "{passed}");
    let file = write(dir.path(), "rules.toml", rules.replace("-0.8", "0.8"));
    let failed = rejoinder(&["rules", "test", &file]).expect(3).stdout;
    assert!(failed.contains("route: expected `accept`, got `none`"), "{failed}");
}

#[test]
fn a_score_of_ones_own_decides_in_place_of_the_shipped_one_wherever_it_runs() {
    let dir = folder();
    let turns = ["and the Loire!", "and the Loire", SHOUTS, "no!", "thanks, splendid!", "what else"];
    let input = dialogues(dir.path(), &turns);
    let library = mood(dir.path(), &["SCORES"]);
    let config = |isolation: &str| {
        let toml = format!(
            "format = 1\n[rules]\npacks = []\n[cascade]\nreject-below = 0.5\n[[plugin]]\npath = {library:?}\nisolation = \"{isolation}\"\n"
        );
        write(dir.path(), &format!("{isolation}.toml"), toml)
    };
    let whole = dir.path().join("none");
    run(&input, &config("none"), &whole, &[]).expect(0);
    let found: Vec<String> = outcomes(&whole).into_iter().map(|(outcome, _)| outcome).collect();
    assert_eq!(found, ["waiting", "rejected", "rejected", "waiting", "waiting", "rejected"]);
    let explained = rejoinder(&["explain", &text(&whole), "0:0:2"]).expect(0).stdout;
    assert!(explained.contains("score 0.900") && explained.contains("plugin mood"), "{explained}");
    let child = dir.path().join("process");
    run(&input, &config("process"), &child, &[]).expect(0);
    assert_eq!(output_files(&whole), output_files(&child));
    let job = dir.path().join("job");
    for shard in ["1/2", "2/2"] {
        let shard = format!("--shard={shard}");
        rejoinder(&["run", &input, "--config", &config("none"), "--out", &text(&job), &shard]).expect(0);
    }
    rejoinder(&["merge", &text(&job)]).expect(0);
    assert_eq!(output_files(&whole), output_files(&job));
    let manifest = |run: &Path| -> Value {
        serde_json::from_slice(&std::fs::read(run.join("manifest.json")).unwrap()).unwrap()
    };
    let plugins = manifest(&whole)["plugins"].clone();
    assert_eq!(plugins.as_array().unwrap().len(), 1, "the shipped score is not there: {plugins}");
    assert_eq!(plugins[0]["name"], "mood");
    assert_eq!(plugins[0]["identity"].as_str().unwrap().len(), 16);
    assert_eq!(manifest(&job)["plugins"], plugins);
    // The score decides about every turn, so a config that keeps turns from it is a mistake.
    let toml = std::fs::read_to_string(config("none")).unwrap() + "candidates = \"rules\"\n";
    let mistaken = write(dir.path(), "rules.toml", toml);
    let ended = run(&input, &mistaken, &dir.path().join("out"), &[]).expect(7);
    assert!(ended.stderr.contains("rules.toml:9:1\n"), "{}", ended.stderr);
    assert!(ended.stderr.contains("decides about every later turn"), "{}", ended.stderr);
}

#[test]
fn the_cost_of_a_plugin_is_said_for_marked_turns_and_for_all() {
    let dir = folder();
    let input = dialogues(dir.path(), &[SHOUTS, SWEARS, "MARKED", "and the Loire"]);
    let library = mood(dir.path(), &["VOTES"]);
    let config = config(dir.path(), MARKS, &library, "");
    let bench = |more: &[&str]| {
        let args =
            ["plugin", "bench", &library, "--corpus", &input, "--config", &config, "--passes", "1", "--json"];
        figure(&rejoinder(&[&args[..], more].concat()).expect(0).json(), "candidates")
    };
    assert_eq!([bench(&[]), bench(&["--candidates", "rules"]), bench(&["--candidates", "all"])], [1, 1, 4]);
    let told = rejoinder(&["plan", &input, "--config", &config]).expect(0).stdout;
    assert!(told.contains("turns it votes on") && told.contains("ms a thousand turns"), "{told}");
}
