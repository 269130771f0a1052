"""What both templates show, made ready: plots, and the rows of tables."""

from __future__ import annotations

from dataclasses import dataclass

from ..results import Results
from ..statistics.figure import Figure
from . import words
from .headline import Headline, headlines, is_judged
from .plots import Plot, Row, interval_plot


@dataclass(frozen=True)
class TableRow:
    """A line of a table: its head, then its cells."""

    head: str
    cells: tuple[str, ...]


@dataclass(frozen=True)
class View:
    """The page's headlines, tables and plots. `gain_plot` and `pairs_plot` are those without a judge."""

    headlines: list[Headline]
    judged: bool
    win_rate_plot: Plot | None
    pairs_plot: Plot
    gain_plot: Plot
    likelihood_rows: list[TableRow]
    detectable_rows: list[TableRow]
    difference_rows: list[TableRow]


def view(results: Results) -> View:
    """The view of some results."""
    judged = is_judged(results)
    return View(
        headlines=headlines(results),
        judged=judged,
        win_rate_plot=_win_rate_plot(results) if judged else None,
        pairs_plot=_pairs_plot(results),
        gain_plot=_gain_plot(results),
        likelihood_rows=_likelihood_rows(results),
        detectable_rows=_detectable_rows(results),
        difference_rows=_difference_rows(results),
    )


def names(results: Results) -> list[str]:
    """The arms, in the order of the figures without a judge."""
    return [arm.arm for arm in results.likelihood.arms]


def _win_rate_plot(results: Results) -> Plot:
    assert results.win_rates is not None  # is_judged
    rows = [Row(arm.arm, (arm.win_rate,)) for arm in results.win_rates.arms]
    told = "; ".join(f"{row.label}: {words.share(row.figures[0])}" for row in rows)
    axis = "win rate against the pre-trained model, in percent (50: no difference)"
    return interval_plot(rows, ["win rate"], axis, 0.5, f"Win rates with 95 % intervals. {told}.", percent=True)


def _pairs_plot(results: Results) -> Plot:
    rows = [Row(arm.arm, (arm.auc_like_length, arm.auc)) for arm in results.likelihood.arms]
    told = "; ".join(f"{row.label}: {words.share(row.figures[0])}, {words.share(row.figures[1])}" for row in rows)
    axis = "pairs in which the praised answer gained more, in percent (50: chance)"
    words_ = f"Shares of pairs with 95 % intervals, of like length and of all lengths. {told}."
    return interval_plot(rows, ["pairs of like length", "all pairs"], axis, 0.5, words_, percent=True)


def _gain_plot(results: Results) -> Plot:
    rows = [Row(arm.arm, (arm.gain_praised, arm.gain_blamed)) for arm in results.likelihood.arms]
    told = "; ".join(f"{row.label}: {words.nats(row.figures[0])}, {words.nats(row.figures[1])}" for row in rows)
    axis = "gain in log-probability a token, in nats (0: as before)"
    words_ = f"Gains of praised and of blamed answers with 95 % intervals. {told}."
    return interval_plot(rows, ["praised answers", "blamed answers"], axis, 0.0, words_)


def _likelihood_rows(results: Results) -> list[TableRow]:
    arms = results.likelihood.arms

    def row(head: str, *cells: str) -> TableRow:
        return TableRow(head, cells)

    rows = [
        row("pairs of like length in which the praised answer gained more", *(words.share(arm.auc_like_length) for arm in arms)),
        row("the same over all pairs", *(words.share(arm.auc) for arm in arms)),
        row("gain of praised minus gain of blamed answers", *(words.nats(arm.gain_difference) for arm in arms)),
        row("gain of praised answers", *(words.nats(arm.gain_praised) for arm in arms)),
        row("gain of blamed answers", *(words.nats(arm.gain_blamed) for arm in arms)),
        row("praised answers before", *(words.nats(arm.praised_before) for arm in arms)),
        row("praised answers after", *(words.nats(arm.praised_after) for arm in arms)),
        row("blamed answers before", *(words.nats(arm.blamed_before) for arm in arms)),
        row("blamed answers after", *(words.nats(arm.blamed_after) for arm in arms)),
        row("KL to the pre-trained model", *(words.nats(arm.kl) for arm in arms)),
    ]
    for at, category in enumerate(arms[0].by_category if arms else ()):
        head = f"gain of answers with {category.category} ({words.number(category.answers)})"
        rows.append(row(head, *(words.nats(arm.by_category[at].gain) for arm in arms)))
    return rows


def _detectable_rows(results: Results) -> list[TableRow]:
    def cells(told: list[str]) -> tuple[str, ...]:
        return tuple(cell or "—" for cell in told)

    arms = results.likelihood.arms
    rows = [
        TableRow("share of pairs of like length", cells([words.detectable_share(arm.auc_like_length) for arm in arms])),
        TableRow("share of all pairs", cells([words.detectable_share(arm.auc) for arm in arms])),
        TableRow(
            "gain of praised minus gain of blamed, up or down",
            cells([words.detectable_nats(arm.gain_difference) for arm in arms]),
        ),
    ]
    if results.win_rates is not None and is_judged(results):
        by_arm = {arm.arm: words.detectable_share(arm.win_rate) for arm in results.win_rates.arms}
        rows.insert(0, TableRow("win rate", cells([by_arm.get(arm.arm, "") for arm in arms])))
    return rows


def _difference_rows(results: Results) -> list[TableRow]:
    def with_finding(found: Figure, told: str) -> str:
        return told if found.finding == "too few" else f"{told}: {words.finding(found)}"

    judged = {(d.arm, d.other): d.difference for d in results.win_rates.differences} if results.win_rates is not None else {}
    rows = []
    for difference in results.likelihood.differences:
        win_rate = judged.get((difference.arm, difference.other))
        rows.append(
            TableRow(
                f"{difference.arm} minus {difference.other}",
                (
                    *([with_finding(win_rate, words.points(win_rate))] if win_rate is not None and is_judged(results) else []),
                    with_finding(difference.auc_like_length, words.points(difference.auc_like_length)),
                    with_finding(difference.auc, words.points(difference.auc)),
                    with_finding(difference.gain_difference, words.nats(difference.gain_difference)),
                ),
            )
        )
    return rows
