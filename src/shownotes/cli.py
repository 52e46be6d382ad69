"""The commands. Each asks its questions before work begins; no traceback reaches a person."""

from __future__ import annotations

import contextlib
import json
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from shownotes import __version__
from shownotes.cli_backup import BACKUP_COMMANDS
from shownotes.cli_care import CARE_COMMANDS
from shownotes.cli_feeds import backfill, feeds_app
from shownotes.cli_review import REVIEW_COMMANDS, desk_app
from shownotes.cli_up import up
from shownotes.command_line import (
    Root,
    SetOption,
    ask_again,
    assignment,
    drafts_of,
    leave_with,
    process_files,
    settings_of,
    show_checks,
    source_of,
)
from shownotes.errors import (
    SettingsError,
    ShowNotesError,
    TranscriptFileError,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shownotes.adapters.store import EpisodeFolder
    from shownotes.batch import Outcome, RunOptions
    from shownotes.model import Span, Status
    from shownotes.settings import Settings

app = typer.Typer(
    name="shownotes",
    help="Turns episode audio into show notes that an editor signs off.",
    add_completion=False,
    no_args_is_help=False,
    pretty_exceptions_enable=False,
)
models_app = typer.Typer(
    help="Speech models: which are here, and fetching one.", add_completion=False
)
app.add_typer(models_app, name="models")

# What a shell expects of a program that Ctrl-C has ended.
INTERRUPTED = 130


def main() -> None:
    """Run a command; print our errors as one message and leave with their exit code."""
    with contextlib.suppress(AttributeError, ValueError):
        signal.signal(signal.SIGTERM, _interrupt)
    try:
        app()
    except ShowNotesError as error:
        _say(f"[red]shownotes:[/] {escape(str(error))}")
        sys.exit(error.exit_code)
    except OSError as error:
        from shownotes.adapters.store import as_ours

        told = as_ours(error, Path.cwd())
        _say(f"[red]shownotes:[/] {escape(str(told))}")
        sys.exit(told.exit_code)
    except SystemExit as leaving:
        # Typer makes an exit of Ctrl-C before it can be caught here.
        if leaving.code == INTERRUPTED:
            _say("Stopped. What was finished is kept; the same command goes on from there.")
        raise


def _say(message: str) -> None:
    from shownotes.screen import open_console

    open_console(is_error=True).print(message)


def _interrupt(*_: object) -> None:
    raise KeyboardInterrupt


@app.callback(invoke_without_command=True)
def home(
    context: typer.Context,
    version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
) -> None:
    """Say where you are, which episodes there are and what to do next."""
    if version:
        typer.echo(f"shownotes {__version__}")
        raise typer.Exit
    if context.invoked_subcommand is None:
        _show_home()


def _show_home() -> None:
    from shownotes.adapters.up_book import running_up
    from shownotes.screen import open_console, shorten, show_status
    from shownotes.settings import find_root, load_settings
    from shownotes.steps import prepare
    from shownotes.steps.deleted import wanted_audio

    console = open_console()
    root = find_root(Path.cwd())
    if root is None:
        console.print(f"Shownotes {__version__}. This is not a working folder yet.")
        console.print("Make one:  shownotes init my-podcast")
        return
    settings = load_settings(root)
    console.print(f"Shownotes {__version__}, in {escape(str(root))}")
    running = running_up(settings.output_folder)
    if running is not None:
        console.print(f"`shownotes up` is running. The desk: {running.desk or 'none'}")
    rows = _rows(settings)
    new = [path for path in wanted_audio(settings) if prepare.known(path, settings) is None]
    if rows:
        console.print()
        show_status(console, rows)
    if new:
        console.print("\nNew in the in-tray:")
        for path in new:
            console.print(f"  {escape(shorten(path, root))}")
    console.print(f"\nNext:  {_next(settings, rows, new)}", soft_wrap=True)


def _next(
    settings: Settings,
    rows: Sequence[tuple[EpisodeFolder, Status | None]],
    new: Sequence[Path],
) -> str:
    from shownotes.model import State
    from shownotes.screen import shorten

    if new:
        return "shownotes process        makes the notes of everything in the in-tray"
    if not rows:
        folder = shorten(settings.audio_folder, settings.root)
        return f"put an audio file into {folder}/, then: shownotes process"
    lacking = [status.model for _, status in rows if status and status.model]
    if lacking:
        return f"shownotes models fetch {lacking[0]}        then: shownotes process"
    failed = [folder for folder, status in rows if status is None or status.error]
    if failed:
        return f"shownotes retry {failed[0].name}        tries it again"
    approved = [f for f, status in rows if status and status.state is State.APPROVED]
    if approved:
        return f"shownotes publish {approved[0].name}        publishes what was approved"
    return "shownotes desk        opens the drafts beside their audio, to be reviewed"


def _rows(settings: Settings) -> list[tuple[EpisodeFolder, Status | None]]:
    from shownotes import pipeline
    from shownotes.adapters.store import episode_folders

    folders = episode_folders(settings.output_folder)
    return [(folder, pipeline.current_status(folder)) for folder in folders]


@app.command()
def init(
    folder: Annotated[Path, typer.Argument(help="The working folder to make.")],
) -> None:
    """Make a working folder: audio/ output/ templates/ shownotes.toml."""
    from shownotes.screen import open_console, shorten
    from shownotes.workspace import make_workspace

    made = make_workspace(folder)
    console = open_console()
    console.print(f"{escape(str(folder))} is a working folder now.")
    for path in made:
        console.print(f"  {escape(shorten(path, folder))}")
    console.print(f"\nNext:  put an episode into {escape(str(folder / 'audio'))}, then")
    console.print(f"       cd {escape(str(folder))} && shownotes process", soft_wrap=True)


@app.command()
def process(
    files: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[FILES]...", help="Audio files or episodes; everything in audio/ by default."
        ),
    ] = None,
    no_prefect: Annotated[bool, typer.Option("--no-prefect", help="Walk plainly.")] = False,
    from_step: Annotated[
        str | None, typer.Option("--from", metavar="STEP", help="Run this step and all after it.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Run every step again.")] = False,
    redo: Annotated[
        str | None,
        typer.Option("--redo", metavar="12:30-14:10", help="Transcribe one stretch again."),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would run and why; do nothing.")
    ] = False,
    is_queued: Annotated[bool, typer.Option("--queued", hidden=True)] = False,
    root: Root = None,
    changes: SetOption = None,
) -> None:
    """Make show notes of audio files: everything in audio/, or those named."""
    from shownotes.batch import RunOptions
    from shownotes.screen import open_console, show_outcomes

    settings = settings_of(root, changes or ())
    options = RunOptions(forced=_forced(from_step, force), redo=_stretch(redo))
    paths = _paths(files or (), settings)
    if options.redo and len(paths) != 1:
        raise SettingsError("--redo needs one episode: shownotes process EPISODE --redo A-B")
    console = open_console()
    if not paths:
        console.print(f"Nothing in {escape(str(settings.audio_folder))}. Put an episode there.")
        return
    if dry_run:
        _preview(paths, settings, options)
        return
    if files and not is_queued:
        # Naming an episode is asking for it; a queue's wish may be older than a cancel.
        ask_again(paths, settings)
    outcomes = process_files(paths, settings, options=options, no_prefect=no_prefect)
    show_outcomes(console, outcomes, settings.root)
    _say_what_next(outcomes, settings)
    leave_with(outcomes)


