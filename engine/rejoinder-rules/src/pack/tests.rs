use std::path::Path;

use super::*;

fn write(folder: &Path, name: &str, text: &str) -> String {
    let path = folder.join(name);
    std::fs::write(&path, format!("format = 1\n{text}")).unwrap();
    path.display().to_string()
}

fn rule(id: &str) -> String {
    format!("[[rule]]\nid = \"{id}\"\ncategory = \"UR5\"\nroute = \"accept\"\nany = [\"{id}\"]\n")
}

#[test]
fn a_pack_brings_what_it_extends_without_what_it_disables() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), "base.toml", &(rule("a") + &rule("b")));
    let mine = write(
        folder.path(),
        "mine.toml",
        &("extends = [\"./base.toml\"]\ndisable = [\"a\"]\n".to_owned() + &rule("c")),
    );
    let set = Pack::compile(Pack::load(&[mine]).unwrap(), &[]).unwrap();
    assert_eq!(set.rules().iter().map(|r| r.id.as_str()).collect::<Vec<_>>(), ["b", "c"]);
}

#[test]
fn packs_that_extend_each_other_come_once() {
    let folder = tempfile::tempdir().unwrap();
    let one = write(folder.path(), "one.toml", &("extends = [\"./two.toml\"]\n".to_owned() + &rule("a")));
    write(folder.path(), "two.toml", &("extends = [\"./one.toml\"]\n".to_owned() + &rule("b")));
    let packs = Pack::load(&[one.clone(), one]).unwrap();
    assert_eq!(Pack::compile(packs, &[]).unwrap().rules().len(), 2);
}

#[test]
fn a_pack_extends_rule_files_below_its_folder_and_what_the_user_named() {
    let folder = tempfile::tempdir().unwrap();
    let [inner, outer] = ["inner", "outer"].map(|name| folder.path().join(name));
    std::fs::create_dir_all(inner.join("deep")).unwrap();
    std::fs::create_dir_all(&outer).unwrap();
    let base = write(&outer, "base.toml", &rule("a"));
    write(&inner.join("deep"), "more.toml", &("extends = [\"../house.toml\"]\n".to_owned() + &rule("b")));
    write(&inner, "house.toml", &rule("c"));
    std::fs::write(inner.join("secret.txt"), "password = hunter2").unwrap();
    let of = |extends: &str| write(&inner, "mine.toml", &format!("extends = [{extends:?}]\n{}", rule("d")));
    let fine = Pack::compile(Pack::load(&[of("./deep/more.toml")]).unwrap(), &[]).unwrap();
    assert_eq!(fine.rules().len(), 3);
    for (extends, says) in [
        ("../outer/base.toml", "outside of the folder"),
        ("/etc/passwd", "outside of the folder"),
        ("/dev/zero", "outside of the folder"),
        ("./secret.txt", "is no rule file"),
    ] {
        let packs = Pack::load(&[of(extends)]).unwrap();
        let errors: Vec<String> =
            packs.iter().flat_map(|p| &p.content.errors).map(ToString::to_string).collect();
        assert_eq!((packs.len(), errors.len()), (1, 1), "{errors:?}");
        assert!(errors[0].contains("R011") && errors[0].contains(says), "{}", errors[0]);
        assert!(!errors[0].contains("root:") && !errors[0].contains("hunter2"), "{}", errors[0]);
    }
    let packs = Pack::load(&[base, of("../outer/base.toml")]).unwrap();
    assert_eq!(Pack::compile(packs, &[]).unwrap().rules().len(), 2, "the user named it");
}

