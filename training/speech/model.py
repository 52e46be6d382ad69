"""Whisper's architecture in PyTorch, small, with the extra outputs that training needs.

Only what CTranslate2 can run is in the exported part: two convolutions, pre-norm transformer
layers, sinusoidal encoder positions, tied embeddings.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
import torch.nn.functional as F  # noqa: N812  (the name every PyTorch text uses)
from torch import Tensor, nn

MEL_BINS = 80
ENCODER_POSITIONS = 1_500
DECODER_POSITIONS = 448
GUIDED_LAYERS = 2


@dataclass(frozen=True)
class Shape:
    """The size of a model."""

    vocabulary: int
    phonemes: int
    width: int = 256
    heads: int = 4
    encoder_layers: int = 4
    decoder_layers: int = 3
    # Heads of the last two decoder layers that are trained to look at the word being written;
    # faster-whisper reads word times from the last layer's.
    guided_heads: int = 2


def sinusoids(length: int, width: int) -> Tensor:
    """Whisper's encoder positions, shape (length, width)."""
    step = math.log(10_000) / (width // 2 - 1)
    scaled = torch.arange(length).float()[:, None] * torch.exp(
        -step * torch.arange(width // 2).float()
    )
    return torch.cat([scaled.sin(), scaled.cos()], 1)


class Attention(nn.Module):
    """Multi-head attention; `memory` makes it cross-attention.

    The projections are separate matrices because Muon orthogonalises each matrix as one map.
    """

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.query = nn.Linear(width, width)
        self.key = nn.Linear(width, width)
        self.value = nn.Linear(width, width)
        self.out = nn.Linear(width, width)

    def forward(
        self, x: Tensor, memory: Tensor | None = None, *, is_causal: bool = False, guided: int = 0
    ) -> tuple[Tensor, Tensor | None]:
        source = x if memory is None else memory
        query, key, value = (
            projected.unflatten(-1, (self.heads, -1)).transpose(1, 2)
            for projected in (self.query(x), self.key(source), self.value(source))
        )
        mixed = F.scaled_dot_product_attention(query, key, value, is_causal=is_causal)
        logits = None
        if guided:
            scale = query.shape[-1] ** -0.5
            logits = (query[:, :guided] * scale) @ key[:, :guided].transpose(-1, -2)
        return self.out(mixed.transpose(1, 2).flatten(2)), logits


class Layer(nn.Module):
    """A pre-norm transformer layer; with `has_cross`, a decoder layer."""

    def __init__(self, width: int, heads: int, *, has_cross: bool) -> None:
        super().__init__()
        self.attention_norm = nn.LayerNorm(width)
        self.attention = Attention(width, heads)
        self.cross_norm = nn.LayerNorm(width) if has_cross else None
        self.cross = Attention(width, heads) if has_cross else None
        self.feed_norm = nn.LayerNorm(width)
        self.feed_in = nn.Linear(width, 4 * width)
        self.feed_out = nn.Linear(4 * width, width)

    def forward(
        self, x: Tensor, memory: Tensor | None = None, *, guided: int = 0
    ) -> tuple[Tensor, Tensor | None]:
        logits = None
        x = x + self.attention(self.attention_norm(x), is_causal=self.cross is not None)[0]
        if self.cross is not None and self.cross_norm is not None:
            found, logits = self.cross(self.cross_norm(x), memory, guided=guided)
            x = x + found
        return x + self.feed_out(F.gelu(self.feed_in(self.feed_norm(x)))), logits


@dataclass(frozen=True)
class Output:
    """What one pass gives: decoder logits, guided cross-attention logits, encoder states."""

    tokens: Tensor
    attention: Tensor
    phonemes: Tensor
    encoded: Tensor


class Whisper(nn.Module):
    """Encoder and decoder, and a phoneme head that only training uses."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.shape = shape
        width, heads = shape.width, shape.heads
        self.conv_mel = nn.Conv1d(MEL_BINS, width, 3, padding=1)
        self.conv_half = nn.Conv1d(width, width, 3, stride=2, padding=1)
        self.register_buffer("encoder_positions", sinusoids(ENCODER_POSITIONS, width))
        self.encoder = nn.ModuleList(
            Layer(width, heads, has_cross=False) for _ in range(shape.encoder_layers)
        )
        self.encoder_norm = nn.LayerNorm(width)
        self.embedding = nn.Embedding(shape.vocabulary, width)
        self.decoder_positions = nn.Parameter(torch.randn(DECODER_POSITIONS, width) * 0.02)
        self.decoder = nn.ModuleList(
            Layer(width, heads, has_cross=True) for _ in range(shape.decoder_layers)
        )
        self.decoder_norm = nn.LayerNorm(width)
        self.phoneme_head = nn.Linear(width, shape.phonemes)
        nn.init.normal_(self.embedding.weight, std=width**-0.5)
        depth = 2 * (shape.encoder_layers + shape.decoder_layers)
        for layer in (*self.encoder, *self.decoder):
            for last in (layer.attention.out, layer.feed_out, layer.cross and layer.cross.out):
                if last is not None:
                    last.weight.data *= depth**-0.5

    def encode(self, mel: Tensor, offset: Tensor | None = None, *, blocks: int = 1) -> Tensor:
        """Encode log-mels, shape (batch, 80, frames), frames even.

        Args:
            mel: 100 frames a second.
            offset: where in 30 s each (short) window pretends to begin, in encoder frames.
            blocks: parts of equal length whose frames see only each other; a third of the time
                that attention over 30 s takes, and what is learned carries over to one block.
        """
        x = F.gelu(self.conv_mel(mel))
        x = F.gelu(self.conv_half(x)).transpose(1, 2)
        positions = torch.arange(x.shape[1])
        if offset is not None:
            positions = positions + offset[:, None]
        x = x + self.encoder_positions[positions]
        whole = x.shape
        x = x.reshape(whole[0] * blocks, whole[1] // blocks, whole[2])
        for layer in self.encoder:
            x, _ = layer(x)
        return self.encoder_norm(x).reshape(whole)

    def forward(
        self, mel: Tensor, tokens: Tensor, offset: Tensor | None = None, *, blocks: int = 1
    ) -> Output:
        encoded = self.encode(mel, offset, blocks=blocks)
        x = self.embedding(tokens) + self.decoder_positions[: tokens.shape[1]]
        looks = []
        for index, layer in enumerate(self.decoder):
            # The layer before the last one is guided too: the last one then knows where the word
            # before was, and does not lose its place where a phrase is said twice.
            is_guided = index >= len(self.decoder) - GUIDED_LAYERS
            x, logits = layer(x, encoded, guided=self.shape.guided_heads if is_guided else 0)
            if logits is not None:
                looks.append(logits)
        written = F.linear(self.decoder_norm(x), self.embedding.weight)
        return Output(written, torch.cat(looks, 1), self.phoneme_head(encoded), encoded)


# Where each encoder head looks at first, in encoder frames (20 ms), one row a layer.
_HEAD_OFFSETS = ((-4, -1.5, 1.5, 4), (-8, -3, 3, 8), (-10, -4, 4, 10), (-12, -5, 5, 12))
# The sinusoid each layer's queries and keys start from; deeper layers look less sharply.
_FIRST_SINUSOID = (0, 0, 8, 8)


@torch.no_grad()
def aim_heads(model: Whisper, *, strength: float = 1.4, noise: float = 0.5) -> None:
    """Start every encoder head on a fixed offset from its own frame.

    Attention from random weights averages over 30 s and the encoder stays stuck for hours; a
    rotation of the sinusoids between queries and keys makes each head look a little way off.
    """
    width, heads = model.shape.width, model.shape.heads
    half, per_head = width // 2, width // heads
    step = math.log(10_000) / (half - 1)
    omega = torch.exp(-step * torch.arange(half).float()).tolist()
    for depth, layer in enumerate(model.encoder):
        query, key = layer.attention.query, layer.attention.key
        row = min(depth, len(_HEAD_OFFSETS) - 1)
        for projection in (query, key):
            projection.weight *= noise
            projection.bias.zero_()
        for head in range(heads):
            shift = _HEAD_OFFSETS[row][head % 4]
            for index in range(per_head // 2):
                wave = _FIRST_SINUSOID[row] + index
                cosine, sine = math.cos(omega[wave] * shift), math.sin(omega[wave] * shift)
                first = head * per_head + index
                second = first + per_head // 2
                query.weight[first, wave] += strength * cosine
                query.weight[first, half + wave] += strength * sine
                query.weight[second, half + wave] += strength * cosine
                query.weight[second, wave] -= strength * sine
                key.weight[first, wave] += strength
                key.weight[second, half + wave] += strength


@torch.no_grad()
def place_timestamps(weight: Tensor, first_timestamp: int, *, size: float = 2.5) -> None:
    """Make each timestamp's embedding the encoder position of its own moment, around their mean.

    Timestamps and encoder frames are both 20 ms. Writing a time is then copying the position that
    a head looks at, and reading one is being told where to look; 1,501 unrelated embeddings were
    not learned at all in an hour.

    Args:
        weight: the embedding, shape (vocabulary, width), changed in place.
        size: the norm of what is added.
    """
    count = len(weight) - first_timestamp
    waves = sinusoids(count, weight.shape[1])
    waves -= waves.mean(0)
    mean = weight[first_timestamp:].mean(0)
    weight[first_timestamp:] = mean + size * waves / waves.norm(dim=1, keepdim=True)


@torch.no_grad()
def scale_convolutions(model: Whisper, mel: Tensor, *, target: float = 0.8) -> None:
    """Give the convolutions' output the size of the positions added to it, on real input."""
    first = F.gelu(model.conv_mel(mel))
    scale = 1.0 / first.std()
    model.conv_mel.weight *= scale
    model.conv_mel.bias *= scale
    second = F.gelu(model.conv_half(F.gelu(model.conv_mel(mel))))
    scale = target / second.pow(2).mean().sqrt()
    model.conv_half.weight *= scale
    model.conv_half.bias *= scale
