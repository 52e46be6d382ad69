"""Checking, previews, approving and publishing on an episode's page; and whom it is for."""

from contextlib import closing
from dataclasses import replace
from typing import Any

import pytest

from shownotes.model import ShowNotes
from tests.web.desk_pages import (
    DESKTOP,
    PHONE,
    PLAYING_AT,
    change,
    data_of,
    field_of,
    notes_of,
    open_desk,
    opening,
    violations,
    wait_until_saved,
    write,
)
from tests.web.desk_server import DeskServer

pytestmark = pytest.mark.browser


# --------------------------------------------------------------------------- checks and previews


def test_checks_are_looked_at_one_by_one(opens: Any, shared: DeskServer) -> None:
    page = opens().page
    checks = notes_of(shared)["checks"]
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
    wait_until_saved(page)
    now = {check["key"]: check["seen"] for check in notes_of(shared)["checks"]}
    assert now[left[0]["key"]] is True
    row = page.locator(f".check[data-check='{left[0]['key']}']")
    row.get_by_role("button", name="in the transcript").click()
    assert page.evaluate("document.activeElement.className").startswith("segment")
    row.locator("input").uncheck()
    wait_until_saved(page)
    assert all(
        check["key"] != left[0]["key"] or not check["seen"] for check in notes_of(shared)["checks"]
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
    targets = [target["name"] for target in data_of(shared)["targets"]]
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
        page = open_desk(opens_pages, desk).page
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
        write(page, "hook", "Who owns a river?")
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
        assert data_of(desk)["published"] is None
        dialog.get_by_role("button", name="Close").click()
        page.locator("#approve").click()
        page.locator("#state:not([data-state=approved])").wait_for()
        assert page.locator("#approve").inner_text() == "Approve"


def test_a_time_to_publish_has_a_zone(chromium: Any, desk: DeskServer) -> None:
    with opening(chromium, desk) as opens_pages:
        page = open_desk(opens_pages, desk, timezone_id="Europe/Oslo").page
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
        planned = data_of(desk)["publish_at"]
        assert planned.startswith("2031-07-01T")


def test_history_tells_every_change(chromium: Any, desk: DeskServer) -> None:
    with opening(chromium, desk) as opens_pages:
        page = open_desk(opens_pages, desk).page
        write(page, "title", "One")
        wait_until_saved(page)
        write(page, "title", "Two")
        wait_until_saved(page)
        page.locator("#history").press("Enter")
        dialog = page.locator("#history-dialog")
        rows = dialog.locator("li[data-seq]")
        rows.nth(1).wait_for()
        assert rows.count() == 2
        rows.first.locator("summary").press("Enter")
        rows.first.locator(".edits li").wait_for()
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
        change(client, desk, {"op": "set", "key": "hook", "value": "Who owns a river?"}, seen=0)
    _redraft(desk, "How empty can a river get?")
    with opening(chromium, desk) as opens_pages:
        page = open_desk(opens_pages, desk).page
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
        wait_until_saved(page)
        hook = notes_of(desk)["fields"]["hook"]["value"]
        assert hook == ("Who owns a river?" if take == "mine" else "How empty can a river get?")
        page.locator("#approve").click()
        page.locator("#state[data-state=approved]").wait_for()


def test_two_editors_in_one_field_are_both_heard(chromium: Any, desk: DeskServer) -> None:
    with opening(chromium, desk) as opens_pages:
        page = open_desk(opens_pages, desk).page
        box = field_of(page, "sign_off").locator("textarea")
        # The page cannot hear of the other change while this field is being typed in.
        page.route("**/since/**", lambda route: route.abort())
        box.fill("Stay dry.")
        with closing(desk.client("Ben Other")) as client:
            change(client, desk, {"op": "set", "key": "sign_off", "value": "Stay wet."}, seen=0)
        box.press("Enter")
        problem = field_of(page, "sign_off").locator(".problem")
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
        wait_until_saved(page)
        assert notes_of(desk)["fields"]["sign_off"]["value"] == "Stay dry."


def test_another_editors_change_arrives_and_typing_is_left_alone(
    chromium: Any, desk: DeskServer
) -> None:
    with opening(chromium, desk) as opens_pages:
        page = open_desk(opens_pages, desk).page
        hook = field_of(page, "hook").locator("textarea")
        name = page.locator("[data-key='person/Kofi Asante/name'] textarea")
        name.fill("Kofi A")
        with closing(desk.client("Ben Other")) as client:
            change(client, desk, {"op": "set", "key": "hook", "value": "By Ben."}, seen=0)
        page.wait_for_function(
            "() => document.querySelector('[data-key=hook] textarea').value === 'By Ben.'"
        )
        assert "Ben Other" in field_of(page, "hook").locator(".origin").inner_text()
        assert name.input_value() == "Kofi A"
        assert hook.input_value() == "By Ben."


# --------------------------------------------------------------------------- for everybody


def test_leaving_with_something_unsaved_asks(opens: Any, shared: DeskServer) -> None:
    page = opens().page
    page.route("**/changes", lambda route: route.abort())
    box = field_of(page, "title").locator("textarea")
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
