"""Puts a classifying head on all-MiniLM-L6-v2, trained on the labelled turns of a file:
`train_head.py MINILM FILE OUT [SPLIT]`. MINILM holds model.safetensors, config.json and tokenizer.json; OUT is the ONNX file."""

import sys
from pathlib import Path

import bert
import numpy as np
import onnx
from turns import LABELS, Model, later_turns

STEPS = 200
RATE = 0.02
# Weight decay, beside the mean loss of a turn: chosen on labelled chats, where less fits the turns by heart.
DECAY = 3e-2


def trained(features: np.ndarray, labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Weights and biases of a softmax regression: full batches, Adam, features brought to one scale."""
    mean, scale = features.mean(0), features.std(0) + 1e-6
    scaled = (features - mean) / scale
    wanted = np.eye(len(LABELS))[labels]
    parameters = np.zeros((features.shape[1] + 1, len(LABELS)))
    first, second = np.zeros_like(parameters), np.zeros_like(parameters)
    design = np.hstack([scaled, np.ones((len(scaled), 1))])
    for step in range(1, STEPS + 1):
        logits = design @ parameters
        shares = np.exp(logits - logits.max(1, keepdims=True))
        shares /= shares.sum(1, keepdims=True)
        gradient = design.T @ (shares - wanted) / len(design)
        gradient[:-1] += DECAY * parameters[:-1]
        first = 0.9 * first + 0.1 * gradient
        second = 0.999 * second + 0.001 * gradient**2
        parameters -= RATE * (first / (1 - 0.9**step)) / (np.sqrt(second / (1 - 0.999**step)) + 1e-8)
    weights = parameters[:-1] / scale[:, None]
    return weights, parameters[-1] - mean @ weights


def main() -> None:
    minilm, file, out = (Path(argument) for argument in sys.argv[1:4])
    weights = bert.read_safetensors(minilm / "model.safetensors")
    shape = bert.Shape.read(minilm / "config.json")
    headless = out.with_suffix(".headless.onnx")
    onnx.save(bert.classifier(weights, shape, None), headless)
    model = Model(headless, minilm / "tokenizer.json")
    turns = list(later_turns(file, *sys.argv[4:5]))
    features = np.stack([model.values(turn) for turn in turns])
    headless.unlink()
    head = trained(features.astype(np.float64), np.array([turn.label for turn in turns]))
    onnx.save(bert.classifier(weights, shape, head), out)
    print(f"{out}: a head trained on {len(turns)} turns")


if __name__ == "__main__":
    main()
