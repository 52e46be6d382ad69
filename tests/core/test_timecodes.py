import pytest

from shownotes.core.timecodes import clock, spoken_length, stamp


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "0:00"), (59.999, "0:59"), (245, "4:05"), (3723.9, "1:02:03")]
)
def test_clock(seconds: float, text: str) -> None:
    assert clock(seconds) == text


def test_clock_with_hours() -> None:
    assert clock(245, with_hours=True) == "00:04:05"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "00:00:00.000"), (59.9996, "00:01:00.000"), (360000.5, "100:00:00.500")],
)
def test_stamp(seconds: float, text: str) -> None:
    assert stamp(seconds) == text
    assert stamp(seconds, decimal=",") == text.replace(".", ",")


@pytest.mark.parametrize(
    ("seconds", "text"), [(41.7, "42 s"), (200, "3 min"), (3600, "1 h"), (3900, "1 h 5 min")]
)
def test_spoken_length(seconds: float, text: str) -> None:
    assert spoken_length(seconds) == text
