"""`benchmarks/results.json` as tables in `benchmarks/README.md` and as plots.

    python -m benchmarks.report

Why matplotlib: it is what everybody reads plots from, and writes SVG without a display.
"""

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.measuring import HERE, load
from benchmarks.parts import HELP_S, STATUS_S
from benchmarks.peers import ALL, BARE, BATCHED, CT2, CT2_BATCHED, LOUD, OURS

PLOTS = HERE / "plots"
BEGIN, END = "<!-- results: written by benchmarks.report -->", "<!-- end of results -->"
# The floors: the walk's time over faster-whisper's, by case; memory at three hours.
FLOORS = {"small-10": 1.05, "small-30": 1.03, "tiny-180": 1.0}
MOST_MEMORY = {"tiny-180": 0.2}
MOST_REST, REST_CASES = 0.04, ("small-10", "small-30")
MOST_EXPONENT = 1.02
COLOURS = (
    "#1b6e6a",
    "#c05a2e",
    "#4b5d8c",
    "#a08a2c",
    "#7a3f6d",
    "#5e7d3a",
    "#888888",
    "#b23a48",
    "#222222",
)


def main() -> None:
    """Write tables and plots."""
    results = load()
    readme = HERE / "README.md"
    text = readme.read_text(encoding="utf-8")
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    told = "\n".join(tables(results))
    readme.write_text(f"{before}{BEGIN}\n\n{told}\n{END}{after}", encoding="utf-8")
    draw(results)
    print(told)


# --------------------------------------------------------------------------- tables


def tables(results: Mapping[str, Any]) -> Iterator[str]:
    """Lines of Markdown."""
    yield from _peers(results)
    yield from _shares(results)
    yield from _growth(results)
    yield from _parts(results)
    yield from _machines(results)


def cases(results: Mapping[str, Any]) -> list[tuple[str, Any]]:
    """The cases with peers, shapes and lengths in order."""
    found = [(name, told) for name, told in results.items() if "case" in told]
    order = ("demo", "tiny", "small", "turbo")
    return sorted(
        found, key=lambda f: (order.index(f[1]["case"]["shape"]), f[1]["case"]["minutes"])
    )


def _peers(results: Mapping[str, Any]) -> Iterator[str]:
    yield "Time of the whole walk (loudness left out) over that of each peer, and its memory; below"
    yield "1 we are faster. Median of the rounds (smallest to largest). Bold: a floor missed."
    yield ""
    yield (
        "| model, audio | walk | over "
        + " | over ".join(ALL[1:])
        + " | memory, over faster-whisper |"
    )
    yield "|---" * (len(ALL) + 2) + "|"
    for name, told in cases(results):
        ours = told["sides"].get(OURS)
        if ours is None or not told["ratios"]:
            continue
        cells = [_ratio(told, side, FLOORS.get(name) if side == BARE else None) for side in ALL[1:]]
        memory = told["ratios"].get(BARE, {}).get("peak_mb", {})
        most = MOST_MEMORY.get(name, math.inf)
        shown = f"{memory['median']:.2f} ({ours['peak_mb']:.0f} MB)" if memory else ""
        cells.append(f"**{shown}**" if memory and memory["median"] > most else shown)
        rounds = len(ours["runs"])
        told_rounds = f"{rounds} round" if rounds == 1 else f"{rounds} rounds"
        first = f"{_title(told)}, {told_rounds}"
        yield f"| {first} | {ours['wall_s']:.1f} s | {' | '.join(cells)} |"
    yield ""


def _ratio(told: Mapping[str, Any], side: str, most: float | None) -> str:
    if side in told["failed"]:
        return "it fails"
    found = told["ratios"].get(side)
    if not found:
        return ""
    clock = found["wall_s"]
    low, high = clock["spread"]
    spread = f" ({low:.2f} to {high:.2f})" if clock["pairs"] > 1 else ""
    shown = f"{clock['median']:.3f}{spread}"
    return f"**{shown}**" if most is not None and clock["median"] > most else shown


