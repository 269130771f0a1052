"""`gather`: a sample over a data set, for the verbs `audit` and `calibrate` of the command."""

from __future__ import annotations

import json
import random
from os import PathLike
from pathlib import Path
from typing import Any, Literal

import pyarrow as pa
import pyarrow.compute as pc
import ray

import rejoinder
from rejoinder.ray import errors, pool
from rejoinder.ray.scanning import check, first_rows
from rejoinder.ray.terms import Config, JobTerms

_PART, _ERROR, _CODE = "part", "error", "code"
_SCHEMA = pa.schema([(_PART, pa.large_binary()), (_ERROR, pa.string()), (_CODE, pa.int64())])
_SEEDS = 1 << 32
_CATEGORIES = ("UR1", "UR2", "UR3", "UR4", "UR5")


class GatherActor:
    """Makes a part of each batch."""

    def __init__(self, terms: JobTerms, drawing: str, shard: str | None, ordinal: str | None) -> None:
        self._terms = terms
        self._drawing = drawing
        self._places = {"shard": shard, "ordinal": ordinal}
        self._gatherer: rejoinder.Gatherer | None = None

    def __call__(self, batch: pa.Table) -> pa.Table:
        if batch.num_rows == 0:
            return _SCHEMA.empty_table()
        try:
            if self._gatherer is None:
                self._gatherer = rejoinder.Gatherer(self._terms.build(), self._drawing)
            row = {_PART: self._gatherer.of_batch(batch, **self._places)}
        except rejoinder.Error as why:
            # As a row: what Ray makes of an exception loses its type.
            row = {_ERROR: str(why), _CODE: why.code}
        return pa.Table.from_pylist([row], schema=_SCHEMA)


def gather(
    ds: ray.data.Dataset,
    config: Config = None,
    *,
    folder: str | PathLike[str],
    goal: Literal["audit", "calibration"],
    seed: int | None = None,
    name: str = "a data set",
    rejected: int = 300,
    accepted: int = 100,
    sample: int = 400,
    purpose: str | list[str] | None = None,
    shard: str | None = None,
    ordinal: str | None = None,
    expected: dict[str, int] | None = None,
    judged: ray.data.Dataset | None = None,
    corpus: bool | pa.Table = True,
    batch_size: int = 4096,
    concurrency: pool.Concurrency = None,
    num_cpus: float = 0.5,
    **ray_options: Any,
) -> int:
    """Draw a sample of the later turns of a data set in one pass, and write it as a folder for the command; return the seed.

    The draw is uniform over all later turns, and follows from the seed alone: neither batches nor workers show. `rejoinder audit FOLDER`
    and `rejoinder calibrate FOLDER` ask about the sample and do the arithmetic. Use another seed for an audit than for the calibration
    that its cut comes from.

    Args:
        ds: Conversations, as for `scan`.
        config: As for `scan`; for an audit the one that made the rows.
        folder: The folder to make, on the driver's machine.
        goal: The verb: `audit` draws among turns as the engine decides them, `calibration` among all turns with no cut in force.
        seed: What the draw depends on; drawn where it is not given.
        name: What the data set is called, in reports.
        rejected: Rejected turns to draw for an audit.
        accepted: Accepted turns to draw for an audit.
        sample: Turns to draw for a calibration.
        purpose: What a calibration's cut is for, as `for` in a config; by default what the config says.
        shard: As for `scan`.
        ordinal: As for `scan`. With both, turns are told apart by them, else by the conversation's id: then two conversations with one id are
            refused.
        expected: About how many turns there are (`rejected` and `accepted`, or `turns`), which keeps the parts of batches small.
        judged: For an audit of what `judge` gave: its rows, in which answers are counted. Without them turns that wait count as missed.
        corpus: As for `scan`.
        batch_size: Conversations a batch.
        concurrency: As for `scan`.
        num_cpus: As for `scan`.
        **ray_options: Further options of `Dataset.map_batches`.

    Raises:
        rejoinder.Error: As `scan`; and if the sample would be wrong, since a batch came twice or conversations share an id.
    """
    if (Path(folder) / "manifest.json").exists():
        raise errors.usage(f"{folder} holds a run or a sample already: give another folder")
    seed = random.SystemRandom().randrange(_SEEDS) if seed is None else seed
    first = first_rows(ds)
    if first is None:
        raise errors.usage("the data set is empty: there is nothing to draw from")
    terms = JobTerms.on_driver(config, first if corpus is True else corpus or None)
    engine = terms.build()
    check(engine, first, shard, ordinal)
    drawing = json.dumps(
        {
            "goal": _goal(goal, seed, (rejected, accepted, sample), purpose or json.loads(engine.config_json)["for"]),
            "address": "conversation" if shard is None and ordinal is None else "place",
            **({} if expected is None else {"expected": expected}),
        }
    )
    gatherer = rejoinder.Gatherer(engine, drawing)
    compute, _ = pool.actors(concurrency)
    settings = pool.settings(compute, batch_size, num_cpus, ray_options)
    parts = ds.map_batches(GatherActor, fn_constructor_args=(terms, drawing, shard, ordinal), **settings)
    for batch in parts.iter_batches(batch_size=None, batch_format="pyarrow"):
        for row in batch.to_pylist():
            if row[_ERROR] is not None:
                raise errors.of_code(row[_CODE], row[_ERROR])
            gatherer.add(row[_PART])
    gatherer.write(name, folder, judged=None if judged is None else json.dumps(_answers(judged)))
    return seed


def _goal(goal: str, seed: int, sizes: tuple[int, int, int], purpose: Any) -> dict[str, Any]:
    rejected, accepted, sample = sizes
    if goal == "audit":
        return {"audit": {"rejected": rejected, "accepted": accepted, "seed": seed}}
    if goal == "calibration":
        return {"calibration": {"for": purpose, "sample": sample, "seed": seed}}
    raise errors.usage(f"`{goal}` is no goal of a sample: expected audit or calibration")


def _answers(rows: ray.data.Dataset) -> dict[str, Any]:
    """What the judge said of the turns that waited: how many are feedback of each category, and how many are none."""
    feedback, no_feedback = dict.fromkeys(_CATEGORIES, 0), 0
    columns = rows.select_columns(["decision", "source", "category"])
    for batch in columns.iter_batches(batch_size=None, batch_format="pyarrow"):
        no_feedback += pc.sum(pc.equal(batch["decision"], "rejected")).as_py() or 0
        of_judge = pc.and_(pc.equal(batch["decision"], "accepted"), pc.equal(batch["source"], "judge"))
        for category in batch["category"].filter(of_judge).to_pylist():
            feedback[category] += 1
    return {"feedback": feedback, "no_feedback": no_feedback, "unverified": 0}
