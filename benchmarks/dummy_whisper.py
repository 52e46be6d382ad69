"""A Whisper model of any shape with random weights that always says the same text.

Speed and memory of a model do not depend on its weights, but a random one babbles to the end of
every window and fails all thresholds. Here the decoder's position encodings carry the text: at
every position the next token outweighs all others, so that decoding has an ordinary length and an
ordinary confidence. All arithmetic of a real model of that shape is done.

    python benchmarks/dummy_whisper.py FOLDER --shape tiny
"""

import argparse
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from ctranslate2.specs.whisper_spec import WhisperSpec
from numpy.typing import NDArray
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers

Array = NDArray[np.float32]

# Whisper's languages in the order of its vocabulary.
LANGUAGES = re.findall(
    r"\w+",
    "en zh de es ru ko fr ja pt tr pl ca nl ar sv it id hi fi vi he uk el ms cs ro da hu ta "
    "no th ur hr bg lt la mi ml cy sk te fa lv bn sr az sl kn et mk br eu is hy ne mn bs kk "
    "sq sw gl mr pa si km sn yo so af oc ka be tg sd gu am yi lo uz fo ht ps tk nn mt sa lb "
    "my bo tl mg as tt haw ln ha ba jw su",
)
TEXT_TOKENS = 50_257
# Of a model that knows only English, small, for tests.
ENGLISH_TEXT_TOKENS = 600
# How much louder than the rest of a layer the text is in the residual stream.
LOUDNESS = 6.0


@dataclass(frozen=True, slots=True)
class Shape:
    """Of a Whisper model; encoder and decoder are alike in all published small ones.

    Attributes:
        decoder_layers: where there are fewer than in the encoder.
        bands: of the spectrogram that it hears.
    """

    width: int
    heads: int
    layers: int
    decoder_layers: int | None = None
    bands: int = 80

    @property
    def last_layer(self) -> int:
        """Of the decoder, counted from 0."""
        return (self.decoder_layers or self.layers) - 1


SHAPES = {
    "micro": Shape(64, 2, 1),
    "tiny": Shape(384, 6, 4),
    "base": Shape(512, 8, 6),
    "small": Shape(768, 12, 12),
    "turbo": Shape(1280, 20, 32, decoder_layers=4, bands=128),
}
# About a hundred tokens for half a minute, as in ordinary speech.
ORDINARY = " ".join(f"word{number:02d}" for number in range(14))


def make_tokenizer(*, is_multilingual: bool = True) -> Tokenizer:
    """Bytes, pairs of bytes up to a number of text tokens, then Whisper's special tokens."""
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    space = pre_tokenizers.ByteLevel(add_prefix_space=False).pre_tokenize_str(" ")[0][0]
    # Only a space and a letter are merged, as in every real one; the other pairs fill the table.
    merges = [(space, letter) for letter in alphabet if letter != space]
    pairs = [a + b for a, b in merges]
    pairs += [a + b for a in alphabet for b in alphabet if a != space]
    count = TEXT_TOKENS if is_multilingual else ENGLISH_TEXT_TOKENS
    vocabulary = {token: n for n, token in enumerate([*alphabet, *pairs][:count])}
    tokenizer = Tokenizer(models.BPE(vocab=vocabulary, merges=merges))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    languages = LANGUAGES if is_multilingual else ["en"]
    names = ["<|endoftext|>", "<|startoftranscript|>", *(f"<|{code}|>" for code in languages)]
    names += ["<|translate|>", "<|transcribe|>", "<|startoflm|>", "<|startofprev|>"]
    names += ["<|nospeech|>", "<|notimestamps|>", *(f"<|{i * 0.02:.2f}|>" for i in range(1501))]
    tokenizer.add_special_tokens([AddedToken(n, special=True, normalized=False) for n in names])
    return tokenizer


