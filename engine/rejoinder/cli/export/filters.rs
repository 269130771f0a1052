//! Which filters a training export asks.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use clap::Args;
use rejoinder_core::language::Language;
use rejoinder_export::export::filter::{ColumnCap, Filter, Filters};
use rejoinder_export::export::{BlockedPhrases, HeldOutText};
use rejoinder_read::condition::Condition;

use crate::cli::terminal::remark;
use crate::failure::Failure;

/// Heading of the flags that leave rows out.
pub(super) const FILTERS: &str = "Filters; each says how much it left out";

#[derive(Debug, Args)]
#[command(next_help_heading = FILTERS)]
pub(super) struct FilterArgs {
    /// Only from records whose column KEY is VALUE; repeatable
    ///
    /// Also KEY>NUMBER, KEY<NUMBER, and KEY.KEY inside a column.
    #[arg(long = "where", value_name = "KEY=VALUE")]
    only: Vec<Condition>,
    /// Not from records whose column KEY is VALUE; repeatable
    ///
    /// Such as toxic=true or openai_moderation.flagged=true.
    #[arg(long, value_name = "KEY=VALUE")]
    except: Vec<Condition>,
    /// Nothing that holds a phrase of this file; repeatable
    ///
    /// One phrase a line.
    #[arg(long, value_name = "FILE")]
    block: Vec<PathBuf>,
    /// No answers that decline to do what was asked
    #[arg(long)]
    no_refusals: bool,
    /// Only dialogues whose user writes in these languages
    ///
    /// ISO 639-1 codes.
    #[arg(long, value_name = "CODES", value_delimiter = ',')]
    lang: Vec<Language>,
    /// Prompt and answer together have at most so many characters
    #[arg(long, value_name = "N")]
    max_chars: Option<usize>,
    /// The answer has at least so many characters
    #[arg(long, value_name = "N")]
    min_answer_chars: Option<usize>,
    /// Nothing that shares a run of words with this file
    ///
    /// Text, or JSON lines, such as a benchmark's questions. May be repeated.
    #[arg(long, value_name = "FILE")]
    held_out: Vec<PathBuf>,
    /// Words in such a run
    ///
    /// Shorter texts count as a whole, from 5 words on.
    #[arg(long, value_name = "N", default_value_t = 13, value_parser = clap::value_parser!(u16).range(5..))]
    ngram: u16,
    /// Keep rows that say the same
    #[arg(long)]
    keep_duplicates: bool,
    /// At most N rows for each value of a column; repeatable
    ///
    /// The first ones, such as model=5000 or hashed_ip=20.
    #[arg(long, value_name = "KEY=N", value_parser = cap)]
    cap: Vec<(String, u64)>,
}

fn cap(text: &str) -> Result<(String, u64), String> {
    let expected = || "expected KEY=N, such as model=5000".to_owned();
    let (column, most) =
        text.rsplit_once('=').filter(|(column, _)| !column.is_empty()).ok_or_else(expected)?;
    Ok((column.to_owned(), most.parse().map_err(|_| expected())?))
}

/// The filters that the flags ask for, cheap filters first, and filters that count earlier rows last.
///
/// # Errors
/// If a file of phrases or of texts cannot be used.
pub(super) fn filters(args: &FilterArgs) -> Result<Filters, Failure> {
    let mut filters = Filters::default();
    args.only.iter().cloned().map(Filter::Where).for_each(|filter| filters.add(filter));
    args.except.iter().cloned().map(Filter::Except).for_each(|filter| filters.add(filter));
    if args.no_refusals {
        filters.add(Filter::Refusals);
    }
    if !args.lang.is_empty() {
        filters.add(Filter::Languages(args.lang.clone()));
    }
    args.max_chars.map(Filter::MaxChars).into_iter().for_each(|filter| filters.add(filter));
    args.min_answer_chars.map(Filter::MinAnswerChars).into_iter().for_each(|filter| filters.add(filter));
    for file in &args.block {
        let phrases = BlockedPhrases::new(&read(file)?).map_err(|why| unusable(file, &why))?;
        filters.add(Filter::Phrases(phrases));
    }
    for file in &args.held_out {
        let overlap =
            HeldOutText::new(&read(file)?, usize::from(args.ngram)).map_err(|why| unusable(file, &why))?;
        if overlap.ignored() > 0 {
            remark(&format!(
                "{}: {} texts are too short to be looked for",
                file.display(),
                overlap.ignored()
            ));
        }
        filters.add(Filter::Overlap(overlap));
    }
    if !args.keep_duplicates {
        filters.add(Filter::Duplicates(HashSet::new()));
    }
    for (column, most) in &args.cap {
        filters.add(Filter::Cap(ColumnCap::new(column, *most)));
    }
    Ok(filters)
}

fn read(file: &Path) -> Result<String, Failure> {
    std::fs::read_to_string(file).map_err(|e| Failure::usage(format!("cannot read {}: {e}", file.display())))
}

fn unusable(file: &Path, why: &dyn std::fmt::Display) -> Failure {
    Failure::usage(format!("{} cannot be used: {why}", file.display()))
}
