//! The piece of configuration with which a library reads a file of training rows.

use std::fmt::Write as _;

use serde_json::json;

use super::Style;
use crate::export::example::TrainingTask;

impl Style {
    /// The piece of configuration with which the library reads a file of such rows at `path`. `counts` are the numbers of undesirable
    /// and of desirable rows.
    pub fn configuration(self, task: TrainingTask, path: &str, counts: [usize; 2]) -> String {
        match self {
            Self::Trl => trl(task, path, counts),
            Self::Axolotl(_) => axolotl(task, path, counts),
            Self::LlamaFactory => llama_factory(task, path, counts),
        }
    }
}

/// The range in which TRL's `desirable_weight` should lie, beside an `undesirable_weight` of 1; `None` without both kinds.
///
/// `desirable_weight`·D / `undesirable_weight`·U should lie in [1, 4/3] (KTO paper, arXiv 2402.01306, equation 8).
pub fn desirable_weight([undesirable, desirable]: [usize; 2]) -> Option<[f64; 2]> {
    let ratio = undesirable as f64 / desirable as f64;
    (undesirable > 0 && desirable > 0).then_some([ratio, ratio * 4.0 / 3.0])
}

fn trl(task: TrainingTask, path: &str, counts: [usize; 2]) -> String {
    let mut text =
        format!("# Python\ntrain = datasets.load_dataset(\"json\", data_files={path:?}, split=\"train\")\n");
    let _ = match task {
        TrainingTask::Sft => {
            writeln!(text, "trl.SFTTrainer(model, args=trl.SFTConfig(), train_dataset=train)")
        }
        TrainingTask::Kto => {
            let weight = middle_weight(counts).unwrap_or(1.0);
            writeln!(
                text,
                "args = trl.KTOConfig(desirable_weight={weight:.2}, undesirable_weight=1.0, per_device_train_batch_size=4)\n\
                 trl.KTOTrainer(model, args=args, train_dataset=train, processing_class=tokenizer)"
            )
        }
        TrainingTask::Pairs => {
            writeln!(text, "trl.DPOTrainer(model, args=trl.DPOConfig(), train_dataset=train)")
        }
    };
    text
}

fn axolotl(task: TrainingTask, path: &str, counts: [usize; 2]) -> String {
    match task {
        TrainingTask::Sft => format!(
            "# YAML\ndatasets:\n  - path: {path:?}\n    ds_type: json\n    type: chat_template\n    field_messages: messages\n    \
             roles_to_train: []\n    message_field_training: train\n    train_on_eos: turn\n"
        ),
        TrainingTask::Kto => {
            let weight = middle_weight(counts).unwrap_or(1.0);
            format!(
                "# YAML\nrl: kto\nkto_desirable_weight: {weight:.2}\nkto_undesirable_weight: 1.0\nremove_unused_columns: false\n\
                 datasets:\n  - path: {path:?}\n    split: train\n    type:\n      field_prompt: prompt\n      \
                 field_completion: completion\n      field_label: label\n      prompt_format: \"{{prompt}}\"\n      \
                 completion_format: \"{{completion}}\"\n"
            )
        }
        TrainingTask::Pairs => format!(
            "# YAML\nrl: dpo\ndatasets:\n  - path: {path:?}\n    ds_type: json\n    split: train\n    type: chat_template.default\n    \
             field_messages: messages\n    field_chosen: chosen\n    field_rejected: rejected\n"
        ),
    }
}

/// An entry of `dataset_info.json`, in which the name of the file is relative to the folder, and the settings of the training.
fn llama_factory(task: TrainingTask, path: &str, counts: [usize; 2]) -> String {
    let (columns, is_ranking) = match task {
        TrainingTask::Sft => (json!({ "messages": "messages" }), false),
        TrainingTask::Kto => (json!({ "messages": "messages", "kto_tag": "label" }), false),
        TrainingTask::Pairs => {
            (json!({ "messages": "messages", "chosen": "chosen", "rejected": "rejected" }), true)
        }
    };
    let name = format!("rejoinder_{}", task.name());
    let entry = json!({ &name: {
        "file_name": path,
        "formatting": "sharegpt",
        "ranking": is_ranking,
        "columns": columns,
        "tags": {
            "role_tag": "role", "content_tag": "content",
            "user_tag": "user", "assistant_tag": "assistant", "system_tag": "system",
            "observation_tag": "observation", "function_tag": "function_call"
        }
    }});
    let entry = serde_json::to_string_pretty(&entry).expect("it is plain data");
    let training = match task {
        // Without it all earlier answers are learned, too.
        TrainingTask::Sft => "stage: sft\nmask_history: true".to_owned(),
        TrainingTask::Kto => {
            let weight = middle_weight(counts).unwrap_or(1.0);
            format!("stage: kto\nkto_chosen_weight: {weight:.2}\nkto_rejected_weight: 1.0")
        }
        TrainingTask::Pairs => "stage: dpo".to_owned(),
    };
    format!("# dataset_info.json\n{entry}\n# YAML\ndataset: {name}\n{training}\n")
}

/// The middle of the range in which TRL's `desirable_weight` should lie ([`desirable_weight`]).
pub fn middle_weight(counts: [usize; 2]) -> Option<f64> {
    desirable_weight(counts).map(|[least, most]| f64::midpoint(least, most))
}
