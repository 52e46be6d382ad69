"""The notes half of an episode's page, in a real Chromium over a real server."""

import json
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from typing import Any

import httpx
import pytest

from shownotes.model import ShowNotes
from tests.web.desk_pages import (
    DESKTOP,
    PHONE,
    Opened,
    opening,
    violations,
    wait_until_ready,
)
from tests.web.desk_server import DeskServer, lay_out_desk

pytestmark = pytest.mark.browser
SAVED = "() => document.getElementById('saving').dataset.state === 'saved'"
PLAYING_AT = "(time) => Math.abs(document.querySelector('audio').currentTime - time) < 3"


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DeskServer]:
    """One desk for the tests that each touch a part of the notes of their own."""
    server = lay_out_desk(tmp_path_factory.mktemp("desk"))
    server.start()
    yield server
    server.stop()


@pytest.fixture
def opens(chromium: Any, shared: DeskServer) -> Iterator[Callable[..., Opened]]:
    with opening(chromium, shared) as opens_pages:
        yield lambda **options: _open_desk(opens_pages, shared, **options)


def _open_desk(opens_pages: Callable[..., Opened], server: DeskServer, **options: Any) -> Opened:
    opened = opens_pages(f"/episode/{server.episode_id}", **options)
    wait_until_ready(opened.page)
    return opened


def _data(server: DeskServer) -> dict[str, Any]:
    with closing(server.client("Reader")) as client:
        data: dict[str, Any] = client.get(f"/api/episodes/{server.episode_id}").json()
    return data


def _notes(server: DeskServer) -> dict[str, Any]:
    notes: dict[str, Any] = _data(server)["notes"]
    return notes


def _named(items: list[dict[str, Any]], name: str) -> dict[str, Any]:
    return next(item for item in items if item["name"] == name)


def _set(client: httpx.Client, server: DeskServer, *ops: dict[str, Any], seen: int) -> Any:
    body = {"id": f"by-a-test-{seen}-{ops[0]}"[:90], "seen": seen, "label": "Test", "ops": ops}
    answer = client.post(f"/api/episodes/{server.episode_id}/changes", json=body)
    assert answer.status_code == 200, answer.text
    return answer.json()


def _saved(page: Any) -> None:
    page.wait_for_function(SAVED)


def _field(page: Any, key: str) -> Any:
    return page.locator(f'.field[data-key="{key}"]').first


def _type(page: Any, key: str, text: str, *, enter: bool = True) -> None:
    box = _field(page, key).locator("textarea, input").first
    box.fill(text)
    if enter:
        box.press("Enter")


# --------------------------------------------------------------------------- fields


def test_a_title_is_saved_by_itself_and_says_who(opens: Any, shared: DeskServer) -> None:
    opened = opens()
    page = opened.page
    _type(page, "title", "A River on Paper", enter=False)
    page.locator(".field[data-key=title].is-edited").wait_for()
    assert _notes(shared)["fields"]["title"]["value"] == "A River on Paper"
    title = _field(page, "title")
    assert title.locator(".mark").is_visible()
    assert "Ada Editor" in title.locator(".origin").inner_text()
    assert "machine’s: The River Has a Budget" in title.locator(".origin").inner_text()
    assert page.locator(".which h1").inner_text() == "A River on Paper"
    title.get_by_role("button", name="Back to the machine’s").click()
    page.locator(".field[data-key=title]:not(.is-edited)").wait_for()
    assert _notes(shared)["fields"]["title"]["value"] == "The River Has a Budget"
    assert opened.errors == []


def test_a_suggested_title_is_taken(opens: Any, shared: DeskServer) -> None:
    page = opens().page
    suggestion = page.locator(".suggestions button").first
    words = suggestion.inner_text()
    suggestion.press("Enter")
    page.wait_for_function(
        "(words) => document.querySelector('[data-key=title] textarea').value === words", arg=words
    )
    _saved(page)
    assert _notes(shared)["fields"]["title"]["value"] == words
    assert words not in page.locator(".suggestions").inner_text()
    page.locator("#undo").click()
    page.locator(".field[data-key=title]:not(.is-edited)").wait_for()


