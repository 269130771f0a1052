"""Files that a config names, on their way to the workers.

Ray's runtime environment of an actor replaces the working folder and the modules of the job, which are the caller's own. So the files
travel through Ray's object store beside it, and each worker checks their hashes.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
from collections.abc import Callable, Iterator, MutableMapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rejoinder.ray import errors

# Stands in a packed config for the folder into which a worker unpacks.
_FOLDER = "<the folder of this worker>"
_LIBRARY_PREFIX, _LIBRARY_SUFFIX = {
    "darwin": ("lib", ".dylib"),
    "win32": ("", ".dll"),
}.get(sys.platform, ("lib", ".so"))
_PLUGIN_PREFIX = f"{_LIBRARY_PREFIX}rejoinder_plugin_"
_PLUGIN_PATH = "REJOINDER_PLUGIN_PATH"


@dataclass(frozen=True)
class Luggage:
    """A config, and the files that the config names."""

    config: dict[str, Any]
    """The config, with `_FOLDER` in place of the folder of its files."""
    files: dict[str, bytes]
    """The files by their path in that folder."""
    hashes: dict[str, str]
    """The SHA-256 of each file."""

    @classmethod
    def packed(cls, config: dict[str, Any], folder: Path) -> Luggage:
        """Packs a config (as `Engine.given_json` says it) whose relative paths begin at `folder`.

        Raises:
            rejoinder.UsageError: If a file cannot be read, or the config names one that cannot travel.
        """
        config = _without_nulls(config)
        packer = _Packer(folder)
        for table, key in _places_of_files(config):
            packer.pack(table, key)
        _pack_plugin_folders(config, packer)
        hashes = {name: hashlib.sha256(content).hexdigest() for name, content in packer.files.items()}
        return cls(config, packer.files, hashes)

    @property
    def is_read_again(self) -> bool:
        """Whether files are read after the engine is built: a prompt or a tokenizer, each time the judge is asked."""
        return _FOLDER in json.dumps(self.config.get("judge", {}))

    def unpacked(self, folder: Path) -> dict[str, Any]:
        """Writes the files into a folder, and returns the config that names them there.

        Raises:
            rejoinder.InputError: If a file is missing, or is not the one that the driver has sent.
        """
        for name, expected in self.hashes.items():
            content = self.files.get(name)
            if content is None or hashlib.sha256(content).hexdigest() != expected:
                raise errors.unreadable(f"{name} did not arrive on this worker as the driver has sent it")
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        config: dict[str, Any] = _with_texts(self.config, lambda text: text.replace(_FOLDER, str(folder)))
        return config


class _Packer:
    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.files: dict[str, bytes] = {}

    def pack(self, table: MutableMapping[Any, Any], key: Any) -> None:
        """Takes the file or folder that a value names along, and lets the value name it where it will lie."""
        source = _existing(self._folder / table[key])
        if source.is_dir():
            files = sorted(file for file in source.iterdir() if file.is_file())
            place = self._place(hashlib.sha256(str(source).encode()).hexdigest(), source)
            for file in files:
                self.files[f"{place}/{file.name}"] = _read(file)
        else:
            content = _read(source)
            place = self._place(hashlib.sha256(content).hexdigest(), source)
            self.files[place] = content
        table[key] = f"{_FOLDER}/{place}"

    def _place(self, digest: str, source: Path) -> str:
        return f"{digest[:16]}/{source.name}"

    def add_plugin_folder(self, number: int, folder: Path) -> str | None:
        """Takes the plugins of a folder along; returns where they will lie, or `None` where there are none."""
        folder = self._folder / folder
        libraries = sorted(folder.glob(f"{_PLUGIN_PREFIX}*{_LIBRARY_SUFFIX}"))
        for library in libraries:
            self.files[f"plugins-{number}/{library.name}"] = _read(library)
        return f"{_FOLDER}/plugins-{number}" if libraries else None


def _places_of_files(config: dict[str, Any]) -> Iterator[tuple[Any, Any]]:
    """The values of a config that name files, each as a container and its key."""
    packs = config.get("rules", {}).get("packs") or []
    for place, name in enumerate(packs):
        if _is_path(name):
            yield packs, place
    for plugin in config.get("plugin") or []:
        if plugin.get("path") is not None:
            yield plugin, "path"
        own = plugin.get("config")
        if isinstance(own, dict) and isinstance(own.get("model"), str):
            yield own, "model"
    judge = config.get("judge", {})
    if judge.get("prompt") is not None and _is_path(judge["prompt"]):
        yield judge, "prompt"
    if judge.get("tokenizer") is not None:
        yield judge, "tokenizer"
    if judge.get("replies") is not None:
        raise errors.usage(
            "[judge] replies names a file, but the workers of a cluster share no file: the folder of the job holds the replies; "
            "leave `replies` out"
        )


def _pack_plugin_folders(config: dict[str, Any], packer: _Packer) -> None:
    folders = [*config.get("plugin-dirs", []), *filter(None, os.environ.get(_PLUGIN_PATH, "").split(os.pathsep))]
    packed = [packer.add_plugin_folder(number, Path(folder)) for number, folder in enumerate(folders)]
    config["plugin-dirs"] = [folder for folder in packed if folder is not None]


def _is_path(name: str) -> bool:
    """Whether a value that may be a shipped name is a path, as the config tells them apart."""
    return any(mark in name for mark in "/\\.")


def _existing(path: Path) -> Path:
    """A path, with the platform's prefix and suffix of libraries where they were left out."""
    names = [path.name, path.name + _LIBRARY_SUFFIX, _LIBRARY_PREFIX + path.name + _LIBRARY_SUFFIX]
    return next((found for name in names if (found := path.with_name(name)).exists()), path)


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as why:
        raise errors.usage(f"{path} is named by the config and cannot be sent to the workers: {why.strerror}") from why


def _without_nulls(value: Any) -> Any:
    """A value of JSON without the fields that are null: a config has no null."""
    if isinstance(value, dict):
        return {key: _without_nulls(inner) for key, inner in value.items() if inner is not None}
    if isinstance(value, list):
        return [_without_nulls(inner) for inner in value]
    return value


def _with_texts(value: Any, change: Callable[[str], str]) -> Any:
    """A value of JSON with all its texts changed."""
    if isinstance(value, str):
        return change(value)
    if isinstance(value, dict):
        return {key: _with_texts(inner, change) for key, inner in value.items()}
    if isinstance(value, list):
        return [_with_texts(inner, change) for inner in value]
    return value


def config_without_folder(config_json: str, folder: Path) -> dict[str, Any]:
    """A config in force, which is the same on all machines: with `_FOLDER` in place of where files lie on this one."""
    config: dict[str, Any] = _with_texts(json.loads(config_json), lambda text: text.replace(str(folder), _FOLDER))
    return config
