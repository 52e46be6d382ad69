"""Times for people and for machines."""

# No recording is as long, in seconds: what says so says nonsense.
MOST_TIME_S = 3_600_000.0


def clock(seconds: float, *, with_hours: bool = False) -> str:
    """`4:05`, `1:02:03`; with hours `00:04:05`. Rounded down, as players show time."""
    whole = max(0, int(seconds))
    hours, rest = divmod(whole, 3600)
    minutes, left = divmod(rest, 60)
    if with_hours:
        return f"{hours:02d}:{minutes:02d}:{left:02d}"
    return f"{hours}:{minutes:02d}:{left:02d}" if hours else f"{minutes}:{left:02d}"


def stamp(seconds: float, *, decimal: str = ".") -> str:
    """`00:04:05.250`: hours always, three decimals (WebVTT with `.`, SRT with `,`)."""
    milliseconds = max(0, round(seconds * 1000))
    hours, rest = divmod(milliseconds, 3_600_000)
    minutes, rest = divmod(rest, 60_000)
    whole, fraction = divmod(rest, 1000)
    return f"{hours:02d}:{minutes:02d}:{whole:02d}{decimal}{fraction:03d}"


def spoken_length(seconds: float) -> str:
    """`42 s`, `4 min`, `1 h 5 min`, for people."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    minutes = round(whole / 60)
    hours, left = divmod(minutes, 60)
    if not hours:
        return f"{minutes} min"
    return f"{hours} h {left} min" if left else f"{hours} h"
