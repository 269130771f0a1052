"""The lines that a judge is asked with."""

import json
import re
from dataclasses import replace

import pytest

from rejoinder_recipes.comparison.answers import Answer, MismatchError
from rejoinder_recipes.comparison.judging.pair_requests import pair_requests

from .made_up import answers

BASE = answers(["old 0", "same", "old 2"])
FOUND = answers(["new 0", " same\n", "new 2"])


def test_each_pair_is_asked_in_both_orders_but_identical_answers_are_not() -> None:
    requests = pair_requests(BASE, {"found": FOUND}, max_tokens=99)
    assert [(r.pair.of_base.prompt_id, r.arm_first) for r in requests] == [
        ("p0", True),
        ("p0", False),
        ("p2", True),
        ("p2", False),
    ]
    first, second = (r.body["messages"][1]["content"] for r in requests[:2])
    assert first.index("new 0") < first.index("old 0") and second.index("old 0") < second.index("new 0")


def test_a_line_is_one_of_openais_batch_format_and_names_no_model() -> None:
    line = pair_requests(BASE, {"found": FOUND}, max_tokens=99)[0].line()
    assert "\n" not in line
    row = json.loads(line)
    assert row.keys() == {"custom_id", "method", "url", "body"}
    assert (row["method"], row["url"]) == ("POST", "/v1/chat/completions")
    assert row["body"].keys() == {"messages", "max_tokens"} and row["body"]["max_tokens"] == 99


def test_ids_are_readable_stable_and_taken_by_all_services() -> None:
    ids = [r.custom_id for r in pair_requests(BASE, {"found": FOUND, "random": FOUND})]
    assert ids == [r.custom_id for r in pair_requests(BASE, {"found": FOUND, "random": FOUND})]
    assert len(set(ids)) == 8
    assert re.fullmatch(r"found-p0-A-[0-9a-f]{12}", ids[0]) and re.fullmatch(r"random-p2-B-[0-9a-f]{12}", ids[-1])
    odd = [Answer("naïve/prompt id \n" * 30, "c", [{"role": "user", "content": "\ud800"}], "a", 1)]
    for request in pair_requests(odd, {"an arm with a very long name, too": [replace(odd[0], text="b")]}):
        assert re.fullmatch(r"[A-Za-z0-9_-]{1,64}", request.custom_id)
        request.line().encode("ascii")


def test_other_answers_have_other_ids() -> None:
    before = {r.custom_id for r in pair_requests(BASE, {"found": FOUND})}
    after = {r.custom_id for r in pair_requests(BASE, {"found": [replace(FOUND[0], text="newer"), *FOUND[1:]]})}
    assert len(before & after) == 2


def test_other_prompts_are_refused() -> None:
    for wrong in (FOUND[:2], FOUND[::-1], [replace(FOUND[0], prompt=[{"role": "user", "content": "other"}]), *FOUND[1:]]):
        with pytest.raises(MismatchError, match="found"):
            pair_requests(BASE, {"found": wrong})
    with pytest.raises(MismatchError, match="twice"):
        pair_requests([BASE[0], BASE[0]], {})
