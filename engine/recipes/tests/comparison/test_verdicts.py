"""Result files, which are foreign bytes."""

import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rejoinder_recipes.comparison.judging import verdicts as verdicts_module
from rejoinder_recipes.comparison.judging.pair_requests import pair_requests
from rejoinder_recipes.comparison.judging.verdicts import Verdicts, read_verdicts, verdict_in

from .made_up import answers, result_line

REQUESTS = pair_requests(answers(["old 0", "old 1"]), {"found": answers(["new 0", "new 1"])})
IDS = [request.custom_id for request in REQUESTS]


def read(tmp_path: Path, *lines: str | bytes) -> Verdicts:
    file = tmp_path / "answers.jsonl"
    file.write_bytes(b"\n".join(line if isinstance(line, bytes) else line.encode() for line in lines))
    return read_verdicts(file, REQUESTS)


def troubles(found: Verdicts) -> dict[str, int]:
    return {trouble.what: trouble.count for trouble in found.troubles}


def test_lines_in_any_order_give_verdicts_and_costs(tmp_path: Path) -> None:
    lines = [result_line(custom_id, f"It is so. [[{letter}]]") for custom_id, letter in zip(IDS, "ABCA")]
    found = read(tmp_path, *lines[::-1], "", "  ")
    assert found.by_id == dict(zip(IDS, "ABCA"))
    assert (found.models, found.replies, found.input_tokens, found.output_tokens) == (("a-judge",), 4, 400, 28)
    assert found.troubles == ()


def test_each_trouble_is_counted_and_none_is_guessed(tmp_path: Path) -> None:
    cut = json.loads(result_line(IDS[3], "A long explan"))
    cut["response"]["body"]["choices"][0]["finish_reason"] = "length"
    found = read(
        tmp_path,
        "no JSON",
        "[]",
        '{"id": 1}',
        '{"custom_id": ["a"]}',
        b"\xff\xfe",
        "[" * 100_000,
        result_line("another", "[[A]]"),
        result_line(IDS[0], "[[A]] or [[B]]"),
        result_line(IDS[1], "A is better"),
        result_line(IDS[2], None),
        json.dumps(cut),
    )
    assert found.by_id == {}
    assert troubles(found) == {
        "lines that are no result of a batch": 6,
        "lines about other requests (another job, or answers that were generated anew)": 1,
        "replies with several verdicts": 1,
        "replies without a verdict": 1,
        "replies without text": 1,
        "replies that were cut off before a verdict": 1,
    }


def test_errors_and_missing_lines_are_told(tmp_path: Path) -> None:
    found = read(
        tmp_path,
        result_line(IDS[0], "[[A]]", error={"message": "no"}),
        result_line(IDS[1], "[[A]]", response={"status_code": 429, "body": {"error": "slow down"}}),
        result_line(IDS[2], "[[A]]", response=None),
    )
    assert found.by_id == {} and found.replies == 0 and found.input_tokens is None
    assert troubles(found) == {"requests that failed (an error instead of a reply)": 3, "requests without a line": 1}


def test_doubled_lines_count_once_and_contradictions_not_at_all(tmp_path: Path) -> None:
    found = read(
        tmp_path,
        result_line(IDS[0], "[[A]]"),
        result_line(IDS[0], "[[A]] again"),
        result_line(IDS[1], "[[A]]"),
        result_line(IDS[1], "[[B]]"),
        result_line(IDS[2], "[[B]]", error={"message": "first attempt"}),
        result_line(IDS[2], "[[B]]"),
        result_line(IDS[3], "[[C]]"),
    )
    assert found.by_id == {IDS[0]: "A", IDS[2]: "B", IDS[3]: "C"}
    assert found.input_tokens == 400
    assert troubles(found) == {
        "requests with several replies that agree (counted once)": 1,
        "requests with several replies that contradict each other": 1,
    }


@pytest.mark.parametrize(
    ("text", "verdict"),
    [
        ("[[A]]", "A"),
        ("**[[B]]**", "B"),
        ("My verdict is [[C]], so [[C]].", "C"),
        ("[[A]] [[B]]", None),
        ("[[a]]", None),
        ("[A]", None),
        ("([A]] as the answer says", None),
        ("<think>[[A]]? no</think>\n[[B]]", "B"),
        ("[[A]] <think>[[B]]</think>", None),
        ("so </think> [[A]] <think> [[B]]", None),
        ("", None),
    ],
)
def test_a_verdict_is_what_the_prompt_asks_for_and_nothing_else(text: str, verdict: str | None) -> None:
    assert verdict_in(text) == verdict


def test_a_line_without_end_is_not_held_in_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verdicts_module, "LONGEST_LINE", 600)
    found = read(tmp_path, result_line(IDS[0], "x" * 5000 + "[[A]]"), result_line(IDS[1], "[[A]]"))
    assert found.by_id == {IDS[1]: "A"} and troubles(found)["lines that are no result of a batch"] == 1


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.sampled_from(["[[A]]", "[[B]]", *IDS]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["custom_id", "response", "error", "body", "choices", "message", "content", "usage", "prompt_tokens", "model"]),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)
LINES = st.lists(
    st.binary(max_size=40)
    | ANYTHING.map(lambda value: json.dumps(value).encode())
    | st.builds(
        lambda custom_id, response: json.dumps({"custom_id": custom_id, "response": response}).encode(),
        st.sampled_from(IDS),
        ANYTHING,
    )
    | st.builds(
        lambda custom_id, text, cut: result_line(custom_id, text).encode()[: cut or None],
        st.sampled_from(IDS),
        st.text(alphabet="[]ABC x", max_size=12),
        st.integers(0, 300),
    ),
    max_size=8,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=200)
@given(LINES)
def test_any_bytes_give_verdicts_that_a_line_gives_and_counts_that_add_up(tmp_path: Path, lines: list[bytes]) -> None:
    found = read(tmp_path, *lines)
    whole = b"\n".join(lines)
    for custom_id, verdict in found.by_id.items():
        assert custom_id in IDS and f"[[{verdict}]]".encode() in whole
    told = troubles(found)
    missing = told.get("requests without a line", 0) + told.get("requests that failed (an error instead of a reply)", 0)
    assert found.replies + missing == len(IDS) and len(found.by_id) <= found.replies
    assert all(count > 0 for count in told.values())