def test_escape_puts_back_what_was_there(opens: Any, shared: DeskServer) -> None:
    page = opens().page
    box = _field(page, "sign_off").locator("textarea")
    before = box.input_value()
    box.press("End")
    box.type(" And")
    box.press("Escape")
    assert box.input_value() == before
    _saved(page)
    assert _notes(shared)["fields"]["sign_off"]["by"] is None


def test_hook_date_and_number(opens: Any, shared: DeskServer) -> None:
    page = opens().page
    evidence = _field(page, "hook").locator(".said")
    assert "Can you spend a river twice?" in evidence.inner_text()
    _type(page, "hook", "Who owns a river?")
    _type(page, "date", "2026-10-07")
    _type(page, "number", "12")
    _saved(page)
    fields = _notes(shared)["fields"]
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
    _saved(page)
    person = _named(_notes(shared)["people"], "Mei Tanaka")
    assert person["link"] == "https://example.org/mei"


def test_evidence_plays(opens: Any, shared: DeskServer) -> None:
    page = opens().page
    person = _named(_notes(shared)["people"], "Kofi Asante")
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
    before = [item["text"] for item in _notes(shared)["fields"]["key_points"]["value"]]
    points.get_by_role("button", name="Down: Key points, 1").press("Enter")
    _saved(page)
    assert page.evaluate("document.activeElement.ariaLabel") == "Down: Key points, 2"
    points.locator("textarea").nth(0).fill("Permits outlive companies.")
    points.locator("textarea").nth(0).press("Enter")
    points.get_by_role("button", name="Add a point").press("Enter")
    page.keyboard.type("Olives need half the water.")
    page.keyboard.press("Enter")
    points.get_by_role("button", name="Drop: Key points, 3").click()
    _saved(page)
    found = _notes(shared)["fields"]["key_points"]
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
    _saved(page)
    person = _named(_notes(shared)["people"], "Mei Tanaka")
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
    _saved(page)
    assert _named(_notes(shared)["people"], "Kofi Asante")["keep"] is False
    card.get_by_role("button", name="Keep: Kofi Asante").press("Enter")
    card.get_by_role("button", name="Drop: Kofi Asante").wait_for()
    card.locator(".field[data-key$='/role'] select").select_option("mentioned")
    page.locator(".group:has(h4:text-is('Mentioned')) .card").wait_for()
    _saved(page)
    assert _named(_notes(shared)["people"], "Kofi Asante")["role"] == "mentioned"
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
    _saved(page)
    added = _named(_notes(shared)["people"], "Ines Okoro")
    assert added["added"] is True
    assert added["role"] == "guest"
    page.get_by_role("button", name="Take out: Ines Okoro").click()
    page.locator(f".card[data-card='{added['key']}']").wait_for(state="detached")
    _saved(page)
    assert "Ines Okoro" not in json.dumps(_notes(shared)["people"])


def test_a_body_an_event_and_a_description(opens: Any, shared: DeskServer) -> None:
    page = opens().page
    body = page.locator(".card[data-card='body/River Basin Commission']")
    body.locator(".field[data-key$='/description'] textarea").fill("decides who may take water")
    body.locator(".field[data-key$='/description'] textarea").press("Enter")
    body.locator(".field[data-key$='/kind'] select").select_option("intergovernmental")
    page.get_by_role("button", name="Drop: Tessaly Water Forum").click()
    page.get_by_role("button", name="Keep: Tessaly Water Forum").wait_for()
    _saved(page)
    notes = _notes(shared)
    found = _named(notes["bodies"], "River Basin Commission")
    assert found["description"] == "decides who may take water"
    assert found["kind"] == "intergovernmental"
    assert _named(notes["events"], "Tessaly Water Forum")["keep"] is False


