//! Tests of a classifier through the border, as the engine will call it.

use std::ffi::c_void;
use std::marker::PhantomData;

use rejoinder_core::Vote;
use rejoinder_plugin_abi::{self as abi, PROBS, Str, role, status};

use crate::candidate::verdict_of;
use crate::{Classifier, vtable};

/// One classifier behind its table of C functions.
pub struct Harness<C: Classifier> {
    plugin: abi::Plugin,
    state: *mut abi::State,
    classifier: PhantomData<C>,
}

impl<C: Classifier> Harness<C> {
    /// Makes the classifier from its configuration, a JSON object.
    ///
    /// # Errors
    /// What the classifier says of the configuration.
    pub fn new(config: &str) -> Result<Self, String> {
        let plugin = vtable::<C>();
        let mut state = std::ptr::null_mut();
        let create = plugin.create.expect("the table is complete");
        // SAFETY: the host's services are a static, and all else outlives the call.
        call(|error| unsafe { create(&raw const HOST, Str::borrowed(config), &raw mut state, error) })?;
        Ok(Self { plugin, state, classifier: PhantomData })
    }

    /// Classifies the last message of a dialogue written as in rule tests: `U:`, `A:`, `S:` or `T:`, then the text.
    ///
    /// # Errors
    /// The classifier failed or panicked; the text says how.
    ///
    /// # Panics
    /// If a line has no such prefix, or the last message is not the user's.
    pub fn classify(&self, dialogue: &[&str]) -> Result<Vote, String> {
        let (mut text, mut text_off, mut roles) = (String::new(), vec![0], Vec::new());
        for line in dialogue {
            let (who, said) = line.split_once(':').expect("a line begins with U:, A:, S: or T:");
            roles.push(match who {
                "U" => role::USER,
                "A" => role::ASSISTANT,
                "S" => role::SYSTEM,
                "T" => role::TOOL,
                _ => panic!("a line begins with U:, A:, S: or T:, not `{who}:`"),
            });
            text.push_str(said.strip_prefix(' ').unwrap_or(said));
            text_off.push(text.len() as u32);
        }
        assert_eq!(roles.last(), Some(&role::USER), "the last message is the user's");
        let (first, target, id, prior, hit_off) = (0, roles.len() as u32 - 1, 0, 0.0, [0, 0]);
        let batch = abi::Batch {
            struct_size: size_of::<abi::Batch>() as u32,
            n: 1,
            n_messages: roles.len() as u32,
            n_hits: 0,
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
            hits: std::ptr::null(),
            earlier_verdict: std::ptr::null(),
            earlier_category: std::ptr::null(),
            earlier_score: std::ptr::null(),
        };
        let (mut verdict, mut category, mut score, mut probs) = (0, 0, f32::NAN, [f32::NAN; PROBS]);
        let mut output = abi::Output {
            struct_size: size_of::<abi::Output>() as u32,
            n: 1,
            verdict: &raw mut verdict,
            category: &raw mut category,
            score: &raw mut score,
            probs: probs.as_mut_ptr(),
        };
        let classify = self.plugin.classify_batch.expect("the table is complete");
        // SAFETY: the state is alive, and every column outlives the call.
        call(|error| unsafe { classify(self.state, &raw const batch, &raw mut output, error) })?;
        Ok(Vote {
            verdict: verdict_of(verdict, category),
            score: Some(score).filter(|s| !s.is_nan()),
            probs: Some(probs).filter(|p| !p[0].is_nan()),
            faulted: false,
        })
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

static HOST: abi::Host = abi::Host {
    struct_size: size_of::<abi::Host>() as u32,
    abi_major: abi::MAJOR,
    abi_minor: abi::MINOR,
    ctx: std::ptr::null_mut(),
    log,
    rule_name,
};

unsafe extern "C" fn log(_: *mut c_void, _: i32, message: Str) {
    // SAFETY: the caller lends the message for this call.
    eprintln!("{}", unsafe { message.get() }.unwrap_or_default());
}

const unsafe extern "C" fn rule_name(_: *mut c_void, _: u32) -> Str {
    Str::from_static("")
}
