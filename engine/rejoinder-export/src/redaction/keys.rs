//! Passwords, tokens and private keys, by the forms that their makers give them, or by the words before them.

use std::ops::Range;
use std::sync::LazyLock;

use regex::{Captures, Regex};

/// How much of a match must look drawn at random.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Proof {
    /// Nothing: the form is proof enough.
    Form,
    /// The part must hold digits and letters, and few characters twice.
    Random,
    /// The part must be no word of a program, and no example.
    Secret,
    /// The part must hold digits and letters, and be no example.
    Mixed,
}

/// A form of keys; the key is the first group of the regex that took part, or the whole match.
struct KeyForm {
    regex: Regex,
    proof: Proof,
}

/// Forms of keys, the longer ones first.
const FORMS: [(&str, Proof); 15] = [
    // Private keys, as text; also where the end is cut off.
    (
        r"-----BEGIN [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----[^-]*(?:-----END [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----)?",
        Proof::Form,
    ),
    // JSON Web Tokens.
    (r"\beyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}", Proof::Form),
    // GitHub, GitLab, npm, PyPI, Hugging Face, DigitalOcean, Databricks, Shopify, Replicate, Notion, Linear.
    (
        r"\b(?:gh[pousr]_[A-Za-z0-9]{30,}|github_pat_[A-Za-z0-9_]{40,}|gl(?:pat|ptt|oas|soat|dt|rt|rtr|cbt|ft|imt|agent|ffct|wt)-[A-Za-z0-9_-]{20,}|npm_[A-Za-z0-9]{30,}|pypi-[A-Za-z0-9_-]{40,}|hf_[A-Za-z0-9]{30,}|do[opr]_v1_[0-9a-f]{60,}|dapi[0-9a-f]{32}|shp(?:at|ca|pa|ss)_[0-9A-Fa-f]{32}|r8_[A-Za-z0-9]{30,}|ntn_[A-Za-z0-9]{40,}|lin_api_[A-Za-z0-9]{30,})",
        Proof::Form,
    ),
    // AWS, Google, Azure.
    (
        r"\b(?:AKIA|ASIA|ABIA|ACCA)[A-Z2-7]{16}\b|\bAIza[A-Za-z0-9_-]{30,}|\bya29\.[A-Za-z0-9_-]{20,}|\bGOCSPX-[A-Za-z0-9_-]{20,}|AccountKey=([A-Za-z0-9+/]{40,}={0,2})|SharedAccessKey=([A-Za-z0-9+/]{40,}={0,2})",
        Proof::Form,
    ),
    // Slack, Stripe, SendGrid, Mailgun, Twilio, Telegram, Discord.
    (
        r"\bxox[a-z]-[A-Za-z0-9-]{20,}|hooks\.slack\.com/services/([A-Z0-9]+/[A-Z0-9]+/[A-Za-z0-9]+)|\b[rsp]k_(?:live|test)_[A-Za-z0-9]{16,}|\bwhsec_[A-Za-z0-9+/]{20,}|\bSG\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,}|\bkey-[0-9a-f]{32}\b|\bSK[0-9a-f]{32}\b|\b[0-9]{8,10}:AA[A-Za-z0-9_-]{30,}|\b[MNO][A-Za-z0-9_-]{22,27}\.[A-Za-z0-9_-]{6}\.[A-Za-z0-9_-]{27,}",
        Proof::Form,
    ),
    // OpenAI, Anthropic, OpenRouter, Groq, xAI, Perplexity: words may be written so, too.
    (r"\b(?:sk|gsk|xai|pplx|fw|r1|tgp)[-_](?:[a-z]+[0-9]*-){0,3}[A-Za-z0-9_-]{20,}", Proof::Random),
    // The password of an address.
    (r"\b[A-Za-z][A-Za-z0-9+.-]*://[^\s/:@]*:([^\s/:@]{3,})@", Proof::Secret),
    (r"(?i)\b(?:bearer|basic|token|apikey)[ \t]+([A-Za-z0-9._~+/-]{20,}={0,2})", Proof::Random),
    (r"(?i)\bbasic[ \t]+([A-Za-z0-9+/]{16,}={0,2})", Proof::Random),
    (r#"[ \t](?:-u|--user)[ \t=]+['"]?[^\s:'"]{1,64}:([^\s'"]{4,})"#, Proof::Secret),
    (
        r#"(?i)(?:\bpass|passw(?:or)?d|passphrase|passwort|kennwort|\bpwd)["'`]?[ \t]*(?::=|=>|=|:)[ \t]*([^\s"'`,;<>(){}\[\]]{6,})"#,
        Proof::Mixed,
    ),
    // What is set, in quotes or without.
    (
        r#"(?i)(?:passw(?:or)?d|passphrase|passwort|kennwort|contraseña|mot de passe|secret|token|api[_ -]?key|access[_ -]?key|private[_ -]?key|auth[_ -]?key|credentials?|\bpwd)(?:[_-]?(?:key|secret|token|value|hash|[0-9]{1,2}))?["'`]?[ \t]*(?::=|=>|=|:)[ \t]*"([^"\s]{6,})""#,
        Proof::Secret,
    ),
    (
        r#"(?i)(?:passw(?:or)?d|passphrase|passwort|kennwort|contraseña|mot de passe|secret|token|api[_ -]?key|access[_ -]?key|private[_ -]?key|auth[_ -]?key|credentials?|\bpwd)(?:[_-]?(?:key|secret|token|value|hash|[0-9]{1,2}))?["'`]?[ \t]*(?::=|=>|=|:)[ \t]*['`]([^'`\s]{6,})['`]"#,
        Proof::Secret,
    ),
    (
        r#"(?i)(?:passw(?:or)?d|passphrase|passwort|kennwort|secret|token|api[_ -]?key|access[_ -]?key|private[_ -]?key|auth[_ -]?key|\bpwd)(?:[_-]?(?:key|secret|token|value|hash|[0-9]{1,2}))?["'`]?[ \t]*(?::=|=>|=|:| is )[ \t]*([A-Za-z0-9+/_.~!@#$%^&*-]{8,}={0,2})"#,
        Proof::Random,
    ),
    // A secret of AWS has no prefix, but a length of its own.
    (r"(?i)aws[a-z_ ]*secret[a-z_ ]*[^A-Za-z0-9+/]{1,8}([A-Za-z0-9+/]{40})\b", Proof::Random),
];

static KEYS: LazyLock<Vec<KeyForm>> = LazyLock::new(|| {
    let form = |(regex, proof): &(&str, Proof)| KeyForm {
        // Where no spaces stand between words, a letter of another script may stand before a key.
        regex: Regex::new(&regex.replace(r"\b", r"(?-u:\b)")).expect("a regex that was tried"),
        proof: *proof,
    };
    FORMS.iter().map(form).collect()
});

/// Words that stand where a secret would, in programs and in what explains them.
static STAND_IN: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)^(?:[*x•.…_-]+|.*(?:your|example|placeholder|changeme|change[_-]me|insert|replace|redacted|dummy|sample|here\b).*|(?:my|the|a|an|some|new|old|user|test)?[_-]?(?:pass(?:word|wd|phrase)?|secret|token|key|api[_-]?key)[a-z_]*[0-9]{0,3}|string|none|null|true|false|undefined)$|[<>{}$()\[\]]|^[a-z]+://|^/|^process\.|^os\.|^self\.|^request|^config|^env")
        .expect("a regex that was tried")
});

