"""Train the demo model: short windows first, then the full 30 s that Whisper always sees.

    python train.py --minutes 87 [--resume]

One process a core, each with a part of every batch and of the optimizer's work, and the weights in
shared memory: on cores that others use too, threads that wait for each other after every operation
were half as fast. The checkpoint (`work/checkpoint.pt`) is written every two minutes; `--resume`
goes on from it.
"""

from __future__ import annotations

import argparse
import multiprocessing
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812
from model import Output, Shape, Whisper, aim_heads, place_timestamps, scale_convolutions
from tokenizer import WORK
from torch import Tensor, nn
from windows import FULL_FRAMES, IGNORED, Bank, Composer

if TYPE_CHECKING:
    from multiprocessing.synchronize import Barrier

CHECKPOINT_PATH = WORK / "checkpoint.pt"
SAVE_EVERY_S = 120.0
# Where the processor has no bfloat16, PyTorch imitates it, and a step takes 15 times as long.
HAS_BFLOAT16 = torch.ops.mkldnn._is_mkldnn_bf16_supported() and "avx512_bf16" in (
    Path("/proc/cpuinfo").read_text() if Path("/proc/cpuinfo").exists() else ""
)
LOG_EVERY_STEPS = 25
# Room for phonemes that only a later shard says.
PHONEME_ROOM = 240

# Weights of the losses beside the decoder's: without the framewise ones the encoder learns to
# listen only after hours; the guided one gives word times.
PHONEME_WEIGHT = 0.4
FRAME_TOKEN_WEIGHT = 0.45
ATTENTION_WEIGHT = 0.4
# Times were not learned at all before the encoder was asked for them.
PLACE_WEIGHT = 0.2
PLACE_EVERY, PLACE_PHASE = 7, 3
# A token whose attention is hopeless must not drown the others.
ATTENTION_CEILING = 12.0

MATRIX_RATE = 5e-3
OTHER_RATE = 1.5e-3
WARM_UP_STEPS = 12
# The rate stays flat until here, then falls linearly.
DECAY_FROM = 0.35
LOWEST_RATE = 0.01
AVERAGE_DECAY = 0.99
CLIP_NORM = 1.0


@dataclass(frozen=True)
class Stage:
    """Windows of `frames` until `until`, a share of all the training time.

    `batch_size` counts the windows of one process; `blocks` cut the encoder's attention.
    """

    until: float
    frames: int
    batch_size: int
    blocks: int = 1


STAGES = (
    Stage(0.08, 500, 12),
    Stage(0.22, 1_000, 6),
    Stage(0.98, FULL_FRAMES, 3, 3),
    Stage(1.01, FULL_FRAMES, 3),
)
# A model that was taken up (take_up.py) knows short windows already, and its rate starts lower.
LATER_STAGES = (Stage(0.88, FULL_FRAMES, 3, 3), Stage(1.01, FULL_FRAMES, 3))
LATER_RATE = 0.6


@dataclass
class Losses:
    """One step's losses and accuracies, for the log."""

    text: Tensor
    phoneme: Tensor
    attention: Tensor
    frame_token: Tensor
    place: Tensor
    token_accuracy: Tensor
    phoneme_accuracy: Tensor

    @property
    def total(self) -> Tensor:
        return (
            self.text
            + PHONEME_WEIGHT * self.phoneme
            + ATTENTION_WEIGHT * self.attention
            + FRAME_TOKEN_WEIGHT * self.frame_token
            + PLACE_WEIGHT * self.place
        )


def find_stage(progress: float, *, is_taken_up: bool) -> Stage:
    stages = LATER_STAGES if is_taken_up else STAGES
    return next(stage for stage in stages if progress < stage.until)


def find_rate(step: int, progress: float, *, is_taken_up: bool) -> float:
    """The factor on the learning rates."""
    if is_taken_up:
        fall = LATER_RATE * (1 - progress)
    else:
        fall = min(1.0, (1 - progress) / (1 - DECAY_FROM))
    return min(1.0, (step + 1) / WARM_UP_STEPS) * max(LOWEST_RATE, fall)


