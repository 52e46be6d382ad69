"""The speech engine's own process: loads a Whisper model and recognises what it is sent.

Why faster-whisper: CTranslate2's int8 kernels are the fastest Whisper on a CPU (4.2 times real
time on one core with `small`, against 1.6 in float32), on a GPU it is the same code, and it
installs from wheels.

Why a process: see `adapters/child_process.py`. The parent kills this one at a deadline and starts
another. It ends at once when its parent does.

Which of faster-whisper's own guards are off, and why: `hallucination_silence_threshold` and
`no_speech_threshold` delete text that they doubt, without a trace. Here nothing is deleted:
silence was taken out before (`core.windows.pack`), and doubtful text is flagged for the editor
(`core.hallucinations`).
"""

import contextlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from shownotes.adapters.frames import Send, serve
from shownotes.core.glossary import choose_hotwords
from shownotes.core.windows import LISTENS_S

# Fallbacks: 0 first; the others only where the text is repetitive or improbable.
TEMPERATURES = (0.0, 0.2, 0.4)
# Text that is worse than either is heard again. These are Whisper's own.
MOST_REPETITIVE, LEAST_PROBABLE = 2.4, -1.0
SAMPLE_RATE_HZ = 16_000


class Recognizer:
    """A loaded model, and what is asked of it."""

    def __init__(self, request: Mapping[str, Any]) -> None:
        from faster_whisper import WhisperModel

        self.path = request["path"]
        self.model = WhisperModel(
            self.path,
            device=request["device"],
            compute_type=_compute_type(request["device"]),
            cpu_threads=request["threads"],
            num_workers=1,
            local_files_only=True,
        )
        self.threads = request["threads"]
        self.whisper = _Watched(self.model.model)
        self.model.model = self.whisper

    @property
    def is_multilingual(self) -> bool:
        """Whether the model knows more than English."""
        return bool(self.whisper.is_multilingual)

    def transcribe(self, request: Mapping[str, Any], samples: Any) -> Iterator[dict[str, Any]]:
        """Recognise a packed window; the last message says how it went."""
        self._sow(request["seed"])
        hotwords = choose_hotwords(request["terms"], count_tokens=self._count_tokens)
        options = {
            "language": request["language"],
            "beam_size": request["beam_size"],
            "word_timestamps": True,
            "condition_on_previous_text": False,
            "hotwords": hotwords.text or None,
        }
        rest_from = None
        pieces, batch_size = request["pieces"], request["batch_size"]
        if pieces:
            segments = self._hear_at_once(samples, pieces, batch_size, options)
        else:
            self.whisper.begin(may_leave_rest=request["may_leave_rest"])
            segments = self._hear(samples, options)
        try:
            for segment in segments:
                yield {"event": "segment", "segment": segment}
        except _RestLeftError as rest:
            extractor = self.model.feature_extractor
            frames = len(samples) // extractor.hop_length - rest.frames
            rest_from = frames * extractor.time_per_frame
        yield {"event": "done", "left_out": hotwords.left_out, "rest_from": rest_from}

    def _hear(
        self, samples: Any, options: Mapping[str, Any], *, from_s: float = 0.0
    ) -> Iterator[dict[str, Any]]:
        """One piece after the other, each with fallbacks."""
        segments, _ = self.model.transcribe(
            samples,
            **options,
            temperature=list(TEMPERATURES),
            vad_filter=False,
            compression_ratio_threshold=MOST_REPETITIVE,
            log_prob_threshold=LEAST_PROBABLE,
            no_speech_threshold=None,
            hallucination_silence_threshold=None,
        )
        for segment in segments:
            yield _plain(segment, from_s=from_s)

    def _hear_at_once(
        self,
        samples: Any,
        pieces: Sequence[Sequence[float]],
        batch_size: int,
        options: Mapping[str, Any],
    ) -> Iterator[dict[str, Any]]:
        """Pieces side by side, and again by itself what does not pass the gates.

        faster-whisper's batches have no fallbacks: text that is repetitive, improbable or missing
        stays so there. A piece that is too long for the model goes by itself, too.
        """
        self.whisper.begin(may_leave_rest=False)
        for at in range(0, len(pieces), batch_size):
            group = pieces[at : at + batch_size]
            heard = self._hear_batch(samples, group, options)
            for (start, end), segments in zip(group, heard, strict=True):
                if segments and all(map(_passes, segments)):
                    yield from map(_plain, segments)
                else:
                    part = samples[round(start * SAMPLE_RATE_HZ) : round(end * SAMPLE_RATE_HZ)]
                    yield from self._hear(part, options, from_s=start)

    def _hear_batch(
        self, samples: Any, pieces: Sequence[Sequence[float]], options: Mapping[str, Any]
    ) -> list[list[Any]]:
        """faster-whisper's segments of each piece; none of one that is too long."""
        from faster_whisper import BatchedInferencePipeline

        fitting = [(start, end) for start, end in pieces if end - start <= LISTENS_S]
        segments: Iterable[Any] = ()
        if fitting:
            segments, _ = BatchedInferencePipeline(self.model).transcribe(
                samples,
                **options,
                temperature=0.0,
                vad_filter=False,
                clip_timestamps=[{"start": start, "end": end} for start, end in fitting],
                batch_size=len(fitting),
                without_timestamps=False,
            )
        by_frame: dict[int, list[Any]] = {}
        for segment in segments:
            by_frame.setdefault(segment.seek, []).append(segment)
        rate = self.model.frames_per_second
        # faster-whisper cuts at whole samples, and counts frames from there.
        return [
            by_frame.get(int(int(start * SAMPLE_RATE_HZ) / SAMPLE_RATE_HZ * rate), [])
            for start, _ in pieces
        ]

    def detect(self, lengths: list[int], samples: Any) -> dict[str, Any]:
        """Probabilities of languages for each stretch."""
        guesses: list[dict[str, float]] = []
        first = 0
        for length in lengths:
            stretch = samples[first : first + length]
            first += length
            _, _, probabilities = self.model.detect_language(audio=stretch)
            guesses.append({code: float(p) for code, p in probabilities})
        return {"event": "done", "guesses": guesses}

    def _count_tokens(self, text: str) -> int:
        return len(self.model.hf_tokenizer.encode(text, add_special_tokens=False).ids)

    def _sow(self, seed: int) -> None:
        """Make the sampling of this window depend on its seed alone.

        CTranslate2 reads the seed when a thread first samples and never again (seen in 4.8.5), so
        after a window that sampled, the model is loaded anew, in new threads.
        """
        import ctranslate2

        if self.whisper.has_sampled:
            old = self.whisper.model
            self.whisper.model = ctranslate2.models.Whisper(
                self.path,
                device=old.device,
                device_index=old.device_index,
                compute_type=old.compute_type,
                intra_threads=self.threads,
                inter_threads=1,
            )
            self.whisper.has_sampled = False
        ctranslate2.set_random_seed(seed)


