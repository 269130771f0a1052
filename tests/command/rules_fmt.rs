//! `rejoinder rules fmt` and the table of packs, as the authors of rules meet them.

use std::io::Write as _;
use std::path::Path;
use std::process::Stdio;

use crate::first_minute::within;
use crate::support::{Ended, command, folder, rejoinder, text, write};

const MESSY: &str = "# Of our desk.\nlang=['en']\nformat = 1\n# It came back.\n[[rule]]\nroute = \"score\" # so far\nid='desk.back'\n\
                     any = ['back again',]\n[[rule.test]]\nexpect={route='score'}\ndialogue=[ 'U: a', 'A: b', 'U: back again' ]\n";
const CLEAN: &str = r#"# Of our desk.
format = 1
lang = ["en"]

# It came back.
[[rule]]
id = "desk.back"
route = "score" # so far
any = ["back again"]

  [[rule.test]]
  dialogue = ["U: a", "A: b", "U: back again"]
  expect = { route = "score" }
"#;

fn read(path: &str) -> String {
    std::fs::read_to_string(path).unwrap()
}

fn by_stdin(args: &[&str], input: &[u8]) -> Ended {
    let mut command = command(&[&["rules", "fmt"], args].concat());
    let pipes = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = pipes.spawn().unwrap();
    child.stdin.take().unwrap().write_all(input).unwrap();
    child.wait_with_output().unwrap().into()
}

#[test]
fn files_are_brought_into_the_one_style_and_stay_there() {
    let dir = folder();
    let file = write(dir.path(), "desk.toml", MESSY);
    let clean = write(dir.path(), "clean.toml", CLEAN);
    let config = write(dir.path(), "rejoinder.toml", "format=1\n");
    let ended = rejoinder(&["rules", "fmt", &text(dir.path()), &file]).expect(0);
    assert_eq!(
        ended.stdout,
        format!("formatted {file}\n1 file formatted, 1 file in the one style already\n")
    );
    assert_eq!((read(&file).as_str(), read(&clean).as_str()), (CLEAN, CLEAN));
    assert_eq!(read(&config), "format=1\n", "a config is no rule file");
    let again = rejoinder(&["rules", "fmt", &file]).expect(0);
    assert_eq!(again.stdout, "0 files formatted, 1 file in the one style already\n");
    rejoinder(&["rules", "fmt", "--check", &text(dir.path())]).expect(0);
    let left = std::fs::read_dir(dir.path()).unwrap().count();
    assert_eq!(left, 3, "nothing is left beside the files");
}

#[test]
fn a_check_writes_nothing_shows_what_would_change_and_fails() {
    let dir = folder();
    let file = write(dir.path(), "desk.toml", MESSY.replace("back again',", "back again', '\u{202e}evil',"));
    let before = read(&file);
    let ended = rejoinder(&["rules", "fmt", "--check", &file]).expect(3);
    assert!(ended.stdout.starts_with(&format!("{file}\n      2 - lang=['en']\n")), "{}", ended.stdout);
    assert!(ended.stdout.contains("\n      3 + lang = [\"en\"]\n"), "{}", ended.stdout);
    assert!(
        ended.stdout.ends_with("1 file not formatted, 0 files in the one style already\n"),
        "{}",
        ended.stdout
    );
    assert!(!ended.stdout.contains('\u{202e}'), "{}", ended.stdout);
    assert_eq!(read(&file), before);
    let crlf = write(dir.path(), "crlf.toml", CLEAN.replace('\n', "\r\n"));
    let ended = rejoinder(&["rules", "fmt", "--check", &crlf]).expect(3);
    assert!(ended.stdout.contains("at the ends of lines"), "{}", ended.stdout);
    rejoinder(&["rules", "fmt", &crlf]).expect(0);
    assert_eq!(read(&crlf), CLEAN);
}

