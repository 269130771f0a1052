//! `rejoinder export random`: exchanges drawn from the whole corpus, to compare training on feedback with training on as much of
//! anything.

use std::fs::File;
use std::io::BufReader;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use clap::Args;
use rejoinder_export::export::data_set::{DrawFacts, RowOrigin};
use rejoinder_export::export::example::TrainingTask;
use rejoinder_export::export::lengths::LengthMix;
use rejoinder_run::RunDir;
use rejoinder_run::exporting::{ExchangeDrawSize, RandomFiles, RandomRequest};
use serde_json::Value;

use super::check_overwriting;
use super::filters::filters;
use super::hashed::Hashed;
use super::row_export::{RowExport, metadata_file, train_file};
use super::set_args::{RowArgs, SetArgs, share};
use crate::cli::args::{DRAW, OUTPUT};
use crate::cli::find_input;
use crate::cli::terminal::remark;
use crate::failure::{Exit, Failure};
use rejoinder_report::numbers::counted;

#[derive(Debug, Args)]
pub(super) struct RandomArgs {
    #[command(flatten)]
    set: SetArgs,
    /// So many exchanges
    #[arg(long, value_name = "N", required_unless_present = "like", conflicts_with = "like", help_heading = DRAW)]
    rows: Option<NonZeroUsize>,
    /// As many exchanges as this set has rows, and as long
    ///
    /// A folder that --dataset wrote, or a file of rows for TRL. Answers are as long within a factor of 2, prompts within a factor of 4.
    #[arg(long, value_name = "SET", help_heading = DRAW)]
    like: Option<PathBuf>,
    /// Nothing that other exports hold out with this share
    ///
    /// With the same seed, all exports hold out the same conversations.
    #[arg(long, value_name = "SHARE", value_parser = share, help_heading = OUTPUT)]
    validation: Option<f64>,
    #[command(flatten)]
    form: RowArgs,
}

pub(super) fn main(args: &RandomArgs) -> Result<Exit, Failure> {
    args.set.out.iter().try_for_each(|path| check_overwriting(&args.set.overwriting, path))?;
    let run = find_input(&args.set.input, RunDir::open(&args.set.run)?.whole()?)?;
    let (size, like_sha256) = size(args)?;
    let (style, seed, validation) = (args.form.style(), args.form.seed, args.validation.unwrap_or(0.0));
    let filters = filters(&args.form.filters)?;
    let request = RandomRequest { size, filters, style, tools: args.form.tools(), validation, seed };
    let RandomFiles { files, draw } = RandomFiles::of(&run, request)?;
    let files = args.set.redaction.out_of(files);
    let draw = DrawFacts { like_sha256, ..draw };
    let told = format!(
        "{} of {}, drawn and shuffled with seed {seed}",
        counted(files.train.len() as u64, "row"),
        counted(draw.pool, "exchange")
    );
    let export = RowExport {
        run: &run,
        args: &args.set,
        task: TrainingTask::Sft,
        origin: RowOrigin::Draw,
        style,
        choice: None,
        draw: Some(&draw),
        validation: args.validation,
        seed,
        files: &files,
    };
    export.write(&[told])
}

/// How many exchanges are drawn and how long they are, and the SHA-256 of the file that says so.
fn size(args: &RandomArgs) -> Result<(ExchangeDrawSize, Option<String>), Failure> {
    let Some(set) = &args.like else {
        return Ok((ExchangeDrawSize::Rows(args.rows.map_or(0, NonZeroUsize::get)), None));
    };
    let file = train_file(set);
    let unusable = |why: &dyn std::fmt::Display| {
        Failure::usage(format!("invalid value '{}' for '--like <SET>': {why}", set.display()))
    };
    let opened = File::open(&file).map_err(|why| {
        unusable(&format!(
            "cannot read {}: {why}. Give a folder that `export --dataset` wrote, or a file of rows for TRL",
            file.display()
        ))
    })?;
    let mut hashed = Hashed::new(opened);
    let mix = LengthMix::of_rows(BufReader::new(&mut hashed)).map_err(|why| unusable(&why))?;
    remark_other_split(args, set);
    Ok((ExchangeDrawSize::Like(mix), Some(hashed.sha256())))
}

/// Tells that a set holds out other conversations than are left out here.
fn remark_other_split(args: &RandomArgs, set: &Path) {
    let metadata: Option<Value> =
        std::fs::read(metadata_file(set)).ok().and_then(|text| serde_json::from_slice(&text).ok());
    let of_set = |key: &str| metadata.as_ref().map_or(Value::Null, |metadata| metadata[key].clone());
    let (Some(validation), Some(seed)) = (of_set("validation").as_f64(), of_set("seed").as_u64()) else {
        return;
    };
    let is_same = args.form.seed == seed && args.validation.unwrap_or(0.0) == validation;
    if validation > 0.0 && !is_same {
        remark(&format!(
            "{} holds out conversations by --validation {validation} --seed {seed}: without these flags here, rows of such \
             conversations are drawn",
            set.display()
        ));
    }
}
