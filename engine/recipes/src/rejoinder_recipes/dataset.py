"""A data set that `rejoinder export … --dataset` wrote: its metadata, its rows, and whether two of them overlap."""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path

import jsonschema

from .errors import RecipeError

METADATA = "rejoinder.json"
TASKS = ("sft", "kto", "random")
"""Kinds of data sets that the recipes read; `random` holds rows as `sft` does."""


@cache
def schema() -> dict:
    """The JSON schema of the metadata and of rows, which the export keeps as well."""
    return json.loads((resources.files(__package__) / "dataset.schema.json").read_text())


@cache
def _validator(name: str) -> jsonschema.protocols.Validator:
    return jsonschema.Draft202012Validator({"$ref": f"#/$defs/{name}", "$defs": schema()["$defs"]})


def _check(value: object, name: str, place: str) -> None:
    """Raises RecipeError if a value is not as the schema says."""
    fault = jsonschema.exceptions.best_match(_validator(name).iter_errors(value))
    if fault is not None:
        path = ".".join(map(str, fault.absolute_path)) or "the whole"
        raise RecipeError(
            f"{place}: {path}: {fault.message[:200]}. The recipes read what `rejoinder export sft|kto|random RUN --style trl --dataset "
            "FOLDER` writes; export the data set anew with the rejoinder that belongs to these recipes"
        )


@dataclass(frozen=True)
class Split:
    """The rows of one file of a data set."""

    folder: Path
    metadata: dict
    name: str
    rows: list[dict]

    @property
    def task(self) -> str:
        """`sft`, `kto` or `random`."""
        return self.metadata["task"]

    @property
    def description(self) -> dict:
        """What a record of a training or a comparison keeps of the data set: no text of it."""
        kept = ("task", "license", "engine", "rules_hash", "config_hash", "judge", "labels", "sources", "positive", "negative", "seed")
        described = {key: self.metadata.get(key) for key in kept}
        return {"folder": self.folder.name, "split": self.name, **described, **self.metadata["splits"][self.name]}

    def marks(self) -> set[str]:
        """What tells the conversations of the rows: their ids, and how they open."""
        return {mark for row in self.rows for mark in marks(row)}


def marks(row: dict) -> tuple[str, str]:
    """What tells the conversation of a row, without text of it: two rows overlap if they share a mark."""
    return hashlib.sha256(row["conversation_id"].encode()).hexdigest(), row["opening"]


def read_metadata(folder: Path) -> dict:
    """The metadata of a data set.

    Raises RecipeError if the folder is no data set, or one that the recipes do not read.
    """
    path = folder / METADATA
    try:
        metadata = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise RecipeError(
            f"{folder} is no data set: it holds no {METADATA}. `rejoinder export sft RUN --dataset {folder}` writes one"
        ) from None
    except (OSError, ValueError) as why:
        raise RecipeError(f"{path} cannot be read: {why}") from None
    if not isinstance(metadata, dict) or metadata.get("format") != 1:
        raise RecipeError(f"{path} has another format than 1, which is all that these recipes read: update them, or export anew")
    if metadata.get("style") != "trl" or metadata.get("task") not in TASKS:
        raise RecipeError(
            f"{folder} is a data set of {metadata.get('task')} in the style {metadata.get('style')}; the recipes read sft, kto and random "
            "in the style trl: `rejoinder export sft RUN --dataset FOLDER`"
        )
    _check(metadata, "metadata", str(path))
    return metadata


def read_split(folder: Path, name: str | None = None) -> Split:
    """The split `name` of a data set; without a name, `validation` where there is one with rows, else `train`.

    Raises RecipeError if there is no such split, or its file is not what the export wrote.
    """
    metadata = read_metadata(folder)
    splits = metadata["splits"]
    if name is None:
        name = "validation" if splits.get("validation", {}).get("rows") else "train"
    if name not in splits:
        raise RecipeError(f"{folder} has no split `{name}`; it has {', '.join(splits)}. `rejoinder export … --validation 0.1` makes both")
    path = folder / splits[name]["path"]
    try:
        content = path.read_bytes()
    except OSError as why:
        raise RecipeError(f"{path} cannot be read: {why}") from None
    if hashlib.sha256(content).hexdigest() != splits[name]["sha256"]:
        raise RecipeError(f"{path} is not the file that {METADATA} describes: it was changed after the export. Export it anew")
    rows = []
    for number, line in enumerate(content.decode("utf-8").split("\n"), 1):
        if line:
            rows.append(json.loads(line))
            _check(rows[-1], f"{metadata['task']}_row", f"{path}:{number}")
    return Split(folder, metadata, name, rows)


def overlapping(held_out: Split, trained_on: Iterable[str]) -> list[int]:
    """The places of held-out rows whose conversation was trained on: its id or its opening is among the marks `trained_on`."""
    trained = set(trained_on)
    return [place for place, row in enumerate(held_out.rows) if not trained.isdisjoint(marks(row))]
