"""A judge that goes by a rule."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

from rejoinder_recipes.comparison.judging.pair_requests import PairRequest

from .made_up import result_line


@pytest.fixture
def judged(tmp_path: Path) -> Callable[[Iterable[PairRequest], Callable[[str, str], str]], Path]:
    """Writes the result file of a judge that goes by a rule: (answer A, answer B) → A, B or C."""

    def write(requests: Iterable[PairRequest], rule: Callable[[str, str], str]) -> Path:
        lines = []
        for request in requests:
            pair = request.pair
            shown = (pair.of_arm.text, pair.of_base.text) if request.arm_first else (pair.of_base.text, pair.of_arm.text)
            lines.append(result_line(request.custom_id, f"Both are answers. [[{rule(*shown)}]]"))
        file = tmp_path / "answers.jsonl"
        file.write_text("".join(line + "\n" for line in reversed(lines)))
        return file

    return write
