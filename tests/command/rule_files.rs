//! Rule files as their authors have them: among files that are none, named twice, and with mistakes that come easily.

use crate::first_minute::within;
use crate::support::{folder, rejoinder, write};

const RULE: &str = "format = 1\nlang = [\"en\"]\n[[rule]]\nid = \"t.thanks\"\ncategory = \"UR5\"\nroute = \"accept\"\nany = [\"thanks\"]\n  \
                    [[rule.test]]\n  dialogue = [\"U: a\", \"A: b\", \"U: oh thanks, it works\"]\n  expect = { route = \"accept\" }\n  \
                    [[rule.test]]\n  dialogue = [\"U: a\", \"A: b\", \"U: when is thanksgiving?\"]\n  expect = { route = \"none\" }\n";

#[test]
fn a_file_that_is_no_text_is_reported_and_the_others_are_checked() {
    let dir = folder();
    write(dir.path(), "a.toml", b"format = 1\n# caf\xE9\n".as_slice());
    write(dir.path(), "b.toml", RULE.replace("UR5", "UR9"));
    write(dir.path(), "c.toml", RULE);
    let ended = within(dir.path(), &["rules", "check", "."]).expect(3);
    assert!(ended.stdout.contains("a.toml:2:6"), "{}", ended.stdout);
    assert!(
        ended.stdout.contains("the file is not UTF-8") && ended.stdout.contains("b.toml:5:"),
        "{}",
        ended.stdout
    );
    assert!(ended.stdout.ends_with("1 rule in 3 files: 2 errors, 0 warnings\n"), "{}", ended.stdout);
    let json = within(dir.path(), &["rules", "check", ".", "--json"]).expect(3).json();
    assert_eq!(json["findings"][0]["code"], "R013");
    // What is named itself and cannot be read is another failure.
    within(dir.path(), &["rules", "check", "a.toml"]).expect(8);
    std::fs::remove_file(dir.path().join("b.toml")).unwrap();
    within(dir.path(), &["rules", "check", "."]).expect(3);
    std::fs::remove_file(dir.path().join("a.toml")).unwrap();
    within(dir.path(), &["rules", "check", "."]).expect(0);
}

#[test]
fn a_config_beside_rule_files_is_none() {
    let dir = folder();
    within(dir.path(), &["init"]).expect(0);
    let checked = within(dir.path(), &["rules", "check", "."]).expect(0).stdout;
    assert_eq!(checked, "1 rule in 1 file: 0 errors, 0 warnings\n");
    let config = "format = 1\n[rules]\npacks = [\"*\", \".\"]\n";
    write(dir.path(), "rejoinder.toml", config);
    let listed = within(dir.path(), &["rules", "list"]).expect(0).stdout;
    assert!(listed.contains("my.wrong_language"), "{listed}");
}

#[test]
fn a_check_says_that_a_broken_config_was_left_out() {
    let dir = folder();
    write(dir.path(), "a.toml", RULE);
    for (config, what) in [
        ("format = 1\nrules = 3\n", "rejoinder.toml cannot be used"),
        ("format = 1\n[rules]\npacks = [\"./none.toml\"]\n", "a pack of the config cannot be used"),
    ] {
        write(dir.path(), "rejoinder.toml", config);
        let said = within(dir.path(), &["rules", "check", "a.toml"]).expect(0).stderr;
        assert!(said.contains(what) && said.contains("so no conflict"), "{said}");
    }
}

#[test]
fn one_file_by_two_paths_is_one_file() {
    let dir = folder();
    std::fs::create_dir(dir.path().join("sub")).unwrap();
    write(dir.path(), "base.toml", RULE);
    let extending =
        |path: &str, id: &str| format!("extends = [\"{path}\"]\n{}", RULE.replace("t.thanks", id));
    write(dir.path(), "a.toml", extending("./base.toml", "t.a"));
    write(dir.path(), "b.toml", extending("./sub/../base.toml", "t.b"));
    for files in [
        &["a.toml", "b.toml"][..],
        &["base.toml", "./base.toml", "sub/../base.toml"],
        &["a.toml", "b.toml", "./base.toml"],
        &["."],
    ] {
        let ended = within(dir.path(), &[&["rules", "check"][..], files].concat());
        assert_eq!(ended.code, 0, "{files:?}: {}", ended.stdout);
    }
    let config = write(
        dir.path(),
        "c.toml",
        "format = 1\n[rules]\npacks = [\"./a.toml\", \"./b.toml\", \"./sub/../base.toml\"]\n",
    );
    rejoinder(&["rules", "list", "--config", &config]).expect(0);
    write(dir.path(), "in.jsonl", "{\"messages\": [{\"role\": \"user\", \"content\": \"hi\"}]}\n");
    within(dir.path(), &["run", "in.jsonl", "--config", "c.toml"]).expect(0);
}

#[test]
fn a_category_that_is_none_is_told_what_each_means() {
    let dir = folder();
    let file = write(dir.path(), "r.toml", RULE.replace("UR5", "UR6"));
    let checked = rejoinder(&["rules", "check", &file]).expect(3).stdout;
    assert!(
        checked.contains("`UR6` is no value of `category`") && !checked.contains("did you mean"),
        "{checked}"
    );
    let shown = rejoinder(&["show", "nowhere", "--category", "UR6"]).expect(2).stderr;
    for text in [checked, shown] {
        for category in rejoinder_core::Category::ALL {
            assert!(
                text.contains(category.code()) && text.contains(category.meaning()),
                "{category}: {text}"
            );
        }
    }
}
