"""The speech engine as the walk sees it: a child process that is started once and kept warm.

Only `adapters.engine_process`, which is that child, knows faster-whisper; here are pipes, deadlines
and our errors.
"""

import contextlib
import os
import queue
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import IO, TYPE_CHECKING, Any

from shownotes.adapters.engine_process import read_frame, write_frame
from shownotes.adapters.hardware import free_cpus
from shownotes.core.windows import Packing
from shownotes.errors import (
    EngineDiedError,
    EngineError,
    EngineTimeoutError,
    ModelBrokenError,
    SettingsError,
)
from shownotes.model import Segment, Word

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

# How long libraries and a model may take to load, in seconds. The largest has 3 GB; from a slow
# network disk that takes minutes.
LOAD_DEADLINE_S = 900.0
# How often the wait for an answer looks up, in seconds, so that Ctrl-C is heard on Windows.
_LOOK_UP_S = 0.5
_STDERR_LINES = 20


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
    """

    language: str
    beam_size: int
    seed: int
    terms: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Recognition:
    """What was recognised: segments in packed time, and glossary terms that found no room."""

    segments: tuple[Segment, ...]
    left_out: tuple[str, ...] = ()


class SpeechEngine:
    """The child process. `start` returns at once, so that its libraries load meanwhile."""

    def __init__(self, *, threads: int = 0) -> None:
        self.threads = threads or free_cpus()
        self.loaded: EngineModel | None = None
        self.is_multilingual = False
        self._process: subprocess.Popen[bytes] | None = None
        self._answers: queue.SimpleQueue[tuple[dict[str, Any], bytes] | None]
        self._said: deque[str]

    @property
    def pid(self) -> int | None:
        """The child's process id while there is one."""
        return self._process.pid if self._process else None

    def start(self) -> None:
        """Start the child unless it lives; it begins to import its libraries."""
        if self._process is not None and self._process.poll() is None:
            return
        self.close()
        try:
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-m", "shownotes.adapters.engine_process"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                env=_environment(self.threads),
                creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
            )
        except OSError as error:
            raise EngineDiedError(f"The speech engine cannot be started: {error}.") from error
        self._answers, self._said = queue.SimpleQueue(), deque(maxlen=_STDERR_LINES)
        for target, *arguments in (
            (_forward, self._process.stdout, self._answers),
            (_remember, self._process.stderr, self._said),
        ):
            threading.Thread(target=target, args=arguments, daemon=True).start()

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
        except _FailedError as error:
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
        }
        segments: list[Segment] = []
        left_out: tuple[str, ...] = ()
        try:
            answers = self._ask(message, samples.tobytes(), deadline_s=deadline_s)
            with contextlib.closing(answers):
                for answer in answers:
                    if answer["event"] == "segment":
                        segments.append(_segment(answer["segment"]))
                        on_progress(segments[-1].end)
                    else:
                        left_out = tuple(answer["left_out"])
        except _FailedError as error:
            raise _translate(error, request.language) from error
        return Recognition(segments=tuple(segments), left_out=left_out)

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
        except _FailedError as error:
            raise EngineError(f"The language could not be detected: {error}.") from error
        return list(answer["guesses"])

    def close(self) -> None:
        """End the child, whatever it is doing."""
        process, self._process, self.loaded = self._process, None, None
        if process is None:
            return
        process.kill()
        process.wait()
        for stream in (process.stdin, process.stdout, process.stderr):
            if stream is not None:
                # What the child had not read yet is of no interest any more.
                with contextlib.suppress(OSError, ValueError):
                    stream.close()

    def _ask(
        self, message: Mapping[str, Any], payload: bytes, *, deadline_s: float
    ) -> Generator[dict[str, Any], None, None]:
        """Send a request and hand out the answers, the last being `done`."""
        process = self._process
        if process is None or process.stdin is None:
            raise EngineDiedError("The speech engine is not running. Run the same command again.")
        ends = monotonic() + deadline_s
        is_done = False
        try:
            try:
                write_frame(process.stdin, message, payload)
            except OSError as error:
                raise self._death() from error
            while not is_done:
                answer = self._receive(ends, deadline_s)
                if answer["event"] == "failed":
                    is_done = True
                    raise _FailedError(answer["kind"], answer["message"])
                is_done = answer["event"] == "done"
                yield answer
        finally:
            if not is_done:
                # Ctrl-C, a deadline, or a caller that left: the child must not go on alone.
                self.close()

    def _receive(self, ends: float, deadline_s: float) -> dict[str, Any]:
        while (left := ends - monotonic()) > 0:
            try:
                answer = self._answers.get(timeout=min(left, _LOOK_UP_S))
            except queue.Empty:
                continue
            if answer is None:
                raise self._death()
            return answer[0]
        raise EngineTimeoutError(
            f"The speech engine was stopped after {deadline_s:.0f} s with one window of audio. "
            "Run again on a quieter machine, with a smaller speech.model, or with a greater "
            "speech.deadline_factor; finished windows are kept."
        )

    def _death(self) -> EngineDiedError:
        code: int | None = None
        if self._process is not None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                code = self._process.wait(timeout=10)
        last = next((line for line in reversed(self._said) if line.strip()), "")
        why = f" Its last words: {last.strip()}" if last else ""
        if code is not None and code < 0:
            why += f" (signal {-code}; 9 is most often want of memory: try a smaller speech.model)"
        return EngineDiedError(
            f"The speech engine's process ended unexpectedly (exit code {code}).{why} "
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


class _FailedError(Exception):
    """The child answered that it could not; it lives."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message or kind)
        self.kind = kind


def _translate(error: _FailedError, language: str) -> EngineError | SettingsError:
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


def _environment(threads: int) -> dict[str, str]:
    """The child's: as many threads as are free, no network, UTF-8."""
    return {
        **os.environ,
        "OMP_NUM_THREADS": str(threads),
        "HF_HUB_OFFLINE": "1",
        "HF_HUB_DISABLE_TELEMETRY": "1",
        "DO_NOT_TRACK": "1",
        "PYTHONUTF8": "1",
    }


def _forward(
    stream: IO[bytes], answers: "queue.SimpleQueue[tuple[dict[str, Any], bytes] | None]"
) -> None:
    with contextlib.suppress(OSError, ValueError):
        while (frame := read_frame(stream)) is not None:
            answers.put(frame)
    answers.put(None)


def _remember(stream: IO[bytes], said: deque[str]) -> None:
    with contextlib.suppress(OSError, ValueError):
        for line in stream:
            said.append(line.decode(errors="replace"))
