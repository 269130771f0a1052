"""The page: what it says, and that text of others stays text."""

import base64
import hashlib
import re
from dataclasses import replace
from html.parser import HTMLParser
from importlib import resources

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rejoinder_recipes.comparison.page import html_page, markdown_page
from rejoinder_recipes.comparison.page.plots import DARK, LIGHT
from rejoinder_recipes.comparison.page.visible import markdown_code, markdown_text, visible
from rejoinder_recipes.comparison.results import Results

from .made_up import HOSTILE, made_up_results

HOSTILE_RESULTS = made_up_results(hostile=HOSTILE)


class Document(HTMLParser):
    """The tags, attributes and text of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.style = ""
        self._in_style = False
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self._in_style = tag == "style"

    def handle_endtag(self, tag: str) -> None:
        self._in_style = False

    def handle_data(self, data: str) -> None:
        if self._in_style:
            self.style += data
        else:
            self.text += data

    def named(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


def words(page: str) -> str:
    """The text of a page in one line."""
    return re.sub(r"\s+", " ", Document(page).text)


def both(results: Results) -> list[str]:
    """The text of both pages, each in one line."""
    return [words(html_page(results)), re.sub(r"\s+", " ", markdown_page(results, examples=True))]


def test_the_page_begins_with_an_answer_for_each_arm_and_each_two() -> None:
    for text in both(made_up_results(judge=False)):
        assert re.search(r"Is the model better for it\? (\* \*\*)?found: favours what users praised over what they blamed\.", text)
        assert "found against random: favours what users praised more" in text
        assert re.search(r"random: no difference can be seen with so few\.(\*\*)? A praised answer gained more probability", text)
        assert re.search(r"had it truly been \d+ % or more, or \d+ % or less, four of five samples of this size", text)


def test_without_a_judge_there_is_no_win_rate_but_the_way_to_one() -> None:
    for text in both(made_up_results(judge=False)):
        assert "No win rate was measured" in text and "rejoinder ask requests.jsonl" in text
        assert "wins" not in text and "shown first" not in text


def test_a_judge_that_settled_nothing_gives_no_number_either() -> None:
    results = made_up_results()
    assert results.win_rates is not None
    arms = tuple(
        replace(arm, pairs=5, ties=5, ties_identical=5, ties_by_order=0, wins=0, losses=0, unjudged=35, decided=9)
        for arm in results.win_rates.arms
    )
    for text in both(replace(results, win_rates=replace(results.win_rates, arms=arms))):
        assert "No win rate was measured" in text and "none of them could be used" in text and "requests without a line: 3" in text


def test_too_few_give_words_and_no_number() -> None:
    for text in both(made_up_results(judge=False, praised=6)):
        assert "found: no claim can be made with so few" in text
        assert "A figure would rest on 3 conversations; 10 are the fewest" in text
        assert not re.search(r"pairs of like length in which the praised answer gained more\W+\d+", text)


def test_all_facts_stand_on_both_pages() -> None:
    for text in both(made_up_results()):
        for fact in (
            "made-up/model-135M",
            "134,515,008",
            "made-up-judge",
            "137 of 140 requests",
            "41,250",
            "sets/sft",
            "2" * 64,
            "1" * 64,
            "LoRA, rank 16",
            "7 min 11 s",
            "2.310",
            "0.0002",
            "labels of the records. No row stands in training, too.",
            "28 praised answers were trained on. Claim nothing from the examples alone.",
            "duplicates: 2",
            "Few praised answers",
            "rejoinder export sft run",
            "400 rounds",
            "12 min 34 s",
            "2026-01-02 03:04 UTC",
            "A made-up answer of random",
            "made up, to test the page",
            "requests without a line: 3",
        ):
            assert fact in text, fact


def test_markdown_leaves_chat_text_out_where_it_is_told_to() -> None:
    page = markdown_page(made_up_results(), examples=False)
    assert "Example answers" not in page and "Made-up question" not in page and "made-up answer" not in page.lower()


def test_the_html_page_loads_nothing_and_runs_nothing() -> None:
    document = Document(html_page(HOSTILE_RESULTS))
    known = set(
        "html head meta title style body header h1 ul li b span p code nav a main section h2 h3 h4 div table caption thead tbody tr th "
        "td figure picture source img pre details summary br footer".split()
    )
    assert {tag for tag, _ in document.tags} <= known
    for tag, attributes in document.tags:
        assert not [name for name in attributes if name.startswith("on") or name == "style"], (tag, attributes)
        assert (attributes.get("href") or "#").startswith("#")
        for name in ("src", "srcset"):
            assert (attributes.get(name) or "data:image/svg+xml;base64,").startswith("data:image/svg+xml;base64,")
    (policy,) = (meta["content"] for meta in document.named("meta") if meta.get("http-equiv") == "Content-Security-Policy")
    digest = base64.b64encode(hashlib.sha256(document.style.encode()).digest()).decode()
    assert policy == f"default-src 'none'; img-src data:; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"


def test_the_html_page_shows_text_of_others_as_text() -> None:
    page = html_page(HOSTILE_RESULTS)
    shown = "<script>alert(1)</script> ![x](https://evil.example/x.png) | `tick` ⟨U+001B⟩[2J⟨U+202E⟩abc⟨U+2066⟩"
    assert Document(page).text.count(shown) > 30
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", page)


def test_an_arm_with_an_odd_name_is_no_markup_anywhere() -> None:
    results = made_up_results(arms=('<img src=x onerror="a()">', "$x^2$ | `b` \u202e谢谢"))
    document = Document(html_page(results))
    assert all(set(image) == {"src", "alt"} for image in document.named("img"))
    for plot in document.named("img"):
        svg = base64.b64decode((plot["src"] or "").split(",")[1]).decode()
        assert "<img" not in svg and "&lt;img src=x" in svg and "$x^2$ | `b` ⟨U+202E⟩" in svg
    page = markdown_page(results, examples=True)
    assert "\\<img src=x" in page and "| \\$x^2\\$ \\| \\`b\\` ⟨U+202E⟩谢谢 |" in page


def test_the_html_page_has_landmarks_headings_in_order_and_words_for_each_picture() -> None:
    document = Document(html_page(made_up_results()))
    for landmark in ("header", "nav", "main", "footer"):
        assert len(document.named(landmark)) == 1
    levels = [int(tag[1]) for tag, _ in document.tags if re.fullmatch("h[1-6]", tag)]
    assert levels[0] == 1 and levels.count(1) == 1
    assert all(after <= before + 1 for before, after in zip(levels, levels[1:]))
    assert len(document.named("img")) == len(document.named("source")) == 3
    assert all(image["alt"] and re.search(r"found: .*random: ", image["alt"]) for image in document.named("img"))
    ids = [attributes["id"] for _, attributes in document.tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    linked = {(a["href"] or "")[1:] for a in document.named("a")} | {s["aria-labelledby"] for s in document.named("section")}
    assert linked <= set(ids)
    assert document.named("html") == [{"lang": "en"}]


def luminance(colour: str) -> float:
    """The relative luminance of `#rrggbb` (WCAG 2)."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    """The contrast of two colours (WCAG 2)."""
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def test_text_has_contrast_in_light_and_in_dark() -> None:
    style = resources.files("rejoinder_recipes.comparison.page").joinpath("templates/results.css").read_text()
    themes = [dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6});", block)) for block in re.findall(r":root \{(.*?)\}", style, re.DOTALL)]
    assert len(themes) == 2
    for theme in themes:
        for text in ("text", "quiet", "link"):
            assert contrast(theme[text], theme["ground"]) >= 4.5 and contrast(theme[text], theme["soft"]) >= 4.5
        assert contrast(theme["warn-text"], theme["warn-ground"]) >= 4.5
    for plot in (LIGHT, DARK):
        assert all(contrast(colour, plot.ground) >= 4.5 for colour in (plot.text, *plot.series))
        assert contrast(plot.line, plot.ground) >= 3


def test_the_same_results_give_the_same_page() -> None:
    assert html_page(made_up_results()) == html_page(made_up_results())


def test_markdown_has_no_live_text_of_others() -> None:
    markdown_it = pytest.importorskip("markdown_it", reason="markdown-it-py reads the page as GitHub does")
    page = markdown_page(HOSTILE_RESULTS, examples=True)
    tokens = markdown_it.MarkdownIt("commonmark").enable("table").parse(page)
    inner = [child for token in tokens for child in (token.children or [])]
    kinds = {token.type for token in tokens + inner}
    assert not kinds & {"html_block", "html_inline", "link_open", "image", "heading_close_x"}
    # What GitHub makes a link of without any mark.
    outside_code = "".join(child.content for child in inner if child.type == "text")
    raw = re.sub(r"`+[^`].*?`+", "", re.sub(r"(?s)(```+)text\n.*?\n\1", "", page))
    assert "https://evil" in outside_code and "https://" not in raw and "www.evil" not in raw and "a@evil" not in raw
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", page)
    # No text ends a cell: each row of a table has as many cells as its head.
    columns: list[int] = []
    for token in tokens:
        if token.type in ("tr_open", "thead_open"):
            columns = [*columns, 0] if token.type == "tr_open" else []
        elif token.type in ("td_open", "th_open"):
            columns[-1] += 1
        elif token.type == "tr_close":
            assert columns[-1] == columns[0]


MARKS = st.sampled_from(list("\\`*_{}[]()<>#+-=.!|~&$@:/ 1a\n\t\u202e"))
PIECES = (
    MARKS | st.sampled_from(["https://", "www.", "![", "](", "<b>", "&amp;", "&#60;", "---", "```", "1. ", "    "]) | st.text(max_size=3)
)


@given(st.lists(PIECES, max_size=12).map("".join), st.sampled_from(["{}", "* {}", "| {} | b |", "a {} b"]))
def test_any_text_is_one_line_of_plain_text_in_markdown(text: str, place: str) -> None:
    markdown_it = pytest.importorskip("markdown_it", reason="markdown-it-py reads the page as GitHub does")
    page = ("| a | b |\n|---|---|\n" if place.startswith("|") else "") + place.format(markdown_text(text))
    tokens = markdown_it.MarkdownIt("commonmark").enable("table").parse(page)
    inner = [child for token in tokens for child in (token.children or [])]
    assert {child.type for child in inner} <= {"text"}
    assert {token.type for token in tokens} <= {
        *(
            "paragraph_open",
            "inline",
            "paragraph_close",
            "bullet_list_open",
            "bullet_list_close",
            "list_item_open",
            "list_item_close",
        ),
        *("table_open", "thead_open", "tr_open", "th_open", "th_close", "tr_close", "thead_close", "tbody_open", "tbody_close"),
        *("td_open", "td_close", "table_close"),
    }
    shown = visible(text).replace("@", "@\u200b")
    if place == "a {} b":
        assert "".join(child.content for child in inner).split() == f"a {shown} b".split()


@pytest.mark.parametrize("text", ["```\n# live", "````text\n~~~", "a\r\nb\r```", "\u2028```\n"])
def test_no_text_ends_its_block(text: str) -> None:
    markdown_it = pytest.importorskip("markdown_it", reason="markdown-it-py reads the page as GitHub does")
    results = made_up_results(judge=False)
    example = replace(results.examples[0], answers=tuple(replace(a, text=text) for a in results.examples[0].answers))
    tokens = markdown_it.MarkdownIt("commonmark").parse(markdown_page(replace(results, examples=(example,)), examples=True))
    assert sum(t.type == "fence" and t.content == visible(text) + "\n" for t in tokens) == 3
    assert not [t for t in tokens if t.type == "inline" and t.content == "live"]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\x1b[2Jb\u202ec\td\n", "a⟨U+001B⟩[2Jb⟨U+202E⟩c\td\n"),
        ("pay\u200bpal a\u200db\ufe0f so\u00adft", "pay⟨U+200B⟩pal a⟨U+200D⟩b⟨U+FE0F⟩ so⟨U+00AD⟩ft"),
        ("👩\u200d💻 ❤\ufe0f 1\ufe0f\u20e3 می\u200cخواهم", "👩\u200d💻 ❤\ufe0f 1\ufe0f\u20e3 می\u200cخواهم"),
        ("谢\u200d\u200d谢 👁\ufe0f\u200d🗨\ufe0f", "谢\u200d⟨U+200D⟩谢 👁\ufe0f\u200d🗨\ufe0f"),
        ("a\r\nb\rc\ud800", "a\nb⟨U+000D⟩c⟨U+D800⟩"),
        ("plain ünïcode 谢谢", "plain ünïcode 谢谢"),
    ],
)
def test_what_nobody_sees_is_shown_by_its_number(text: str, shown: str) -> None:
    assert visible(text) == shown


def test_markdown_pieces() -> None:
    assert markdown_text("1. a\n# b") == "1\\. a \\# b"
    assert markdown_text("- a") == "\\- a" and markdown_text("+0.1") == "+0.1" and markdown_text("0.1") == "0.1"
    assert markdown_text("http://x www.x a@b") == "http\\://x www\\.x a@\u200bb"
    assert markdown_code("a`b") == "``a`b``" and markdown_code("`") == "`` ` ``" and markdown_code("") == "`  `"