def _forced(from_step: str | None, force: bool) -> frozenset[str]:
    from shownotes import pipeline

    if force:
        return frozenset(pipeline.STEP_NAMES)
    if from_step is None:
        return frozenset()
    if from_step not in pipeline.STEP_NAMES:
        raise SettingsError(
            f"--from {from_step}: no such step. The steps are {', '.join(pipeline.STEP_NAMES)}."
        )
    return pipeline.forced_from(from_step)


def _stretch(text: str | None) -> Span | None:
    from shownotes.model import Span
    from shownotes.settings import seconds

    if text is None:
        return None
    first, dash, last = text.partition("-")
    try:
        span = Span(start=seconds(first), end=seconds(last if dash else ""))
    except ValueError as error:
        raise SettingsError(f"--redo {text}: write two times, such as 12:30-14:10.") from error
    if span.duration <= 0:
        raise SettingsError(f"--redo {text}: the second time must be after the first.")
    return span


def _paths(names: Sequence[str], settings: Settings) -> list[Path]:
    from shownotes.steps.deleted import wanted_audio

    if not names:
        return wanted_audio(settings)
    return [source_of(name, settings) for name in names]


def _preview(paths: Sequence[Path], settings: Settings, options: RunOptions) -> None:
    from shownotes import pipeline
    from shownotes.screen import open_console, shorten
    from shownotes.steps import prepare
    from shownotes.steps.step import Walk

    console = open_console()
    for path in paths:
        console.print(f"[bold]{escape(shorten(path, settings.root))}[/]")
        folder = prepare.known(path, settings)
        if folder is None:
            console.print("  new or changed: every step would run")
            continue
        walk = Walk(folder=folder, settings=settings, forced=options.forced, redo=options.redo)
        for decision in pipeline.preview(walk):
            word = "run " if decision.is_due else "skip"
            console.print(f"  {word}  {decision.step.name:<11} {escape(decision.why)}")


