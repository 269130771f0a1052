"""The review page in a real browser: twenty turns by keyboard alone, a kill in the middle, two readers, hostile text."""

import json

import hostile
import pytest
from conftest import DIALOGUES, command, run_over
from playwright.sync_api import expect


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    return run_over(tmp_path_factory.mktemp("review"), DIALOGUES)


def begin(watched):
    """Leaves the page that stands before the first turn, by keyboard."""
    watched.page.wait_for_selector("#about:not([hidden])")
    watched.page.keyboard.press("Enter")
    watched.page.wait_for_selector("#asked")


def head(watched):
    return watched.page.text_content("#turn-head")


def progress(watched):
    return watched.page.text_content("#progress-words")


def at_turn(watched, number, of):
    """Waits until the page shows a turn."""
    expect(watched.page.locator("#turn-head")).to_have_text(f"Turn {number} of {of}")


def press_next(watched, number, of):
    watched.page.keyboard.press("ArrowRight")
    at_turn(watched, number, of)


def decided(watched):
    return watched.page.locator("#progress").evaluate("bar => bar.value")


def decide(watched, key):
    """Decides about a turn that was open, and waits until the page knows that the label is kept."""
    before = decided(watched)
    watched.page.keyboard.press(key)
    expect(watched.page.locator("#progress-words")).to_contain_text(f"{before + 1:,} of ")


def labels(run, reader):
    lines = (run / "review" / "labels" / f"{reader}.jsonl").read_text().splitlines()
    return [json.loads(line) for line in lines]


def test_twenty_turns_by_keyboard_with_a_kill_in_the_middle(tmp_path, serve, open_page):
    run = run_over(tmp_path, DIALOGUES)
    server = serve(run, "--sample", "20", "--seed", "3", "--reader", "ana")
    watched = open_page(server.address)
    begin(watched)
    keys = ["0", "5", "2", "u", "1", "0", "3", "4", "0", "0"]
    for number, key in enumerate(keys):
        at_turn(watched, number + 1, 20)
        assert watched.page.is_hidden("#program"), "blind before a decision"
        decide(watched, key)
        assert watched.page.is_visible("#program")
        press_next(watched, number + 2, 20)
    server.kill()
    watched.page.keyboard.press("0")
    expect(watched.page.locator("#said")).to_contain_text("does not answer")
    # What the browser says of the server that is gone is no fault of the page.
    watched.complaints.clear()
    assert len(labels(run, "ana")) == 10

    server = serve(run, "--sample", "20", "--seed", "3", "--reader", "ana")
    watched = open_page(server.address)
    begin(watched)
    at_turn(watched, 11, 20)
    assert progress(watched).startswith("10 of 20 turns · 1 unsure")
    watched.page.keyboard.press("a")
    for number in range(10, 20):
        at_turn(watched, number + 1, 20)
        decide(watched, "0")
    expect(watched.page.locator("#said")).to_contain_text("All turns are decided")
    assert all(url.startswith(server.address) or url.startswith("data:") for url in watched.requests)

    found = labels(run, "ana")
    assert [row["labels"][0]["category"] for row in found[:10]] == ["none", "UR5", "UR2", "unsure", "UR1", "none", "UR3", "UR4", "none", "none"]
    assert len({(row["conversation_id"], row["labels"][0]["turn"]) for row in found}) == 20
    figures = json.loads(command("eval", DIALOGUES, "--label-file", run / "review/labels/ana.jsonl", "--json"))
    assert labelled_turns(figures) == 19, "all but the turn that the reader was unsure of"


def labelled_turns(figures):
    """How many turns `eval` compared."""
    return figures["turns"]


