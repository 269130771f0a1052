"""TRL's trainers, set up for a stage."""

from pathlib import Path
from typing import Any

import peft
import transformers
import trl

from ..models import device, has_bf16
from .rows import StageRows
from .settings import TrainingSettings


def trainer(stage: str, model: Any, tokenizer: Any, rows: StageRows, settings: TrainingSettings, checkpoints: Path) -> Any:
    """The trainer of the stage `sft` or `kto`, ready to begin.

    A model with LoRA weights goes on with them; KTO's reference is then the model as the stage found it.
    """
    steps = steps_of(len(rows.rows), settings)
    shared = {
        "output_dir": str(checkpoints),
        "seed": settings.seed,
        "data_seed": settings.seed,
        "num_train_epochs": settings.epochs,
        "per_device_train_batch_size": settings.batch_size,
        "gradient_accumulation_steps": settings.accumulate,
        "learning_rate": settings.rate(stage),
        "lr_scheduler_type": "cosine",
        "warmup_steps": max(1, steps // 10),
        "max_length": settings.max_length,
        "bf16": has_bf16(),
        "fp16": False,
        "use_cpu": device() == "cpu",
        "gradient_checkpointing": device() == "cuda",
        "dataloader_pin_memory": device() == "cuda",
        "save_steps": max(1, min(100, steps // 4)),
        "save_total_limit": 1,
        "logging_steps": 1,
        "report_to": [],
        "disable_tqdm": True,
    }
    if stage == "sft":
        args = trl.SFTConfig(**shared, completion_only_loss=True, packing=False)
        return _silent(trl.SFTTrainer(model=model, args=args, train_dataset=rows.table(), processing_class=tokenizer))
    weights = rows.split.metadata["weights"]
    args = trl.KTOConfig(
        **shared,
        beta=settings.beta,
        desirable_weight=weights["desirable"],
        undesirable_weight=weights["undesirable"],
        # Of a model whose weights are all trained the reference is measured before, in place of a second model in memory.
        precompute_ref_log_probs=settings.full,
    )
    return _silent(trl.KTOTrainer(model=model, args=args, train_dataset=rows.table(), processing_class=tokenizer))


def _silent(made: Any) -> Any:
    """Without the lines of transformers, which go to standard output."""
    made.remove_callback(transformers.PrinterCallback)
    return made


def with_lora(model: Any, settings: TrainingSettings) -> Any:
    """The model with fresh LoRA weights beside all its linear layers, which change nothing before they are trained."""
    config = peft.LoraConfig(r=settings.lora_rank, lora_alpha=settings.lora_alpha, target_modules="all-linear", task_type="CAUSAL_LM")
    return peft.get_peft_model(model, config)


def steps_of(rows: int, settings: TrainingSettings) -> int:
    """Steps of a stage."""
    batches = -(-rows // settings.batch_size)
    return max(1, round(settings.epochs * -(-batches // settings.accumulate)))
