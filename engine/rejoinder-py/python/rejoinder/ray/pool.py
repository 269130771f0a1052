"""How many actors a stage may have, and what each of them takes."""

from __future__ import annotations

from typing import Any, TypeAlias

import ray

Concurrency: TypeAlias = "int | tuple[int, int] | None"
"""So many actors, or from the first to the second number of them as there is work; `None`: as many as the cluster has CPUs."""


def actors(concurrency: Concurrency) -> tuple[ray.data.ActorPoolStrategy, int]:
    """The pool, and the most actors in it."""
    if isinstance(concurrency, int):
        return ray.data.ActorPoolStrategy(size=concurrency), concurrency
    least, most = concurrency or (1, cpus())
    return ray.data.ActorPoolStrategy(min_size=least, max_size=most), most


def cpus() -> int:
    """The CPUs of the cluster, as it is now."""
    return max(1, int(ray.cluster_resources().get("CPU", 1)))


def settings(compute: ray.data.ActorPoolStrategy, batch_size: int, num_cpus: float, ray_options: dict[str, Any]) -> dict[str, Any]:
    """The settings of `Dataset.map_batches` for a stage whose batches are tables of Arrow."""
    return {
        "batch_format": "pyarrow",
        "batch_size": batch_size,
        "compute": compute,
        "num_cpus": num_cpus,
        **ray_options,
    }
