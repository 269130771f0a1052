//! `rejoinder report`: a run as a page, as Markdown and as JSON.

use std::collections::HashSet;
use std::path::Path;

use boon::{Compiler, Schemas};
use rusqlite::Connection;
use serde_json::{Value, json};

use crate::corpus;
use crate::support::server::{Server, by_rule};
use crate::support::{DIALOGUES, assert_funnel_adds_up, figure, folder, rejoinder, text, write};

/// The largest page.
const MOST_BYTES: usize = 2_000_000;

/// A run over files in a folder; returns the run's path.
fn run_over(dir: &Path, inputs: &[&str], flags: &[&str]) -> String {
    let run = text(&dir.join("run"));
    rejoinder(&[&["run", "--out", &run][..], inputs, flags].concat()).expect(0);
    run
}

fn page_of(run: &str, flags: &[&str]) -> String {
    let printed = rejoinder(&[&["report", run][..], flags].concat()).expect(0).stdout;
    std::fs::read_to_string(printed.trim()).expect("the path of the page was printed")
}

fn json_of(run: &str, flags: &[&str]) -> Value {
    rejoinder(&[&["report", run, "--json"][..], flags].concat()).expect(0).json()
}

/// What a page says, without its tags.
fn words_of(page: &str) -> String {
    let body = &page[page.find("<body>").expect("a page has a body")..];
    body.split('<')
        .map(|piece| piece.split_once('>').map_or("", |(_, text)| text))
        .collect::<Vec<_>>()
        .join(" ")
}

/// Checks that nothing of a page can run, load or send anything.
#[track_caller]
fn assert_inert(page: &str) {
    let page = page.to_lowercase();
    for tag in page.split('<').skip(1) {
        let name: String =
            tag.chars().take_while(|c| c.is_ascii_alphanumeric() || "/!".contains(*c)).collect();
        let known = [
            "!doctype", "html", "head", "meta", "title", "style", "body", "a", "header", "nav", "main",
            "section", "footer", "article", "p", "h1", "h2", "h3", "ul", "li", "dl", "dt", "dd", "div",
            "span", "strong", "em", "code", "pre", "mark", "bdi", "data", "table", "caption", "thead",
            "tbody", "tr", "th", "td", "details", "summary", "svg", "rect",
        ];
        assert!(known.contains(&name.trim_start_matches('/')), "<{tag}");
        let attributes = tag.split_once('>').map_or(tag, |(inside, _)| inside);
        for bad in [" on", "style=", "src=", "srcdoc", "formaction"] {
            let is_policy = attributes.contains("content-security-policy");
            assert!(is_policy || !attributes.contains(bad), "<{attributes}>");
        }
        if let Some(href) = attributes.split("href=\"").nth(1) {
            assert!(href.starts_with('#'), "<{attributes}>");
        }
    }
    assert!(page.contains("content-security-policy") && page.contains("default-src 'none'"));
}

