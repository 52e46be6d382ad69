"""A backlog of short episodes for benchmarks that kill and spread runs, and how outputs compare.

The episodes are different pieces of the two demo episodes, or several of them one after the other,
copied packet by packet (no sound is encoded anew), each with its sidecar.

What one run made is *the same* as what another made when every file in `output/<episode>/` has the
same bytes after this, and only this, was made alike:

* `made_at` in our JSON files, `took_s` and `updated_at` in status.json: times of making;
* the episode's random id, wherever it stands;
* hashes of files and boxes of the same episode (which hold those times and that id): each stands
  for the file it is of, and that file is compared itself. The hash of a file as it is no longer
  there is not replaced, so that it shows as a difference.

Left out are `work/claim.lock` (empty, of the file lock) and half-written temporary files
(`.name.*.tmp`, `work/.making-*`), which a killed process cannot remove; they are counted.
"""

import hashlib
import json
import random
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from shownotes.workspace import make_workspace

DEMO = Path(__file__).parents[1] / "audio"
SHOW = "The Warmer Ledger"
# Windows as short as they may be, so that a whole demo episode has two.
CONFIG = "[speech]\nwindow_s = 120\n"
# What a draft takes for the show's standing last words, where nobody says them, depends on the
# episodes that were there before it. Runs in another order are compared with this set.
SAID = f'[show."{SHOW}"]\nsign_off = "Stay warm."\n'
MADE_AT = re.compile(r'"(made_at|updated_at)": "[^"]*"|"(took_s)": [0-9.e+-]+')
_HASH = re.compile(r"\b[0-9a-f]{64}\b")


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of one of the demo episodes, in seconds."""

    source: Path
    start: float
    end: float


# What an episode of the backlog is made of, in order.
Pieces = Sequence[Piece]


def choose_pieces(
    count: int, *, shortest_s: float, longest_s: float, seed: int, whole: int = 0
) -> list[Pieces]:
    """Episodes of one piece each; the first `whole` of them are the demo episodes as they are."""
    chosen = random.Random(f"pieces of {seed}")
    lengths = _demo_lengths()
    episodes = [[Piece(source, 0.0, length)] for source, length in list(lengths.items())[:whole]]
    while len(episodes) < count:
        length = chosen.uniform(shortest_s, longest_s)
        episodes.append([_choose(chosen, lengths, len(episodes), length)])
    return list(episodes)


def choose_long(count: int, *, minutes: float, seed: int, piece_s: float = 60.0) -> list[Pieces]:
    """Long episodes, of different pieces one after the other."""
    chosen = random.Random(f"long episodes of {seed}")
    lengths = _demo_lengths()
    each = max(1, round(minutes * 60 / piece_s))
    return [[_choose(chosen, lengths, n, piece_s) for n in range(each)] for _ in range(count)]


def _demo_lengths() -> dict[Path, float]:
    from shownotes.adapters.recording import declared_length

    return {source: declared_length(source) or 0.0 for source in sorted(DEMO.glob("*.mp3"))}


def _choose(
    chosen: random.Random, lengths: Mapping[Path, float], number: int, length: float
) -> Piece:
    source = list(lengths)[number % len(lengths)]
    start = round(chosen.uniform(0.0, lengths[source] - length), 1)
    return Piece(source, start, round(start + length, 1))


def make_backlog(root: Path, episodes: Sequence[Pieces], *, config: str = CONFIG) -> list[Path]:
    """A working folder with these episodes in its in-tray."""
    make_workspace(root)
    (root / "shownotes.toml").write_text(config, encoding="utf-8")
    return [
        put(pieces, root / "audio" / f"piece-{number:03d}.mp3", number)
        for number, pieces in enumerate(episodes, start=1)
    ]


def put(pieces: Pieces, path: Path, number: int) -> Path:
    """Put an episode and its sidecar into an in-tray, the sidecar first."""
    name = " ".join(pieces[0].source.stem.split("-")[3:])
    path.with_suffix(".toml").write_text(
        f'title = "Piece {number} of {name}"\nshow = "{SHOW}"\nnumber = {number}\n'
        f"date = 2026-{1 + number // 28:02d}-{1 + number % 28:02d}\n"
        'language = "en"\nmodel = "demo"\n',
        encoding="utf-8",
    )
    making = path.with_suffix(".part")
    cut(pieces, making)
    making.replace(path)
    return path


def cut(pieces: Pieces, path: Path) -> None:
    """Copy the packets of pieces into an MP3 file of their own."""
    import av

    with av.open(str(pieces[0].source)) as first, av.open(str(path), "w", format="mp3") as target:
        out = target.add_stream_from_template(first.streams.audio[0])
        now = 0
        for piece in pieces:
            with av.open(str(piece.source)) as source:
                for packet in source.demux(source.streams.audio[0]):
                    if packet.pts is None or packet.time_base is None:
                        continue
                    if piece.start <= float(packet.pts * packet.time_base) < piece.end:
                        packet.pts = packet.dts = now
                        packet.stream = out
                        now += packet.duration or 0
                        target.mux(packet)


# --------------------------------------------------------------------------- comparing


@dataclass(frozen=True, slots=True)
class Output:
    """Every file of an output folder, made alike, and the litter of killed writers."""

    files: Mapping[str, bytes]
    litter: Sequence[str] = ()


def read_output(output: Path) -> Output:
    """All episodes of an output folder, as they are compared."""
    files: dict[str, bytes] = {}
    litter: list[str] = []
    for episode in sorted(path.parent for path in output.glob("[!.]*/episode.json")):
        found = {p.relative_to(episode).as_posix(): p for p in _files(episode)}
        litter += [f"{episode.name}/{name}" for name in found if is_litter(name)]
        kept = {n: p for n, p in found.items() if not is_litter(n) and n != "work/claim.lock"}
        files |= {f"{episode.name}/{name}": data for name, data in _alike(kept).items()}
    return Output(files, litter)


def _files(folder: Path) -> Iterator[Path]:
    return (path for path in folder.rglob("*") if path.is_file())


def is_litter(name: str) -> bool:
    """Whether a file is what a writer that was killed could not give its name, or not take away."""
    last = name.rpartition("/")[2]
    if name.endswith("work/render.json"):  # what is about to be written
        return True
    return last.startswith(".") and (last.endswith(".tmp") or last.startswith(".making-"))


def _alike(found: Mapping[str, Path]) -> dict[str, bytes]:
    """The bytes of one episode's files without times of making, its id, and what follows."""
    raw = {name: path.read_bytes() for name, path in found.items()}
    labels: dict[str, str] = {}
    episode_id = None
    for name, data in raw.items():
        labels[hashlib.sha256(data).hexdigest()] = f"<sha256 of {name}>"
        if name.endswith(".json") and b'"content_sha256"' in data:
            box = json.loads(data)
            labels[box["content_sha256"]] = f"<content of {name}>"
            episode_id = box["id"] if name == "episode.json" else episode_id
    return {name: _without_times(name, data, labels, episode_id) for name, data in raw.items()}


