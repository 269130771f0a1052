"""The trained models of a comparison."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...errors import RecipeError
from ...models import ModelSource, file_sha256
from ...training import record

PRETRAINED = "pre-trained"


@dataclass(frozen=True)
class TrainedArm:
    """A finished training under a name."""

    name: str
    folder: Path
    record: dict[str, Any]
    weights: str
    """SHA-256 of the weights."""

    @classmethod
    def read(cls, text: str, source: ModelSource) -> "TrainedArm":
        """The arm of `NAME=FOLDER`.

        Raises RecipeError if the text is in another form, the folder holds no finished training, or one of another model than `source`.
        """
        name, separator, folder = text.partition("=")
        if not separator or not name or not folder or name == PRETRAINED:
            raise RecipeError(f"`--arm {text}`: expected NAME=FOLDER with a name other than `{PRETRAINED}`, such as found=arms/found/kto")
        path = Path(folder)
        found = record.read(path)
        if found["base"] != source.description:
            raise RecipeError(
                f"{path} was trained from {_said(found['base'])}, and is compared with {_said(source.description)}: give the same --model"
            )
        hashes = [file_sha256(file) for file in sorted(path.glob("*.safetensors"))]
        if not hashes:
            raise RecipeError(f"{path} holds no weights (*.safetensors)")
        return cls(name, path, found, hashes[0] if len(hashes) == 1 else "+".join(one[:16] for one in hashes))


def read_arms(texts: list[str], source: ModelSource) -> list[TrainedArm]:
    """The arms of some flags.

    Raises RecipeError as `TrainedArm.read` does, and if two have one name.
    """
    arms = [TrainedArm.read(text, source) for text in texts]
    names = [arm.name for arm in arms]
    for name in names:
        if names.count(name) > 1:
            raise RecipeError(f"two arms are called {name}: give each a name of its own")
    return arms


def _said(base: dict[str, Any]) -> str:
    return " ".join(str(value)[: 12 if key == "sha256" else None] for key, value in base.items() if value)
