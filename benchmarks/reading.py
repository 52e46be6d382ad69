"""Drafts to be read blind: each of `benchmarks/reading` beside lead sentences plus TextTiling.

    python -m benchmarks.reading FOLDER --seed 1

Writes FOLDER/<name>/ with the transcript and two drafts, A.md and B.md, in an order drawn by the
seed, and FOLDER.key.json, which says which is ours. Readers are handed FOLDER alone: which of the
two would they rather publish, which sentences are unpublishable, which facts has nobody said?
"""

import argparse
import json
import random
import re
import shutil
from pathlib import Path

from benchmarks.chapter_turns import Text, text_tiling
from shownotes.adapters.store import episode_folders
from shownotes.batch import RunOptions, process_plainly
from shownotes.core.sentences import split
from shownotes.model import Episode, Transcript
from shownotes.settings import Settings
from shownotes.steps.prepare import find_audio
from shownotes.steps.step import Silent
from shownotes.workspace import make_workspace

SOURCES = Path(__file__).parent / "reading"
LEAD_SENTENCES = 4
TITLE_WORDS = 6


def lead(title: str, transcript: Transcript) -> str:
    """The usual plain draft: the first sentences, and chapters by TextTiling."""
    sentences = split(transcript)
    text = Text("", is_one_domain=False, sentences=sentences, turns=(), kinds=(), titles=())
    lines = [f"# {title}", "", " ".join(s.text for s in sentences[:LEAD_SENTENCES]), ""]
    lines += ["## Chapters", ""]
    for index in (0, *text_tiling(text)):
        sentence = sentences[index]
        minutes, seconds = divmod(int(sentence.start), 60)
        words = " ".join(sentence.text.split()[:TITLE_WORDS])
        lines.append(f"{minutes:02d}:{seconds:02d} {words}\\")
    return "\n".join(lines) + "\n"


def ours(notes: str) -> str:
    """Our draft as it would be published: without the editor's list."""
    bare = re.sub(r"<!--.*?-->", "", notes, flags=re.DOTALL)
    return re.sub(r"\[Read the transcript\]\([^)]*\)", "", bare).strip() + "\n"


def main() -> None:
    """Write the folder and its key."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    drawn = random.Random(options.seed)
    work = options.folder.with_name(f"{options.folder.name}.work")
    make_workspace(work)
    for path in SOURCES.iterdir():
        shutil.copyfile(path, work / "audio" / path.name)
    settings = Settings(root=work)
    process_plainly(find_audio(settings), settings, options=RunOptions(), progress=Silent())
    key = {}
    for folder in episode_folders(settings.output_folder):
        episode = folder.read("episode.json", Episode)
        name = Path(str(episode.transcript_path)).stem
        notes = ours((folder.path / "notes.md").read_text(encoding="utf-8"))
        title = notes.split("\n", 1)[0].removeprefix("# ")
        drafts = [notes, lead(title, folder.read("transcript.json", Transcript))]
        key[name] = drawn.choice("AB")
        place = options.folder / name
        place.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(SOURCES / f"{name}.txt", place / "transcript.txt")
        for letter, text in zip("AB" if key[name] == "A" else "BA", drafts, strict=True):
            (place / f"{letter}.md").write_text(text, encoding="utf-8")
    options.folder.with_name(f"{options.folder.name}.key.json").write_text(json.dumps(key))
    print(f"{len(key)} pairs in {options.folder}")


if __name__ == "__main__":
    main()