def test_a_name_is_fixed_once(chromium: Any, desk: DeskServer) -> None:
    with opening(chromium, desk) as opens_pages:
        page = _open_desk(opens_pages, desk).page
        card = page.locator(".card[data-card='person/Mei Tanaka']")
        name = card.locator(".field[data-key$='/name'] textarea")
        name.fill("Mei Tanako")
        assert card.locator(".everywhere").is_visible()
        assert card.locator(".everywhere input").is_checked()
        name.press("Enter")
        page.wait_for_function(
            "() => document.querySelector('.segments').textContent.includes('Tanako')"
        )
        _saved(page)
        data = _data(desk)
        words = " ".join(word[1] for segment in data["segments"] for word in segment["words"])
        assert "Tanaka" not in words
        assert _named(data["notes"]["people"], "Mei Tanako")["key"] == "person/Mei Tanaka"
        glossary = next((desk.root / "shows").rglob("glossary.toml"))
        assert "Mei Tanako" in glossary.read_text(encoding="utf-8")
        assert "machine’s: Mei Tanaka" in card.locator("[data-key$='/name'] .origin").inner_text()
        card.locator("[data-key$='/name']").get_by_role("button", name="Back to").click()
        page.wait_for_function(
            "() => document.querySelector('.segments').textContent.includes('Tanaka')"
        )
        # Here only: the transcript stays as it is.
        name.fill("M. Tanaka")
        card.locator(".everywhere input").uncheck()
        name.focus()
        name.press("Enter")
        _saved(page)
        data = _data(desk)
        assert _named(data["notes"]["people"], "M. Tanaka")["edited"] == ["name"]


# --------------------------------------------------------------------------- chapters


def _chapter(server: DeskServer, index: int) -> dict[str, Any]:
    chapter: dict[str, Any] = [c for c in _notes(server)["chapters"] if c["keep"]][index]
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
    _saved(page)
    moved = _chapter(shared, 3)
    words = [word for segment in _data(shared)["segments"] for word in segment["words"]]
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
    _saved(page)
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
    page.locator(f".card[data-card='{before['key']}'] .field[data-key$='/start'].is-edited").wait_for()
    _saved(page)
    after = _chapter(shared, 4)
    assert after["start"] < before["start"] - 2
    assert after["start"] > _chapter(shared, 3)["start"]
    handle.press("ArrowRight")
    page.wait_for_function(
        "(start) => Number(document.activeElement.getAttribute('aria-valuenow')) > start",
        arg=after["start"],
    )
    _saved(page)


def test_a_chapter_is_added_dropped_and_taken_out(opens: Any, shared: DeskServer) -> None:
    page = opens().page
    last = _chapter(shared, -1)
    page.evaluate("(t) => { document.querySelector('audio').currentTime = t; }", last["start"] + 15)
    page.wait_for_function(PLAYING_AT, arg=last["start"] + 15)
    page.get_by_role("button", name="Add a chapter at the playhead").press("Enter")
    page.wait_for_function("() => document.activeElement.value === 'New chapter'")
    page.keyboard.type("Thanks")
    page.keyboard.press("Enter")
    _saved(page)
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
    words = _data(shared)["segments"][2]["words"]
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
    _saved(page)
    found = next(q for q in _notes(shared)["quotes"] if q["text"].startswith(words[0][1]))
    assert found["key"] == f"quote/{words[0][0]}-{words[4][0]}"
    quote.locator("select").select_option("Mei Tanaka")
    quote.locator(".field.is-edited, .field").first.wait_for()
    _saved(page)
    found = next(q for q in _notes(shared)["quotes"] if q["key"] == found["key"])
    assert found["speaker"] == "Mei Tanaka"
    quote.get_by_role("button", name="Drop").or_(
        quote.get_by_role("button", name="Take out")
    ).click()
    _saved(page)
    kept = [q["key"] for q in _notes(shared)["quotes"] if q["keep"]]
    assert found["key"] not in kept
    count = len(kept)
    page.get_by_role("button", name="Quote the sentence being played").press("Enter")
    page.get_by_text("The quote was added.").wait_for()
    assert len([q for q in _notes(shared)["quotes"] if q["keep"]]) == count + 1