def compute_losses(
    model: Whisper, batch: dict[str, Tensor], composer: Composer, *, blocks: int
) -> Losses:
    is_full = batch["mel"].shape[2] == FULL_FRAMES
    with torch.autocast("cpu", torch.bfloat16, enabled=HAS_BFLOAT16):
        offset = None if is_full else batch["offset"]
        output: Output = model(batch["mel"], batch["tokens"], offset, blocks=blocks)
        is_labelled = batch["frame_tokens"] != IGNORED
        frame_logits = F.linear(
            output.encoded[is_labelled], model.embedding.weight[: composer.text_end]
        )
        timed = output.encoded[:, PLACE_PHASE::PLACE_EVERY]
        place_logits = F.linear(timed, model.embedding.weight[composer.first_timestamp :])
    targets, phonemes = batch["targets"], batch["phonemes"]
    text = F.cross_entropy(output.tokens.float().flatten(0, 1), targets.flatten())
    phoneme = F.cross_entropy(output.phonemes.float().flatten(0, 1), phonemes.flatten())
    frame_token = F.cross_entropy(frame_logits.float(), batch["frame_tokens"][is_labelled])
    # Every frame should know the timestamp of its moment; asking a few of them is enough.
    moments = PLACE_PHASE + PLACE_EVERY * torch.arange(timed.shape[1])
    moments = batch["offset"][:, None] + moments
    place = F.cross_entropy(place_logits.float().flatten(0, 1), moments.flatten())
    rows, columns = (batch["first"] >= 0).nonzero(as_tuple=True)
    # Minus the log of the attention that falls inside the word.
    looks = output.attention.float().transpose(1, 2)[rows, columns].log_softmax(-1)
    frames = torch.arange(looks.shape[-1])
    first, last = batch["first"][rows, columns, None], batch["last"][rows, columns, None]
    is_inside = (frames >= first) & (frames <= last)
    inside = looks.masked_fill(~is_inside[:, None], -1e4).logsumexp(-1)
    # The head that gives word times must cover its span evenly: with all its attention on one
    # frame of a pause, alignment may end the pause anywhere.
    length = is_inside.sum(-1, keepdim=True)
    even = (looks[:, -1] * is_inside).sum(-1, keepdim=True) / length + length.log()
    inside = torch.cat([inside[:, :-1], even], 1)
    attention = -inside.clamp(min=-ATTENTION_CEILING).mean()
    with torch.no_grad():
        is_target, is_speech = targets != IGNORED, phonemes > 0
        right = (output.tokens.argmax(-1) == targets)[is_target].float().mean()
        heard = (output.phonemes.argmax(-1) == phonemes)[is_speech].float().mean()
    return Losses(text, phoneme, attention, frame_token, place, right, heard)


class Muon(torch.optim.Optimizer):
    """Momentum, made orthogonal by five Newton-Schulz steps, in float32.

    `torch.optim.Muon` does the same in bfloat16, which processors without it only imitate: a step
    took 15 s there instead of 3.

    Source: Jordan et al., Muon, 2024; the size of the step as in Liu et al., arXiv 2502.16982.
    """

    def __init__(
        self, parameters: list[nn.Parameter], *, lr: float, momentum: float = 0.95
    ) -> None:
        super().__init__(parameters, {"lr": lr, "momentum": momentum, "weight_decay": 0.02})

    # Unlike torch's own, it takes no closure: the gradients are there already.
    @torch.no_grad()
    def step(self) -> None:  # type: ignore[override]
        for group in self.param_groups:
            for parameter in group["params"]:
                state = self.state[parameter]
                if not state:
                    state["momentum"] = torch.zeros_like(parameter)
                state["momentum"].lerp_(parameter.grad, 1 - group["momentum"])
                ahead = parameter.grad.lerp(state["momentum"], group["momentum"])
                size = 0.2 * max(parameter.shape) ** 0.5
                parameter.mul_(1 - group["lr"] * group["weight_decay"])
                parameter.add_(orthogonalize(ahead), alpha=-group["lr"] * size)


def orthogonalize(matrix: Tensor, *, steps: int = 5) -> Tensor:
    """The nearest matrix whose singular values are all about one."""
    is_tall = matrix.shape[0] > matrix.shape[1]
    x = matrix.T if is_tall else matrix
    x = x / (x.norm() + 1e-7)
    for _ in range(steps):
        square = x @ x.T
        x = 3.4445 * x + (-4.7750 * square + 2.0315 * square @ square) @ x
    return x.T if is_tall else x


