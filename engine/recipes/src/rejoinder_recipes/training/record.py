"""The record of a training: what stands in `training.json` beside the trained weights. It holds no text of the data."""

import json
import platform
from importlib import metadata
from pathlib import Path
from typing import Any

import torch

from .. import __version__
from ..errors import RecipeError
from ..models import device

RECORD = "training.json"
MARKS = "trained-on.txt"
"""One line for each mark (`dataset.marks`) of a conversation that was trained on."""
PACKAGES = ("torch", "transformers", "trl", "peft", "datasets", "accelerate")


def versions() -> dict[str, str]:
    """The versions that a result depends on."""
    return {"rejoinder-recipes": __version__, "python": platform.python_version(), **{name: metadata.version(name) for name in PACKAGES}}


def hardware() -> dict[str, Any]:
    """What the training ran on."""
    name = torch.cuda.get_device_name() if device() == "cuda" else platform.machine()
    return {"device": device(), "name": name, "threads": torch.get_num_threads()}


def write(folder: Path, record: dict[str, Any], marks: set[str]) -> None:
    """Writes the record and the marks; the record last, since a folder with a record is a finished training."""
    (folder / MARKS).write_text("".join(f"{mark}\n" for mark in sorted(marks)), encoding="utf-8")
    (folder / RECORD).write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")


def read(folder: Path) -> dict[str, Any]:
    """The record of a training.

    Raises RecipeError if the folder holds none.
    """
    try:
        return json.loads((folder / RECORD).read_text(encoding="utf-8"))
    except FileNotFoundError:
        inside = [f"{path.parent}" for path in sorted(folder.glob(f"*/{RECORD}"))]
        instead = f"; did you mean {' or '.join(inside)}?" if inside else ": `rejoinder-recipes train` writes it at the end of a stage"
        raise RecipeError(f"{folder} holds no finished training (no {RECORD}){instead}") from None
    except (OSError, ValueError) as why:
        raise RecipeError(f"{folder / RECORD} cannot be read: {why}") from None


def read_marks(folder: Path) -> set[str]:
    """The marks of the conversations that were trained on."""
    try:
        return set((folder / MARKS).read_text(encoding="utf-8").split())
    except OSError as why:
        raise RecipeError(
            f"{folder / MARKS} cannot be read, so overlap with the held-out conversations cannot be ruled out: {why}"
        ) from None