def test_a_link_is_added(opens: Any, shared: DeskServer) -> None:
    page = opens().page
    page.get_by_role("button", name="Add a link").press("Enter")
    page.wait_for_function("() => document.activeElement.value === 'New link'")
    page.keyboard.type("The hearing")
    page.keyboard.press("Enter")
    url = page.locator("#links .card .field[data-key$='/url'] input").last
    url.fill("https://example.org/hearing")
    url.press("Enter")
    _saved(page)
    (link,) = _notes(shared)["links"]
    assert (link["text"], link["url"]) == ("The hearing", "https://example.org/hearing")
    page.get_by_role("button", name="Take out: The hearing").click()
    page.locator(f".card[data-card='{link['key']}']").wait_for(state="detached")


# --------------------------------------------------------------------------- checks and previews


def test_checks_are_looked_at_one_by_one(opens: Any, shared: DeskServer) -> None:
    page = opens().page
    checks = _notes(shared)["checks"]
    left = [check for check in checks if not check["seen"]]
    assert left
    summary = page.locator("#checks-summary")
    assert summary.inner_text() == f"{len(checks) - len(left)} of {len(checks)} looked at"
    page.get_by_role("button", name="Play the next one").press("Enter")
    page.wait_for_function(PLAYING_AT, arg=left[0]["start"])
    assert page.evaluate("document.activeElement.type") == "checkbox"
    page.keyboard.press("Space")
    page.wait_for_function(
        "(words) => document.getElementById('checks-summary').textContent === words",
        arg=f"{len(checks) - len(left) + 1} of {len(checks)} looked at",
    )
    _saved(page)
    now = {check["key"]: check["seen"] for check in _notes(shared)["checks"]}
    assert now[left[0]["key"]] is True
    row = page.locator(f".check[data-check='{left[0]['key']}']")
    row.get_by_role("button", name="in the transcript").click()
    assert page.evaluate("document.activeElement.className").startswith("segment")
    row.locator("input").uncheck()
    _saved(page)
    assert all(
        check["key"] != left[0]["key"] or not check["seen"] for check in _notes(shared)["checks"]
    )


def test_rules_that_name_no_field_stand_in_the_list(opens: Any, shared: DeskServer) -> None:
    page = opens().page
    finding = page.locator("#lint > ul.lint li").first
    finding.wait_for()
    with closing(shared.client("Reader")) as client:
        findings = client.get(f"/api/episodes/{shared.episode_id}/lint").json()["findings"]
    rest = [finding for finding in findings if finding["field"] is None]
    assert page.locator("#lint > ul.lint li").count() == len(rest)
    words = finding.inner_text()
    assert rest[0]["message"] in words
    assert rest[0]["fix"] in words
    assert rest[0]["source"] in words


def test_every_target_is_shown_as_it_will_be_published(opens: Any, shared: DeskServer) -> None:
    opened = opens()
    page = opened.page
    page.locator("#preview-title").scroll_into_view_if_needed()
    tabs = page.locator("#preview [role=tab]")
    targets = [target["name"] for target in _data(shared)["targets"]]
    assert tabs.count() == len(targets)
    frame = page.frame_locator("#preview iframe")
    frame.locator("h1").wait_for()
    # The page brings its own look with it, and no script of it runs.
    size = frame.locator("h1").evaluate("(node) => getComputedStyle(node).fontWeight")
    assert size == "600"
    assert page.locator("#preview iframe").get_attribute("sandbox") == ""
    tabs.first.focus()
    for _ in targets[1:]:
        page.keyboard.press("ArrowRight")
        target = page.evaluate("document.activeElement.dataset.target")
        with closing(shared.client("Reader")) as client:
            text = client.get(f"/episode/{shared.episode_id}/preview/{target}").text
        if target.endswith(".html"):
            frame.locator("body").wait_for()
        else:
            page.wait_for_function(
                "(text) => document.querySelector('#preview pre').textContent === text", arg=text
            )
    assert opened.errors == []


