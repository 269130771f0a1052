//! Asks a judge about a sample in several forms, within the run's budget, and compares the answers.

use std::collections::BTreeSet;

use rejoinder_export::labels::label_file::LabelFile;
use rejoinder_judge::prompt::AnswerFormat;
use rejoinder_judge::{
    BillUnit, JudgeConfig, ProbeError, QuestionForm, QuestionUnit, ServerCapabilities, ServerTime,
    StopReason, TriedAbilities, probe,
};
use rejoinder_ledger::ReplyStore;
use rejoinder_scan::ConfigError;
use serde::Serialize;

use super::choice::{ComparisonVerdict, verdict};
use super::figures::{CommonestAnswer, ComparedForm, ComparisonBase, same_share};
use super::reading::{VariantReading, groups, planned};
use super::sample::ComparisonSample;
use super::variant::{FormVariant, LeftOutReason, VariantRole};
use crate::error::RunError;
use crate::folder::RunDir;
use crate::judging::spool::RequestGroup;
use crate::judging::{Judge, ask, known_capabilities, settings};
use crate::operator::{Event, Operator};
use crate::plan::Requests;
use crate::recall::OracleError;
use crate::stages;

/// What is to be compared.
#[derive(Clone, Copy)]
pub struct ComparisonRequest<'c> {
    /// The number of turns of the sample, at most.
    pub turns: usize,
    /// What draw and resamples depend on.
    pub seed: u64,
    /// The greatest loss of agreement that a cheaper form may have.
    pub max_loss: f64,
    /// The names of the forms beside the reference; empty for all.
    pub forms: &'c [String],
    /// Labels in place of the records' own.
    pub labels: Option<&'c LabelFile>,
}

/// A form in which the judge was not asked.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct LeftOutForm {
    /// The form's name.
    pub name: &'static str,
    /// Why it was left out.
    pub why: LeftOutReason,
}

/// What came of asking a judge in several forms.
#[derive(Clone, Debug, Serialize)]
pub struct JudgeComparison {
    /// The model that was asked for.
    pub model: String,
    /// The models as which the server answered.
    pub answered_as: BTreeSet<String>,
    /// The turns of the sample.
    pub turns: u64,
    /// Their conversations.
    pub conversations: u64,
    /// What the draw depends on.
    pub seed: u64,
    /// The messages before a turn that the long window shows, and the most bytes of each.
    pub long_window: (usize, usize),
    /// The window of the judge's config.
    pub usual_window: rejoinder_scan::config::WindowSection,
    /// Whether the config has a prompt of its own.
    pub has_own_prompt: bool,
    /// The unit in which forms are compared.
    pub unit: &'static str,
    /// The greatest loss that a cheaper form may have.
    pub max_loss: f64,
    /// The share of equal answers, six ways, that a form can reach: that of the reference with itself, else 1.
    pub ceiling: f64,
    /// What the reference says most often.
    pub commonest: Option<CommonestAnswer>,
    /// The figures of the forms, in the order of asking.
    pub forms: Vec<ComparedForm>,
    /// The forms in which the judge was not asked.
    pub left_out: Vec<LeftOutForm>,
    /// What follows for the config.
    pub verdict: ComparisonVerdict,
    /// The form that the config should take.
    pub advised: Option<&'static str>,
}

/// Asks about a sample in the reference form and in others. Replies are kept, and stored ones are not asked for again. Returns also
/// why asking ended early, if it did.
///
/// # Errors
/// If input, rules or plugins are not what they were, the config asks about whole conversations, the judge cannot be asked at all,
/// or ledger or store fails.
pub fn compare(
    run: &RunDir,
    operator: &Operator<'_>,
    wanted: &ComparisonRequest<'_>,
) -> Result<(JudgeComparison, Option<StopReason>), OracleError> {
    let client = settings::client(&run.manifest.config.judge)?.ok_or(RunError::NoJudge)?;
    if client.unit == QuestionUnit::Conversation {
        let why = "[judge] unit = \"conversation\" asks about whole conversations in the paper's one form: there is nothing to compare";
        return Err(ConfigError::new(why.to_owned()).into());
    }
    let ComparisonRequest { turns, seed, labels, .. } = *wanted;
    let sample = ComparisonSample::draw(run, operator, turns, seed, labels)?;
    if sample.rows.is_empty() {
        return Ok((JudgeComparison::of_nothing(&client, &sample, wanted), None));
    }
    stages::tell_of_open_key(&client, operator);
    let findings = operator.work(|| findings(run, &client))?;
    let bench = Bench { run, client, findings, sample, store: run.replies()? };
    let (asked, left_out) = bench.forms(wanted)?;
    bench.tell_plan(&asked, operator);
    let stop = operator.work(|| bench.ask(&asked, operator))?;
    Ok((bench.compared(&asked, left_out, wanted)?, stop))
}

