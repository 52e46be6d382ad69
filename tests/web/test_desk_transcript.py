"""Listening and editing at the desk: a real server, a real Chromium, mostly by keyboard."""

import inspect
import json
import shutil
import uuid
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import TimeoutError as PageTimeoutError
from playwright.sync_api import expect

from benchmarks.render import LONG_WORDS
from benchmarks.render import lay_out as lay_out_long
from shownotes.adapters.encoding import encode
from shownotes.adapters.store import EpisodeFolder
from shownotes.model import Episode, Flag, Transcript
from tests.episodes import demo_walk, finish
from tests.web.desk_editor import PATIENCE_S, Editor, crash, has, until
from tests.web.desk_server import RIVER, DeskServer, desk_of

pytestmark = pytest.mark.browser
DESKTOP, PHONE = {"width": 1280, "height": 900}, {"width": 390, "height": 844}
# Segments and words of the river episode that are made doubtful, and one that is flagged.
DOUBTFUL = ((2, 5), (2, 6), (8, 1), (20, 2))
FLAGGED = 12


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DeskServer]:
    """The second demo episode with some doubtful words, and noise that comes and goes."""
    root = tmp_path_factory.mktemp("desk")
    walk = demo_walk(root, RIVER, with_speakers=True)
    transcript = walk.folder.read("transcript.json", Transcript)
    segments = list(transcript.segments)
    for place, number in DOUBTFUL:
        words = list(segments[place].words)
        words[number] = replace(words[number], probability=0.2)
        segments[place] = replace(segments[place], words=tuple(words))
    segments[FLAGGED] = replace(segments[FLAGGED], flags=(Flag.LOOP,))
    told = replace(transcript, segments=tuple(segments))
    walk.folder.write("transcript.json", told, made_from={})
    finish(walk)
    (root / "audio").mkdir()
    (root / "shownotes.toml").touch()
    swell = np.abs(np.sin(np.linspace(0, 90, 16_000 * 262)))
    samples = 0.3 * swell * np.random.default_rng(1).standard_normal(16_000 * 262)
    encode(samples.astype(np.float32), root / "audio" / f"{RIVER}.mp3", sample_rate_hz=16_000)
    running = desk_of(root, walk)
    running.start()
    yield running
    running.stop()


@pytest.fixture
def desk(server: DeskServer, request: pytest.FixtureRequest) -> DeskServer:
    """An episode of its own for one test, on the server that all tests here share."""
    assert server.process is not None
    if server.process.poll() is not None:
        server.start()
    output = server.root / "output"
    slug = f"{RIVER}-{uuid.uuid4().hex[:8]}"
    shutil.copytree(output / RIVER, output / slug)
    folder = EpisodeFolder(output / slug)
    episode = folder.read("episode.json", Episode)
    own = replace(episode, id=f"id-{slug}", key=f"test:{request.node.name}", folder=slug)
    folder.write("episode.json", own, made_from={})
    server.episode_id, server.folder = own.id, folder
    return server


@pytest.fixture
def sit_down(chromium: Any, desk: DeskServer) -> Iterator[Callable[..., Editor]]:
    """Opens the desk as somebody, in a browser of their own or in a tab beside another."""
    contexts, editors = [], []

    def opens(*, name: str = "Ada Editor", beside: Editor | None = None, **options: Any) -> Editor:
        if beside is None:
            context = chromium.new_context(**{"viewport": DESKTOP, **options})
            contexts.append(context)
            desk.sign_in(context, name)
        else:
            context = beside.page.context
        editor = Editor(context.new_page(), desk, desk.episode_id)
        editors.append(editor)
        editor.page.on("pageerror", lambda error: editor.errors.append(str(error)))
        editor.page.goto(desk.desk_url)
        try:
            editor.page.locator("html[data-desk=ready]").wait_for()
        except PageTimeoutError as error:
            told = editor.page.locator("#notices").inner_text()
            raise AssertionError(f"The page does not start: {told} {editor.errors}") from error
        return editor

    yield opens
    for editor in editors:
        editor.close()
    for context in contexts:
        context.close()


@pytest.fixture
def editor(sit_down: Callable[..., Editor]) -> Iterator[Editor]:
    one = sit_down()
    yield one
    assert one.errors == []


# --------------------------------------------------------------------------- listening


def test_a_click_on_a_word_plays_from_it_and_the_words_follow(editor: Editor) -> None:
    word = editor.word(5, 3)
    start = float(word.get_attribute("data-s"))
    word.click()
    until(editor.is_playing)
    assert start - 0.1 <= editor.now() < start + 3
    until(lambda: editor.now() > start + 1)
    heard = editor.page.evaluate(
        """() => { const now = document.querySelector(".now");
        return [Number(now.dataset.s), document.getElementById("audio").currentTime]; }"""
    )
    assert heard[0] <= heard[1] + 0.05 < heard[0] + 1.5
    assert editor.page.locator(".now").count() == 1
    editor.page.locator(".play").click()
    until(lambda: not editor.is_playing())
    expect(editor.page.locator(".play")).to_have_attribute("aria-label", "Play")


def test_the_player_by_keys(editor: Editor) -> None:
    editor.seek(50)
    editor.press("Alt+j")
    until(lambda: abs(editor.now() - 45) < 0.2)
    editor.press("Alt+l", "Alt+l")
    until(lambda: abs(editor.now() - 55) < 0.2)
    editor.press("Alt+k")
    until(editor.is_playing)
    editor.press("Space")
    until(lambda: not editor.is_playing())
    editor.press("Alt+=", "Alt+=")
    editor.says("Speed 1.5")
    assert editor.page.evaluate("document.getElementById('audio').playbackRate") == 1.5
    editor.press("Alt+-")
    editor.says("Speed 1.25")
    editor.page.reload()
    editor.page.locator("html[data-desk=ready]").wait_for()
    assert editor.page.locator(".speed").input_value() == "1.25"
    assert editor.page.evaluate("document.getElementById('audio').playbackRate") == 1.25


