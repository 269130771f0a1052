//! What the help of each verb begins with: command lines that work where the files are that they name.

pub(super) const ALL: &str = "\
Examples:
  rejoinder run logs/                            # finds the feedback
  rejoinder show runs/0001 --accepted            # reads it
  rejoinder export kto runs/0001                 # writes a training file";

pub(super) const INIT: &str = "\
Examples:
  rejoinder init
  rejoinder init my-project";

pub(super) const INSPECT: &str = "\
Examples:
  rejoinder inspect logs/
  rejoinder inspect logs/ --dialogues 0 --why    # how each shape was tried";

pub(super) const RUN: &str = "\
Examples:
  rejoinder run logs/                            # results in runs/0001
  rejoinder run more.csv --after runs/0001       # goes on with it: asks about what is new
  cat old.jsonl | rejoinder run - --json";

pub(super) const JUDGE: &str = "\
Examples:
  rejoinder judge runs/0001 --config judge.toml
  rejoinder judge runs/0001 --config judge.toml --calls 1000
  rejoinder judge runs/0001 --config judge.toml --export-batch waiting.jsonl";

pub(super) const JUDGE_TEST: &str = "\
Examples:
  rejoinder judge test --config judge.toml
  rejoinder judge test --config judge.toml --json";

pub(super) const JUDGE_COMPARE: &str = "\
Examples:
  rejoinder judge compare runs/0001 --config judge.toml
  rejoinder judge compare runs/0001 --config judge.toml --turns 100 --calls 500
  rejoinder judge compare runs/0001 --config judge.toml --forms single,grouped-8 --json";

pub(super) const ASK: &str = "\
Examples:
  rejoinder ask requests.jsonl --out asked --config judge.toml
  rejoinder ask requests.jsonl --out asked --config judge.toml --calls 1000 --json";

pub(super) const PLAN: &str = "\
Examples:
  rejoinder plan logs/
  rejoinder plan logs/ --config judge.toml --requests-per-second 20";

pub(super) const RESUME: &str = "\
Examples:
  rejoinder resume runs/0001
  rejoinder resume runs/0001 --offline --json";

pub(super) const MERGE: &str = "\
Examples:
  rejoinder merge night                          # after run --shard K/N --out night
  rejoinder merge night --keep-shards --json";

pub(super) const STATUS: &str = "\
Examples:
  rejoinder status runs/0001
  rejoinder status runs/0001 --follow            # until nobody works on it
  rejoinder status runs/0001 --json";

pub(super) const RUNS: &str = "\
Examples:
  rejoinder runs list
  rejoinder runs show runs/0001
  rejoinder runs rm runs/0001 --dry-run";

pub(super) const RUNS_LIST: &str = "\
Examples:
  rejoinder runs list
  rejoinder runs list runs --json";

pub(super) const RUNS_SHOW: &str = "\
Examples:
  rejoinder runs show runs/0001
  rejoinder runs show runs/0001 --json";

pub(super) const RUNS_RM: &str = "\
Examples:
  rejoinder runs rm runs/0001 --dry-run          # what would go
  rejoinder runs rm runs/0001 --yes";

pub(super) const SHOW: &str = "\
Examples:
  rejoinder show runs/0001 --accepted --category UR2,UR3
  rejoinder show runs/0001 --rejected --sample 50
  rejoinder show runs/0001 --waiting --json";

pub(super) const REVIEW: &str = "\
Examples:
  rejoinder review runs/0001                     # 200 turns of all
  rejoinder review runs/0001 --disputed --reader ana
  rejoinder review runs/0001 --audit             # you are the oracle";

pub(super) const REPORT: &str = "\
Examples:
  rejoinder report runs/0001                     # writes runs/0001/report.html
  rejoinder report runs/0001 --anonymous --out report.html
  rejoinder report runs/0001 --markdown          # for a pull request";

pub(super) const EXPLAIN: &str = "\
Examples:
  rejoinder explain runs/0001 0:0:2
  rejoinder explain dialogue.txt                 # lines: U: …, A: …";

pub(super) const EXPORT: &str = "\
Examples:
  rejoinder export kto runs/0001
  rejoinder export sft runs/0001 --style axolotl
  rejoinder export feedback runs/0001 --out feedback.jsonl";

pub(super) const EXPORT_FEEDBACK: &str = "\
Examples:
  rejoinder export feedback runs/0001
  rejoinder export feedback runs/0001 --out feedback.parquet";

pub(super) const EXPORT_SFT: &str = "\
Examples:
  rejoinder export sft runs/0001
  rejoinder export sft runs/0001 --style axolotl --out sft.jsonl";

pub(super) const EXPORT_KTO: &str = "\
Examples:
  rejoinder export kto runs/0001
  rejoinder export kto runs/0001 --style axolotl --no-refusals --out some.jsonl
  rejoinder export kto runs/0001 --dataset set --validation 0.05";

pub(super) const EXPORT_PAIRS: &str = "\
Examples:
  rejoinder export pairs runs/0001
  rejoinder export pairs runs/0001 --no-refusals --out some.jsonl";

pub(super) const EXPORT_RANDOM: &str = "\
Examples:
  rejoinder export random runs/0001 --rows 100
  rejoinder export random runs/0001 --like sft --dataset random";

pub(super) const EXPORT_REVIEW: &str = "\
Examples:
  rejoinder export review runs/0001 --for argilla
  rejoinder export review runs/0001 --for label-studio --sample 200";

