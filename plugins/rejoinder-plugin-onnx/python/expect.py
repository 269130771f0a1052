"""Writes what onnxruntime says of labelled turns, for the plugin's test: `expect.py MODEL TOKENIZER FILE OUT`."""

import json
import sys
from pathlib import Path

from turns import Model, later_turns


def main() -> None:
    model, tokenizer, file, out = (Path(argument) for argument in sys.argv[1:5])
    runtime = Model(model, tokenizer)
    expected = [
        {"turn": turn.text, "answer": turn.answer, "values": runtime.values(turn).astype(float).tolist()} for turn in later_turns(file)
    ]
    out.write_text(json.dumps(expected, ensure_ascii=False))
    print(f"{out}: {len(expected)} turns")


if __name__ == "__main__":
    main()