def test_a_segment_is_played_again_and_stops_at_its_end(editor: Editor) -> None:
    editor.choose(0)
    end = editor.data()["segments"][0]["end"]
    editor.seek(100)
    editor.choose(0)
    editor.press("Alt+r")
    until(editor.is_playing)
    assert editor.now() < end
    until(lambda: not editor.is_playing())
    assert end <= editor.now() < end + 0.5


def test_the_waveform_is_a_slider(editor: Editor) -> None:
    page, wave = editor.page, editor.page.locator(".wave")
    box = wave.bounding_box()
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + 10)
    duration = editor.data()["duration"]
    length = page.evaluate("document.getElementById('audio').duration")
    until(lambda: abs(editor.now() - length / 2) < 1)
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + 10)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] / 4, box["y"] + 10)
    page.mouse.up()
    until(lambda: abs(editor.now() - length / 4) < 1)
    wave.focus()
    before = editor.now()
    editor.press("ArrowRight", "ArrowRight", "ArrowLeft")
    until(lambda: abs(editor.now() - before - 5) < 0.2)
    editor.press("PageUp")
    until(lambda: abs(editor.now() - before - 65) < 0.2)
    editor.press("Home")
    until(lambda: editor.now() == 0)
    editor.press("End")
    until(lambda: editor.now() > length - 0.2)
    assert wave.get_attribute("role") == "slider"
    assert "of 4:" in wave.get_attribute("aria-valuetext")
    assert int(wave.get_attribute("aria-valuemax")) >= int(duration) - 1


def test_the_waveform_shows_the_sound_and_can_be_pulled_along(editor: Editor) -> None:
    page = editor.page
    drawn = """(selector) => { const canvas = document.querySelector(selector);
      const data = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
      let inked = 0; for (let i = 3; i < data.length; i += 4) if (data[i]) inked += 1;
      return [inked / (data.length / 4), canvas.width, canvas.clientWidth * devicePixelRatio]; }"""
    until(lambda: page.evaluate(drawn, ".wave canvas")[0] > 0.1)
    inked, width, wanted = page.evaluate(drawn, ".wave canvas")
    assert width == round(wanted)
    assert inked < 0.9
    editor.seek(100)
    box = page.locator(".near").bounding_box()
    middle = box["x"] + box["width"] / 2
    page.mouse.move(middle, box["y"] + 20)
    page.mouse.down()
    page.mouse.move(middle - box["width"] / 4, box["y"] + 20, steps=4)
    page.mouse.up()
    until(lambda: abs(editor.now() - 106) < 0.3)
    page.mouse.click(middle - box["width"] / 4, box["y"] + 20)
    until(lambda: abs(editor.now() - 100) < 0.3)


def test_chapters_are_gone_to_and_shown(editor: Editor) -> None:
    chapters = editor.page.locator(".chapter")
    titles = chapters.locator("option").all_inner_texts()
    assert len(titles) > 3
    chapters.select_option(index=2)
    until(lambda: editor.now() > 20)
    start = editor.now()
    editor.seek(start - 1)
    editor.page.locator(".play").focus()
    editor.seek(1)
    until(lambda: chapters.evaluate("(node) => node.selectedIndex") == 0)


def test_following_stops_when_somebody_scrolls_and_comes_back(editor: Editor) -> None:
    page = editor.page
    editor.seek(100)
    editor.press("Alt+k")
    until(editor.is_playing)
    until(lambda: bool(page.evaluate(IN_VIEW)))
    page.mouse.move(300, 700)
    page.mouse.wheel(0, -4000)
    expect(page.locator("#follow")).to_be_visible()
    until(lambda: not page.evaluate(IN_VIEW))
    page.wait_for_timeout(1500)
    assert not page.evaluate(IN_VIEW)
    editor.press("Alt+g")
    until(lambda: bool(page.evaluate(IN_VIEW)))
    expect(page.locator("#follow")).to_be_hidden()


# One column of the table of shortcuts.
TABLE = """import('/static/shortcuts.js')
  .then((m) => m.TABLE.flatMap((group) => group.rows.map((row) => row.{})))"""
IN_VIEW = """() => { const now = document.querySelector(".now"); if (!now) return false;
  const box = now.getBoundingClientRect();
  return box.top > document.querySelector(".tools-of-transcript").getBoundingClientRect().bottom - 1
    && box.bottom < innerHeight; }"""


# --------------------------------------------------------------------------- what is doubtful


def test_the_pass_over_what_is_doubtful_by_keys(editor: Editor) -> None:
    page = editor.page
    total = int(page.locator("#doubts").inner_text().split()[0])
    # Two neighbouring words are one passage; the flagged segment and the checks come on top.
    assert total >= 4
    editor.press("Alt+n")
    editor.says(f"1 of {total}: “")
    expect(page.locator("#doubts")).to_have_text(f"1 of {total} to check")
    assert page.locator(".at-check").count() == 2
    until(editor.is_playing)
    assert editor.now() < float(page.locator(".at-check").first.get_attribute("data-s"))
    expect(editor.segment(2)).to_be_focused()
    editor.press("Alt+n")
    editor.says(f"2 of {total}: “")
    editor.press("Alt+Shift+N")
    editor.says(f"1 of {total}: “")
    editor.press("Alt+a")
    editor.says(f"1 of {total - 1}: “")
    editor.saved()
    words = editor.data()["segments"][2]["words"]
    assert [word[4] & 5 for word in words[5:7]] == [4, 4]
    assert editor.segment(2).locator(".doubt").count() == 0
    for left in range(total - 2, -1, -1):
        editor.press("Alt+a")
        expect(page.locator("#doubts")).to_contain_text(str(left) if left else "Nothing left")
    editor.says("Nothing is left to check")
    editor.saved()
    data = editor.data()
    assert all(check["seen"] for check in data["notes"]["checks"] if check["start"] is not None)
    assert not any(segment["flags"] for segment in data["segments"])
    editor.press("Alt+n")
    editor.says("Nothing is left to check.")


