//! Plugins in Python: a file that an interpreter runs, in a process of its own.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rejoinder_core::{Category, Hit, Verdict, Vote};
use rejoinder_host::{
    Asks, Batch, ConversationContext, Isolation, LoadCause, LoadContext, LoadError, PluginSpec, Registry,
    RuleReference, RuleRoute, abi,
};

use crate::common::{batch_of, classify, dialogue};

/// A file with what every plugin has, and `body`.
fn file(dir: &Path, body: &str) -> PathBuf {
    let path = dir.join("mood.py");
    std::fs::write(&path, format!("NAME = \"mood\"\nREASONS = [\"so it is\"]\n{body}")).unwrap();
    path
}

fn load(spec: PluginSpec) -> Result<Registry, LoadError> {
    Registry::load(&[spec], &LoadContext::default())
}

/// A file whose `classify` accepts turns that say so, and otherwise does what its turn says.
fn obedient(dir: &Path, does: &str) -> PathBuf {
    let does = does.replace('\n', "\n            ");
    file(
        dir,
        &format!(
            "import os, sys, time\ndef classify(batch, state):\n    for i, turn in enumerate(batch.texts):\n        \
             if turn == \"bad\":\n            {does}\n        elif turn == \"fine\":\n            \
             batch.accept(i, \"UR5\", score=0.25, reason=\"so it is\")\n"
        ),
    )
}

fn fine() -> Vote {
    Vote { verdict: Verdict::Accept(Category::Ur5), score: Some(0.25), reason: 1, ..Vote::SILENT }
}

#[test]
fn a_file_classifies() {
    let dir = tempfile::tempdir().unwrap();
    let registry = load(PluginSpec::at(obedient(dir.path(), "pass"))).unwrap();
    let (faults, votes) = classify(&registry, &batch_of(&["fine", "other", "fine"])).unwrap();
    assert!(faults.is_empty(), "{faults:?}");
    assert_eq!(votes, [fine(), Vote::SILENT, fine()]);
    assert_eq!(registry.plugins()[0].name(), "mood");
}

#[test]
fn what_goes_wrong_on_a_turn_costs_that_turn_and_says_what_and_where() {
    let limited = |path| PluginSpec {
        isolation: Isolation::Process { timeout: Some(Duration::from_secs(2)) },
        ..PluginSpec::at(path)
    };
    for (does, said) in [
        (
            "1 / 0",
            "`classify` failed, mood.py line 7: ZeroDivisionError: division by zero\n  mood.py line 7, in classify: 1 / 0",
        ),
        ("sys.exit(3)", "`classify` failed, mood.py line 7: it wanted to end its process: sys.exit(3)"),
        ("os._exit(3)", "it crashed: exit status: 3"),
        ("os.kill(os.getpid(), 11)", "it crashed: signal: 11 (SIGSEGV)"),
        ("time.sleep(60)", "it did not answer within 2s, and was killed"),
        (
            "batch.score = [0.5] * (len(batch) + 1)",
            "`classify` failed, mood.py line 7: ValueError: `score` takes one for each of the 1 candidates, and this has 2",
        ),
        (
            "batch.accept(i, \"UR7\")",
            "`classify` failed, mood.py line 7: ValueError: `UR7` is no category: these are UR1 to UR5",
        ),
        (
            "batch.reject(i, reason=\"no such\")",
            "`classify` failed, mood.py line 7: ValueError: `no such` is none of REASONS",
        ),
        ("batch.score[i] = 7", "it gave the score 7, which is not in [0, 1]"),
        (
            "return [1]",
            "`classify` failed (mood.py): TypeError: it returned list; answers are given by the batch",
        ),
        (
            "raise ValueError(\"\\ud800 \\x1b[31m\" + \"x\" * 9999)",
            "`classify` failed, mood.py line 7: ValueError: \\ud800 \u{1b}[31mxxx",
        ),
        ("def f(): f()\nf()", "`classify` failed, mood.py line 7: RecursionError: "),
    ] {
        let dir = tempfile::tempdir().unwrap();
        let registry = load(limited(obedient(dir.path(), does))).unwrap();
        let (faults, votes) = classify(&registry, &batch_of(&["fine", "fine", "bad", "fine"])).unwrap();
        assert_eq!(votes, [fine(), fine(), Vote::FAULT, fine()], "{does}");
        assert_eq!(faults.len(), 1, "{does}: {faults:?}");
        assert!(faults[0].message.starts_with(said), "{does}: {}", faults[0].message);
        assert!(faults[0].message.len() < 1500, "{does}");
    }
}

