"""Models and tokenizers: a hub name, a folder, a GGUF file, or what a training left."""

import hashlib
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import peft
import torch
import transformers

from .chat import check_template
from .errors import RecipeError


@dataclass(frozen=True)
class ModelSource:
    """Where a pre-trained model comes from."""

    name: str
    """A name of the hub, a folder, or a GGUF file."""
    revision: str | None = None

    @property
    def arguments(self) -> dict[str, Any]:
        """What transformers' `from_pretrained` takes for it."""
        path = Path(self.name)
        if path.suffix == ".gguf":
            if not path.is_file():
                raise RecipeError(f"{path}: there is no such GGUF file")
            return {"pretrained_model_name_or_path": str(path.parent), "gguf_file": path.name}
        return {"pretrained_model_name_or_path": self.name, "revision": self.revision}

    @property
    def description(self) -> dict[str, Any]:
        """What a record keeps: the name, and for a file its hash, but not where it lies."""
        path = Path(self.name)
        if not path.exists():
            return asdict(self)
        described: dict[str, Any] = {"name": path.name, "revision": self.revision}
        if path.is_file():
            described["sha256"] = file_sha256(path)
        return described


def file_sha256(path: Path) -> str:
    """The SHA-256 of a file, in hex."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def device() -> str:
    """Where models run: `cuda` where there is a GPU, else `cpu`."""
    return "cuda" if torch.cuda.is_available() else "cpu"


def has_bf16() -> bool:
    """Whether a GPU computes in bfloat16 here."""
    return torch.cuda.is_available() and torch.cuda.is_bf16_supported()


def load_tokenizer(source: ModelSource) -> Any:
    """The tokenizer, with a chat template and a token to pad with.

    Raises RecipeError if there is no such model, or it is no chat model.
    """
    tokenizer = _loaded(transformers.AutoTokenizer, source)
    check_template(tokenizer)
    if tokenizer.pad_token is None:
        tokenizer.pad_token = tokenizer.eos_token
    return tokenizer


def load_model(source: ModelSource) -> Any:
    """The pre-trained model, in bfloat16 on a GPU that has it, else in 32-bit floats.

    Raises RecipeError if there is no such model.
    """
    is_gguf = Path(source.name).suffix == ".gguf"
    # The weights of a GGUF file can be trained once they are numbers again.
    unpacked = {"quantization_config": transformers.GgufConfig(dequantize=True)} if is_gguf else {}
    model = _loaded(transformers.AutoModelForCausalLM, source, dtype=torch.bfloat16 if has_bf16() else torch.float32, **unpacked)
    return model.to(device())


def _loaded(loader: Any, source: ModelSource, **more: Any) -> Any:
    try:
        return loader.from_pretrained(**source.arguments, **more)
    except (OSError, ValueError, ImportError) as why:
        reason = str(why).strip().split("\n")[0]
        raise RecipeError(f"the model {source.name} cannot be loaded: {reason}") from why


def is_adapter(folder: Path) -> bool:
    """Whether a training left LoRA weights, which go on top of the pre-trained model."""
    return (folder / "adapter_config.json").is_file()


def load_arm(folder: Path, pretrained: Any) -> Any:
    """The model that a training left in `folder`: LoRA weights around `pretrained`, or a model of its own."""
    if is_adapter(folder):
        return peft.PeftModel.from_pretrained(pretrained, str(folder)).eval()
    return load_model(ModelSource(str(folder))).eval()
