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
from collections.abc import Iterator, Mapping
from typing import Any

from shownotes.adapters.frames import Send, serve
from shownotes.core.glossary import choose_hotwords

# Fallbacks: 0 first; the others only where the text is repetitive or improbable.
TEMPERATURES = (0.0, 0.2, 0.4)
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
        segments, _ = self.model.transcribe(
            samples,
            language=request["language"],
            beam_size=request["beam_size"],
            temperature=list(TEMPERATURES),
            vad_filter=False,
            word_timestamps=True,
            condition_on_previous_text=False,
            compression_ratio_threshold=2.4,
            log_prob_threshold=-1.0,
            no_speech_threshold=None,
            hallucination_silence_threshold=None,
            hotwords=hotwords.text or None,
        )
        self.whisper.begin(may_leave_rest=request["may_leave_rest"])
        rest_from = None
        try:
            for segment in segments:
                yield {"event": "segment", "segment": _plain(segment)}
        except _RestLeftError as rest:
            extractor = self.model.feature_extractor
            frames = len(samples) // extractor.hop_length - rest.frames
            rest_from = frames * extractor.time_per_frame
        yield {"event": "done", "left_out": hotwords.left_out, "rest_from": rest_from}

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


def _plain(segment: Any) -> dict[str, Any]:
    """faster-whisper's segment as plain data."""
    return {
        "start": float(segment.start),
        "end": float(segment.end),
        "text": segment.text.strip(),
        "words": [
            [word.word.strip(), float(word.start), float(word.end), float(word.probability)]
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