#[test]
fn what_does_no_harm_costs_nothing() {
    for does in [
        "print(\"to standard output\", turn)",
        "sys.stdout.buffer.write(b\"\\xff\\n\"); sys.stdout.flush()",
        "os.write(1, b\"past the interpreter\\n\")",
        "print(\"\\ud800 half a character\")",
        "batch.note(i, \"\\ud800\")",
        "try:\n    input()\nexcept EOFError:\n    pass",
        "import subprocess; subprocess.Popen([sys.executable, \"-c\", \"import time; time.sleep(2)\"])",
        "os.fork()",
        "import threading; threading.Thread(target=time.sleep, args=(30,)).start()",
        "import concurrent.futures as f; f.ThreadPoolExecutor(2).submit(len, \"\").result()",
        "import multiprocessing as m; m.get_context(\"spawn\").Pool(1).map(len, [\"\"])",
        "os.chdir(\"/\")",
        "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN)",
        "sys.stdout.close()",
    ] {
        let dir = tempfile::tempdir().unwrap();
        let registry = load(PluginSpec::at(obedient(dir.path(), does))).unwrap();
        let batch = batch_of(&["fine", "bad", "fine"]);
        let begun = Instant::now();
        {
            let mut session = registry.session().unwrap();
            session.want_notes();
            for _ in 0..2 {
                let (mut votes, mut faults) = (Vec::new(), Vec::new());
                session.classify(&batch, &mut votes, &mut faults).unwrap();
                assert!(faults.is_empty(), "{does}: {faults:?}");
                assert_eq!(votes, [fine(), Vote::SILENT, fine()], "{does}");
            }
        }
        assert!(begun.elapsed() < Duration::from_secs(10), "{does}");
    }
}

#[test]
fn a_copy_of_an_interpreter_answers_nobody_wherever_it_was_made() {
    let classify = "def classify(batch, state):\n    for i, turn in enumerate(batch.texts):\n        \
                    if turn == \"fine\": batch.accept(i, \"UR5\", score=0.25, reason=\"so it is\")\n        \
                    else: 1 / 0\n";
    for forks in ["import os\nos.fork()\n", "import os\ndef start(config): os.fork()\n"] {
        let dir = tempfile::tempdir().unwrap();
        let registry = load(PluginSpec::at(file(dir.path(), &format!("{forks}{classify}")))).unwrap();
        let mut session = registry.session().unwrap();
        // A copy would take every other frame, some time. After a fault the plugin is started once more.
        for round in 0..4 {
            let (mut votes, mut faults) = (Vec::new(), Vec::new());
            session.classify(&batch_of(&["fine", "bad", "fine"]), &mut votes, &mut faults).unwrap();
            assert_eq!(votes, [fine(), Vote::FAULT, fine()], "{forks}, round {round}: {faults:?}");
        }
    }
}

#[test]
fn a_candidate_that_is_asked_about_alone_comes_with_its_own_messages() {
    let dir = tempfile::tempdir().unwrap();
    let does = "if len(batch) > 1: raise ValueError()\nbatch.note(i, \"{} of {}\".format(len(batch.raw.role), batch.prior(i)))";
    let registry = load(PluginSpec::at(obedient(dir.path(), does))).unwrap();
    let mut session = registry.session().unwrap();
    session.want_notes();
    let mut batch = Batch::new();
    for number in 0..3 {
        let conversation = dialogue(&["q", "a", "fine", "a", "bad", "a", "later"]);
        batch.begin_conversation(&conversation, 6, &ConversationContext::default());
        batch.push_candidate(number, 4, number as f32, &[]);
    }
    let (mut votes, mut faults) = (Vec::new(), Vec::new());
    session.classify(&batch, &mut votes, &mut faults).unwrap();
    assert!(faults.is_empty(), "{faults:?}");
    assert_eq!(session.notes(), ["5 of 0.0", "5 of 1.0", "5 of 2.0"]);
}

