//! Measures how many later turns one core scores a second, and how long training takes: `speed MODEL.rjm FILE [TRAIN_TURNS]`.
//!
//! The turns of FILE are scored with the hits of the shipped rules, found beforehand. With TRAIN_TURNS, as many turns are
//! taken from FILE, again and again if need be, with labels that a hidden function of their words gives.

use std::error::Error;
use std::fs;
use std::time::Instant;

use rejoinder_core::{Category, Conversation};
use rejoinder_read::{Mapping, Record};
use rejoinder_rules::{Pack, Scanner};
use rejoinder_score::features::{Idf, Rarity};
use rejoinder_score::{Evidence, Examples, Label, Model, Scorer, TrainOptions, train};

type RuleHits<'r> = Vec<(usize, Vec<&'r str>, f32)>;

fn main() -> Result<(), Box<dyn Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [model, file, rest @ ..] = args.as_slice() else {
        return Err("speed MODEL.rjm FILE [TRAIN_TURNS]".into());
    };
    let model = Model::from_bytes(&fs::read(model)?)?;
    let text = fs::read_to_string(file)?;
    let parse = |line| Record::parse(str::as_bytes(line), &Mapping::default()).ok();
    let conversations: Vec<Conversation<'_>> =
        text.lines().filter_map(parse).map(|r| r.conversation).collect();
    let names: Vec<String> = Pack::shipped().map(str::to_owned).collect();
    let rules = Pack::compile(Pack::load(&names)?, &[])?;
    let mut scanner = Scanner::new(&rules);
    let found: Vec<RuleHits<'_>> = conversations
        .iter()
        .map(|conversation| {
            scanner.begin(conversation);
            let turns = conversation.later_turns().map(|turn| {
                let hits = scanner.scan(conversation, turn);
                let ids = hits.iter().map(|hit| rules.rule(hit.rule).id.as_str()).collect();
                (turn, ids, hits.iter().map(|hit| rules.rule(hit.rule).weight).sum())
            });
            turns.collect()
        })
        .collect();

    let mut scorer = Scorer::new(&model);
    for round in 0..3 {
        let (begun, mut turns, mut sum) = (Instant::now(), 0, 0.0);
        for (conversation, found) in conversations.iter().zip(&found) {
            scorer.begin();
            for (turn, rules, prior) in found {
                let evidence = Evidence { rules, prior: *prior };
                sum += scorer.score(conversation, *turn, &evidence).feedback();
                turns += 1;
            }
        }
        let seconds = begun.elapsed().as_secs_f64();
        println!(
            "round {round}: {turns} turns, {:.0} a second, mean score {:.3}",
            f64::from(turns) / seconds,
            sum / turns as f32
        );
    }

    if let Some(wanted) = rest.first() {
        let wanted: usize = wanted.parse()?;
        let begun = Instant::now();
        let mut examples = Examples::new(rarity(&conversations));
        for (round, (conversation, found)) in (0..).zip(conversations.iter().zip(&found).cycle()) {
            if examples.len() >= wanted {
                break;
            }
            // A conversation that comes again is another one.
            let mut conversation = conversation.clone();
            conversation.messages[0].text = format!("{round} {}", &*conversation.messages[0].text).into();
            examples.begin(&conversation);
            for (turn, rules, prior) in found {
                let evidence = Evidence { rules, prior: *prior };
                examples.push(
                    &conversation,
                    *turn,
                    &evidence,
                    Label::Judged(hidden(&conversation, *turn, round)),
                );
            }
        }
        println!("{} turns measured in {:.1?}", examples.len(), begun.elapsed());
        let begun = Instant::now();
        let (_, report) = train(&examples, &TrainOptions::default())?;
        println!("trained in {:.1?}\n{report}", begun.elapsed());
    }
    Ok(())
}

fn rarity(conversations: &[Conversation<'_>]) -> Idf {
    let mut rarity = Rarity::default();
    for message in conversations.iter().flat_map(|c| &c.messages) {
        rarity.add(&message.text);
    }
    rarity.finish()
}

/// A third of the turns, by their length and a letter count that no feature has, with noise.
fn hidden(conversation: &Conversation<'_>, turn: usize, round: u64) -> Option<Category> {
    let text = &*conversation.messages[turn].text;
    let letters = text.bytes().take(40).filter(|b| b"aeiou".contains(b)).count() as u64;
    let noise = (round.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ text.len() as u64)
        .wrapping_mul(0xd6e8_feb8_6659_fd93)
        >> 60;
    (letters + noise / 4 > 13).then(|| Category::ALL[(letters % 5) as usize])
}
