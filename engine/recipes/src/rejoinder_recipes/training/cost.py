"""What a stage will take, said before it starts: counted where it can be counted, timed where it has to be timed."""

import time
from dataclasses import dataclass
from typing import Any

import torch

from ..batching import padded
from ..chat import encode
from ..durations import duration
from ..models import device, has_bf16
from .rows import StageRows
from .settings import TrainingSettings
from .trainers import steps_of

PASSES = {"sft": 1.0, "kto": 2.0}
"""How much a step of the stage computes, in steps of SFT on the same rows: KTO looks at each row once more by the reference, and at a
mismatched answer by both, all without learning."""


@dataclass(frozen=True)
class StageCost:
    """What a stage will take."""

    stage: str
    rows: StageRows
    steps: int
    trained_weights: int
    all_weights: int
    seconds: float
    """Expected, from one timed batch."""

    def lines(self, price_per_hour: float | None) -> list[str]:
        """The cost in words, a line each."""
        rows = self.rows
        tokens = rows.prompt_tokens + rows.completion_tokens
        said = [
            f"{self.stage}: {len(rows.rows):,} rows of {rows.split.folder.name} ({rows.split.task}), {tokens:,} tokens, "
            f"{rows.completion_tokens:,} of them learned; {self.steps:,} steps",
            f"  {self.trained_weights:,} of {self.all_weights:,} weights are trained, on {device()} in {'bf16' if has_bf16() else 'fp32'}",
        ]
        for count, what in (
            (rows.left_out, "left out: the last request alone is too long"),
            (rows.shortened, "without the oldest exchanges"),
            (rows.cut, "with a cut answer"),
        ):
            if count:
                said.append(f"  {count:,} rows {what}")
        price = "" if price_per_hour is None else f", {self.seconds / 3600 * price_per_hour:.2f} at {price_per_hour:g} an hour"
        said.append(f"  about {duration(self.seconds)}{price} (from one timed batch)")
        return said


def expected(stage: str, model: Any, tokenizer: Any, rows: StageRows, settings: TrainingSettings) -> StageCost:
    """The cost of a stage; one batch of it is computed, and its gradients are thrown away. The model must have the weights to train."""
    count = len(rows.rows)
    batch = [encode(tokenizer, row["prompt"], row["completion"]) for row in rows.rows[: settings.batch_size]]
    for one in batch:
        del one.completion[settings.max_length - len(one.prompt) :]
    tokens, attention, is_answer = padded(batch, device())
    labels = tokens.masked_fill(is_answer == 0, -100)
    seconds = []
    for _ in range(2):
        begun = time.perf_counter()
        model(input_ids=tokens, attention_mask=attention, labels=labels).loss.backward()
        if device() == "cuda":
            torch.cuda.synchronize()
        seconds.append(time.perf_counter() - begun)
        model.zero_grad(set_to_none=True)
    of_token = min(seconds) / int(attention.sum())
    all_tokens = (rows.prompt_tokens + rows.completion_tokens) * settings.epochs
    trained = sum(weight.numel() for weight in model.parameters() if weight.requires_grad)
    return StageCost(
        stage,
        rows,
        steps_of(count, settings),
        trained,
        sum(weight.numel() for weight in model.parameters()),
        of_token * all_tokens * PASSES[stage],
    )