#[test]
fn a_candidate_that_is_not_in_the_batch_is_a_fault_whatever_is_done_with_it() {
    for does in [
        "batch.accept(-1, \"UR5\")",
        "batch.reject(len(batch))",
        "batch.fact(-1, \"calm\", True)",
        "batch.note(-1, \"a note\")",
        "batch.messages(-1)",
        "batch.answer(-1)",
        "batch.hits(-1)",
        "batch.prior(-1)",
        "batch.language(-1)",
        "batch.columns(-1)",
        "batch.earlier(-1)",
    ] {
        let dir = tempfile::tempdir().unwrap();
        let path = obedient(dir.path(), does);
        let facts = "FACTS = {\"calm\": {\"truth\": True}}\ndef facts(batch, state): pass\n";
        std::fs::write(&path, std::fs::read_to_string(&path).unwrap() + facts).unwrap();
        let registry = load(PluginSpec::at(path)).unwrap();
        let mut session = registry.session().unwrap();
        session.want_notes();
        let (mut votes, mut faults) = (Vec::new(), Vec::new());
        session.classify(&batch_of(&["fine", "bad", "fine"]), &mut votes, &mut faults).unwrap();
        assert_eq!(votes, [fine(), Vote::FAULT, fine()], "{does}: {faults:?}");
        let message = &faults[0].message;
        let number = if does.contains("len") { 1 } else { -1 };
        let told = format!("IndexError: {number}: the candidates of this batch are numbered from 0 to 0");
        assert!(message.contains(&told), "{does}: {message}");
    }
}

#[test]
fn a_file_that_is_no_plugin_is_refused_with_the_line() {
    for (body, said) in [
        (
            "def classify(:\n",
            "the file cannot be read, mood.py line 3: SyntaxError: invalid syntax\n  def classify(:",
        ),
        (
            "import no_such_module\n",
            "the file failed, mood.py line 3: ModuleNotFoundError: No module named 'no_such_module'; the interpreter is ",
        ),
        (
            "raise SystemExit\n",
            "the file failed, mood.py line 3: it wanted to end its process: sys.exit(None)",
        ),
        ("", "mood.py: it has no function `classify(batch, state)` and no `facts(batch, state)`"),
        (
            "NAME = \"Über\"\ndef classify(b, s): pass\n",
            "mood.py: NAME is the plugin's name, of a-z, 0-9, - and _",
        ),
        ("CONFIG_SCHEMA = {1j: 2}\ndef classify(b, s): pass\n", "mood.py: CONFIG_SCHEMA is no JSON Schema: "),
        ("REASONS = \"one\"\ndef classify(b, s): pass\n", "mood.py: REASONS is a list of texts"),
        ("ABOUT = 7\ndef classify(b, s): pass\n", "mood.py: ABOUT is a text, and here it is 7"),
        (
            "GIVES = [\"facts\"]\ndef classify(b, s): pass\n",
            "mood.py: GIVES has `facts`, and the file has only what makes votes",
        ),
        (
            "CANDIDATES = {\"words\": [\"x\"]}\ndef classify(b, s): pass\n",
            "mood.py: CANDIDATES is \"rules\", \"all\", or a dict of ",
        ),
    ] {
        let dir = tempfile::tempdir().unwrap();
        let error = load(PluginSpec::at(file(dir.path(), body))).unwrap_err();
        let LoadCause::Refused { reason, .. } = &error.cause else { panic!("{body}: {error}") };
        assert!(reason.starts_with(said), "{body}: {reason}");
    }
}

