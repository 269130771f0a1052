"""The report in a real browser: the figures of the page are those of `--json`, nothing leaves the page, and hostile text has no effect."""

import json
import os
import subprocess

import hostile
import pytest
from conftest import DIALOGUES, command, run_over

GENERATED = 100_000


def reported(run):
    """The page's address, and the same report as a value."""
    page = command("report", run).strip()
    return f"file://{page}", json.loads(command("report", run, "--json"))


@pytest.fixture(scope="module")
def examples(tmp_path_factory):
    return reported(run_over(tmp_path_factory.mktemp("examples"), DIALOGUES))


@pytest.fixture(scope="module")
def generated(tmp_path_factory):
    program = os.environ.get("REJOINDER_CORPUS_PROGRAM")
    if program is None:
        pytest.skip("REJOINDER_CORPUS_PROGRAM names no program that generates dialogues")
    folder = tmp_path_factory.mktemp("generated")
    corpus = folder / "corpus.jsonl"
    with corpus.open("wb") as out:
        subprocess.run([program, str(GENERATED)], check=True, stdout=out)
    return reported(run_over(folder, corpus))


def figures(watched, section):
    """All figures of a section of the page, in order."""
    data = watched.page.locator(f"section[aria-labelledby={section}] data")
    return [float(value) for value in data.evaluate_all("all => all.map(one => one.value)")]


def assert_page_says_what_the_value_says(watched, report):
    funnel = report["funnel"]
    cards = watched.page.locator("section[aria-labelledby=funnel] dl.figures data").evaluate_all("all => all.map(one => Number(one.value))")
    assert cards == [funnel["conversations"], funnel["turns"], funnel["feedback"], funnel["with_feedback"]["value"]]
    shown = figures(watched, "funnel")
    for outcome in funnel["outcomes"]:
        assert outcome["turns"] in shown, outcome
    for way in ("here", "paper"):
        assert funnel[way]["requests"] in shown and funnel[way]["input_tokens"] in shown
    shown = figures(watched, "feedback")
    for row in report["feedback"]["categories"]:
        numbers = [value for value in row.values() if isinstance(value, int)]
        assert numbers and all(number in shown for number in numbers), row
    turns = [row["turns"] for purpose in report["recall"]["purposes"] for row in purpose["options"]]
    assert set(turns) <= set(figures(watched, "recall"))
    assert figures(watched, "rules")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", ["wide", "narrow"])
def test_the_page_of_the_examples(examples, open_page, size, scheme):
    address, report = examples
    watched = open_page(address, size, scheme)
    assert report["funnel"]["conversations"] == 80
    assert_page_says_what_the_value_says(watched, report)
    assert watched.faults() == [] and watched.overflow() <= 0
    for folded in watched.page.locator("summary").all():
        folded.press("Enter")
    assert watched.faults() == [] and watched.overflow() <= 0
    assert watched.requests == [address]


def test_the_page_of_a_large_corpus(generated, open_page):
    address, report = generated
    watched = open_page(address)
    assert report["funnel"]["conversations"] == GENERATED
    assert_page_says_what_the_value_says(watched, report)
    assert watched.faults() == [] and watched.overflow() <= 0
    assert watched.requests == [address]
    assert os.path.getsize(address.removeprefix("file://")) < 2_000_000


@pytest.mark.parametrize("size", ["wide", "narrow"])
def test_hostile_text_has_no_effect(tmp_path, open_page, size):
    hostile.write(tmp_path / "hostile.jsonl")
    address, _ = reported(run_over(tmp_path, tmp_path / "hostile.jsonl"))
    watched = open_page(address, size)
    for folded in watched.page.locator("summary").all():
        folded.press("Enter")
    assert watched.page.evaluate("document.documentElement.dataset.harmed") is None
    assert watched.overflow() <= 0
    live = "script, img, iframe, object, embed, form, input, button, base, link[href]:not([href^='data:']), a:not([href^='#'])"
    assert watched.page.locator(live).evaluate_all("all => all.map(one => one.outerHTML.slice(0, 200))") == []
    assert watched.requests == [address]
    assert os.path.getsize(address.removeprefix("file://")) < 2_000_000
    shown = watched.page.evaluate("document.body.innerText")
    assert "\u202e" not in shown and "\u200b" not in shown
    assert "U+202E" in shown
