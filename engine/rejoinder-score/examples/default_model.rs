//! Trains a model from labelled conversations, as the shipped one was, and says how good it is in cross-validation and on
//! a part that was kept apart.
//!
//! `default_model LABELLED.jsonl [--unlabelled FILE] [--without SOURCE]… [--out FILE.rjm] [--test SPLIT]`

use std::collections::HashMap;
use std::error::Error;
use std::fs;
use std::time::Instant;

use rejoinder_core::{Category, Conversation, Role};
use rejoinder_data::{Mapping, Record, labels};
use rejoinder_rules::{Pack, RuleSet, Scanner};
use rejoinder_score::features::Rarity;
use rejoinder_score::{
    Evidence, Examples, Label, Model, Origin, Purpose, Scorer, TrainOptions, auc, curve_share, train,
};

struct Args {
    labelled: String,
    unlabelled: Option<String>,
    without: Vec<String>,
    out: Option<String>,
    test: Option<String>,
    /// Whether the rules' evidence is left out, which shows what is left where the rules miss.
    blind: bool,
    options: TrainOptions,
}

fn arguments() -> Result<Args, Box<dyn Error>> {
    let mut args = Args {
        labelled: String::new(),
        unlabelled: None,
        without: Vec::new(),
        out: None,
        test: None,
        blind: false,
        options: TrainOptions::default(),
    };
    let mut words = std::env::args().skip(1);
    while let Some(word) = words.next() {
        let mut value = || words.next().ok_or_else(|| format!("{word} takes a value"));
        match word.as_str() {
            "--unlabelled" => args.unlabelled = Some(value()?),
            "--without" => args.without.push(value()?),
            "--out" => args.out = Some(value()?),
            "--test" => args.test = Some(value()?),
            "--blind" => args.blind = true,
            "--unlabelled-weight" => args.options.unlabelled_weight = value()?.parse()?,
            "--trees" => args.options.trees = value()?.parse()?,
            "--folds" => args.options.folds = Some(value()?.parse()?),
            "--seed" => args.options.seed = value()?.parse()?,
            file => args.labelled = file.to_owned(),
        }
    }
    Ok(args)
}

/// A file's conversations, with the text of the columns `source` and `split`.
struct Corpus {
    lines: String,
}

impl Corpus {
    fn read(file: &str) -> Result<Self, Box<dyn Error>> {
        Ok(Self { lines: fs::read_to_string(file)? })
    }

    fn records<'a>(&'a self, args: &'a Args, split: Option<&'a str>) -> impl Iterator<Item = Record<'a>> {
        let parse = |line: &'a str| Record::parse(line.as_bytes(), &Mapping::default()).ok();
        self.lines.lines().filter_map(parse).filter(move |record| {
            let source = column(record, "source");
            let taken = !args.without.contains(&source);
            taken && split.is_none_or(|split| column(record, "split") == split)
        })
    }
}

fn column(record: &Record<'_>, key: &str) -> String {
    record.column(key).and_then(|json| serde_json::from_str(json.get()).ok()).unwrap_or_default()
}

