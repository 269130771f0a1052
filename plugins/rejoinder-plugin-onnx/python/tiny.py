"""Makes the model of the plugin's tests: a BERT of one layer with drawn weights, its tokenizer, and what onnxruntime says of some
texts. `tiny.py FOLDER` writes `tiny.onnx`, `tokenizer.json` and `expected.json`."""

import json
import sys
from pathlib import Path

import bert
import numpy as np
import onnx
import onnx.shape_inference
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors
from turns import LABELS, Model, Turn

SHAPE = bert.Shape(hidden=8, layers=1, heads=2, epsilon=1e-12)
WIDE, POSITIONS, SEED = 16, 128, 7
WORDS = "no yes thanks wrong that is not what i asked again please why the list sort it now ! ? . ,".split()
VOCABULARY = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", *WORDS, *("##" + letter for letter in "abcdefgst")]
TEXTS = [
    ("no", ""),
    ("No, that is not what I asked.", "the list"),
    ("thanks!", "sort the list , please"),
    ("why? WHY? asked again", "Ünknown wörds 你好"),
    ("", "yes"),
    ("please sort the list now . " * 40, "it is wrong . " * 40),
]


def weights() -> dict[str, np.ndarray]:
    """Drawn weights, under the names of BERT's."""
    draw = np.random.default_rng(SEED)
    hidden = SHAPE.hidden
    sizes = {
        "embeddings.word_embeddings.weight": (len(VOCABULARY), hidden),
        "embeddings.position_embeddings.weight": (POSITIONS, hidden),
        "embeddings.token_type_embeddings.weight": (2, hidden),
    }
    for part in ("self.query", "self.key", "self.value", "output.dense"):
        sizes[f"encoder.layer.0.attention.{part}.weight"] = (hidden, hidden)
        sizes[f"encoder.layer.0.attention.{part}.bias"] = (hidden,)
    for part, into, out in (("intermediate", hidden, WIDE), ("output", WIDE, hidden)):
        sizes[f"encoder.layer.0.{part}.dense.weight"] = (out, into)
        sizes[f"encoder.layer.0.{part}.dense.bias"] = (out,)
    drawn = {name: draw.normal(size=size).astype(np.float32) for name, size in sizes.items()}
    for place in ("embeddings", "encoder.layer.0.attention.output", "encoder.layer.0.output"):
        drawn[f"{place}.LayerNorm.weight"] = np.ones(hidden, np.float32)
        drawn[f"{place}.LayerNorm.bias"] = np.zeros(hidden, np.float32)
    return drawn


def tokenizer() -> Tokenizer:
    """BERT's way of making tokens, with few words."""
    vocabulary = {word: number for number, word in enumerate(VOCABULARY)}
    made = Tokenizer(models.WordPiece(vocabulary, unk_token="[UNK]"))
    made.normalizer = normalizers.BertNormalizer()
    made.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    made.post_processor = processors.BertProcessing(("[SEP]", 3), ("[CLS]", 2))
    return made


def main() -> None:
    folder = Path(sys.argv[1])
    draw = np.random.default_rng(SEED + 1)
    head = draw.normal(size=(2 * SHAPE.hidden, len(LABELS))), draw.normal(size=len(LABELS))
    # With the sizes of all values, by names, as exporters write them.
    whole = onnx.shape_inference.infer_shapes(bert.classifier(weights(), SHAPE, head))
    onnx.save(whole, folder / "tiny.onnx")
    tokenizer().save(str(folder / "tokenizer.json"))
    model = Model(folder / "tiny.onnx", folder / "tokenizer.json")
    expected = []
    for text, answer in TEXTS:
        values = model.values(Turn("", 0, text, answer, 0)).astype(float)
        expected.append({"turn": text, "answer": answer, "values": [round(value, 5) for value in values]})
    (folder / "expected.json").write_text(json.dumps(expected, indent=1, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
