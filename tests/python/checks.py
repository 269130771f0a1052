"""Runs the checks of modules, and counts them."""

import importlib
import time
import traceback
from collections.abc import Iterable


class Absent(Exception):
    """What a check needs is absent."""


def run(modules: Iterable[str], names: list[str]) -> int:
    """Runs all functions `check_…` of the modules, or those whose names hold one of `names`; returns the exit code."""
    counts = {"passed": 0, "failed": 0, "ignored": 0}
    for module in modules:
        short = module.rsplit(".", 1)[-1]
        for name, check in list(vars(importlib.import_module(module)).items()):
            if not name.startswith("check_") or names and not any(part in f"{short}.{name}" for part in names):
                continue
            begun = time.perf_counter()
            try:
                check()
                counts["passed"] += 1
                print(f"ok      {short}.{name} ({time.perf_counter() - begun:.1f} s)", flush=True)
            except Absent as why:
                counts["ignored"] += 1
                print(f"ignored {short}.{name}: {why}", flush=True)
            except Exception:  # noqa: BLE001
                counts["failed"] += 1
                print(f"FAILED  {short}.{name}\n{traceback.format_exc()}", flush=True)
    print(", ".join(f"{count} {name}" for name, count in counts.items()))
    return 1 if counts["failed"] or not counts["passed"] else 0