#[test]
fn an_interpreter_that_is_not_there_or_is_none_is_named_with_what_to_do() {
    let dir = tempfile::tempdir().unwrap();
    let path = obedient(dir.path(), "pass");
    for (python, said) in [
        ("/no/such/python3", "the interpreter `/no/such/python3` cannot be started: No such file"),
        (
            "false",
            "the interpreter `false` does not get ready: it crashed: exit status: 1; `python` in its [[plugin]] table",
        ),
    ] {
        let error = load(PluginSpec { python: Some(python.into()), ..PluginSpec::at(&path) }).unwrap_err();
        assert!(error.to_string().contains(said), "{error}");
        assert_eq!(error.problems()[0].pointer, "/python");
    }
}

#[test]
fn a_batch_shows_all_that_the_interface_has() {
    let body = r#"
COLUMNS = True
def classify(batch, state):
    for i in range(len(batch)):
        messages, raw = batch.messages(i), batch.raw
        hits = [batch.texts[i][h.start:h.end] + " " + h.rule + " " + h.category + " " + h.route for h in batch.hits(i)]
        seen = [messages, batch.answer(i), hits, batch.language(i), batch.columns(i), batch.prior(i), batch.earlier(i)]
        batch.note(i, repr(seen) + repr([len(raw.id), raw.id[i], bytes(raw.language), raw.text.readonly]))
"#;
    let dir = tempfile::tempdir().unwrap();
    let rule =
        |id: &str| RuleReference { id: id.into(), category: Some(Category::Ur5), route: RuleRoute::Accept };
    let context = LoadContext { rules: ["en.a", "en.b"].map(rule).into(), ..LoadContext::default() };
    let registry = Registry::load(&[PluginSpec::at(file(dir.path(), body))], &context).unwrap();
    let mut conversation = dialogue(&["q\u{0}", "é\u{10FFFF}", "ünd thánks!"]);
    conversation.messages[0].time = Some(-5);
    let mut batch = batch_of(&["before"]);
    let columns = [("model".into(), "ü".into()), ("n".into(), "{\"a\":1}".into())];
    batch.begin_conversation(&conversation, 2, &ConversationContext { language: "yue", columns: &columns });
    let hits = [Hit { rule: 1, start: 5, end: 12 }, Hit { rule: 0, start: 0, end: 4 }];
    batch.push_candidate(77, 2, -0.5, &hits);
    let mut session = registry.session().unwrap();
    session.want_notes();
    let mut faults = Vec::new();
    session.classify(&batch, &mut Vec::new(), &mut faults).unwrap();
    assert!(faults.is_empty(), "{faults:?}");
    assert_eq!(
        session.notes()[1],
        "[[Message(role='user', text='q\\x00', time=-5), Message(role='assistant', text='é\\U0010ffff', time=None), \
         Message(role='user', text='ünd thánks!', time=None)], [Message(role='assistant', text='é\\U0010ffff', time=None)], \
         ['thánks en.b UR5 accept', 'ünd en.a UR5 accept'], 'yue', {'model': 'ü', 'n': '{\"a\":1}'}, -0.5, []]\
         [2, 77, b'\\x00\\x00\\x00\\x00yue\\x00', True]"
    );
}

