"""Compares the plugin's votes in a run with onnxruntime's, computed here: `compare.py MODEL TOKENIZER FILE RUN ACCEPT REJECT`, where the
last two are the config's `accept-at` and `reject-at`. Every vote must be the same, but where a probability lies on a threshold."""

import json
import sys
from pathlib import Path

import numpy as np
from turns import LABELS, Model, Turn, later_turns

TOLERANCE = 1e-3


def votes(run: Path) -> dict[tuple[str, int], dict]:
    """The plugin's votes of a run's records, by conversation and message."""
    found = {}
    for part in sorted((run / "parts").glob("*.jsonl")):
        for line in part.open(encoding="utf-8"):
            record = json.loads(line)
            for vote in record["plugins"]:
                if vote["plugin"] == "onnx":
                    found[record["conversation_id"], record["message_index"]] = vote
    return found


def probabilities(model: Model, turn: Turn) -> np.ndarray:
    values = model.values(turn).astype(np.float64)
    shares = np.exp(values - values.max())
    return shares / shares.sum()


def wanted(shares: np.ndarray, accept: float, reject: float) -> tuple[str, str]:
    """The verdict and the category that the probabilities lead to."""
    category = 1 + int(shares[1:].argmax())
    if shares[category] >= accept:
        return "accept", LABELS[category]
    return ("reject" if shares[0] >= reject else "abstain"), ""


def main() -> None:
    model, tokenizer, file, run = (Path(argument) for argument in sys.argv[1:5])
    accept, reject = (float(argument) for argument in sys.argv[5:7])
    turns = {(turn.conversation, turn.index): turn for turn in later_turns(file)}
    runtime, greatest, compared, verdicts = Model(model, tokenizer), 0.0, 0, {}
    for place, vote in votes(run).items():
        shares = probabilities(runtime, turns[place])
        greatest = max(greatest, abs(vote["score"] - (1 - shares[0])))
        compared += 1
        verdicts[vote["verdict"]] = verdicts.get(vote["verdict"], 0) + 1
        near = min(abs(shares[1:].max() - accept), abs(shares[0] - reject)) < TOLERANCE
        if not near and (vote["verdict"], vote["category"]) != wanted(shares, accept, reject):
            sys.exit(f"{place}: the plugin says {vote}, onnxruntime {shares.round(4)}")
    print(f"{compared} votes compared ({verdicts}), greatest difference of a score {greatest:.1e}")
    if not compared or greatest > TOLERANCE:
        sys.exit("These must be the same.")


if __name__ == "__main__":
    main()
