"""The notes half of an episode's page, in a real Chromium over a real server."""

import json
from dataclasses import replace
from typing import Any

import pytest

from shownotes.model import Evidence, Link, Resource, ResourceKind, ShowNotes
from tests.web.desk_pages import (
    PLAYING_AT,
    data_of,
    field_of,
    named,
    notes_of,
    open_desk,
    opening,
    violations,
    wait_until_saved,
    write,
)
from tests.web.desk_server import DeskServer

pytestmark = pytest.mark.browser


# --------------------------------------------------------------------------- fields


def test_a_title_is_saved_by_itself_and_says_who(opens: Any, shared: DeskServer) -> None:
    opened = opens()
    page = opened.page
    write(page, "title", "A River on Paper", enter=False)
    page.locator(".field[data-key=title].is-edited").wait_for()
    assert notes_of(shared)["fields"]["title"]["value"] == "A River on Paper"
    title = field_of(page, "title")
    assert title.locator(".mark").is_visible()
    assert "Ada Editor" in title.locator(".origin").inner_text()
    assert "machine’s: The River Has a Budget" in title.locator(".origin").inner_text()
    assert page.locator(".which h1").inner_text() == "A River on Paper"
    title.get_by_role("button", name="Back to the machine’s").click()
    page.locator(".field[data-key=title]:not(.is-edited)").wait_for()
    assert notes_of(shared)["fields"]["title"]["value"] == "The River Has a Budget"
    assert opened.errors == []


def test_a_suggested_title_is_taken(opens: Any, shared: DeskServer) -> None:
    page = opens().page
    suggestion = page.locator(".suggestions button").first
    words = suggestion.inner_text()
    suggestion.press("Enter")
    page.wait_for_function(
        "(words) => document.querySelector('[data-key=title] textarea').value === words", arg=words
    )
    wait_until_saved(page)
    assert notes_of(shared)["fields"]["title"]["value"] == words
    assert words not in page.locator(".suggestions").inner_text()
    page.locator("#undo").click()
    page.locator(".field[data-key=title]:not(.is-edited)").wait_for()


def test_escape_puts_back_what_was_there(opens: Any, shared: DeskServer) -> None:
    page = opens().page
    box = field_of(page, "sign_off").locator("textarea")
    before = box.input_value()
    box.press("End")
    box.type(" And")
    box.press("Escape")
    assert box.input_value() == before
    wait_until_saved(page)
    assert notes_of(shared)["fields"]["sign_off"]["by"] is None


def test_hook_date_and_number(opens: Any, shared: DeskServer) -> None:
    page = opens().page
    evidence = field_of(page, "hook").locator(".said")
    assert "Can you spend a river twice?" in evidence.inner_text()
    write(page, "hook", "Who owns a river?")
    write(page, "date", "2026-10-07")
    write(page, "number", "12")
    wait_until_saved(page)
    fields = notes_of(shared)["fields"]
    assert [fields[key]["value"] for key in ("hook", "date", "number")] == [
        "Who owns a river?",
        "2026-10-07",
        12,
    ]
    # What an editor wrote has no sentence behind it.
    page.wait_for_function("() => document.querySelector('[data-key=hook] .said').hidden")


def test_what_the_server_refuses_stays_to_be_put_right(opens: Any, shared: DeskServer) -> None:
    page = opens().page
    card = page.locator(".card[data-card='person/Mei Tanaka']")
    link = card.locator(".field[data-key$='/link'] input")
    link.fill("not an address")
    link.press("Enter")
    problem = card.locator(".field[data-key$='/link'] .problem")
    problem.wait_for()
    assert "https://" in problem.inner_text()
    assert link.input_value() == "not an address"
    link.fill("https://example.org/mei")
    link.press("Enter")
    problem.wait_for(state="hidden")
    wait_until_saved(page)
    person = named(notes_of(shared)["people"], "Mei Tanaka")
    assert person["link"] == "https://example.org/mei"


def test_evidence_plays(opens: Any, shared: DeskServer) -> None:
    page = opens().page
    person = named(notes_of(shared)["people"], "Kofi Asante")
    said = page.locator(".card[data-card='person/Kofi Asante'] > .card-body > .said")
    assert person["evidence"]["text"] in said.inner_text()
    said.press("Enter")
    page.wait_for_function(PLAYING_AT, arg=person["evidence"]["start"])
    assert page.evaluate("!document.querySelector('audio').paused")


