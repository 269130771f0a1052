//! Two engines over the same input, turn by turn.

use std::collections::{BTreeMap, HashSet};
use std::num::NonZeroUsize;

use rejoinder_cascade::DecisionReason;
use rejoinder_core::{Answer, RecordId};
use rejoinder_read::{Chunk, InputFile};
use rejoinder_run::guards::{GuardCounter, GuardTallies, KnownAnswers};
use rejoinder_run::labels::{LabelReader, Unlabelled};
use rejoinder_run::plan::{ChunkPlan, Plan, PlanSum, Planning};
use rejoinder_run::reading_sample::TurnView;
use rejoinder_run::recall::draw::{UniformDraw, hash};
use rejoinder_run::{RunError, TurnOutcome};
use rejoinder_scan::{Engine, Scan, ScannedBatch, ScannedConversation, ScannedTurn, Worker};

use super::answers::AnswerSource;
use super::labelled::{LabelComparison, LabelledChange};
use super::responsible::{RulePairs, TurnOnSide};
use super::standing::{ChangeKind, Standing, Transition};
use super::tally::ChangeTally;

/// Two engines whose decisions about the same input are compared. Their configs read the input alike.
pub struct Comparison<'a> {
    /// The engine before the change.
    pub before: &'a Engine,
    /// The engine after the change.
    pub after: &'a Engine,
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
    /// What is known of the turns on which the guards after the change are checked.
    pub guarded: KnownAnswers<'a>,
    /// How many changed turns of each kind are shown.
    pub samples: usize,
    /// The seed of the samples and intervals.
    pub seed: u64,
    /// Whether all changed turns are listed.
    pub lists_all: bool,
}

/// A turn that is decided otherwise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChangedTurn {
    /// The turn's address.
    pub id: RecordId,
    /// The id of its conversation.
    pub conversation_id: String,
    /// How it stands before and after the change.
    pub transition: Transition,
    /// Why it is decided so, before and after.
    pub reasons: [DecisionReason; 2],
    /// Rules that are responsible since they hit no longer.
    pub lost_rules: Vec<String>,
    /// Rules that are responsible since they hit newly.
    pub new_rules: Vec<String>,
}

/// A changed turn with what is shown of it.
#[derive(Clone, Debug)]
pub struct SampledChange<S> {
    /// The turn.
    pub turn: ChangedTurn,
    /// What is shown of the turn.
    pub shown: S,
}

/// What a change does to an input.
pub struct Change<S> {
    /// What has changed, counted.
    pub tally: ChangeTally,
    /// What judging takes before and after the change.
    pub plans: [Plan; 2],
    /// What labels or a judge say of it, where they were asked for.
    pub labels: Option<LabelComparison>,
    /// What is counted for the guards after the change.
    pub guards: GuardTallies,
    /// Records that were left out for want of labels.
    pub unlabelled: Unlabelled,
    /// Changed turns of each kind, drawn evenly, in input order.
    pub samples: BTreeMap<ChangeKind, Vec<SampledChange<S>>>,
    /// All changed turns in input order, where they are listed.
    pub all: Vec<ChangedTurn>,
}

/// What a chunk adds.
struct ChunkChange<S> {
    tally: ChangeTally,
    plans: [ChunkPlan; 2],
    /// The conversations are numbered within the chunk.
    labelled: Vec<LabelledChange>,
    guards: GuardTallies,
    conversations: u32,
    left_out: u64,
    unlabelled: Unlabelled,
    drawn: BTreeMap<ChangeKind, Vec<(u64, SampledChange<S>)>>,
    all: Vec<ChangedTurn>,
}

