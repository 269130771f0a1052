//! One worker thread's use of the plugins, and what happens when one fails.

use std::ops::Range;
use std::sync::PoisonError;
use std::time::Instant;

use rejoinder_core::Vote;

use crate::activity::{Activity, PluginWork};
use crate::call_size::CallSize;
use crate::earlier_votes::EarlierVotes;
use crate::plugin_cost::PluginCost;
use crate::registry::PluginCode;
use crate::session_instance::{Answers, CallError, Question, SessionInstance, Wanted};
use crate::{Batch, Fault, HostError, LoadedPlugin, Registry};

/// A worker's access to the plugins: states or children of its own, and reused buffers.
#[derive(Debug)]
pub struct Session<'r> {
    plugins: &'r [LoadedPlugin],
    own: Vec<SessionInstance>,
    /// How many candidates each plugin is asked about at once.
    call_sizes: Vec<CallSize>,
    activity: Activity,
    answers: Answers,
    earlier: EarlierVotes,
    /// The candidates that one plugin is asked about, and their places among all.
    gathered: Batch,
    places: Vec<usize>,
    /// The candidates of a call that is not about all of them, and what was said of them.
    part: Batch,
    part_earlier: EarlierVotes,
    /// What asking each plugin has cost.
    costs: Vec<PluginCost>,
    /// What a plugin noted in its last calls, by the candidate.
    new_notes: Vec<(usize, String)>,
    /// What plugins noted, a text a vote; `None` where nobody wants to know.
    notes: Option<Vec<String>>,
}

impl Registry {
    /// A session for one worker thread.
    ///
    /// # Errors
    /// A plugin does not start once more.
    pub fn session(&self) -> Result<Session<'_>, HostError> {
        let activity = Activity::new();
        let own = |plugin: &LoadedPlugin| {
            let _starting = activity.enter(plugin.tag, PluginWork::Starting);
            match &plugin.code {
                PluginCode::Shared(..) => Ok(SessionInstance::Shared),
                PluginCode::Here(starter) => {
                    let state = starter.start().map_err(|reason| plugin.no_restart(reason))?;
                    Ok(SessionInstance::State(Some(state)))
                }
                PluginCode::Child(_, waiting) => {
                    let waiting = waiting.lock().unwrap_or_else(PoisonError::into_inner).take();
                    Ok(SessionInstance::Child(Some(match waiting {
                        Some(child) => child,
                        None => SessionInstance::new_child(plugin)?,
                    })))
                }
            }
        };
        let own = self.plugins().iter().map(own).collect::<Result<_, _>>()?;
        Ok(Session {
            plugins: self.plugins(),
            own,
            call_sizes: vec![CallSize::default(); self.plugins().len()],
            activity,
            answers: Answers::default(),
            earlier: EarlierVotes::default(),
            gathered: Batch::default(),
            places: Vec::new(),
            part: Batch::default(),
            part_earlier: EarlierVotes::default(),
            costs: vec![PluginCost::default(); self.plugins().len()],
            new_notes: Vec::new(),
            notes: None,
        })
    }
}

