//! The remark on languages that no rule pack is for.

use rejoinder_scan::reading::ReadDetails;

use super::remark::Remark;
use crate::numbers::{share, thousands};

/// Languages that are named one by one.
const NAMED_LANGUAGES: usize = 8;

/// Later turns in languages that no pack in force is for; `reads` says whether a pack in force is for a language. Where a
/// run has decided about the turns, nothing looked at `not_looked_at` turns.
pub fn languages(
    details: &ReadDetails,
    turns: u64,
    reads: &dyn Fn(&str) -> bool,
    not_looked_at: Option<u64>,
) -> Option<Remark> {
    let mut unread: Vec<(&str, u64)> = details
        .languages
        .iter()
        .filter(|(code, _)| !reads(code))
        .map(|(code, n)| (code.as_str(), *n))
        .collect();
    let count: u64 = unread.iter().map(|(_, n)| n).sum();
    // A few per cent are the detector's own errors, in short turns and code.
    if count * 100 <= turns * 3 || count < 5 {
        return None;
    }
    unread.sort_by_key(|(code, n)| (std::cmp::Reverse(*n), *code));
    let mut named: Vec<String> =
        unread.iter().take(NAMED_LANGUAGES).map(|(code, n)| format!("{code} {}", thousands(*n))).collect();
    if unread.len() > NAMED_LANGUAGES {
        named.push("…".to_owned());
    }
    let what = match not_looked_at {
        Some(0) => "Rules without words, a score or the judge decided about them.".to_owned(),
        Some(n) => format!(
            "{} of them were looked at by nothing: they count as not looked at, not as rejected.",
            thousands(n)
        ),
        None => "A run would count most of them as not looked at.".to_owned(),
    };
    Some(Remark::new(
        "languages",
        format!(
            "{} of {} later turns ({}) are in languages that no rule pack in force is for: {}. {what} \
             `other-languages = \"ask\"` under [rules] lets them wait for a judge that knows the languages; a pack of your own \
             says by `lang = [\"{}\"]` which languages it is for.",
            thousands(count),
            thousands(turns),
            share(count, turns),
            named.join(", "),
            unread[0].0,
        ),
    ))
}
