"""Silence, music, noise, other languages and ten hours: nothing invented goes unflagged.

    python -m tests.torture.sound [--count N] [--seed S] [--minutes M]

Generated recordings in which nobody speaks, or nobody English, are walked with the bundled model:
every segment that is written all the same has to be flagged. Then ten hours of a quiet room, where
a sentence is said every half an hour: what is said at hour 3 and at hour 9 has to be found within
half a second, all that was recorded has to be decoded, and the memory of one hour has to do.
`count` is the hours.
"""

import subprocess
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Collection, Iterator
from pathlib import Path

import av
import numpy as np
import psutil
from numpy.typing import NDArray

from benchmarks import kills
from shownotes.adapters.encoding import encode
from shownotes.adapters.store import EpisodeFolder, episode_folders
from shownotes.model import Episode, Segment, Transcript
from tests.audio_files import SENTENCES
from tests.torture.arguments import Arguments, Outcomes, arguments
from training.speech.speak import speak

PART = "sound"
RATE_HZ = 16_000
SECONDS = 60.0
# In every half an hour of the long recording somebody speaks at this second of it.
SPOKEN_EVERY_S, SPOKEN_AT_S = 1800.0, 7.5
NEAR_S = 0.5
COVERED = 0.995
MARKERS = {"good", "guest", "bridges", "what"}
# Ten hours may take so much more memory than one.
MOST_GROWTH = 1.3
FOREIGN = {
    "de": "Guten Morgen und herzlich willkommen. Heute sprechen wir über den Fluss und die Stadt.",
    "fr": "Bonjour et bienvenue. Aujourd'hui nous parlons de la rivière et de la ville.",
    "es": "Buenos días y bienvenidos. Hoy hablamos del río y de la ciudad.",
    "ru": "Доброе утро и добро пожаловать. Сегодня мы говорим о реке и о городе.",
    "pl": "Dzień dobry i witamy. Dzisiaj rozmawiamy o rzece i o mieście.",
    "it": "Buongiorno e benvenuti. Oggi parliamo del fiume e della città.",
    "nl": "Goedemorgen en welkom. Vandaag praten we over de rivier en de stad.",
    "pt": "Bom dia e bem-vindos. Hoje falamos do rio e da cidade.",
    "sv": "God morgon och välkommen. I dag talar vi om floden och staden.",
    "hu": "Jó reggelt és üdvözlöm. Ma a folyóról és a városról beszélünk.",
    "el": "Καλημέρα και καλώς ήρθατε. Σήμερα μιλάμε για το ποτάμι και την πόλη.",
    "hi": "सुप्रभात और स्वागत है। आज हम नदी और शहर के बारे में बात करते हैं।",
    "fi": "Hyvää huomenta ja tervetuloa. Tänään puhumme joesta ja kaupungista.",
    "da": "Godmorgen og velkommen. I dag taler vi om floden og byen.",
    "cs": "Dobré ráno a vítejte. Dnes mluvíme o řece a o městě.",
    "ro": "Bună dimineața și bine ați venit. Astăzi vorbim despre râu și despre oraș.",
    "ca": "Bon dia i benvinguts. Avui parlem del riu i de la ciutat.",
    "id": "Selamat pagi dan selamat datang. Hari ini kita berbicara tentang sungai dan kota.",
    "sw": "Habari za asubuhi na karibuni. Leo tunazungumza kuhusu mto na mji.",
    "tr": "Günaydın ve hoş geldiniz. Bugün nehir ve şehir hakkında konuşuyoruz.",
}
Samples = NDArray[np.float32]


