"""Export the trained model to CTranslate2 (int8), as faster-whisper loads it from a directory.

    python export.py [--target DIR]

The averaged weights of `work/checkpoint.pt` are exported, with the tokenizer and the features'
settings. The model card (`README.md`) in the target is left as it is.
"""

from __future__ import annotations

import argparse
import json
import shutil
from pathlib import Path

import numpy as np
import torch
from ctranslate2.specs.whisper_spec import WhisperSpec
from model import Attention, Layer, Shape, Whisper
from tokenizer import TOKENIZER_PATH
from tokenizers import Tokenizer
from torch import Tensor, nn
from train import CHECKPOINT_PATH

TARGET = Path(__file__).parents[2] / "src" / "shownotes" / "models" / "speech-demo"
FEATURES = {
    "feature_size": 80,
    "sampling_rate": 16_000,
    "hop_length": 160,
    "chunk_length": 30,
    "n_fft": 400,
}


def _array(tensor: Tensor) -> np.ndarray:
    return tensor.detach().float().numpy().copy()


def _set_affine(spec: object, weight: np.ndarray, bias: np.ndarray) -> None:
    spec.weight, spec.bias = weight, bias  # type: ignore[attr-defined]


def _set_linear(spec: object, linears: list[nn.Linear]) -> None:
    """One linear layer, or several with the same input fused into one."""
    _set_affine(
        spec,
        np.concatenate([_array(linear.weight) for linear in linears]),
        np.concatenate([_array(linear.bias) for linear in linears]),
    )


def _set_norm(spec: object, norm: nn.LayerNorm) -> None:
    spec.gamma, spec.beta = _array(norm.weight), _array(norm.bias)  # type: ignore[attr-defined]


def _set_self_attention(spec: object, attention: Attention) -> None:
    linear = spec.linear  # type: ignore[attr-defined]
    _set_linear(linear[0], [attention.query, attention.key, attention.value])
    _set_linear(linear[1], [attention.out])


def _set_cross_attention(spec: object, attention: Attention) -> None:
    linear = spec.linear  # type: ignore[attr-defined]
    _set_linear(linear[0], [attention.query])
    _set_linear(linear[1], [attention.key, attention.value])
    _set_linear(linear[2], [attention.out])


def _set_layer(spec: object, layer: Layer) -> None:
    _set_norm(spec.self_attention.layer_norm, layer.attention_norm)  # type: ignore[attr-defined]
    _set_self_attention(spec.self_attention, layer.attention)  # type: ignore[attr-defined]
    if layer.cross is not None and layer.cross_norm is not None:
        _set_norm(spec.attention.layer_norm, layer.cross_norm)  # type: ignore[attr-defined]
        _set_cross_attention(spec.attention, layer.cross)  # type: ignore[attr-defined]
    _set_norm(spec.ffn.layer_norm, layer.feed_norm)  # type: ignore[attr-defined]
    _set_linear(spec.ffn.linear_0, [layer.feed_in])  # type: ignore[attr-defined]
    _set_linear(spec.ffn.linear_1, [layer.feed_out])  # type: ignore[attr-defined]


def build_spec(model: Whisper, tokenizer: Tokenizer) -> WhisperSpec:
    shape = model.shape
    spec = WhisperSpec(shape.encoder_layers, shape.heads, shape.decoder_layers, shape.heads)
    encoder, decoder = spec.encoder, spec.decoder
    for target, convolution in (
        (encoder.conv1, model.conv_mel),
        (encoder.conv2, model.conv_half),
    ):
        _set_affine(target, _array(convolution.weight), _array(convolution.bias))
    encoder.position_encodings.encodings = _array(model.encoder_positions)
    _set_norm(encoder.layer_norm, model.encoder_norm)
    for target, layer in zip(encoder.layer, model.encoder, strict=True):
        _set_layer(target, layer)
    decoder.embeddings.weight = _array(model.embedding.weight)
    decoder.position_encodings.encodings = _array(model.decoder_positions)
    _set_norm(decoder.layer_norm, model.decoder_norm)
    decoder.projection.weight = _array(model.embedding.weight)
    for target, layer in zip(decoder.layer, model.decoder, strict=True):
        _set_layer(target, layer)
    spec.register_vocabulary([tokenizer.id_to_token(i) for i in range(shape.vocabulary)])
    # Only a bare space may not begin a text: this model was taught what to write and what not.
    spec.config.suppress_ids = []
    spec.config.suppress_ids_begin = [tokenizer.token_to_id("Ġ")]
    spec.config.lang_ids = [tokenizer.token_to_id("<|en|>")]
    # The last guided head, the one trained to cover words and pauses evenly.
    spec.config.alignment_heads = [[shape.decoder_layers - 1, shape.guided_heads - 1]]
    return spec


def export(target: Path, *, quantization: str = "int8") -> None:
    state = torch.load(CHECKPOINT_PATH, weights_only=True)
    model = Whisper(Shape(**state["shape"]))
    model.load_state_dict(state["average"])
    tokenizer = Tokenizer.from_file(str(TOKENIZER_PATH))
    spec = build_spec(model.eval(), tokenizer)
    spec.validate()
    spec.optimize(quantization=quantization)
    target.mkdir(parents=True, exist_ok=True)
    spec.save(str(target))
    shutil.copy(TOKENIZER_PATH, target / "tokenizer.json")
    (target / "preprocessor_config.json").write_text(json.dumps(FEATURES) + "\n")
    size = sum(path.stat().st_size for path in target.iterdir())
    minutes = state["elapsed_s"] / 60
    print(f"{target}: step {state['step']}, {minutes:.1f} minutes of training, {size / 1e6:.1f} MB")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--target", type=Path, default=TARGET)
    parser.add_argument("--quantization", default="int8")
    arguments = parser.parse_args()
    export(arguments.target, quantization=arguments.quantization)


if __name__ == "__main__":
    main()