def test_a_copy_is_what_the_rules_were_checked_on(opens: Any, shared: DeskServer) -> None:
    opened = opens(permissions=["clipboard-read", "clipboard-write"])
    page = opened.page
    read = """async () => {
      const [item] = await navigator.clipboard.read(), found = {};
      for (const type of item.types) found[type] = await (await item.getType(type)).text();
      return found;
    }"""
    for button, target, is_rich in (
        ("Podcast apps", "app.html", True),
        ("Video platform", "video.txt", False),
        ("Newsletter", "newsletter.html", True),
        ("Blog", "notes.md", False),
    ):
        page.get_by_role("button", name=f"Copy for: {button}").press("Enter")
        told = page.locator("#preview [role=status]", has_text=f"Copied for {button.lower()}")
        told.wait_for()
        assert "finding" in told.inner_text()
        copied = page.evaluate(read)
        with closing(shared.client("Reader")) as client:
            made = client.get(f"/episode/{shared.episode_id}/preview/{target}").text
        assert set(copied) == ({"text/html", "text/plain"} if is_rich else {"text/plain"})
        if is_rich:
            assert "<p>" in copied["text/html"]
            assert "<" not in copied["text/plain"]
        else:
            assert copied["text/plain"].replace("\r\n", "\n") == made
    assert opened.errors == []


# --------------------------------------------------------------------------- standing


def test_approve_publish_change_and_take_back(chromium: Any, desk: DeskServer) -> None:
    with opening(chromium, desk) as opens_pages:
        page = _open_desk(opens_pages, desk).page
        state = page.locator("#state")
        page.locator("#publish").press("Enter")
        dialog = page.locator("#publish-dialog")
        assert "Approve it first" in dialog.inner_text()
        dialog.get_by_role("button", name="Close").press("Enter")
        page.locator("#approve").press("Enter")
        page.locator("#state[data-state=approved]").wait_for()
        assert "Approved by Ada Editor" in state.inner_text()
        page.locator("#publish").press("Enter")
        dialog.get_by_role("button", name="Publish now").press("Enter")
        page.locator("#state[data-state=published]").wait_for()
        assert "was published" in dialog.inner_text()
        page.keyboard.press("Escape")
        assert dialog.is_hidden()
        _type(page, "hook", "Who owns a river?")
        page.locator("#state[data-state=changed_since_approval]").wait_for()
        assert state.inner_text() == "Changed since approval"
        assert page.locator("#approve").inner_text() == "Approve again"
        page.locator("#publish").click()
        assert "Approve it again" in dialog.inner_text()
        dialog.get_by_role("button", name="Approve again").click()
        page.locator("#state[data-state=approved]").wait_for()
        dialog.get_by_role("button", name="Unpublish").click()
        page.wait_for_function(
            "() => !document.querySelector('#publish-dialog').textContent.includes('was published')"
        )
        assert _data(desk)["published"] is None
        dialog.get_by_role("button", name="Close").click()
        page.locator("#approve").click()
        page.locator("#state:not([data-state=approved])").wait_for()
        assert page.locator("#approve").inner_text() == "Approve"


def test_a_time_to_publish_has_a_zone(chromium: Any, desk: DeskServer) -> None:
    with opening(chromium, desk) as opens_pages:
        page = _open_desk(opens_pages, desk, timezone_id="Europe/Oslo").page
        page.locator("#approve").click()
        page.locator("#state[data-state=approved]").wait_for()
        page.locator("#publish").click()
        dialog = page.locator("#publish-dialog")
        dialog.get_by_label("At a date and time").check()
        assert dialog.get_by_label("Time zone").input_value() == "Europe/Oslo"
        dialog.get_by_label("Date and time", exact=True).fill("2031-07-01T09:30")
        assert "2031-07-01 07:30 UTC" in dialog.inner_text()
        dialog.get_by_label("Time zone").select_option("America/New_York")
        assert "2031-07-01 13:30 UTC" in dialog.inner_text()
        dialog.get_by_label("Date and time", exact=True).fill("2020-01-01T00:00")
        dialog.get_by_role("button", name="Publish then").click()
        assert "has passed" in dialog.inner_text()
        dialog.get_by_label("Date and time", exact=True).fill("2031-07-01T09:30")
        dialog.get_by_role("button", name="Publish then").click()
        dialog.get_by_text("is to be published").wait_for()
        planned = _data(desk)["publish_at"]
        assert planned.startswith("2031-07-01T")