#[test]
fn what_is_no_rule_file_is_reported_and_left_and_the_others_are_formatted() {
    let dir = folder();
    let broken = write(dir.path(), "a.toml", "format = 1\nany = [en]\n");
    write(dir.path(), "b.toml", b"format = 1\n# caf\xE9\n".as_slice());
    let fine = write(dir.path(), "c.toml", MESSY);
    // A key that does not exist is for `rules check`.
    let unknown = write(dir.path(), "d.toml", "format=1\npraise  = [ 'x' ]\n");
    let ended = within(dir.path(), &["rules", "fmt", "."]).expect(3);
    for part in ["error[R001]", "a.toml:2:8", "error[R013]", "b.toml:2:6", "the file is not UTF-8"] {
        assert!(ended.stdout.contains(part), "{part}: {}", ended.stdout);
    }
    assert!(
        ended.stdout.ends_with(
            "2 files formatted, 0 files in the one style already, 2 files that cannot be formatted\n"
        ),
        "{}",
        ended.stdout
    );
    assert_eq!(read(&broken), "format = 1\nany = [en]\n");
    assert_eq!((read(&fine).as_str(), read(&unknown).as_str()), (CLEAN, "format = 1\npraise = [ 'x' ]\n"));
    assert!(
        rejoinder(&["rules", "fmt", &text(&dir.path().join("none.toml"))])
            .expect(8)
            .stderr
            .contains("none.toml")
    );
}

#[cfg(unix)]
#[test]
fn a_file_that_cannot_be_read_or_written_is_named_and_the_others_are_formatted() {
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    let dir = folder();
    symlink("nowhere.toml", dir.path().join("a.toml")).unwrap();
    let locked = write(dir.path(), "b.toml", MESSY);
    std::fs::set_permissions(&locked, std::fs::Permissions::from_mode(0o444)).unwrap();
    let fine = write(dir.path(), "c.toml", MESSY);
    let ended = within(dir.path(), &["rules", "fmt", "."]).expect(8);
    assert_eq!(
        ended.stdout,
        "formatted ./c.toml\n1 file formatted, 0 files in the one style already, 2 files that cannot be formatted\n"
    );
    for part in ["cannot read rules from ./a.toml", "cannot write ./b.toml: the file is read-only"] {
        assert!(ended.stderr.contains(part), "{part}: {}", ended.stderr);
    }
    assert_eq!((read(&locked).as_str(), read(&fine).as_str()), (MESSY, CLEAN));
}

#[test]
fn a_folder_without_rule_files_is_no_success() {
    let dir = folder();
    std::fs::create_dir(dir.path().join("empty")).unwrap();
    write(dir.path(), "empty/rejoinder.toml", "format = 1\n");
    write(dir.path(), "desk.toml", CLEAN);
    for args in [
        &["fmt", "empty"][..],
        &["fmt", "--check", "empty"],
        &["fmt", "desk.toml", "empty"],
        &["check", "empty"],
        &["check", "desk.toml", "empty"],
        &["list", "empty"],
        &["test", "empty"],
    ] {
        let ended = within(dir.path(), &[&["rules"], args].concat()).expect(2);
        assert!(ended.stderr.contains("no rule file is in empty: "), "{args:?}: {}", ended.stderr);
        assert_eq!(ended.stdout, "", "{args:?}");
    }
}

#[test]
fn a_list_shows_guards_and_no_text_of_a_file_steers_the_terminal() {
    let dir = folder();
    let guarded = "format = 1\nversion = \"\\u001b[31m1|2\\n## x\"\n[guard]\nmax-accept-share = 0.05\n[[rule]]\nid = \"a\"\n\
                   category = \"UR5\"\nroute = \"accept\"\nany = [\"x\"]\n[rule.guard]\nmin-precision = 0.9\n";
    write(dir.path(), "mine.toml", guarded);
    let listed = within(dir.path(), &["rules", "list", "mine.toml"]).expect(0).stdout;
    assert!(
        listed.starts_with(
            "mine.toml: 1 rule, version \\u{1b}[31m1|2\\n## x\n  guard: max-accept-share = 0.05\n"
        ),
        "{listed}"
    );
    assert!(listed.contains("1 phrase, guard: min-precision = 0.9\n"), "{listed}");
    let json = within(dir.path(), &["rules", "list", "--json", "mine.toml"]).expect(0).json();
    let guard = |rule: Option<&str>, limit: &str, wanted: f64, line: u64, column: u64| {
        serde_json::json!({
            "file": "mine.toml", "rule": rule, "limit": limit, "wanted": wanted, "line": line, "column": column
        })
    };
    let of_file = guard(None, "max-accept-share", 0.05, 4, 20);
    let of_rule = guard(Some("a"), "min-precision", 0.9, 11, 17);
    assert_eq!(json["guards"], serde_json::json!([of_file, of_rule]));
}

