//! `rejoinder rules try`: rules out of files, rules put into files, and which records count.

use serde_json::{Value, json};

use crate::support::{DIALOGUES, Ended, figure, folder, rejoinder, text, write};

fn tried(args: &[&str]) -> Ended {
    rejoinder(&[&["rules", "try"], args].concat())
}

fn report(args: &[&str]) -> Value {
    tried(&[args, &["--json"]].concat()).expect(0).json()
}

/// Conversations with one later turn each, and a column `model`.
fn corpus(turns: &[(&str, &str)]) -> String {
    turns
        .iter()
        .enumerate()
        .map(|(number, (model, turn))| {
            let record = json!({ "conversation_id": format!("c{number}"), "model": model, "conversation": [
                { "role": "user", "content": "Write a poem about the sea." },
                { "role": "assistant", "content": "The sea is wide." },
                { "role": "user", "content": turn },
            ] });
            format!("{record}\n")
        })
        .collect()
}

#[test]
fn a_rule_of_a_file_takes_along_what_it_builds_on() {
    let dir = folder();
    let rule = |id: &str, keys: &str| format!("[[rule]]\nid = \"{id}\"\ncategory = \"UR5\"\n{keys}\n");
    let base = rule("b.plugh", "route = \"accept\"\nany = [\"@words\"]");
    write(dir.path(), "base.toml", format!("format = 1\n[lists]\nwords = [\"plugh\"]\n{base}"));
    let own = rule("m.xyzzy", "route = \"accept\"\nany = [\"xyzzy\"]");
    let both = rule("m.both", "route = \"accept\"\nall-of = [\"b.plugh\", \"m.xyzzy\"]");
    let file = write(dir.path(), "m.toml", format!("format = 1\nextends = [\"./base.toml\"]\n{own}{both}"));
    let chats = corpus(&[("a", "plugh"), ("a", "xyzzy plugh"), ("a", "xyzzy")]);
    let chats = write(dir.path(), "c.jsonl", chats);
    let found = report(&["--rule", &format!("{file}:m.both"), &chats, "--no-score"]);
    assert_eq!(figure(&found, "hits"), 1, "{found}");
    assert_eq!(figure(&found["without_rule"], "rejected"), 1, "the other rules only serve: {found}");
    // In force the rule is tried against all others, those that it builds on among them.
    let config = write(dir.path(), "c.toml", format!("format = 1\n[rules]\npacks = [{file:?}]\n"));
    let found = report(&["--rule", &format!("{file}:m.both"), &chats, "--no-score", "--config", &config]);
    assert_eq!((figure(&found, "hits"), figure(&found["without_rule"], "accepted")), (1, 1), "{found}");
    let ended = tried(&["--rule", "en:en.nix", DIALOGUES]).expect(2).stderr;
    assert!(ended.contains("no sound rule `en.nix`. `rejoinder rules list en` names"), "{ended}");
}

#[test]
fn filters_count_without_labels_too() {
    let dir = folder();
    let chats = corpus(&[("a", "plugh"), ("b", "plugh"), ("b", "plugh again")]);
    let chats = write(dir.path(), "c.jsonl", chats);
    let found = report(&["plugh", &chats, "--where", "model=b"]);
    assert_eq!((figure(&found, "hits"), figure(&found, "turns")), (2, 2), "{found}");
    assert_eq!(found["part"], "model=b");
    let found = report(&["plugh", &chats, "--except", "model=b", "--category", "UR5"]);
    assert_eq!((figure(&found, "hits"), figure(&found, "turns")), (1, 1), "{found}");
    for labels in [&[][..], &["--labels"]] {
        let ended = tried(&[&["plugh", &*chats, "--where", "model=z"][..], labels].concat()).expect(2);
        assert!(
            ended.stderr.contains("--where and --except ask for records with model=z"),
            "{}",
            ended.stderr
        );
    }
}

