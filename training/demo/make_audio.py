"""Make the demo episodes' audio and sidecars in `audio/` from `episodes.toml`.

    python training/demo/make_audio.py

Sentences are spoken by espeak-ng, levelled, faded and joined by pydub (short clips are what it is
good at) and encoded by PyAV: pydub's own MP3 export needs the ffmpeg program. The same lock gives
the same bytes. `training/demo/times.json` says when each sentence sounds, for the tests.
"""

from __future__ import annotations

import json
import random
import sys
from dataclasses import asdict
from pathlib import Path

import av
import numpy as np
from pydub import AudioSegment

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent / "speech")]

from script import Line, Script, Voice, read_scripts, read_voices  # noqa: E402
from speak import speak  # noqa: E402

AUDIO_FOLDER = HERE.parents[1] / "audio"
TIMES_PATH = HERE / "times.json"
SAMPLE_RATE_HZ = 44_100
BIT_RATE = 64_000
# Pauses in ms. A change of speaker takes a breath; a turn of topic is meant to be heard.
LEAD_IN_MS, LEAD_OUT_MS = 400, 900
SENTENCE_PAUSE_MS = (260, 420)
SPEAKER_PAUSE_MS = (380, 560)
TURN_PAUSE_MS = (850, 1_200)
FADE_MS = 5
PEAK_HEADROOM_DB = 3.0


def say(line: Line, voice: Voice) -> tuple[AudioSegment, float, float]:
    """A spoken line, level and faded, with the start and end of its words in it."""
    settings = {name: value for name, value in asdict(voice).items() if name != "gain_db"}
    speech = speak(line.text, sample_rate_hz=SAMPLE_RATE_HZ, **settings)
    pcm = (np.clip(speech.samples, -1, 1) * 32_767).astype("<i2").tobytes()
    clip = AudioSegment(data=pcm, sample_width=2, frame_rate=SAMPLE_RATE_HZ, channels=1)
    clip = clip.apply_gain(-PEAK_HEADROOM_DB + voice.gain_db).fade_in(FADE_MS).fade_out(FADE_MS)
    return clip, speech.words[0].start, speech.words[-1].end


def draw_pause_ms(source: random.Random, before: Line, after: Line) -> int:
    if after.is_turn:
        return source.randint(*TURN_PAUSE_MS)
    if after.speaker != before.speaker:
        return source.randint(*SPEAKER_PAUSE_MS)
    return source.randint(*SENTENCE_PAUSE_MS)


def mix(script: Script, voices: dict[str, Voice]) -> tuple[AudioSegment, list[list[float]]]:
    """The whole episode, and [start, end] of every sentence in it."""
    source = random.Random(script.number)
    parts = [AudioSegment.silent(LEAD_IN_MS, SAMPLE_RATE_HZ)]
    position = parts[0].frame_count() / SAMPLE_RATE_HZ
    times: list[list[float]] = []
    for index, line in enumerate(script.lines):
        if index:
            pause_ms = draw_pause_ms(source, script.lines[index - 1], line)
            parts.append(AudioSegment.silent(pause_ms, SAMPLE_RATE_HZ))
            position += parts[-1].frame_count() / SAMPLE_RATE_HZ
        clip, start, end = say(line, voices[line.speaker])
        times.append([round(position + start, 3), round(position + end, 3)])
        parts.append(clip)
        position += clip.frame_count() / SAMPLE_RATE_HZ
    parts.append(AudioSegment.silent(LEAD_OUT_MS, SAMPLE_RATE_HZ))
    # Joining raw data once: `sum(parts)` copies the growing whole a hundred times.
    whole = AudioSegment(
        data=b"".join(part.raw_data for part in parts),
        sample_width=2,
        frame_rate=SAMPLE_RATE_HZ,
        channels=1,
    )
    return whole, times


def encode_mp3(audio: AudioSegment, path: Path, tags: dict[str, str]) -> None:
    """Write constant bit rate MP3 with ID3 tags."""
    samples = np.frombuffer(audio.raw_data, "<i2")[None, :]
    with av.open(str(path), "w", format="mp3") as container:
        container.metadata.update(tags)
        stream = container.add_stream("libmp3lame", rate=SAMPLE_RATE_HZ, layout="mono")
        stream.bit_rate = BIT_RATE
        frame = av.AudioFrame.from_ndarray(samples, format="s16", layout="mono")
        frame.sample_rate = SAMPLE_RATE_HZ
        resampler = av.AudioResampler("s16p", "mono", SAMPLE_RATE_HZ, frame_size=1_152)
        for piece in (*resampler.resample(frame), *resampler.resample(None)):
            container.mux(stream.encode(piece))
        container.mux(stream.encode(None))


def write_sidecar(script: Script, path: Path) -> None:
    """What a producer would know. Guests and chapters are left for the machine to find.

    No glossary either: this model writes worse with hotwords than without (see its card).
    """
    path.write_text(
        f"title = {json.dumps(script.title)}\n"
        f"show = {json.dumps(script.show)}\n"
        f"number = {script.number}\n"
        f"date = {script.date.isoformat()}\n"
        f"language = {json.dumps(script.language)}\n"
        "# The small bundled model: it knows these synthetic voices, and no real ones.\n"
        'model = "demo"\n',
        encoding="utf-8",
    )


def main() -> None:
    voices = read_voices()
    AUDIO_FOLDER.mkdir(exist_ok=True)
    times: dict[str, list[list[float]]] = {}
    for script in read_scripts():
        audio, times[script.stem] = mix(script, voices)
        path = AUDIO_FOLDER / f"{script.stem}.mp3"
        tags = {
            "title": script.title,
            "artist": script.show,
            "album": script.show,
            "track": str(script.number),
            "date": script.date.isoformat(),
            "genre": "Podcast",
        }
        encode_mp3(audio, path, tags)
        write_sidecar(script, path.with_suffix(".toml"))
        print(f"{path.name}: {audio.duration_seconds:.1f} s, {path.stat().st_size / 1e6:.2f} MB")
    rows = ",\n".join(f'  "{stem}": {json.dumps(spans)}' for stem, spans in times.items())
    TIMES_PATH.write_text("{\n" + rows + "\n}\n", encoding="utf-8")


if __name__ == "__main__":
    main()
