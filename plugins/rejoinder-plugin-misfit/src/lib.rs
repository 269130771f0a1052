//! A plugin that fails in every way a plugin can fail, for the tests of the engine's host. It is never linked into the program.
//!
//! The first word of a turn says what goes wrong: see [`Misfit`] for what the SDK contains, and `misbehave` for what
//! only a plugin without it can do. Every other turn is rejected with the score 0.25.

use rejoinder_plugin::{BoxError, Candidate, Category, Classifier, Fact, FactValues, Verdict, abi, vtable};

/// The plugin's configuration.
#[derive(Clone, Copy, Debug, Default, serde::Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Crash when started.
    pub crash: bool,
    /// Refuse to start.
    pub refuse: bool,
}

/// `panic`, `quote` (panics with the turn), `score`, `exit`, `print`, and notes on every turn.
#[derive(Clone, Copy, Debug)]
pub struct Misfit;

impl Classifier for Misfit {
    const NAME: &'static str = "misfit";
    const VERSION: &'static str = env!("CARGO_PKG_VERSION");
    const ABOUT: &'static str = "fails in every way a plugin can; for tests";
    const REASONS: &'static [&'static str] = &["nothing went wrong"];
    const CONFIG_SCHEMA: &'static str = r#"{"type": "object", "additionalProperties": false, "properties": {"crash": {"type": "boolean"}, "refuse": {"type": "boolean"}}}"#;
    const FACTS: &'static [Fact] = &[
        Fact::number("bytes", "bytes of the turn", 0.0..=1000.0),
        Fact::truth("question", "whether the turn asks something"),
        Fact::word("mood", "how the turn begins", &["calm", "wild"]),
    ];
    type Config = Config;

    fn new(config: Config) -> Result<Self, BoxError> {
        if config.crash {
            std::process::abort();
        }
        if config.refuse { Err("it does not feel like it".into()) } else { Ok(Self) }
    }

    /// A turn of no bytes has no mood; one of more than a thousand is out of range; `mute` is a mistake.
    fn facts(&self, candidate: Candidate<'_>, facts: &mut FactValues<'_>) {
        let turn = candidate.target().text();
        facts.number("bytes", turn.len() as f64);
        facts.truth("question", turn.ends_with('?'));
        match turn.split_whitespace().next() {
            None => {}
            Some("panic") => panic!("as turn {} told me", candidate.id()),
            Some("abort") => std::process::abort(),
            Some("mute") => facts.word("mood", "mute"),
            Some(word) => facts.word("mood", if word == "WILD" { "wild" } else { "calm" }),
        }
    }

    fn classify(&self, candidate: Candidate<'_>) -> Verdict {
        let turn = candidate.target().text();
        candidate.note(|| format!("{} bytes", turn.len()));
        match turn.split_whitespace().next() {
            Some("panic") => panic!("as turn {} told me", candidate.id()),
            Some("quote") => panic!("{turn}"),
            Some("score") => Verdict::accept(Category::Ur5).with_score(1.5),
            Some("exit") => std::process::exit(0),
            Some("print") => {
                println!("a plugin has no business with standard output");
                Verdict::abstain()
            }
            _ => Verdict::reject().with_score(0.25).because("nothing went wrong"),
        }
    }
}

/// The plugin's table.
pub static PLUGIN: abi::Plugin = abi::Plugin { classify_batch: Some(misbehave), ..vtable::<Misfit>() };

/// `segfault`, `abort`, `hang`, `lie` (about the length of its message, and with the number of a reason that it does not
/// have) and `garbage` (in every output). All else is [`Misfit`]'s.
unsafe extern "C" fn misbehave(
    state: *mut abi::State,
    batch: *const abi::Batch,
    out: *mut abi::Output,
    error: *mut abi::Error,
) -> abi::Status {
    // SAFETY: the host passes a batch and columns of its length; where this breaks the rules, that is what it is for.
    unsafe {
        let classify = vtable::<Misfit>().classify_batch.expect("the table is complete");
        let status = classify(state, batch, out, error);
        let (batch, out) = (&*batch, &*out);
        for i in 0..batch.n as usize {
            match first_word(batch, i) {
                b"segfault" => std::ptr::without_provenance_mut::<u8>(8).write_volatile(1),
                b"abort" => std::process::abort(),
                b"hang" => loop {
                    std::thread::park();
                },
                b"lie" => {
                    (*error).len = u32::MAX;
                    return abi::status::FAILED;
                }
                b"reason" => out.reason.add(i).write(77),
                b"garbage" => {
                    out.verdict.add(i).write(0xA5);
                    out.category.add(i).write(0xA5);
                    out.reason.add(i).write(0xA5A5);
                    out.score.add(i).write(f32::from_bits(0xA5A5_A5A5));
                    out.probs.add(i * abi::PROBS).write_bytes(0xA5, abi::PROBS);
                    if let Some(note) = out.note {
                        note(out.note_ctx, u32::MAX, abi::Str { ptr: [0xFF_u8].as_ptr(), len: 1 });
                    }
                }
                _ => {}
            }
        }
        status
    }
}

/// # Safety
/// The batch has more than `index` candidates.
unsafe fn first_word(batch: &abi::Batch, index: usize) -> &[u8] {
    // SAFETY: the columns are as long as the header says.
    let text = unsafe {
        let bounds = batch.text_off.add(*batch.target.add(index) as usize);
        let (start, end) = (*bounds as usize, *bounds.add(1) as usize);
        std::slice::from_raw_parts(batch.text.add(start), end - start)
    };
    text.split(|byte| *byte == b' ').next().unwrap_or_default()
}

/// # Safety
/// As the header says of an entry.
#[unsafe(export_name = "rejoinder_plugin_misfit")]
unsafe extern "C" fn entry(host: *const abi::Host) -> *const abi::Plugin {
    // SAFETY: the host passes its services, which live until the process ends.
    unsafe { rejoinder_plugin::enter(host, &PLUGIN) }
}
