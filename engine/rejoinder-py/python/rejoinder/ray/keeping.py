"""The keeper of a job: one actor that holds the budget, the rate and the replies for all who ask the judge.

The keeper's actor lives as long as the driver, and not longer: a detached one would hold the folder's lock after the job, and nobody
would be left to end it. What it keeps lies in the folder, in SQLite, so that a killed keeper goes on where it was.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from os import PathLike
from pathlib import Path
from typing import Any

import ray
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

import rejoinder
from rejoinder.ray import errors
from rejoinder.ray.terms import JobTerms, folder_of_files

_LOCK_SECONDS = 30
"""How long a keeper that is started anew waits for the lock of its killed predecessor."""
_CALLS_AT_ONCE = 16


@dataclass(frozen=True)
class JudgeReport:
    """What came of asking: over the folder's whole life (`spent`), and since its keeper began or was started anew (all else)."""

    spent: dict[str, float]
    """What the folder's judge has cost: `calls`, `tokens`, `money`, `gpu_seconds`, with what is reserved."""
    stop: str | None = None
    """Why rows wait on: the budget is reached, or the server cannot be asked. `None` where nobody was turned away."""
    counts: dict[str, int] = field(default_factory=dict)
    """How many turns were `answered`, `from_store`, `unparseable`, …; what Ray computed twice counts twice."""


class KeeperActor:
    """`rejoinder.Keeper` as an actor."""

    def __init__(self, terms: JobTerms, folder: str) -> None:
        self._terms = terms
        self._folder = folder
        self._stop: str | None = None
        self._is_over = False
        self._counts: dict[str, int] = {}
        self._keeper: rejoinder.Keeper | None = None
        self._changing = threading.Lock()

    def open(self) -> None:
        """Takes the folder, and finds out what the judge's server can do."""
        self._opened(patience=0)

    def _opened(self, patience: float = _LOCK_SECONDS) -> rejoinder.Keeper:
        """The keeper, opened with the first call: `open`, or any other after this actor was killed and started anew."""
        with self._changing:
            if self._keeper is None:
                luggage = ray.get(self._terms.luggage)
                with folder_of_files(luggage) as files:
                    keeper = _unlocked(luggage.unpacked(files), self._folder, patience)
                    keeper.prepare()
                self._keeper = keeper
            return self._keeper

    def handle(self, message: bytes) -> bytes:
        """Answers a message of somebody who asks."""
        return self._opened().handle(message)

    def over(self) -> str | None:
        """Why nobody is to ask any more, where that is so."""
        return self._stop if self._is_over else None

    def add(self, counts: dict[str, int], stop: str | None, is_final: bool) -> None:
        """Adds what came of asking about a batch: why it ended early, if it did, and whether no other batch need try."""
        with self._changing:
            for name, count in counts.items():
                self._counts[name] = self._counts.get(name, 0) + count
            self._stop = self._stop or stop
            self._is_over = self._is_over or (stop is not None and is_final)

    def close(self) -> None:
        """Frees the folder."""
        with self._changing:
            self._keeper = None

    def report(self) -> JudgeReport:
        """What came of asking up to now."""
        spent = dict(self._opened().spent)
        with self._changing:
            return JudgeReport(spent, self._stop, dict(self._counts))


def _unlocked(config: dict[str, Any], folder: str, patience: float) -> rejoinder.Keeper:
    """The keeper of a folder, as soon as its lock is free."""
    until = time.monotonic() + patience
    while True:
        try:
            return rejoinder.Keeper(config, folder)
        except rejoinder.Error:
            if time.monotonic() > until:
                raise
            time.sleep(0.1)


@dataclass(frozen=True)
class _Kept:
    actor: Any
    facts: Any


_KEEPERS: dict[tuple[str, Path], _Kept] = {}
"""The keepers that this driver has started, by job and folder."""


def keeper_of(terms: JobTerms, folder: str | PathLike[str], runtime_env: dict[str, Any] | None = None) -> Any:
    """The actor that keeps a folder for this job: the one that is there, or a new one, which is ready.

    Raises:
        rejoinder.Error: If the folder is another job's, or the judge's server cannot be asked.
    """
    key = _key(folder)
    kept = _KEEPERS.get(key)
    if kept is not None:
        if kept.facts != terms.facts:
            raise errors.usage(
                f"{key[1]} is kept for another config in this program: call rejoinder.ray.close({str(folder)!r}) when that is done, "
                "or give another folder"
            )
        return kept.actor
    here = NodeAffinitySchedulingStrategy(ray.get_runtime_context().get_node_id(), soft=False)
    actor: Any = (
        ray.remote(KeeperActor)
        .options(
            name=f"rejoinder-keeper-{key[0]}-{len(_KEEPERS)}-{time.time_ns()}",
            num_cpus=0,
            max_restarts=-1,
            max_task_retries=-1,
            max_concurrency=_CALLS_AT_ONCE,
            scheduling_strategy=here,
            runtime_env=runtime_env,
        )
        .remote(terms, str(key[1]))
    )
    try:
        asked(actor.open.remote())
    except BaseException:
        ray.kill(actor)
        raise
    _KEEPERS[key] = _Kept(actor, terms.facts)
    return actor


def report(folder: str | PathLike[str]) -> JudgeReport:
    """What came of asking the judge with this folder, up to now.

    Raises:
        rejoinder.UsageError: If this program judges nothing with the folder.
    """
    told: JudgeReport = asked(_kept(folder).actor.report.remote())
    return told


def close(folder: str | PathLike[str]) -> None:
    """Ends the keeper of a folder, which frees the folder for other jobs; else that happens when this program ends.

    Raises:
        rejoinder.UsageError: If this program judges nothing with the folder.
    """
    actor = _kept(folder).actor
    asked(actor.close.remote())
    ray.kill(actor)
    del _KEEPERS[_key(folder)]


def asked(answer: ray.ObjectRef[Any]) -> Any:
    """What an actor answers; where it fails with an exception of rejoinder, that exception.

    Raises:
        rejoinder.Error: What the actor has raised.
    """
    try:
        return ray.get(answer)
    except ray.exceptions.RayTaskError as error:
        if isinstance(error.cause, rejoinder.Error):
            raise error.cause from None
        raise


def _key(folder: str | PathLike[str]) -> tuple[str, Path]:
    return ray.get_runtime_context().get_job_id(), Path(folder).absolute()


def _kept(folder: str | PathLike[str]) -> _Kept:
    try:
        return _KEEPERS[_key(folder)]
    except KeyError:
        raise errors.usage(f"this program judges nothing with the folder {folder}") from None
