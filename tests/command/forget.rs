//! `forget`: no byte of a conversation stays in a run, its replies and its exports, and all that is about others stays as it was.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::{Value, json};

use crate::support::server::{Request, Response, Server, answer, by_letters, marked_turns, pattern};
use crate::support::{
    Ended, all_files, assert_funnel_adds_up, command, figure, folder, output_files, random, rejoinder, rows,
    text, write,
};

/// An id that JSON must escape.
const ID: &str = "it's \"Änne\" \\ #7\nof room 12";
/// What Änne says, and what nobody else does.
pub(crate) const SAID: [&str; 5] = [
    "my name is Änne of \"Elm Street\"",
    "no, I live at Elm Street 7,\nnot at Oak Street",
    "thank you, \\o/ Änne is glad of that",
    "Then I send it to Oak Street, dear Änne.",
    "aenne.elm@example.org",
];

/// A conversation of three turns; the last two say something of the answers.
pub(crate) fn chat(id: &str, user: &str, said: [&str; 3], answer: &str) -> String {
    let turn = |role: &str, content: &str| json!({ "role": role, "content": content });
    let messages = json!([
        turn("user", said[0]),
        turn("assistant", answer),
        turn("user", said[1]),
        turn("assistant", &format!("Now it is right: {answer}")),
        turn("user", said[2]),
    ]);
    json!({ "conversation_id": id, "user": user, "messages": messages }).to_string()
}

fn aenne() -> String {
    chat(ID, SAID[4], [SAID[0], SAID[1], SAID[2]], SAID[3])
}

/// Conversations of others.
pub(crate) fn others(count: usize) -> Vec<String> {
    let of = |number: usize| {
        let second = match number % 3 {
            0 => format!("no, that is wrong for list {number}"),
            _ => format!("and what about list {number}?"),
        };
        let said =
            [&format!("make list {number} of things"), &second, &format!("thank you for list {number}")];
        chat(
            &format!("other-{number}"),
            "somebody",
            said.map(String::as_str),
            &format!("Here is list {number}."),
        )
    };
    (0..count).map(of).collect()
}

/// Chats with Änne's in the middle.
pub(crate) fn chats(count: usize) -> String {
    let mut chats = others(count);
    chats.insert(count / 2, aenne());
    chats.join("\n") + "\n"
}

fn config(dir: &Path, server: &Server, answer: &str) -> String {
    let config = format!(
        "format = 1\nplugin = []\n[report]\nby = [\"user\"]\n[judge]\nall = true\nbase-url = \"{}\"\nmodel = \"m\"\n\
         max-in-flight = 1\nanswer = \"{answer}\"\n",
        server.base_url()
    );
    write(dir, "judge.toml", config)
}

/// A run over chats that asks a judge in a form.
pub(crate) struct Bench {
    pub(crate) dir: tempfile::TempDir,
    pub(crate) server: Server,
    pub(crate) input: String,
    pub(crate) config: String,
    pub(crate) run: String,
}

impl Bench {
    pub(crate) fn new(chats: &str, answer: &str) -> Self {
        let bench = Self::unasked(chats, answer);
        bench.run(&[]).expect(0);
        bench
    }

    pub(crate) fn unasked(chats: &str, answer: &str) -> Self {
        Self::over(chats, answer, Server::start(by_letters))
    }

    fn over(chats: &str, answer: &str, server: Server) -> Self {
        let dir = folder();
        let input = write(dir.path(), "chats.jsonl", chats);
        let config = config(dir.path(), &server, answer);
        let run = text(&dir.path().join("run"));
        Self { dir, server, input, config, run }
    }

    pub(crate) fn run(&self, more: &[&str]) -> Ended {
        rejoinder(
            &[&["run", &*self.input, "--config", &*self.config, "--out", &*self.run, "--json"], more]
                .concat(),
        )
    }