def test_a_mark_by_keyboard_and_undo(run, serve, open_page):
    watched = open_page(serve(run, "--sample", "5", "--reader", "mark").address)
    begin(watched)
    text = watched.page.text_content("#asked .text")
    words = text.split()
    watched.page.keyboard.press("s")
    watched.page.wait_for_selector("#turn.marking")
    if len(words) > 1:
        watched.page.keyboard.press("Shift+ArrowRight")
    watched.page.keyboard.press("Enter")
    decide(watched, "2")
    span = labels(run, "mark")[-1]["labels"][0]["span"]
    assert span.split() == words[: min(2, len(words))] and span in text
    assert watched.page.text_content("#asked mark") == span
    watched.page.keyboard.press("z")
    expect(watched.page.locator("#progress-words")).to_contain_text("0 of ")
    assert watched.page.is_hidden("#program"), "blind again"
    assert labels(run, "mark")[-1]["labels"][0]["category"] == "undone"
    # With the mouse: what is selected is what is marked.
    watched.page.locator("#asked .text").select_text()
    watched.page.keyboard.press("s")
    decide(watched, "3")
    assert labels(run, "mark")[-1]["labels"][0]["span"] == text.strip()


def test_two_readers_at_once_and_their_agreement(run, serve, open_page):
    first = open_page(serve(run, "--sample", "12", "--seed", "5", "--reader", "ana").address)
    second = open_page(serve(run, "--sample", "12", "--seed", "5", "--reader", "ben").address)
    begin(first)
    begin(second)
    for number in range(12):
        assert head(first) == head(second)
        assert first.page.text_content("#asked .text") == second.page.text_content("#asked .text")
        decide(first, "05"[number % 2])
        decide(second, "05"[number % 2] if number != 3 else "2")
        if number < 11:
            for one in (first, second):
                press_next(one, number + 2, 12)
    second.page.locator("#agreement summary").press("Enter")
    figures = second.page.text_content("#agreement-figures")
    assert "You and reader ana: 12 turns, alike in 92 %" in figures, figures
    assert len(labels(run, "ana")) == 12 and len(labels(run, "ben")) == 12


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", ["wide", "narrow"])
def test_no_serious_fault_of_accessibility(run, serve, open_page, size, scheme):
    watched = open_page(serve(run, "--sample", "9", "--reader", f"axe-{size}-{scheme}", "--open").address, size, scheme)
    watched.page.wait_for_selector("#about:not([hidden])")
    assert watched.faults() == [] and watched.overflow() <= 0
    begin(watched)
    assert watched.page.is_visible("#program"), "an open review shows what the program thought"
    decide(watched, "2")
    for folded in watched.page.locator("summary").all():
        folded.press("Enter")
    assert watched.faults() == [] and watched.overflow() <= 0
    watched.page.keyboard.press("?")
    watched.page.wait_for_selector("#help[open]")
    assert watched.faults() == []
    watched.page.keyboard.press("Escape")
    assert watched.page.is_hidden("#help")


@pytest.mark.parametrize("size", ["wide", "narrow"])
def test_hostile_text_has_no_effect(tmp_path, serve, open_page, size):
    count = hostile.write(tmp_path / "hostile.jsonl")
    run = run_over(tmp_path, tmp_path / "hostile.jsonl")
    server = serve(run, "--sample", str(4 * count), "--open", "--reader", "ana")
    watched = open_page(server.address, size)
    begin(watched)
    turns = int(head(watched).split()[-1].replace(",", ""))
    assert turns >= count
    for number in range(turns):
        at_turn(watched, number + 1, turns)
        assert watched.page.evaluate("document.documentElement.dataset.harmed") is None
        assert watched.overflow() <= 0, watched.page.text_content("#place")
        inside = watched.page.evaluate(
            "[...document.querySelectorAll('#dialogue .text *, #program *')].map(one => one.localName)"
            ".filter(name => ['script','img','svg','iframe','style','link','a','form','meta','base'].includes(name))"
        )
        assert inside == []
        if number % 5 == 0:
            decide(watched, "3")
        if number + 1 < turns:
            watched.page.keyboard.press("ArrowRight")
    assert watched.page.title().endswith("rejoinder")
    assert all(url.startswith(server.address) or url.startswith("data:") for url in watched.requests)
    shown = watched.page.evaluate("document.body.innerText")
    assert "\u202e" not in shown and "\u200b" not in shown