/// The places of keys in a text.
pub(super) fn find(text: &str) -> impl Iterator<Item = Range<usize>> {
    KEYS.iter().flat_map(move |form| {
        form.regex.captures_iter(text).filter_map(move |captures| {
            let found = key_of(&captures);
            let written = &text[found.clone()];
            let is_key = match form.proof {
                Proof::Form => true,
                Proof::Random => looks_random(written) && !STAND_IN.is_match(written),
                Proof::Mixed => is_mixed(written) && !STAND_IN.is_match(written),
                Proof::Secret => !is_program(written) && !STAND_IN.is_match(written),
            };
            is_key.then_some(found)
        })
    })
}

/// The first group that took part, or the whole match.
fn key_of(captures: &Captures<'_>) -> Range<usize> {
    let group = captures.iter().skip(1).flatten().next();
    group.or_else(|| captures.get(0)).map_or(0..0, |found| found.range())
}

/// Whether a text is a name or a call as programs have them: letters of one case and dots or underscores.
fn is_program(text: &str) -> bool {
    let has_digit = text.contains(|c: char| c.is_ascii_digit());
    let has_mark = text.contains(|c: char| c.is_ascii_punctuation() && !matches!(c, '_' | '.' | '-'));
    let has_both = text.contains(char::is_uppercase) && text.contains(char::is_lowercase);
    !has_digit && !has_mark && (!has_both || text.contains(['_', '.', '-']))
}

/// Whether a text holds digits and letters.
fn is_mixed(text: &str) -> bool {
    text.contains(|c: char| c.is_ascii_digit()) && text.contains(char::is_alphabetic)
}

/// Whether a text looks as if it was drawn at random: digits among letters, no long word, and not the same again and again.
fn looks_random(text: &str) -> bool {
    let of_kind = |is: fn(&char) -> bool| text.chars().filter(is).count();
    let digits = of_kind(char::is_ascii_digit);
    let letters = of_kind(char::is_ascii_alphabetic);
    let mut different: Vec<char> = text.chars().collect();
    let length = different.len();
    different.sort_unstable();
    different.dedup();
    digits >= 2 && letters >= 3 && different.len() * 3 >= length.min(24)
}
