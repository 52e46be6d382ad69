"""Decisions over a demo episode, on disk: what holds, what survives, what conflicts."""

import json
import os
import random
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from shownotes.adapters.glossaries import add_term, read_terms, settle_terms
from shownotes.adapters.review_log import ReviewLog
from shownotes.errors import FormatError, OutdatedChangeError, ReviewError, SettingsError
from shownotes.model import Check, Names, Segment, ShowNotes, State, Transcript, Word
from shownotes.steps import render
from shownotes.steps.deciding import decide
from shownotes.steps.reviewing import approve, open_review, reviewed
from shownotes.steps.reviews import current_version, read_approval, read_review, review_state
from shownotes.steps.step import Walk
from tests.reviews import again, do, put, with_words, word


def test_without_decisions_the_notes_are_the_machines_own(walk: Walk) -> None:
    reviewing = open_review(walk)
    assert reviewing.notes() == walk.folder.read("draft.json", ShowNotes)
    assert reviewed(walk) is None
    assert reviewing.state is State.DRAFT
    assert [p.name for p in walk.folder.path.iterdir() if p.name.startswith("review.")] == []


def test_decisions_are_on_the_disk_and_read_back(walk: Walk) -> None:
    reviewing = open_review(walk)
    do(reviewing, put("title", "A river, twice"), put("hook", "Twice?"))
    do(reviewing, {"op": "text", "first": 0, "last": 0, "text": "Could"})
    other = open_review(walk)
    assert other.notes().title == "A river, twice"
    assert other.segments[0].text.startswith("Could you")
    assert (other.notes(), other.transcript()) == (reviewing.notes(), reviewing.transcript())
    assert review_state(walk.folder) is State.IN_REVIEW
    box = json.loads((walk.folder.path / "review.json").read_text())
    assert box["seq"] == 2
    assert {d["key"] for d in box["decisions"]} == {"title", "hook", "word/0"}


def test_every_page_and_caption_has_what_was_decided(walk: Walk) -> None:
    reviewing = open_review(walk)
    do(
        reviewing,
        {"op": "spelling", "from": "Kofi Asante", "to": "Kofi Asanté"},
        put("person/Mei Tanaka/title", "co-founder"),
        put("chapter/0/title", "Twice spent"),
    )
    render.STEP.run(walk)
    folder = walk.folder.path
    for file in ("notes.md", "notes.html", "transcript.vtt", "newsletter.html", "app.html"):
        text = (folder / file).read_text(encoding="utf-8")
        assert "Kofi Asanté" in text, file
        assert "Kofi Asante<" not in text
    assert "co-founder" in (folder / "notes.md").read_text(encoding="utf-8")
    chapters = json.loads((folder / "chapters.podcast.json").read_text(encoding="utf-8"))
    assert chapters["chapters"][0]["title"] == "Twice spent"


def test_a_fact_that_an_editor_wrote_claims_no_sentence(walk: Walk) -> None:
    reviewing = open_review(walk)
    do(reviewing, put("person/Mei Tanaka/title", "co-founder"))
    mei = next(p for p in reviewing.notes().guests if p.name == "Mei Tanaka")
    assert mei.title is not None
    assert mei.title.evidence is None
    assert mei.organization is not None
    assert mei.organization.evidence is not None


def test_dropping_adding_and_moving(walk: Walk) -> None:
    reviewing = open_review(walk)
    notes = reviewing.notes()
    chapter = reviewing.view().chapters[1]
    do(
        reviewing,
        put("person/Kofi Asante/role", "mentioned"),
        put("person/+a1b2c3/name", "Ola Berg"),
        put("person/+a1b2c3/role", "guest"),
        put(f"{chapter.key}/keep", False),
        put("chapter/+60/title", "Upstream"),
        put(f"{reviewing.view().quotes[0].key}/keep", False),
        put("quote/0-5/keep", True),
        put("link/+ffffff/text", "A paper"),
        put("link/+ffffff/url", "https://example.org/paper"),
        put("summary", [{"text": "Mine alone.", "start": None}, {"text": "Said.", "start": 10.0}]),
    )
    now = reviewing.notes()
    assert [p.name for p in now.guests] == ["Mei Tanaka", "Ola Berg"]
    assert "Kofi Asante" in [p.name for p in now.mentioned]
    assert "Upstream" in [c.title for c in now.chapters]
    assert chapter.values["title"] not in [c.title for c in now.chapters]
    assert now.chapters[0].start == 0.0
    assert all(a.end == b.start for a, b in zip(now.chapters, now.chapters[1:], strict=False))
    assert now.quotes[0].text == "Can you spend a river twice?"
    assert notes.quotes[0] not in now.quotes
    assert ("A paper", "https://example.org/paper") in [(k.text, k.url) for k in now.links]
    assert [(f.value, f.evidence is None) for f in now.summary] == [
        ("Mine alone.", True),
        ("Said.", False),
    ]