#[test]
fn what_is_not_there_is_reported_where_it_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let mine = write(folder.path(), "mine.toml", &("extends = [\"./gone.toml\"]\n".to_owned() + &rule("a")));
    let finding = Pack::load(&[mine]).unwrap().remove(0).content.errors.pop().unwrap();
    assert_eq!((finding.code, finding.line, finding.column), ("R011", 2, 12));
    let mine =
        write(folder.path(), "mine.toml", &("disable = [\"thanks.aa\"]\n".to_owned() + &rule("thanks.ab")));
    let Err(PackError::Invalid(findings)) = Pack::compile(Pack::load(&[mine]).unwrap(), &[]) else {
        panic!("an unknown rule was disabled");
    };
    assert_eq!((findings[0].code, findings[0].line), ("R012", 2));
    assert!(findings[0].help.contains("thanks.ab"), "{}", findings[0]);
}

#[test]
fn unknown_names_and_circles_are_reported_beside_the_errors_of_other_rules() {
    let folder = tempfile::tempdir().unwrap();
    let codes = |text: &str| {
        let mine = write(folder.path(), "mine.toml", text);
        let packs = Pack::load(&[mine]).unwrap();
        let Err(PackError::Invalid(findings)) = Pack::compile(packs, &["nix".to_owned()]) else {
            panic!("a pack with errors was compiled")
        };
        findings.iter().map(|finding| finding.code).collect::<Vec<_>>()
    };
    let builds =
        |id: &str, on: &str| format!("[[rule]]\nid = \"{id}\"\nroute = \"score\"\nall-of = [{on:?}]\n");
    let text = "disable = [\"gone\", \"wrong\"]\n".to_owned()
        + "[[rule]]\nid = \"wrong\"\nroute = \"score\"\nany = [\"\"]\n"
        + &builds("on_unsound", "wrong")
        + &builds("on_none", "nix")
        + &builds("circle", "circle");
    assert_eq!(codes(&text), ["R008", "R012", "R017", "R018"]);
    let unread = text + "lang = [en]\n";
    assert!(!codes(&unread).iter().any(|code| ["R012", "R017"].contains(code)), "others may be there");
}

#[test]
fn shipped_packs_are_kept_as_their_texts_say() {
    for name in Pack::shipped() {
        let [pack] = &*Pack::named(name).unwrap() else { panic!("{name} is one pack") };
        let text = std::fs::read_to_string(format!("../../{}", pack.file)).unwrap();
        let of_text = Pack::new(name, &pack.file, &text);
        assert_eq!(pack.content.stored().unwrap(), of_text.content.stored().unwrap(), "{name}");
        assert_eq!(pack.hash, of_text.hash);
        assert!(!pack.content.rules.is_empty());
    }
}

#[test]
fn guards_are_about_the_rules_in_force_that_accept_or_escalate() {
    let folder = tempfile::tempdir().unwrap();
    let guarded = rule("a") + "[rule.guard]\nmax-accept-share = 0.5\n" + &rule("b") + &rule("c");
    let guarded = guarded + "[[rule]]\nid = \"d\"\nroute = \"reject\"\nany = [\"d\"]\n";
    write(folder.path(), "base.toml", &("[guard]\nmin-precision = 0.9\n".to_owned() + &guarded));
    let mine = write(folder.path(), "mine.toml", &("extends = [\"./base.toml\"]\n".to_owned() + &rule("e")));
    let of = |disable: &[&str]| {
        let disable: Vec<String> = disable.iter().map(|&id| id.to_owned()).collect();
        let set = Pack::compile(Pack::load(std::slice::from_ref(&mine)).unwrap(), &disable).unwrap();
        let names = set.guards().all().iter().map(|guard| guard.rule.clone().unwrap_or_default()).collect();
        let by_rule = |place: u32| set.guards().of_rule(place).collect::<Vec<_>>();
        let places = 0..set.rules().len() as u32;
        (names, places.map(by_rule).collect::<Vec<_>>())
    };
    let names = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect::<Vec<_>>();
    assert_eq!(of(&[]), (names(&["", "a"]), vec![vec![0, 1], vec![0], vec![0], vec![], vec![]]));
    assert_eq!(of(&["a"]), (names(&[""]), vec![vec![0], vec![0], vec![], vec![]]));
    assert_eq!(of(&["a", "b", "c"]), (names(&[]), vec![vec![]; 2]));
}
