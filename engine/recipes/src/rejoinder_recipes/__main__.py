"""The command `rejoinder-recipes`."""

import argparse
import os
import signal
import sys
from pathlib import Path

from .errors import RecipeError

DESCRIPTION = """\
Trains a model on the feedback that rejoinder found, and says whether the model is better for it.

  rejoinder export sft RUN --dataset sets/sft --validation 0.1
  rejoinder export kto RUN --dataset sets/kto --validation 0.1
  rejoinder export random RUN --dataset sets/random --validation 0.1 --like sets/sft
  rejoinder-recipes train --model MODEL --sft sets/sft --kto sets/kto --out arms/found
  rejoinder-recipes train --model MODEL --sft sets/random --out arms/random
  rejoinder-recipes compare --model MODEL --held-out sets/kto --arm found=arms/found/kto --arm random=arms/random/sft --out comparison
"""


def count(text: str) -> int:
    """A number of things, 0 or more."""
    number = int(text)
    if number < 0:
        raise ValueError
    return number


def positive(text: str) -> float:
    """A number above 0."""
    number = float(text)
    if not number > 0:
        raise ValueError
    return number


def positive_count(text: str) -> int:
    """A number of things, 1 or more."""
    return int(positive(str(int(text))))


class Help(argparse.ArgumentDefaultsHelpFormatter):
    """Help that names the value of a flag that is not given, where there is one."""

    def _get_help_string(self, action: argparse.Action) -> str | None:
        return action.help if action.default in (None, False, []) else super()._get_help_string(action)


def parser() -> argparse.ArgumentParser:
    """The flags of the command."""
    top = argparse.ArgumentParser("rejoinder-recipes", description=DESCRIPTION, formatter_class=argparse.RawDescriptionHelpFormatter)
    verbs = top.add_subparsers(dest="verb", required=True, metavar="VERB")
    _add_train(verbs.add_parser("train", help="train a model: SFT, then KTO", formatter_class=Help))
    _add_compare(verbs.add_parser("compare", help="compare trained models with the pre-trained one", formatter_class=Help))
    return top


def _add_model(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("--model", required=True, metavar="MODEL", help="pre-trained chat model: a name of the hub, a folder, or a GGUF file")
    verb.add_argument("--revision", help="revision of a model of the hub")
    verb.add_argument("--seed", type=count, default=0, help="another seed draws and shuffles otherwise")
    verb.add_argument("--quiet", action="store_true", help="no progress")


def _add_train(verb: argparse.ArgumentParser) -> None:
    from .training.settings import TrainingSettings

    usual = TrainingSettings()
    _add_model(verb)
    verb.add_argument("--sft", type=Path, metavar="SET", help="data set of `rejoinder export sft` or `random`: the first stage")
    verb.add_argument("--kto", type=Path, metavar="SET", help="data set of `rejoinder export kto`: the second stage")
    verb.add_argument("--out", type=Path, required=True, metavar="FOLDER", help="each stage leaves a folder of its name there")
    verb.add_argument("--full", action="store_true", help="train all weights in place of LoRA weights")
    verb.add_argument("--lora-rank", type=positive_count, default=usual.lora_rank, help="rank of the LoRA weights")
    verb.add_argument("--lora-alpha", type=positive_count, default=usual.lora_alpha, help="scale of the LoRA weights")
    verb.add_argument("--max-length", type=positive_count, default=usual.max_length, help="tokens of prompt and answer together")
    verb.add_argument("--batch-size", type=positive_count, default=usual.batch_size, help="rows that are computed at once")
    verb.add_argument("--accumulate", type=positive_count, default=usual.accumulate, help="batches that make one step")
    verb.add_argument("--epochs", type=positive, default=usual.epochs, help="how often each row is seen")
    verb.add_argument(
        "--learning-rate", type=positive, help="of every stage (default: 2e-4 for SFT, 5e-5 for KTO; with --full 2e-5 and 1e-6)"
    )
    verb.add_argument("--beta", type=positive, default=usual.beta, help="KTO's price of moving away from the model before")
    verb.add_argument("--price-per-hour", type=positive, help="what an hour of this machine costs, to say what the training will cost")
    verb.add_argument("--plan", action="store_true", help="say what the training will cost, and stop")


def _add_compare(verb: argparse.ArgumentParser) -> None:
    from .comparison.settings import ComparisonSettings

    usual = ComparisonSettings()
    _add_model(verb)
    verb.add_argument("--arm", action="append", required=True, metavar="NAME=FOLDER", help="a finished stage of `train`; repeatable")
    verb.add_argument(
        "--held-out", type=Path, required=True, metavar="SET", help="data set of `rejoinder export kto` that no arm was trained on"
    )
    verb.add_argument("--split", help="split of the held-out set (default: validation where there is one, else train)")
    verb.add_argument("--drop-overlap", action="store_true", help="leave out held-out rows of conversations that an arm was trained on")
    verb.add_argument("--out", type=Path, required=True, metavar="FOLDER", help="results.md, results.html and all that they are made of")
    verb.add_argument("--max-length", type=positive_count, default=usual.max_length, help="tokens of prompt and answer together")
    verb.add_argument("--batch-size", type=positive_count, default=usual.batch_size, help="rows that are computed at once")
    verb.add_argument("--rounds", type=positive_count, default=usual.rounds, help="rounds of the bootstrap")
    verb.add_argument(
        "--answers",
        type=count,
        default=usual.answers,
        metavar="N",
        help="held-out prompts that every model answers: examples, and pairs for a judge",
    )
    verb.add_argument("--answer-length", type=positive_count, default=usual.answer_length, help="tokens of such an answer at most")
    verb.add_argument(
        "--verdicts",
        type=Path,
        metavar="FILE",
        help="what a judge said of requests.jsonl: `answers.jsonl` of `rejoinder ask`, or the results of a batch service",
    )
    verb.add_argument(
        "--note", action="append", default=[], metavar="TEXT", help="a sentence for the page, such as who labelled; repeatable"
    )
    verb.add_argument("--no-examples", action="store_true", help="leave all chat text out of the pages")


def main(arguments: list[str] | None = None) -> int:
    """Runs the command; returns the exit code: 0, 2 where the user can mend something, 130 where the user stopped it."""
    args = parser().parse_args(arguments)
    # Heavy libraries come after the flags, so that a wrong flag and --help answer at once.
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    os.environ.setdefault("TQDM_DISABLE", "1")
    try:
        if args.verb == "train":
            from .verbs.train import main as verb
        else:
            from .verbs.compare import main as verb
        verb(args)
    except RecipeError as why:
        print(f"error: {why}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("stopped; the same command goes on from the last checkpoint", file=sys.stderr)
        return 128 + signal.SIGINT
    return 0


if __name__ == "__main__":
    sys.exit(main())