impl Comparison<'_> {
    /// Scans the input with both engines; `show` makes what is shown of a changed turn out of both views of it. Nobody is asked.
    ///
    /// # Errors
    /// If the input cannot be read, or a plugin cannot be used.
    pub fn run<S: Send>(
        &self,
        show: impl Fn(TurnView<'_>, TurnView<'_>) -> S + Sync,
    ) -> Result<Change<S>, RunError> {
        let Self { before, after, .. } = *self;
        let pairs = RulePairs::new(before, after);
        let models = [before.score_model()?, after.score_model()?];
        let scores = [before, after].map(|engine| engine.cuts().is_some());
        let was_learned_from = |conversation: &ScannedConversation<'_>| {
            let decides = models.iter().zip(scores).filter(|(_, decides)| *decides);
            decides.into_iter().any(|(model, _)| model.was_trained_on(&conversation.record.conversation))
        };
        let forms = self.planning.forms.len();
        let mut plans = [PlanSum::new(before, forms), PlanSum::new(after, forms)];
        let mut tally = ChangeTally::new(before, after);
        let mut labelled: Vec<LabelledChange> = Vec::new();
        let (mut conversations, mut left_out) = (0, 0);
        let mut unlabelled = Unlabelled::default();
        let mut guards = GuardCounter::new(after).end();
        let mut draws: BTreeMap<ChangeKind, UniformDraw<SampledChange<S>>> = BTreeMap::new();
        let mut all = Vec::new();
        let scan =
            Scan { asked_before: Some(self.asked_before), ..Scan::of(before, self.files, self.threads) };
        let work = |old: &mut Worker<'_>, new: &mut Worker<'_>, chunk: &Chunk| {
            self.chunk((old, new), chunk, &pairs, &was_learned_from, &show)
        };
        scan.run_beside(after, work, |chunk: ChunkChange<S>| {
            tally.add(&chunk.tally);
            plans.iter_mut().zip(chunk.plans).for_each(|(sum, plan)| sum.add(plan));
            labelled.extend(
                chunk
                    .labelled
                    .into_iter()
                    .map(|turn| LabelledChange { conversation: conversations + turn.conversation, ..turn }),
            );
            conversations += chunk.conversations;
            left_out += chunk.left_out;
            guards += &chunk.guards;
            unlabelled.extend(chunk.unlabelled);
            for (kind, drawn) in chunk.drawn {
                draws.entry(kind).or_insert_with(|| UniformDraw::new(self.samples, 0)).add(drawn);
            }
            all.extend(chunk.all);
            Ok::<_, RunError>(())
        })?;
        let purpose = before.config.purpose;
        let samples = draws.into_iter().map(|(kind, draw)| {
            let mut drawn: Vec<_> = draw.into_found().into_iter().map(|(_, sample)| sample).collect();
            drawn.sort_by_key(|sample| sample.turn.id);
            (kind, drawn)
        });
        Ok(Change {
            tally,
            plans: plans.map(PlanSum::into_plan),
            labels: self.answers.map(|_| LabelComparison::of(&labelled, left_out, purpose, self.seed)),
            guards,
            unlabelled,
            samples: samples.collect(),
            all,
        })
    }

    /// What is counted for the guards after the change in a batch of `file`.
    fn guards(&self, engine: &Engine, scanned: &ScannedBatch<'_>, file: &str) -> GuardTallies {
        let mut counter = GuardCounter::new(engine);
        // The comparison with labels notes the same records.
        let mut noted = Unlabelled::default();
        for conversation in &scanned.conversations {
            self.guarded.count(&mut counter, engine, scanned, conversation, file, &mut noted);
        }
        counter.end()
    }

    fn chunk<S>(
        &self,
        (old, new): (&mut Worker<'_>, &mut Worker<'_>),
        chunk: &Chunk,
        pairs: &RulePairs,
        was_learned_from: &impl Fn(&ScannedConversation<'_>) -> bool,
        show: &impl Fn(TurnView<'_>, TurnView<'_>) -> S,
    ) -> Result<ChunkChange<S>, RunError> {
        let (mut was, mut is) = (old.scan(chunk)?, new.scan(chunk)?);
        for scanned in [&mut was, &mut is] {
            scanned.conversations.retain(|conversation| self.filters.admits(&conversation.record));
        }
        let mut found = ChunkChange {
            tally: ChangeTally::new(self.before, self.after),
            plans: [self.planning.chunk(old, &was)?, self.planning.chunk(new, &is)?],
            labelled: Vec::new(),
            guards: self.guards(new.engine, &is, &chunk.file),
            conversations: was.conversations.len() as u32,
            left_out: 0,
            unlabelled: Unlabelled::default(),
            drawn: BTreeMap::new(),
            all: Vec::new(),
        };
        let mut lowest: BTreeMap<ChangeKind, Vec<(u64, PairedTurn<'_, '_>)>> = BTreeMap::new();
        for (number, (before, after)) in (0..).zip(was.conversations.iter().zip(&is.conversations)) {
            let answers = match self.answers {
                Some(source) => source.of(&was, before, &chunk.file, &mut found.unlabelled),
                None => None,
            };
            let answers = match answers {
                Some(answers) if was_learned_from(before) => {
                    found.left_out += u64::from(answers.iter().any(|(answer, _)| answer.is_known()));
                    None
                }
                answers => answers,
            };
            let mut has_changed = false;
            for (place, turns) in was.turns(before).iter().zip(is.turns(after)).enumerate() {
                let pair = PairedTurn {
                    before: TurnOnSide {
                        engine: self.before,
                        scanned: &was,
                        conversation: before,
                        turn: turns.0,
                    },
                    after: TurnOnSide {
                        engine: self.after,
                        scanned: &is,
                        conversation: after,
                        turn: turns.1,
                    },
                };
                let transition = pair.transition();
                let hits = [rules_of(&was, turns.0), rules_of(&is, turns.1)];
                let is_other_reason = !transition.is_change() && turns.0.ground != turns.1.ground;
                found.tally.turn(transition, is_other_reason, [&hits[0], &hits[1]]);
                if let Some((answer, drawn)) =
                    answers.as_ref().and_then(|answers| answers.get(place).copied())
                    && answer.is_known()
                {
                    let label = answer.category();
                    found.labelled.push(LabelledChange { conversation: number, label, transition, drawn });
                }
                if !transition.is_change() {
                    continue;
                }
                has_changed = true;
                let (lost, gained) = pairs.responsible(pair.before, pair.after);
                found.tally.changed_turn(transition, [&lost, &gained]);
                if self.lists_all {
                    found.all.push(pair.changed(&lost, &gained));
                }
                if self.samples > 0 {
                    let drawn = lowest.entry(transition.kind()).or_default();
                    drawn.push((hash(self.seed, pair.id()), pair));
                    // The rest of the chunk's turns of this kind cannot be among the lowest.
                    if drawn.len() >= 2 * self.samples.max(8) {
                        drawn.sort_by_key(|(hash, _)| *hash);
                        drawn.truncate(self.samples);
                    }
                }
            }
            found.tally.changed_conversations += u64::from(has_changed);
        }
        for (kind, mut drawn) in lowest {
            drawn.sort_by_key(|(hash, _)| *hash);
            drawn.truncate(self.samples);
            let sampled = drawn.into_iter().map(|(hash, pair)| {
                let (lost, gained) = pairs.responsible(pair.before, pair.after);
                let shown = show(pair.before.view(), pair.after.view());
                (hash, SampledChange { turn: pair.changed(&lost, &gained), shown })
            });
            found.drawn.insert(kind, sampled.collect());
        }
        Ok(found)
    }
}