#[test]
fn whole_columns_and_facts_are_given_at_once_and_one_by_one() {
    let body = r#"
SCORES = "all UR2,UR5"
CANDIDATES = {"phrases": ["well done"], "languages": ["en"], "min_words": 2}
FACTS = {
    "length": {"about": "how long it is", "number": (0, 10)},
    "loud": {"about": "in capitals", "truth": True},
    "tone": {"about": "how it sounds", "words": ["calm", "angry"]},
}
def classify(batch, state):
    batch.verdict = [batch.ACCEPT if t == "a" else batch.ABSTAIN for t in batch.texts]
    batch.category = bytes(5 if t == "a" else 0 for t in batch.texts)
    batch.probs = [[0.5, 0, 0, 0, 0, 0.5]] * len(batch)
    batch.score = (0.5 for _ in batch.texts)
def facts(batch, state):
    batch.fact_column("length", [len(t) or None for t in batch.texts])
    for i, turn in enumerate(batch.texts):
        batch.fact(i, "loud", turn.isupper())
        batch.fact(i, "tone", "angry" if turn.isupper() else "calm")
"#;
    let dir = tempfile::tempdir().unwrap();
    let registry = load(PluginSpec::at(file(dir.path(), body))).unwrap();
    let plugin = registry.plugins()[0].description();
    assert_eq!(plugin.gives.to_string(), "votes, scores, facts");
    assert_eq!(plugin.flags, abi::GIVES_VOTES | abi::GIVES_SCORES | abi::GIVES_FACTS);
    let purposes: Vec<String> =
        plugin.scores.as_ref().unwrap().purposes.iter().map(ToString::to_string).collect();
    assert_eq!(purposes, ["all", "UR2,UR5"]);
    let Asks::Selected(selection) = &plugin.asks else { panic!("{:?}", plugin.asks) };
    assert_eq!(
        (&*selection.phrases[0], &*selection.languages[0], selection.min_words, selection.max_words),
        ("well done", "en", 2, None)
    );
    let batch = batch_of(&["a", "B", "", "much longer than ten"]);
    let (faults, votes) = classify(&registry, &batch).unwrap();
    assert!(faults.is_empty(), "{faults:?}");
    assert_eq!(votes[0].verdict, Verdict::Accept(Category::Ur5));
    assert_eq!((votes[1].verdict, votes[1].score), (Verdict::Abstain, Some(0.5)));
    assert_eq!(votes[1].probs, Some([0.5, 0.0, 0.0, 0.0, 0.0, 0.5]));
    let (mut values, mut faults) = (Vec::new(), Vec::new());
    registry.session().unwrap().facts(0, &batch, &mut values, &mut faults).unwrap();
    assert_eq!(values[..6], [1.0, 0.0, 0.0, 1.0, 1.0, 1.0]);
    assert!(values[6].is_nan() && values[7..9] == [0.0, 0.0], "{values:?}");
    assert_eq!(
        faults[0].message,
        "it gave the fact `length` the value 20, which is not a number from 0 to 10"
    );
}

#[test]
fn facts_and_wishes_that_make_no_sense_are_refused() {
    let give = "def classify(b, s): pass\ndef facts(b, s): pass\n";
    for (body, said) in [
        (
            "FACTS = {\"Loud\": {\"truth\": True}}\n",
            "mood.py: a fact's name is of a-z, 0-9, - and _, and this is 'Loud'",
        ),
        (
            "FACTS = {\"a\": {\"number\": (1, 1)}}\n",
            "mood.py: the fact `a` is a number from a least to a most",
        ),
        (
            "FACTS = {\"a\": {\"number\": (0, float(\"inf\"))}}\n",
            "mood.py: the fact `a` is a number from a least to a most",
        ),
        (
            "FACTS = {\"a\": {\"words\": [\"x\", \"x\"]}}\n",
            "mood.py: the words of the fact `a` are each of a-z",
        ),
        (
            "FACTS = {\"a\": {\"words\": [\"x\", \"true\"]}}\n",
            "mood.py: the words of the fact `a` are each of a-z, 0-9, - and _, neither `true`",
        ),
        ("FACTS = {\"a\": {\"words\": [\"3\"]}}\n", "mood.py: the words of the fact `a` are each of a-z"),
        (
            "FACTS = {\"a\": {\"kind\": \"truth\"}}\n",
            "mood.py: the fact `a` is a dict with `about` and one of `number`",
        ),
        ("", "mood.py: `FACTS` says which facts there are"),
        (
            "FACTS = {\"a\": {\"truth\": True}}\nCANDIDATES = {\"min_words\": 3, \"max_words\": 2}\n",
            "mood.py: CANDIDATES: `min_words` and `max_words` are numbers",
        ),
        (
            "FACTS = {\"a\": {\"truth\": True}}\nSCORES = \"all, kto\"\n",
            "mood.py: SCORES names `all,`: it is True, or has all, sft, kto",
        ),
    ] {
        let dir = tempfile::tempdir().unwrap();
        let error = load(PluginSpec::at(file(dir.path(), &format!("{body}{give}")))).unwrap_err();
        let LoadCause::Refused { reason, .. } = &error.cause else { panic!("{body}: {error}") };
        assert!(reason.starts_with(said), "{body}: {reason}");
    }
}

