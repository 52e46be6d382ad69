"""Parts of the work beside what a user would take for them, and what a command costs to start.

Each side is a process of its own, and they take turns; imports of the side's own libraries count
in `names` and in the starts, and are left out of decoding and loudness.

    python -m benchmarks.parts NAME SIDE    one run of one side, as `benchmarks.peers` calls it
"""

import contextlib
import json
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial

from benchmarks.measuring import WORK, Measured, keep, measure, ratio, say, summary
from benchmarks.walk import speech_mp3

ROUNDS = 3
MINUTES = 30.0
NAMES_WORDS = 28_000
EPISODES = 1_000
STATUS_S, HELP_S = 0.5, 0.25
Work = Callable[[], object]


# --------------------------------------------------------------------------- decoding


def _decode_ours() -> Work:
    from shownotes.adapters.audio import WorkingAudio, decode

    target = WORK / "working.wav"
    target.unlink(missing_ok=True)
    return lambda: decode(speech_mp3(MINUTES), [WorkingAudio(target)])


def _decode_faster_whisper() -> Work:
    from faster_whisper import decode_audio

    return lambda: decode_audio(str(speech_mp3(MINUTES)))


def _decode_pydub() -> Work:
    """Pydub with the ffmpeg program; the format is told, so that it needs no ffprobe."""
    import imageio_ffmpeg
    from pydub import AudioSegment, audio_segment

    AudioSegment.converter = imageio_ffmpeg.get_ffmpeg_exe()
    audio_segment.mediainfo_json = lambda *_, **__: {}

    def work() -> object:
        whole = AudioSegment.from_file(speech_mp3(MINUTES), format="mp3")
        return whole.set_frame_rate(16_000).set_channels(1).get_array_of_samples()

    return work


# --------------------------------------------------------------------------- loudness


def _loudness_ours() -> Work:
    from shownotes.adapters.audio import decode
    from shownotes.adapters.loudness import LoudnessMeter

    return lambda: decode(speech_mp3(MINUTES), [LoudnessMeter()])


def _loudness_ffmpeg() -> Work:
    import imageio_ffmpeg

    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-nostats", "-i", str(speech_mp3(MINUTES))]
    command += ["-af", "ebur128=peak=true", "-f", "null", "-"]
    return lambda: subprocess.run(command, check=True, capture_output=True)


# --------------------------------------------------------------------------- names


def _spoken() -> str:
    from benchmarks.render import transcript

    return " ".join(segment.text for segment in transcript(NAMES_WORDS).segments)


def _names_ours() -> Work:
    from benchmarks.render import transcript
    from shownotes.settings import Settings
    from shownotes.steps.lookup import look_for_names

    said = transcript(NAMES_WORDS)
    return lambda: look_for_names(said, Settings())


def _names_stock() -> Work:
    """A pipeline of the parts and sizes of `en_core_web_sm`, with random weights.

    Source: spaCy's published configuration of its small English pipelines: one embedding of width
    96 and depth 4 with hashed rows of 5000, 1000, 2500 and 2500, which tagger, parser and names
    share.
    """
    text = _spoken()

    def work() -> object:
        import spacy
        from spacy.training import Example

        nlp = spacy.blank("en")
        nlp.add_pipe("tok2vec", config={"model": _STOCK_TOK2VEC})
        listener = {"@architectures": "spacy.Tok2VecListener.v1", "width": 96, "upstream": "*"}
        nlp.add_pipe("tagger", config={"model": _TAGGER | {"tok2vec": listener}})
        nlp.add_pipe("parser", config={"model": _parser("parser", 128) | {"tok2vec": listener}})
        nlp.add_pipe("ner", config={"model": _parser("ner", 64) | {"tok2vec": listener}})
        words = [
            "Ann",
            "Lee",
            "of",
            "the",
            "Harbor",
            "Institute",
            "met",
            "Bo",
            "in",
            "Norhaven",
            ".",
        ]
        heads = [1, 6, 5, 5, 5, 1, 6, 6, 6, 8, 6]
        entities = ["U-PERSON"] * 2 + [
            "O",
            "O",
            "B-ORG",
            "L-ORG",
            "O",
            "U-PERSON",
            "O",
            "U-GPE",
            "O",
        ]
        told = {
            "words": words,
            "tags": [f"T{n}" for n in range(len(words))],
            "heads": heads,
            "deps": ["ROOT" if n == h else f"d{n}" for n, h in enumerate(heads)],
            "entities": entities,
        }
        doc = spacy.tokens.Doc(nlp.vocab, words=words)
        nlp.initialize(lambda: [Example.from_dict(doc, told)])
        pieces = [text[at : at + 2000] for at in range(0, len(text), 2000)]
        return [len(found.ents) for found in nlp.pipe(pieces)]

    return work


