"""What trained models and the pre-trained one make of held-out rows: likelihoods, and answers of their own."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...chat import encode
from ...durations import duration
from ...models import ModelSource, is_adapter, load_arm, load_model
from ..answers import Answer, HeldOutAnswer
from ..settings import ComparisonSettings
from .answering import answer, drawn_prompts
from .arms import PRETRAINED, TrainedArm
from .held_out import HeldOut
from .kept import kept, key_of
from .likelihood import measure


@dataclass(frozen=True)
class Measured:
    """What the models make of the held-out rows."""

    likelihoods: dict[str, list[HeldOutAnswer]]
    answers: dict[str, list[Answer]]
    """Of each arm, and of the pre-trained model."""
    parameters: int
    seconds: float


def measured(
    source: ModelSource,
    arms: list[TrainedArm],
    tokenizer: Any,
    held_out: HeldOut,
    settings: ComparisonSettings,
    out: Path,
    say: Callable[[str], None],
) -> Measured:
    """Measures every arm beside the pre-trained model. What an earlier comparison in `out` has measured is not measured again."""
    begun = time.perf_counter()
    encoded = [encode(tokenizer, row["prompt"], row["completion"]) for row in held_out.rows]
    for one in encoded:
        del one.completion[settings.max_length - len(one.prompt) :]
    asked = drawn_prompts(held_out.rows, settings.answers, settings.seed)
    shared = [source.description, settings.max_length]
    of_rows = [*shared, [[row["prompt"], row["completion"]] for row in held_out.rows]]
    of_prompts = [*shared, settings.answer_length, [row["prompt"] for row in asked]]
    pretrained = load_model(source).eval()
    parameters = pretrained.num_parameters()

    def answers_of(model: Any, name: str, weights: str) -> list[Answer]:
        def write() -> list[Answer]:
            progress = _progress(f"{name}: answers", len(asked), say)
            return answer(model, tokenizer, asked, settings.answer_length, settings.batch_size, progress)

        return kept(out / f"answers/{name}.json", key_of(weights, *of_prompts), Answer, write)

    answers = {PRETRAINED: answers_of(pretrained, PRETRAINED, "")}
    likelihoods = {}
    for arm in arms:
        model = load_arm(arm.folder, pretrained)
        beside = model if is_adapter(arm.folder) else pretrained

        def read(model: Any = model, beside: Any = beside, name: str = arm.name) -> list[HeldOutAnswer]:
            progress = _progress(f"{name}: held-out answers", len(encoded), say)
            return measure(model, beside, encoded, held_out.rows, settings.batch_size, progress)

        likelihoods[arm.name] = kept(out / f"likelihoods/{arm.name}.json", key_of(arm.weights, *of_rows), HeldOutAnswer, read)
        answers[arm.name] = answers_of(model, arm.name, arm.weights)
        if is_adapter(arm.folder):
            pretrained = model.unload()
    return Measured(likelihoods, answers, parameters, time.perf_counter() - begun)


def _progress(what: str, total: int, say: Callable[[str], None], every: float = 10.0) -> Callable[[int], None]:
    """Says how far something is, every so many seconds."""
    begun = last = time.monotonic()

    def progress(done: int) -> None:
        nonlocal last
        now = time.monotonic()
        if now - last >= every and done < total:
            last = now
            say(f"{what}: {done:,} of {total:,}, {duration((now - begun) / done * (total - done))} left")

    return progress
