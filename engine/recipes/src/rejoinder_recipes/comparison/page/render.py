"""Results as one self-contained HTML file, and as Markdown."""

from __future__ import annotations

import base64
import hashlib
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from ..results import Results
from ..statistics.figure import FEWEST_CONVERSATIONS
from . import words
from .view import names, view
from .visible import Markdown, markdown_block, markdown_code, markdown_text, visible

_TEMPLATES = PackageLoader("rejoinder_recipes.comparison.page", "templates")


def html_page(results: Results) -> str:
    """A whole HTML document without scripts, which loads nothing and shows the text of others as text alone."""
    environment = _environment(autoescape=True, finalize=_visible)
    style = environment.get_template("results.css").render()
    # The policy names the one style sheet by its hash: no other style, no script and no address works on the page.
    digest = base64.b64encode(hashlib.sha256(style.encode("utf-8")).digest()).decode("ascii")
    page = environment.get_template("results.html")
    return page.render(results=results, view=view(results), names=names(results), style=Markup(style), style_hash=f"sha256-{digest}")


def markdown_page(results: Results, *, examples: bool) -> str:
    """The same facts as GitHub's Markdown, without plots. `examples` says whether example answers, which are chat text, are in it."""
    environment = _environment(autoescape=False, finalize=markdown_text)
    environment.filters |= {"code": markdown_code, "block": markdown_block, "live": Markdown}
    page = environment.get_template("results.md")
    return page.render(results=results, view=view(results), names=names(results), examples=examples)


def _environment(**settings: Any) -> Environment:
    environment = Environment(
        loader=_TEMPLATES,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        **settings,
    )
    environment.filters |= {name: getattr(words, name) for name in ("share", "points", "nats", "number", "duration")}
    environment.filters |= {
        "conversations": words.conversations,
        "sentence": words.sentence,
        "origin": words.origin,
        "loss": words.loss,
    }
    environment.globals["fewest"] = FEWEST_CONVERSATIONS
    return environment


def _visible(value: Any) -> Any:
    return visible(value) if type(value) is str else value