#[test]
fn a_state_that_failed_is_replaced_and_one_that_does_not_start_again_ends_the_run() {
    let body = "STARTS = []\ndef start(config):\n    STARTS.append(1)\n    if len(STARTS) > config[\"most\"]: raise OSError(\"no more\")\n    \
                return [0]\ndef classify(batch, state):\n    state[0] += 1\n    batch.score[0] = state[0] / 10\n    \
                if batch.texts[0] == \"bad\": raise ValueError\n";
    let dir = tempfile::tempdir().unwrap();
    let path = file(dir.path(), body);
    let with =
        |most: u32| PluginSpec { config: serde_json::json!({ "most": most }), ..PluginSpec::at(&path) };
    let registry = load(with(2)).unwrap();
    let mut session = registry.session().unwrap();
    let (mut votes, mut faults) = (Vec::new(), Vec::new());
    for (turn, score) in [("fine", Some(0.1)), ("fine", Some(0.2)), ("bad", None), ("fine", Some(0.1))] {
        session.classify(&batch_of(&[turn]), &mut votes, &mut faults).unwrap();
        assert_eq!(votes[0].score, score, "{turn}");
    }
    let stuck = session.classify(&batch_of(&["bad"]), &mut votes, &mut faults).unwrap_err().to_string();
    assert!(
        stuck.contains("cannot start again: `start` failed, mood.py line 6: OSError: no more"),
        "{stuck}"
    );
    let refused = load(with(0)).unwrap_err().to_string();
    assert!(
        refused.starts_with("plugin `mood` cannot start: `start` failed, mood.py line 6: OSError: no more"),
        "{refused}"
    );
}

#[test]
fn what_was_hashed_runs_whatever_takes_its_place_and_finds_what_lies_beside_it() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("helper.py"), "SCORE = 0.25\n").unwrap();
    let path = file(
        dir.path(),
        "import helper\ndef classify(batch, state): batch.score = [helper.SCORE] * len(batch)\n",
    );
    let registry = load(PluginSpec::at(&path)).unwrap();
    std::fs::write(&path, "no Python at all").unwrap();
    let batch = batch_of(&["a"]);
    // The second session starts an interpreter anew.
    let (mut first, mut second) = (registry.session().unwrap(), registry.session().unwrap());
    for session in [&mut first, &mut second] {
        let mut votes = Vec::new();
        session.classify(&batch, &mut votes, &mut Vec::new()).unwrap();
        assert_eq!(votes[0].score, Some(0.25));
    }
    assert!(load(PluginSpec::at(&path)).unwrap_err().to_string().contains("SyntaxError"));
}

#[test]
fn the_runner_is_read_by_interpreters_too_old_to_run_plugins_which_say_so() {
    let dir = tempfile::tempdir().unwrap();
    let path = obedient(dir.path(), "pass");
    // Stands for an interpreter of another version: the runner asks `sys` for its own.
    let old = dir.path().join("old-python");
    let script = "#!/bin/sh\nexec python3 -c 'import sys; sys.version_info = (3, 6, 15, \"final\", 0); exec(sys.argv[1])' \"$4\"\n";
    std::fs::write(&old, script).unwrap();
    std::fs::set_permissions(&old, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let error = load(PluginSpec { python: Some(old), ..PluginSpec::at(&path) }).unwrap_err().to_string();
    assert!(
        error.contains(" is Python 3.6.15, and plugins need 3.9 or later; `python` in its [[plugin]] table"),
        "{error}"
    );
}