def test_an_edited_word_is_certain(editor: Editor) -> None:
    editor.press("Alt+n", "Enter")
    expect(editor.segment(2)).to_have_class(has("editing"))
    # The doubtful words are selected, to be typed over.
    editor.type("entirely certain")
    editor.press("Escape", "Enter")
    editor.type("entirely certain")
    editor.press("Enter")
    editor.saved()
    words = editor.data()["segments"][2]["words"]
    assert [(word[1], word[4]) for word in words[5:7]] == [("entirely", 2), ("certain", 2)]
    assert editor.segment(2).locator(".doubt").count() == 0
    expect(editor.segment(2).locator(".edited")).to_have_count(2)


def test_it_does_not_play_when_told_not_to(editor: Editor) -> None:
    editor.page.locator(".options summary").click()
    editor.page.get_by_label("Play each passage to check").uncheck()
    editor.press("Escape", "Alt+n")
    until(lambda: editor.now() > 1)
    assert not editor.is_playing()
    start = float(editor.page.locator(".at-check").first.get_attribute("data-s"))
    assert abs(editor.now() - start) < 0.1


# --------------------------------------------------------------------------- editing words


def test_typing_saves_itself_and_leaves_every_other_word_alone(editor: Editor) -> None:
    before = editor.data()["segments"][1]["words"]
    editor.edit(1)
    editor.press("ControlOrMeta+End")
    editor.type(" indeed")
    expect(editor.page.locator("#saving")).to_have_text("Saving…")
    editor.saved()
    after = editor.data()["segments"][1]["words"]
    assert [word[1] for word in after] == [*(word[1] for word in before), "indeed"]
    assert after[: len(before) - 1] == before[:-1]
    assert after[-1][0] == before[-1][0]
    expect(editor.segment(1)).to_have_class(has("editing"))
    # And once more in the same breath, on top of it.
    editor.press("ControlOrMeta+Home")
    editor.type("Well, ")
    editor.saved()
    assert editor.server_text(1).startswith("Well, ")
    assert editor.server_text(1).endswith(" indeed")
    assert editor.data()["segments"][1]["words"][2:-2] == before[1:-1]


def test_enter_goes_on_escape_puts_back(editor: Editor) -> None:
    original = editor.text(2)
    editor.edit(1)
    editor.type("So ")
    editor.press("Enter")
    expect(editor.segment(2)).to_have_class(has("editing"))
    expect(editor.words(2)).to_be_focused()
    editor.type("Never ")
    editor.saved()
    assert editor.server_text(2).startswith("Never ")
    editor.press("Escape")
    expect(editor.segment(2)).to_be_focused()
    editor.saved()
    assert editor.server_text(2) == original
    # What is the machine's own again is no decision of anybody.
    assert not any(word[4] & 2 for word in editor.data()["segments"][2]["words"])
    assert editor.server_text(1).startswith("So ")
    editor.press("F2")
    expect(editor.segment(2)).to_have_class(has("editing"))


def test_a_segment_is_split_and_joined(editor: Editor) -> None:
    before, after = editor.text(3), editor.text(4)
    count = editor.page.locator(".segment").count()
    editor.edit(3)
    for _ in range(len(before.split()[0]) + 1):
        editor.press("ArrowRight")
    editor.type("then ")
    editor.press("Shift+Enter")
    expect(editor.page.locator(".segment")).to_have_count(count + 1)
    first, rest = before.split(" ", 1)
    expect(editor.words(4)).to_be_focused()
    assert (editor.text(3), editor.text(4)) == (f"{first} then", rest)
    editor.press("Backspace")
    expect(editor.page.locator(".segment")).to_have_count(count)
    expect(editor.words(3)).to_be_focused()
    assert editor.text(3) == f"{first} then {rest}"
    # The caret is where the two were joined.
    editor.type("X")
    editor.saved()
    assert editor.server_text(3) == f"{first} then X{rest}"
    editor.press("Backspace", "ControlOrMeta+End", "Delete")
    expect(editor.page.locator(".segment")).to_have_count(count - 1)
    assert editor.text(3) == f"{first} then {rest} {after}"
    editor.saved()
    assert editor.server_text(3) == editor.text(3)
    assert len(editor.data()["segments"]) == count - 1


def test_backspace_and_delete_within_words_are_the_browsers(editor: Editor) -> None:
    before = editor.text(6)
    editor.edit(6)
    editor.press("ArrowRight", "ArrowRight", "Backspace", "Delete")
    editor.saved()
    assert editor.server_text(6) == before[0] + before[3:]


def test_a_whole_segment_is_deleted_and_brought_back(editor: Editor) -> None:
    count, gone = editor.page.locator(".segment").count(), editor.text(7)
    editor.edit(7)
    editor.press("ControlOrMeta+a", "Delete", "Enter")
    expect(editor.page.locator(".segment")).to_have_count(count - 1)
    editor.saved()
    assert editor.text(7) != gone
    editor.press("Escape", "ControlOrMeta+z")
    expect(editor.page.locator(".segment")).to_have_count(count)
    expect(editor.words(7)).to_have_text(gone)