def make_model(
    folder: Path,
    *,
    shape: str = "micro",
    says: str = ORDINARY,
    heard: Sequence[str] = ("en",),
    is_multilingual: bool = True,
    seed: int = 0,
) -> Path:
    """Write a model's folder: model.bin (int8), config, tokenizer, preprocessor.

    Args:
        folder: to be made.
        shape: a name in `SHAPES`.
        says: the text it hears in every half minute.
        heard: languages it takes any speech for, all equally probable.
        is_multilingual: whether it has Whisper's whole vocabulary, or a small English one.
        seed: of the weights.
    """
    tokenizer = make_tokenizer(is_multilingual=is_multilingual)
    random = np.random.default_rng(seed)
    spec = _spec(SHAPES[shape], tokenizer, random)
    tokens = [tokenizer.id_to_token(i) for i in range(tokenizer.get_vocab_size())]
    if is_multilingual:
        # Whisper's multilingual vocabulary has an empty token here; CTranslate2 tells it by that.
        tokens[TEXT_TOKENS - 1] = ""
    spec.register_vocabulary(tokens)
    spec.config.suppress_ids = []
    spec.config.suppress_ids_begin = [tokenizer.token_to_id("<|endoftext|>")]
    spec.config.lang_ids = [
        tokenizer.token_to_id(f"<|{code}|>") for code in (LANGUAGES if is_multilingual else ["en"])
    ]
    _teach(spec, tokenizer, says, heard)
    spec.config.alignment_heads = [[SHAPES[shape].last_layer, 0]]
    spec.validate()
    spec.optimize(quantization="int8")
    folder.mkdir(parents=True, exist_ok=True)
    spec.save(str(folder))
    tokenizer.save(str(folder / "tokenizer.json"))
    features = {"feature_size": SHAPES[shape].bands, "sampling_rate": 16_000, "hop_length": 160}
    features |= {"chunk_length": 30, "n_fft": 400}
    (folder / "preprocessor_config.json").write_text(json.dumps(features), encoding="utf-8")
    return folder


def _teach(spec: Any, tokenizer: Tokenizer, says: str, heard: Sequence[str]) -> None:
    """Write the text into the decoder's positions: position p brings forth token p + 1."""

    def number(token: str) -> int:
        return int(tokenizer.token_to_id(token))

    embeddings = spec.decoder.embeddings.weight
    positions = spec.decoder.position_encodings.encodings
    spoken = tokenizer.encode(" " + says, add_special_tokens=False).ids
    script = [number("<|0.00|>"), *spoken, number("<|30.00|>"), number("<|endoftext|>")]
    # The direction in which all of them are equally far, whatever their lengths.
    languages = np.stack([embeddings[number(f"<|{code}|>")] for code in heard])
    between = np.linalg.pinv(languages) @ np.ones(len(heard))
    positions[0] = LOUDNESS * np.linalg.norm(embeddings[0]) * between / np.linalg.norm(between)
    # A multilingual prompt has three tokens, an English one has one; the last brings the first.
    last = 2 if len(spec.config.lang_ids or LANGUAGES) > 1 else 0
    for offset, token in enumerate(script):
        positions[last + offset] = LOUDNESS * embeddings[token]
    positions[last + len(script) :] = LOUDNESS * embeddings[number("<|endoftext|>")]


def _spec(shape: Shape, tokenizer: Tokenizer, random: np.random.Generator) -> Any:
    width = shape.width
    spec = WhisperSpec(shape.layers, shape.heads, shape.last_layer + 1, shape.heads)

    def normal(*size: int, scale: float) -> Array:
        return (random.standard_normal(size) * scale).astype(np.float32)

    def norm(part: Any) -> None:
        part.gamma, part.beta = np.ones(width, np.float32), np.zeros(width, np.float32)

    def linear(part: Any, rows: int, columns: int, scale: float = 1.0) -> None:
        part.weight = normal(rows, columns, scale=scale * columns**-0.5)
        part.bias = np.zeros(rows, np.float32)

    def layer(part: Any) -> None:
        norm(part.self_attention.layer_norm)
        linear(part.self_attention.linear[0], 3 * width, width)
        linear(part.self_attention.linear[1], width, width, 0.05)
        norm(part.ffn.layer_norm)
        linear(part.ffn.linear_0, 4 * width, width)
        linear(part.ffn.linear_1, width, 4 * width, 0.05)

    encoder, decoder = spec.encoder, spec.decoder
    for convolution, channels in ((encoder.conv1, shape.bands), (encoder.conv2, width)):
        convolution.weight = normal(width, channels, 3, scale=(3 * channels) ** -0.5)
        convolution.bias = np.zeros(width, np.float32)
    encoder.position_encodings.encodings = normal(1500, width, scale=0.1)
    norm(encoder.layer_norm)
    for part in encoder.layer:
        layer(part)
    # Long enough for the right token to stand out among 51 865 whatever the width.
    scale = 4.0 * width**-0.5
    decoder.embeddings.weight = normal(tokenizer.get_vocab_size(), width, scale=scale)
    decoder.projection.weight = decoder.embeddings.weight
    decoder.position_encodings.encodings = normal(448, width, scale=0.1)
    norm(decoder.layer_norm)
    for part in decoder.layer:
        layer(part)
        norm(part.attention.layer_norm)
        linear(part.attention.linear[0], width, width)
        linear(part.attention.linear[1], 2 * width, width)
        linear(part.attention.linear[2], width, width, 0.05)
    return spec


def main() -> None:
    """Make a model."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--shape", choices=SHAPES, default="tiny")
    arguments = parser.parse_args()
    print(make_model(arguments.folder, shape=arguments.shape))


if __name__ == "__main__":
    main()