def _without_times(
    name: str, data: bytes, labels: Mapping[str, str], episode_id: str | None
) -> bytes:
    try:
        text = data.decode()
    except UnicodeDecodeError:
        return data
    if episode_id:
        text = text.replace(episode_id, "<id>")
    if name.endswith(".json"):
        text = MADE_AT.sub(lambda found: f'"{found[1] or found[2]}": "<then>"', text)
        text = _HASH.sub(lambda found: labels.get(found[0], found[0]), text)
    return text.encode()


def differences(one: Output, other: Output) -> list[str]:
    """Names of the files in which two outputs differ, with the first place."""
    told = []
    for name in sorted(one.files.keys() | other.files.keys()):
        before, after = one.files.get(name), other.files.get(name)
        if before is None or after is None:
            told.append(f"{name}: {'missing' if after is None else 'not in the undisturbed run'}")
        elif before != after:
            place = next(
                (i for i, (a, b) in enumerate(zip(before, after, strict=False)) if a != b),
                min(len(before), len(after)),
            )
            told.append(
                f"{name}: at byte {place} {before[place - 30 : place + 50]!r} "
                f"became {after[place - 30 : place + 50]!r}"
            )
    return told


# --------------------------------------------------------------------------- work done twice


@dataclass(slots=True)
class Ledger:
    """What was finished when it was last looked at, and what was made again since.

    A finished window or box that is replaced by another file with the same content, made from and
    with the same, was done twice. What happened between two looks stands in the program's log: a
    window that is `done` twice there was done twice.
    """

    made: dict[str, tuple[int, int, str]] = field(default_factory=dict)
    windows_again: list[str] = field(default_factory=list)
    boxes_again: list[str] = field(default_factory=list)
    logged_again: list[str] = field(default_factory=list)

    @property
    def is_clean(self) -> bool:
        """Whether nothing was done twice."""
        return not (self.windows_again or self.boxes_again or self.logged_again)

    def close(self, output: Path) -> None:
        """At the end of a round: what its log says; the next begins with nothing made."""
        done = Counter(windows_logged(output / ".logs"))
        self.logged_again += [window for window, count in done.items() if count > 1]
        self.made.clear()

    def look(self, output: Path) -> None:
        """Compare all finished windows and boxes with the last look."""
        boxes = sorted(output.glob("[!.]*/*.json"))
        for path in boxes + sorted(output.glob("[!.]*/work/windows/*.json")):
            if path.name == "status.json" or path.name.startswith("."):
                continue
            name, found = path.relative_to(output).as_posix(), path.stat()
            essence = _essence(path)
            before = self.made.get(name)
            now = (found.st_ino, found.st_mtime_ns, essence)
            if before is not None and before[:2] != now[:2] and before[2] == essence:
                again = self.windows_again if "/windows/" in name else self.boxes_again
                again.append(name)
            self.made[name] = now


def windows_logged(logs: Path) -> Iterator[str]:
    """Every window that the log says was done, as often as it says so."""
    for path in sorted(logs.glob("shownotes*.jsonl*")):
        for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
            with suppress(ValueError):  # the last line of a process that was killed
                event = json.loads(line)
                message = str(event.get("message"))
                if event.get("step") == "transcribe" and message.startswith("window "):
                    yield f"{event.get('episode')}: {message}"


def _essence(path: Path) -> str:
    """Hash of a box without its time of making."""
    text = MADE_AT.sub("", path.read_text(encoding="utf-8"))
    return hashlib.sha256(text.encode()).hexdigest()