    pub(crate) fn forget(&self, more: &[&str]) -> Ended {
        rejoinder(&[&["forget", &*self.run, "--conversation", ID], more].concat())
    }

    pub(crate) fn path(&self) -> &Path {
        Path::new(&self.run)
    }
}

/// Files below a path that hold one of the texts, as it is or as JSON writes it.
pub(crate) fn holding(path: &Path, texts: &[&str]) -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    for file in if path.is_dir() { all_files(path) } else { vec![path.to_owned()] } {
        let bytes = fs::read(&file).unwrap();
        let holds = |text: &str| bytes.windows(text.len()).any(|window| window == text.as_bytes());
        for text in texts {
            let escaped = serde_json::to_string(text).unwrap();
            if holds(text) || holds(escaped.trim_matches('"')) {
                found.push((file.clone(), (*text).to_owned()));
            }
        }
    }
    found
}

/// All that tells of Änne.
pub(crate) fn traces() -> Vec<&'static str> {
    let spans = ["Elm Street 7", "Änne is glad"];
    SAID.into_iter().chain([ID]).chain(spans).collect()
}

/// The lines of the files of a run that are not Änne's.
fn lines_of_others(run: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let id = serde_json::to_string(ID).unwrap();
    let files = output_files(run).into_iter().map(|(path, bytes)| {
        let lines = bytes.split_inclusive(|byte| *byte == b'\n');
        let others = lines.filter(|line| !String::from_utf8_lossy(line).contains(&id));
        (path, others.flatten().copied().collect::<Vec<u8>>())
    });
    files.filter(|(_, bytes)| !bytes.is_empty()).collect()
}

#[test]
fn no_byte_of_a_conversation_stays_and_all_else_does_in_each_form_of_asking() {
    for answer in ["label", "letters", "json"] {
        let bench = Bench::new(&chats(12), answer);
        let (run, path) = (&*bench.run, bench.path());
        rejoinder(&["audit", run]).expect(0);
        rejoinder(&["report", run]).expect(0);
        for what in ["feedback", "kto", "sft"] {
            rejoinder(&["export", what, run]).expect(0);
        }
        rejoinder(&["export", "feedback", run, "--format", "parquet"]).expect(0);
        rejoinder(&["export", "random", run, "--rows", "100"]).expect(0);
        rejoinder(&["export", "review", run, "--for", "label-studio"]).expect(0);
        rejoinder(&["export", "kto", run, "--dataset", &text(&path.join("set"))]).expect(0);
        let elsewhere = text(&bench.dir.path().join("argilla.json"));
        rejoinder(&["export", "review", run, "--for", "argilla", "--out", &elsewhere]).expect(0);
        let held = holding(path, &traces()).into_iter().map(|(file, _)| file).collect::<Vec<_>>();
        assert!(held.len() > 10, "{held:?}");
        let (expected, asked) = (lines_of_others(path), bench.server.all_requests());
        let table = rows(&path.join("feedback.jsonl"));

        let report = bench.forget(&["--also", &elsewhere, "--json"]).expect(0).json();
        assert_eq!(report["conversations"], json!([{ "place": "0:6", "id": ID, "was_gone": false }]));
        assert_eq!(report["left"], json!([]), "{report}");
        assert_eq!(holding(path, &traces()), [], "{answer}");
        assert_eq!(holding(Path::new(&elsewhere), &traces()), []);
        assert_eq!(output_files(path), expected, "{answer}");

        // The rest is usable, and nothing is asked again.
        let summary = rejoinder(&["resume", run, "--json"]).expect(0).json();
        assert_funnel_adds_up(&summary);
        assert_eq!((figure(&summary, "judged"), figure(&summary, "undecided")), (24, 0));
        rejoinder(&["judge", run]).expect(0);
        rejoinder(&["audit", run]).expect(0);
        rejoinder(&["report", run]).expect(0);
        rejoinder(&["export", "feedback", run, "--out", &text(&path.join("again.jsonl"))]).expect(0);
        rejoinder(&["export", "kto", run, "--dataset", &text(&path.join("set"))]).expect(0);
        let of_others: Vec<Value> = table.into_iter().filter(|row| row["conversation_id"] != ID).collect();
        assert_eq!(rows(&path.join("again.jsonl")), of_others);
        assert_eq!(rows(&path.join("feedback.jsonl")), of_others);
        let shown = rejoinder(&["show", run, "--json"]).expect(0);
        assert!(shown.stdout.contains("other-3") && !shown.stdout.contains("Elm"));
        assert_eq!(output_files(path), expected, "{answer}");
        assert_eq!(holding(path, &traces()), [], "{answer}");
        assert_eq!(bench.server.all_requests(), asked, "{answer}");
    }
}

