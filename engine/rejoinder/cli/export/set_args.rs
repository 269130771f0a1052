//! What all exports of training rows are asked for: where the rows go, in what form, and what they must pass.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use rejoinder_export::export::example::ToolPolicy;
use rejoinder_export::export::style::Style;
use rejoinder_export::export::template::ChatTemplate;

use super::OverwriteArgs;
use super::filters::FilterArgs;
use super::redaction::RedactionArgs;
use crate::cli::InputRoot;
use crate::cli::args::OUTPUT;

/// Heading of the flags that say what rows are made.
pub(super) const ROWS: &str = "Rows";

/// The run, and where the rows go.
#[derive(Debug, Args)]
pub(super) struct SetArgs {
    /// The run's folder
    #[arg(value_name = "RUN")]
    pub(super) run: PathBuf,
    #[command(flatten)]
    pub(super) input: InputRoot,
    /// File to write, - for standard output
    ///
    /// [default: named after the export, such as kto.jsonl, in the run's folder]
    #[arg(long, value_name = "FILE", conflicts_with = "dataset", help_heading = OUTPUT)]
    pub(super) out: Option<PathBuf>,
    #[command(flatten)]
    pub(super) overwriting: OverwriteArgs,
    /// Folder of a data set for the hub: rows and a card
    ///
    /// In it are data/train.jsonl, README.md, and rejoinder.json, which says for programs what the card says.
    #[arg(long, value_name = "DIR", help_heading = OUTPUT)]
    pub(super) dataset: Option<PathBuf>,
    /// Licence of the source, as the hub names licences
    #[arg(long, value_name = "ID", requires = "dataset", default_value = "unknown", value_parser = license, help_heading = OUTPUT)]
    pub(super) license: String,
    #[command(flatten)]
    pub(super) redaction: RedactionArgs,
}

fn license(text: &str) -> Result<String, String> {
    match text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._".contains(&b)) && !text.is_empty() {
        true => Ok(text.to_owned()),
        false => Err("expected an identifier of letters, digits, `-` and `.`, such as cc-by-4.0".to_owned()),
    }
}

/// A share that a flag names.
///
/// # Errors
/// If the text is no number from 0 to below 1.
pub(super) fn share(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(share) if (0.0..1.0).contains(&share) => Ok(share),
        _ => Err("expected a share below 1, such as 0.05".to_owned()),
    }
}

/// The form of the rows, and what they must pass.
#[derive(Debug, Args)]
pub(super) struct RowArgs {
    /// Library that the rows are for
    #[arg(long, value_enum, default_value_t = StyleName::Trl, help_heading = ROWS)]
    style: StyleName,
    /// Chat template: chatml, llama3 or mistral
    ///
    /// Axolotl takes KTO rows as text alone.
    #[arg(long, value_name = "NAME", default_value = "chatml", help_heading = ROWS)]
    template: ChatTemplate,
    /// What becomes of rows with calls and results of tools
    #[arg(long, value_enum, default_value_t = ToolsName::Keep, help_heading = ROWS)]
    tools: ToolsName,
    #[command(flatten)]
    pub(super) filters: FilterArgs,
    /// Another seed draws, splits and shuffles otherwise
    #[arg(long, value_name = "N", default_value_t = 0, help_heading = OUTPUT)]
    pub(super) seed: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum StyleName {
    /// TRL: conversational rows
    Trl,
    /// Axolotl
    Axolotl,
    /// LLaMA-Factory
    Llamafactory,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum ToolsName {
    /// They stand in the prompt in the form of the library; what has none there is left out
    Keep,
    /// All such rows are left out
    DropRows,
}

impl RowArgs {
    /// The style that the flags ask for, with its template.
    pub(super) const fn style(&self) -> Style {
        match self.style {
            StyleName::Trl => Style::Trl,
            StyleName::Axolotl => Style::Axolotl(self.template),
            StyleName::Llamafactory => Style::LlamaFactory,
        }
    }

    /// What happens to rows with tools.
    pub(super) const fn tools(&self) -> ToolPolicy {
        match self.tools {
            ToolsName::Keep => ToolPolicy::Keep,
            ToolsName::DropRows => ToolPolicy::DropRows,
        }
    }
}