#[test]
fn no_hit_is_not_put_down_to_words_that_are_there() {
    let dir = folder();
    let chats = corpus(&[("a", "Plugh me"), ("a", "I don’t know"), ("a", "two  spaces")]);
    let chats = write(dir.path(), "c.jsonl", chats);
    let reason = |args: &[&str]| tried(&[args, &[&*chats]].concat()).expect(0).stdout;
    let case = reason(&["--any", "PLUGH", "--text", "as-written"]);
    assert!(case.contains("only in another case, or with other quotes or spaces, in 1 turn"), "{case}");
    let quotes = reason(&["--regex", "don’t"]);
    assert!(quotes.contains("characters that folded text never has"), "{quotes}");
    assert!(quotes.contains("written `regex = [\"don't\"]` it hits 1 turn"), "{quotes}");
    let spaces = reason(&["--regex", "two  spaces"]);
    assert!(spaces.contains("written `regex = [\"two spaces\"]` it hits 1 turn"), "{spaces}");
    let capitals = reason(&["--regex", "ÄÖ"]);
    assert!(capitals.contains("nobody says it"), "{capitals}");
    let columns = reason(&["--any", "plugh", "--column", "modle=a"]);
    assert!(columns.contains("asks for `modle` (did you mean `model`?)"), "{columns}");
}

#[test]
fn flags_take_what_rule_files_take() {
    let dir = folder();
    let chats = write(dir.path(), "c.jsonl", corpus(&[("a", "plugh"), ("b", "plugh"), ("c", "plugh")]));
    let found = report(&["plugh", &chats, "--column", "model=a", "--column", "model=c"]);
    assert_eq!(figure(&found, "hits"), 2, "{found}");
    report(&["plugh", &chats, "--route", "score", "--weight", "-1.5"]);
    let ended = tried(&["plugh", "-"]).expect(2).stderr;
    assert!(ended.contains("standard input cannot be read here"), "{ended}");
}

#[test]
fn a_kept_rule_brings_what_it_builds_on_in_the_one_style() {
    let dir = folder();
    let at = |name: &str| text(&dir.path().join(name));
    let file = at("w.toml");
    let flags = ["thanks", DIALOGUES, "--category", "UR5", "--all-of", "en.positive.thanks_only", "--write"];
    tried(&[&flags[..], &[&*file]].concat()).expect(0);
    let kept = std::fs::read_to_string(&file).unwrap();
    assert!(kept.starts_with("format = 1\nextends = [\"en\"]\n"), "{kept}");
    rejoinder(&["rules", "check", &file]).expect(0);
    rejoinder(&["rules", "fmt", "--check", &file]).expect(0);
    // A file that is there is not given a pack more.
    let other = write(dir.path(), "o.toml", "format = 1\n");
    let ended = tried(&[&flags[..], &[&*other]].concat()).expect(2).stderr;
    assert!(ended.contains("write extends = [\"en\"] below its `format`"), "{ended}");
    assert_eq!(std::fs::read_to_string(&other).unwrap(), "format = 1\n");
    // An empty file is a new one, and other routes need no category.
    let empty = write(dir.path(), "e.toml", "");
    tried(&["thanks", DIALOGUES, "--route", "reject", "--write", &empty]).expect(0);
    assert!(std::fs::read_to_string(&empty).unwrap().starts_with("format = 1\n"));
    let ended = tried(&["thanks", DIALOGUES, "--category", "UR5", "--write", "en"]).expect(2).stderr;
    assert!(ended.contains("`en` is a shipped pack"), "{ended}");
}

#[cfg(unix)]
#[test]
fn a_file_keeps_its_mode_and_a_read_only_one_stays() {
    use std::fs::Permissions;
    use std::os::unix::fs::PermissionsExt as _;

    let dir = folder();
    let file = write(dir.path(), "m.toml", "format = 1\n");
    let flags = ["thanks", DIALOGUES, "--category", "UR5", "--write", &file];
    std::fs::set_permissions(&file, Permissions::from_mode(0o660)).unwrap();
    tried(&flags).expect(0);
    assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o660);
    std::fs::set_permissions(&file, Permissions::from_mode(0o444)).unwrap();
    let before = std::fs::read_to_string(&file).unwrap();
    let ended = tried(&flags);
    assert!(ended.code != 0 && ended.stderr.contains("the file is read-only"), "{}", ended.stderr);
    assert_eq!(std::fs::read_to_string(&file).unwrap(), before);
}
