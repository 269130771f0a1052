"""Results as a file."""

import json
from pathlib import Path
from typing import Any

import pytest

from rejoinder_recipes.comparison.results_json import ResultsError, from_value, read, to_json, write

from .made_up import HOSTILE, made_up_results


@pytest.mark.parametrize("judge", [True, False])
@pytest.mark.parametrize("praised", [28, 3])
def test_what_is_written_is_read_again(tmp_path: Path, judge: bool, praised: int) -> None:
    results = made_up_results(judge=judge, praised=praised, hostile=HOSTILE)
    file = tmp_path / "results.json"
    write(results, file)
    assert read(file) == results
    assert json.loads(file.read_bytes())["format"] == 1
    assert to_json(read(file)) == to_json(results)


def value() -> Any:
    """Results as parsed JSON."""
    return json.loads(to_json(made_up_results()))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda v: v.pop("format"), "`format` is missing"),
        (lambda v: v.update(format=2), "format 2; this version reads format 1"),
        (lambda v: v.update(format=True), "format True"),
        (lambda v: v["model"].pop("name"), r"results.model: .*missing: name"),
        (lambda v: v["arms"][1].update(extra=1), r"results.arms\[1\]: .*unknown: extra"),
        (lambda v: v.update(arms={}), "results.arms: a list"),
        (lambda v: v.update(seconds="long"), "results.seconds: a value of type float"),
        (lambda v: v["held_out"].update(rows=True), "results.held_out.rows: a value of type int"),
        (lambda v: v["likelihood"]["arms"][0]["auc"].update(value=float("nan")), r"results.likelihood.arms\[0\].auc.value"),
        (lambda v: v["likelihood"]["arms"][0]["auc"].update(finding="good"), r"auc.finding: one of higher, lower"),
        (lambda v: v.update(win_rates=[]), "results.win_rates: other fields"),
    ],
)
def test_what_is_no_result_is_refused_with_its_place(change: Any, words: str) -> None:
    changed = value()
    change(changed)
    with pytest.raises(ResultsError, match=words):
        from_value(changed)


@pytest.mark.parametrize("text", [b"", b"[]", b"{", b"\xff", b"[" * 100_000])
def test_a_file_that_is_no_json_is_refused_with_its_name(tmp_path: Path, text: bytes) -> None:
    file = tmp_path / "results.json"
    file.write_bytes(text)
    with pytest.raises(ResultsError, match="results.json: "):
        read(file)