# --------------------------------------------------------------------------- lists


def test_key_points_are_reworded_reordered_added_and_dropped(
    opens: Any, shared: DeskServer
) -> None:
    page = opens().page
    points = page.locator(".listed[data-key=key_points]")
    before = [item["text"] for item in notes_of(shared)["fields"]["key_points"]["value"]]
    points.get_by_role("button", name="Down: Key points, 1").press("Enter")
    wait_until_saved(page)
    assert page.evaluate("document.activeElement.ariaLabel") == "Down: Key points, 2"
    points.locator("textarea").nth(0).fill("Permits outlive companies.")
    points.locator("textarea").nth(0).press("Enter")
    points.get_by_role("button", name="Add a point").press("Enter")
    page.keyboard.type("Olives need half the water.")
    page.keyboard.press("Enter")
    points.get_by_role("button", name="Drop: Key points, 3").click()
    wait_until_saved(page)
    found = notes_of(shared)["fields"]["key_points"]
    now = [item["text"] for item in found["value"]]
    assert now == [
        "Permits outlive companies.",
        before[0],
        *before[3:],
        "Olives need half the water.",
    ]
    # A sentence that was only moved keeps its time.
    assert found["value"][1]["start"] is not None
    assert points.locator(".amount").inner_text() == f"{len(now)} points"
    assert "Ada Editor" in points.locator("> .origin").inner_text()
    points.get_by_text("Compare with the machine’s").click()
    assert before[0] in points.locator("> .origin ol").inner_text()
    points.get_by_role("button", name="Back to the machine’s").click()
    page.wait_for_function(
        "(words) => document.querySelector('[data-key=key_points] textarea').value === words",
        arg=before[0],
    )
    assert points.locator("textarea").count() == len(before)


def test_an_added_line_without_a_word_goes_away(opens: Any) -> None:
    page = opens().page
    questions = page.locator(".listed[data-key=questions]")
    count = questions.locator("textarea").count()
    questions.get_by_role("button", name="Add a question").click()
    assert questions.locator("textarea").count() == count + 1
    page.locator("#notes-title").evaluate("document.activeElement.blur()")
    page.wait_for_function(
        "(n) => document.querySelectorAll('[data-key=questions] textarea').length === n", arg=count
    )


# --------------------------------------------------------------------------- people and bodies


def test_a_guest_without_a_title_is_given_one(opens: Any, shared: DeskServer) -> None:
    page = opens().page
    card = page.locator(".card[data-card='person/Mei Tanaka']")
    title = card.locator(".field[data-key$='/title'] textarea")
    assert title.input_value() == ""
    assert title.get_attribute("placeholder") == "nobody says it"
    title.fill("olive farmer")
    title.press("Enter")
    wait_until_saved(page)
    person = named(notes_of(shared)["people"], "Mei Tanaka")
    assert person["title"] == "olive farmer"
    assert person["title_evidence"] is None
    card.locator(".field[data-key$='/title'].is-edited").wait_for()
    title.focus()
    page.wait_for_function(
        """() => document.querySelector("[data-key='person/Mei Tanaka/title'] .origin")
        .textContent.includes("Ada Editor")"""
    )
    card.locator(".field[data-key$='/title']").get_by_role("button").last.click()
    page.wait_for_function(
        """() => document.querySelector("[data-key='person/Mei Tanaka/title'] textarea")
        .value === ''"""
    )


def test_a_person_is_dropped_kept_and_given_another_role(opens: Any, shared: DeskServer) -> None:
    page = opens().page
    card = page.locator(".card[data-card='person/Kofi Asante']")
    card.get_by_role("button", name="Drop: Kofi Asante").press("Enter")
    card.get_by_role("button", name="Keep: Kofi Asante").wait_for()
    wait_until_saved(page)
    assert named(notes_of(shared)["people"], "Kofi Asante")["keep"] is False
    card.get_by_role("button", name="Keep: Kofi Asante").press("Enter")
    card.get_by_role("button", name="Drop: Kofi Asante").wait_for()
    card.locator(".field[data-key$='/role'] select").select_option("mentioned")
    page.locator(".group:has(h4:text-is('Mentioned')) .card").wait_for()
    wait_until_saved(page)
    assert named(notes_of(shared)["people"], "Kofi Asante")["role"] == "mentioned"
    card.locator(".field[data-key$='/role'] select").select_option("guest")
    page.locator(
        ".group:has(h4:text-is('Guests')) .card[data-card='person/Kofi Asante']"
    ).wait_for()