def build_optimizers(model: Whisper, rank: int, processes: int) -> list[torch.optim.Optimizer]:
    """This process's part of the optimizers' work.

    Muon for the layers' matrices (fewer steps to the same loss), AdamW for all else.
    """
    layers = {id(p) for p in (*model.encoder.parameters(), *model.decoder.parameters())}
    parameters = list(model.parameters())
    matrices = [p for p in parameters if id(p) in layers and p.dim() == 2]
    chosen = {id(p) for p in matrices}
    others = [p for p in parameters if id(p) not in chosen]
    optimizers: list[torch.optim.Optimizer] = [Muon(matrices[rank::processes], lr=MATRIX_RATE)]
    if rank == processes - 1:
        optimizers.append(
            torch.optim.AdamW(others, lr=OTHER_RATE, betas=(0.9, 0.98), weight_decay=0.0)
        )
    return optimizers


@dataclass
class Shared:
    """What all training processes see, in shared memory.

    Attributes:
        gradients: shape (processes, parameters).
        clock: [steps, elapsed seconds], written by process 0.
    """

    model: Whisper
    average: dict[str, Tensor]
    gradients: Tensor
    clock: Tensor
    barrier: Barrier
    phonemes: dict[str, int]
    is_taken_up: bool = False

    @property
    def step(self) -> int:
        return int(self.clock[0])

    @property
    def elapsed_s(self) -> float:
        return float(self.clock[1])


def save(shared: Shared) -> None:
    """Write the checkpoint. The optimizers' momentum is left out: twenty steps bring it back."""
    state = {
        "shape": asdict(shared.model.shape),
        "phonemes": shared.phonemes,
        "model": shared.model.state_dict(),
        "average": shared.average,
        "step": shared.step,
        "elapsed_s": shared.elapsed_s,
        "is_taken_up": shared.is_taken_up,
    }
    partial = CHECKPOINT_PATH.with_suffix(".partial")
    torch.save(state, partial)
    partial.replace(CHECKPOINT_PATH)


class Worker:
    """One training process: a composer of its own, and its part of the weights to update."""

    def __init__(self, shared: Shared, bank: Bank, rank: int, *, minutes: float, seed: int) -> None:
        self.shared, self.rank, self.minutes = shared, rank, minutes
        processes = len(shared.gradients)
        # Another seed after every resumption, or the same windows would come again.
        self.composer = Composer(bank, seed + 1_000 + shared.step + 500_000 * rank)
        self.optimizers = build_optimizers(shared.model, rank, processes)
        self.rates = [[group["lr"] for group in o.param_groups] for o in self.optimizers]
        self.parameters = list(shared.model.parameters())
        self.names = {id(p): name for name, p in shared.model.named_parameters()}
        self.first_step = shared.step

    @property
    def progress(self) -> float:
        return self.shared.elapsed_s / (60 * self.minutes)

    def learn(self, stage: Stage) -> Losses:
        arrays = vars(self.composer.batch(stage.batch_size, stage.frames))
        batch = {name: torch.from_numpy(array) for name, array in arrays.items()}
        losses = compute_losses(self.shared.model, batch, self.composer, blocks=stage.blocks)
        for parameter in self.parameters:
            parameter.grad = None
        losses.total.backward()
        torch.cat([p.grad.flatten() for p in self.parameters], out=self.shared.gradients[self.rank])
        self.shared.barrier.wait()
        self._update()
        self.shared.barrier.wait()
        return losses

    def _update(self) -> None:
        """Step on the gradients' mean over the processes, for the parameters that are ours."""
        mean = self.shared.gradients.mean(0)
        mean *= min(1.0, CLIP_NORM / (float(mean.norm()) + 1e-6))
        pieces = mean.split([p.numel() for p in self.parameters])
        for parameter, piece in zip(self.parameters, pieces, strict=True):
            parameter.grad = piece.view_as(parameter)
        step = self.shared.step
        # Momentum is built up anew after a resumption, so the rate is too.
        factor = find_rate(
            step - self.first_step, self.progress, is_taken_up=self.shared.is_taken_up
        )
        # Short memory at first, so that the average does not remember the beginning.
        decay = min(AVERAGE_DECAY, (step + 1) / (step + 21))
        for optimizer, rates in zip(self.optimizers, self.rates, strict=True):
            for group, rate in zip(optimizer.param_groups, rates, strict=True):
                group["lr"] = rate * factor
            optimizer.step()
            with torch.no_grad():
                for group in optimizer.param_groups:
                    for parameter in group["params"]:
                        average = self.shared.average[self.names[id(parameter)]]
                        average.lerp_(parameter, 1 - decay)


