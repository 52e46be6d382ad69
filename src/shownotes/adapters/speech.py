"""The speech engine as the walk sees it: a child process that is started once and kept warm.

Only `adapters.engine_process`, which is that child, knows faster-whisper; here are deadlines
and our errors.
"""

import contextlib
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from shownotes.adapters.child_process import Child, ChildDied, ChildFailed, ChildSilent
from shownotes.adapters.hardware import free_cpus
from shownotes.core.windows import Packing
from shownotes.errors import (
    EngineDiedError,
    EngineError,
    EngineTimeoutError,
    ModelBrokenError,
    SettingsError,
)
from shownotes.model import Segment, Span, Word

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

# How long libraries and a model may take to load, in seconds. The largest has 3 GB; from a slow
# network disk that takes minutes.
LOAD_DEADLINE_S = 900.0
# The engine asks for the same large pieces of memory for every half minute. glibc (others do not
# know these) gives them back and fetches them page by page anew, a fifth of the time of a small
# model; above these sizes, in bytes, it still does. With 32 MiB it still did, with 128 and more it
# was as fast and kept up to 200 MB more.
_KEEP_MEMORY = {
    "MALLOC_MMAP_THRESHOLD_": str(64 * 2**20),
    "MALLOC_TRIM_THRESHOLD_": str(64 * 2**20),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineModel:
    """What the engine has loaded, or is to load."""

    path: str
    device: str
    threads: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """How a window is to be recognised.

    Attributes:
        language: ISO 639-1 code.
        terms: the glossary, most important first.
        seed: for the fallbacks that sample; the same seed gives the same text.
        may_leave_rest: whether the last piece may be left, where it is shorter than what the model
            listens to at once.
        pieces: in packed seconds, to be heard `batch_size` at a time; none: one after the other.
    """

    language: str
    beam_size: int
    seed: int
    terms: tuple[str, ...] = ()
    may_leave_rest: bool = False
    pieces: tuple[Span, ...] = ()
    batch_size: int = 1


@dataclass(frozen=True, slots=True)
class Recognition:
    """What was recognised.

    Attributes:
        segments: in packed time.
        left_out: glossary terms that found no room.
        rest_from: from when on nothing was listened to, in packed seconds; `None`: all was.
    """

    segments: tuple[Segment, ...]
    left_out: tuple[str, ...] = ()
    rest_from: float | None = None


class SpeechEngine:
    """The child process. `start` returns at once, so that its libraries load meanwhile."""

    def __init__(self, *, threads: int = 0) -> None:
        self.threads = threads or free_cpus()
        self.loaded: EngineModel | None = None
        self.is_multilingual = False
        environment = {
            "OMP_NUM_THREADS": str(self.threads),
            "HF_HUB_OFFLINE": "1",
            "HF_HUB_DISABLE_TELEMETRY": "1",
            "DO_NOT_TRACK": "1",
            **_KEEP_MEMORY,
        }
        self._child = Child("shownotes.adapters.engine_process", environment)

    @property
    def pid(self) -> int | None:
        """The child's process id while there is one."""
        return self._child.pid

    def start(self) -> None:
        """Start the child unless it lives; it begins to import its libraries."""
        if self._child.is_alive:
            return
        self.close()
        try:
            self._child.start()
        except OSError as error:
            raise EngineDiedError(f"The speech engine cannot be started: {error}.") from error

    def load(self, path: str, device: str) -> None:
        """Load a model, unless it is loaded already; another one gets a process of its own.

        Raises:
            ModelBrokenError: the model cannot be loaded.
            EngineError: the process died or took too long.
        """
        wanted = EngineModel(path=path, device=device, threads=self.threads)
        if self.loaded not in (None, wanted):
            self.close()
        self.start()
        if self.loaded == wanted:
            return
        message = {"do": "load", "path": path, "device": device, "threads": self.threads}
        try:
            (answer,) = self._ask(message, b"", deadline_s=LOAD_DEADLINE_S)
        except ChildFailed as error:
            self.close()
            raise ModelBrokenError(
                f"The speech model in {path} cannot be loaded on {device}: {error}. "
                "Fetch it again with `shownotes models fetch NAME`, or name another speech.model."
            ) from error
        self.loaded = wanted
        self.is_multilingual = bool(answer["is_multilingual"])

    def transcribe(
        self,
        samples: "NDArray[np.float32]",
        request: Request,
        *,
        deadline_s: float,
        on_progress: Callable[[float], None] = lambda _: None,
    ) -> Recognition:
        """Recognise packed audio.

        Args:
            samples: float32, shape (n_samples,), mono, 16 000 Hz.
            request: how.
            deadline_s: when the child is killed.
            on_progress: told the packed seconds done, after every segment.

        Raises:
            EngineTimeoutError: it took longer; the child is gone, the next `load` starts another.
            EngineDiedError: the child ended.
            EngineError: the engine failed and lives.
        """
        message = {
            "do": "transcribe",
            "language": request.language,
            "beam_size": request.beam_size,
            "seed": request.seed,
            "terms": request.terms,
            "may_leave_rest": request.may_leave_rest,
            "pieces": [[piece.start, piece.end] for piece in request.pieces],
            "batch_size": request.batch_size,
        }
        segments: list[Segment] = []
        left_out: tuple[str, ...] = ()
        rest_from: float | None = None
        try:
            answers = self._ask(message, samples.tobytes(), deadline_s=deadline_s)
            with contextlib.closing(answers):
                for answer in answers:
                    if answer["event"] == "segment":
                        segments.append(_segment(answer["segment"]))
                        on_progress(segments[-1].end)
                    else:
                        left_out = tuple(answer["left_out"])
                        rest_from = answer["rest_from"]
        except ChildFailed as error:
            raise _translate(error, request.language) from error
        return Recognition(tuple(segments), left_out, rest_from)

    def detect_language(
        self, stretches: Sequence["NDArray[np.float32]"], *, deadline_s: float
    ) -> list[Mapping[str, float]]:
        """For each stretch (float32, mono, 16 000 Hz), languages and their probabilities.

        Raises:
            EngineError: as for `transcribe`.
        """
        message = {"do": "detect", "lengths": [len(stretch) for stretch in stretches]}
        payload = b"".join(stretch.tobytes() for stretch in stretches)
        try:
            (answer,) = self._ask(message, payload, deadline_s=deadline_s)
        except ChildFailed as error:
            raise EngineError(f"The language could not be detected: {error}.") from error
        return list(answer["guesses"])

    def close(self) -> None:
        """End the child, whatever it is doing."""
        self._child.close()
        self.loaded = None

    def _ask(
        self, message: Mapping[str, Any], payload: bytes, *, deadline_s: float
    ) -> Generator[dict[str, Any], None, None]:
        """Send a request and hand out the answers, the last being `done`."""
        if self._child.pid is None:
            raise EngineDiedError("The speech engine is not running. Run the same command again.")
        try:
            yield from self._child.ask(message, payload, deadline_s=deadline_s)
        except ChildDied as error:
            raise _death(error) from error
        except ChildSilent as error:
            raise EngineTimeoutError(
                f"The speech engine was stopped after {deadline_s:.0f} s with one window of audio. "
                "Run again on a quieter machine, with a smaller speech.model, or with a greater "
                "speech.deadline_factor; finished windows are kept."
            ) from error
        finally:
            if self._child.pid is None:
                self.loaded = None


def _death(error: ChildDied) -> EngineDiedError:
    why = f" Its last words: {error.last_words}" if error.last_words else ""
    if error.code is not None and error.code < 0:
        why += (
            f" (signal {-error.code}; 9 is most often want of memory: try a smaller speech.model)"
        )
    return EngineDiedError(
        f"The speech engine's process ended unexpectedly (exit code {error.code}).{why} "
        "Run the same command again; finished windows are kept."
    )


def read_packed(path: Path, packing: Packing) -> "NDArray[np.float32]":
    """The pieces of a packing out of working audio, one after the other.

    Returns:
        float32, shape (n_samples,), mono, 16 000 Hz.
    """
    import numpy as np

    from shownotes.adapters.audio import read_samples

    return np.concatenate(
        [read_samples(path, start=p.audio_start, end=p.audio_end) for p in packing.pieces]
    )


def _translate(error: ChildFailed, language: str) -> EngineError | SettingsError:
    if "not a valid language code" in str(error):
        return SettingsError(
            f"The speech model does not know the language {language!r}. Correct `language` in the "
            "sidecar, the show or [speech]."
        )
    return EngineError(f"The speech engine failed: {error}. Run the same command again.")


def _segment(plain: Mapping[str, Any]) -> Segment:
    return Segment(
        start=plain["start"],
        end=plain["end"],
        text=plain["text"],
        words=tuple(
            Word(text=text, start=start, end=end, probability=round(probability, 4))
            for text, start, end, probability in plain["words"]
        ),
        avg_logprob=round(plain["avg_logprob"], 4),
        no_speech_probability=round(plain["no_speech_probability"], 4),
        compression_ratio=round(plain["compression_ratio"], 4),
    )
