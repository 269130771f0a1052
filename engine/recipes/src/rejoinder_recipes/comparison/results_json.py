"""Results as JSON and back. The file names its format, so that a later program can tell what it reads."""

from __future__ import annotations

import json
import types
from dataclasses import asdict, fields, is_dataclass
from math import isfinite
from pathlib import Path
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from .results import FORMAT, Results


class ResultsError(ValueError):
    """A file that is no results of a format this program knows."""


def to_json(results: Results) -> str:
    """The results as indented JSON with a line feed at its end.

    Raises:
        ValueError: a number is not finite.
    """
    return json.dumps({"format": FORMAT} | asdict(results), indent=2, allow_nan=False, ensure_ascii=True) + "\n"


def write(results: Results, file: Path) -> None:
    """Write the results to `file` (UTF-8)."""
    file.write_text(to_json(results), encoding="utf-8")


def read(file: Path) -> Results:
    """Read what `write` wrote.

    Raises:
        ResultsError: the file is no JSON, of another format, or lacks a field; names the file and the place.
    """
    try:
        value = json.loads(file.read_bytes())
    except (ValueError, RecursionError) as error:
        raise ResultsError(f"{file}: no JSON: {error}") from error
    try:
        return from_value(value)
    except ResultsError as error:
        raise ResultsError(f"{file}: {error}") from error


def from_value(value: Any) -> Results:
    """Results from parsed JSON.

    Raises:
        ResultsError: another format, or a field that is missing, unknown or of another type; names the place.
    """
    if not isinstance(value, dict) or "format" not in value:
        raise ResultsError("no results of a comparison: the key `format` is missing")
    if value["format"] != FORMAT or isinstance(value["format"], bool):
        raise ResultsError(f"format {value['format']!r}; this version reads format {FORMAT}: compare again, or use another version")
    rest = {key: entry for key, entry in value.items() if key != "format"}
    results: Results = _read(Results, rest, "results")
    return results


def _read(kind: Any, value: Any, place: str) -> Any:
    """The value as one of the type `kind`, as type hints name it."""
    origin = get_origin(kind)
    if is_dataclass(kind):
        return _read_fields(kind, value, place)
    if origin in (Union, types.UnionType):
        return None if value is None else _read(next(k for k in get_args(kind) if k is not type(None)), value, place)
    if origin is tuple:
        if not isinstance(value, list):
            raise ResultsError(f"{place}: a list is expected")
        return tuple(_read(get_args(kind)[0], entry, f"{place}[{at}]") for at, entry in enumerate(value))
    if origin is Literal:
        if value not in get_args(kind):
            raise ResultsError(f"{place}: one of {', '.join(get_args(kind))} is expected")
        return value
    is_right = isinstance(value, (int, float) if kind is float else kind) and (kind is bool or not isinstance(value, bool))
    if not is_right or (isinstance(value, float) and not isfinite(value)):
        raise ResultsError(f"{place}: a value of type {kind.__name__} is expected")
    return float(value) if kind is float else value


def _read_fields(kind: Any, value: Any, place: str) -> Any:
    names = [field.name for field in fields(kind)]
    if not isinstance(value, dict) or set(value) != set(names):
        found = set(value) if isinstance(value, dict) else set()
        missing, unknown = sorted(set(names) - found), sorted(found - set(names))
        told = [f"{word} {', '.join(keys)}" for word, keys in (("missing:", missing), ("unknown:", unknown)) if keys]
        raise ResultsError(f"{place}: other fields than expected ({'; '.join(told)})")
    hints = get_type_hints(kind)
    return kind(**{name: _read(hints[name], value[name], f"{place}.{name}") for name in names})