#[test]
fn labels_draws_and_groups_forget_the_conversation_too() {
    let bench = Bench::new(&chats(6), "label");
    let folder = bench.path().join("review");
    for name in ["labels", "draws"] {
        fs::create_dir_all(folder.join(name)).unwrap();
    }
    let label = |id: &str, place: &str, span: &str| {
        json!({ "conversation_id": id, "labels": [{ "turn": 2, "category": "UR2", "span": span }], "id": place }).to_string()
    };
    let other = label("other-1", "0:1:2", "what about list 1");
    let labels = format!("{}\n{other}\n", label(ID, "0:3:2", SAID[1]));
    write(&folder, "labels/ann.jsonl", labels);
    let draw = |turns: &[&str]| {
        let turns: Vec<Value> = turns.iter().map(|id| json!({ "id": id })).collect();
        let draw = json!({ "kind": "uniform", "size": 3 });
        json!({ "format": 1, "draw": draw, "seed": 1, "fitting": 14, "is_whole": true, "turns": turns })
    };
    write(&folder, "draws/uniform-3.json", draw(&["0:1:2", "0:3:4", "0:2:2"]).to_string());
    let report = bench.forget(&["--json"]).expect(0).json();
    assert_eq!(
        (&report["removed"]["labels"], &report["removed"]["turns drawn for people"]),
        (&json!(1), &json!(1))
    );
    assert_eq!(fs::read_to_string(folder.join("labels/ann.jsonl")).unwrap(), other + "\n");
    assert_eq!(rows(&folder.join("draws/uniform-3.json")), [draw(&["0:1:2", "0:2:2"])]);
    assert_eq!(holding(bench.path(), &traces()), []);
    // The address of the sender was a group of the report, of which nobody else was.
    let value = rejoinder(&["report", &bench.run, "--json"]).expect(0).stdout;
    assert!(value.contains("somebody") && !value.contains("aenne"), "{value}");
}

#[test]
fn what_a_row_waits_for_is_asked_about_without_the_conversation() {
    for answer in ["label", "letters", "json"] {
        let bench = Bench::unasked(&chats(12), answer);
        // Some turns are answered, those of Änne perhaps among them.
        for calls in ["4", "6", "8"] {
            let run = text(&bench.dir.path().join(calls));
            let bench = Bench { run, dir: folder(), server: Server::start(by_letters), ..copy(&bench) };
            let config = config(bench.dir.path(), &bench.server, answer);
            let bench = Bench { config, ..bench };
            bench.run(&["--calls", calls]).expect(4);
            let expected = rows_of_spool(bench.path()) - 2;
            bench.forget(&[]).expect(0);
            let before = bench.server.requests();
            let summary = rejoinder(&["resume", &bench.run, "--calls", "1000", "--json"]).expect(0).json();
            assert_eq!(
                (figure(&summary, "judged"), figure(&summary, "undecided")),
                (expected, 0),
                "{answer} {calls}"
            );
            let asked = bench.server.log().into_iter().skip(before);
            assert!(asked.into_iter().all(|request| !request.prompt().contains("Elm")), "{answer} {calls}");
            assert_eq!(holding(bench.path(), &traces()), []);
        }
    }
}