def test_pasted_text_is_one_plain_line(editor: Editor) -> None:
    editor.edit(1)
    editor.page.evaluate(
        """() => { const data = new DataTransfer();
        data.setData("text/plain", "one\\ntwo <b>three</b>\\n");
        data.setData("text/html", "<b>one</b>");
        document.activeElement.dispatchEvent(new InputEvent("beforeinput", {
          inputType: "insertFromPaste", dataTransfer: data, bubbles: true, cancelable: true }));
        }"""
    )
    editor.saved()
    assert editor.server_text(1).startswith("one two <b>three</b> ")
    editor.press("Escape")
    assert editor.page.locator(".words b").count() == 0


def test_undo_and_redo_over_everything(editor: Editor) -> None:
    original = editor.text(1)
    editor.edit(1)
    editor.type("Um ")
    editor.saved()
    editor.press("ControlOrMeta+z")
    until(lambda: editor.text(1) == original)
    editor.saved()
    assert editor.server_text(1) == original
    editor.press("ControlOrMeta+Shift+z")
    until(lambda: editor.text(1) == f"Um {original}")
    # What is not saved yet is the browser's to take back.
    editor.type("x")
    editor.press("ControlOrMeta+z")
    until(lambda: editor.text(1) == f"Um {original}")
    editor.saved()
    expect(editor.words(1)).to_be_focused()
    editor.press("Escape")
    editor.saved()
    editor.choose(4)
    speaker = editor.segment(4).locator(".who").inner_text()
    editor.press("Alt+2" if speaker != editor.data()["speakers"][1]["name"] else "Alt+1")
    editor.saved()
    assert editor.segment(4).locator(".who").inner_text() != speaker
    editor.page.locator("#undo").wait_for()
    editor.press("ControlOrMeta+z")
    editor.says("Undone: ")
    expect(editor.segment(4).locator(".who")).to_have_text(speaker)
    editor.press("ControlOrMeta+Shift+z")
    editor.says("Redone: ")
    expect(editor.segment(4).locator(".who")).not_to_have_text(speaker)
    editor.page.locator("#undo").click()
    expect(editor.segment(4).locator(".who")).to_have_text(speaker)
    editor.page.locator("#redo").click()
    expect(editor.segment(4).locator(".who")).not_to_have_text(speaker)


def test_saved_now_when_asked(editor: Editor) -> None:
    editor.edit(1)
    editor.type("Quick ")
    editor.press("ControlOrMeta+s")
    editor.says("Saved")
    assert editor.server_text(1).startswith("Quick ")


def test_sound_waits_while_somebody_types_if_they_like(editor: Editor) -> None:
    editor.page.locator(".options summary").click()
    editor.page.get_by_label("Pause while I type").check()
    editor.edit(5)
    editor.press("Alt+k")
    until(editor.is_playing)
    editor.type("a")
    assert not editor.is_playing()
    until(editor.is_playing)


def test_the_keyboard_gets_out_of_the_words(editor: Editor) -> None:
    editor.edit(5)
    editor.press("Tab")
    assert editor.page.evaluate("document.activeElement.closest('.words')") is None
    expect(editor.segment(5)).not_to_have_class(has("editing"))
    editor.edit(5)
    editor.press("Shift+Tab")
    assert editor.page.evaluate("document.activeElement.closest('.words')") is None


def test_the_notes_show_a_place_in_the_transcript(editor: Editor) -> None:
    check = next(one for one in editor.data()["notes"]["checks"] if one["start"] is not None)
    editor.page.locator(".check", has_text=check["message"]).get_by_text("Show").click()
    chosen = editor.page.locator(".segment.chosen")
    expect(chosen).to_be_focused()
    expect(chosen).to_be_in_viewport()
    assert abs(float(chosen.get_attribute("data-start")) - check["start"]) < 8


def test_segments_are_walked_by_arrows(editor: Editor) -> None:
    editor.choose(3)
    editor.press("ArrowDown", "ArrowDown")
    expect(editor.segment(5)).to_be_focused()
    editor.press("ArrowUp")
    expect(editor.segment(4)).to_be_focused()
    assert editor.page.locator(".segment[tabindex]").count() == 1


def test_a_double_click_edits(editor: Editor) -> None:
    editor.word(4, 2).dblclick()
    expect(editor.segment(4)).to_have_class(has("editing"))
    editor.type("doubly")
    editor.press("Enter")
    editor.saved()
    assert editor.data()["segments"][4]["words"][2][1] == "doubly"


# What many random edits come to: applied one by one, the runs read as was typed, and nothing that
# was left alone is in any of them.
RANDOM_EDITS = """async () => {
  const { changedRuns, merged } = await import("/static/runs.js");
  let state = 20261130;
  const below = (n) => { state = (state * 48271) % 2147483647; return state % n; };
  const wrong = [];
  for (let round = 0; round < 5000; round += 1) {
    const words = Array.from({ length: 1 + below(9) },
      (_, i) => [i, "abcd"[below(4)] + (below(5) ? "" : " z"), i, i + 1, 0]);
    const typed = Array.from({ length: below(10) }, () => "abcdz"[below(5)]).join(" ");
    const shown = words.map(([id, text]) => [id, text]);
    for (const { first, last, text } of changedRuns(words, typed)) {
      const from = shown.findIndex(([id]) => id === first);
      const to = shown.findIndex(([id]) => id === last);
      shown.splice(from, to - from + 1, ...(text ? [[first, text]] : []));
    }
    const reads = shown.map(([, text]) => text).join(" ");
    if (reads !== typed) wrong.push([words, typed, reads]);
    const old = words.map((word) => word[1]).join(" ");
    if (changedRuns(words, old).length) wrong.push([words, old]);
    if (merged(old, typed, old) !== typed || merged(old, old, typed) !== typed) wrong.push(old);
  }
  const both = [merged("a b c d", "a B c d", "a b c D"), merged("a b c", "a B c", "a X c")];
  return [wrong, both];
}"""