def test_a_corrected_word_is_corrected_where_the_notes_say_it(walk: Walk) -> None:
    reviewing = open_review(walk)
    quote = reviewing.notes().quotes[0]
    spoken = [w for s in reviewing.segments for w in s.words if quote.start <= w.start < quote.end]
    target = next(w for w in spoken if len(w.text) > 4 and w.text.isalpha())
    do(reviewing, {"op": "text", "first": target.id, "last": target.id, "text": "Zebra"})
    assert "zebra" in reviewing.notes().quotes[0].text.lower()
    assert target.text not in reviewing.notes().quotes[0].text.split()


def test_a_better_transcript_keeps_edits_and_shows_what_no_longer_fits(walk: Walk) -> None:
    reviewing = open_review(walk)
    kept, lost = word(reviewing, "August"), word(reviewing, "Ellery")
    do(reviewing, {"op": "text", "first": kept, "last": kept, "text": "September,"})
    do(reviewing, {"op": "text", "first": lost, "last": lost, "text": "Elleray,"})
    do(reviewing, put("title", "Mine"))

    def hear(spoken: Word) -> list[Word]:
        text = {"Ellery,": "Hillary,"}.get(spoken.text, spoken.text)
        return [replace(spoken, text=text, start=spoken.start + 0.02, end=spoken.end + 0.02)]

    again(walk, lambda t: with_words(t, hear))
    after = open_review(walk)
    assert "September," in [w.text for s in after.segments for w in s.words]
    assert "Hillary," in [w.text for s in after.segments for w in s.words]
    assert [(c.mine, c.then, c.now) for c in after.conflicts()] == [
        ("Elleray,", "Ellery,", "Hillary,")
    ]
    assert after.notes().title == "Mine"
    with pytest.raises(ReviewError, match="1 decisions no longer fit"):
        after.approve(by="Ada")
    key = after.conflicts()[0].key
    do(after, {"op": "resolve", "key": key, "take": "mine"})
    assert after.conflicts() == []
    assert "Elleray," in [w.text for s in after.segments for w in s.words]
    after.take_back(by="Ada", is_redo=False)
    do(after, {"op": "resolve", "key": key, "take": "machine"})
    assert after.conflicts() == []
    assert "Hillary," in [w.text for s in after.segments for w in s.words]
    after.approve(by="Ada")


def test_a_new_export_moves_edits_chapters_and_quotes(walk: Walk) -> None:
    reviewing = open_review(walk)
    chapters = [(i.key, i.values["seconds"]) for i in reviewing.view().chapters]
    do(reviewing, put(f"{chapters[-1][0]}/title", "The end of it"))
    moved = word(reviewing, "hydrologist")
    do(reviewing, {"op": "text", "first": moved, "last": moved, "text": "engineer"})
    before = next(w for s in reviewing.segments for w in s.words if w.text == "engineer")
    intro = Segment(
        start=0.0,
        end=20.0,
        text="This week we have news",
        words=tuple(
            Word(text=t, start=4.0 * i, end=4.0 * i + 3, probability=0.9)
            for i, t in enumerate(["This", "week", "we", "have", "news"])
        ),
        speaker="AMARA",
    )

    def export(transcript: Transcript) -> Transcript:
        later = with_words(
            transcript,
            lambda w: [replace(w, start=round(w.start + 20, 3), end=round(w.end + 20, 3))],
        )
        return replace(later, segments=(intro, *later.segments))

    again(walk, export)
    after = open_review(walk)
    now = next(w for s in after.segments for w in s.words if w.text == "engineer")
    assert now.start == pytest.approx(before.start + 20, abs=0.001)
    assert now.id == before.id
    last = after.view().chapters[-1]
    if last.key == chapters[-1][0]:
        assert last.values["title"] == "The end of it"
        assert last.values["seconds"] == pytest.approx(chapters[-1][1] + 20, abs=0.01)
    else:
        assert any(c.mine == "The end of it" for c in after.conflicts())