def kinds(seed: int) -> Iterator[tuple[str, Callable[[], Samples]]]:
    """Recordings in which nobody speaks English."""
    rng = np.random.default_rng(seed)
    at = np.arange(round(SECONDS * RATE_HZ)) / RATE_HZ

    def chords() -> Samples:
        notes = rng.choice([220.0, 261.6, 293.7, 329.6, 392.0, 440.0], (round(SECONDS), 3))
        beat = np.minimum((at * 1).astype(int), len(notes) - 1)
        swing = np.exp(-2.0 * (at % 1.0))
        sound = sum(np.sign(np.sin(2 * np.pi * notes[beat, n] * at)) / (n + 1) for n in range(3))
        return (0.1 * swing * sound).astype(np.float32)

    def drums() -> Samples:
        swing = np.exp(-20.0 * (at % 0.5))
        return (0.5 * swing * rng.standard_normal(len(at))).clip(-1, 1).astype(np.float32)

    def swelling() -> Samples:
        swell = 0.02 + 0.2 * np.abs(np.sin(at / 3))
        return (swell * rng.standard_normal(len(at))).clip(-1, 1).astype(np.float32)

    yield "silence", lambda: np.zeros(len(at), np.float32)
    yield "a quiet room", lambda: (0.0005 * rng.standard_normal(len(at))).astype(np.float32)
    yield "hum", lambda: (0.2 * np.sin(2 * np.pi * 50 * at)).astype(np.float32)
    yield "noise", swelling
    yield "chords", chords
    yield "drums", drums
    yield "chords and drums", lambda: (chords() + 0.3 * drums()).astype(np.float32)
    for language, text in FOREIGN.items():
        yield f"speech in {language}", lambda text=text, language=language: _said(text, language)


def _said(text: str, voice: str) -> Samples:
    said = speak(text, voice=voice, sample_rate_hz=RATE_HZ).samples
    gap = np.zeros(RATE_HZ, np.float32)
    return np.concatenate([gap, said, gap, said, gap]).astype(np.float32)


def run(root: Path, path: Path) -> tuple[int, str, int]:
    """Walk one file; its code, what was said, and the most memory of it and its children."""
    command = [*kills.command(root), str(path)]
    with (root / "run.log").open("wb") as told:
        process = subprocess.Popen(command, stdout=told, stderr=subprocess.STDOUT)
        most = 0
        while process.poll() is None:
            most = max(most, _memory(process.pid))
            time.sleep(0.2)
    return process.returncode, (root / "run.log").read_text("utf-8", "replace"), most


def _memory(pid: int) -> int:
    try:
        parent = psutil.Process(pid)
        every = [one.memory_info() for one in (parent, *parent.children(recursive=True))]
    except psutil.Error:
        return 0
    # Pages of files that are mapped are given back whenever somebody needs the room.
    return sum(one.rss - getattr(one, "shared", 0) for one in every)


def without_speech(
    root: Path, outcomes: Outcomes, *, seed: int, only: Collection[str] | None = None
) -> None:
    """Every kind, or some, as a file of its own."""
    for number, (kind, make) in enumerate(kinds(seed)):
        if only is not None and kind not in only:
            continue
        path = root / "audio" / f"kind-{number}.wav"
        encode(make(), path, sample_rate_hz=RATE_HZ)
        code, told, _ = run(root, path)
        folder = _folder_of(root, path)
        if code != 0 or folder is None:
            outcomes.fail(f"{kind}: ended with {code}", told)
            continue
        found = _segments(folder)
        bare = [segment for segment in found if not segment.flags]
        for segment in bare:
            outcomes.fail(f"{kind}: unflagged at {segment.start:.1f}: {segment.text!r}")
        if not bare:
            outcomes.count(
                f"{kind}: {len(found)} segments, all flagged" if found else f"{kind}: no text"
            )


def _folder_of(root: Path, path: Path) -> EpisodeFolder | None:
    for folder in episode_folders(root / "output"):
        if folder.read("episode.json", Episode).versions[-1].path.endswith(path.name):
            return folder
    return None


def _segments(folder: EpisodeFolder) -> tuple[Segment, ...]:
    return folder.read("transcript.json", Transcript).segments