#[test]
fn the_page_of_the_examples_shows_what_the_run_counts() {
    let dir = folder();
    let run = run_over(dir.path(), &[DIALOGUES], &["--report", "-q"]);
    let made = std::fs::read_to_string(dir.path().join("run/report.html")).unwrap();
    let page = page_of(&run, &[]);
    assert_eq!(made, page, "run --report writes the same page");
    assert_inert(&page);
    assert!(page.len() < 300_000, "{} bytes", page.len());
    let report = json_of(&run, &[]);
    let funnel = &report["funnel"];
    assert_eq!(
        (figure(funnel, "conversations"), figure(funnel, "turns"), figure(funnel, "feedback")),
        (80, 99, 44)
    );
    let outcomes = funnel["outcomes"].as_array().unwrap();
    assert_eq!(outcomes.iter().map(|row| figure(row, "turns")).sum::<u64>(), 99);
    let summary = rejoinder(&["resume", &run, "--json"]).expect(0).json();
    assert_funnel_adds_up(&summary);
    assert_eq!(funnel["with_feedback"]["of"], summary["with_feedback"]);
    for row in outcomes {
        let figure = figure(row, "turns");
        assert!(page.contains(&format!("<data value=\"{figure}\">")), "{row}");
    }
    let words = words_of(&page);
    for heading in [
        "From conversations to feedback",
        "By language",
        "Recall and spend",
        "Rules and plugins",
        "The judge",
        "Examples to read",
        "Left out",
    ] {
        assert!(words.split_whitespace().collect::<Vec<_>>().join(" ").contains(heading), "{heading}");
    }
    assert!(page.contains("Nobody knows what this run has missed") && page.contains("No judge was asked"));
    let ids: HashSet<&str> = page.split(" id=\"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
    for target in page.split("href=\"#").skip(1).filter_map(|rest| rest.split('"').next()) {
        assert!(ids.contains(target), "#{target}");
    }
}

#[test]
fn divisions_add_up_to_the_run() {
    let dir = folder();
    let run = run_over(dir.path(), &[DIALOGUES], &["-q"]);
    let report = json_of(&run, &[]);
    let divisions = report["feedback"]["divisions"].as_array().unwrap();
    assert!(!divisions.is_empty());
    for division in divisions {
        let groups =
            division["groups"].as_array().unwrap().iter().chain([&division["others"], &division["unknown"]]);
        let turns: u64 =
            groups.clone().filter(|group| !group.is_null()).map(|group| figure(group, "turns")).sum();
        let found: u64 =
            groups.filter(|group| !group.is_null()).map(|group| figure(&group["feedback"], "of")).sum();
        assert_eq!((turns, found), (99, 44), "{division}");
    }
}

#[test]
fn the_schema_fits_the_report_and_the_file_beside_it() {
    let dir = folder();
    let run = run_over(dir.path(), &[DIALOGUES], &["-q"]);
    let schema = rejoinder(&["report", "--schema"]).expect(0);
    let file = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("engine/rejoinder-report/src/run_report/report.schema.json");
    if std::env::var_os("REJOINDER_BLESS").is_some() {
        std::fs::write(&file, &schema.stdout).unwrap();
    }
    assert_eq!(std::fs::read_to_string(file).unwrap(), schema.stdout, "REJOINDER_BLESS=1 writes it anew");
    let (mut schemas, mut compiler) = (Schemas::new(), Compiler::new());
    compiler.add_resource("report.json", schema.json()).unwrap();
    let compiled = compiler.compile("report.json", &mut schemas).unwrap();
    for flags in [&[][..], &["--anonymous"]] {
        let report = json_of(&run, flags);
        assert_eq!(report["format"], 1);
        schemas.validate(&report, compiled).unwrap_or_else(|e| panic!("{e:#}"));
    }
    let broken = json!({ "format": "1" });
    assert!(schemas.validate(&broken, compiled).is_err());
}

/// Conversations whose every text is an attack on a page.
fn hostile() -> String {
    let texts = [
        "<script>alert(1)</script>No, that is wrong. <img src=x onerror=alert(1)>".to_owned(),
        "Thanks! <svg onload=alert(1)><a href=\"javascript:alert(1)\" onclick='x'>a</a> {{ 7 * 7 }} {% raw %}".to_owned(),
        format!("That's not right: {}", "\u{202e}\u{200b}\u{2066}\0\u{1b}[31m".repeat(20_000)),
        format!("No! {}", "x".repeat(100_000)),
        format!("Thank you {}", "שלום ".repeat(200_000)),
        format!("wrong{}", "\n".repeat(50_000)),
        format!("I said {}", "&<>\"'/".repeat(30_000)),
        "</style></td></table><style>*{display:none}</style> no, I meant Python".to_owned(),
        format!("no, {}", "e\u{301}\u{302}\u{303}\u{304}".repeat(20_000)),
        "🏳️‍🌈 thanks 👩‍💻 \u{2028} \u{feff} ]]> --> <!-- ".to_owned(),
    ];
    let mut lines = String::new();
    for number in 0..60 {
        let nth = |add: usize| texts[(number + add) % texts.len()].as_str();
        let messages = json!([
            { "role": "user", "content": nth(1) },
            { "role": "assistant", "content": nth(2) },
            { "role": "user", "content": nth(0) },
            { "role": "assistant", "content": nth(3) },
        ]);
        let record = json!({
            "conversation_id": format!("<b>{number}</b>{}", "\u{202e}".repeat(300)),
            "model": format!("<script>{number}</script>{}", "\u{200b}".repeat(70)),
            "source": format!("</table>{number}{}", "\"'".repeat(40)),
            "created_at": format!("20{:02}-{:02}-01", 10 + number % 12, 1 + number % 12),
            "conversation": messages,
        });
        lines += &format!("{record}\n");
    }
    lines += "{\"conversation\": <script>alert(1)</script>}\n[\u{202e}\n";
    lines
}

#[test]
fn nothing_of_a_hostile_corpus_is_live_and_the_page_stays_small() {
    let dir = folder();
    let name = "a<b>&\u{202e}.jsonl";
    let input = write(dir.path(), name, hostile());
    let run = run_over(dir.path(), &[&input], &["-q"]);
    let page = page_of(&run, &["--examples", "12"]);
    assert!(page.len() < MOST_BYTES, "{} bytes", page.len());
    assert_inert(&page);
    assert!(page.contains("&lt;script&gt;alert(1)"), "the text is shown");
    assert!(page.contains("<span class=\"codepoint\">U+202E</span>") && page.contains("U+001B"));
    let unseen =
        |c: char| (c.is_control() && c != '\n') || "\u{202e}\u{200b}\u{2066}\u{feff}\u{2028}".contains(c);
    assert_eq!(page.chars().find(|c| unseen(*c)), None);
    assert!(!page.contains("49 {%"), "the text is no template");
    let markdown = rejoinder(&["report", &run, "--markdown"]).expect(0).stdout;
    assert!(!markdown.contains('<') && markdown.chars().all(|c| !unseen(c)), "{markdown}");
    assert!(!markdown.contains("alert(1)</"), "{markdown}");
    let rows = markdown.lines().filter(|line| line.starts_with("| ") || line.starts_with("|-"));
    let cells = |line: &str| line.replace("\\|", "").matches('|').count();
    for table in rows.collect::<Vec<_>>().chunk_by(|a, b| cells(a) == cells(b)) {
        assert!(table.len() >= 2, "a row on its own: {table:?}");
    }
}

#[test]
fn an_anonymous_report_holds_no_word_of_the_chats() {
    // Words that no page of ours has.
    let word = |number: u64| {
        format!(
            "zq{}x",
            (0..8).map(|i| char::from(b'a' + ((number >> (3 * i)) % 8) as u8)).collect::<String>()
        )
    };
    let mut lines = String::new();
    for number in 0..40 {
        let w = |nth: u64| word(number * 10 + nth);
        let feedback =
            ["No, that is wrong:", "Thanks, perfect!", "I said:", "Can you clarify"][number as usize % 4];
        let messages = json!([
            { "role": "user", "content": format!("{} {}", w(0), w(1)) },
            { "role": "assistant", "content": w(2) },
            { "role": "user", "content": format!("{feedback} {}", w(3)) },
            { "role": "assistant", "content": w(4) },
            { "role": "user", "content": w(5) },
        ]);
        let record = json!({ "conversation_id": w(6), "source": w(7), "conversation": messages });
        lines += &format!("{record}\n");
    }
    lines += &format!("{{\"conversation\": {}\n{{\"{}\": [1]}}\n", word(999), word(998));
    let dir = folder();
    let input = write(dir.path(), &format!("{}.jsonl", word(997)), lines);
    let run = run_over(dir.path(), &[&input], &["-q"]);
    let plain = page_of(&run, &[]);
    assert!(plain.contains("zq"), "the plain page shows the chats");
    let flag = ["--anonymous"];
    let markdown = rejoinder(&["report", &run, "--markdown", "--anonymous"]).expect(0).stdout;
    for report in [page_of(&run, &flag), json_of(&run, &flag).to_string(), markdown] {
        let found = report.split(|c: char| !c.is_ascii_alphanumeric()).find(|word| word.starts_with("zq"));
        assert_eq!(found, None);
        assert!(!report.contains(&*dir.path().to_string_lossy()), "a path is no figure");
    }
}

#[test]
fn a_run_without_tallies_says_what_its_report_lacks() {
    let dir = folder();
    let run = run_over(dir.path(), &[DIALOGUES], &["-q"]);
    let ledger = Connection::open(Path::new(&run).join("ledger.sqlite")).unwrap();
    let removed = ledger.execute("DELETE FROM facts WHERE name LIKE 'tallies:%'", []).unwrap();
    assert!(removed > 0);
    drop(ledger);
    let report = json_of(&run, &[]);
    assert_eq!(report["missing"].as_array().unwrap().len(), 3);
    assert!(report["rules"].is_null() && report["examples"].is_null());
    assert_eq!(figure(&report["funnel"], "feedback"), 44);
    let page = page_of(&run, &[]);
    assert!(
        page.contains("Missing: examples to read.")
            && page.contains("A new run over the same input has them")
    );
    rejoinder(&["report", &run, "--markdown"]).expect(0);
}

#[test]
fn a_run_that_found_nothing_says_so_first() {
    let dir = folder();
    let input = write(dir.path(), "odd.jsonl", "{\"a\": 1}\n{\"b\": 2}\n");
    let run = text(&dir.path().join("run"));
    rejoinder(&["run", &input, "--out", &run, "-q"]).expect(9);
    let page = page_of(&run, &[]);
    let (nothing, funnel) =
        (page.find("Nothing was read").unwrap(), page.find("From conversations").unwrap());
    assert!(nothing < funnel);
    assert!(page.find("Before you use these figures").unwrap() < funnel);
    rejoinder(&["report", &run, "--anonymous", "--markdown"]).expect(0);
}

#[test]
fn the_certificate_is_a_sentence_and_its_assumptions_are_one_click_away() {
    let dir = folder();
    let mut lines = String::new();
    for number in 0..60 {
        let thanks = json!([{ "turn": 2, "category": "UR5", "span": "Thanks" }]);
        let (said, labels) =
            if number % 2 == 0 { ("Thanks, that works!", thanks) } else { ("List more rivers", json!([])) };
        let messages = json!([
            { "role": "user", "content": format!("List {number} rivers") },
            { "role": "assistant", "content": "Rhine" },
            { "role": "user", "content": said },
        ]);
        lines += &format!(
            "{}\n",
            json!({ "conversation_id": number.to_string(), "conversation": messages, "labels": labels })
        );
    }
    let input = write(dir.path(), "labelled.jsonl", lines);
    let run = run_over(dir.path(), &[&input], &["-q"]);
    assert!(json_of(&run, &[])["recall"]["certificate"].is_null());
    rejoinder(&["audit", &run, "--labels", "--seed", "1"]).expect(0);
    let certificate = json_of(&run, &[])["recall"]["certificate"].clone();
    let sentence = certificate["sentence"].as_str().unwrap();
    assert!(sentence.contains("95 % sure") && sentence.contains("Of 100 turns"), "{sentence}");
    let page = page_of(&run, &[]);
    assert!(page.contains("what all this assumes</summary>") && page.contains("Relative to these labels"));
}

#[test]
fn the_same_run_gives_the_same_page_and_another_seed_other_examples() {
    let dir = folder();
    let mut chats = Vec::new();
    corpus::write(&mut chats, 400, 1, corpus::Style::default()).unwrap();
    let input = write(dir.path(), "chats.jsonl", chats);
    let run = run_over(dir.path(), &[&input], &["-q"]);
    let page = page_of(&run, &[]);
    assert_eq!(page, page_of(&run, &["--threads", "1"]));
    let examples = |flags: &[&str]| json_of(&run, flags)["examples"]["strata"].to_string();
    assert_ne!(examples(&[]), examples(&["--seed", "5"]));
    assert_eq!(examples(&["--seed", "5"]), examples(&["--seed", "5"]));
    assert_eq!(json_of(&run, &["--examples", "0"])["examples"]["strata"], json!([]));
}

#[test]
fn a_file_that_is_there_is_replaced_only_if_asked() {
    let dir = folder();
    let run = run_over(dir.path(), &[DIALOGUES], &["-q"]);
    let out = write(dir.path(), "mine.html", "mine");
    let refused = rejoinder(&["report", &run, "--out", &out]).expect(2);
    assert!(refused.stderr.contains("--force"), "{}", refused.stderr);
    assert_eq!(std::fs::read_to_string(&out).unwrap(), "mine");
    rejoinder(&["report", &run, "--out", &out, "--force"]).expect(0);
    assert!(std::fs::read_to_string(&out).unwrap().starts_with("<!DOCTYPE html>"));
    rejoinder(&["report", &run, "--markdown", "--json"]).expect(2);
    rejoinder(&["report", &text(dir.path())]).expect(2);
}

#[test]
fn what_a_judge_answered_and_what_it_cost_stands_in_the_report() {
    let dir = folder();
    let server = Server::start(by_rule);
    let config = format!(
        "format = 1\n[judge]\nbase-url = \"{}\"\nmodel = \"some-model\"\n[judge.price]\ninput = 1.0\noutput = 2.0\n",
        server.base_url()
    );
    let config = write(dir.path(), "judge.toml", config);
    let run = run_over(dir.path(), &[DIALOGUES], &["--config", &config]);
    let report = json_of(&run, &[]);
    let judge = &report["judge"];
    assert_eq!(judge["model"], "some-model");
    for name in ["judged", "calls", "input_tokens", "output_tokens"] {
        assert!(figure(judge, name) > 0, "{name}: {judge}");
    }
    assert!(judge["money"].as_f64().unwrap() > 0.0);
    assert!(report["funnel"]["paper"]["money"].as_f64() > report["funnel"]["here"]["money"].as_f64());
    let strata = report["examples"]["strata"].as_array().unwrap();
    assert!(strata.iter().any(|one| one["name"].as_str().unwrap().starts_with("judged/")), "{strata:?}");
    let page = page_of(&run, &[]);
    assert_inert(&page);
    let words = words_of(&page);
    assert!(words.contains("some-model") && !words.contains("Mixtral"), "{words}");
    rejoinder(&["report", &run, "--markdown"]).expect(0);
}

#[test]
fn a_report_of_compressed_input_says_why_it_takes_longer() {
    let dir = folder();
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    std::io::Write::write_all(&mut packed, &std::fs::read(DIALOGUES).unwrap()).unwrap();
    let input = write(dir.path(), "in.jsonl.gz", packed.finish().unwrap());
    let run = run_over(dir.path(), &[&input], &[]);
    let said = rejoinder(&["report", &run]).expect(0);
    assert!(said.stderr.contains("read through once"), "{}", said.stderr);
    assert_eq!(rejoinder(&["report", &run, "--examples", "0"]).expect(0).stderr, "");
    let plain = run_over(&dir.path().join("plain"), &[DIALOGUES], &[]);
    assert_eq!(rejoinder(&["report", &plain]).expect(0).stderr, "");
}