def test_words_are_known_again_before_anything_was_decided(walk: Walk) -> None:
    reviewing = open_review(walk)
    reviewing.keep_ids()
    seen = word(reviewing, "hydrologist")

    def longer(spoken: Word) -> list[Word]:
        return [spoken, replace(spoken, text="um")] if spoken.text == "Can" else [spoken]

    again(walk, lambda t: with_words(t, longer))
    assert reviewing.refresh()
    assert word(reviewing, "hydrologist") == seen


def test_two_editors_cannot_overwrite_each_other(walk: Walk) -> None:
    first, second = open_review(walk), open_review(walk)
    do(first, put("title", "Ada's"), seen=0)
    with pytest.raises(OutdatedChangeError, match="Ada changed this meanwhile"):
        do(second, put("title", "Bo's"), by="Bo", seen=0)
    do(second, put("hook", "Bo's?"), by="Bo", seen=0)
    first.refresh()
    notes = first.notes()
    assert notes.hook is not None
    assert (notes.title, notes.hook.value) == ("Ada's", "Bo's?")


def test_the_same_change_sent_again_is_done_once(walk: Walk) -> None:
    reviewing = open_review(walk)
    for _ in range(2):
        reviewing.change(decide([put("title", "X")]), by="Ada", label="x", change_id="same-name")
    assert len(read_review(walk.folder).changes) == 1


def test_an_approval_is_of_a_version(walk: Walk) -> None:
    approval = approve(walk, by="Ada")
    assert approval.version == current_version(walk)
    assert review_state(walk.folder) is State.APPROVED
    reviewing = open_review(walk)
    do(reviewing, put("title", "Other"))
    assert review_state(walk.folder) is State.CHANGED_SINCE_APPROVAL
    assert current_version(walk) == reviewing.version() != approval.version
    reviewing.take_back(by="Ada", is_redo=False)
    assert review_state(walk.folder) is State.APPROVED
    with pytest.raises(ReviewError, match="was changed since you looked"):
        reviewing.approve(by="Ada", seen=1)
    reviewing.withdraw(by="Ada")
    assert read_approval(walk.folder) is None


def test_a_torn_last_line_was_never_acknowledged(walk: Walk) -> None:
    reviewing = open_review(walk)
    do(reviewing, put("title", "Whole"))
    log = walk.folder.path / "review.log.jsonl"
    with log.open("ab") as file:
        file.write(b'{"seq":2,"id":"torn","at":"')
    after = open_review(walk)
    assert after.review.seq == 1
    do(after, put("hook", "Next"))
    assert [c.seq for c in ReviewLog(walk.folder.path).read()[0]] == [1, 2]
    log.write_bytes(b"nonsense\n" + log.read_bytes())
    with pytest.raises(FormatError, match=r"line 1 .* is not a change of ours"):
        open_review(walk)


def test_the_log_wins_over_its_fold(walk: Walk) -> None:
    do(open_review(walk), put("title", "Mine"))
    box = walk.folder.path / "review.json"
    box.unlink()
    assert open_review(walk).notes().title == "Mine"
    assert json.loads(box.read_text())["seq"] == 1


def test_the_same_check_of_two_places_is_two_checks(walk: Walk) -> None:
    notes = walk.folder.read("draft.json", ShowNotes)
    same = [
        Check(code="low_confidence", message="Heard badly: “.”", start=at, end=at + 0.3)
        for at in (0.5, 20.0)
    ]
    walk.folder.write("draft.json", replace(notes, checks=tuple(same)))
    reviewing = open_review(walk)
    (first, *_), (second, *_) = reviewing.view().checks
    do(reviewing, {"op": "seen", "check": first})
    assert first != second
    assert [is_seen for _, _, is_seen in reviewing.view().checks] == [True, False]


def test_a_quote_all_of_whose_words_were_deleted_is_not_printed(walk: Walk) -> None:
    reviewing = open_review(walk)
    first, last = (int(n) for n in reviewing.view().quotes[0].key[6:].split("-"))
    count = len(reviewing.notes().quotes)
    do(reviewing, {"op": "text", "first": first, "last": last, "text": ""})
    assert len(reviewing.notes().quotes) == count - 1


def test_a_draft_of_another_transcript_is_not_approved(walk: Walk) -> None:
    reviewing = open_review(walk)
    transcript = walk.folder.read("transcript.json", Transcript)
    walk.folder.write("transcript.json", replace(transcript, duration=999.0), made_from={})
    with pytest.raises(ReviewError, match="the draft was made before"):
        reviewing.approve(by="Ada")
    assert read_approval(walk.folder) is None


