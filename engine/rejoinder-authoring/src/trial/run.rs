//! A rule tried on an input.

use std::collections::{BTreeMap, HashSet};
use std::num::NonZeroUsize;

use rejoinder_core::{Answer, RecordId};
use rejoinder_read::{Chunk, InputFile};
use rejoinder_run::labels::{LabelReader, Unlabelled};
use rejoinder_run::plan::{ChunkPlan, Plan, PlanSum, Planning};
use rejoinder_run::reading_sample::TurnView;
use rejoinder_run::recall::draw::{UniformDraw, hash};
use rejoinder_run::{RunError, TurnOutcome};
use rejoinder_scan::{Engine, Scan, ScannedBatch, ScannedConversation, ScannedTurn, Worker};

use super::hits::{HitKind, TrialTally};
use crate::change::{AnswerSource, Standing, StandingKind, Transition};

/// A rule that is tried on an input.
pub struct Trial<'a> {
    /// The engine without the rule; `None` where the rule decides nothing and is only counted.
    pub without: Option<&'a Engine>,
    /// The engine with the rule.
    pub with: &'a Engine,
    /// The number of the rule in the engine with it.
    pub rule: u32,
    /// The input.
    pub files: &'a [InputFile],
    /// How many threads scan.
    pub threads: NonZeroUsize,
    /// Turns that a judge was asked about before any scan.
    pub asked_before: &'a HashSet<RecordId>,
    /// How judging is planned.
    pub planning: Planning<'a>,
    /// What says what the turns hold, if something does.
    pub answers: Option<AnswerSource<'a>>,
    /// Whose filters say which records count.
    pub filters: &'a LabelReader,
    /// How many hits of each kind are shown.
    pub samples: usize,
    /// The seed of the shown hits.
    pub seed: u64,
}

/// A hit with what is shown of it.
#[derive(Clone, Debug)]
pub struct SampledHit<S> {
    /// The turn's address.
    pub id: RecordId,
    /// What is known of the turn.
    pub answer: Answer,
    /// How the turn stands without the rule and with it, where the rule decides.
    pub transition: Option<Transition>,
    /// What is shown of the turn.
    pub shown: S,
}

/// What a rule does on an input.
pub struct TrialResult<S> {
    /// What the rule does, counted.
    pub tally: TrialTally,
    /// What judging takes without the rule and with it, in the conversations in which the rule changes what waits.
    pub plans: [Plan; 2],
    /// Records that were left out for want of labels.
    pub unlabelled: Unlabelled,
    /// Hits of each kind, drawn evenly, in input order.
    pub samples: BTreeMap<HitKind, Vec<SampledHit<S>>>,
}

/// What a chunk adds.
struct ChunkTrial<S> {
    tally: TrialTally,
    plans: Vec<[ChunkPlan; 2]>,
    unlabelled: Unlabelled,
    drawn: BTreeMap<HitKind, Vec<(u64, SampledHit<S>)>>,
}