def test_the_smallest_runs_that_differ_are_sent(editor: Editor) -> None:
    assert editor.page.evaluate(RANDOM_EDITS) == [[], ["a B c D", None]]


# --------------------------------------------------------------------------- segments


def test_times_are_set_to_the_playhead(editor: Editor) -> None:
    segment = editor.data()["segments"][5]
    editor.choose(5)
    editor.seek(round(segment["start"] + 0.2, 2))
    editor.press("Alt+[")
    editor.says("begins at")
    editor.saved()
    until(lambda: editor.data()["segments"][5]["start"] == round(segment["start"] + 0.2, 2))
    editor.seek(round(segment["end"] - 0.1, 2))
    editor.press("Alt+]")
    editor.says("ends at")
    editor.saved()
    until(lambda: editor.data()["segments"][5]["end"] == round(segment["end"] - 0.1, 2))
    editor.seek(segment["end"] + 30)
    editor.choose(5)
    editor.press("Alt+[")
    expect(editor.page.locator("#notices")).to_contain_text("must begin before it ends")


def test_a_segment_is_given_to_a_speaker_by_number(editor: Editor) -> None:
    speakers = editor.data()["speakers"]
    editor.choose(3)
    for number, speaker in enumerate(speakers, start=1):
        editor.press(f"Alt+{number}")
        expect(editor.segment(3).locator(".who")).to_have_text(speaker["name"])
        editor.saved()
        assert editor.data()["segments"][3]["speaker"] == speaker["label"]
    editor.press("Alt+9")
    editor.says("There is no speaker 9")


def test_speakers_are_named_added_and_heard(editor: Editor) -> None:
    page, dialog = editor.page, editor.page.locator("#speakers-dialog")
    label = editor.data()["segments"][3]["speaker"]
    editor.choose(3)
    editor.press("Alt+w")
    expect(dialog).to_be_visible()
    expect(dialog.locator("input[type=radio]:checked")).to_have_count(1)
    dialog.locator("button", has_text="Sample").first.click()
    until(editor.is_playing)
    dialog.locator("li", has=page.locator("input:checked")).locator("input[type=text]").fill("Zoë")
    editor.press("Enter")
    expect(dialog).to_be_hidden()
    editor.saved()
    assert (label, "Zoë") in [(s["label"], s["name"]) for s in editor.data()["speakers"]]
    expect(editor.segment(3).locator(".who")).to_have_text("Zoë")
    assert page.locator(".who", has_text="Zoë").count() > 2
    # Somebody whom the machine took for somebody else.
    editor.press("Alt+w")
    dialog.get_by_label("Name of somebody new").fill("A Caller")
    dialog.get_by_role("button", name="Save").click()
    expect(editor.segment(3).locator(".who")).to_have_text("A Caller")
    editor.saved()
    assert editor.data()["segments"][3]["speaker"] == "A Caller"
    editor.segment(5).locator(".who").click()
    expect(dialog).to_be_visible()
    expect(dialog.locator("h2")).to_contain_text("0:2")
    editor.press("Escape")
    expect(dialog).to_be_hidden()


# --------------------------------------------------------------------------- passages and names


def test_a_passage_is_transcribed_again(editor: Editor) -> None:
    page, asked = editor.page, []

    def answer(route: Any) -> None:
        asked.append(json.loads(route.request.post_data))
        route.fulfill(status=202, json={})

    page.route("**/again", answer)
    editor.choose(4)
    editor.press("Alt+x")
    dialog = page.locator("#again-dialog")
    expect(dialog.locator("blockquote")).to_have_text(editor.text(4))
    page.locator("#again-to").fill("nonsense")
    editor.press("Enter")
    expect(page.locator("#again-problem")).to_contain_text("1:02.5")
    page.locator("#again-to").fill("0:25.5")
    page.locator("#again-glossary").fill("Tessaly, Kofi Asante")
    editor.press("Enter")
    expect(dialog).to_be_hidden()
    editor.says("is being transcribed again")
    segment = editor.data()["segments"][4]
    assert asked == [
        {
            "start": pytest.approx(segment["start"], abs=0.1),
            "end": 25.5,
            "model": None,
            "glossary": ["Tessaly", "Kofi Asante"],
        }
    ]


def test_a_name_is_fixed_everywhere(editor: Editor) -> None:
    page = editor.page
    places = sum("Tessaly" in word[1] for s in editor.data()["segments"] for word in s["words"])
    assert places > 2
    page.evaluate(
        """() => { const words = [...document.querySelectorAll(".w")];
        const word = words.find((w) => w.textContent.startsWith("Tessaly"));
        const range = document.createRange(); range.selectNodeContents(word);
        getSelection().removeAllRanges(); getSelection().addRange(range); }"""
    )
    editor.press("Alt+m")
    expect(page.locator("#spelling-from")).to_have_value("Tessaly")
    expect(page.locator("#spelling-count")).to_contain_text(f"{places} places in the transcript")
    page.locator("#spelling-to").fill("Thessaly")
    editor.press("Enter")
    editor.says("“Tessaly” is “Thessaly” everywhere now")
    editor.saved()
    data = editor.data()
    texts = [word[1] for segment in data["segments"] for word in segment["words"]]
    assert sum("Thessaly" in text for text in texts) == places
    assert not any("Tessaly" in text for text in texts)
    assert page.locator(".w", has_text="Tessaly").count() == 0
    glossaries = list(editor.desk.root.glob("shows/*/glossary.toml"))
    assert any("Thessaly" in path.read_text(encoding="utf-8") for path in glossaries)
    editor.press("ControlOrMeta+z")
    until(lambda: page.locator(".w", has_text="Thessaly").count() == 0)


# --------------------------------------------------------------------------- find and replace


def all_text(editor: Editor) -> str:
    return " | ".join(" ".join(w[1] for w in s["words"]) for s in editor.data()["segments"])


