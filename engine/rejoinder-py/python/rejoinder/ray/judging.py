"""`judge`: asks an OpenAI-compatible server about the turns that wait."""

from __future__ import annotations

import time
from os import PathLike
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import ray

import rejoinder
from rejoinder.ray import errors, pool
from rejoinder.ray.keeping import keeper_of
from rejoinder.ray.terms import Config, JobTerms

_BUDGET = 4
"""The exit code of the command where a budget is reached."""
_ACTORS = 8
"""More of them are hardly ever of use: each keeps its share of `max-in-flight` in flight."""
_RESTART_SECONDS = 0.2
"""Between two calls of a keeper that is being started anew."""


class JudgeActor:
    """Asks about the rows of batches that wait."""

    def __init__(self, terms: JobTerms, keeper: Any, sharing: int) -> None:
        self._terms = terms
        self._keeper = keeper
        self._sharing = sharing
        self._engine: rejoinder.Engine | None = None

    def __call__(self, batch: pa.Table) -> pa.Table:
        if self._engine is None:
            self._engine = self._terms.build()
        over = self._told("over")
        if over is not None:
            return with_reason(batch, over)
        rows, report = self._engine.judge(batch, self._handle, sharing=self._sharing)
        stop, code = report.pop("stop"), report.pop("stop_code")
        # Where the budget is reached, the next batch may still find replies that are stored already.
        self._told("add", report, stop, code != _BUDGET)
        return pa.table(rows)

    def _handle(self, message: bytes) -> bytes:
        answer: bytes = self._told("handle", message)
        return answer

    def _told(self, method: str, *arguments: Any) -> Any:
        """What the keeper answers, who may be killed and started anew at any time; a call that is made twice does no harm."""
        while True:
            try:
                return ray.get(getattr(self._keeper, method).remote(*arguments))
            except ray.exceptions.ActorUnavailableError:
                time.sleep(_RESTART_SECONDS)


def judge(
    ds: ray.data.Dataset,
    config: Config,
    *,
    folder: str | PathLike[str],
    batch_size: int = 1024,
    concurrency: pool.Concurrency = None,
    num_cpus: float = 0.1,
    **ray_options: Any,
) -> ray.data.Dataset:
    """Ask the judge of a config about the rows of `scan` that wait; all other rows go through as they are.

    One actor on the driver's machine keeps `folder`: what was spent, under the config's `[budget]`, the rate of the whole job
    (`requests-per-minute`, `tokens-per-minute`), and all replies, each under the hash of its request. A request is reserved there
    before it is sent. So the cluster as a whole passes neither budget nor rate, what Ray computes once more is not paid for twice,
    and a later job with the same folder asks only what is new. Requests that were under way on a machine that died are made again;
    what was reserved for them counts as spent.

    Where the budget is reached, or the server cannot be asked any more, the job ends without an exception: rows wait on, with the
    reason in `error`, and `rejoinder.ray.report(folder)` says it.

    Args:
        ds: Rows of `scan`.
        config: As for `scan`, with a `[judge]`. The key for the server is taken from the environment of each worker, by the name in
            `api-key-env`; `ray.init(runtime_env={"env_vars": {…}})` brings it there.
        folder: On the driver's machine. One job at a time may have it.
        batch_size: Rows a batch.
        concurrency: So many actors, or `(least, most)`; by default one for each CPU, and at most 8, since an actor keeps many requests
            in flight at once. `max-in-flight` is shared among them.
        num_cpus: CPUs that an actor reserves; it waits for the server most of the time.
        **ray_options: Further options of `Dataset.map_batches`, such as `runtime_env`, which the keeper has, too.

    Raises:
        rejoinder.Error: If the engine cannot be built, the folder is in use, or the judge's server does not answer.
    """
    check_rows(ds)
    terms = JobTerms.on_driver(config, None)
    in_flight = terms.facts.config["judge"]["max-in-flight"]
    compute, most = pool.actors(concurrency or min(pool.cpus(), in_flight, _ACTORS))
    if most > in_flight:
        raise errors.usage(f"{most} actors are to share [judge] max-in-flight = {in_flight}: give it at least as many, or fewer actors")
    keeper = keeper_of(terms, folder, ray_options.get("runtime_env"))
    settings = pool.settings(compute, batch_size, num_cpus, ray_options)
    # Few rows in large blocks would leave all but one actor idle, and so their shares of what may be in flight.
    ds = ds.repartition(target_num_rows_per_block=batch_size)
    return ds.map_batches(JudgeActor, fn_constructor_args=(terms, keeper, most), **settings)


def with_reason(rows: pa.Table, reason: str) -> pa.Table:
    """Rows with the reason why they wait on."""
    waits = pc.equal(rows["decision"], "waiting")
    place = rows.schema.get_field_index("error")
    return rows.set_column(place, "error", pc.if_else(waits, reason, rows["error"]))


def check_rows(ds: ray.data.Dataset) -> None:
    """Whether a data set holds rows of `scan`, as far as that is known without computing it.

    Raises:
        rejoinder.UsageError: If it holds something else.
    """
    schema = ds.schema(fetch_if_missing=False)
    if schema is not None and "decision" not in schema.names:
        raise errors.usage("these are no rows of rejoinder.ray.scan: there is no column `decision`; scan the conversations first")