impl Trial<'_> {
    /// Scans the input with the rule, and the conversations that it hits without it; `show` makes what is shown of a hit. Nobody is
    /// asked.
    ///
    /// # Errors
    /// If the input cannot be read, or a plugin cannot be used.
    pub fn run<S: Send>(&self, show: impl Fn(TurnView<'_>) -> S + Sync) -> Result<TrialResult<S>, RunError> {
        let without = self.without.unwrap_or(self.with);
        let forms = self.planning.forms.len();
        let mut plans = [PlanSum::new(without, forms), PlanSum::new(self.with, forms)];
        let mut tally = TrialTally::default();
        let mut unlabelled = Unlabelled::default();
        let mut draws: BTreeMap<HitKind, UniformDraw<SampledHit<S>>> = BTreeMap::new();
        let scan =
            Scan { asked_before: Some(self.asked_before), ..Scan::of(self.with, self.files, self.threads) };
        let work = |with: &mut Worker<'_>, without: &mut Worker<'_>, chunk: &Chunk| {
            self.chunk(with, without, chunk, &show)
        };
        scan.run_beside(without, work, |chunk: ChunkTrial<S>| {
            tally.add(chunk.tally);
            for [before, after] in chunk.plans {
                plans[0].add(before);
                plans[1].add(after);
            }
            unlabelled.extend(chunk.unlabelled);
            for (kind, drawn) in chunk.drawn {
                draws.entry(kind).or_insert_with(|| UniformDraw::new(self.samples, 0)).add(drawn);
            }
            Ok::<_, RunError>(())
        })?;
        let samples = draws.into_iter().map(|(kind, draw)| {
            let mut drawn: Vec<_> = draw.into_found().into_iter().map(|(_, sample)| sample).collect();
            drawn.sort_by_key(|sample| sample.id);
            (kind, drawn)
        });
        Ok(TrialResult {
            tally,
            plans: plans.map(PlanSum::into_plan),
            unlabelled,
            samples: samples.collect(),
        })
    }

    fn chunk<S>(
        &self,
        with: &mut Worker<'_>,
        without: &mut Worker<'_>,
        chunk: &Chunk,
        show: &impl Fn(TurnView<'_>) -> S,
    ) -> Result<ChunkTrial<S>, RunError> {
        let engine = with.engine;
        let mut scanned = with.scan(chunk)?;
        scanned.conversations.retain(|conversation| self.filters.admits(&conversation.record));
        let mut found = ChunkTrial {
            tally: TrialTally { conversations: scanned.conversations.len() as u64, ..TrialTally::default() },
            plans: Vec::new(),
            unlabelled: Unlabelled::default(),
            drawn: BTreeMap::new(),
        };
        let mut entries = chunk.entries();
        for conversation in &scanned.conversations {
            let turns = scanned.turns(conversation);
            found.tally.turns += turns.len() as u64;
            let answers = match self.answers {
                Some(source) => source.of(&scanned, conversation, &chunk.file, &mut found.unlabelled),
                None => None,
            };
            let answer = |place: usize| answers.as_ref().map(|all| all[place]).unwrap_or_default();
            for (answer, _) in answers.iter().flatten().filter(|(answer, _)| answer.is_known()) {
                found.tally.answers.turn(*answer);
            }
            if !turns.iter().any(|turn| self.hit(&scanned, turn).is_some()) {
                continue;
            }
            found.tally.hit_conversations += 1;
            found.tally.answers.begin();
            // Each conversation stands in the chunk once, in the order of the scan.
            let only =
                entries.find(|entry| entry.ordinal == conversation.ordinal).map(|entry| chunk.only(&entry));
            let alone = match (&only, self.without) {
                (Some(only), Some(_)) => Some(without.scan(only)?),
                _ => None,
            };
            let before = alone.as_ref().and_then(|alone| Some((alone, alone.conversations.first()?)));
            let mut waits_otherwise = false;
            for (place, turn) in turns.iter().enumerate() {
                let transition = before.and_then(|(alone, conversation)| {
                    let before = Standing::of(alone.turns(conversation).get(place)?.ground);
                    Some(Transition { before, after: Standing::of(turn.ground) })
                });
                if let Some(transition) = transition.filter(|transition| transition.is_change()) {
                    *found.tally.transitions.entry(transition).or_default() += 1;
                    let waits =
                        [transition.before, transition.after].map(|one| one.kind() == StandingKind::Waiting);
                    waits_otherwise |= waits[0] != waits[1];
                }
                let Some(span) = self.hit(&scanned, turn) else { continue };
                found.tally.hits += 1;
                found.tally.marked += u64::from(self.is_marked_otherwise(engine, &scanned, turn));
                if let Some(transition) = transition {
                    *found.tally.standings.entry(transition.before).or_default() += 1;
                }
                let (answer, drawn) = answer(place);
                found.tally.answers.hit(answer, drawn);
                if self.samples == 0 {
                    continue;
                }
                let id = conversation.id(turn);
                let rank = hash(self.seed, id);
                let drawn = found.drawn.entry(self.kind(engine, answer)).or_default();
                if drawn.len() == self.samples && drawn.last().is_some_and(|(highest, _)| rank > *highest) {
                    continue;
                }
                let outcome = TurnOutcome::new(turn.decision(), Answer::Unknown);
                let marked = self.words(with, &scanned, conversation, turn).unwrap_or(span);
                let view =
                    TurnView { engine, scanned: &scanned, conversation, turn, outcome, span: Some(marked) };
                drawn.push((rank, SampledHit { id, answer, transition, shown: show(view) }));
                drawn.sort_by_key(|(rank, _)| *rank);
                drawn.truncate(self.samples);
            }
            if let (true, Some(only), Some((alone, _))) = (waits_otherwise, &only, before) {
                let now = with.scan(only)?;
                found.plans.push([self.planning.chunk(without, alone)?, self.planning.chunk(with, &now)?]);
            }
        }
        Ok(found)
    }

    /// Where the rule hits a turn, in bytes of the turn.
    fn hit(&self, scanned: &ScannedBatch<'_>, turn: &ScannedTurn) -> Option<(usize, usize)> {
        let hit = scanned.hits(turn).iter().find(|hit| hit.rule == self.rule)?;
        Some((hit.start as usize, hit.end as usize))
    }

    /// Where the words stand by which the rule hits a turn, in bytes of the turn; `None` where it hits without words.
    fn words(
        &self,
        worker: &mut Worker<'_>,
        scanned: &ScannedBatch<'_>,
        conversation: &ScannedConversation<'_>,
        turn: &ScannedTurn,
    ) -> Option<(usize, usize)> {
        let trials = worker.explain(scanned, conversation, turn);
        let words = trials.into_iter().find(|trial| trial.rule == self.rule)?.words?;
        Some((words.start as usize, words.end as usize))
    }

    fn is_marked_otherwise(&self, engine: &Engine, scanned: &ScannedBatch<'_>, turn: &ScannedTurn) -> bool {
        let others: Vec<_> = scanned.hits(turn).iter().filter(|hit| hit.rule != self.rule).copied().collect();
        engine.is_candidate(&others)
    }

    fn kind(&self, engine: &Engine, answer: Answer) -> HitKind {
        match (answer.is_known(), answer.category(), engine.rules.rule(self.rule).category) {
            (false, ..) => HitKind::Unknown,
            (true, Some(_), None) => HitKind::Right,
            (true, Some(found), Some(category)) if found == category => HitKind::Right,
            (true, ..) => HitKind::Wrong,
        }
    }
}