def _shares(results: Mapping[str, Any]) -> Iterator[str]:
    yield "Where the time of the walk goes, in seconds by the clock (plots/breakdown.svg):"
    yield ""
    names = list(
        dict.fromkeys(p for _, told in cases(results) for p in told["sides"][OURS]["parts"])
    )
    yield "| model, audio | " + " | ".join(names) + " | all but transcription |"
    yield "|---" * (len(names) + 2) + "|"
    for name, told in cases(results):
        ours = told["sides"][OURS]
        rest = 1 - ours["parts"]["transcribe"] / ours["wall_s"]
        cells = [f"{ours['parts'].get(part, 0):.2f}" for part in names]
        is_missed = name in REST_CASES and rest > MOST_REST
        shown = f"**{rest:.1%}**" if is_missed else f"{rest:.1%}"
        yield f"| {_title(told)} | {' | '.join(cells)} | {shown} |"
    yield ""


def _title(told: Mapping[str, Any]) -> str:
    return f"{told['case']['shape']}, {told['case']['minutes']:g} min"


def exponent(points: Sequence[tuple[float, float]]) -> float:
    """The b of cost = a * length ** b, by least squares of the logarithms."""
    logs = [(math.log(x), math.log(y)) for x, y in points]
    mean_x = sum(x for x, _ in logs) / len(logs)
    mean_y = sum(y for _, y in logs) / len(logs)
    over = sum((x - mean_x) * (y - mean_y) for x, y in logs)
    return over / sum((x - mean_x) ** 2 for x, _ in logs)


def growth(results: Mapping[str, Any]) -> dict[str, list[tuple[float, float]]]:
    """Minutes of audio and seconds of our walk with the tiny shape, whole and by part."""
    found: dict[str, list[tuple[float, float]]] = {}
    for _, told in cases(results):
        if told["case"]["shape"] != "tiny":
            continue
        ours = told["sides"][OURS]
        for part, seconds in {"whole": ours["wall_s"], **ours["parts"]}.items():
            if seconds > 0:
                found.setdefault(part, []).append((told["case"]["minutes"], seconds))
    return {part: points for part, points in found.items() if len(points) > 1}


def _growth(results: Mapping[str, Any]) -> Iterator[str]:
    found = growth(results)
    if not found:
        return
    lengths = " to ".join(
        f"{minutes:g}" for minutes in (found["whole"][0][0], found["whole"][-1][0])
    )
    fits = {part: exponent(points) for part, points in found.items()}
    whole = f"{fits.pop('whole'):.3f}"
    is_missed = float(whole) > MOST_EXPONENT
    yield (
        f"Growth with the tiny shape from {lengths} minutes of audio (cost = a * length^b, "
        f"plots/growth.svg): b = {f'**{whole}**' if is_missed else whole} for the whole walk; "
        + ", ".join(f"{part} {fit:.2f}" for part, fit in fits.items())
        + "."
    )
    yield ""


def _parts(results: Mapping[str, Any]) -> Iterator[str]:
    yield "| part | ours, processors | over | time of processors | memory |"
    yield "|---|---|---|---|---|"
    for name in ("decoding", "loudness", "names"):
        told = results.get(name)
        for side, found in (told or {}).get("ratios", {}).items():
            ours = told["sides"]["ours"]
            cpu, memory = found["cpu_s"], found["peak_mb"]
            low, high = cpu["spread"]
            yield (
                f"| {name} | {ours['cpu_s']:.1f} s, {ours['peak_mb']:.0f} MB | {side} | "
                f"{cpu['median']:.2f} ({low:.2f} to {high:.2f}) | {memory['median']:.2f} |"
            )
    yield ""
    if "starts" in results:
        sides = results["starts"]["sides"]
        shown = []
        for name, most in (("help", HELP_S), ("status", STATUS_S)):
            seconds = sides[name]["wall_s"]
            told = f"{seconds:.2f} s (at most {most})"
            shown.append(f"{name} {f'**{told}**' if seconds > most else told}")
        yield f"To start: {', '.join(shown)}; Python alone {sides['python alone']['wall_s']:.2f} s."
        yield ""


