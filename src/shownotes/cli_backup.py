"""The commands `backup` and `restore`."""

from __future__ import annotations

import tempfile
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from shownotes.command_line import Root, settings_of
from shownotes.errors import BackupError, SettingsError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from rich.console import Console

    from shownotes.settings import Settings
    from shownotes.steps.restoring import Piece, Plan

# What is said of each kind of piece, for one and for many.
_WORDS = {
    "settings": ("shownotes.toml", "shownotes.toml"),
    "accounts": ("the editors' accounts", "the editors' accounts"),
    "template": ("template", "templates"),
    "show": ("file of glossaries and voices", "files of glossaries and voices"),
    "sidecar": ("sidecar", "sidecars"),
    "feed": ("book of a feed", "books of feeds"),
    "record": ("episode's identity", "episodes' identities"),
    "draft": ("box of a draft", "boxes of drafts"),
    "review": ("review", "reviews"),
    "published": ("episode's published versions", "episodes' published versions"),
}


def backup(
    file: Annotated[Path, typer.Argument(help="The backup to write: NAME.tar.gz")],
    drafts: Annotated[
        bool, typer.Option("--drafts", help="Also transcripts and drafts, which take hours.")
    ] = False,
    root: Root = None,
) -> None:
    """Save reviews, glossaries, settings and what was published; never audio."""
    from shownotes.screen import open_console
    from shownotes.steps.backups import back_up

    settings, console = settings_of(root), open_console()
    sizes = back_up(settings, file, with_drafts=drafts)
    reviews = sum(name.endswith("/review.log.jsonl") for name in sizes)
    episodes = len({name.split("/")[1] for name in sizes if name.startswith("episodes/")})
    size = file.stat().st_size / 1e6
    told = f"{file}: {len(sizes)} files, {size:.1f} MB."
    console.print(escape(told), soft_wrap=True)
    console.print(f"  {episodes} episodes, {reviews} of them reviewed.")
    missing = "audio" if drafts else "audio, transcripts and drafts"
    console.print(
        f"Not in it: {missing}, and secrets of the environment. It holds what editors wrote and "
        "the hashes of their passwords: keep it where they may be kept.",
        soft_wrap=True,
    )


def restore(
    file: Annotated[Path, typer.Argument(help="A backup.")],
    force: Annotated[
        bool, typer.Option("--force", help="Also over what was changed here since.")
    ] = False,
    keep_newer: Annotated[
        bool, typer.Option("--keep-newer", help="Leave what was changed here since as it is.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be done; do nothing.")
    ] = False,
    root: Root = None,
) -> None:
    """Put a backup back; what is overwritten goes into the trash before."""
    from shownotes.adapters.backup_archive import read_archive
    from shownotes.screen import open_console
    from shownotes.steps.backups import is_known
    from shownotes.steps.restoring import Standing, carry_out, plan

    if force and keep_newer:
        raise SettingsError("--force or --keep-newer, not both.")
    settings, console = settings_of(root), open_console()
    settings.output_folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".restoring-", dir=settings.output_folder) as place:
        backup = read_archive(file, Path(place), is_known=is_known)
        told = plan(backup, settings)
        _show_plan(console, told)
        newer = told.having(Standing.NEWER)
        if dry_run:
            return
        if newer and not (force or keep_newer):
            raise BackupError(
                f"{len(newer)} of it {'was' if len(newer) == 1 else 'were'} changed here since, as "
                "listed above. Nothing was restored. --keep-newer restores the rest; --force "
                "overwrites these too, and puts what was here into the trash."
            )
        done = carry_out(told, over_newer=force)
        _show_done(console, told, done, settings)


def _show_plan(console: Console, told: Plan) -> None:
    from shownotes.steps.restoring import Standing

    console.print(f"A backup of {told.backup.made_at}.")
    for standing, words in (
        (Standing.NEW, "not here"),
        (Standing.OLDER, "older here"),
        (Standing.NEWER, "[yellow]newer here[/]"),
        (Standing.SAME, "the same here"),
        (Standing.KEPT, "here already, and kept"),
    ):
        pieces = told.having(standing)
        if pieces:
            console.print(f"  {words}: {escape(_count(pieces))}", soft_wrap=True)
    for piece in told.having(Standing.NEWER):
        console.print(f"    {piece.kind}  {escape(piece.name)}", soft_wrap=True)


def _show_done(console: Console, told: Plan, done: Sequence[Piece], settings: Settings) -> None:
    from shownotes.steps.restoring import Standing, missing_audio

    if not done:
        console.print("There was nothing to put back.")
        return
    console.print(f"restored  {escape(_count(done))}", soft_wrap=True)
    overwritten = [p for p in done if p.standing in (Standing.OLDER, Standing.NEWER)]
    if overwritten:
        console.print(f"What it overwrote lies in {escape(str(told.trash))}.", soft_wrap=True)
    for name in missing_audio(told, done):
        told_of = f"{name}: the audio of its published version is not here. Copy it back into "
        told_of += f"{settings.paths.output}/{name}/published/, or unpublish and publish it again."
        console.print(f"[yellow]look[/]  {escape(told_of)}", soft_wrap=True)
    console.print("\nNext:  shownotes retry --all        when the audio is here: makes the rest")


def _count(pieces: Iterable[Piece]) -> str:
    counts = Counter(piece.kind for piece in pieces)
    parts = []
    for kind, number in counts.items():
        one, many = _WORDS.get(kind, (kind, kind))
        parts.append(
            one
            if number == 1 and kind in ("settings", "accounts")
            else f"{number} {one if number == 1 else many}"
        )
    return ", ".join(parts)


BACKUP_COMMANDS: tuple[Callable[..., None], ...] = (backup, restore)