def _say_what_next(outcomes: Sequence[Outcome], settings: Settings) -> None:
    from shownotes.screen import open_console, shorten

    console = open_console()
    folder = shorten(settings.audio_folder, settings.root)
    if any(outcome.status for outcome in outcomes):
        console.print(
            f"\nThe same with a file of your own: put it into {folder}/ and run "
            "`shownotes process` (from this checkout: `make notes`).",
            soft_wrap=True,
        )


@app.command()
def status(
    root: Root = None,
    whole: Annotated[
        bool, typer.Option("--all", help="On a terminal too, more than the last hundred.")
    ] = False,
) -> None:
    """Show every episode: its state, guests and what there is to check; and what is to come."""
    from shownotes.adapters.intray_book import is_watched, read_entries
    from shownotes.screen import MOST_EPISODES, open_console, show_status, show_tray

    settings = settings_of(root)
    rows, output = _rows(settings), settings.output_folder
    console = open_console()
    entries = read_entries(output, with_done=False)
    if rows:
        show_status(console, rows, most=None if whole else MOST_EPISODES)
    if entries:
        console.print()
        show_tray(console, entries, is_watched=is_watched(output))
    if not rows and not entries:
        console.print("No episodes yet. Put an audio file into audio/ and run `shownotes process`.")


@app.command()
def render(
    episodes: Annotated[list[str] | None, typer.Argument(help="Episodes; all by default.")] = None,
    audio: Annotated[
        bool, typer.Option("--audio", help="Copies of the audio too: with chapters, and clips.")
    ] = False,
    loudness: Annotated[
        bool, typer.Option("--loudness", help="With --audio: also a copy at -16 LUFS.")
    ] = False,
    watch: Annotated[
        bool, typer.Option("--watch", help="And again whenever a template is edited, until Ctrl-C.")
    ] = False,
    root: Root = None,
) -> None:
    """Write the pages and files of finished drafts again, from the templates as they are now."""
    from shownotes.pipeline import render_again
    from shownotes.screen import open_console, shorten
    from shownotes.steps.step import Walk

    if loudness and not audio:
        raise SettingsError("--loudness is for copies of the audio: add --audio.")
    settings = settings_of(root)
    console = open_console()
    folders = drafts_of(episodes, settings)
    if watch:
        if audio:
            raise SettingsError("--watch is for templates, which no audio is made of: no --audio.")
        _watch(folders, settings)
        return
    for folder in folders:
        render_again(Walk(folder=folder, settings=settings))
        console.print(f"rendered  {escape(shorten(folder.path, settings.root))}")
    if audio:
        _copy_audio(folders, settings, with_loudness=loudness)


def _watch(folders: Sequence[EpisodeFolder], settings: Settings) -> None:
    """Render as templates are edited."""
    from shownotes.screen import open_console, shorten
    from shownotes.steps.step import Walk
    from shownotes.watch import watch_templates

    if not folders:
        raise SettingsError("There is no finished draft to watch. First: shownotes process")
    console = open_console()

    def tell(word: str, text: str) -> None:
        style, shown = "red" if word == "error" else "default", text
        if word in ("watching", "rendered"):
            shown = shorten(Path(text), settings.root)
        console.print(f"[{style}]{word:<9}[/] {escape(shown)}", soft_wrap=True)

    walks = [Walk(folder=folder, settings=settings) for folder in folders]
    watch_templates(walks, settings, tell=tell)
    console.print("Stopped watching.")