def test_a_person_is_added_and_taken_out(opens: Any, shared: DeskServer) -> None:
    page = opens().page
    page.get_by_role("button", name="Add a person").press("Enter")
    page.wait_for_function("() => document.activeElement.value === 'New person'")
    page.keyboard.type("Ines Okoro")
    page.keyboard.press("Enter")
    wait_until_saved(page)
    added = named(notes_of(shared)["people"], "Ines Okoro")
    assert added["added"] is True
    assert added["role"] == "guest"
    page.get_by_role("button", name="Take out: Ines Okoro").click()
    page.locator(f".card[data-card='{added['key']}']").wait_for(state="detached")
    wait_until_saved(page)
    assert "Ines Okoro" not in json.dumps(notes_of(shared)["people"])


def test_a_body_an_event_and_a_description(opens: Any, shared: DeskServer) -> None:
    page = opens().page
    body = page.locator(".card[data-card='body/River Basin Commission']")
    body.locator(".field[data-key$='/description'] textarea").fill("decides who may take water")
    body.locator(".field[data-key$='/description'] textarea").press("Enter")
    body.locator(".field[data-key$='/kind'] select").select_option("intergovernmental")
    page.get_by_role("button", name="Drop: Tessaly Water Forum").click()
    page.get_by_role("button", name="Keep: Tessaly Water Forum").wait_for()
    wait_until_saved(page)
    notes = notes_of(shared)
    found = named(notes["bodies"], "River Basin Commission")
    assert found["description"] == "decides who may take water"
    assert found["kind"] == "intergovernmental"
    assert named(notes["events"], "Tessaly Water Forum")["keep"] is False


def test_a_name_is_fixed_once(chromium: Any, desk: DeskServer) -> None:
    with opening(chromium, desk) as opens_pages:
        page = open_desk(opens_pages, desk).page
        card = page.locator(".card[data-card='person/Mei Tanaka']")
        name = card.locator(".field[data-key$='/name'] textarea")
        name.fill("Mei Tanako")
        assert card.locator(".everywhere").is_visible()
        assert card.locator(".everywhere input").is_checked()
        name.press("Enter")
        page.wait_for_function(
            "() => document.querySelector('.segments').textContent.includes('Tanako')"
        )
        wait_until_saved(page)
        data = data_of(desk)
        words = " ".join(word[1] for segment in data["segments"] for word in segment["words"])
        assert "Tanaka" not in words
        assert named(data["notes"]["people"], "Mei Tanako")["key"] == "person/Mei Tanaka"
        glossary = next((desk.root / "shows").rglob("glossary.toml"))
        assert "Mei Tanako" in glossary.read_text(encoding="utf-8")
        assert "machine’s: Mei Tanaka" in card.locator("[data-key$='/name'] .origin").inner_text()
        card.locator("[data-key$='/name']").get_by_role("button", name="Back to").click()
        page.wait_for_function(
            "() => document.querySelector('.segments').textContent.includes('Tanaka')"
        )
        # Here only: the transcript stays as it is.
        name.fill("M. Tanaka")
        name.press("Tab")
        page.keyboard.press("Space")
        assert not card.locator(".everywhere input").is_checked()
        page.keyboard.press("Enter")
        wait_until_saved(page)
        data = data_of(desk)
        assert named(data["notes"]["people"], "M. Tanaka")["edited"] == ["name"]


# --------------------------------------------------------------------------- chapters


def _chapter(server: DeskServer, index: int) -> dict[str, Any]:
    chapter: dict[str, Any] = [c for c in notes_of(server)["chapters"] if c["keep"]][index]
    return chapter


