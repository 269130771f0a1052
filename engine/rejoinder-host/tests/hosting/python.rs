//! Plugins in Python: a file that an interpreter runs, in a process of its own.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rejoinder_core::{Category, Verdict, Vote};
use rejoinder_host::{Isolation, LoadCause, LoadContext, LoadError, PluginSpec, Registry};

use crate::common::{batch_of, classify};

const FAULTED: Vote = Vote { verdict: Verdict::Escalate, score: None, probs: None, reason: 0, faulted: true };

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
    Vote {
        verdict: Verdict::Accept(Category::Ur5),
        score: Some(0.25),
        probs: None,
        reason: 1,
        faulted: false,
    }
}

#[test]
fn a_file_classifies() {
    let dir = tempfile::tempdir().unwrap();
    let registry = load(PluginSpec::at(obedient(dir.path(), "pass"))).unwrap();
    let (faults, votes) = classify(&registry, &batch_of(&["fine", "other", "fine"])).unwrap();
    assert!(faults.is_empty(), "{faults:?}");
    assert_eq!(votes, [fine(), Vote::default(), fine()]);
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
        assert_eq!(votes, [fine(), fine(), FAULTED, fine()], "{does}");
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
                assert_eq!(votes, [fine(), Vote::default(), fine()], "{does}");
            }
        }
        assert!(begun.elapsed() < Duration::from_secs(10), "{does}");
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