/// Another bench over the same input.
fn copy(bench: &Bench) -> Bench {
    let (dir, server) = (folder(), Server::start(by_letters));
    Bench { dir, server, input: bench.input.clone(), config: String::new(), run: String::new() }
}

fn rows_of_spool(run: &Path) -> u64 {
    output_files(run)
        .iter()
        .filter(|(path, _)| path.starts_with("spool"))
        .map(|(_, bytes)| bytes.iter().filter(|byte| **byte == b'\n').count() as u64)
        .sum()
}

#[test]
fn a_turn_with_the_same_words_keeps_its_answer_and_one_that_waited_for_it_is_asked_about() {
    let twin = aenne().replace(&serde_json::to_string(ID).unwrap(), "\"twin\"");
    for answer in ["label", "letters", "json"] {
        let chats = chats(6) + &twin + "\n";
        let bench = Bench::new(&chats, answer);
        let (expected, asked) = (lines_of_others(bench.path()), bench.server.all_requests());
        bench.forget(&[]).expect(0);
        assert_eq!(output_files(bench.path()), expected, "{answer}");
        let summary = rejoinder(&["resume", &bench.run, "--json"]).expect(0).json();
        assert_eq!((figure(&summary, "judged"), figure(&summary, "undecided")), (14, 0), "{answer}");
        assert_eq!(bench.server.all_requests(), asked, "{answer}");

        let bench = Bench::unasked(&chats, answer);
        // Enough to find out about the server, and no more.
        let probes = asked - bench_requests(&chats, answer);
        bench.run(&["--calls", &probes.to_string()]).expect(4);
        bench.forget(&[]).expect(0);
        let summary = rejoinder(&["resume", &bench.run, "--calls", "1000", "--json"]).expect(0).json();
        assert_eq!((figure(&summary, "judged"), figure(&summary, "undecided")), (14, 0), "{answer}");
        let turns: Vec<usize> =
            bench.server.log().iter().map(|r| marked_turns(r.prompt()).len().max(1)).collect();
        assert_eq!(turns.iter().sum::<usize>(), 14, "{answer}");
    }
}

/// As [`by_letters`], by a model that repeats all turns before its answer.
fn aloud(request: &Request) -> Response {
    let response = answer(request, pattern);
    let said: Vec<String> = marked_turns(request.prompt()).into_iter().map(|(_, turn)| turn).collect();
    if request.is_probe() || said.is_empty() {
        return response;
    }
    let mut body: Value = serde_json::from_str(&response.body).unwrap();
    let content = &mut body["choices"][0]["message"]["content"];
    *content =
        format!("The users say: {}. So I answer:\n{}", said.join("; "), content.as_str().unwrap()).into();
    Response { body: body.to_string(), ..response }
}

#[test]
fn a_reply_that_repeats_the_turns_of_several_conversations_is_cut_to_the_claims_about_the_others() {
    let bench = Bench::over(&chats(6), "json", Server::start(aloud));
    bench.run(&[]).expect(0);
    assert!(!holding(&bench.path().join("replies.sqlite"), &["Elm Street 7"]).is_empty());
    let (expected, asked) = (lines_of_others(bench.path()), bench.server.all_requests());
    bench.forget(&[]).expect(0);
    assert_eq!(holding(bench.path(), &traces()), []);
    rejoinder(&["resume", &bench.run]).expect(0);
    assert_eq!((output_files(bench.path()), bench.server.all_requests()), (expected, asked));
}

/// How many requests asking about all takes.
fn bench_requests(chats: &str, answer: &str) -> usize {
    Bench::new(chats, answer).server.requests()
}

