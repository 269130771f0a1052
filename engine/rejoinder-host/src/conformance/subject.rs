//! The plugin under examination, loaded and asked without the protection that a run has.

use std::borrow::Cow;
use std::path::Path;

use rejoinder_core::case::Cases;
use rejoinder_core::{Category, Vote};
use serde_json::{Map, Value};

use super::Setting;
use super::outcome::{Breach, Outcome};
use crate::abi::Host;
use crate::child::Launch;
use crate::earlier_votes::EarlierVotes;
use crate::facts::FactValues;
use crate::handshake::{Description, Functions};
use crate::locate::LocatedPlugin;
use crate::output::{Columns, Notes};
use crate::state::{AnswerRoom, State};
use crate::{
    Batch, LoadContext, PluginSpec, RuleReference, RuleRoute, ScoreDeclaration, claims, locate, panics,
    python, scores, services,
};

/// A plugin and what it is started with.
#[derive(Debug)]
pub struct Subject {
    pub(super) functions: Functions,
    pub(super) description: Description,
    /// Whether it is a file of Python, behind functions of this program.
    pub(super) is_python: bool,
    pub(super) host: &'static Host,
    /// The plugin's own model, where it scores and that has the engine's format.
    pub(super) model: &'static [u8],
    /// The configuration; a plugin that scores is told what for.
    pub(super) config: Value,
    /// The rules in force: two of the kit's, and those of the cases.
    pub(super) rules: Vec<String>,
}

impl Subject {
    /// Loads a library.
    ///
    /// # Errors
    /// Why it cannot be loaded.
    pub(super) fn load(library: &Path, setting: &Setting) -> Result<Self, Breach> {
        panics::install();
        let mut rules = vec!["en.rule.one".to_owned(), "en.rule.two".to_owned()];
        rules.extend(setting.cases.iter().flat_map(Cases::rules));
        let context =
            LoadContext { rules: rules.iter().map(|id| rule(id)).collect(), ..LoadContext::default() };
        let host = services::start(context.rules.clone());
        let located =
            locate::locate(&PluginSpec::at(library), &context).map_err(|cause| Breach(cause.reason()))?;
        let is_python = matches!(located, LocatedPlugin::Python(_));
        let mut checked = if is_python {
            python::behind_functions(Launch::new(&context, located, None)).map_err(Breach)?
        } else {
            located.open(host).map_err(|cause| Breach(cause.reason()))?
        };
        claims::narrow(&mut checked.description, &setting.config().into())
            .map_err(|problem| Breach(problem.message))?;
        let config = completed(setting.config(), checked.description.scores.as_ref());
        Ok(Self {
            functions: checked.functions,
            description: checked.description,
            model: checked.model,
            is_python,
            host,
            config,
            rules,
        })
    }

    /// A state with the configuration of the author's cases.
    ///
    /// # Errors
    /// What the plugin says.
    pub(super) fn state_of_cases(&self, cases: &Cases) -> Result<State, Breach> {
        let config = completed(cases.config.clone(), self.description.scores.as_ref());
        State::create(self.functions, self.host, &config.to_string())
            .map_err(|why| format!("it does not start with the cases' config: {why}").into())
    }

    /// A configuration as a run would give it.
    pub(super) fn completed(&self, config: Map<String, Value>) -> Value {
        completed(config, self.description.scores.as_ref())
    }

    /// A state of its own.
    ///
    /// # Errors
    /// What the plugin says.
    pub(super) fn state(&self) -> Result<State, Breach> {
        self.state_with(&self.config)
    }

    /// A state with another configuration.
    ///
    /// # Errors
    /// What the plugin says.
    pub(super) fn state_with(&self, config: &Value) -> Result<State, Breach> {
        State::create(self.functions, self.host, &config.to_string())
            .map_err(|why| format!("it does not start: {why}").into())
    }

    /// What a state says of a whole batch.
    ///
    /// # Errors
    /// A call failed.
    pub(super) fn ask(&self, state: &mut State, batch: &Batch) -> Result<Said, Breach> {
        self.ask_noting(state, batch, false).map(|(said, _)| said)
    }

    /// As [`Self::ask`], for checks that compare: a plugin whose answers change where nothing does fails the check that is
    /// about that, and no other.
    ///
    /// # Errors
    /// A call failed, or the answers change.
    pub(super) fn ask_twice(&self, state: &mut State, batch: &Batch) -> Result<Said, Outcome> {
        let first = self.ask(state, batch)?;
        if self.ask(state, batch)? == first {
            Ok(first)
        } else {
            Err(Outcome::Skipped("its answers change where nothing does (see the check `repeats`)".into()))
        }
    }

    /// As [`Self::ask`], and the notes.
    ///
    /// # Errors
    /// As there.
    pub(super) fn ask_noting(
        &self,
        state: &mut State,
        batch: &Batch,
        wants_notes: bool,
    ) -> Result<(Said, Notes), Breach> {
        let mut answers = self.answers_of(state, batch, wants_notes)?;
        let notes = answers.votes.take_notes();
        Ok((self.read(&answers, batch.len()), notes))
    }