_STOCK_TOK2VEC = {
    "@architectures": "spacy.Tok2Vec.v2",
    "embed": {
        "@architectures": "spacy.MultiHashEmbed.v2",
        "width": 96,
        "attrs": ["NORM", "PREFIX", "SUFFIX", "SHAPE"],
        "rows": [5000, 1000, 2500, 2500],
        "include_static_vectors": False,
    },
    "encode": {
        "@architectures": "spacy.MaxoutWindowEncoder.v2",
        "width": 96,
        "depth": 4,
        "window_size": 1,
        "maxout_pieces": 3,
    },
}
_TAGGER: dict[str, object] = {"@architectures": "spacy.Tagger.v2", "nO": None, "normalize": False}


def _parser(kind: str, width: int) -> dict[str, object]:
    return {
        "@architectures": "spacy.TransitionBasedParser.v2",
        "state_type": kind,
        "extra_state_tokens": False,
        "hidden_width": width,
        "maxout_pieces": 2,
        "use_upper": True,
        "nO": None,
    }


SIDES: dict[str, dict[str, Callable[[], Work]]] = {
    "decoding": {
        "ours": _decode_ours,
        "faster_whisper.decode_audio": _decode_faster_whisper,
        "pydub": _decode_pydub,
    },
    "loudness": {"ours": _loudness_ours, "ffmpeg ebur128": _loudness_ffmpeg},
    "names": {"ours": _names_ours, "spaCy, stock architecture": _names_stock},
}


def compare(name: str) -> None:
    """All sides of a part in turn."""
    sides = list(SIDES[name])
    runs: dict[str, list[Measured]] = {side: [] for side in sides}
    for number in range(ROUNDS):
        for side in (*sides[number % len(sides) :], *sides[: number % len(sides)]):
            runs[side].append(_in_child(name, side))
    ratios = {}
    for side in sides[1:]:
        ratios[side] = {
            w: ratio(runs["ours"], runs[side], w) for w in ("wall_s", "cpu_s", "peak_mb")
        }
        say(
            f"{name}: {ratios[side]['cpu_s']['median']:.2f} of the processor time of {side}, "
            f"{ratios[side]['peak_mb']['median']:.2f} of its memory"
        )
    keep(name, {"sides": {side: summary(found) for side, found in runs.items()}, "ratios": ratios})


def _in_child(name: str, side: str) -> Measured:
    command = [sys.executable, "-m", "benchmarks.parts", name, side]
    told = WORK / "part.json"
    measured = measure(command)
    timed = json.loads(told.read_text(encoding="utf-8"))
    return Measured(timed["wall_s"], timed["cpu_s"], measured.peak_mb)


def _run(name: str, side: str) -> None:
    """In the child: make ready, then do the work by the clock."""
    speech_mp3(MINUTES)
    work = SIDES[name][side]()
    began, used = time.perf_counter(), _used()
    work()
    told = {"wall_s": time.perf_counter() - began, "cpu_s": _used() - used}
    (WORK / "part.json").write_text(json.dumps(told), encoding="utf-8")


def _used() -> float:
    import os

    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


# --------------------------------------------------------------------------- starts


def starts() -> None:
    """`--help`, and `status` over a thousand episodes; the second time, as the index lies there."""
    from benchmarks.desk_list import lay_out

    root = WORK / "thousand"
    if not (root / "output").is_dir():
        lay_out(root / "output", EPISODES)
        (root / "audio").mkdir()
        (root / "shownotes.toml").write_text("", encoding="utf-8")
    program = [sys.executable, "-c", "from shownotes.cli import main; main()"]
    commands = {
        "help": [*program, "--help"],
        "status": [*program, "status", "--root", str(root)],
        "python alone": [sys.executable, "-c", "pass"],
    }
    runs: dict[str, list[Measured]] = {name: [] for name in commands}
    with contextlib.suppress(FileNotFoundError):
        measure(commands["status"])
    for _ in range(5):
        for name, command in commands.items():
            runs[name].append(measure(command))
    told = {name: summary(found) for name, found in runs.items()}
    say(
        f"shownotes --help {told['help']['wall_s']:.2f} s (at most {HELP_S}), status of {EPISODES} "
        f"episodes {told['status']['wall_s']:.2f} s (at most {STATUS_S}), Python alone "
        f"{told['python alone']['wall_s']:.2f} s"
    )
    keep("starts", {"sides": told, "ratios": {}})


ALL: dict[str, Callable[[], None]] = {
    "starts": starts,
    **{name: partial(compare, name) for name in SIDES},
}

if __name__ == "__main__":
    _run(*sys.argv[1:3])