#[test]
fn a_removal_that_was_killed_is_finished_by_the_same_command() {
    let mut random = random();
    let bench = Bench::new(&chats(12), "json");
    rejoinder(&["export", "kto", &bench.run]).expect(0);
    rejoinder(&["report", &bench.run]).expect(0);
    let copied = |name: &str| {
        let to = bench.dir.path().join(name);
        for file in all_files(bench.path()) {
            let to = to.join(file.strip_prefix(bench.path()).unwrap());
            fs::create_dir_all(to.parent().unwrap()).unwrap();
            fs::copy(&file, to).unwrap();
        }
        to
    };
    let forgotten = |run: &Path| {
        let manifest: Value = serde_json::from_slice(&fs::read(run.join("manifest.json")).unwrap()).unwrap();
        let mut summary = rejoinder(&["resume", &text(run), "--json"]).expect(0).json();
        for key in ["seconds", "run_dir"] {
            summary[key] = Value::Null;
        }
        (output_files(run), manifest["removed"].clone(), manifest["inputs"].clone(), summary)
    };
    let whole = copied("whole");
    rejoinder(&["forget", &text(&whole), "--conversation", ID]).expect(0);
    let expected = forgotten(&whole);
    assert_eq!(expected.1, json!([{ "on": expected.1[0]["on"], "conversations": 1, "turns": 2 }]));
    for number in 0..8 {
        let run = copied(&number.to_string());
        let mut child = command(&["forget", &text(&run), "--conversation", ID]).spawn().unwrap();
        std::thread::sleep(Duration::from_millis(random.u64(20..700)));
        child.kill().unwrap();
        child.wait().unwrap();
        rejoinder(&["forget", &text(&run), "--conversation", ID]).expect(0);
        assert_eq!(holding(&run, &traces()), [], "{number}");
        assert_eq!(forgotten(&run), expected, "{number}");
    }
}

#[test]
fn a_run_whose_scan_was_interrupted_goes_on_without_the_conversation() {
    let bench = Bench::new(&chats(6), "json");
    let (expected, asked) = (lines_of_others(bench.path()), bench.server.all_requests());
    // As a kill leaves a run between the files of a part and its commit.
    let ledger = rusqlite::Connection::open(bench.path().join("ledger.sqlite")).unwrap();
    ledger.execute_batch("DELETE FROM parts; DELETE FROM facts WHERE name = 'scan'").unwrap();
    drop(ledger);
    fs::copy(bench.path().join("spool/part-00000.jsonl"), bench.path().join("spool/part-00001.jsonl.tmp"))
        .unwrap();
    bench.forget(&[]).expect(0);
    assert_eq!(holding(bench.path(), &traces()), []);
    let summary = rejoinder(&["resume", &bench.run, "--json"]).expect(0).json();
    assert_eq!((figure(&summary, "turns"), figure(&summary, "judged")), (12, 12));
    assert_eq!((output_files(bench.path()), bench.server.all_requests()), (expected, asked));
    assert_eq!(holding(bench.path(), &traces()), []);
}

#[test]
fn neither_the_engine_nor_the_input_of_the_run_must_be_there() {
    let bench = Bench::new(&chats(6), "json");
    let file = bench.path().join("manifest.json");
    let manifest = fs::read_to_string(&file).unwrap().replace("\"engine\": \"", "\"engine\": \"9.");
    fs::write(&file, manifest).unwrap();
    fs::remove_file(&bench.input).unwrap();
    let expected = lines_of_others(bench.path());
    let ended = bench.forget(&[]).expect(0);
    assert!(ended.stdout.contains("chats.jsonl is not there"), "{}", ended.stdout);
    assert_eq!(output_files(bench.path()), expected);
    assert_eq!(holding(bench.path(), &traces()), []);
    let ended = bench.forget(&[]).expect(9);
    assert!(ended.stderr.contains("1 conversation was forgotten on 2"), "{}", ended.stderr);
}

