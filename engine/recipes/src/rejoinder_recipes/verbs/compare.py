"""`rejoinder-recipes compare`."""

import argparse
import datetime
import time
from dataclasses import fields
from pathlib import Path

from ..comparison import describe, results_json
from ..comparison.answers import MismatchError
from ..comparison.judging.pair_requests import pair_requests
from ..comparison.judging.verdicts import read_verdicts
from ..comparison.judging.win_rate import win_rates
from ..comparison.measuring.arms import PRETRAINED, read_arms
from ..comparison.measuring.held_out import held_out_rows
from ..comparison.measuring.measure import measured
from ..comparison.page import html_page, markdown_page
from ..comparison.results import Named, Results
from ..comparison.settings import ComparisonSettings
from ..comparison.statistics.likelihood_figures import likelihood_figures
from ..dataset import read_split
from ..errors import RecipeError
from ..models import ModelSource, load_tokenizer
from ..training import record
from .words import quieten, say, typed

REQUESTS = "requests.jsonl"
EXAMPLES = 10
"""Prompts whose answers stand side by side on the page."""


def main(args: argparse.Namespace) -> None:
    """Compares as the flags say, and writes the pages."""
    begun = time.perf_counter()
    source = ModelSource(args.model, args.revision)
    arms = read_arms(args.arm, source)
    split = read_split(args.held_out, args.split)
    settings = ComparisonSettings(**{field.name: getattr(args, field.name) for field in fields(ComparisonSettings)})
    quieten()
    tokenizer = load_tokenizer(source)
    held_out = held_out_rows(split, arms, tokenizer, settings.max_length, args.drop_overlap)
    args.out.mkdir(parents=True, exist_ok=True)
    try:
        found = measured(source, arms, tokenizer, held_out, settings, args.out, (lambda _line: None) if args.quiet else say)
        likelihood = likelihood_figures(found.likelihoods, rounds=settings.rounds, seed=settings.seed)
        of_arms = {name: answers for name, answers in found.answers.items() if name != PRETRAINED}
        requests = pair_requests(found.answers[PRETRAINED], of_arms)
        verdicts = None if args.verdicts is None else _verdicts(args.verdicts, requests)
        rates = None
        if verdicts is not None:
            rates = win_rates(found.answers[PRETRAINED], of_arms, verdicts, rounds=settings.rounds, seed=settings.seed)
    except MismatchError as why:
        raise RecipeError(str(why)) from why
    hardware = record.hardware()
    results = Results(
        made=datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d %H:%M UTC"),
        model=describe.base_model(source, found.parameters),
        arms=tuple(describe.arm(arm) for arm in arms),
        held_out=describe.held_out_set(held_out, arms),
        likelihood=likelihood,
        win_rates=rates,
        examples=describe.examples(found, verdicts, 0 if args.no_examples else EXAMPLES),
        warnings=describe.warnings(arms, found, rates),
        notes=tuple(args.note),
        commands=(*describe.commands(arms), typed()),
        versions=tuple(Named(name, version) for name, version in record.versions().items()),
        seconds=round(time.perf_counter() - begun, 1),
        device=f"{hardware['device']} ({hardware['name']}, {hardware['threads']} threads)",
    )
    results_json.write(results, args.out / "results.json")
    (args.out / "results.md").write_text(markdown_page(results, examples=not args.no_examples), encoding="utf-8")
    (args.out / "results.html").write_text(html_page(results), encoding="utf-8")
    say(f"wrote results.md, results.html and results.json in {args.out}")
    if rates is None and requests:
        (args.out / REQUESTS).write_text("".join(f"{request.line()}\n" for request in requests), encoding="utf-8")
        asked = args.out / "asked"
        say(f"no judge was asked. {len(requests):,} requests for one stand in {args.out / REQUESTS}; to have win rates:")
        say(f"  rejoinder ask {args.out / REQUESTS} --config judge.toml --out {asked}")
        say(f"  {typed()} --verdicts {asked / 'answers.jsonl'}")


def _verdicts(file: Path, requests: list) -> object:
    """The verdicts of a file.

    Raises RecipeError if the file cannot be read, or holds no verdict about the requests.
    """
    try:
        verdicts = read_verdicts(file, requests)
    except OSError as why:
        raise RecipeError(f"{file} cannot be read: {why}") from None
    for trouble in verdicts.troubles:
        say(f"warning: {file}: {trouble.count:,} {trouble.what}")
    if not verdicts.by_id:
        raise RecipeError(
            f"{file} holds no verdict about the answers of this comparison: give the results of its own {REQUESTS}, with the same --model, "
            "--arm, --held-out, --answers, --answer-length and --seed"
        )
    return verdicts