def _copy_audio(
    folders: Sequence[EpisodeFolder], settings: Settings, *, with_loudness: bool
) -> None:
    """Make the copies of each episode's audio; one that has none does not stop the others."""
    from shownotes.screen import ProgressLine, open_console, shorten
    from shownotes.steps.audio_copies import make_copies
    from shownotes.steps.render import gather
    from shownotes.steps.step import Walk

    console, failed = open_console(), []
    for folder in folders:
        with ProgressLine(console) as progress:
            walk = Walk(folder=folder, settings=settings, progress=progress)
            try:
                with folder.claim(holder="shownotes render"):
                    made = make_copies(walk, with_loudness=with_loudness, notes=gather(walk).notes)
            except ShowNotesError as error:
                failed.append(error)
                continue
        for path in made:
            console.print(f"made      {escape(shorten(path, settings.root))}", soft_wrap=True)
        if not made:
            console.print(f"no new audio copies: {escape(folder.name)}", soft_wrap=True)
    if failed:
        raise failed[0] if len(failed) == 1 else ShowNotesError("\n".join(map(str, failed)))


@app.command()
def lint(
    episodes: Annotated[list[str] | None, typer.Argument(help="Episodes; all by default.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the findings as JSON.")] = False,
    root: Root = None,
) -> None:
    """Say which rules of platforms and formats the notes break, and what to do about it."""
    from dataclasses import asdict

    from shownotes.screen import open_console, show_findings
    from shownotes.steps.render import gather
    from shownotes.steps.step import Walk
    from shownotes.steps.targets import lint_episode

    settings = settings_of(root)
    folders = drafts_of(episodes, settings)
    found = {f.name: lint_episode(gather(Walk(folder=f, settings=settings))) for f in folders}
    if as_json:
        told = {name: [asdict(f) for f in findings] for name, findings in found.items()}
        typer.echo(json.dumps(told, ensure_ascii=False, indent=2))
    else:
        show_findings(open_console(), found)
    if any(finding.is_error for findings in found.values() for finding in findings):
        raise typer.Exit(1)


@app.command()
def stats(
    episodes: Annotated[list[str] | None, typer.Argument(help="Episodes; all by default.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the figures as JSON.")] = False,
    root: Root = None,
) -> None:
    """Show what review costs: editor time, how much of the drafts stayed, time to publication."""
    from shownotes.screen import open_console
    from shownotes.stats import describe, gather_costs
    from shownotes.stats_screen import show_stats

    settings = settings_of(root)
    costs = gather_costs(drafts_of(episodes, settings), settings)
    if as_json:
        typer.echo(json.dumps(describe(costs), ensure_ascii=False, indent=2))
    else:
        show_stats(open_console(), costs)
    if costs.faults:
        raise typer.Exit(1)


@app.command()
def site(
    preview: Annotated[
        bool, typer.Option("--preview", help="Of drafts: marked, and kept apart from the real one.")
    ] = False,
    show: Annotated[str | None, typer.Option("--show", help="One show; all by default.")] = None,
    root: Root = None,
) -> None:
    """Make each show's site: index, episode pages and feed, to be hosted anywhere."""
    from shownotes.screen import open_console, show_sites
    from shownotes.site import build_previews, build_sites

    settings = settings_of(root)
    built = (build_previews if preview else build_sites)(settings, show=show)
    if not built:
        whose = f" of {show!r}" if show else ""
        raise SettingsError(
            f"Nothing{whose} is published yet, and a site holds published episodes only. "
            "Look at the drafts with: shownotes site --preview"
        )
    show_sites(open_console(), built, settings.root)