def make_long(path: Path, hours: int, *, seed: int) -> list[tuple[float, str]]:
    """Hours of a quiet room, in which a sentence is said every half an hour.

    Returns:
        When each word is said, in seconds, and the word.
    """
    rng, said = np.random.default_rng(seed), speak(SENTENCES, sample_rate_hz=RATE_HZ)
    words: list[tuple[float, str]] = []
    block = round(SPOKEN_EVERY_S * RATE_HZ)
    with av.open(str(path), "w") as container:
        stream = container.add_stream("flac", rate=RATE_HZ)
        stream.layout = "mono"
        for number in range(hours * 2):
            samples = (0.0005 * rng.standard_normal(block)).astype(np.float32)
            at = round(SPOKEN_AT_S * RATE_HZ)
            samples[at : at + len(said.samples)] += said.samples
            begins = number * SPOKEN_EVERY_S + SPOKEN_AT_S
            words += [(begins + word.start, word.text) for word in said.words]
            whole = (samples.clip(-1, 1) * 32_767).astype(np.int16)
            for start in range(0, block, 1 << 16):
                frame = av.AudioFrame.from_ndarray(
                    whole[None, start : start + (1 << 16)], format="s16", layout="mono"
                )
                frame.sample_rate = RATE_HZ
                container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return words


def for_hours(root: Path, outcomes: Outcomes, *, hours: int, seed: int) -> None:
    """One hour, and ten: markers in their places, everything decoded, memory flat."""
    most = {}
    for length in (1, hours):
        path = root / "audio" / f"hours-{length}.flac"
        words = make_long(path, length, seed=seed)
        began = time.monotonic()
        code, told, most[length] = run(root, path)
        folder = _folder_of(root, path)
        if code != 0 or folder is None:
            outcomes.fail(f"{length} hours: ended with {code}", told)
            return
        print(
            f"  {length} h: {time.monotonic() - began:.0f} s, {most[length] / 2**20:.0f} MB",
            flush=True,
        )
        audio = folder.read("episode.json", Episode).versions[-1]
        covered = audio.decoded_s / (length * 3600)
        if covered < COVERED:
            outcomes.fail(f"{length} hours: {covered:.4f} of it was decoded")
        _compare(folder, words, outcomes, length)
    if most[hours] > MOST_GROWTH * most[1]:
        outcomes.fail(f"{hours} hours take {most[hours]} bytes, one takes {most[1]}")
    outcomes.count(f"{hours} hours: memory {most[hours] / most[1]:.2f} times that of one")


def _compare(
    folder: EpisodeFolder, words: list[tuple[float, str]], outcomes: Outcomes, hours: int
) -> None:
    heard = [word for segment in _segments(folder) for word in segment.words]
    # Words of the sentence that are told apart by themselves.
    wanted = [(at, _bare(text)) for at, text in words if _bare(text) in MARKERS]
    worst, places = 0.0, Counter[float]()
    for word in heard:
        if _bare(word.text) not in MARKERS:
            continue
        said = [at for at, text in wanted if text == _bare(word.text)]
        at = min(said, key=lambda at, begins=word.start: abs(begins - at))
        off = abs(word.start - at)
        worst = max(worst, off)
        if off > NEAR_S:
            outcomes.fail(f"{hours} hours: {word.text!r} at {word.start:.1f} s is {off:.1f} s off")
        places[at // SPOKEN_EVERY_S] += 1
    for number in range(2 * hours):
        # The model takes a word for another now and then; two of four say where they are.
        if places[number] < 2:
            outcomes.fail(f"{hours} hours: what is said in half hour {number} was not found")
        outcomes.count(f"{hours} hours: half hours whose words are within {NEAR_S} s")
    print(f"  {hours} h: {places.total()} words, at most {worst:.2f} s off", flush=True)


def _bare(text: str) -> str:
    return text.strip(".,?!").lower()


def make_place(root: Path) -> None:
    """A working folder that hears English with the bundled model, whatever is said."""
    for name in ("audio", "output"):
        (root / name).mkdir(parents=True)
    (root / "shownotes.toml").write_text('[speech]\nmodel = "demo"\nlanguage = "en"\n', "utf-8")


def try_sound(root: Path, outcomes: Outcomes, given: Arguments) -> None:
    """All of it."""
    make_place(root)
    without_speech(root, outcomes, seed=given.seed)
    for_hours(root, outcomes, hours=given.count, seed=given.seed)


if __name__ == "__main__":
    told = arguments(PART, count=10)
    with tempfile.TemporaryDirectory() as place, Outcomes(PART, told) as found_out:
        try_sound(Path(place) / "work", found_out, told)