def test_words_are_not_put_back_over_other_words(walk: Walk) -> None:
    ada = open_review(walk)
    do(ada, {"op": "text", "first": 4, "last": 5, "text": "lake"})
    ada.take_back(by="Ada", is_redo=False)
    do(ada, {"op": "text", "first": 5, "last": 5, "text": "thrice?"}, by="Bo")
    with pytest.raises(OutdatedChangeError, match="Bo has put other words there"):
        ada.take_back(by="Ada", is_redo=True)
    assert ada.segments[0].text == "Can you spend a river thrice?"


def test_looking_at_a_check_guards_nothing_else(walk: Walk) -> None:
    reviewing = open_review(walk)
    do(reviewing, put("title", "Ada's"), seen=0)
    check = reviewing.view().checks[0][0]
    with pytest.raises(OutdatedChangeError):
        do(
            reviewing,
            put("title", "Bo's"),
            {"op": "seen", "check": check},
            by="Bo",
            seen=0,
        )


def test_a_name_stays_with_its_voice_when_labels_change_places(walk: Walk) -> None:
    reviewing = open_review(walk)
    do(reviewing, {"op": "speaker", "label": "AMARA", "name": "Amara Lindqvist"})
    other = {"AMARA": "KOFI", "KOFI": "AMARA"}

    def swapped(transcript: Transcript) -> Transcript:
        segments = [replace(s, speaker=other.get(s.speaker or "", s.speaker)) for s in
                    transcript.segments]  # fmt: skip
        return replace(transcript, segments=tuple(segments))

    again(walk, swapped)
    after = open_review(walk)
    assert "Amara Lindqvist" not in after.speakers.values()
    assert [c.label for c in after.conflicts()] == ["Who AMARA is"]


def test_a_voice_given_to_words_stays_with_these_words(walk: Walk) -> None:
    reviewing = open_review(walk)
    do(reviewing, {"op": "voice", "at": 0, "label": "OLA"})
    count = len(reviewing.segments[0].words)

    def joined(transcript: Transcript) -> Transcript:
        first, second, *rest = transcript.segments
        both = replace(first, words=(*first.words, *second.words), end=second.end)
        return replace(transcript, segments=(both, *rest))

    again(walk, joined)
    after = open_review(walk)
    marks = after.marks.voices
    assert [marks.get(i) for i in range(count + 1)] == ["OLA"] * count + [None]


def test_a_key_that_would_break_the_notes_is_refused(walk: Walk) -> None:
    reviewing = open_review(walk)
    for key in ("quote/-1-5/keep", "quote/1-5-9/keep", "chapter/+x/title", "person/+1 Plus/"):
        with pytest.raises(ReviewError, match="no such field"):
            do(reviewing, put(key, True))
    assert read_review(walk.folder).seq == 0
    assert open_review(walk).notes().title


def test_two_of_one_name_are_decided_apart(walk: Walk) -> None:
    notes = walk.folder.read("draft.json", ShowNotes)
    twice = replace(notes, mentioned=(*notes.mentioned, replace(notes.guests[0])))
    walk.folder.write("draft.json", twice)
    reviewing = open_review(walk)
    name = notes.guests[0].name
    keys = [i.key for i in reviewing.view().people if i.values["name"] == name]
    assert keys == [f"person/{name}", f"person/{name}#2"]
    do(reviewing, put(f"{keys[1]}/keep", False))
    assert [i.is_kept for i in reviewing.view().people if i.key in keys] == [True, False]
    assert reviewing.conflicts() == []


def test_ids_that_are_gone_are_told(walk: Walk) -> None:
    do(open_review(walk), put("title", "Mine"))
    (walk.folder.path / "review.base.json").unlink()
    with pytest.raises(FormatError, match=r"review\.base\.json is gone"):
        open_review(walk)


def test_undo_and_redo_reach_across_a_new_draft(walk: Walk) -> None:
    reviewing = open_review(walk)
    kept = word(reviewing, "August")
    do(reviewing, {"op": "text", "first": kept, "last": kept, "text": "May,"})
    again(walk, lambda t: with_words(t, lambda w: [replace(w, start=w.start + 1, end=w.end + 1)]))
    after = open_review(walk)
    after.take_back(by="Ada", is_redo=False)
    assert "August," in [w.text for s in after.segments for w in s.words]
    after.take_back(by="Ada", is_redo=True)
    assert "May," in [w.text for s in after.segments for w in s.words]