pub(super) const IMPORT_LABELS: &str = "\
Examples:
  rejoinder import-labels reviewed.json --from label-studio --out labels.jsonl
  rejoinder import-labels paper.csv --from paper --numbering paper -o out.jsonl";

pub(super) const REPRODUCE_PAPER: &str = "\
Examples:
  rejoinder reproduce-paper lmsys/ --config judge.toml
  rejoinder reproduce-paper lmsys/ --json";

pub(super) const FORGET: &str = "\
Examples:
  rejoinder forget runs/0001 --conversation en-026 --dry-run
  rejoinder forget runs/0001 --conversation 0:25 --also sft --json";

pub(super) const AUDIT: &str = "\
Examples:
  rejoinder audit runs/0001 --config judge.toml
  rejoinder audit runs/0001 --labels             # asks nobody";

pub(super) const CALIBRATE: &str = "\
Examples:
  rejoinder calibrate runs/0001 --config judge.toml
  rejoinder calibrate runs/0001 --labels --recall 0.8";

pub(super) const TRAIN: &str = "\
Examples:
  rejoinder train labelled.jsonl --out mine.rjm
  rejoinder train labelled.jsonl --base shipped --out mine.rjm";

pub(super) const EVAL: &str = "\
Examples:
  rejoinder eval labelled.jsonl --labels
  rejoinder eval labelled.jsonl --labels --by-rule --out read
  rejoinder eval labelled.jsonl --labels --cascade --recall 0.8";

pub(super) const RULES: &str = "\
Examples:
  rejoinder rules check my-rules.toml
  rejoinder rules test my-rules.toml
  rejoinder rules stats logs/ --sort hits";

pub(super) const RULES_CHECK: &str = "\
Examples:
  rejoinder rules check my-rules.toml
  rejoinder rules check rules/ --format sarif
  rejoinder rules check my-rules.toml --config judge.toml   # beside what a config puts in force";

pub(super) const RULES_TEST: &str = "\
Examples:
  rejoinder rules test my-rules.toml
  rejoinder rules test my-rules.toml --on labelled.jsonl --labels   # also its guards
  rejoinder rules test --on runs/0001            # the guards of a run's rules";

pub(super) const RULES_FMT: &str = "\
Examples:
  rejoinder rules fmt my-rules.toml
  rejoinder rules fmt rules/ --check             # ends with 3 if a file is not in the one style
  rejoinder rules fmt - < my-rules.toml";

pub(super) const RULES_SCHEMA: &str = "\
Examples:
  rejoinder rules schema > rules.schema.json     # for editors that know TOML
  rejoinder rules schema | head";

pub(super) const RULES_LIST: &str = "\
Examples:
  rejoinder rules list                           # those of the config
  rejoinder rules list --table                   # the packs in numbers, as Markdown
  rejoinder rules list my-rules.toml --json";

pub(super) const RULES_STATS: &str = "\
Examples:
  rejoinder rules stats logs/ --sort hits
  rejoinder rules stats labelled.jsonl --labels --rules my-rules.toml";

pub(super) const RULES_TRY: &str = "\
Examples:
  rejoinder rules try 'thank you' logs/
  rejoinder rules try 'thank you' logs/ --category UR5 --max-words 8 --write my-rules.toml
  rejoinder rules try --rule en:en.positive.thanks_only labelled.jsonl --labels";

pub(super) const RULES_DIFF: &str = "\
Examples:
  rejoinder rules diff none my-rules.toml --on logs/
  rejoinder rules diff none my-rules.toml --on runs/0001
  rejoinder rules diff en my-rules.toml --on labelled.jsonl --labels --markdown";

pub(super) const RULES_SUGGEST: &str = "\
Examples:
  rejoinder rules suggest labelled.jsonl --out suggested.toml
  rejoinder rules suggest labelled.jsonl --aim 0.9 --no-score";

pub(super) const CONFIG: &str = "\
Examples:
  rejoinder config show
  rejoinder config schema > rejoinder.schema.json";

pub(super) const CONFIG_SHOW: &str = "\
Examples:
  rejoinder config show
  rejoinder config show --config judge.toml --json";

pub(super) const CONFIG_SCHEMA: &str = "\
Examples:
  rejoinder config schema
  rejoinder config schema > rejoinder.schema.json";

pub(super) const PLUGIN: &str = "\
Examples:
  rejoinder plugin list
  rejoinder plugin new my-praise --lang c
  rejoinder plugin check ./librejoinder_plugin_mine.so";

pub(super) const PLUGIN_NEW: &str = "\
Examples:
  rejoinder plugin new my-praise
  rejoinder plugin new my-doubt --lang c";

pub(super) const PLUGIN_CHECK: &str = "\
Examples:
  rejoinder plugin check ./librejoinder_plugin_mine.so
  rejoinder plugin check ./librejoinder_plugin_mine.so --timeout 10 --json";

pub(super) const PLUGIN_BENCH: &str = "\
Examples:
  rejoinder plugin bench ./librejoinder_plugin_mine.so --corpus logs/
  rejoinder plugin bench ./librejoinder_plugin_mine.so --corpus logs/ --labels";

pub(super) const PLUGIN_INSPECT: &str = "\
Examples:
  rejoinder plugin inspect ./librejoinder_plugin_mine.so
  rejoinder plugin inspect ./librejoinder_plugin_mine.so --json";

pub(super) const PLUGIN_LIST: &str = "\
Examples:
  rejoinder plugin list
  rejoinder plugin list --plugin-dir . --json";

pub(super) const COMPLETIONS: &str = "\
Examples:
  rejoinder completions bash > rejoinder.bash
  rejoinder completions fish > rejoinder.fish";