#[test]
fn what_to_format_must_be_named_and_no_shipped_pack_can_be() {
    assert!(rejoinder(&["rules", "fmt"]).expect(2).stderr.contains("- for standard input"));
    assert!(rejoinder(&["rules", "fmt", "en"]).expect(2).stderr.contains("./en.toml"));
    assert!(
        rejoinder(&["rules", "fmt", "-", "a.toml"]).expect(2).stderr.contains("leave the other files out")
    );
}

#[test]
fn standard_input_goes_to_standard_output() {
    assert_eq!(by_stdin(&["-"], MESSY.as_bytes()).expect(0).stdout, CLEAN);
    assert!(by_stdin(&["-", "--check"], MESSY.as_bytes()).expect(3).stdout.contains("2 - lang=['en']"));
    assert_eq!(by_stdin(&["-", "--check"], CLEAN.as_bytes()).expect(0).stdout, "");
    let broken = by_stdin(&["-"], b"format = \n").expect(3);
    assert!(broken.stdout.is_empty() && broken.stderr.contains("<stdin>:1:"), "{broken:?}");
    assert!(by_stdin(&["-"], b"# \xFF\n").expect(3).stderr.contains("R013"));
}

#[test]
#[cfg(unix)]
fn a_files_mode_and_a_link_to_it_stay_and_a_read_only_file_is_refused() {
    use std::os::unix::fs::{PermissionsExt as _, symlink};
    let dir = folder();
    let file = write(dir.path(), "desk.toml", MESSY);
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o640)).unwrap();
    let link = text(&dir.path().join("link.toml"));
    symlink("desk.toml", &link).unwrap();
    rejoinder(&["rules", "fmt", &link]).expect(0);
    assert_eq!(read(&file), CLEAN);
    assert!(std::fs::symlink_metadata(&link).unwrap().is_symlink());
    assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o640);
    write(dir.path(), "desk.toml", MESSY);
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o444)).unwrap();
    assert!(rejoinder(&["rules", "fmt", &file]).expect(8).stderr.contains("read-only"));
    assert_eq!(read(&file), MESSY);
}

#[test]
fn shipped_packs_and_the_rules_that_init_writes_are_in_the_one_style() {
    let dir = folder();
    within(dir.path(), &["init"]).expect(0);
    for files in [text(&dir.path().join("my-rules.toml")), "rules".to_owned()] {
        let ended = rejoinder(&["rules", "fmt", "--check", &files]);
        assert_eq!(ended.code, 0, "`rejoinder rules fmt` formats them\n{}", ended.stdout);
    }
}

#[test]
fn the_table_of_packs_stands_in_their_readme() {
    const BEGIN: &str = "<!-- rejoinder rules list --table -->\n";
    const END: &str = "<!-- end of the table -->\n";
    let table = rejoinder(&["rules", "list", "--table", "--no-config"]).expect(0).stdout;
    let file = text(&Path::new(env!("CARGO_MANIFEST_DIR")).join("rules/README.md"));
    let readme = read(&file);
    let (before, rest) = readme.split_once(BEGIN).expect("the README has a place for the table");
    let (held, after) = rest.split_once(END).expect("the table's place ends");
    let wanted = format!("\n{table}\n");
    if std::env::var_os("REJOINDER_BLESS").is_some() {
        std::fs::write(&file, [before, BEGIN, &wanted, END, after].concat()).unwrap();
        return;
    }
    assert_eq!(held, wanted, "REJOINDER_BLESS=1 writes it anew");
}

#[test]
fn the_table_is_that_of_the_named_files_or_of_the_config_in_force() {
    let dir = folder();
    write(dir.path(), "mine.toml", CLEAN);
    let of_file = within(dir.path(), &["rules", "list", "--table", "mine.toml"]).expect(0).stdout;
    assert!(of_file.lines().last().unwrap().starts_with("| `mine.toml` | en  |     1 |"), "{of_file}");
    let config = "format = 1\n[rules]\npacks = [\"ja\", \"./mine.toml\"]\ndisable = [\"desk.back\"]\n";
    write(dir.path(), "rejoinder.toml", config);
    let in_force = within(dir.path(), &["rules", "list", "--table"]).expect(0).stdout;
    assert_eq!(in_force.lines().count(), 5, "{in_force}");
    let mine = in_force.lines().find(|line| line.contains("mine.toml")).unwrap();
    assert!(mine.contains("|     0 |"), "a rule that the config disables does not count: {in_force}");
    rejoinder(&["rules", "list", "--table", "--json"]).expect(2);
}
