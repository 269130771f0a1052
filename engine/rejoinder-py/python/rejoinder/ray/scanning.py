"""`scan`: from conversations to rows about turns."""

from __future__ import annotations

import json
from typing import Any

import pyarrow as pa
import ray

import rejoinder
from rejoinder.ray import errors, pool
from rejoinder.ray.terms import Config, JobTerms

SAMPLE_ROWS = 2000
"""Conversations by which it is decided whether the score suits a corpus; the engine looks at the first 8 MiB of them."""

_SAMPLE_BYTES = 16 << 20


class ScanActor:
    """Scans batches with one engine, which is built with the first batch: then what is wrong with it ends the job."""

    def __init__(self, terms: JobTerms, shard: str | None, ordinal: str | None) -> None:
        self._terms = terms
        self._places = {"shard": shard, "ordinal": ordinal}
        self._engine: rejoinder.Engine | None = None

    def __call__(self, batch: pa.Table) -> pa.Table:
        if self._engine is None:
            self._engine = self._terms.build()
        return pa.table(self._engine.scan(batch, **self._places))


def scan(
    ds: ray.data.Dataset,
    config: Config = None,
    *,
    corpus: bool | pa.Table = True,
    shard: str | None = None,
    ordinal: str | None = None,
    batch_size: int = 4096,
    concurrency: pool.Concurrency = None,
    num_cpus: float = 0.5,
    **ray_options: Any,
) -> ray.data.Dataset:
    """Decide about the later turns of a data set of conversations; the rows are those of `rejoinder.Engine.scan`.

    The engine is built here first, so that a config or a table that cannot be used ends the call. Each actor builds its own, of one
    thread, and compares it with this one. A row that cannot be read becomes a row with `error`. What a batch gives is a function of
    the batch, the config and `corpus`: Ray may compute any batch once more.

    Args:
        ds: Conversations, one a row, in any shape that rejoinder reads from tables.
        config: As for `rejoinder.Engine`. Files that it names by path are sent to the workers.
        corpus: Whether the first 2,000 rows of `ds`, which are computed at once, tell if the learned score suits these logs, as a run of
            the command finds out; or other rows that tell it. Without, the score is taken to suit them.
        shard: The column with the number of a row's source.
        ordinal: The column with the number of a row in its source. Without both, `shard`, `ordinal` and `id` number the rows of a batch;
            then tell turns apart by `conversation_id` and `message_index`.
        batch_size: Conversations a batch.
        concurrency: So many actors, or `(least, most)`; by default up to one for each CPU.
        num_cpus: CPUs that an actor reserves. By default half a CPU, so that those who read find room beside the actors: actors that
            take all CPUs let Ray Data wait for ever.
        **ray_options: Further options of `Dataset.map_batches`, such as `runtime_env` and `memory`.

    Raises:
        rejoinder.Error: As `rejoinder.Engine`.
        rejoinder.UsageError: If conversations are made of several rows, the config leaves duplicates out, or a file of it cannot be sent.
    """
    sample = first_rows(ds)
    if sample is None:
        return ray.data.from_arrow(no_rows(rejoinder.Engine(config, threads=1)))
    told = sample if corpus is True else corpus or None
    terms = JobTerms.on_driver(config, told)
    check(rejoinder.Engine(config, threads=1), sample, shard, ordinal)
    compute, _ = pool.actors(concurrency)
    settings = pool.settings(compute, batch_size, num_cpus, ray_options)
    return ds.map_batches(ScanActor, fn_constructor_args=(terms, shard, ordinal), **settings)


def first_rows(ds: ray.data.Dataset, most: int = SAMPLE_ROWS) -> pa.Table | None:
    """The first rows of a data set; `None` where it has none."""
    tables = [table for table in ds.limit(most).iter_batches(batch_size=None, batch_format="pyarrow") if table.num_rows > 0]
    if not tables:
        return None
    rows = pa.concat_tables(tables, promote_options="permissive")
    return rows.slice(0, max(1, rows.num_rows * _SAMPLE_BYTES // max(rows.nbytes, _SAMPLE_BYTES)))


def no_rows(engine: rejoinder.Engine) -> pa.Table:
    """A table of no rows about turns."""
    message = {"role": "user", "content": ""}
    return pa.table(engine.scan(pa.table({"conversation": [[message]]}))).slice(0, 0)


def check(engine: rejoinder.Engine, sample: pa.Table, shard: str | None, ordinal: str | None) -> None:
    """Whether batches of the data set can be scanned one by one, as its first rows and the config tell."""
    if json.loads(engine.config_json)["input"]["duplicates"] != "keep":
        raise errors.usage(
            "[input] duplicates is for one machine, which sees all conversations: leave them out before, for example by "
            "`ds.groupby(…)`, or take the key out of the config"
        )
    joined = engine.joined_rows(sample)
    if joined is not None:
        raise errors.usage(
            f"a conversation is made of several rows here ({joined}), which may come in several batches: bring the rows of a "
            "conversation into one row first, for example by `ds.groupby(…).map_groups(…)` into a column of messages"
        )
    engine.scan(sample.slice(0, 1), shard=shard, ordinal=ordinal)