/// What the ledger calls what was found out about the server for a comparison.
const FINDINGS: &str = "comparison: findings";

/// What the server can do, tried out in all forms, whichever the config names; kept, so that the server is tried once.
fn findings(run: &RunDir, client: &JudgeConfig) -> Result<ServerCapabilities, OracleError> {
    let kept = run.ledger.get(FINDINGS)?.and_then(|json| serde_json::from_str(&json).ok());
    if let Some(kept) = kept.filter(|kept: &ServerCapabilities| kept.are_about(client)) {
        return Ok(kept);
    }
    let limits = run.limits();
    let probed = |client: &JudgeConfig| {
        probe::probe(client, &run.ledger, &limits).map_err(|error| match error {
            ProbeError::Stopped(stop) => OracleError::Stopped(stop),
            ProbeError::Failed(error) => error.into(),
        })
    };
    let open = JudgeConfig {
        answer: None,
        template: None,
        window: Some(client.window.unwrap_or_default()),
        asks_span: false,
        turns_per_request: client.turns_per_request.max(2),
        ..client.clone()
    };
    let knows_letters =
        |known: &ServerCapabilities| known.tried.is_some_and(|tried| tried.label && tried.letters);
    let mut findings = match known_capabilities(run, client).filter(knows_letters) {
        Some(known) => known,
        None => probed(&open)?,
    };
    if !findings.tried.is_some_and(|tried| tried.json_schema) {
        let in_json = JudgeConfig { answer: Some(AnswerFormat::Json), ..open };
        findings.json_schema = probed(&in_json)?.json_schema;
    }
    findings.tried = Some(TriedAbilities::ALL);
    let json = serde_json::to_string(&findings).expect("findings are plain data");
    run.ledger.put(FINDINGS, &json)?;
    Ok(findings)
}

/// All forms in which comparisons of a run may have asked the run's judge, `client`.
pub(crate) fn forms_asked(run: &RunDir, client: &JudgeConfig) -> Result<Vec<QuestionForm>, RunError> {
    let kept = run.ledger.get(FINDINGS)?.and_then(|json| serde_json::from_str(&json).ok());
    let Some(findings) = kept.or_else(|| run.manifest.judge.clone()) else { return Ok(Vec::new()) };
    let variants = FormVariant::ALL.into_iter().map(|variant| variant.for_server(&findings));
    let asked = variants.filter(|variant| variant.left_out(client, &findings).is_none());
    asked.map(|variant| Ok(variant.judge(client, &findings)?.form)).collect()
}

/// A form in which the judge is asked, and how.
pub(super) struct AskedForm {
    /// The form.
    pub(super) variant: FormVariant,
    /// The judge as it is asked in this form.
    pub(super) judge: Judge,
    /// The places of the turns that are asked about.
    pub(super) places: Vec<usize>,
    /// The places of the turns that share each request.
    groups: Vec<Vec<usize>>,
    /// What is to be asked.
    taken: Requests,
    /// The replies that were stored before.
    pub(super) stored: u64,
}

/// A sample, and the judge that is asked about it.
struct Bench<'c> {
    run: &'c RunDir,
    client: JudgeConfig,
    findings: ServerCapabilities,
    sample: ComparisonSample,
    store: ReplyStore,
}

