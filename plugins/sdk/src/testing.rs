//! Tests of a classifier through the border, as the engine will call it.

use std::ffi::c_void;
use std::fmt::Write as _;
use std::marker::PhantomData;
use std::ops::Range;

use rejoinder_plugin_abi::{self as abi, PROBS, Str, status};
use rejoinder_vocabulary::case::{Cases, message};
use rejoinder_vocabulary::{Role, Verdict};

use crate::candidate::verdict_of;
use crate::{Classifier, vtable};

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
        Self::with_rules(config, &[])
    }

    /// As [`Self::new`], in an engine with these rules in force.
    ///
    /// # Errors
    /// As there.
    pub fn with_rules(config: &str, rules: &[&'static str]) -> Result<Self, String> {
        let plugin = vtable::<C>();
        let mut state = std::ptr::null_mut();
        let create = plugin.create.expect("the table is complete");
        // A plugin may keep what the host shows it until the process ends.
        let rules: *mut Vec<&'static str> = Box::leak(Box::new(rules.to_vec()));
        let host = Box::leak(Box::new(abi::Host {
            struct_size: size_of::<abi::Host>() as u32,
            abi_major: abi::MAJOR,
            abi_minor: abi::MINOR,
            ctx: rules.cast(),
            log,
            rule_name,
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
    /// As there.
    pub fn ask(&self, question: &Question<'_>) -> Result<Answer, String> {
        let (mut text, mut text_off, mut roles) = (String::new(), vec![0], Vec::new());
        for line in question.dialogue {
            let (role, said) = message(line).unwrap_or_else(|why| panic!("{why}"));
            roles.push(role as u8);
            text.push_str(said);
            text_off.push(text.len() as u32);
        }
        assert_eq!(roles.last(), Some(&(Role::User as u8)), "the last message is the user's");
        let hits: Vec<abi::Hit> = question
            .hits
            .iter()
            .map(|(rule, span)| abi::Hit { rule: *rule, start: span.start, end: span.end })
            .collect();
        let (first, target, id, prior) = (0, roles.len() as u32 - 1, 0, question.prior);
        let hit_off = [0, hits.len() as u32];
        let batch = abi::Batch {
            struct_size: size_of::<abi::Batch>() as u32,
            n: 1,
            n_messages: roles.len() as u32,
            n_hits: hits.len() as u32,
            n_earlier: 0,
            reserved: 0,
            text: text.as_ptr(),
            text_off: text_off.as_ptr(),
            role: roles.as_ptr(),
            first: &raw const first,
            target: &raw const target,
            id: &raw const id,
            prior: &raw const prior,
            hit_off: hit_off.as_ptr(),
            hits: hits.as_ptr(),
            earlier_verdict: std::ptr::null(),
            earlier_category: std::ptr::null(),
            earlier_score: std::ptr::null(),
        };
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
        let classify = self.plugin.classify_batch.expect("the table is complete");
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
}

/// Runs the cases of a TOML file, as `rejoinder plugin check` will: `config = { … }` and
///
/// ```toml
/// [[case]]
/// dialogue = ["U: sort this list", "A: [1, 2, 3]", "U: thanks"]
/// rules = ["en.thanks"]                               # may be left out: those that match the whole last turn
/// expect = { verdict = "accept", category = "UR5" }   # also: reason, min-score, max-score
/// ```
///
/// # Panics
/// If the file cannot be read, the classifier does not accept the configuration, or a case comes out otherwise; with
/// all cases that do.
pub fn check_cases<C: Classifier>(toml: &str) {
    let cases: Cases = toml::from_str(toml).unwrap_or_else(|e| panic!("the cases cannot be read: {e}"));
    let config = serde_json::Value::Object(cases.config.clone()).to_string();
    let rules = cases.rules();
    // A plugin may keep what the host shows it until the process ends.
    let names: Vec<&'static str> = rules.iter().map(|id| &*id.clone().leak()).collect();
    let harness =
        Harness::<C>::with_rules(&config, &names).unwrap_or_else(|e| panic!("the classifier says: {e}"));
    assert!(!cases.cases.is_empty(), "there is no [[case]]");
    let mut failures = String::new();
    for case in &cases.cases {
        let dialogue: Vec<&str> = case.dialogue.iter().map(String::as_str).collect();
        let outcome = case.messages().map_err(String::from).and_then(|messages| {
            let end = messages.last().map_or(0, |(_, turn)| turn.len() as u32);
            let hits: Vec<_> = case.hits(&rules).map(|rule| (rule, 0..end)).collect();
            harness.ask(&Question { dialogue: &dialogue, hits: &hits, ..Question::default() })
        });
        let wrong =
            outcome.map_or_else(Some, |answer| case.difference(answer.verdict, answer.score, answer.reason));
        if let Some(wrong) = wrong {
            let _ = writeln!(failures, "{dialogue:?}: {wrong}");
        }
    }
    assert!(failures.is_empty(), "these cases come out otherwise:\n{failures}");
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

unsafe extern "C" fn rule_name(context: *mut c_void, rule: u32) -> Str {
    // SAFETY: the context is the list that `with_rules` leaked; nobody changes it.
    let rules = unsafe { context.cast::<Vec<&'static str>>().as_ref() };
    Str::from_static(rules.and_then(|rules| rules.get(rule as usize)).copied().unwrap_or(""))
}