#[test]
fn a_conversation_is_named_by_id_or_place_and_all_of_one_id_go() {
    let mut chats = others(4);
    chats.extend([aenne(), aenne().replace("Elm Street 7", "Elm Street 8")]);
    let bench = Bench::new(&(chats.join("\n") + "\n"), "label");
    let dry = bench.forget(&["--dry-run", "--json"]).expect(0).json();
    assert_eq!((dry["conversations"].as_array().unwrap().len(), &dry["removed"]["turns"]), (2, &json!(4)));
    let ended = rejoinder(&["forget", &bench.run, "--conversation", "0:1"]).expect(0);
    assert!(ended.stdout.starts_with("forgotten: conversation `other-1` at 0:1\n"), "{}", ended.stdout);
    assert!(!holding(bench.path(), &traces()).is_empty());
    bench.forget(&[]).expect(0);
    assert_eq!(holding(bench.path(), &["other-1", "Elm Street"]), []);
    let again = bench.forget(&[]).expect(0).stdout;
    assert!(again.matches("which was forgotten before").count() == 2, "{again}");
    let summary = rejoinder(&["resume", &bench.run, "--json"]).expect(0).json();
    assert_eq!(figure(&summary, "judged"), 6);
    let remarks = summary["remarks"].to_string();
    assert!(remarks.contains("2 conversations were forgotten on"), "{remarks}");
}

#[test]
fn a_dry_run_changes_nothing_and_what_is_not_there_is_said() {
    let bench = Bench::new(&chats(4), "json");
    rejoinder(&["export", "kto", &bench.run]).expect(0);
    let files = || -> BTreeMap<PathBuf, Vec<u8>> {
        let of_run =
            all_files(bench.path()).into_iter().filter(|file| file.extension().is_some_and(|e| e != "lock"));
        of_run.map(|file| (file.clone(), fs::read(file).unwrap())).collect()
    };
    let before = files();
    let dry = bench.forget(&["--dry-run"]).expect(0).stdout;
    assert!(dry.contains("would be forgotten: conversation") && dry.contains("kto.jsonl"), "{dry}");
    assert_eq!(files(), before);
    for unknown in ["nobody", "0:99", "7:1"] {
        let ended = rejoinder(&["forget", &bench.run, "--conversation", unknown]).expect(9);
        assert!(ended.stderr.contains(&format!("`{unknown}`")), "{}", ended.stderr);
    }
    rejoinder(&["forget", &bench.run]).expect(2);
    rejoinder(&["forget", &bench.run, "--conversation", ID, "--also", "not/there.jsonl"]).expect(2);
    rejoinder(&["forget", &text(bench.dir.path()), "--conversation", ID]).expect(2);
    assert_eq!(files(), before);
    // A file of the operator's own that nobody can take rows out of.
    write(bench.path(), "notes.txt", format!("call back: {}", SAID[2]));
    let ended = bench.forget(&[]).expect(8);
    assert!(ended.stderr.contains("notes.txt"), "{}", ended.stderr);
    let held = holding(bench.path(), &traces());
    assert!(held.iter().all(|(file, _)| file.ends_with("notes.txt")), "{held:?}");
}

#[test]
fn the_copy_of_standard_input_is_overwritten() {
    let piped = |content: &str| {
        let bench = Bench::unasked(content, "label");
        let input = fs::File::open(&bench.input).unwrap();
        let args = ["run", "-", "--config", &bench.config, "--out", &bench.run, "--json"];
        Ended::from(command(&args).stdin(input).output().unwrap()).expect(0);
        bench
    };
    let copy = |bench: &Bench| {
        let copy = all_files(&bench.path().join("input")).remove(0);
        String::from_utf8(zstd::decode_all(&*fs::read(copy).unwrap()).unwrap()).unwrap()
    };
    let list = format!("[{}]", chats(4).trim().replace("}\n{", "},\n{"));
    for content in [chats(4), list] {
        let bench = piped(&content);
        assert!(copy(&bench).contains("Elm Street 7"));
        bench.forget(&[]).expect(0);
        let left = copy(&bench);
        assert!(!left.contains("Elm") && left.contains("other-3") && left.len() == content.len(), "{left}");
        rejoinder(&["export", "kto", &bench.run]).expect(0);
        let shown = rejoinder(&["show", &bench.run, "--json"]).expect(0);
        assert!(shown.stdout.contains("other-3") && !shown.stdout.contains("Elm"));
    }
    let table = "conversation_id,question,answer\nrow-of-aenne,my name is Änne,Hello dear Änne\nother,make a list of things,Here is the list\n";
    let bench = piped(table);
    let ended = rejoinder(&["forget", &bench.run, "--conversation", "row-of-aenne"]).expect(8);
    assert!(
        ended.stderr.contains("the copy of standard input still holds the conversation"),
        "{}",
        ended.stderr
    );
}