impl Bench<'_> {
    /// The forms in which the judge is asked, and those in which it cannot be.
    fn forms(&self, wanted: &ComparisonRequest<'_>) -> Result<(Vec<AskedForm>, Vec<LeftOutForm>), RunError> {
        let is_wanted = |variant: &FormVariant| {
            let is_named = wanted.forms.iter().any(|name| name == variant.name);
            variant.role == VariantRole::Reference || wanted.forms.is_empty() || is_named
        };
        let (mut asked, mut left_out) = (Vec::new(), Vec::new());
        for variant in FormVariant::ALL.into_iter().filter(is_wanted) {
            let variant = variant.for_server(&self.findings);
            if let Some(why) = variant.left_out(&self.client, &self.findings) {
                left_out.push(LeftOutForm { name: variant.name, why });
                continue;
            }
            let judge = variant.judge(&self.client, &self.findings)?;
            let places = match variant.role {
                VariantRole::Repeat => self.sample.repeated(),
                _ => (0..self.sample.rows.len()).collect(),
            };
            let groups = groups(&judge, &self.sample.rows, &places);
            let (taken, stored) = planned(&judge, &self.sample.rows, &groups, &self.store)?;
            asked.push(AskedForm { variant, judge, places, groups, taken, stored });
        }
        Ok((asked, left_out))
    }

    /// Tells what asking takes.
    fn tell_plan(&self, forms: &[AskedForm], operator: &Operator<'_>) {
        let mut taken = Requests::default();
        forms.iter().for_each(|form| taken += form.taken);
        let limit = self.run.limits().calls;
        let spent = self.run.ledger.spent().map_or(0, |spent| spent.amount.calls);
        operator.tell(Event::ComparisonBegins {
            turns: self.sample.rows.len() as u64,
            taken,
            stored: forms.iter().map(|form| form.stored).sum(),
            left: limit.map(|limit| limit.saturating_sub(spent)),
        });
    }

    /// Asks in all forms, until there is a reason to stop.
    fn ask(&self, forms: &[AskedForm], operator: &Operator<'_>) -> Result<Option<StopReason>, RunError> {
        for form in forms.iter().filter(|form| form.taken.requests > 0) {
            let row = |&place: &usize| self.sample.rows[place].clone();
            let groups: Vec<RequestGroup> =
                form.groups.iter().map(|group| group.iter().map(row).collect()).collect();
            let asked = ask::ask_groups(self.run, &form.judge, operator.watch, &groups)?;
            self.keep_time(form, asked.server_time)?;
            if asked.stop.is_some() {
                return Ok(asked.stop);
            }
        }
        Ok(None)
    }

    /// What the ledger calls the server's time for the requests of a form.
    fn time_fact(form: &AskedForm) -> String {
        format!("comparison: time {}", form.judge.form.identity())
    }

    /// The server's time for the requests of a form that comparisons have made so far.
    fn time(&self, form: &AskedForm) -> Result<ServerTime, RunError> {
        let kept = self.run.ledger.get(&Self::time_fact(form))?;
        Ok(kept.and_then(|json| serde_json::from_str(&json).ok()).unwrap_or_default())
    }

    fn keep_time(&self, form: &AskedForm, more: ServerTime) -> Result<(), RunError> {
        let mut time = self.time(form)?;
        time += more;
        let json = serde_json::to_string(&time).expect("sums are plain data");
        Ok(self.run.ledger.put(&Self::time_fact(form), &json)?)
    }

    /// The figures of all forms.
    fn compared(
        &self,
        asked: &[AskedForm],
        left_out: Vec<LeftOutForm>,
        wanted: &ComparisonRequest<'_>,
    ) -> Result<JudgeComparison, RunError> {
        let rows = &self.sample.rows;
        let mut readings = Vec::new();
        for form in asked {
            readings.push(VariantReading::of(&form.judge, rows, &form.groups, &self.store)?);
        }
        // The reference is the first of all forms, and never left out.
        let reference = readings.first().map(|read| read.answers.clone()).unwrap_or_default();
        let base = ComparisonBase {
            reference: &reference,
            conversations: &self.sample.conversations,
            labels: &self.sample.labels,
            seed: wanted.seed,
        };
        let mut forms = Vec::new();
        for (form, read) in asked.iter().zip(&readings) {
            let time = self.time(form)?;
            forms.push(base.figures(form, read, time));
        }
        let repeat = forms.iter().find(|form| form.role == VariantRole::Repeat);
        let ceiling = repeat.and_then(|form| form.six_ways).map_or(1.0, |agreement| agreement.share);
        for (form, read) in forms.iter_mut().zip(&readings) {
            let is_compared = matches!(form.role, VariantRole::Candidate | VariantRole::Reversed);
            let is_asked = is_compared && form.asked == form.turns;
            form.loss = same_share(&reference, &read.answers).filter(|_| is_asked).map(|same| ceiling - same);
        }
        let commonest = CommonestAnswer::of(&reference);
        let (verdict, advised) = verdict(&forms, commonest.as_ref(), wanted.max_loss);
        Ok(JudgeComparison {
            answered_as: readings.into_iter().flat_map(|read| read.models).collect(),
            ceiling,
            commonest,
            verdict,
            advised: advised.map(|place| forms[place].name),
            forms,
            left_out,
            ..JudgeComparison::of_nothing(&self.client, &self.sample, wanted)
        })
    }
}

impl JudgeComparison {
    /// A comparison in which nothing was asked.
    fn of_nothing(client: &JudgeConfig, sample: &ComparisonSample, wanted: &ComparisonRequest<'_>) -> Self {
        let rejoinder_judge::prompt::PromptWindow { messages, request, answer, turn } =
            client.window.unwrap_or_default();
        Self {
            model: client.model.clone(),
            answered_as: BTreeSet::new(),
            turns: sample.rows.len() as u64,
            conversations: sample.number_of_conversations() as u64,
            seed: wanted.seed,
            long_window: (sample.kept.messages, sample.kept.max_bytes_per_message),
            usual_window: rejoinder_scan::config::WindowSection { messages, request, answer, turn },
            has_own_prompt: client.template.is_some(),
            unit: BillUnit::of(client).name(),
            max_loss: wanted.max_loss,
            ceiling: 1.0,
            commonest: None,
            forms: Vec::new(),
            left_out: Vec::new(),
            verdict: ComparisonVerdict::NotAsked,
            advised: None,
        }
    }
}