def _machines(results: Mapping[str, Any]) -> Iterator[str]:
    told = {}
    for name, result in results.items():
        facts = json.dumps({**result["machine"], "load": None})
        told.setdefault(facts, []).append(f"{name} ({result['at']})")
    for facts, names in told.items():
        machine = json.loads(facts)
        versions = ", ".join(f"{name} {number}" for name, number in machine["versions"].items())
        yield (
            f"Measured on {machine['cores']} cores of {machine['processor']}, "
            f"{machine['memory_gb']} GB, Python {machine['python']}, {versions}: "
            f"{', '.join(names)}."
        )
    yield ""


# --------------------------------------------------------------------------- plots


def draw(results: Mapping[str, Any], folder: Path = PLOTS) -> None:
    """Plots as SVG, the same bytes from the same figures; of growth where there are two lengths."""
    import matplotlib as mpl

    mpl.use("svg")
    mpl.rcParams["svg.hashsalt"] = "shownotes"
    folder.mkdir(exist_ok=True)
    _draw_peers(results, folder / "peers.svg")
    _draw_breakdown(results, folder / "breakdown.svg")
    if growth(results):
        _draw_growth(results, folder / "growth.svg")


def _save(figure: Any, path: Path) -> None:
    figure.tight_layout()
    figure.savefig(path, metadata={"Date": None, "Creator": None})


def _draw_peers(results: Mapping[str, Any], path: Path) -> None:
    from matplotlib.figure import Figure

    shown = [(_title(told), told) for _, told in cases(results) if len(told["sides"]) > 1]
    sides = (OURS, LOUD, BARE, BATCHED, CT2, CT2_BATCHED)
    figure = Figure(figsize=(9, 1 + 1.1 * len(shown)))
    axes = figure.subplots()
    height = 0.8 / len(sides)
    for number, side in enumerate(sides):
        bars = [
            (row + number * height, told["sides"][side]["wall_s"] / told["sides"][BARE]["wall_s"])
            for row, (_, told) in enumerate(shown)
            if side in told["sides"] and BARE in told["sides"]
        ]
        if bars:
            axes.barh(*zip(*bars, strict=True), height=height, label=side, color=COLOURS[number])
    axes.axvline(1.0, color="#222222", linewidth=0.8)
    axes.set_yticks([row + 0.4 - height / 2 for row in range(len(shown))], [n for n, _ in shown])
    axes.invert_yaxis()
    axes.set_xlabel("time from audio file to caption files, over bare faster-whisper's")
    axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.12), ncols=3, frameon=False)
    _save(figure, path)


def _draw_breakdown(results: Mapping[str, Any], path: Path) -> None:
    from matplotlib.figure import Figure

    shown = cases(results)
    names = list(dict.fromkeys(p for _, told in shown for p in told["sides"][OURS]["parts"]))
    figure = Figure(figsize=(9, 1.2 + 0.45 * len(shown)))
    axes = figure.subplots()
    left = [0.0] * len(shown)
    for number, part in enumerate(names):
        shares = [
            told["sides"][OURS]["parts"].get(part, 0) / told["sides"][OURS]["wall_s"]
            for _, told in shown
        ]
        axes.barh(
            range(len(shown)), shares, left=left, label=part, color=COLOURS[number % len(COLOURS)]
        )
        left = [a + b for a, b in zip(left, shares, strict=True)]
    axes.set_yticks(range(len(shown)), [_title(told) for _, told in shown])
    axes.invert_yaxis()
    axes.set_xlabel("share of the walk's time")
    axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.25), ncols=4, frameon=False)
    _save(figure, path)


def _draw_growth(results: Mapping[str, Any], path: Path) -> None:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7, 4.5))
    axes = figure.subplots()
    for number, (part, points) in enumerate(growth(results).items()):
        label = f"{part}: b = {exponent(points):.2f}"
        axes.loglog(
            *zip(*points, strict=True),
            marker="o",
            label=label,
            color=COLOURS[number % len(COLOURS)],
        )
    axes.set_xlabel("minutes of audio")
    axes.set_ylabel("seconds")
    axes.legend(loc="center left", bbox_to_anchor=(1.0, 0.5), frameon=False)
    _save(figure, path)


if __name__ == "__main__":
    main()
