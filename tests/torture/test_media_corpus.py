"""A selection of the hostile files: one or more of every kind, in a few seconds."""

from pathlib import Path

from tests.torture import hostile_media
from tests.torture.canaries import Canaries
from tests.torture.hostile_media import Case
from tests.torture.media import Trial

# Of kinds that are of one sort, so many.
_OF_A_KIND = 2
_KINDS_IN_FULL = ("link-outside", "link-beside", "name-not-utf8")
# These keep a child busy until it is given up, which is tried in `make torture`.
_LONG = (
    "sparse-50GB.mp3",
    "sparse-1TB.bin.mp3",
    "sparse-1TB-flac.flac",
    "sparse-1TB-ogg.ogg",
    "sparse-1TB-w64.w64",
)


def choose(cases: list[Case]) -> list[Case]:
    """The first few of each kind."""
    chosen: list[Case] = []
    for kind in hostile_media.kinds(cases):
        of_kind = [case for case in cases if case.kind == kind and case.name not in _LONG]
        most = len(of_kind) if kind in _KINDS_IN_FULL else _OF_A_KIND
        step = max(1, len(of_kind) // most)
        chosen += of_kind[::step][:most]
    return chosen


def test_hostile_files_end_as_they_should(tmp_path: Path) -> None:
    with Canaries(tmp_path / "outside") as canaries:
        trial = Trial(tmp_path)
        trial.run(choose(hostile_media.cases(900, 1, canaries.canary)))
        assert canaries.touched() == []
    faults = {ascii(r.case.name): fault for r in trial.results if (fault := r.fault())}
    assert faults == {}
    assert trial.faults == []
    outcomes = {result.outcome for result in trial.results}
    assert {"taken, whole", "taken, flagged", "rejected: NotAudioError"} <= outcomes
    assert len(trial.results) > 60


def test_the_watch_sees_what_is_touched(tmp_path: Path) -> None:
    with Canaries(tmp_path / "outside") as canaries:
        canaries.canary.text.read_bytes()
        assert any("secret.txt was" in told for told in canaries.touched())