#[test]
fn batches_go_by_the_request_and_a_store_that_runs_share_is_cleaned_too() {
    for answer in ["label", "letters", "json"] {
        let bench = Bench::unasked(&chats(6), answer);
        let store = text(&bench.dir.path().join("shared.sqlite"));
        let told = fs::read_to_string(&bench.config).unwrap() + &format!("replies = {store:?}\n");
        fs::write(&bench.config, told).unwrap();
        bench.run(&["--calls", "3"]).expect(4);
        let batch = text(&bench.path().join("batch.jsonl"));
        let export = ["judge", &bench.run, "--calls", "1000", "--export-batch"];
        rejoinder(&[&export[..], &[&batch]].concat()).expect(0);
        let requests = rows(Path::new(&batch)).len();
        bench.forget(&[]).expect(0);
        assert_eq!(
            holding(bench.dir.path(), &traces()).len(),
            holding(Path::new(&bench.input), &traces()).len()
        );
        assert!(rows(Path::new(&batch)).len() < requests, "{answer}");

        let open = rusqlite::Connection::open(&store).unwrap();
        open.execute_batch("BEGIN; SELECT * FROM replies").unwrap();
        let ended = rejoinder(&["forget", &bench.run, "--conversation", "other-1"]).expect(8);
        assert!(ended.stderr.contains("shared.sqlite is read by another process"), "{}", ended.stderr);
        let refused = rejoinder(&["resume", &bench.run, "--offline"]).expect(2);
        assert!(refused.stderr.contains("only half forgotten"), "{}", refused.stderr);
        drop(open);
        rejoinder(&["forget", &bench.run]).expect(0);
        assert_eq!(holding(bench.path(), &["other-1"]), []);
    }
}

#[test]
fn a_record_that_was_set_aside_goes_with_the_reason_that_quotes_it() {
    let odd = json!({ "conversation_id": "odd", "messages": [{ "role": "Änne of Elm Street", "content": "Hello." }] });
    let bench = Bench::new(&format!("{}{odd}\n", chats(2)), "label");
    let told = ["Elm Street"];
    assert!(holding(&bench.path().join("quarantine"), &told).len() == 1);
    bench.forget(&[]).expect(0);
    let ended = rejoinder(&["forget", &bench.run, "--conversation", "odd"]).expect(0);
    assert!(ended.stdout.contains("records set aside"), "{}", ended.stdout);
    assert_eq!(holding(bench.path(), &told), []);
    assert_eq!(figure(&rejoinder(&["resume", &bench.run, "--json"]).expect(0).json(), "quarantined"), 1);
}

#[test]
fn a_compressed_file_is_refused_since_nothing_can_be_taken_out_of_it() {
    let bench = Bench::new(&chats(4), "label");
    let packed = bench.path().join("kto.jsonl.gz");
    let mut packer =
        flate2::write::GzEncoder::new(fs::File::create(&packed).unwrap(), flate2::Compression::fast());
    std::io::Write::write_all(&mut packer, aenne().as_bytes()).unwrap();
    packer.finish().unwrap();
    let refused = bench.forget(&["--also", &text(&packed)]).expect(2);
    assert!(refused.stderr.contains("is compressed"), "{}", refused.stderr);
}
