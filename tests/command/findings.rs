//! Findings about rules for programs, and what `rules check` takes for one file.

use serde_json::Value;

use crate::first_minute::within;
use crate::support::{folder, rejoinder, write};

const RULE: &str = "format = 1\n[[rule]]\nid = \"t.thanks\"\ncategory = \"UR5\"\nroute = \"accept\"\nany = [\"thanks\"]\n  \
                    [[rule.test]]\n  dialogue = [\"U: a\", \"A: b\", \"U: oh thanks, it works\"]\n  expect = { route = \"accept\" }\n  \
                    [[rule.test]]\n  dialogue = [\"U: a\", \"A: b\", \"U: when is thanksgiving?\"]\n  expect = { route = \"none\" }\n";

#[test]
fn findings_are_printed_as_those_read_them_who_show_them() {
    let dir = folder();
    write(dir.path(), "a b.toml", RULE.replace("UR5", "UR9"));
    write(
        dir.path(),
        "slow.toml",
        RULE.replace("any = [\"thanks\"]", "regex = ['''\\w+''']").replace("t.th", "s.th"),
    );
    let check = |form: &[&str]| within(dir.path(), &[&["rules", "check", "."], form].concat()).expect(3);
    let human = check(&[]).stdout;
    assert_eq!(check(&["--format", "human"]).stdout, human);
    assert!(human.ends_with("1 rule in 2 files: 1 error, 1 warning\n"), "{human}");
    let json = check(&["--json"]);
    assert_eq!(check(&["--format", "json"]).stdout, json.stdout);
    let sarif = check(&["--format", "sarif"]).json();
    let run = &sarif["runs"][0];
    assert_eq!((&sarif["version"], &run["tool"]["driver"]["name"]), (&"2.1.0".into(), &"rejoinder".into()));
    let results = run["results"].as_array().unwrap();
    let findings = json.json()["findings"].as_array().unwrap().clone();
    assert_eq!(results.len(), findings.len());
    for (result, finding) in results.iter().zip(&findings) {
        assert_eq!((&result["ruleId"], &result["level"]), (&finding["code"], &finding["severity"]));
        let region = &result["locations"][0]["physicalLocation"]["region"];
        assert_eq!((&region["startLine"], &region["startColumn"]), (&finding["line"], &finding["column"]));
        let rule = &run["tool"]["driver"]["rules"][result["ruleIndex"].as_u64().unwrap() as usize];
        assert_eq!(rule["id"], result["ruleId"]);
    }
    let uri = &results[0]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"];
    assert_eq!(uri, "a%20b.toml");
    let commands = check(&["--format", "github"]).stdout;
    let lines: Vec<&str> = commands.lines().collect();
    assert!(
        lines[0].starts_with("::error file=a b.toml,line=4,col=12,endColumn=17,title=R005::"),
        "{commands}"
    );
    assert!(
        lines[1].starts_with("::warning file=slow.toml,line=6,col=10,endColumn=19,title=W101::"),
        "{commands}"
    );
    assert_eq!((lines.len(), lines[2]), (3, "1 rule in 2 files: 1 error, 1 warning"));
    within(dir.path(), &["rules", "check", ".", "--json", "--format", "sarif"]).expect(2);
    let wrong = within(dir.path(), &["rules", "check", ".", "--format", "sarf"]).expect(2).stderr;
    assert!(wrong.contains("sarif"), "{wrong}");
}

#[test]
fn failing_tests_are_findings_too() {
    let dir = folder();
    let file = write(dir.path(), "t.toml", RULE.replace("\"none\"", "\"accept\""));
    let test = |form: &str| rejoinder(&["rules", "test", &file, "--format", form]).expect(3);
    let results = test("sarif").json()["runs"][0]["results"].clone();
    assert_eq!((results.as_array().unwrap().len(), &results[0]["ruleId"]), (1, &"T001".into()));
    assert_eq!(results[0]["locations"][0]["physicalLocation"]["region"]["startLine"], 10);
    let commands = test("github").stdout;
    assert!(
        commands.contains(",line=10,col=1,")
            && commands.contains("route%3A") == commands.contains("title=route"),
        "{commands}"
    );
    assert!(commands.ends_with("test result: FAILED. 1 passed; 1 failed; 0 todo\n"), "{commands}");
    assert_eq!(test("json").json(), rejoinder(&["rules", "test", &file, "--json"]).expect(3).json());
    let todo =
        RULE.replace("expect = { route = \"none\" }", "expect = { route = \"none\" }\n  todo = \"mended\"");
    let file = write(dir.path(), "todo.toml", todo);
    let commands = rejoinder(&["rules", "test", &file, "--format", "github"]).expect(0).stdout;
    assert!(commands.starts_with("::warning file=") && commands.contains("title=T002::"), "{commands}");
}

