"""`extract`: from conversations to feedback."""

from __future__ import annotations

from os import PathLike
from typing import Any

import pyarrow as pa
import ray

from rejoinder.ray import errors
from rejoinder.ray.judging import judge
from rejoinder.ray.scanning import scan
from rejoinder.ray.terms import Config


def extract(
    ds: ray.data.Dataset,
    config: Config = None,
    *,
    folder: str | PathLike[str] | None = None,
    corpus: bool | pa.Table = True,
    shard: str | None = None,
    ordinal: str | None = None,
    scanning: dict[str, Any] | None = None,
    judging: dict[str, Any] | None = None,
) -> ray.data.Dataset:
    """Decide about the later turns of a data set of conversations, by a judge too where `folder` is given.

    Args:
        ds: As for `scan`.
        config: As for `scan`; with `folder` it names a judge.
        folder: As for `judge`; without it nobody is asked.
        corpus: As for `scan`.
        shard: As for `scan`.
        ordinal: As for `scan`.
        scanning: Further arguments of `scan`, such as `{"concurrency": 8}`.
        judging: Further arguments of `judge`.

    Raises:
        rejoinder.Error: As `scan` and `judge`.
    """
    if folder is None and judging:
        raise errors.usage("`judging` is for a judge, who needs a `folder`")
    rows = scan(ds, config, corpus=corpus, shard=shard, ordinal=ordinal, **(scanning or {}))
    return rows if folder is None else judge(rows, config, folder=folder, **(judging or {}))