def test_a_chapter_is_retitled_and_its_room_counted(opens: Any, shared: DeskServer) -> None:
    page = opens().page
    key = _chapter(shared, 2)["key"]
    card = page.locator(f".card[data-card='{key}']")
    title = card.locator(".field[data-key$='/title'] textarea")
    long = "The commission that gives permits to itself and to others"
    title.fill(long)
    assert card.locator(".room").inner_text() == f"{len(long)} / 40"
    assert "over" in (card.locator(".room").get_attribute("class") or "")
    title.press("Enter")
    lint = card.locator("ul.lint li")
    lint.wait_for()
    assert "longer than 40 characters" in lint.inner_text()
    title.fill("Who gives permits")
    title.press("Enter")
    lint.wait_for(state="detached")
    assert _chapter(shared, 2)["title"] == "Who gives permits"


def test_a_chapter_is_moved_by_word_by_time_and_to_the_playhead(
    opens: Any, shared: DeskServer
) -> None:
    page = opens().page
    chapter = _chapter(shared, 3)
    card = page.locator(f".card[data-card='{chapter['key']}']")
    begin = card.locator(".field[data-key$='/start'] input")
    begin.press("ArrowUp")
    begin.press("ArrowUp")
    card.locator(".field[data-key$='/start'].is-edited").wait_for()
    wait_until_saved(page)
    moved = _chapter(shared, 3)
    words = [word for segment in data_of(shared)["segments"] for word in segment["words"]]
    place = next(i for i, word in enumerate(words) if word[0] == chapter["word"])
    assert moved["word"] == words[place + 2][0]
    begin.press("ArrowDown")
    begin.press("ArrowDown")
    card.locator(".field[data-key$='/start']:not(.is-edited)").wait_for()
    target = words[place + 9]
    page.evaluate("(time) => { document.querySelector('audio').currentTime = time; }", target[2])
    page.wait_for_function(PLAYING_AT, arg=target[2])
    card.get_by_role("button", name="To playhead").press("Enter")
    card.locator(".field[data-key$='/start'].is-edited").wait_for()
    wait_until_saved(page)
    assert _chapter(shared, 3)["word"] == target[0]
    begin.fill(f"{int(chapter['start'] // 60)}:{chapter['start'] % 60:.1f}")
    begin.press("Enter")
    card.locator(".field[data-key$='/start']:not(.is-edited)").wait_for()
    assert _chapter(shared, 3)["word"] == chapter["word"]
    begin.fill("soon")
    begin.press("Enter")
    card.locator(".field[data-key$='/start'] .problem").wait_for()
    begin.press("Escape")


def test_a_chapter_is_dragged(opens: Any, shared: DeskServer) -> None:
    page = opens().page
    before = _chapter(shared, 4)
    handle = page.get_by_role("slider", name=f"Beginning of “{before['title']}”")
    handle.scroll_into_view_if_needed()
    box = handle.bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x - 30, y, steps=4)
    page.mouse.up()
    page.locator(
        f".card[data-card='{before['key']}'] .field[data-key$='/start'].is-edited"
    ).wait_for()
    wait_until_saved(page)
    after = _chapter(shared, 4)
    assert after["start"] < before["start"] - 2
    assert after["start"] > _chapter(shared, 3)["start"]
    handle.press("ArrowRight")
    page.wait_for_function(
        "(start) => Number(document.activeElement.getAttribute('aria-valuenow')) > start",
        arg=after["start"],
    )
    wait_until_saved(page)


def test_a_chapter_is_added_dropped_and_taken_out(opens: Any, shared: DeskServer) -> None:
    page = opens().page
    last = _chapter(shared, -1)
    page.evaluate("(t) => { document.querySelector('audio').currentTime = t; }", last["start"] + 15)
    page.wait_for_function(PLAYING_AT, arg=last["start"] + 15)
    page.get_by_role("button", name="Add a chapter at the playhead").press("Enter")
    page.wait_for_function("() => document.activeElement.value === 'New chapter'")
    page.keyboard.type("Thanks")
    page.keyboard.press("Enter")
    wait_until_saved(page)
    added = _chapter(shared, -1)
    assert added["title"] == "Thanks"
    assert added["added"] is True
    assert abs(added["start"] - last["start"] - 15) < 2
    page.get_by_role("button", name="Add a chapter at the playhead").press("Enter")
    page.get_by_text("A chapter begins at").wait_for()
    page.get_by_role("button", name="Take out: Thanks").click()
    page.locator(f".card[data-card='{added['key']}']").wait_for(state="detached")
    page.get_by_role("button", name=f"Drop: {last['title']}").click()
    page.get_by_role("button", name=f"Keep: {last['title']}").click()
    page.get_by_role("button", name=f"Drop: {last['title']}").wait_for()