#[test]
fn no_text_of_a_file_steers_a_terminal_or_a_workflow() {
    let dir = folder();
    let rule = RULE.replace(
        "any = [\"thanks\"]",
        "any = [\"\\u001b[2J thanks\", \"a\\n::error::b\"]\n\"x\\n::error file=y::\\u001b[2J\" = 1",
    );
    write(dir.path(), "h.toml", rule);
    for form in ["human", "github", "json", "sarif"] {
        let shown = within(dir.path(), &["rules", "check", ".", "--format", form]).expect(3).stdout;
        assert!(!shown.contains('\u{1b}'), "{shown:?}");
        assert!(
            shown.lines().all(|line| !line.starts_with("::error::") && !line.starts_with("::error file=y")),
            "{shown}"
        );
    }
    let failing = RULE.replace("\"U: when is thanksgiving?\"", "\"U: thanks\\u001b[2J\"");
    write(dir.path(), "h.toml", failing.replace("route = \"none\"", "span = \"x\\u001b[2J\\n::error::\""));
    for form in ["human", "github", "json", "sarif"] {
        let shown = within(dir.path(), &["rules", "test", ".", "--format", form]).expect(3).stdout;
        assert!(!shown.contains('\u{1b}'), "{shown:?}");
    }
}

#[test]
fn no_file_that_cannot_be_read_hides_the_findings_of_others() {
    let dir = folder();
    let findings = |args: &[&str]| -> Vec<(String, String)> {
        let json = within(dir.path(), &[&["rules", "check", "--json"], args].concat()).expect(3).json();
        let all = json["findings"].as_array().unwrap().iter();
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        all.map(|finding| (text(&finding["code"]), text(&finding["file"]))).collect()
    };
    for name in ["sub", "folder.toml"] {
        std::fs::create_dir(dir.path().join(name)).unwrap();
    }
    write(&dir.path().join("sub"), "bad.toml", b"format = 1\n# caf\xE9\n".as_slice());
    write(&dir.path().join("sub"), "fine.toml", RULE.replace("t.thanks", "sub.thanks"));
    write(dir.path(), "wrong.toml", RULE.replace("UR5", "UR9"));
    let extending = |what: &str| {
        RULE.replace("[[rule]]", &format!("extends = [\"{what}\"]\n[[rule]]")).replace("t.th", "e.th")
    };
    write(dir.path(), "extends.toml", extending("./sub/bad.toml"));
    let expected = |files: &[(&str, &str)]| -> Vec<(String, String)> {
        files.iter().map(|(code, file)| ((*code).to_owned(), (*file).to_owned())).collect()
    };
    let bad = "./sub/bad.toml";
    assert_eq!(findings(&["."]), expected(&[("R013", bad), ("R005", "./wrong.toml")]).as_slice());
    write(dir.path(), "extends.toml", extending("./sub"));
    assert_eq!(findings(&["."]), expected(&[("R013", bad), ("R005", "./wrong.toml")]).as_slice());
    std::fs::remove_file(dir.path().join("extends.toml")).unwrap();
    let beside = expected(&[("R013", "sub/bad.toml"), ("R005", "wrong.toml")]);
    assert_eq!(findings(&["sub/bad.toml", "wrong.toml"]), beside);
    assert_eq!(findings(&["wrong.toml", "sub/bad.toml"]), beside);
    assert_eq!(findings(&["sub", "wrong.toml"]), beside);
    within(dir.path(), &["rules", "check", "sub/bad.toml"]).expect(8);
    within(dir.path(), &["rules", "check", "gone.toml", "wrong.toml"]).expect(8);
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink("nowhere.toml", dir.path().join("link.toml")).unwrap();
        assert_eq!(findings(&["."]), expected(&[("R013", "./link.toml"), ("R005", "./wrong.toml")]));
    }
}