def run_worker(
    shared: Shared, bank: Bank, rank: int, minutes: float, seed: int, until: int
) -> None:
    """Train until the minutes or steps are used up; process 0 keeps time, log and checkpoint."""
    torch.set_num_threads(1)
    torch.set_flush_denormal(True)
    worker = Worker(shared, bank, rank, minutes=minutes, seed=seed)
    recent: list[list[float]] = []
    before = last_save = last_log = time.monotonic()
    while worker.progress < 1 and shared.step < until:
        stage = find_stage(worker.progress, is_taken_up=shared.is_taken_up)
        losses = worker.learn(stage)
        # Between this barrier and the next step's, nobody reads the clock but to go on.
        shared.barrier.wait()
        if rank == 0:
            now = time.monotonic()
            shared.clock += torch.tensor([1.0, now - before], dtype=torch.float64)
            before = now
            recent.append([value.item() for value in vars(losses).values()])
            if shared.step % LOG_EVERY_STEPS == 0:
                report(shared, worker.progress, stage, recent, (now - last_log) / len(recent))
                recent, last_log = [], now
            if now - last_save > SAVE_EVERY_S:
                save(shared)
                last_save = time.monotonic()
        shared.barrier.wait()
    if rank == 0:
        save(shared)


def report(
    shared: Shared, progress: float, stage: Stage, recent: list[list[float]], seconds: float
) -> None:
    text, phoneme, attention, frame, place, right, heard = np.mean(recent, 0)
    rate = find_rate(shared.step, progress, is_taken_up=shared.is_taken_up)
    print(
        f"{shared.step} {stage.frames} frames, {stage.blocks} blocks, "
        f"{shared.elapsed_s / 60:.1f} min {seconds:.2f} s/step rate {rate:.3f} text {text:.3f} "
        f"phoneme {phoneme:.3f} attention {attention:.3f} frame {frame:.3f} place {place:.3f} "
        f"tokens {right:.3f} heard {heard:.3f}",
        flush=True,
    )


def prepare(bank: Bank, *, seed: int, processes: int, resume: dict | None) -> Shared:
    """Put the model, new or from a checkpoint, into shared memory."""
    torch.manual_seed(seed)
    composer = Composer(bank, seed)
    model = Whisper(Shape(composer.vocabulary, PHONEME_ROOM))
    if resume:
        model.load_state_dict(resume["model"])
    else:
        scale_convolutions(model, torch.from_numpy(composer.batch(4, 1_000).mel))
        aim_heads(model)
        place_timestamps(model.embedding.weight, composer.first_timestamp)
    average = resume["average"] if resume else model.state_dict()
    size = sum(p.numel() for p in model.parameters())
    shared = Shared(
        model=model.share_memory(),
        average={name: value.clone().share_memory_() for name, value in average.items()},
        gradients=torch.zeros(processes, size).share_memory_(),
        clock=torch.zeros(2, dtype=torch.float64).share_memory_(),
        barrier=multiprocessing.get_context("fork").Barrier(processes),
        phonemes=bank.phonemes,
        is_taken_up=bool(resume and resume.get("is_taken_up")),
    )
    if resume:
        shared.clock[0], shared.clock[1] = resume["step"], resume["elapsed_s"]
    return shared


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=87.0, help="training time in all")
    parser.add_argument("--resume", action="store_true")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--processes", type=int, default=2, help="one a core")
    parser.add_argument("--max-steps", type=int, default=sys.maxsize)
    arguments = parser.parse_args()
    # Before the fork torch may not start threads: their pool does not survive it.
    torch.set_num_threads(1)
    resume = torch.load(CHECKPOINT_PATH, weights_only=True) if arguments.resume else None
    bank = Bank.load(
        sorted(Path(WORK).glob("bank-*.npy")), phonemes=resume["phonemes"] if resume else None
    )
    if len(bank.phonemes) > PHONEME_ROOM:
        raise SystemExit(f"{len(bank.phonemes)} phonemes, room for {PHONEME_ROOM}")
    print(f"{len(bank.clips)} clips, {len(bank.phonemes)} phonemes", flush=True)
    shared = prepare(bank, seed=arguments.seed, processes=arguments.processes, resume=resume)
    context = multiprocessing.get_context("fork")
    common = (arguments.minutes, arguments.seed, arguments.max_steps)
    workers = [
        context.Process(target=run_worker, args=(shared, bank, rank, *common))
        for rank in range(arguments.processes)
    ]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()


if __name__ == "__main__":
    main()
