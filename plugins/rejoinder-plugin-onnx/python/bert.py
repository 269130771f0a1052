"""Writes a BERT encoder with a classifying head as an ONNX file, without PyTorch.

The head sees the mean and the first of the last layer's vectors, side by side, and gives one logit a label.
"""

import json
import struct
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

OPSET = 17
MASKED = -10000.0


@dataclass(frozen=True)
class Shape:
    """The sizes of an encoder, as its `config.json` has them."""

    hidden: int
    layers: int
    heads: int
    epsilon: float

    @classmethod
    def read(cls, config: Path) -> "Shape":
        found = json.loads(config.read_text())
        return cls(
            found["hidden_size"],
            found["num_hidden_layers"],
            found["num_attention_heads"],
            found["layer_norm_eps"],
        )


def read_safetensors(file: Path) -> dict[str, np.ndarray]:
    """The tensors of a file; all are float32 or int64."""
    kinds = {"F32": np.float32, "I64": np.int64}
    data = file.read_bytes()
    (length,) = struct.unpack_from("<Q", data)
    header = json.loads(data[8 : 8 + length])
    tensors = {}
    for name, about in header.items():
        if name == "__metadata__":
            continue
        begin, end = (8 + length + offset for offset in about["data_offsets"])
        tensors[name] = np.frombuffer(data[begin:end], kinds[about["dtype"]]).reshape(about["shape"])
    return tensors


class Graph:
    """Nodes and constants of a graph, each under a name of its own."""

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.constants: list[onnx.TensorProto] = []

    def constant(self, values: np.ndarray) -> str:
        name = f"c{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(np.array(values, order="C"), name))
        return name

    def numbers(self, *values: int) -> str:
        return self.constant(np.array(values, np.int64))

    def add(self, operator: str, *inputs: str, **attributes: object) -> str:
        name = f"n{len(self.nodes)}"
        self.nodes.append(helper.make_node(operator, inputs, [name], **attributes))
        return name


def encoder(graph: Graph, weights: dict[str, np.ndarray], shape: Shape) -> str:
    """The last layer's vectors, [texts, tokens, hidden]."""
    width = shape.hidden // shape.heads

    def dense(value: str, name: str) -> str:
        product = graph.add("MatMul", value, graph.constant(weights[f"{name}.weight"].T))
        return graph.add("Add", product, graph.constant(weights[f"{name}.bias"]))

    def normalised(value: str, name: str) -> str:
        scale, bias = (graph.constant(weights[f"{name}.LayerNorm.{part}"]) for part in ("weight", "bias"))
        return graph.add("LayerNormalization", value, scale, bias, axis=-1, epsilon=shape.epsilon)

    def by_head(value: str, order: list[int]) -> str:
        split = graph.add("Reshape", value, graph.numbers(0, 0, shape.heads, width))
        return graph.add("Transpose", split, perm=order)

    def embedding(indices: str, name: str) -> str:
        return graph.add("Gather", graph.constant(weights[f"embeddings.{name}_embeddings.weight"]), indices)

    length = graph.add("Slice", graph.add("Shape", "input_ids"), graph.numbers(1), graph.numbers(2))
    positions = graph.add(
        "Slice",
        graph.constant(weights["embeddings.position_embeddings.weight"]),
        graph.numbers(0),
        length,
        graph.numbers(0),
    )
    value = graph.add("Add", embedding("input_ids", "word"), embedding("token_type_ids", "token_type"))
    value = normalised(graph.add("Add", value, positions), "embeddings")

    mask = graph.add("Cast", "attention_mask", to=TensorProto.FLOAT)
    absent = graph.add("Sub", graph.constant(np.float32(1)), graph.add("Unsqueeze", mask, graph.numbers(1, 2)))
    absent = graph.add("Mul", absent, graph.constant(np.float32(MASKED)))
    for layer in (f"encoder.layer.{number}" for number in range(shape.layers)):
        attention = f"{layer}.attention"
        query = by_head(dense(value, f"{attention}.self.query"), [0, 2, 1, 3])
        key = by_head(dense(value, f"{attention}.self.key"), [0, 2, 3, 1])
        seen = by_head(dense(value, f"{attention}.self.value"), [0, 2, 1, 3])
        scores = graph.add("Mul", graph.add("MatMul", query, key), graph.constant(np.float32(width**-0.5)))
        shares = graph.add("Softmax", graph.add("Add", scores, absent), axis=-1)
        mixed = graph.add("Transpose", graph.add("MatMul", shares, seen), perm=[0, 2, 1, 3])
        mixed = graph.add("Reshape", mixed, graph.numbers(0, 0, shape.hidden))
        mixed = graph.add("Add", value, dense(mixed, f"{attention}.output.dense"))
        value = normalised(mixed, f"{attention}.output")
        wide = dense(value, f"{layer}.intermediate.dense")
        # GELU, by the error function.
        inner = graph.add("Erf", graph.add("Mul", wide, graph.constant(np.float32(2**-0.5))))
        inner = graph.add("Add", inner, graph.constant(np.float32(1)))
        wide = graph.add("Mul", graph.add("Mul", wide, inner), graph.constant(np.float32(0.5)))
        value = normalised(graph.add("Add", value, dense(wide, f"{layer}.output.dense")), f"{layer}.output")
    return value


def pooled(graph: Graph, vectors: str) -> str:
    """What the head sees, [texts, 2 * hidden]."""
    mask = graph.add("Cast", "attention_mask", to=TensorProto.FLOAT)
    mask = graph.add("Unsqueeze", mask, graph.numbers(2))
    total = graph.add("ReduceSum", graph.add("Mul", vectors, mask), graph.numbers(1), keepdims=0)
    mean = graph.add("Div", total, graph.add("ReduceSum", mask, graph.numbers(1), keepdims=0))
    first = graph.add("Gather", vectors, graph.constant(np.int64(0)), axis=1)
    return graph.add("Concat", mean, first, axis=1)


def classifier(weights: dict[str, np.ndarray], shape: Shape, head: tuple[np.ndarray, np.ndarray] | None) -> onnx.ModelProto:
    """A model with the output `logits`, or with the output `features` for a head that is still to be trained.

    `head`: its weights, [2 * hidden, labels], and its biases, [labels].
    """
    graph = Graph()
    features = pooled(graph, encoder(graph, weights, shape))
    name, width = "features", 2 * shape.hidden
    if head is not None:
        product = graph.add("MatMul", features, graph.constant(head[0].astype(np.float32)))
        graph.add("Add", product, graph.constant(head[1].astype(np.float32)))
        name, width = "logits", len(head[1])
    graph.nodes[-1].output[0] = name
    inputs = [
        helper.make_tensor_value_info(each, TensorProto.INT64, ["texts", "tokens"])
        for each in ("input_ids", "attention_mask", "token_type_ids")
    ]
    output = helper.make_tensor_value_info(name, TensorProto.FLOAT, ["texts", width])
    whole = helper.make_graph(graph.nodes, "classifier", inputs, [output], graph.constants)
    model = helper.make_model(whole, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=8)
    onnx.checker.check_model(model)
    return model