#[test]
fn a_pack_is_one_by_whatever_names_it_comes() {
    let dir = folder();
    std::fs::create_dir_all(dir.path().join("sub/deep")).unwrap();
    write(dir.path(), "base.toml", RULE);
    let extending = |what: &str, id: &str| format!("extends = [{what}]\n{}", RULE.replace("t.thanks", id));
    write(dir.path(), "a.toml", extending("\"./base.toml\", \"./sub/../base.toml\"", "t.a"));
    write(&dir.path().join("sub"), "b.toml", extending("\"../base.toml\"", "t.b"));
    write(
        &dir.path().join("sub"),
        "c.toml",
        extending("\"../sub/deep/../../base.toml\", \"./b.toml\"", "t.c"),
    );
    let english = std::fs::read_to_string("rules/en.toml").unwrap();
    write(&dir.path().join("sub/deep"), "en.toml", english);
    let mut ways: Vec<&[&str]> = vec![
        &["a.toml", "base.toml"],
        &[".", "base.toml", "./a.toml"],
        &["a.toml", "sub/b.toml", "base.toml"],
        &["sub", "sub/c.toml", "base.toml", "a.toml"],
        &["en", "sub/deep/en.toml"],
        &["sub/deep", "en"],
    ];
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink("base.toml", dir.path().join("link.toml")).unwrap();
        std::os::unix::fs::symlink("sub", dir.path().join("other")).unwrap();
        ways.push(&["link.toml", "a.toml"]);
        ways.push(&["base.toml", "sub/b.toml", "other/b.toml", "other"]);
    }
    for files in ways {
        let ended = within(dir.path(), &[&["rules", "check"][..], files].concat());
        assert!(ended.code == 0 && !ended.stdout.contains("R006"), "{files:?}: {}", ended.stdout);
        within(dir.path(), &[&["rules", "test"][..], files].concat()).expect(0);
    }
    let packs = "[\"*\", \"./sub/deep/en.toml\", \"./a.toml\", \"./base.toml\", \"./sub\"]";
    let config = write(dir.path(), "c.conf", format!("format = 1\n[rules]\npacks = {packs}\n"));
    write(dir.path(), "in.jsonl", "{\"messages\": [{\"role\": \"user\", \"content\": \"hi\"}]}\n");
    within(dir.path(), &["run", "in.jsonl", "--config", &config]).expect(0);
    // Another text under the same ids is another pack.
    write(dir.path(), "twin.toml", RULE.replace("thanks\"]", "thank you\"]"));
    let clash = within(dir.path(), &["rules", "check", "base.toml", "twin.toml"]).expect(3).stdout;
    assert!(clash.contains("R006") && clash.contains("base.toml:2"), "{clash}");
}

#[test]
fn two_packs_in_force_that_accept_the_same_words_are_told_apart() {
    let dir = folder();
    write(
        dir.path(),
        "mine.toml",
        RULE.replace("\"thanks\"", "\"not good\"")
            .replace("oh thanks", "not good")
            .replace("thanksgiving", "it good"),
    );
    write(
        dir.path(),
        "theirs.toml",
        RULE.replace("t.thanks", "o.good").replace("UR5", "UR3").replace("thanks", "good"),
    );
    let together = within(dir.path(), &["rules", "check", "mine.toml", "theirs.toml"]).expect(0).stdout;
    assert!(
        together.contains("warning[W113]") && together.contains("`o.good` (theirs.toml:2) as UR3"),
        "{together}"
    );
    let alone = within(dir.path(), &["rules", "check", "mine.toml"]).expect(0).stdout;
    assert!(!alone.contains("W113"), "{alone}");
    let config =
        write(dir.path(), "c.conf", "format = 1\n[rules]\npacks = [\"./mine.toml\", \"./theirs.toml\"]\n");
    let with_config =
        within(dir.path(), &["rules", "check", "theirs.toml", "--config", &config]).expect(0).stdout;
    assert!(with_config.contains("warning[W113]") && with_config.contains("mine.toml:2"), "{with_config}");
    assert!(
        with_config.contains("theirs.toml:6:8"),
        "the place lies in the file that is checked\n{with_config}"
    );
    let disabled = write(
        dir.path(),
        "d.conf",
        "format = 1\n[rules]\npacks = [\"./mine.toml\", \"./theirs.toml\"]\ndisable = [\"o.good\"]\n",
    );
    let without =
        within(dir.path(), &["rules", "check", "mine.toml", "--config", &disabled]).expect(0).stdout;
    assert!(!without.contains("W113"), "{without}");
}