def test_history_tells_every_change(chromium: Any, desk: DeskServer) -> None:
    with opening(chromium, desk) as opens_pages:
        page = _open_desk(opens_pages, desk).page
        _type(page, "title", "One")
        _saved(page)
        _type(page, "title", "Two")
        _saved(page)
        page.locator("#history").press("Enter")
        dialog = page.locator("#history-dialog")
        rows = dialog.locator("li[data-seq]")
        rows.nth(1).wait_for()
        assert rows.count() == 2
        rows.first.locator("summary").press("Enter")
        words = rows.first.inner_text()
        for told in ("Change the title", "Ada Editor", "Title", "One", "Two"):
            assert told in words
        assert violations(page) == []
        page.keyboard.press("Escape")
        assert dialog.is_hidden()


def _redraft(desk: DeskServer, hook: str) -> None:
    """A re-run that has come to another hook."""
    notes = desk.folder.read("draft.json", ShowNotes)
    assert notes.hook is not None
    desk.folder.write("draft.json", replace(notes, hook=replace(notes.hook, value=hook)))


@pytest.mark.parametrize("take", ["mine", "machine"])
def test_a_conflict_is_shown_side_by_side_until_one_is_taken(
    chromium: Any, desk: DeskServer, take: str
) -> None:
    with closing(desk.client()) as client:
        _set(client, desk, {"op": "set", "key": "hook", "value": "Who owns a river?"}, seen=0)
    _redraft(desk, "How empty can a river get?")
    with opening(chromium, desk) as opens_pages:
        page = _open_desk(opens_pages, desk).page
        panel = page.locator("#conflicts")
        panel.wait_for()
        words = panel.inner_text()
        for told in (
            "1 conflict",
            "Ada Editor",
            "Who owns a river?",
            "Can you spend a river twice?",
            "How empty can a river get?",
        ):
            assert told in words
        page.locator("#approve").click()
        notice = page.locator("#notices p")
        notice.wait_for()
        assert "conflict" in notice.inner_text().lower()
        notice.get_by_role("button", name="Show the conflicts").press("Enter")
        assert page.evaluate("document.activeElement.closest('#conflicts') !== null")
        assert violations(page) == []
        label = "Keep mine" if take == "mine" else "Take the machine’s"
        panel.get_by_role("button", name=label).press("Enter")
        panel.wait_for(state="hidden")
        _saved(page)
        hook = _notes(desk)["fields"]["hook"]["value"]
        assert hook == ("Who owns a river?" if take == "mine" else "How empty can a river get?")
        page.locator("#approve").click()
        page.locator("#state[data-state=approved]").wait_for()


def test_two_editors_in_one_field_are_both_heard(chromium: Any, desk: DeskServer) -> None:
    with opening(chromium, desk) as opens_pages:
        page = _open_desk(opens_pages, desk).page
        box = _field(page, "sign_off").locator("textarea")
        # The page cannot hear of the other change while this field is being typed in.
        page.route("**/since/**", lambda route: route.abort())
        box.fill("Stay dry.")
        with closing(desk.client("Ben Other")) as client:
            _set(client, desk, {"op": "set", "key": "sign_off", "value": "Stay wet."}, seen=0)
        box.press("Enter")
        problem = _field(page, "sign_off").locator(".problem")
        problem.wait_for()
        assert "Ben Other" in problem.inner_text()
        assert box.input_value() == "Stay wet."
        problem.get_by_role("button", name="Show both").click()
        both = page.locator("#refused")
        assert "Stay dry." in both.inner_text()
        assert "Stay wet." in both.inner_text()
        both.get_by_role("button", name="Keep mine").click()
        page.wait_for_function(
            "() => document.querySelector('[data-key=sign_off] textarea').value === 'Stay dry.'"
        )
        _saved(page)
        assert _notes(desk)["fields"]["sign_off"]["value"] == "Stay dry."


