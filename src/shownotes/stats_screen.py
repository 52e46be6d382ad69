"""What review costs, as a table."""

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from shownotes.core.review_stats import ReviewStats
from shownotes.core.timecodes import clock, spoken_length
from shownotes.stats import Costs

HEADINGS = (
    "Episode",
    "Length",
    "Editors",
    "At work",
    "Min an hour",
    "Kept",
    "Names",
    "Words in 1,000",
    "To published",
)
DAY_S = 86_400


def show_stats(console: Console, costs: Costs) -> None:
    """Every reviewed episode, one a line, and all together."""
    if costs.episodes:
        table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
        for heading in HEADINGS:
            table.add_column(heading, overflow="fold")
        for episode in costs.episodes:
            table.add_row(escape(episode.title), *_cells(episode.stats))
        if len(costs.episodes) > 1:
            table.add_section()
            table.add_row(f"all {len(costs.episodes)}", *_cells(costs.together), style="bold")
        console.print(table)
    else:
        console.print("No episode has been reviewed yet. Review one with: shownotes desk")
    if costs.waiting and costs.episodes:
        console.print(f"\n{costs.waiting} more not reviewed yet.")
    for fault in costs.faults:
        console.print(f"\n[red]left out:[/] {escape(fault)}", soft_wrap=True)


def _cells(stats: ReviewStats) -> list[str]:
    pace, kept, corrected = stats.minutes_an_hour, stats.share_kept, stats.corrected_in_1000
    return [
        clock(stats.audio_s),
        escape(", ".join(sorted(stats.editor_s))),
        spoken_length(60 * stats.editor_minutes),
        "" if pace is None else f"{pace:.1f}",
        "" if kept is None else f"{kept:.0%} of {stats.sentences}",
        str(stats.names_corrected),
        "" if corrected is None else f"{corrected:.1f}",
        _waited(stats.median_to_published_s),
    ]


def _waited(seconds: float | None) -> str:
    if seconds is None:
        return "not yet"
    return spoken_length(seconds) if seconds < 2 * DAY_S else f"{seconds / DAY_S:.1f} days"
