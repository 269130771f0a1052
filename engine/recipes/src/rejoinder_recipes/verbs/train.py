"""`rejoinder-recipes train`."""

import argparse
from dataclasses import fields

from ..dataset import read_split
from ..errors import RecipeError
from ..models import ModelSource
from ..training.settings import TrainingSettings
from ..training.train import Stage, Training, train
from .words import quieten, say, typed

STAGES = {"sft": ("sft", "random"), "kto": ("kto",)}
"""The tasks of the data sets that each stage takes."""


def main(args: argparse.Namespace) -> None:
    """Trains as the flags say."""
    stages = [Stage(name, read_split(folder, "train")) for name in STAGES if (folder := getattr(args, name)) is not None]
    if not stages:
        raise RecipeError("nothing to train on: give --sft SET, --kto SET or both")
    for stage in stages:
        if stage.split.task not in STAGES[stage.name]:
            raise RecipeError(
                f"--{stage.name} takes a data set of `rejoinder export {'` or `'.join(STAGES[stage.name])}`; "
                f"{stage.split.folder} is one of `{stage.split.task}`"
            )
    settings = TrainingSettings(**{field.name: getattr(args, field.name) for field in fields(TrainingSettings)})
    quieten()
    train(
        Training(ModelSource(args.model, args.revision), stages, settings, args.out, typed(), args.price_per_hour, args.plan, args.quiet),
        say,
    )
