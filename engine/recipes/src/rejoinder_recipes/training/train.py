"""A training from its beginning to its end: stages one after another, each resumed where it was stopped."""

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import transformers

from .. import guard_rails
from ..dataset import Split
from ..durations import duration
from ..errors import RecipeError
from ..models import ModelSource, load_arm, load_model, load_tokenizer
from . import cost, record
from .progress import Clock, Progress
from .rows import StageRows, stage_rows
from .settings import TrainingSettings
from .trainers import trainer, with_lora

SETTINGS = "settings.json"
CHECKPOINTS = "checkpoints"


@dataclass(frozen=True)
class Stage:
    """A stage, `sft` or `kto`, and its data."""

    name: str
    split: Split


@dataclass(frozen=True)
class Training:
    """What is to be trained, from what, into which folder: each stage leaves a folder of its name there."""

    source: ModelSource
    stages: list[Stage]
    settings: TrainingSettings
    out: Path
    command: str = ""
    """The command as it was typed, for the record."""
    price_per_hour: float | None = None
    only_plan: bool = False
    quiet: bool = False


def train(training: Training, say: Callable[[str], None]) -> None:
    """Says what the training will cost, and does it. `say` gets lines of text for the user.

    Raises RecipeError if the data cannot be trained on, or the folder holds another training.
    """
    transformers.set_seed(training.settings.seed)
    tokenizer = load_tokenizer(training.source)
    rows = {stage.name: stage_rows(stage.split, tokenizer, training.settings.max_length) for stage in training.stages}
    _check_sizes(training, rows)
    for stage in training.stages:
        for caution in guard_rails.of_training(stage.split.folder.name, stage.split.metadata["checks"], rows[stage.name].counts):
            say(f"warning: {caution}")
    model = None
    marks: set[str] = set()
    records: list[dict[str, Any]] = []
    for place, stage in enumerate(training.stages):
        marks |= stage.split.marks()
        folder = training.out / stage.name
        wanted = _settings(training, stage, rows[stage.name], records)
        if _is_finished(folder, wanted):
            say(f"{stage.name}: finished before, in {folder}")
            records = record.read(folder)["stages"]
            continue
        if model is None:
            model = _model(training, training.out / training.stages[place - 1].name if place else None)
            if place == 0 or training.only_plan:
                _say_costs(training, model, tokenizer, rows, training.stages[place:], say)
            if training.only_plan:
                return
        trained = _trainer(stage, model, tokenizer, rows[stage.name], training, folder, wanted)
        if not training.quiet:
            trained.add_callback(Progress(stage.name, say))
        told = _run(trained, folder)
        records = [
            *records,
            {**wanted, **told, "command": training.command, **record.hardware()},
        ]
        _keep(folder, model, tokenizer)
        record.write(folder, {"format": 1, "base": training.source.description, "stages": records, "versions": record.versions()}, marks)
        shutil.rmtree(folder / CHECKPOINTS, ignore_errors=True)
        say(f"{stage.name}: {told['steps']:,} steps, mean loss {told['loss']:.4f}, {duration(told['seconds'])}; in {folder}")


def _check_sizes(training: Training, rows: dict[str, StageRows]) -> None:
    kto = rows.get("kto")
    if kto is None:
        return
    if kto.split.metadata["weights"] is None or len({row["label"] for row in kto.rows}) < 2:
        raise RecipeError(f"{kto.split.folder} holds one label alone, and KTO needs praised and blamed answers: train with --sft alone")
    if training.settings.batch_size < 2 or len(kto.rows) < 2:
        raise RecipeError("KTO compares the rows that are computed at once: --batch-size must be 2 at least")


def _settings(training: Training, stage: Stage, rows: StageRows, before: list[dict[str, Any]]) -> dict[str, Any]:
    """What the stage's weights depend on: a training is resumed with the same only."""
    return {
        "stage": stage.name,
        "data": stage.split.description,
        "settings": training.settings.of_stage(stage.name),
        "counts": rows.counts,
        "checks": stage.split.metadata["checks"],
        "after": [one["stage"] for one in before],
    }


def _is_finished(folder: Path, wanted: dict[str, Any]) -> bool:
    """Whether the stage is finished.

    Raises RecipeError if the folder was begun with other settings or data.
    """
    kept = folder / SETTINGS
    if kept.is_file():
        found = json.loads(kept.read_text(encoding="utf-8"))
        different = [key for key in wanted if found.get(key) != wanted[key]]
        if different:
            raise RecipeError(f"{folder} holds a training with other {', '.join(different)}: give another --out, or remove the folder")
    elif folder.exists() and any(folder.iterdir()):
        raise RecipeError(f"{folder} holds other files: give another --out")
    return (folder / record.RECORD).is_file()


def _model(training: Training, before: Path | None) -> Any:
    """The model that the first unfinished stage begins with."""
    if training.settings.full:
        return load_model(training.source) if before is None else load_arm(before, None)
    model = load_model(training.source)
    if before is None:
        return with_lora(model, training.settings)
    model = load_arm(before, model)
    for name, weight in model.named_parameters():
        weight.requires_grad_("lora_" in name)
    return model


def _say_costs(
    training: Training, model: Any, tokenizer: Any, rows: dict[str, StageRows], stages: list[Stage], say: Callable[[str], None]
) -> None:
    model.train()
    for stage in stages:
        for line in cost.expected(stage.name, model, tokenizer, rows[stage.name], training.settings).lines(training.price_per_hour):
            say(line)


def _trainer(stage: Stage, model: Any, tokenizer: Any, rows: StageRows, training: Training, folder: Path, wanted: dict[str, Any]) -> Any:
    """The trainer of a stage, whose folder then says what is trained there."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / SETTINGS).write_text(json.dumps(wanted, indent=1) + "\n", encoding="utf-8")
    return trainer(stage.name, model, tokenizer, rows, training.settings, folder / CHECKPOINTS)


def _run(trained: Any, folder: Path) -> dict[str, Any]:
    """Trains, from the last checkpoint on if there is one, and returns what is to be told of it."""
    clock = Clock(folder / CHECKPOINTS / "seconds")
    trained.add_callback(clock)
    trained.train(resume_from_checkpoint=any((folder / CHECKPOINTS).glob("checkpoint-*")) or None)
    losses = [entry["loss"] for entry in trained.state.log_history if "loss" in entry]
    return {"steps": trained.state.global_step, "loss": sum(losses) / len(losses), "seconds": round(clock.seconds, 1)}


def _keep(folder: Path, model: Any, tokenizer: Any) -> None:
    """Saves the weights, whole before the record is written."""
    adapters = {"selected_adapters": ["default"]} if hasattr(model, "peft_config") else {}
    model.save_pretrained(folder, **adapters)
    tokenizer.save_pretrained(folder)