@pytest.mark.parametrize(
    ("op", "message"),
    [
        ({"op": "nothing"}, "no operation"),
        ({"op": "text", "first": 99999, "last": 99999, "text": "x"}, "not in the transcript"),
        ({"op": "text", "first": 3, "last": 1, "text": "x"}, "ends before it begins"),
        ({"op": "text", "first": 0, "last": 0, "text": 5}, "a text of one line"),
        ({"op": "split", "at": 0}, "Before the first word"),
        ({"op": "set", "key": "../../etc", "value": "x"}, "no such field"),
        ({"op": "set", "key": "date", "value": "soon"}, "2026-09-30"),
        ({"op": "set", "key": "person/Kofi Asante/role", "value": "king"}, "not a role"),
        ({"op": "set", "key": "person/Kofi Asante/link", "value": "javascript:1"}, "address"),
        ({"op": "set", "key": "person/Kofi Asante/keep", "value": "yes"}, "yes or no"),
        ({"op": "set", "key": "summary", "value": "text"}, "a list"),
        ({"op": "set", "key": "chapter/0/start", "value": 123456}, "not in the transcript"),
        ({"op": "seen", "check": "<script>"}, "no such check"),
        ({"op": "voice", "at": 0, "label": " "}, "Name the speaker"),
        ({"op": "speaker", "label": "AMARA", "name": ""}, "1 to 128"),
        ({"op": "spelling", "from": "", "to": "x"}, "Which name"),
        ({"op": "resolve", "key": "title", "take": "mine"}, "settled meanwhile"),
    ],
)
def test_what_is_no_change_is_refused_and_changes_nothing(
    walk: Walk, op: dict[str, Any], message: str
) -> None:
    reviewing = open_review(walk)
    with pytest.raises(ReviewError, match=message):
        do(reviewing, put("title", "X"), op)
    assert read_review(walk.folder).seq == 0


def test_a_fixed_name_is_in_the_glossary_of_the_show(tmp_path: Path) -> None:
    assert read_terms(tmp_path, "The Warmer Ledger") == ()
    add_term(tmp_path, "The Warmer Ledger", 'Kofi "K" Asanté')
    add_term(tmp_path, "The Warmer Ledger", "Port Ellery")
    add_term(tmp_path, "The Warmer Ledger", "Port Elleray", instead_of="Port Ellery")
    assert read_terms(tmp_path, "The Warmer Ledger") == ('Kofi "K" Asanté', "Port Elleray")
    assert read_terms(tmp_path, None) == ()
    file = tmp_path / "shows" / "the-warmer-ledger" / "glossary.toml"
    file.write_text("terms = 5", encoding="utf-8")
    with pytest.raises(SettingsError, match="write terms ="):
        read_terms(tmp_path, "The Warmer Ledger")


def test_what_an_episode_put_into_the_glossary_is_written_and_read(tmp_path: Path) -> None:
    add_term(tmp_path, None, "Port Ellery")
    settle_terms(
        tmp_path, None, "one", {'Kofi "K" Asanti': "Kofi\\Asante", "Port Ellery": "Elleray"}
    )
    settle_terms(tmp_path, None, "two", {"Bord": "Board"})
    assert read_terms(tmp_path, None) == ("Kofi\\Asante", "Elleray", "Board")
    # Somebody takes one out by hand, and writes another.
    file = tmp_path / "shows" / "glossary.toml"
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace('"Board",', '"Ann Lee",', 1), encoding="utf-8")
    settle_terms(tmp_path, None, "two", {"Bord": "Board", "Mei": "Mai"})
    assert read_terms(tmp_path, None) == ("Kofi\\Asante", "Elleray", "Ann Lee", "Mai")
    settle_terms(tmp_path, None, "one", {})
    settle_terms(tmp_path, None, "two", {})
    assert read_terms(tmp_path, None) == ("Ann Lee", "Port Ellery")
    file.write_text('terms = []\n[[put]]\nepisode = "one"\n', encoding="utf-8")
    with pytest.raises(SettingsError, match="as the desk wrote it"):
        read_terms(tmp_path, None)


