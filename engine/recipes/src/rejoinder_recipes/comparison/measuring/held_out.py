"""The held-out rows that a comparison measures on: none of a conversation that an arm was trained on."""

from dataclasses import dataclass
from typing import Any

from ...chat import fit
from ...dataset import Split, overlapping
from ...errors import RecipeError
from ...training import record
from .arms import TrainedArm


@dataclass(frozen=True)
class HeldOut:
    """The held-out rows that are measured on, and what was left out."""

    split: Split
    rows: list[dict]
    overlap: int
    too_long: int


def held_out_rows(split: Split, arms: list[TrainedArm], tokenizer: Any, max_length: int, drop_overlap: bool) -> HeldOut:
    """The rows of a split that no arm was trained on, each with as much of its prompt as fits.

    Raises RecipeError if the split is none of KTO, or overlaps with what an arm was trained on and `drop_overlap` is not set.
    """
    if split.task != "kto":
        raise RecipeError(
            f"{split.folder} is a data set of `{split.task}`, which does not say what was praised and what was blamed: hold out one of "
            "`rejoinder export kto RUN --unbalanced --dataset FOLDER`"
        )
    by_arm = {arm.name: overlapping(split, record.read_marks(arm.folder)) for arm in arms}
    shared = {place for places in by_arm.values() for place in places}
    if shared and not drop_overlap:
        counts = ", ".join(f"{name}: {len(places):,}" for name, places in by_arm.items())
        raise RecipeError(
            f"{len(shared):,} of {len(split.rows):,} held-out rows of {split.folder} ({split.name}) are of conversations that were trained on, by id or "
            f"by opening ({counts}): what a model has seen proves nothing. Hold out others (`rejoinder export … --validation 0.1` "
            "with one seed for all sets), or leave these rows out with --drop-overlap"
        )
    fresh = [row for place, row in enumerate(split.rows) if place not in shared]
    fitted = [fit(tokenizer, row, max_length) for row in fresh]
    rows = [one.row for one in fitted if one is not None]
    if not rows:
        raise RecipeError(f"no held-out row of {split.folder} ({split.name}) is left to measure on")
    return HeldOut(split, rows, len(shared), len(fitted) - len(rows))
