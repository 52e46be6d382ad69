"""Where an episode stands: derived from its files, for lists and for those who publish."""

from shownotes.adapters.store import EpisodeFolder
from shownotes.errors import StoreError
from shownotes.model import State, Status
from shownotes.steps.published import read_publication
from shownotes.steps.reviews import BOX, ReviewBox, review_state

STATUS_BOX = "status.json"
# While one of these holds, the draft is not finished and nobody reviews it.
UNFINISHED = (State.WAITING, State.QUEUED, State.PROCESSING, State.FAILED)


def state_of(folder: EpisodeFolder) -> State:
    """The state of an episode.

    Published is what is public and as it was approved; one that was edited since says so.
    """
    try:
        state = folder.read(STATUS_BOX, Status).state
    except (StoreError, OSError):
        state = State.WAITING
    if state is State.PROCESSING and not folder.is_claimed():
        return State.WAITING  # the run that was working on it has died
    if state in UNFINISHED:
        return state
    return reviewed_state(folder)


def reviewed_state(folder: EpisodeFolder) -> State:
    """The state of a finished draft."""
    state = review_state(folder)
    if state is not State.APPROVED:
        return state
    try:
        publication, box = read_publication(folder), folder.read(BOX, ReviewBox)
    except (StoreError, OSError):
        return state
    if publication is None or box.approval is None:
        return state
    return State.PUBLISHED if publication.content == box.approval.version else state