KILLED = """
import sys
from pathlib import Path
from shownotes.adapters.store import EpisodeFolder
from shownotes.settings import Settings
from shownotes.steps.deciding import decide
from shownotes.steps.reviewing import open_review
from shownotes.steps.step import Walk
root, folder = Path(sys.argv[1]), Path(sys.argv[2])
reviewing = open_review(Walk(folder=EpisodeFolder(folder), settings=Settings(root=root)))
for number in range(10_000):
    value = f"Title {reviewing.review.seq}"
    change = reviewing.change(
        decide([{"op": "set", "key": "title", "value": value}]), by="Ada", label="t"
    )
    print(change.seq, value, flush=True)
"""


def test_what_was_acknowledged_survives_a_kill(walk: Walk) -> None:
    seen = 0
    for cycle in range(5):
        process = subprocess.Popen(
            [sys.executable, "-c", KILLED, str(walk.settings.root), str(walk.folder.path)],
            stdout=subprocess.PIPE,
            text=True,
        )
        assert process.stdout is not None
        told = [process.stdout.readline() for _ in range(3 + 7 * cycle)]
        os.kill(process.pid, signal.SIGKILL)
        told += process.stdout.readlines()
        process.stdout.close()
        process.wait()
        acknowledged = [line for line in told if line.endswith("\n")]
        number, _, value = acknowledged[-1].strip().partition(" ")
        review = read_review(walk.folder)
        assert review.seq >= int(number) > seen
        assert review.changes[int(number)].edits[0].after == value
        seen = review.seq


def test_words_over_a_border_and_a_border_beside_them_in_one_change(walk: Walk) -> None:
    reviewing = open_review(walk)
    border = reviewing.segments[1].words[0].id
    do(
        reviewing,
        {"op": "split", "at": border + 2},
        {"op": "text", "first": border - 2, "last": border + 1, "text": "over"},
        {"op": "sure", "first": border + 1, "last": border + 6},
    )
    assert reviewing.segments == open_review(walk).segments


def test_what_is_made_anew_in_part_is_what_is_made_anew_in_whole(walk: Walk) -> None:
    reviewing = open_review(walk)
    chance = random.Random(9)
    ids = [placed.id for placed in reviewing.machine.words[:40]]
    for _ in range(150):
        first = chance.randrange(len(ids) - 4)
        last = first + chance.randrange(4)
        at, start = ids[first], reviewing.machine.words[first].word.start
        op = chance.choice(
            [
                {"op": "text", "first": at, "last": ids[last], "text": chance.choice(["", "a b"])},
                {"op": "time", "at": at, "edge": "start", "to": start + chance.uniform(-1, 1)},
                {"op": "time", "at": at, "edge": "end", "to": start + chance.uniform(0, 3)},
                {"op": "time", "at": at, "edge": "end", "to": None},
                {"op": chance.choice(["split", "join"]), "at": at},
            ]
        )
        try:
            do(reviewing, op)
        except ReviewError:
            continue
        assert reviewing.segments == list(reviewing.editing.make())
    assert reviewing.review.seq > 60


def test_names_that_were_not_searched_leave_the_desk_working(walk: Walk) -> None:
    walk.folder.write("names.json", Names(people=(), organizations=()), made_from={})
    assert open_review(walk).speakers


def test_a_name_that_holds_control_characters_leaves_the_glossary_readable(tmp_path: Path) -> None:
    add_term(tmp_path, "The Warmer Ledger", "Kofi\x7f Asante\ud800\x00")
    add_term(tmp_path, "The Warmer Ledger", "\x7f")
    assert read_terms(tmp_path, "The Warmer Ledger") == ("Kofi Asante",)


def test_all_segments_of_what_is_accepted_are_made_anew(walk: Walk) -> None:
    reviewing = open_review(walk)
    last = reviewing.segments[3].words[-1].id
    do(reviewing, {"op": "sure", "first": 0, "last": last})
    assert reviewing.segments == open_review(walk).segments


def test_a_name_that_is_given_is_marked_wherever_it_is_said(walk: Walk) -> None:
    reviewing = open_review(walk)
    do(reviewing, put("person/+a1b2c3/name", "hydrologist"))
    assert reviewing.segments == open_review(walk).segments


def test_an_approval_stands_when_a_later_line_is_torn(walk: Walk) -> None:
    open_review(walk).approve(by="Ada")
    with (walk.folder.path / "review.log.jsonl").open("ab") as file:
        file.write(b'{"seq":2')
    assert review_state(walk.folder) is State.APPROVED