@app.command()
def names(
    file: Annotated[
        str | None,
        typer.Argument(help="An episode, or a transcript: .json .vtt .srt .txt from anywhere."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON with evidence.")] = False,
    jsonl: Annotated[
        Path | None,
        typer.Option("--jsonl", metavar="IN", help='Lines {"id", "text"}; prints a line for each.'),
    ] = None,
    language: Annotated[
        str | None, typer.Option("--language", help="ISO 639-1, if the file does not say it.")
    ] = None,
    root: Root = None,
    changes: SetOption = None,
) -> None:
    """Find hosts, guests and organizations in a transcript, yours or ours."""
    from shownotes.screen import open_console, show_names
    from shownotes.steps import lookup

    settings = _settings_or_defaults(root, changes or ())
    if (file is None) == (jsonl is None):
        raise SettingsError("shownotes names FILE, or shownotes names --jsonl FILE: name one.")
    if jsonl is not None:
        for line in lookup.answer_lines(_lines(jsonl), settings, name=str(jsonl)):
            typer.echo(line)
        return
    path = _transcript_path(str(file), settings)
    transcript = lookup.read_transcript(path, language=language)
    found = lookup.look_for_names(transcript, settings)
    if as_json:
        typer.echo(json.dumps(lookup.describe(found), ensure_ascii=False, indent=2))
    else:
        show_names(open_console(), lookup.list_lines(found), [n.message for n in found.warnings])


def _settings_or_defaults(root: Path | None, changes: Sequence[str]) -> Settings:
    """The working folder's settings; outside of one, the defaults."""
    from shownotes.settings import Settings, find_root

    if root is not None or find_root(Path.cwd()) is not None:
        return settings_of(root, changes)
    return Settings(root=Path.cwd()).with_values(dict(assignment(text) for text in changes))


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise TranscriptFileError(f"{path} cannot be read: {error}.") from error


def _transcript_path(name: str, settings: Settings) -> Path:
    """A transcript's file, or the transcript of an episode that has been processed."""
    from shownotes.steps import prepare
    from shownotes.steps.intray import TRANSCRIPT_ENDINGS

    path = Path(name)
    if path.is_file() and path.suffix.lower() in TRANSCRIPT_ENDINGS:
        return path
    folder = prepare.known(source_of(name, settings), settings)
    if folder is None or not folder.has("transcript.json"):
        raise TranscriptFileError(
            f"{name} has no transcript yet. Make one with: shownotes process {name}"
        )
    return folder.path / "transcript.json"


@app.command()
def doctor(root: Root = None) -> None:
    """Check Python, disk, GPU, models, Prefect and ports, and say what to do."""
    from shownotes.doctor import check
    from shownotes.screen import open_console

    findings = check(settings_of(root))
    show_checks(open_console(), findings)
    if any(finding.state == "problem" for finding in findings):
        raise typer.Exit(1)


@models_app.command("fetch")
def fetch_model(
    name: Annotated[str, typer.Argument(help="tiny, base, small, medium, large-v3, ...")],
) -> None:
    """Download a speech model once; a broken download goes on where it stopped."""
    from shownotes import pipeline
    from shownotes.adapters.models import fetch
    from shownotes.adapters.store import episode_folders
    from shownotes.screen import DownloadBar, open_console
    from shownotes.settings import find_root, load_settings

    console = open_console()
    with DownloadBar(console) as report:
        path = fetch(name, progress=report)
    console.print(f"{escape(name)} is here now: {escape(str(path))}")
    root = find_root(Path.cwd())
    folders = episode_folders(load_settings(root).output_folder) if root else []
    read = ((folder.name, pipeline.read_status(folder)) for folder in folders)
    waited = [folder for folder, status in read if status and status.model == name]
    if waited:
        console.print(
            f"What waited for it: {escape(', '.join(waited))}. `shownotes up` takes it up by "
            "itself; without it:  shownotes process",
            soft_wrap=True,
        )


@models_app.command("list")
def list_models() -> None:
    """Show the speech models that this machine has, and those that can be fetched."""
    from shownotes.adapters.models import catalogue
    from shownotes.screen import open_console

    console = open_console()
    for entry in catalogue():
        where = str(entry.path) if entry.path else f"not here; about {entry.size_mb} MB to fetch"
        console.print(f"{entry.name:<18} {escape(where)}", soft_wrap=True)


for command in REVIEW_COMMANDS:
    app.command()(command)
for careful in (*CARE_COMMANDS, *BACKUP_COMMANDS):
    app.command()(careful)
app.command()(up)
app.add_typer(desk_app, name="desk")
app.add_typer(feeds_app, name="feeds")
app.command()(backfill)


if __name__ == "__main__":
    main()
