//! A classifier behind its table of C functions, and what it says of one turn.

use std::ffi::c_void;
use std::marker::PhantomData;
use std::ops::Range;

use rejoinder_core::{Category, Verdict};
use rejoinder_plugin_abi::{self as abi, PROBS, Str, route, status};

use super::columns::QuestionColumns;
use crate::candidate::verdict_of;
use crate::fact::FactKind;
use crate::{Classifier, Fact, Route, vtable};

/// One classifier behind its table of C functions.
pub struct Harness<C: Classifier> {
    plugin: abi::Plugin,
    state: *mut abi::State,
    classifier: PhantomData<C>,
}

/// A turn to ask a classifier about.
#[derive(Clone, Debug, Default)]
pub struct Question<'q> {
    /// The messages, each `U: `, `A: `, `S: ` or `T: ` and the text; the last is the user's, and judged.
    pub dialogue: &'q [&'q str],
    /// The rules that hit: index into the harness's rules, and the bytes of the turn.
    pub hits: &'q [(u32, Range<u32>)],
    /// What the rules think, as log-odds.
    pub prior: f32,
    /// The language of the conversation as a code of ISO 639, such as `en`; empty: not determined.
    pub language: &'q str,
    /// The metadata columns of the record, names and values; a classifier that does not want them gets none.
    pub columns: &'q [(&'q str, &'q str)],
    /// When the messages were written, in their order, in milliseconds since the beginning of 1970 in UTC; unknown of those
    /// that have none here.
    pub times: &'q [i64],
}

/// A rule in force, as a hit shows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rule {
    /// Its id, such as `en.thanks.plain`.
    pub id: &'static str,
    /// The category that it gives a turn.
    pub category: Option<Category>,
    /// What a hit of it leads to.
    pub route: Route,
}

impl From<&'static str> for Rule {
    /// A rule of no category, that escalates.
    fn from(id: &'static str) -> Self {
        Self { id, category: None, route: Route::Escalate }
    }
}

/// The value of a fact.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum FactValue {
    /// Of a number.
    Number(f64),
    /// Of a truth.
    Truth(bool),
    /// Of a word.
    Word(&'static str),
}

/// What a classifier said.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    /// The verdict.
    pub verdict: Verdict,
    /// P(feedback), if given.
    pub score: Option<f32>,
    /// Probabilities of none, UR1, …, UR5, if given.
    pub probs: Option<[f32; PROBS]>,
    /// One of the classifier's reasons, or empty.
    pub reason: &'static str,
    /// What it noted for `rejoinder explain`.
    pub note: String,
}

impl<C: Classifier> Harness<C> {
    /// Makes the classifier from its configuration, a JSON object.
    ///
    /// # Errors
    /// What the classifier says of the configuration.
    pub fn new(config: &str) -> Result<Self, String> {
        Self::with_rules::<Rule>(config, &[])
    }

    /// As [`Self::new`], in an engine with these rules in force.
    ///
    /// # Errors
    /// As there.
    pub fn with_rules<R: Into<Rule> + Copy>(config: &str, rules: &[R]) -> Result<Self, String> {
        let plugin = vtable::<C>();
        let mut state = std::ptr::null_mut();
        let create = plugin.create.expect("the table is complete");
        // A plugin may keep what the host shows it until the process ends.
        let rules: *mut Vec<Rule> = Box::leak(Box::new(rules.iter().map(|rule| (*rule).into()).collect()));
        let host = Box::leak(Box::new(abi::Host {
            struct_size: size_of::<abi::Host>() as u32,
            abi_major: abi::MAJOR,
            abi_minor: abi::MINOR,
            ctx: rules.cast(),
            log,
            rule_name,
            rule_category,
            rule_route,
        }));
        // SAFETY: the host's services were leaked, and all else outlives the call.
        call(|error| unsafe { create(host, Str::borrowed(config), &raw mut state, error) })?;
        Ok(Self { plugin, state, classifier: PhantomData })
    }

    /// Classifies the last message of a dialogue written as in rule tests: `U:`, `A:`, `S:` or `T:`, then the text.
    ///
    /// # Errors
    /// The classifier failed or panicked; the text says how.
    ///
    /// # Panics
    /// If a line has no such prefix, or the last message is not the user's.
    pub fn classify(&self, dialogue: &[&str]) -> Result<Answer, String> {
        self.ask(&Question { dialogue, ..Question::default() })
    }

