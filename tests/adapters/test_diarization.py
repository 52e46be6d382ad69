"""sherpa-onnx, really loaded and run, on stand-ins of its models' shape with random weights.

No trained weights can be had here; what is tested is everything up to them.
"""

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from shownotes.adapters.diarization import Turn, assign, find_turns
from shownotes.errors import ModelBrokenError, ModelMissingError, SettingsError
from shownotes.model import SpeakersFrom, Word
from shownotes.settings import Settings, SpeakersSettings, load_settings
from shownotes.steps import attribute
from shownotes.steps.step import Walk
from tests.adapters.test_tracks import write_wav
from tests.adapters.test_voices import RATE_HZ, THREE, talk
from tests.steps.test_attribute import as_transcript, lay_out

# What sherpa-onnx reads of a model: pyannote's segmentation 3.0 hears 10 s, and tells three voices
# and their pairs apart every 270 samples.
SEGMENTATION = {
    "model_type": "pyannote-segmentation-3.0",
    "version": 1,
    "sample_rate": RATE_HZ,
    "window_size": 160_000,
    "num_speakers": 3,
    "powerset_max_classes": 2,
    "num_classes": 7,
    "receptive_field_size": 991,
    "receptive_field_shift": 270,
}
EMBEDDING = {
    "framework": "wespeaker",
    "language": "English",
    "url": "none",
    "comment": "random",
    "sample_rate": RATE_HZ,
    "output_dim": 32,
    "normalize_samples": 0,
    "feature_normalize_type": "",
}


def save(
    path: Path,
    nodes: list[Any],
    ends: tuple[Any, Any],
    weights: dict[str, Any],
    told: dict[str, Any],
) -> Path:
    tensors = [numpy_helper.from_array(value, name) for name, value in weights.items()]
    graph = helper.make_graph(nodes, "stand-in", [ends[0]], [ends[1]], tensors)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    helper.set_model_props(model, {name: str(value) for name, value in told.items()})
    onnx.save(model, str(path))
    return path


@pytest.fixture
def models(tmp_path: Path) -> tuple[Path, Path]:
    """Somebody always speaks, and sounds like the mean of the features they have."""
    rng = np.random.default_rng(0)
    value = helper.make_tensor_value_info
    single = TensorProto.FLOAT
    segmentation = save(
        tmp_path / "segmentation.onnx",
        [
            helper.make_node("Conv", ["x", "w", "b"], ["c"], strides=[270], kernel_shape=[991]),
            helper.make_node("Transpose", ["c"], ["t"], perm=[0, 2, 1]),
            helper.make_node("LogSoftmax", ["t"], ["y"], axis=-1),
        ],
        (value("x", single, ["N", 1, "T"]), value("y", single, ["N", "F", 7])),
        {
            "w": rng.normal(0, 0.01, (7, 1, 991)).astype(np.float32),
            "b": np.array([0, 3, 0, 0, 0, 0, 0], np.float32),
        },
        SEGMENTATION,
    )
    embedding = save(
        tmp_path / "embedding.onnx",
        [
            helper.make_node("ReduceMean", ["feats"], ["m"], axes=[1], keepdims=0),
            helper.make_node("MatMul", ["m", "p"], ["embs"]),
        ],
        (value("feats", single, ["B", "T", 80]), value("embs", single, ["B", 32])),
        {"p": rng.normal(0, 1, (80, 32)).astype(np.float32)},
        EMBEDDING,
    )
    return segmentation, embedding


def test_the_engine_loads_models_and_hears_turns(tmp_path: Path, models: tuple[Path, Path]) -> None:
    samples, _, _ = talk(THREE[:1], 6)
    wav = write_wav(tmp_path / "talk.wav", samples)
    turns = find_turns(wav, segmentation=models[0], embedding=models[1], most_voices=1)
    assert turns
    assert {turn.voice for turn in turns} == {0}
    assert sum(turn.end - turn.start for turn in turns) > 0.5 * len(samples) / RATE_HZ


def test_broken_and_foreign_models_are_named(tmp_path: Path, models: tuple[Path, Path]) -> None:
    wav = write_wav(tmp_path / "silence.wav", np.zeros(RATE_HZ * 12, np.float32))
    broken = tmp_path / "broken.onnx"
    broken.write_text("This is no model.", encoding="utf-8")
    with pytest.raises(ModelBrokenError, match=r"broken\.onnx"):
        find_turns(wav, segmentation=broken, embedding=models[1])
    # Loading this one ends the process it is loaded in.
    with pytest.raises(ModelBrokenError, match="window_size"):
        find_turns(wav, segmentation=models[1], embedding=models[1])
    with pytest.raises(ModelMissingError, match=r"absent\.onnx is not there"):
        find_turns(wav, segmentation=models[0], embedding=tmp_path / "absent.onnx")


def test_without_the_engine_the_command_that_installs_it_is_told(
    tmp_path: Path, models: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _name: None)
    with pytest.raises(ModelMissingError, match=r"pip install .shownotes\[speakers\]"):
        find_turns(tmp_path / "any.wav", segmentation=models[0], embedding=models[1])


def test_words_go_to_the_voice_that_is_heard_in_them() -> None:
    words = [Word(text=t, start=float(i), end=i + 0.8) for i, t in enumerate("abcd")]
    turns = [Turn(0.0, 1.2, 4), Turn(1.1, 2.1, 2), Turn(2.1, 2.6, 4)]
    found = assign(words, turns)
    assert found.voices == (0, 1, 0, 0)
    assert found.margins[0] > found.margins[1] > 0
    assert found.margins[3] == 0.0
    assert assign(words, []).voices == (0, 0, 0, 0)


def test_an_episode_is_attributed_by_the_models_that_the_settings_name(
    workspace: Path, models: tuple[Path, Path]
) -> None:
    samples, words, _ = talk(THREE[:2], 8)
    walk = lay_out(workspace, samples[None, :], as_transcript(words))
    settings = SpeakersSettings(
        segmentation_model=str(models[0]), embedding_model=str(models[1]), most=2
    )
    asked = Walk(
        folder=walk.folder, settings=walk.settings.model_copy(update={"speakers": settings})
    )
    attribute.STEP.run(asked)
    turns = attribute.read_turns(asked)
    assert turns.source is SpeakersFrom.VOICES
    assert {turn.speaker for turn in turns.turns} <= {"Speaker 1", "Speaker 2"}


def test_one_model_without_the_other_is_refused(workspace: Path) -> None:
    (workspace / "shownotes.toml").write_text('[speakers]\nsegmentation_model = "a.onnx"\n')
    with pytest.raises(SettingsError, match="go together"):
        load_settings(workspace)


def test_the_engine_is_not_imported_where_it_is_not_asked_for() -> None:
    script = "import sys, shownotes.steps.attribute; print('sherpa_onnx' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "False"
    assert Settings().speakers.segmentation_model == ""
