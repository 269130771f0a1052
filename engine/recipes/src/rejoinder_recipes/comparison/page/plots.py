"""The plots, as SVG: intervals of figures, an arm below the other. Each has a light and a dark variant."""

from __future__ import annotations

import base64
import io
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import matplotlib
from matplotlib.axes import Axes
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure as Canvas
from matplotlib.ticker import MaxNLocator

from ..statistics.figure import Figure
from .visible import visible


@dataclass(frozen=True)
class Theme:
    """Colours of a variant: background, text, lines of the frame, and one for each series."""

    ground: str
    text: str
    line: str
    series: tuple[str, str]


LIGHT = Theme("#ffffff", "#1b1b1b", "#8a8a8a", ("#1f5fa8", "#a8480a"))
DARK = Theme("#1c1f23", "#e9e9e9", "#8d939b", ("#86baf2", "#f0a868"))
_MARKERS = ("o", "s")
# Inches: the height of a row, of the axis with its label, and of the legend; the width.
_ROW, _AXIS, _LEGEND, _WIDTH = 0.42, 0.75, 0.35, 7.2

# Percentage points on either side of the neutral value that an axis has at least.
_LEAST = 15


@dataclass(frozen=True)
class Row:
    """An arm, with a figure for each series."""

    label: str
    figures: tuple[Figure, ...]


@dataclass(frozen=True)
class Plot:
    """The plot in both variants as `data:` addresses, and what it shows in words for people who do not see it."""

    light: str
    dark: str
    words: str


def interval_plot(rows: Sequence[Row], series: Sequence[str], axis: str, neutral: float, words: str, *, percent: bool = False) -> Plot:
    """Values with intervals, a row for each arm and in it a line for each of at most two series; `neutral` is a vertical line.

    With `percent`, values are shares. A figure without a number is said in words.
    """
    light, dark = (_address(_svg(rows, series, axis, neutral, percent, theme)) for theme in (LIGHT, DARK))
    return Plot(light, dark, words)


def _svg(rows: Sequence[Row], series: Sequence[str], axis: str, neutral: float, percent: bool, theme: Theme) -> bytes:
    # Text stays text, in whatever font the reader has; names of arms are no formulas; equal figures give equal bytes.
    settings: dict[Any, Any] = {"svg.fonttype": "none", "svg.hashsalt": "rejoinder", "text.parse_math": False, "font.size": 11}
    with matplotlib.rc_context(settings), warnings.catch_warnings():
        # A letter that matplotlib's own font lacks is drawn by the reader's.
        warnings.filterwarnings("ignore", message="Glyph .* missing")
        height = _AXIS + _ROW * len(series) * len(rows) * 0.85 + (_LEGEND if len(series) > 1 else 0)
        canvas = Canvas(figsize=(_WIDTH, height), facecolor=theme.ground, layout="constrained")
        FigureCanvasSVG(canvas)
        _draw(canvas.add_subplot(), rows, series, axis, neutral, percent, theme)
        out = io.BytesIO()
        canvas.savefig(out, format="svg", facecolor=theme.ground, metadata={"Date": None, "Creator": None})
    return out.getvalue()


def _draw(axes: Axes, rows: Sequence[Row], series: Sequence[str], axis: str, neutral: float, percent: bool, theme: Theme) -> None:
    scale = 100 if percent else 1
    if percent:
        # A small difference looks small.
        axes.plot([100 * neutral - _LEAST, 100 * neutral + _LEAST], [0, 0], linestyle="none")
        axes.xaxis.set_major_locator(MaxNLocator(8, steps=[1, 2, 5, 10], integer=True))
    axes.axvline(neutral * scale, color=theme.line, linewidth=1.2, linestyle=(0, (4, 3)), zorder=0)
    for at, name in enumerate(series):
        offset = (at - (len(series) - 1) / 2) * 0.36
        colour, marker = theme.series[at], _MARKERS[at]
        for place, row in enumerate(rows):
            found = row.figures[at]
            if found.value is None or found.low is None or found.high is None:
                axes.annotate(
                    "too few",
                    (neutral * scale, place + offset),
                    xytext=(6, 0),
                    textcoords="offset points",
                    va="center",
                    color=colour,
                )
                continue
            low, value, high = (scale * number for number in (found.low, found.value, found.high))
            axes.plot([low, high], [place + offset] * 2, color=colour, linewidth=2.4, solid_capstyle="butt")
            axes.plot([value], [place + offset], marker=marker, markersize=7.5, color=colour, linestyle="none")
        axes.plot([], [], color=colour, marker=marker, linewidth=2.4, label=name)
    axes.set_yticks(range(len(rows)), [_short(row.label) for row in rows])
    axes.set_ylim(len(rows) - 0.5, -0.5)
    axes.set_xlabel(axis)
    axes.set_facecolor(theme.ground)
    axes.tick_params(colors=theme.text, length=0, axis="y")
    axes.tick_params(colors=theme.text, color=theme.line, axis="x")
    axes.xaxis.label.set_color(theme.text)
    for name, spine in axes.spines.items():
        spine.set_visible(name == "bottom")
        spine.set_color(theme.line)
    if len(series) > 1:
        legend = axes.figure.legend(loc="outside upper left", ncols=len(series), frameon=False)
        for text in legend.get_texts():
            text.set_color(theme.text)


def _short(label: str) -> str:
    shown = visible(label).replace("\n", " ")
    return shown if len(shown) <= 24 else shown[:23] + "…"


def _address(svg: bytes) -> str:
    return "data:image/svg+xml;base64," + base64.b64encode(svg).decode("ascii")