def test_find_by_keys(editor: Editor) -> None:
    page = editor.page
    editor.press("ControlOrMeta+f")
    expect(page.locator("#find-text")).to_be_focused()
    editor.type("the river")
    total = all_text(editor).lower().count("the river")
    expect(page.locator("#find-count")).to_have_text(f"{total} found")
    editor.press("Enter")
    expect(page.locator("#find-count")).to_have_text(f"1 of {total}")
    editor.press("Enter")
    expect(page.locator("#find-count")).to_have_text(f"2 of {total}")
    editor.says(f"2 of {total}, ")
    assert page.locator(".found-now").count() == 2
    editor.press("Shift+Enter", "Shift+Enter")
    expect(page.locator("#find-count")).to_have_text(f"{total} of {total}")
    page.locator("#find-case").check()
    cased = all_text(editor).count("the river")
    expect(page.locator("#find-count")).to_contain_text(str(cased))
    page.locator("#find-text").fill("rive")
    page.locator("#find-whole").check()
    expect(page.locator("#find-count")).to_have_text("Not found")
    page.locator("#find-text").focus()
    editor.press("Escape")
    expect(page.locator("#find")).to_be_hidden()
    assert page.locator(".found, .found-now").count() == 0
    expect(page.locator(".segment.chosen")).to_be_focused()


def test_replace_shows_every_place_and_keeps_times(editor: Editor) -> None:
    page = editor.page
    before = editor.data()["segments"]
    editor.press("ControlOrMeta+h")
    expect(page.locator("#replace-from")).to_be_focused()
    page.locator("#replace-from").fill("water")
    page.locator("#replace-to").fill("juice")
    page.locator("#replace-whole").check()
    rows = page.locator("#replace-list li")
    until(lambda: rows.count() > 3)
    total = rows.count()
    expect(rows.first.locator(".was")).to_contain_text("water")
    expect(rows.first.locator(".will")).to_contain_text("juice")
    rows.first.locator("input").uncheck()
    expect(page.locator("#replace-count")).to_have_text(f"{total - 1} of {total} places chosen")
    page.locator("#replace-to").focus()
    editor.press("Enter")
    editor.says(f"Replaced in {total - 1} places")
    editor.saved()
    after = editor.data()["segments"]
    changed = [
        (old, new)
        for one, other in zip(before, after, strict=True)
        for old, new in zip(one["words"], other["words"], strict=True)
        if old[1] != new[1]
    ]
    assert len(changed) == total - 1
    assert all(old[0] == new[0] and old[2:4] == new[2:4] for old, new in changed)
    assert len(editor.labels()) == 1
    editor.press("ControlOrMeta+z")
    until(lambda: editor.data()["segments"] == before)


# --------------------------------------------------------------------------- help


def test_help_lists_every_shortcut_and_nothing_fires_under_a_dialog(editor: Editor) -> None:
    page = editor.page
    editor.choose(2)
    editor.press("?")
    dialog = page.locator("#help-dialog")
    expect(dialog).to_be_visible()
    rows = page.evaluate(TABLE.format("says"))
    for says in rows:
        expect(dialog.get_by_role("cell", name=says, exact=True)).to_be_visible()
    before = page.locator("#says").inner_text()
    editor.press("Alt+n", "Alt+k", "Space")
    assert page.locator("#says").inner_text() == before
    assert not editor.is_playing()


def test_plain_keys_are_text_in_text(editor: Editor) -> None:
    field = editor.page.locator("#notes textarea").first
    field.focus()
    editor.press("End", "Space", "?")
    assert field.input_value().endswith(" ?")
    expect(editor.page.locator("#help-dialog")).to_be_hidden()
    assert not editor.is_playing()
    editor.press("Alt+k")
    until(editor.is_playing)
    editor.press("Alt+k")
    # And can be switched off altogether.
    editor.choose(1)
    editor.press("?")
    editor.page.get_by_label("Keys without Alt or Ctrl").uncheck()
    editor.press("Escape", "Space", "?")
    expect(editor.page.locator("#help-dialog")).to_be_hidden()
    assert not editor.is_playing()


# What each shortcut does, and the test that presses it.
PRESSED = {
    "toggle": ("Alt+k", "test_the_player_by_keys"),
    "back": ("Alt+j", "test_the_player_by_keys"),
    "forward": ("Alt+l", "test_the_player_by_keys"),
    "slower": ("Alt+-", "test_the_player_by_keys"),
    "faster": ("Alt+=", "test_the_player_by_keys"),
    "replay": ("Alt+r", "test_a_segment_is_played_again_and_stops_at_its_end"),
    "follow": ("Alt+g", "test_following_stops_when_somebody_scrolls_and_comes_back"),
    "nextDoubt": ("Alt+n", "test_the_pass_over_what_is_doubtful_by_keys"),
    "previousDoubt": ("Alt+Shift+N", "test_the_pass_over_what_is_doubtful_by_keys"),
    "accept": ("Alt+a", "test_the_pass_over_what_is_doubtful_by_keys"),
    "nextSegment": ("ArrowDown", "test_segments_are_walked_by_arrows"),
    "previousSegment": ("ArrowUp", "test_segments_are_walked_by_arrows"),
    "edit": ("F2", "test_enter_goes_on_escape_puts_back"),
    "startHere": ("Alt+[", "test_times_are_set_to_the_playhead"),
    "endHere": ("Alt+]", "test_times_are_set_to_the_playhead"),
    "speakerByNumber": ("Alt+{number}", "test_a_segment_is_given_to_a_speaker_by_number"),
    "speakers": ("Alt+w", "test_speakers_are_named_added_and_heard"),
    "again": ("Alt+x", "test_a_passage_is_transcribed_again"),
    "spelling": ("Alt+m", "test_a_name_is_fixed_everywhere"),
    "editNext": ("Enter", "test_enter_goes_on_escape_puts_back"),
    "split": ("Shift+Enter", "test_a_segment_is_split_and_joined"),
    "joinPrevious": ("Backspace", "test_a_segment_is_split_and_joined"),
    "joinNext": ("Delete", "test_a_segment_is_split_and_joined"),
    "cancelEdit": ("Escape", "test_enter_goes_on_escape_puts_back"),
    "save": ("ControlOrMeta+s", "test_saved_now_when_asked"),
    "undo": ("ControlOrMeta+z", "test_undo_and_redo_over_everything"),
    "redo": ("ControlOrMeta+Shift+z", "test_undo_and_redo_over_everything"),
    "find": ("ControlOrMeta+f", "test_find_by_keys"),
    "findNext": ("Enter", "test_find_by_keys"),
    "findPrevious": ("Shift+Enter", "test_find_by_keys"),
    "closeFind": ("Escape", "test_find_by_keys"),
    "replace": ("ControlOrMeta+h", "test_replace_shows_every_place_and_keeps_times"),
    "refusals": ("Alt+o", "test_two_editors_of_the_same_word_are_shown_both"),
    "help": ("?", "test_help_lists_every_shortcut_and_nothing_fires_under_a_dialog"),
}