def test_another_editors_change_arrives_and_typing_is_left_alone(
    chromium: Any, desk: DeskServer
) -> None:
    with opening(chromium, desk) as opens_pages:
        page = _open_desk(opens_pages, desk).page
        hook = _field(page, "hook").locator("textarea")
        name = page.locator("[data-key='person/Kofi Asante/name'] textarea")
        name.fill("Kofi A")
        with closing(desk.client("Ben Other")) as client:
            _set(client, desk, {"op": "set", "key": "hook", "value": "By Ben."}, seen=0)
        page.wait_for_function(
            "() => document.querySelector('[data-key=hook] textarea').value === 'By Ben.'"
        )
        assert "Ben Other" in _field(page, "hook").locator(".origin").inner_text()
        assert name.input_value() == "Kofi A"
        assert hook.input_value() == "By Ben."


# --------------------------------------------------------------------------- for everybody


def test_leaving_with_something_unsaved_asks(opens: Any, shared: DeskServer) -> None:
    page = opens().page
    page.route("**/changes", lambda route: route.abort())
    box = _field(page, "title").locator("textarea")
    box.click()
    box.type("x")
    asked = []
    page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.dismiss()))
    page.close(run_before_unload=True)
    page.wait_for_event("dialog") if not asked else None
    assert asked == ["beforeunload"]


def test_without_scripts_the_notes_can_be_read(
    opens: Any, shared: DeskServer, chromium: Any
) -> None:
    with opening(chromium, shared) as opens_pages:
        page = opens_pages(f"/episode/{shared.episode_id}", java_script_enabled=False).page
        words = page.locator("#notes").inner_text()
        for told in ("Kofi Asante", "chief hydrologist", "River Basin Commission", "Chapters"):
            assert told in words
        assert page.locator("#approve").is_hidden()
        assert "Can you spend a river twice?" in page.locator("#transcript").inner_text()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("viewport", [PHONE, DESKTOP], ids=["phone", "desktop"])
def test_axe_finds_nothing(opens: Any, scheme: str, viewport: dict[str, int]) -> None:
    page = opens(color_scheme=scheme, viewport=viewport).page
    if viewport is PHONE:
        page.locator(".panes button", has_text="Notes").click()
    page.locator("#lint li").first.wait_for()
    page.evaluate("document.querySelectorAll('#notes details').forEach((d) => { d.open = true; })")
    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.locator("#publish").click()
    assert violations(page) == []


def test_on_a_phone_one_of_the_two_is_shown(opens: Any) -> None:
    page = opens(viewport=PHONE).page
    assert page.locator("#transcript").is_visible()
    assert page.locator("#notes").is_hidden()
    page.locator(".panes button", has_text="Notes").press("Enter")
    assert page.locator("#notes").is_visible()
    assert page.locator("#transcript").is_hidden()
    page.locator(".ways a", has_text="Chapters").click()
    page.wait_for_function(
        """() => {
          const { top } = document.getElementById("chapters").getBoundingClientRect();
          return top >= 0 && top < innerHeight / 2;
        }"""
    )


def test_every_part_of_the_notes_is_reached_with_the_keyboard(opens: Any) -> None:
    page = opens().page
    page.locator(".ways a").first.focus()
    reached, wanted = set(), {"checks", "story", "people", "chapters", "quotes", "links", "preview"}
    for _ in range(400):
        page.keyboard.press("Tab")
        reached.add(
            page.evaluate(
                "document.activeElement.closest('.panel')?.id ?? document.activeElement.id"
            )
        )
        if wanted <= reached:
            break
    assert wanted <= reached
