"""What all workers of a job must agree on: one engine, built on the driver first, and built anew on each worker."""

from __future__ import annotations

import contextlib
import json
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Any, TypeAlias

import pyarrow as pa
import ray

import rejoinder
from rejoinder.ray import errors
from rejoinder.ray.luggage import Luggage, config_without_folder

Config: TypeAlias = "dict[str, Any] | str | PathLike[str] | None"
"""A config as `rejoinder.Engine` takes it: nothing, a dict, the text of a TOML file, or the path of one."""


@dataclass(frozen=True)
class EngineFacts:
    """What tells one engine from another."""

    version: str
    rules_hash: str
    plugins: list[tuple[str, str]]
    has_score: bool
    config: dict[str, Any]

    @classmethod
    def of(cls, engine: rejoinder.Engine, folder: Path) -> EngineFacts:
        """The facts of an engine whose files lie in a folder."""
        return cls(
            rejoinder.__version__,
            engine.rules_hash,
            list(engine.plugins),
            engine.has_score,
            config_without_folder(engine.config_json, folder),
        )

    def differences(self, driver: EngineFacts) -> list[str]:
        """In what an engine differs from the driver's, in words."""
        found = []
        if self.version != driver.version:
            found.append(f"rejoinder {self.version} is installed here, and {driver.version} on the driver")
        own, wanted = dict(self.plugins), dict(driver.plugins)
        for name in sorted(own.keys() | wanted.keys()):
            if name not in own:
                found.append(f"plugin {name} is missing")
            elif name not in wanted:
                found.append(f"plugin {name} runs here alone")
            elif own[name] != wanted[name]:
                found.append(f"plugin {name} is another one ({own[name]}, the driver's is {wanted[name]})")
        here, there = _flat(self.config), _flat(driver.config)
        for key in sorted(here.keys() | there.keys()):
            if here.get(key) != there.get(key):
                found.append(
                    f"{key} is {json.dumps(here.get(key))} here, and {json.dumps(there.get(key))} on the driver "
                    f"(is a variable REJOINDER_… set in one environment alone?)"
                )
        if self.rules_hash != driver.rules_hash:
            found.append(f"the rules are others ({self.rules_hash}, the driver's are {driver.rules_hash})")
        if self.has_score != driver.has_score:
            found.append("the score decides on one of the two alone")
        return found


@dataclass(frozen=True)
class JobTerms:
    """What a worker builds its engine from, and what the engine must be like. Made once, on the driver, it travels with the job."""

    luggage: ray.ObjectRef[Luggage]
    """The config and its files."""
    corpus: ray.ObjectRef[pa.Table] | None
    """The rows by which it is decided whether the score suits the corpus."""
    facts: EngineFacts

    @classmethod
    def on_driver(cls, config: Config, corpus: pa.Table | None) -> JobTerms:
        """The terms of a job.

        Raises:
            rejoinder.Error: If no engine can be built, or what it is built from cannot travel.
        """
        own = rejoinder.Engine(config, corpus=corpus, threads=1)
        luggage = Luggage.packed(json.loads(own.given_json), folder_of(config))
        with tempfile.TemporaryDirectory(prefix="rejoinder-") as folder:
            travelled = _engine(luggage, Path(folder), corpus)
            facts = EngineFacts.of(travelled, Path(folder))
        if facts.rules_hash != own.rules_hash or facts.plugins != list(own.plugins):
            raise errors.bug("a config does not say on another machine what it says here")
        return cls(ray.put(luggage), None if corpus is None else ray.put(corpus), facts)

    def build(self) -> rejoinder.Engine:
        """The engine of this worker.

        Raises:
            rejoinder.Error: If no engine can be built here, or it differs from the driver's.
        """
        luggage = ray.get(self.luggage)
        corpus = None if self.corpus is None else ray.get(self.corpus)
        where = f"worker on node {ray.util.get_node_ip_address()}"
        if rejoinder.__version__ != self.facts.version:
            raise errors.usage(
                f"{where}: rejoinder {rejoinder.__version__} is installed here, and {self.facts.version} on the driver; "
                "install the same version on all machines"
            )
        with folder_of_files(luggage) as folder:
            try:
                engine = _engine(luggage, folder, corpus)
            except rejoinder.Error as why:
                raise errors.on(where, why) from why
            found = EngineFacts.of(engine, folder).differences(self.facts)
        if found:
            raise errors.usage(f"{where}: the engine is not the driver's: {'; '.join(found)}")
        return engine


_FOLDERS: list[tempfile.TemporaryDirectory[str]] = []


@contextlib.contextmanager
def folder_of_files(luggage: Luggage) -> Iterator[Path]:
    """A folder for the files of a config: removed at the end, or where they are read again, with this process."""
    folder = tempfile.TemporaryDirectory(prefix="rejoinder-")
    try:
        yield Path(folder.name)
    finally:
        if luggage.is_read_again:
            _FOLDERS.append(folder)
        else:
            folder.cleanup()


def folder_of(config: Config) -> Path:
    """The folder at which the relative paths of a config begin, where the config has some left."""
    if config is None or isinstance(config, dict):
        return Path.cwd()
    if isinstance(config, str) and ("\n" in config or "=" in config):
        return Path.cwd()
    return Path(config).absolute().parent


def _engine(luggage: Luggage, folder: Path, corpus: pa.Table | None) -> rejoinder.Engine:
    return rejoinder.Engine(luggage.unpacked(folder), corpus=corpus, threads=1)


def _flat(value: Any, key: str = "") -> dict[str, Any]:
    """The values of a config by their keys with dots."""
    if isinstance(value, dict) and value:
        inner = ((f"{key}.{name}" if key else name, field) for name, field in value.items())
    elif isinstance(value, list) and value and isinstance(value[0], dict):
        inner = ((f"{key}[{number}]", field) for number, field in enumerate(value))
    else:
        return {key: value}
    flat: dict[str, Any] = {}
    for name, field in inner:
        flat.update(_flat(field, name))
    return flat