def test_every_documented_shortcut_is_pressed_by_a_test(editor: Editor) -> None:
    table = editor.page.evaluate(TABLE.format("does"))
    assert set(table) == set(PRESSED)
    for keys, test in PRESSED.values():
        assert f'"{keys}"' in inspect.getsource(globals()[test])


# --------------------------------------------------------------------------- two at once


def test_what_another_does_appears_and_different_words_go_together(
    editor: Editor, sit_down: Callable[..., Editor]
) -> None:
    other = sit_down(name="Ben Other")
    editor.edit(1)
    editor.press("ControlOrMeta+End")
    editor.type(" indeed")
    other.edit(1)
    other.type("Well ")
    other.saved()
    editor.saved()
    until(lambda: editor.text(1).startswith("Well ") and editor.text(1).endswith(" indeed"))
    until(lambda: other.text(1) == editor.text(1))
    assert editor.server_text(1) == editor.text(1)
    expect(editor.segment(1)).to_have_class(has("editing"))
    assert other.errors == []


def deaf(editor: Editor) -> None:
    """The page does not hear of others by itself: nobody types faster than it asks."""
    editor.page.route("**/since/**", lambda route: route.abort())


def test_two_editors_of_the_same_word_are_shown_both(
    editor: Editor, sit_down: Callable[..., Editor]
) -> None:
    other = sit_down(name="Ben Other")
    deaf(editor)
    rest = editor.text(2).split(" ", 1)[1]
    for one in (editor, other):
        one.edit(2)
        one.press("ControlOrMeta+Shift+ArrowRight")
    other.type("Theirs ")
    other.saved()
    editor.type("Mine ")
    refused = editor.page.locator("#refused")
    expect(refused).to_be_visible()
    expect(refused).to_contain_text("Ben Other")
    expect(refused.locator("dd").first).to_contain_text("Mine")
    expect(refused.locator("dd").last).to_contain_text("Theirs")
    expect(editor.page.locator("#saving")).to_have_text("Not all saved")
    editor.says("Ben Other has changed the same")
    # Nothing that is typed in the meantime is lost either.
    editor.type("own ")
    editor.press("Alt+o")
    expect(refused.get_by_role("button").first).to_be_focused()
    expect(refused.locator("dd").first).to_contain_text("Mine own")
    assert editor.server_text(2) == f"Theirs {rest}"
    editor.press("Enter")
    editor.saved()
    expect(refused).to_be_hidden()
    assert editor.server_text(2) == f"Mine own {rest}"
    until(lambda: other.text(2) == f"Mine own {rest}")


def test_theirs_can_be_taken(editor: Editor, sit_down: Callable[..., Editor]) -> None:
    second = sit_down(beside=editor)
    deaf(editor)
    rest = editor.text(4).split(" ", 1)[1]
    for one in (editor, second):
        one.edit(4)
        one.press("ControlOrMeta+Shift+ArrowRight")
    second.type("Second ")
    second.saved()
    editor.page.bring_to_front()
    editor.type("First ")
    # The same person in another tab is told, too.
    expect(editor.page.locator("#refused")).to_contain_text("Ada Editor")
    editor.press("Alt+o", "Tab", "Enter")
    expect(editor.page.locator("#refused")).to_be_hidden()
    editor.saved()
    assert editor.text(4) == editor.server_text(4) == f"Second {rest}"


# --------------------------------------------------------------------------- nothing is lost


def test_the_server_dies_in_mid_edit_and_comes_back(editor: Editor) -> None:
    saving = editor.page.locator("#saving")
    editor.edit(1)
    editor.type("Before ")
    editor.saved()
    editor.desk.kill()
    editor.type("during ")
    expect(saving).to_have_text("Not saved, trying again", timeout=PATIENCE_S * 1000)
    editor.press("Enter")
    editor.type("More ")
    editor.press("Enter")
    expect(editor.segment(3)).to_have_class(has("editing"))
    editor.desk.start()
    editor.saved()
    assert editor.server_text(1).startswith("Before during ")
    assert editor.server_text(2).startswith("More ")
    assert editor.server_text(2).count("More") == 1
    assert editor.text(1) == editor.server_text(1)