impl Session<'_> {
    /// From now on plugins are asked for notes.
    pub fn want_notes(&mut self) {
        self.notes = Some(Vec::new());
    }

    /// What asking each plugin has cost since the last call, in the order of the plugins.
    pub fn take_costs(&mut self) -> Vec<PluginCost> {
        let none = vec![PluginCost::default(); self.plugins.len()];
        std::mem::replace(&mut self.costs, none)
    }

    /// What plugins noted in the last call of [`Self::classify`], a text a vote; empty where nobody wanted to know.
    pub fn notes(&self) -> &[String] {
        self.notes.as_deref().unwrap_or_default()
    }

    /// Asks all plugins in their order; each sees what those before it said. `votes` becomes a row a
    /// candidate, in the batch's order, of one vote a plugin.
    ///
    /// A call that fails is repeated for each candidate alone, so that one that takes a whole timeout takes it twice: the
    /// vote about candidates that cause it is [`Vote::FAULT`], and they are added to `faults`. All others are classified normally.
    ///
    /// # Errors
    /// Faults that must stop the run, or a plugin that does not start again after a fault. `votes` is of no use then;
    /// `faults` has all up to the one that stopped.
    pub fn classify(
        &mut self,
        batch: &Batch,
        votes: &mut Vec<Vote>,
        faults: &mut Vec<Fault>,
    ) -> Result<(), HostError> {
        self.classify_where(batch, &|_, _| true, votes, faults)
    }

    /// As [`Self::classify`], where `asks` says by the places of a plugin and of a candidate whether the plugin is asked about the
    /// candidate. A plugin sees no others; the vote of a plugin that was not asked is [`Vote::default`].
    ///
    /// # Errors
    /// As [`Self::classify`].
    pub fn classify_where(
        &mut self,
        batch: &Batch,
        asks: &dyn Fn(usize, usize) -> bool,
        votes: &mut Vec<Vote>,
        faults: &mut Vec<Fault>,
    ) -> Result<(), HostError> {
        let stride = self.plugins.len();
        votes.clear();
        votes.resize(batch.len() * stride, Vote::default());
        if let Some(notes) = &mut self.notes {
            notes.clear();
            notes.resize(votes.len(), String::new());
        }
        // Out of the session, whose calls borrow it.
        let (mut gathered, mut places) =
            (std::mem::take(&mut self.gathered), std::mem::take(&mut self.places));
        let mut classified = Ok(());
        for plugin in (0..stride).filter(|&plugin| self.plugins[plugin].description().gives.is_asked()) {
            places.clear();
            places.extend((0..batch.len()).filter(|&candidate| asks(plugin, candidate)));
            if places.is_empty() {
                continue;
            }
            let own = match &self.plugins[plugin].code {
                _ if places.len() == batch.len() => batch,
                PluginCode::Child(..) => gathered.cut_out(batch, places.iter().copied()),
                _ => gathered.gather(batch, &places),
            };
            classified = self.vote(plugin, own, &places, votes, faults);
            if classified.is_err() {
                break;
            }
        }
        gathered.clear();
        (self.gathered, self.places) = (gathered, places);
        classified
    }

    /// Asks a plugin about a batch whose candidates have these places among all candidates, a row of `votes` each.
    fn vote(
        &mut self,
        plugin: usize,
        batch: &Batch,
        places: &[usize],
        votes: &mut [Vote],
        faults: &mut Vec<Fault>,
    ) -> Result<(), HostError> {
        let stride = self.plugins.len();
        let begun = Instant::now();
        // Out of the session, whose calls borrow it.
        let mut earlier = std::mem::take(&mut self.earlier);
        earlier.refill(votes, stride, plugin, places.iter().copied());
        let question = Question { batch, earlier: &earlier, wanted: Wanted::Votes };
        let description = self.plugins[plugin].description();
        let before = faults.len();
        let answered = self.run(plugin, question, faults, |answers, number, candidate| {
            let vote = answers.votes.vote(number, description).map_err(|error| error.to_string())?;
            votes[places[candidate] * stride + plugin] = vote;
            Ok(())
        });
        self.earlier = earlier;
        if let Some(kept) = &mut self.notes {
            for (candidate, note) in self.new_notes.drain(..) {
                kept[places[candidate] * stride + plugin] += &note;
            }
        }
        for fault in &mut faults[before..] {
            fault.candidate = places[fault.candidate];
            votes[fault.candidate * stride + plugin] = Vote::FAULT;
        }
        self.costs[plugin] += PluginCost { turns: batch.len() as u64, facts: 0, time: begun.elapsed() };
        answered
    }

    /// Asks one plugin, by its place, for the facts of the candidates of a batch without hits and priors. `values` becomes a
    /// row a candidate, in the batch's order, of one value a fact, in the order of
    /// [`Description::facts`](crate::Description::facts); NaN is "not known", as is all of a candidate on which the plugin
    /// failed: such candidates are added to `faults`, as [`Self::classify`] does.
    ///
    /// # Errors
    /// As [`Self::classify`].
    ///
    /// # Panics
    /// If there is no such plugin, or it gives no facts.
    pub fn facts(
        &mut self,
        plugin: usize,
        batch: &Batch,
        values: &mut Vec<f64>,
        faults: &mut Vec<Fault>,
    ) -> Result<(), HostError> {
        let facts = &self.plugins[plugin].description().facts;
        assert!(!facts.is_empty(), "only plugins that give facts are asked for them");
        values.clear();
        values.resize(batch.len() * facts.len(), f64::NAN);
        let question = Question { batch, earlier: &EarlierVotes::default(), wanted: Wanted::Facts };
        let begun = Instant::now();
        let answered = self.run(plugin, question, faults, |answers, number, candidate| {
            let row = answers.facts.row(number, facts).map_err(|error| error.to_string())?;
            values[candidate * facts.len()..][..facts.len()].copy_from_slice(row);
            Ok(())
        });
        self.costs[plugin] += PluginCost { turns: 0, facts: batch.len() as u64, time: begun.elapsed() };
        answered
    }

    /// Asks a plugin about a batch. `settle` takes an answered candidate, by its numbers in the call and in the batch, or says why its
    /// answer is not allowed. All candidates on which the plugin failed are added to `faults`.
    fn run(
        &mut self,
        plugin: usize,
        question: Question<'_>,
        faults: &mut Vec<Fault>,
        mut settle: impl FnMut(&Answers, usize, usize) -> Result<(), String>,
    ) -> Result<(), HostError> {
        let candidates = question.batch.len();
        let mut range = self.call_sizes[plugin].next(0, candidates);
        while !range.is_empty() {
            if let Some(is_late) = self.ask(plugin, question, &range, faults, &mut settle)? {
                let before = faults.len();
                for candidate in range.clone() {
                    self.ask(plugin, question, &(candidate..candidate + 1), faults, &mut settle)?;
                }
                if is_late && faults.len() == before {
                    self.call_sizes[plugin].shrink(self.plugins[plugin].name(), range.len());
                }
            }
            range = self.call_sizes[plugin].next(range.end, candidates);
        }
        Ok(())
    }

    /// Asks about the candidates in `range` at once, and shows the plugin no others. Where the call fails and there are several, they
    /// are to be asked about one by one: then this returns whether the plugin did not answer in time.
    fn ask(
        &mut self,
        plugin: usize,
        question: Question<'_>,
        range: &Range<usize>,
        faults: &mut Vec<Fault>,
        settle: &mut impl FnMut(&Answers, usize, usize) -> Result<(), String>,
    ) -> Result<Option<bool>, HostError> {
        let loaded = &self.plugins[plugin];
        let wants_notes = self.notes.is_some();
        let busy = self.activity.enter(loaded.tag, PluginWork::Batch(range.len() as u32));
        let part = if range.len() == question.batch.len() {
            question
        } else {
            Question {
                batch: self.part.cut_out(question.batch, range.clone()),
                earlier: self.part_earlier.cut_out(question.earlier, range),
                ..question
            }
        };
        let called = self.own[plugin].call(loaded, part, wants_notes, &mut self.answers);
        drop(busy);
        let mut fault = |candidate: usize, message| {
            let id = question.batch.id(candidate);
            let fault = Fault { plugin: loaded.name().into(), candidate, id, message };
            let counted = loaded.count(&fault);
            faults.push(fault);
            counted
        };
        match called {
            Ok(notes) => {
                if wants_notes {
                    // A plugin may say any number.
                    let known = notes.into_iter().filter(|(number, _)| (*number as usize) < range.len());
                    self.new_notes.extend(known.map(|(number, text)| (range.start + number as usize, text)));
                }
                for (number, candidate) in range.clone().enumerate() {
                    settle(&self.answers, number, candidate).or_else(|message| fault(candidate, message))?;
                }
            }
            Err(CallError::Fault(message) | CallError::Late(message)) if range.len() == 1 => {
                fault(range.start, message)?;
            }
            Err(CallError::Fault(_)) => return Ok(Some(false)),
            Err(CallError::Late(_)) => return Ok(Some(true)),
            Err(CallError::Stop(error)) => return Err(error),
        }
        Ok(None)
    }
}

impl Drop for Session<'_> {
    /// Lets each plugin end in its own name.
    fn drop(&mut self) {
        for (plugin, own) in self.plugins.iter().zip(&mut self.own) {
            let _ending = self.activity.enter(plugin.tag, PluginWork::Ending);
            *own = SessionInstance::Shared;
        }
    }
}
