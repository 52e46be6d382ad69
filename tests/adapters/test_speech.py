import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import psutil
import pytest
from numpy.typing import NDArray

from benchmarks.dummy_whisper import make_model
from shownotes.adapters.engine_process import Recognizer
from shownotes.adapters.speech import Request, SpeechEngine
from shownotes.errors import (
    EngineDiedError,
    EngineTimeoutError,
    ModelBrokenError,
    SettingsError,
)
from shownotes.model import Span

SAYS = "the river has a budget."
REQUEST = Request(language="en", beam_size=1, seed=1)
PATIENCE_S = 120.0


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("english") / "model"
    return make_model(folder, says=SAYS, is_multilingual=False)


@pytest.fixture(scope="module")
def german(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("german") / "model"
    return make_model(folder, says="guten tag.", heard=["de"])


@pytest.fixture
def engine() -> Iterator[SpeechEngine]:
    engine = SpeechEngine(threads=1)
    yield engine
    engine.close()


def _noise(seconds: float) -> NDArray[np.float32]:
    random = np.random.default_rng(1)
    return (random.standard_normal(int(16_000 * seconds)) * 0.05).astype(np.float32)


def _is_running(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def test_a_window_comes_back_as_segments_with_words(engine: SpeechEngine, model: Path) -> None:
    engine.load(str(model), "cpu")
    reached: list[float] = []
    heard = engine.transcribe(
        _noise(65), REQUEST, deadline_s=PATIENCE_S, on_progress=reached.append
    )
    assert [segment.text for segment in heard.segments] == [SAYS] * 3
    words = heard.segments[0].words
    assert [word.text for word in words] == ["the", "river", "has", "a", "budget."]
    assert all(word.probability is not None and 0 <= word.probability <= 1 for word in words)
    assert reached == [segment.end for segment in heard.segments]
    assert 60.0 <= reached[-1] <= 65.0


def test_the_last_piece_is_left_where_it_may_be(engine: SpeechEngine, model: Path) -> None:
    engine.load(str(model), "cpu")
    leaving = replace(REQUEST, may_leave_rest=True)
    for seconds, segments, rest_from in ((65.0, 2, 60.0), (60.0, 2, None), (12.0, 1, None)):
        heard = engine.transcribe(_noise(seconds), leaving, deadline_s=PATIENCE_S)
        assert len(heard.segments) == segments
        assert heard.rest_from == (rest_from and pytest.approx(rest_from, abs=0.02))
    # Not asked for, it is all heard, also after a window whose end was left.
    heard = engine.transcribe(_noise(65), REQUEST, deadline_s=PATIENCE_S)
    assert (len(heard.segments), heard.rest_from) == (3, None)


def test_pieces_are_heard_side_by_side(engine: SpeechEngine, model: Path) -> None:
    engine.load(str(model), "cpu")
    edges = (0.0, 25.004, 40.0, 75.0, 90.0)
    pieces = tuple(Span(start=a, end=b) for a, b in pairwise(edges))
    reached: list[float] = []
    heard = engine.transcribe(
        _noise(90),
        replace(REQUEST, pieces=pieces, batch_size=2),
        deadline_s=PATIENCE_S,
        on_progress=reached.append,
    )
    # The third is longer than the model listens to, and takes two goes of its own.
    assert [segment.text for segment in heard.segments] == [SAYS] * 5
    starts = [segment.start for segment in heard.segments]
    for start, piece in zip(starts, (0, 1, 2, 2, 3), strict=True):
        assert edges[piece] - 0.01 <= start < edges[piece + 1]
    assert reached == sorted(reached)
    assert heard.rest_from is None


@pytest.mark.parametrize(("says", "is_again"), [(SAYS, False), ("no " * 60, True)])
def test_what_a_batch_hears_badly_is_heard_again_with_fallbacks(
    tmp_path: Path, says: str, is_again: bool
) -> None:
    path = make_model(tmp_path / "model", says=says, is_multilingual=False)
    recognizer = Recognizer({"path": str(path), "device": "cpu", "threads": 1})
    request = {
        "seed": 1,
        "terms": [],
        "language": "en",
        "beam_size": 1,
        "may_leave_rest": False,
        "pieces": [[0.0, 20.0], [20.0, 40.0]],
        "batch_size": 2,
    }
    *segments, done = recognizer.transcribe(request, _noise(40))
    assert done["event"] == "done"
    assert [segment["segment"]["start"] >= 20.0 for segment in segments] == [False, True]
    # Only fallbacks sample.
    assert recognizer.whisper.has_sampled is is_again


def test_the_same_window_gives_the_same_text(engine: SpeechEngine, model: Path) -> None:
    engine.load(str(model), "cpu")
    first = engine.transcribe(_noise(35), REQUEST, deadline_s=PATIENCE_S)
    pid = engine.pid
    assert engine.transcribe(_noise(35), REQUEST, deadline_s=PATIENCE_S) == first
    assert engine.pid == pid


def test_terms_that_find_no_room_are_named(engine: SpeechEngine, model: Path) -> None:
    engine.load(str(model), "cpu")
    # A letter is a token for this model: the budget is a hundred letters.
    request = Request(language="en", beam_size=1, seed=1, terms=("Brennick", "x" * 120))
    heard = engine.transcribe(_noise(5), request, deadline_s=PATIENCE_S)
    assert heard.left_out == ("x" * 120,)


def test_languages_come_with_their_probabilities(engine: SpeechEngine, german: Path) -> None:
    engine.load(str(german), "cpu")
    assert engine.is_multilingual
    guesses = engine.detect_language([_noise(5), _noise(8)], deadline_s=PATIENCE_S)
    assert len(guesses) == 2
    for guess in guesses:
        assert max(guess, key=guess.__getitem__) == "de"
        assert sum(guess.values()) == pytest.approx(1.0, abs=0.01)


def test_a_language_that_no_model_knows_is_a_wrong_setting(
    engine: SpeechEngine, german: Path
) -> None:
    engine.load(str(german), "cpu")
    with pytest.raises(SettingsError, match="'klingon'"):
        engine.transcribe(
            _noise(2), Request(language="klingon", beam_size=1, seed=1), deadline_s=PATIENCE_S
        )
    # The engine lives and goes on.
    request = Request(language="de", beam_size=1, seed=1)
    assert engine.transcribe(_noise(2), request, deadline_s=PATIENCE_S).segments


def test_a_child_that_is_killed_in_mid_window(engine: SpeechEngine, model: Path) -> None:
    engine.load(str(model), "cpu")
    pid = engine.pid
    assert pid is not None

    def kill(_: float) -> None:
        os.kill(pid, signal.SIGKILL if hasattr(signal, "SIGKILL") else signal.SIGTERM)

    with pytest.raises(EngineDiedError) as caught:
        engine.transcribe(_noise(150), REQUEST, deadline_s=PATIENCE_S, on_progress=kill)
    assert caught.value.retryable
    assert "finished windows are kept" in str(caught.value)
    # The next attempt gets a new child.
    engine.load(str(model), "cpu")
    assert engine.pid != pid
    assert engine.transcribe(_noise(5), REQUEST, deadline_s=PATIENCE_S).segments


def test_a_window_that_passes_its_deadline_is_stopped(engine: SpeechEngine, model: Path) -> None:
    engine.load(str(model), "cpu")
    pid = engine.pid
    assert pid is not None
    with pytest.raises(EngineTimeoutError) as caught:
        engine.transcribe(_noise(150), REQUEST, deadline_s=0.01)
    assert caught.value.retryable
    assert engine.pid is None
    assert not _is_running(pid)


def test_ctrl_c_ends_the_child(engine: SpeechEngine, model: Path) -> None:
    engine.load(str(model), "cpu")
    pid = engine.pid
    assert pid is not None

    def interrupt(_: float) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        engine.transcribe(_noise(150), REQUEST, deadline_s=PATIENCE_S, on_progress=interrupt)
    assert not _is_running(pid)


def test_the_child_does_not_outlive_its_parent(model: Path) -> None:
    script = (
        "import os, sys, numpy\n"
        "from shownotes.adapters.speech import Request, SpeechEngine\n"
        "engine = SpeechEngine(threads=1)\n"
        "engine.load(sys.argv[1], 'cpu')\n"
        "print(engine.pid, flush=True)\n"
        "engine.transcribe(numpy.ones(16000 * 150, numpy.float32),\n"
        "    Request(language='en', beam_size=1, seed=1), deadline_s=600,\n"
        "    on_progress=lambda _: os.kill(os.getpid(), 9))\n"
    )
    parent = subprocess.run(
        [sys.executable, "-c", script, str(model)], capture_output=True, text=True, check=False
    )
    assert parent.returncode != 0
    pid = int(parent.stdout)
    for _ in range(100):
        if not _is_running(pid):
            break
        time.sleep(0.1)
    assert not _is_running(pid)


def test_a_folder_without_weights_is_a_broken_model(
    engine: SpeechEngine, model: Path, tmp_path: Path
) -> None:
    for file in model.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    (tmp_path / "model.bin").write_bytes(b"not a model")
    with pytest.raises(ModelBrokenError, match="models fetch"):
        engine.load(str(tmp_path), "cpu")


def test_another_model_gets_a_process_of_its_own(
    engine: SpeechEngine, model: Path, german: Path
) -> None:
    engine.load(str(model), "cpu")
    first = engine.pid
    assert not engine.is_multilingual
    engine.load(str(german), "cpu")
    assert engine.pid != first
    assert engine.is_multilingual


def test_nothing_heavy_is_imported_by_the_parent() -> None:
    script = (
        "import sys, shownotes.adapters.speech, shownotes.steps.transcribe\n"
        "heavy = {'faster_whisper', 'ctranslate2', 'numpy', 'av', 'huggingface_hub'}\n"
        "print(sorted(heavy & set(sys.modules)))\n"
    )
    told = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert told.stdout.strip() == "[]"