    /// As [`Self::classify`], with the rules' opinion.
    ///
    /// # Errors
    /// As there.
    ///
    /// # Panics
    /// As there; or the classifier gives facts alone.
    pub fn ask(&self, question: &Question<'_>) -> Result<Answer, String> {
        let columns = QuestionColumns::of(question, C::WANTS_COLUMNS);
        let batch = columns.batch();
        let (mut verdict, mut category, mut reason) = (0, 0, 0_u16);
        let (mut score, mut probs, mut noted) = (f32::NAN, [f32::NAN; PROBS], String::new());
        let mut output = abi::Output {
            struct_size: size_of::<abi::Output>() as u32,
            n: 1,
            verdict: &raw mut verdict,
            category: &raw mut category,
            reason: &raw mut reason,
            score: &raw mut score,
            probs: probs.as_mut_ptr(),
            note_ctx: (&raw mut noted).cast(),
            note: Some(note),
        };
        let classify = self.plugin.classify_batch.expect("the classifier votes or scores");
        // SAFETY: the state is alive, and every column outlives the call.
        call(|error| unsafe { classify(self.state, &raw const batch, &raw mut output, error) })?;
        Ok(Answer {
            verdict: verdict_of(verdict, category),
            score: Some(score).filter(|s| !s.is_nan()),
            probs: Some(probs).filter(|p| !p[0].is_nan()),
            reason: (reason as usize).checked_sub(1).map_or("", |index| C::REASONS[index]),
            note: noted,
        })
    }

    /// What the classifier knows of the last message of a dialogue: the facts that it has set, in the order of
    /// [`Classifier::FACTS`], with their names.
    ///
    /// # Errors
    /// The classifier failed or panicked, or a number lies out of its range; the text says how.
    ///
    /// # Panics
    /// As [`Self::classify`]; or the classifier gives no facts.
    pub fn facts(&self, question: &Question<'_>) -> Result<Vec<(&'static str, FactValue)>, String> {
        let question = Question { hits: &[], prior: 0.0, ..question.clone() };
        let columns = QuestionColumns::of(&question, C::WANTS_COLUMNS);
        let batch = columns.batch();
        let mut values = vec![f64::NAN; C::FACTS.len()];
        let facts_batch = self.plugin.facts_batch.expect("the classifier gives facts");
        // SAFETY: the state is alive, every column outlives the call, and there is a value a fact.
        call(|error| unsafe { facts_batch(self.state, &raw const batch, values.as_mut_ptr(), error) })?;
        let known = C::FACTS.iter().zip(values).filter(|(_, value)| !value.is_nan());
        known.map(|(fact, value)| Ok((fact.name, read_fact(fact, value)?))).collect()
    }
}

fn read_fact(fact: &Fact, value: f64) -> Result<FactValue, String> {
    match fact.kind {
        FactKind::Number { least, most } if !(least..=most).contains(&value) => {
            Err(format!("the fact `{}` is {value}, which is not between {least} and {most}", fact.name))
        }
        FactKind::Number { .. } => Ok(FactValue::Number(value)),
        FactKind::Truth => Ok(FactValue::Truth(value == 1.0)),
        FactKind::Word(words) => Ok(FactValue::Word(words[value as usize])),
    }
}

impl<C: Classifier> Drop for Harness<C> {
    fn drop(&mut self) {
        if let Some(destroy) = self.plugin.destroy {
            // SAFETY: the state came from this table's `create` and is used no more.
            unsafe { destroy(self.state) };
        }
    }
}

fn call(function: impl FnOnce(*mut abi::Error) -> abi::Status) -> Result<(), String> {
    let mut buffer = [0; 1024];
    let mut error = abi::Error::over(&mut buffer);
    if function(&raw mut error) == status::OK {
        return Ok(());
    }
    let len = error.len as usize;
    Err(String::from_utf8_lossy(&buffer[..len]).into_owned())
}

unsafe extern "C" fn note(context: *mut c_void, _: u32, text: Str) {
    // SAFETY: the context is the string that `ask` lends for its call; the plugin lends the text.
    unsafe { (*context.cast::<String>()).push_str(text.get().unwrap_or_default()) };
}

unsafe extern "C" fn log(_: *mut c_void, _: i32, message: Str) {
    // SAFETY: the caller lends the message for this call.
    eprintln!("{}", unsafe { message.get() }.unwrap_or_default());
}

/// # Safety
/// The context is the list that `with_rules` leaked.
unsafe fn rule(context: *mut c_void, rule: u32) -> Option<Rule> {
    // SAFETY: the caller's promise; nobody changes the list.
    unsafe { context.cast::<Vec<Rule>>().as_ref() }?.get(rule as usize).copied()
}

unsafe extern "C" fn rule_name(context: *mut c_void, number: u32) -> Str {
    // SAFETY: the context is the harness's.
    Str::from_static(unsafe { rule(context, number) }.map_or("", |rule| rule.id))
}

unsafe extern "C" fn rule_category(context: *mut c_void, number: u32) -> u8 {
    // SAFETY: as above.
    unsafe { rule(context, number) }.and_then(|rule| rule.category).map_or(0, |category| category as u8)
}

unsafe extern "C" fn rule_route(context: *mut c_void, number: u32) -> u8 {
    // SAFETY: as above.
    unsafe { rule(context, number) }.map_or(0, |rule| match rule.route {
        Route::Accept => route::ACCEPT,
        Route::Reject => route::REJECT,
        Route::Escalate => route::ESCALATE,
        Route::Score => route::SCORE,
    })
}
