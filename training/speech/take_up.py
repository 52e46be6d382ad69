"""Make a checkpoint of the model that ships, so that training goes on where it ended.

    python take_up.py [--source DIR]

Checkpoints are not committed; the exported weights are, and int8 costs them next to nothing. What
an export lacks is the phoneme head, which only training uses: it is fitted first, on the encoder as
it stands, so that its beginner's gradients do not shake what was learned.
"""

from __future__ import annotations

import argparse
import struct
from dataclasses import asdict
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812
from export import TARGET
from model import Attention, Layer, Shape, Whisper
from tokenizer import TOKENIZER_PATH, WORK
from torch import nn
from train import CHECKPOINT_PATH, PHONEME_ROOM
from windows import Bank, Composer

# The numbers of CTranslate2's binary format 6 (`ctranslate2.specs.model_spec`).
_TYPES = {0: np.float32, 1: np.int8, 2: np.int16, 3: np.int32, 4: np.float16}
_FORMAT = 6
HEAD_STEPS = 150
HEAD_RATE = 1e-2
HEAD_WINDOWS, HEAD_FRAMES = 6, 1_000


class Exported:
    """The variables of a `model.bin`, dequantized."""

    def __init__(self, path: Path) -> None:
        self._data, self._at = path.read_bytes(), 0
        if self._number("I") != _FORMAT:
            raise SystemExit(f"{path} is not in CTranslate2's binary format {_FORMAT}")
        self._text(), self._number("I")
        raw: dict[str, np.ndarray] = {}
        for _ in range(self._number("I")):
            name = self._text()
            shape = tuple(self._number("I") for _ in range(self._number("B")))
            kind, size = _TYPES[self._number("B")], self._number("I")
            raw[name] = np.frombuffer(self._data, kind, size // np.dtype(kind).itemsize, self._at)
            raw[name] = raw[name].reshape(shape)
            self._at += size
        self._raw = raw

    def _number(self, code: str) -> int:
        (value,) = struct.unpack_from("<" + code, self._data, self._at)
        self._at += struct.calcsize(code)
        return int(value)

    def _text(self) -> str:
        length = self._number("H")
        self._at += length
        return self._data[self._at - length : self._at - 1].decode()

    def __getitem__(self, name: str) -> torch.Tensor:
        value = self._raw[name].astype(np.float32)
        scale = self._raw.get(f"{name}_scale")
        if scale is not None:
            value = value / scale.reshape(-1, *([1] * (value.ndim - 1)))
        return torch.from_numpy(value)

    def count_layers(self, side: str) -> int:
        return sum(
            name.startswith(f"{side}/layer_") and name.endswith("ffn/linear_0/bias")
            for name in self._raw
        )


def _take_linear(linears: list[nn.Linear], source: Exported, name: str) -> None:
    """One linear layer, or several that were fused into one."""
    for part in ("weight", "bias"):
        pieces = source[f"{name}/{part}"].chunk(len(linears))
        for linear, piece in zip(linears, pieces, strict=True):
            getattr(linear, part).data.copy_(piece)


def _take_norm(norm: nn.LayerNorm, source: Exported, name: str) -> None:
    norm.weight.data.copy_(source[f"{name}/gamma"])
    norm.bias.data.copy_(source[f"{name}/beta"])


def _take_layer(layer: Layer, source: Exported, name: str) -> None:
    own: Attention = layer.attention
    _take_norm(layer.attention_norm, source, f"{name}/self_attention/layer_norm")
    _take_linear([own.query, own.key, own.value], source, f"{name}/self_attention/linear_0")
    _take_linear([own.out], source, f"{name}/self_attention/linear_1")
    if layer.cross is not None and layer.cross_norm is not None:
        cross = layer.cross
        _take_norm(layer.cross_norm, source, f"{name}/attention/layer_norm")
        _take_linear([cross.query], source, f"{name}/attention/linear_0")
        _take_linear([cross.key, cross.value], source, f"{name}/attention/linear_1")
        _take_linear([cross.out], source, f"{name}/attention/linear_2")
    _take_norm(layer.feed_norm, source, f"{name}/ffn/layer_norm")
    _take_linear([layer.feed_in], source, f"{name}/ffn/linear_0")
    _take_linear([layer.feed_out], source, f"{name}/ffn/linear_1")


@torch.no_grad()
def read_model(source: Exported) -> Whisper:
    embedding = source["decoder/embeddings/weight"]
    width = embedding.shape[1]
    model = Whisper(
        Shape(
            len(embedding),
            PHONEME_ROOM,
            width=width,
            encoder_layers=source.count_layers("encoder"),
            decoder_layers=source.count_layers("decoder"),
        )
    )
    for convolution, name in ((model.conv_mel, "conv1"), (model.conv_half, "conv2")):
        weight = source[f"encoder/{name}/weight"]
        convolution.weight.copy_(weight.reshape(convolution.weight.shape))
        convolution.bias.copy_(source[f"encoder/{name}/bias"])
    model.embedding.weight.copy_(embedding)
    model.decoder_positions.copy_(source["decoder/position_encodings/encodings"])
    _take_norm(model.encoder_norm, source, "encoder/layer_norm")
    _take_norm(model.decoder_norm, source, "decoder/layer_norm")
    for side, layers in (("encoder", model.encoder), ("decoder", model.decoder)):
        for number, layer in enumerate(layers):
            _take_layer(layer, source, f"{side}/layer_{number}")
    return model


def fit_phoneme_head(model: Whisper, bank: Bank, *, seed: int = 1) -> None:
    composer = Composer(bank, seed)
    optimizer = torch.optim.Adam(model.phoneme_head.parameters(), lr=HEAD_RATE)
    for step in range(HEAD_STEPS):
        batch = composer.batch(HEAD_WINDOWS, HEAD_FRAMES)
        with torch.no_grad():
            encoded = model.encode(torch.from_numpy(batch.mel), torch.from_numpy(batch.offset))
        logits = model.phoneme_head(encoded)
        loss = F.cross_entropy(logits.flatten(0, 1), torch.from_numpy(batch.phonemes).flatten())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        if step % 25 == 0:
            print(f"phoneme head {step}: {loss.item():.3f}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--source", type=Path, default=TARGET)
    arguments = parser.parse_args()
    if (arguments.source / "tokenizer.json").read_bytes() != TOKENIZER_PATH.read_bytes():
        raise SystemExit(f"{TOKENIZER_PATH} is not the tokenizer of {arguments.source}")
    model = read_model(Exported(arguments.source / "model.bin"))
    bank = Bank.load(sorted(WORK.glob("bank-*.npy")))
    fit_phoneme_head(model, bank)
    state = model.state_dict()
    torch.save(
        {
            "shape": asdict(model.shape),
            "phonemes": bank.phonemes,
            "model": state,
            "average": state,
            "step": 0,
            "elapsed_s": 0.0,
            "is_taken_up": True,
        },
        CHECKPOINT_PATH,
    )
    print(f"{CHECKPOINT_PATH}: {arguments.source} taken up")


if __name__ == "__main__":
    main()