/// Calls `each` for every later turn, with the rules' evidence.
fn turns(
    scanner: &mut Scanner<'_>,
    rules: &RuleSet,
    conversation: &Conversation<'_>,
    mut each: impl FnMut(usize, &Evidence<'_>),
) {
    scanner.begin(conversation);
    for turn in conversation.later_turns() {
        let hits = scanner.scan(conversation, turn);
        let ids: Vec<&str> = hits.iter().map(|hit| rules.rule(hit.rule).id.as_str()).collect();
        let prior = hits.iter().map(|hit| rules.rule(hit.rule).weight).sum();
        each(turn, &Evidence { rules: &ids, prior, votes: &[] });
    }
}

fn categories(record: &Record<'_>) -> HashMap<usize, Option<Category>> {
    labels::read(record).unwrap_or_default().into_iter().map(|label| (label.turn, label.category)).collect()
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut args = arguments()?;
    let names: Vec<String> = Pack::shipped().map(str::to_owned).collect();
    let rules = Pack::compile(Pack::load(&names)?, &[])?;
    let mut scanner = Scanner::new(&rules);
    let labelled = Corpus::read(&args.labelled)?;
    let unlabelled = args.unlabelled.as_deref().map(Corpus::read).transpose()?;

    let begun = Instant::now();
    let mut rarity = Rarity::default();
    let train_part = labelled.records(&args, Some("train"));
    for record in train_part.chain(unlabelled.iter().flat_map(|corpus| corpus.records(&args, None))) {
        for message in record.conversation.messages.iter().filter(|m| m.role == Role::User) {
            rarity.add(&message.text);
        }
    }
    let mut examples = Examples::new(rarity.finish());
    for record in labelled.records(&args, Some("train")) {
        let known = categories(&record);
        examples.begin(&record.conversation);
        turns(&mut scanner, &rules, &record.conversation, |turn, evidence| {
            let category = known.get(&turn).copied().flatten();
            let evidence = if args.blind { &Evidence::default() } else { evidence };
            examples.push(&record.conversation, turn, evidence, Label::Judged(category));
        });
    }
    for record in unlabelled.iter().flat_map(|corpus| corpus.records(&args, None)) {
        examples.begin(&record.conversation);
        turns(&mut scanner, &rules, &record.conversation, |turn, evidence| {
            let evidence = if args.blind { &Evidence::default() } else { evidence };
            examples.push(&record.conversation, turn, evidence, Label::Unknown);
        });
    }
    eprintln!(
        "{} turns, {} of them judged, read in {:.1?}",
        examples.len(),
        examples.judged(),
        begun.elapsed()
    );
    args.options.rules = rules.hash().to_owned();
    let part = |what: &str| match args.without.as_slice() {
        [] => what.to_owned(),
        without => format!("{what}; without {}", without.join(", ")),
    };
    let origin = |file: &str, corpus: &Corpus, what: &str| Origin {
        name: file.rsplit('/').next().unwrap_or_default().to_owned(),
        part: part(what),
        hash: blake3::hash(corpus.lines.as_bytes()).to_hex().to_string(),
    };
    args.options.origins.push(origin(&args.labelled, &labelled, "split=train"));
    if let (Some(file), Some(corpus)) = (&args.unlabelled, &unlabelled) {
        args.options.origins.push(origin(file, corpus, "unlabelled"));
    }
    let begun = Instant::now();
    let (model, report) = train(&examples, &args.options)?;
    eprintln!("trained in {:.1?}; on held-out conversations:\n{report}", begun.elapsed());
    let bytes = model.to_bytes();
    eprintln!("{} bytes", bytes.len());
    if let Some(file) = &args.out {
        fs::write(file, &bytes)?;
    }
    if let Some(split) = &args.test {
        test(
            &Model::from_bytes(&bytes)?,
            &labelled,
            &Args { without: Vec::new(), ..args_of(&args) },
            split,
            &rules,
        );
    }
    Ok(())
}

fn args_of(args: &Args) -> Args {
    Args {
        labelled: args.labelled.clone(),
        unlabelled: None,
        without: Vec::new(),
        out: None,
        test: None,
        blind: false,
        options: args.options.clone(),
    }
}

/// Says how good the model is on a split.
fn test(model: &Model, labelled: &Corpus, args: &Args, split: &str, rules: &RuleSet) {
    let mut scanner = Scanner::new(rules);
    let mut scorer = Scorer::new(model);
    let (mut scores, mut truth) = (Vec::new(), Vec::new());
    for record in labelled.records(args, Some(split)) {
        let known = categories(&record);
        scorer.begin();
        turns(&mut scanner, rules, &record.conversation, |turn, evidence| {
            scores.push(scorer.score(&record.conversation, turn, evidence));
            truth.push(known.get(&turn).copied().flatten());
        });
    }
    for (name, purpose) in [("all", Purpose::ALL), ("kto", Purpose::KTO), ("sft", Purpose::SFT)] {
        let yes: Vec<bool> = truth.iter().map(|c| c.is_some_and(|c| purpose.wants(c))).collect();
        let said: Vec<f32> = scores.iter().map(|score| score.of(purpose)).collect();
        println!(
            "{split} {name}: AUC {:.4}, R=0.9 {:.3}, R=0.8 {:.3}",
            auc(&said, &yes),
            curve_share(&said, &yes, 0.9),
            curve_share(&said, &yes, 0.8)
        );
    }
}