    /// The answers of a state to a whole batch, unread.
    ///
    /// # Errors
    /// A call failed.
    pub(super) fn answers_of(
        &self,
        state: &mut State,
        batch: &Batch,
        wants_notes: bool,
    ) -> Result<Answers, Breach> {
        self.answers(batch, wants_notes, |batch, earlier, room| {
            // SAFETY: `Batch` keeps the header's guarantees, and there is room for its candidates.
            unsafe { state.answer(&batch.columns(&(0..batch.len()), earlier), room) }
        })
    }

    /// Reads answers as a run does: one that is not allowed is a fault. Only the check that is about allowed answers fails
    /// on it.
    pub(super) fn read(&self, answers: &Answers, n: usize) -> Said {
        let facts = &self.description.facts;
        let row = |i| match answers.facts.row(i, facts) {
            Ok(row) => row.iter().map(|value| Some(*value).filter(|value| !value.is_nan())).collect(),
            Err(_) => vec![None; facts.len()],
        };
        Said {
            votes: match self.functions.classify_batch {
                Some(_) => {
                    (0..n).map(|i| answers.votes.vote(i, &self.description).unwrap_or(Vote::FAULT)).collect()
                }
                None => Vec::new(),
            },
            facts: if facts.is_empty() { Vec::new() } else { (0..n).map(row).collect() },
        }
    }

    /// What calls say of a whole batch: one for votes, one for facts, whichever the plugin gives.
    ///
    /// # Errors
    /// A call failed.
    pub(super) fn answers(
        &self,
        batch: &Batch,
        wants_notes: bool,
        mut call: impl FnMut(&Batch, &EarlierVotes, &mut AnswerRoom) -> Result<(), String>,
    ) -> Result<Answers, Breach> {
        let (batch, range) = (self.seen(batch), 0..batch.len());
        let mut answers = Answers::default();
        if self.functions.classify_batch.is_some() {
            answers.votes.resize(batch.len());
            let mut room = AnswerRoom::Votes(answers.votes.prefilled(&range, wants_notes));
            call(&batch, &earlier(batch.len()), &mut room)
                .map_err(|why| format!("the call failed: {why}"))?;
        }
        if self.functions.facts_batch.is_some() {
            answers.facts.resize(batch.len(), self.description.facts.len());
            let mut room = AnswerRoom::Facts(answers.facts.prefilled(&range));
            call(&batch.before_the_rules(), &EarlierVotes::default(), &mut room)
                .map_err(|why| format!("the call for facts failed: {why}"))?;
        }
        Ok(answers)
    }

    /// A batch as the engine hands it over: with metadata columns only where the plugin wants them.
    pub(super) fn seen<'b>(&self, batch: &'b Batch) -> Cow<'b, Batch> {
        match self.description.wants_columns {
            true => Cow::Borrowed(batch),
            false => Cow::Owned(batch.without_columns()),
        }
    }
}

/// What a plugin answered, unread.
#[derive(Debug, Default)]
pub(super) struct Answers {
    pub votes: Columns,
    pub facts: FactValues,
}

/// What a plugin said of a batch.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Said {
    /// A vote a candidate; none of a plugin that gives facts alone.
    pub votes: Vec<Vote>,
    /// The facts of a candidate, those that are known; none of a plugin that gives none.
    pub facts: Vec<Vec<Option<f64>>>,
}

impl Said {
    /// What was said of the candidates in some places.
    pub(super) fn of(&self, places: &[usize]) -> Self {
        let votes = places.iter().filter_map(|place| self.votes.get(*place).copied()).collect();
        Self { votes, facts: places.iter().filter_map(|place| self.facts.get(*place).cloned()).collect() }
    }
}

/// A rule of the kit, as plugins see it.
fn rule(id: &str) -> RuleReference {
    RuleReference { id: id.to_owned(), category: Some(Category::Ur5), route: RuleRoute::Escalate }
}

/// A configuration as a run would give it: a plugin that scores is told what for.
fn completed(config: Map<String, Value>, declaration: Option<&ScoreDeclaration>) -> Value {
    let mut config = Value::Object(config);
    if let Some(declaration) = declaration {
        let purpose = declaration.purposes.first().copied().unwrap_or_default();
        scores::complete(&mut config, declaration, purpose, None);
    }
    config
}

/// Votes of two plugins before this one.
pub(super) fn earlier(n: usize) -> EarlierVotes {
    let mut earlier = EarlierVotes::default();
    let votes: Vec<Vote> =
        (0..n * 2).map(|i| Vote { score: (i % 3 == 0).then_some(0.5), ..Vote::default() }).collect();
    earlier.refill(&votes, 2, 2, 0..n);
    earlier
}
