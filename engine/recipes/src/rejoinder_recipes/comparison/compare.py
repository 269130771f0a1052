"""A comparison from its beginning to its end: overlap refused, likelihoods measured, answers written, figures made of both."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .. import guard_rails
from ..chat import encode, fit
from ..dataset import Split, overlapping
from ..errors import RecipeError
from ..models import ModelSource, is_adapter, load_arm, load_model, load_tokenizer
from ..training import record
from ..training.cost import duration
from .answering import answer, drawn_prompts
from .answers import Answer, HeldOutAnswer
from .arms import PRETRAINED, TrainedArm
from .kept import kept, key_of
from .likelihood import measure
from .pair_requests import pair_requests

REQUESTS = "requests.jsonl"


@dataclass(frozen=True)
class ComparisonSettings:
    """Everything, besides models and data, that a comparison depends on."""

    seed: int = 0
    max_length: int = 1024
    """Tokens of prompt and answer together, as in training."""
    batch_size: int = 4
    rounds: int = 2000
    """Rounds of the bootstrap."""
    answers: int = 10
    """Prompts that every model answers."""
    answer_length: int = 256
    """Tokens of such an answer at most."""


@dataclass(frozen=True)
class HeldOut:
    """The held-out rows that are measured on, and what was left out."""

    split: Split
    rows: list[dict]
    overlap: int
    too_long: int


@dataclass(frozen=True)
class Measured:
    """What the models make of the held-out rows."""

    likelihoods: dict[str, list[HeldOutAnswer]]
    answers: dict[str, list[Answer]]
    """Of each arm, and of the pre-trained model."""
    parameters: int
    seconds: float


def held_out_rows(split: Split, arms: list[TrainedArm], tokenizer: Any, settings: ComparisonSettings, drop_overlap: bool) -> HeldOut:
    """The rows of a split that no arm was trained on, each with as much of its prompt as fits.

    Raises RecipeError if the split is none of KTO, or overlaps with what an arm was trained on and `drop_overlap` is not set.
    """
    if split.task != "kto":
        raise RecipeError(
            f"{split.folder} is a data set of `{split.task}`, which does not say what was praised and what was blamed: hold out one of "
            "`rejoinder export kto RUN --unbalanced --dataset FOLDER`"
        )
    shared = sorted({place for arm in arms for place in overlapping(split, record.read_marks(arm.folder))})
    if shared and not drop_overlap:
        by_arm = ", ".join(f"{arm.name}: {len(overlapping(split, record.read_marks(arm.folder))):,}" for arm in arms)
        raise RecipeError(
            f"{len(shared):,} of {len(split.rows):,} held-out rows of {split.folder} ({split.name}) are of conversations that were trained on, by id or "
            f"by opening ({by_arm}): what a model has seen proves nothing. Hold out others (`rejoinder export … --validation 0.1` "
            "with one seed for all sets), or leave these rows out with --drop-overlap"
        )
    fresh = [row for place, row in enumerate(split.rows) if place not in set(shared)]
    fitted = [fit(tokenizer, row, settings.max_length) for row in fresh]
    rows = [one.row for one in fitted if one is not None]
    if not rows:
        raise RecipeError(f"no held-out row of {split.folder} ({split.name}) is left to measure on")
    return HeldOut(split, rows, len(shared), len(fitted) - len(rows))


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


def write_requests(measured: Measured, out: Path) -> int:
    """Writes the questions to a judge into `requests.jsonl`; returns how many there are."""
    arms = {name: answers for name, answers in measured.answers.items() if name != PRETRAINED}
    lines = [request.line() for request in pair_requests(measured.answers[PRETRAINED], arms)]
    (out / REQUESTS).write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return len(lines)


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