/// A turn as both engines have scanned it.
#[derive(Clone, Copy)]
struct PairedTurn<'s, 'c> {
    before: TurnOnSide<'s, 'c>,
    after: TurnOnSide<'s, 'c>,
}

impl PairedTurn<'_, '_> {
    fn id(&self) -> RecordId {
        self.before.conversation.id(self.before.turn)
    }

    fn transition(&self) -> Transition {
        let standing = |side: TurnOnSide<'_, '_>| Standing::of(side.turn.ground);
        Transition { before: standing(self.before), after: standing(self.after) }
    }

    fn changed(&self, lost: &[u32], gained: &[u32]) -> ChangedTurn {
        let ids = |engine: &Engine, rules: &[u32]| -> Vec<String> {
            rules.iter().map(|rule| engine.rules.rule(*rule).id.clone()).collect()
        };
        ChangedTurn {
            id: self.id(),
            conversation_id: self.before.conversation.record.conversation.id.to_string(),
            transition: self.transition(),
            reasons: [self.before.turn.ground, self.after.turn.ground],
            lost_rules: ids(self.before.engine, lost),
            new_rules: ids(self.after.engine, gained),
        }
    }
}

impl<'s> TurnOnSide<'s, '_> {
    /// The turn for reading.
    pub(super) fn view(&self) -> TurnView<'_> {
        let Self { engine, scanned, conversation, turn } = *self;
        let outcome = TurnOutcome::new(turn.decision(), Answer::Unknown);
        TurnView { engine, scanned, conversation, turn, outcome, span: None }
    }
}

/// The rules that hit a turn.
fn rules_of(scanned: &ScannedBatch<'_>, turn: &ScannedTurn) -> Vec<u32> {
    scanned.hits(turn).iter().map(|hit| hit.rule).collect()
}
