"""`gather`: a sample over a data set, for `rejoinder audit` and `rejoinder calibrate`."""

from __future__ import annotations

import json
import secrets
from os import PathLike
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import ray

import rejoinder
from rejoinder.ray import errors, pool
from rejoinder.ray.scanning import check_rows, first_rows
from rejoinder.ray.terms import Config, JobTerms

_CATEGORIES = ("UR1", "UR2", "UR3", "UR4", "UR5")


class GatherActor:
    """Draws from batches; the part of a batch is one row of bytes."""

    def __init__(self, terms: JobTerms, gathering: str, shard: str | None, ordinal: str | None) -> None:
        self._terms = terms
        self._gathering = gathering
        self._places = {"shard": shard, "ordinal": ordinal}
        self._gatherer: rejoinder.Gatherer | None = None

    def __call__(self, batch: pa.Table) -> pa.Table:
        if self._gatherer is None:
            self._gatherer = rejoinder.Gatherer(self._terms.build(), self._gathering)
        parts = [self._gatherer.of_batch(batch, **self._places)] if batch.num_rows else []
        return pa.table({"part": pa.array(parts, pa.large_binary())})


def gather(
    ds: ray.data.Dataset,
    config: Config = None,
    goal: dict[str, dict[str, Any]] | None = None,
    *,
    folder: str | PathLike[str],
    name: str,
    judged: ray.data.Dataset | None = None,
    expected: dict[str, int] | None = None,
    corpus: bool | pa.Table = True,
    shard: str | None = None,
    ordinal: str | None = None,
    batch_size: int = 4096,
    concurrency: pool.Concurrency = None,
    num_cpus: float = 0.5,
    **ray_options: Any,
) -> None:
    """Draw a sample of a data set's later turns in one pass, as a folder that the command takes for a run.

    The draw is uniform over all later turns, and follows from the seed alone, whatever the batches. `rejoinder audit FOLDER` or
    `rejoinder calibrate FOLDER` then asks about the sample and does the arithmetic, on one machine.

    Args:
        ds: Conversations, as for `scan`.
        config: As for `scan`; the same one, for an audit of what `scan` gave.
        goal: `{"audit": {"rejected": 300, "accepted": 100}}`, the default, or `{"calibration": {"for": "all", "sample": 400}}`; each
            may name its `seed`, which is drawn otherwise.
        folder: What is written, on the driver's machine.
        name: What the data set is called in reports.
        judged: For an audit of what `judge` gave: its rows, which are counted. Without them turns that wait count as missed.
        expected: About how many turns there are, which makes the parts small: `{"rejected": …, "accepted": …}` for an audit,
            `{"turns": …}` for a calibration.
        corpus: As for `scan`.
        shard: As for `scan`. With both columns, turns are told apart by them, and drawn as the command draws them from files with these
            numbers; else by the conversation's id, which no two conversations may share.
        ordinal: As for `scan`.
        batch_size: Conversations a batch.
        concurrency: As for `scan`.
        num_cpus: As for `scan`.
        **ray_options: As for `scan`.

    Raises:
        rejoinder.Error: As `scan`; and if conversations share an id, or the counts of `judged` cannot be true.
    """
    sample = first_rows(ds)
    if sample is None:
        raise errors.usage("a data set of no rows has nothing to draw from")
    gathering = json.dumps(gathering_terms(goal, expected, shard is not None and ordinal is not None))
    told = sample if corpus is True else corpus or None
    terms = JobTerms.on_driver(config, told)
    engine = rejoinder.Engine(config, corpus=told, threads=1)
    check_rows(engine, sample, shard, ordinal)
    gatherer = rejoinder.Gatherer(engine, gathering)
    compute, _ = pool.actors(concurrency)
    settings = pool.settings(compute, batch_size, num_cpus, ray_options)
    parts = ds.map_batches(GatherActor, fn_constructor_args=(terms, gathering, shard, ordinal), **settings)
    for batch in parts.iter_batches(batch_size=None, batch_format="pyarrow"):
        for part in batch["part"]:
            gatherer.add(part.as_py())
    counts = None if judged is None else json.dumps(judged_counts(judged))
    gatherer.write(name, folder, judged=counts)


def gathering_terms(
    goal: dict[str, dict[str, Any]] | None, expected: dict[str, int] | None, by_place: bool
) -> dict[str, Any]:
    """The terms of `rejoinder.Gatherer`."""
    ((verb, asked),) = (goal or {"audit": {"rejected": 300, "accepted": 100}}).items()
    terms: dict[str, Any] = {
        "goal": {verb: {"seed": secrets.randbelow(1 << 32), **asked}},
        "address": "place" if by_place else "conversation",
    }
    return terms if expected is None else {**terms, "expected": expected}


def judged_counts(rows: ray.data.Dataset) -> dict[str, Any]:
    """What the judge said of the turns that waited: how many are feedback of each category, and how many are none."""
    feedback, no_feedback = dict.fromkeys(_CATEGORIES, 0), 0
    for batch in rows.select_columns(["decision", "source", "category"]).iter_batches(batch_size=None, batch_format="pyarrow"):
        if batch.num_rows == 0:
            continue
        no_feedback += pc.sum(pc.equal(batch["decision"], "rejected")).as_py() or 0
        found = batch.filter(pc.and_(pc.equal(batch["decision"], "accepted"), pc.equal(batch["source"], "judge")))
        for count in pc.value_counts(found["category"].combine_chunks()).to_pylist():
            feedback[count["values"]] += count["counts"]
    return {"feedback": feedback, "no_feedback": no_feedback, "unverified": 0}
