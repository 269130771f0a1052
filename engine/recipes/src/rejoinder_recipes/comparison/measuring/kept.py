"""Measurements that are kept: a comparison that was stopped, or asked for once more, measures nothing twice."""

import hashlib
import json
import os
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any, TypeVar

Row = TypeVar("Row")


def key_of(*parts: Any) -> str:
    """A hash of everything that a measurement depends on, each part as JSON."""
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def kept(path: Path, key: str, of: type[Row], measure: Callable[[], list[Row]]) -> list[Row]:
    """The rows of an earlier measurement with this key, or those of `measure`, which are kept then."""
    if path.is_file():
        found = json.loads(path.read_text(encoding="utf-8"))
        if found["key"] == key:
            return [of(**row) for row in found["rows"]]
    rows = measure()
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(".part")
    unfinished.write_text(json.dumps({"key": key, "rows": [asdict(row) for row in rows]}), encoding="utf-8")
    os.replace(unfinished, path)
    return rows