class _RestLeftError(Exception):
    """What is left of a window is shorter than what the model listens to at once."""

    def __init__(self, frames: int) -> None:
        super().__init__(frames)
        self.frames = frames


class _Watched:
    """CTranslate2's model, remembering whether it has sampled, and stopping before a window's rest.

    A Whisper model always listens to 30 s, of which a window's last piece fills half on average:
    of windows of five minutes that is a twentieth of all work. It is left to the next window.
    """

    def __init__(self, model: Any) -> None:
        self.model = model
        self.has_sampled = False
        self._may_leave_rest = False
        self._is_first = True

    def __getattr__(self, name: str) -> Any:
        return getattr(self.model, name)

    def begin(self, *, may_leave_rest: bool) -> None:
        """Another window begins; its first piece is always listened to."""
        self._may_leave_rest, self._is_first = may_leave_rest, True

    def encode(self, features: Any, *arguments: Any, **options: Any) -> Any:
        """As CTranslate2's.

        Raises:
            _RestLeftError: the piece is not full, and may be left.
        """
        if self._may_leave_rest and not self._is_first:
            frames = _filled_frames(features)
            if frames < features.shape[-1]:
                raise _RestLeftError(frames)
        self._is_first = False
        return self.model.encode(features, *arguments, **options)

    def generate(self, *arguments: Any, **options: Any) -> Any:
        """As CTranslate2's; temperature 0 searches beams and samples nothing."""
        if options.get("sampling_topk", 1) != 1:
            self.has_sampled = True
        return self.model.generate(*arguments, **options)


def _filled_frames(features: Any) -> int:
    """How many frames of a piece are sound; faster-whisper fills the rest with zeros."""
    import numpy as np

    filled = np.flatnonzero(np.asarray(features).any(axis=(0, 1)))
    return int(filled[-1]) + 1 if len(filled) else 0


def _compute_type(device: str) -> str:
    """The fastest arithmetic this device has: int8 on a CPU, half precision on a GPU."""
    import ctranslate2

    supported = ctranslate2.get_supported_compute_types(device)
    wanted = ("float16", "int8_float16", "int8") if device == "cuda" else ("int8",)
    return next((kind for kind in wanted if kind in supported), "default")


def _passes(segment: Any) -> bool:
    """Whether a segment of a batch is as good as one that came with fallbacks."""
    is_repetitive = segment.compression_ratio > MOST_REPETITIVE
    return not is_repetitive and segment.avg_logprob >= LEAST_PROBABLE


def _plain(segment: Any, *, from_s: float = 0.0) -> dict[str, Any]:
    """faster-whisper's segment as plain data, its times counted from elsewhere."""
    return {
        "start": float(segment.start) + from_s,
        "end": float(segment.end) + from_s,
        "text": segment.text.strip(),
        "words": [
            [
                word.word.strip(),
                float(word.start) + from_s,
                float(word.end) + from_s,
                float(word.probability),
            ]
            for word in segment.words or ()
            if word.word.strip()
        ],
        "avg_logprob": float(segment.avg_logprob),
        "no_speech_probability": float(segment.no_speech_prob),
        "compression_ratio": float(segment.compression_ratio),
    }


class _Desk:
    """Holds the loaded model between requests."""

    def __init__(self) -> None:
        self.recognizer: Recognizer | None = None

    def answer(self, request: dict[str, Any], payload: bytes, send: Send) -> None:
        """Do what a request asks; the last answer is `done`."""
        import numpy as np

        if request["do"] == "load":
            self.recognizer = Recognizer(request)
            send({"event": "done", "is_multilingual": self.recognizer.is_multilingual})
            return
        if self.recognizer is None:
            raise ValueError("nothing is loaded")
        samples = np.frombuffer(payload, dtype=np.float32)
        if request["do"] == "detect":
            send(self.recognizer.detect(request["lengths"], samples))
            return
        for message in self.recognizer.transcribe(request, samples):
            send(message)


def _import_libraries() -> None:
    # Seconds; meanwhile the parent prepares the audio.
    with contextlib.suppress(ImportError):
        import faster_whisper  # noqa: F401


def main() -> None:
    """Answer requests until the parent closes the pipe."""
    serve(_Desk().answer, get_ready=_import_libraries)


if __name__ == "__main__":
    main()