# --------------------------------------------------------------------------- quotes and links


def test_quotes_come_from_the_transcript(opens: Any, shared: DeskServer) -> None:
    page = opens().page
    words = data_of(shared)["segments"][2]["words"]
    page.evaluate(
        """([first, last]) => {
        const at = (word) => document.querySelector(`[data-w="${word}"]`).firstChild;
        getSelection().setBaseAndExtent(at(first), 0, at(last), at(last).length);
        }""",
        [words[0][0], words[4][0]],
    )
    page.get_by_role("button", name="Quote the selection").click()
    wanted = " ".join(word[1] for word in words[:5])
    quote = page.locator("#quotes .card", has_text=wanted.rstrip("."))
    quote.wait_for()
    wait_until_saved(page)
    found = next(q for q in notes_of(shared)["quotes"] if q["text"].startswith(words[0][1]))
    assert found["key"] == f"quote/{words[0][0]}-{words[4][0]}"
    quote.locator("select").select_option("Mei Tanaka")
    quote.locator(".field.is-edited, .field").first.wait_for()
    wait_until_saved(page)
    found = next(q for q in notes_of(shared)["quotes"] if q["key"] == found["key"])
    assert found["speaker"] == "Mei Tanaka"
    quote.get_by_role("button", name="Drop").or_(
        quote.get_by_role("button", name="Take out")
    ).click()
    wait_until_saved(page)
    kept = [q["key"] for q in notes_of(shared)["quotes"] if q["keep"]]
    assert found["key"] not in kept
    count = len(kept)
    page.get_by_role("button", name="Quote the sentence being played").press("Enter")
    page.get_by_text("The quote was added.").wait_for()
    assert len([q for q in notes_of(shared)["quotes"] if q["keep"]]) == count + 1


def test_a_link_is_added(opens: Any, shared: DeskServer) -> None:
    page = opens().page
    page.get_by_role("button", name="Add a link").press("Enter")
    page.wait_for_function("() => document.activeElement.value === 'New link'")
    page.keyboard.type("The hearing")
    page.keyboard.press("Enter")
    url = page.locator("#links .card .field[data-key$='/url'] input").last
    url.fill("https://example.org/hearing")
    url.press("Enter")
    wait_until_saved(page)
    (link,) = notes_of(shared)["links"]
    assert (link["text"], link["url"]) == ("The hearing", "https://example.org/hearing")
    page.get_by_role("button", name="Take out: The hearing").click()
    page.locator(f".card[data-card='{link['key']}']").wait_for(state="detached")


def test_resources_and_earlier_episodes(chromium: Any, desk: DeskServer) -> None:
    said = Evidence(text="The permits come from the River Basin Commission.", start=86.0, end=92.0)
    notes = desk.folder.read("draft.json", ShowNotes)
    permits = Resource(name="The Permit Register", kind=ResourceKind.DATASET, evidence=said)
    pump = Link(text="Who Pays for the Heat Pump?", url="../pump/notes.html", episode="pump")
    desk.folder.write("draft.json", replace(notes, resources=(permits,), earlier_episodes=(pump,)))
    with opening(chromium, desk) as opens_pages:
        page = open_desk(opens_pages, desk).page
        card = page.locator(".card[data-card='resource/The Permit Register']")
        assert said.text in card.locator(".card-body > .said").inner_text()
        card.locator(".field[data-key$='/name'] textarea").fill("The Register of Permits")
        card.locator(".field[data-key$='/name'] textarea").press("Enter")
        card.locator(".field[data-key$='/url'] input").fill("https://example.org/permits")
        card.locator(".field[data-key$='/url'] input").press("Enter")
        page.get_by_role("button", name=f"Drop: {pump.text}").press("Enter")
        page.get_by_role("button", name=f"Keep: {pump.text}").wait_for()
        wait_until_saved(page)
        (resource,) = notes_of(desk)["resources"]
        assert resource["name"] == "The Register of Permits"
        assert resource["url"] == "https://example.org/permits"
        (earlier,) = notes_of(desk)["earlier"]
        assert earlier["keep"] is False
        card.get_by_role("button", name="Drop").click()
        card.get_by_role("button", name="Keep").wait_for()
        assert violations(page) == []
