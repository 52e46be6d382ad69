"""What names in the in-tray say: audio, transcripts, unfinished copies, tracks. Pure."""

import re
from collections.abc import Collection, Iterable

AUDIO_ENDINGS = frozenset(
    f".{name}"
    for name in (
        *("mp3", "m4a", "m4b", "mp4", "aac", "wav", "flac", "ogg", "oga", "opus", "aif", "aiff"),
        *("webm", "mkv", "mka", "mov", "avi", "wma", "wmv", "asf", "ac3", "eac3", "amr", "ape"),
        *(
            "3gp",
            "caf",
            "w64",
            "wv",
            "tta",
            "mpg",
            "mpeg",
            "m2ts",
            "mts",
            "ts",
            "mp2",
            "flv",
            "spx",
        ),
    )
)
# In the order in which they are preferred when several lie beside an episode.
TRANSCRIPT_ENDINGS = (".vtt", ".srt", ".json", ".txt")
# What stands before the ending of a publisher's transcript that ours is compared with.
PUBLISHERS = ".publisher"
# The end of the name of a file in which we say what is wrong with another one.
PROBLEM_ENDING = ".problem.txt"
# Where `shownotes clean --archive` puts what has been published: a folder a year.
ARCHIVE = "archive"
MOST_TRACKS = 24
# What programs call a file that they are still writing, behind or before its name.
_COPYING = (
    r"part|partial|tmp|temp|crdownload|download|opdownload|filepart|aria2|!ut|!qb|bc!|!sync|ucas"
)
_UNFINISHED = re.compile(rf"^[.~]|~$|\.(?:{_COPYING})$", re.IGNORECASE)
# `talk.mp3.part`, and rsync's `.talk.mp3.x7Qe2K`.
_COPY_OF = re.compile(rf"(?P<name>.+)\.(?:{_COPYING})|\.(?P<hidden>.+)\.\w{{6}}", re.IGNORECASE)
# Folders that systems and storage boxes keep for themselves: bins and indexes.
_FOREIGN = frozenset({"@eadir", "#recycle", "$recycle.bin", "system volume information"})
# How recorders name tracks: "ZOOM0001_Tr2", "track-1", "Mic 3", "host", "audioMaria21".
_TRACK_NAME = re.compile(
    r"(?:^|[^a-z])(?:tr|track|trk|mic|ch|chan|channel|input|isrc|lr|mix|mixdown|mixed|master|"
    r"host|co-?host|guest|speaker|isolated|riverside|zencastr|squadcast)s?[ _-]?\d{0,3}(?:[^a-z]|$)"
    r"|^audio[A-Z]\w*\d+$",
    re.IGNORECASE,
)
_DIGITS = re.compile(r"[\d\W_]+")
# Texts that lie in folders and are no transcripts.
_NO_TRANSCRIPTS = frozenset({"readme", "license", "licence", "notes"})


def stem_of(name: str) -> str:
    """A name without its ending, as `Path.stem` has it."""
    stem, dot, _ = name.rpartition(".")
    return stem if dot and stem.strip(".") else name


def ending_of(name: str) -> str:
    """The ending of a name with its dot, lower case."""
    return name[len(stem_of(name)) :].lower()


def is_unfinished(name: str) -> bool:
    """Whether a file or folder is hidden, or still being written by its name."""
    return bool(_UNFINISHED.search(name)) or name.casefold() in _FOREIGN


def copies_under_way(names: Iterable[str]) -> dict[str, str]:
    """What is being copied, by the names of what programs keep beside it."""
    return {
        found["name"] or found["hidden"]: name
        for name in names
        if is_unfinished(name) and (found := _COPY_OF.fullmatch(name))
    }


def is_audio(name: str) -> bool:
    """Whether a file is audio by its name."""
    return ending_of(name) in AUDIO_ENDINGS


def is_transcript_name(name: str) -> bool:
    """Whether a file is an episode's transcript by its name."""
    is_other = name.endswith(PROBLEM_ENDING) or stem_of(name).endswith(PUBLISHERS)
    return ending_of(name) in TRANSCRIPT_ENDINGS and not is_other


def lone_transcripts(names: Iterable[str], stems: Collection[str]) -> list[str]:
    """The transcripts that belong to no audio, the preferred one of each name."""
    found: dict[str, str] = {}
    for name in filter(is_transcript_name, names):
        stem = stem_of(name)
        if stem in stems or stem.casefold() in _NO_TRANSCRIPTS:
            continue
        other = found.get(stem)
        if other is None or _preference(name) < _preference(other):
            found[stem] = name
    return list(found.values())


def _preference(name: str) -> int:
    return TRANSCRIPT_ENDINGS.index(ending_of(name))


def is_track(name: str) -> bool:
    """Whether recorders name tracks like this."""
    return bool(_TRACK_NAME.search(stem_of(name)))


def are_tracks(names: Collection[str]) -> bool:
    """Whether most of these files are tracks by their names."""
    return sum(map(is_track, names)) * 2 >= len(names)


def differ_by_more_than_numbers(names: Collection[str]) -> bool:
    """Whether no two of these files are called the same but for a number."""
    return len({_DIGITS.sub("", stem_of(n)).casefold() for n in names}) == len(names)
