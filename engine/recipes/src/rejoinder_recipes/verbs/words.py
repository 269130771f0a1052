"""How the command speaks: lines on standard error, so that standard output stays free."""

import logging
import shlex
import sys
import warnings


def say(line: str) -> None:
    """Tells the user one line."""
    print(line, file=sys.stderr, flush=True)


def typed() -> str:
    """The command as it was typed."""
    return shlex.join(["rejoinder-recipes", *sys.argv[1:]])


def quieten() -> None:
    """Keeps what libraries say to themselves from between the lines for the user; errors stay."""
    import datasets
    import transformers

    warnings.filterwarnings("ignore")
    logging.getLogger().setLevel(logging.ERROR)
    transformers.utils.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()
    datasets.utils.logging.set_verbosity_error()
    datasets.disable_progress_bars()