def test_a_killed_tab_loses_nothing(editor: Editor, sit_down: Callable[..., Editor]) -> None:
    keeper = editor.page.context.new_page()
    editor.edit(1)
    editor.type("Kept ")
    editor.saved()
    editor.desk.kill()
    editor.type("queued ")
    expect(editor.page.locator("#saving")).to_have_text(
        "Not saved, trying again", timeout=PATIENCE_S * 1000
    )
    editor.type("typed ")
    crash(editor.page)
    keeper.close()
    editor.desk.start()
    again = sit_down(beside=editor)
    expect(again.page.locator("#notices")).to_contain_text("from a tab that was closed")
    again.saved()
    assert again.server_text(1).startswith("Kept queued typed ")
    until(lambda: again.text(1) == again.server_text(1))
    third = sit_down(beside=editor)
    expect(third.page.locator("#notices")).to_have_text("")


LEFT_BEHIND = """([id, words, seen, ago]) => {
  const text = "Kept " + words.map((word) => word[1]).join(" ");
  const left = { at: Date.now() - ago, waiting: [], draft: { words, text, seen }, refused: [] };
  localStorage.setItem(`shownotes.unsent.${id}.another-tab`, JSON.stringify(left));
}"""


def test_what_a_live_tab_types_is_left_to_it_even_without_locks(editor: Editor) -> None:
    page, words = editor.page, editor.data()["segments"][1]["words"]
    # As on a page that does not count as secure: the desk of another machine, by plain http.
    page.add_init_script("Object.defineProperty(navigator, 'locks', { value: undefined });")
    page.evaluate(LEFT_BEHIND, [editor.episode_id, words, editor.data()["seq"], 1_000])
    page.reload()
    page.locator("html[data-desk=ready]").wait_for()
    expect(page.locator("#notices")).to_have_text("")
    page.evaluate(LEFT_BEHIND, [editor.episode_id, words, editor.data()["seq"], 60_000])
    page.reload()
    page.locator("html[data-desk=ready]").wait_for()
    expect(page.locator("#notices")).to_contain_text("1 change from a tab that was closed")
    editor.saved()
    assert editor.server_text(1).startswith("Kept ")


def test_leaving_with_something_unsaved_is_warned_of(editor: Editor) -> None:
    editor.edit(1)
    editor.desk.kill()
    editor.type("Unsaved ")
    with editor.page.expect_event("dialog") as asked:
        editor.page.close(run_before_unload=True)
    assert asked.value.type == "beforeunload"
    asked.value.dismiss()
    editor.desk.start()
    editor.saved()
    assert editor.server_text(1).startswith("Unsaved ")


# --------------------------------------------------------------------------- long ones


def test_three_hours_and_no_audio(chromium: Any, tmp_path: Path) -> None:
    walk = lay_out_long(tmp_path, LONG_WORDS)
    long = desk_of(tmp_path, walk)
    long.start()
    context = chromium.new_context(viewport=DESKTOP)
    long.sign_in(context)
    editor = Editor(context.new_page(), long, long.episode_id)
    page = editor.page
    page.on("pageerror", lambda error: editor.errors.append(str(error)))
    page.goto(long.desk_url)
    page.locator("html[data-desk=ready]").wait_for()
    expect(page.locator(".no-audio")).to_be_visible()
    assert page.locator(".w").count() >= LONG_WORDS - 10
    last = page.locator(".segment").count() - 1
    editor.edit(last)
    editor.type("Finally, ")
    editor.saved()
    assert editor.server_text(last).startswith("Finally, ")
    editor.press("ControlOrMeta+f")
    editor.type("Finally")
    editor.press("Enter")
    expect(page.locator(".found-now")).to_be_in_viewport()
    assert editor.errors == []
    editor.close()
    context.close()
    long.stop()


# --------------------------------------------------------------------------- for everybody


def test_it_can_be_read_without_scripts(chromium: Any, desk: DeskServer) -> None:
    context = chromium.new_context(java_script_enabled=False)
    desk.sign_in(context)
    page = context.new_page()
    page.goto(desk.desk_url)
    text = page.locator("#transcript").inner_text()
    assert "Can you spend a river twice?" in text
    assert "AMARA" in text
    assert page.locator("audio[controls]").count() == 1
    assert "Next" not in text
    context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("viewport", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_axe_finds_nothing(
    sit_down: Callable[..., Editor], scheme: str, viewport: dict[str, int]
) -> None:
    editor = sit_down(viewport=viewport, color_scheme=scheme)
    page = editor.page
    found = {}

    def look(where: str) -> None:
        results = Axe().run(page, context={"exclude": [["#notes"], [".bar"], [".panes"]]})
        found[where] = [
            (one["id"], [node["html"][:120] for node in one["nodes"]])
            for one in results.response["violations"]
        ]

    look("reading")
    editor.press("Alt+n")
    look("a doubtful passage")
    editor.press("Enter")
    look("editing")
    editor.press("Escape", "ControlOrMeta+f")
    editor.type("water")
    expect(page.locator("#find-count")).to_contain_text("found")
    look("finding")
    page.locator("#find-text").focus()
    editor.press("Escape")
    for keys, dialog in (
        ("Alt+w", "speakers"),
        ("Alt+x", "again"),
        ("Alt+m", "spelling"),
        ("ControlOrMeta+h", "replace"),
        ("?", "help"),
    ):
        editor.press(keys)
        expect(page.locator(f"#{dialog}-dialog")).to_be_visible()
        look(dialog)
        editor.press("Escape")
        expect(page.locator(f"#{dialog}-dialog")).to_be_hidden()
    assert found == {where: [] for where in found}


def test_a_phone_scrolls_one_way_only(sit_down: Callable[..., Editor]) -> None:
    editor = sit_down(viewport=PHONE, has_touch=True, is_mobile=True)
    page = editor.page
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    editor.word(1, 1).tap()
    until(editor.is_playing)
    small = page.evaluate(
        """() => [...document.querySelectorAll(".controls button, .controls select")]
        .filter((n) => n.checkVisibility() && n.getBoundingClientRect().height < 36).length"""
    )
    assert small == 0
