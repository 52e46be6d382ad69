"""No more hosts and guests than people who speak, where that is known."""

from shownotes.core.standing import seat
from shownotes.model import PersonRole

HOST, GUEST, MENTIONED = PersonRole.HOST, PersonRole.GUEST, PersonRole.MENTIONED


def test_the_surest_keep_their_place_and_the_others_are_only_talked_about() -> None:
    roles = [(HOST, 0.9), (HOST, 0.5), (MENTIONED, 0.9), (GUEST, 0.8)]
    assert seat(roles, most=2, heard=()) == [
        (HOST, 0.9), (MENTIONED, 0.5), (MENTIONED, 0.9), (GUEST, 0.8),
    ]  # fmt: skip


def test_who_is_heard_by_name_keeps_it_however_unsure_the_words_are() -> None:
    roles = [(HOST, 0.9), (GUEST, 0.4)]
    assert seat(roles, most=1, heard={1}) == [(MENTIONED, 0.9), (GUEST, 0.4)]


def test_room_for_everybody_changes_nothing() -> None:
    roles = [(HOST, 0.9), (GUEST, 0.4)]
    assert seat(roles, most=5, heard=()) == roles
