"""Transcripts in JSON: Podcasting 2.0, Whisper and its kin, Rev, AssemblyAI."""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from shownotes.model import Segment, Word

Plain = Mapping[str, Any]
# Languages that makers write out.
_CODES = {"english": "en", "german": "de", "french": "fr", "spanish": "es", "italian": "it"}


def parse(data: Any) -> tuple[list[Segment], str | None]:
    """Segments and the language, as far as the file says it.

    Raises:
        ValueError: not a kind that is known.
        KeyError: a part of it is missing.
        TypeError: a part of it is not what it should be.
    """
    if isinstance(data, list):
        data = {"segments": data}
    if not isinstance(data, Mapping):
        raise TypeError("neither a list nor an object")
    for key, read in _KINDS.items():
        if isinstance(data.get(key), list):
            return [s for item in data[key] for s in read(item)], _language(data)
    raise ValueError(f"none of {', '.join(_KINDS)} in it")


def _language(data: Plain) -> str | None:
    said = data.get("language") or data.get("language_code")
    result = data.get("result")
    if not said and isinstance(result, Mapping):
        said = result.get("language")
    if not isinstance(said, str):
        return None
    said = said.lower().replace("_", "-").split("-")[0]
    return _CODES.get(said, said if len(said) in (2, 3) else None)


def _segment(item: Plain) -> list[Segment]:
    """Podcasting 2.0 (`startTime`, `body`) or Whisper (`start`, `text`)."""
    if "body" in item:
        start = _number(item["startTime"])
        return [
            Segment(
                start=start,
                end=_number(item.get("endTime"), start),
                text=str(item["body"]).strip(),
                speaker=_speaker(item),
            )
        ]
    start, text = _number(item["start"]), str(item["text"]).strip()
    end = _number(item.get("end"), start)
    words = _words(item.get("words") or (), start, end)
    return [
        Segment(
            start=start,
            end=end,
            text=text,
            words=words if _says(words, text) else (),
            speaker=_speaker(item),
            avg_logprob=_optional(item.get("avg_logprob")),
            no_speech_probability=_optional(item.get("no_speech_prob")),
            compression_ratio=_optional(item.get("compression_ratio")),
        )
    ]


def _says(words: Sequence[Word], text: str) -> bool:
    """Whether the words are the whole text; else they would lose some of it."""
    return "".join(word.text for word in words) == "".join(text.split())


def _words(items: Sequence[Plain], start: float, end: float) -> tuple[Word, ...]:
    """WhisperX gives numbers no times: those are set between their neighbours' and marked."""
    words: list[Word] = []
    last = start
    for index, item in enumerate(items):
        text = str(item.get("word", item.get("text", ""))).strip()
        if not text:
            continue
        probability = _optional(item.get("probability", item.get("score", item.get("confidence"))))
        is_timed = "start" in item and "end" in item
        first = _number(item["start"]) if is_timed else last
        following = (_number(i["start"]) for i in items[index + 1 :] if "start" in i)
        final = _number(item["end"]) if is_timed else next(following, end)
        last = max(first, final)
        words.append(
            Word(
                text=text,
                start=first,
                end=last,
                probability=probability,
                is_estimated=not is_timed,
            )
        )
    return tuple(words)


def _whisper_cpp(item: Plain) -> list[Segment]:
    times = item["offsets"]
    return [
        Segment(
            start=_number(times["from"]) / 1000,
            end=_number(times["to"]) / 1000,
            text=str(item["text"]).strip(),
            speaker=_speaker(item),
        )
    ]


def _utterance(item: Plain) -> list[Segment]:
    """AssemblyAI's; times in milliseconds."""
    start, end = _number(item["start"]) / 1000, _number(item["end"]) / 1000
    timed = [
        {**word, "start": _number(word["start"]) / 1000, "end": _number(word["end"]) / 1000}
        for word in item.get("words") or ()
    ]
    text = str(item["text"]).strip()
    words = _words(timed, start, end)
    return [
        Segment(
            start=start,
            end=end,
            text=text,
            words=words if _says(words, text) else (),
            speaker=_speaker(item),
        )
    ]


def _monologue(item: Plain) -> list[Segment]:
    """Rev's: words and punctuation marks, one by one."""
    words: list[Word] = []
    for element in item["elements"]:
        value = str(element["value"])
        if element.get("type") == "text":
            start = _number(element["ts"])
            words.append(
                Word(
                    text=value,
                    start=start,
                    end=_number(element.get("end_ts"), start),
                    probability=_optional(element.get("confidence")),
                )
            )
        elif words and value.strip():
            last = words[-1]
            words[-1] = Word(
                text=last.text + value.strip(),
                start=last.start,
                end=last.end,
                probability=last.probability,
            )
    if not words:
        return []
    return [
        Segment(
            start=words[0].start,
            end=words[-1].end,
            text=" ".join(word.text for word in words),
            words=tuple(words),
            speaker=_speaker(item),
        )
    ]


def _speaker(item: Plain) -> str | None:
    said = item.get("speaker", item.get("speaker_label"))
    if said is None or said == "":
        return None
    return f"Speaker {said}" if isinstance(said, int) or len(str(said)) == 1 else str(said).strip()


def _number(value: Any, default: float | None = None) -> float:
    if value is None and default is not None:
        return default
    found = float(value)
    if not math.isfinite(found):
        raise ValueError(f"{value!r} is no time")
    return found


def _optional(value: Any) -> float | None:
    """A measure; Python's makers write `NaN` where there is none."""
    found = None if value is None else float(value)
    return None if found is None or math.isnan(found) else found


_KINDS: dict[str, Callable[[Plain], list[Segment]]] = {
    "utterances": _utterance,
    "monologues": _monologue,
    "transcription": _whisper_cpp,
    "segments": _segment,
}
