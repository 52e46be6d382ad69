"""Proofs: what an approved episode looked like in print, and whether it still does.

A version is the draft and the decisions. What is printed of it depends on the show's settings and
on templates as well: a proof is kept with the approval, and looked at before anything is published.
Another version of the program prints as it does, and takes no approval back by that alone.
"""

from collections.abc import Callable
from pathlib import Path

from shownotes import __version__
from shownotes.adapters.store import content_sha256
from shownotes.core.review import Approval, Proof
from shownotes.errors import ShowNotesError
from shownotes.model import Episode
from shownotes.settings import ShowSettings
from shownotes.steps.render import template_folders
from shownotes.steps.step import Walk
from shownotes.steps.targets import Material
from shownotes.steps.version_files import printed_texts
from shownotes.workspace import shipped

SCHEME = 1
# Episodes whose texts are remembered by what they were made of.
MOST_LOOKED_AT = 64
_looked_at: dict[tuple[Path, str, str], str] = {}


def take_proof(walk: Walk, draft: Callable[[], Material]) -> Proof:
    """What the episode looks like in print now.

    Args:
        walk: the episode.
        draft: makes what its files are made of.
    """
    show, drafted = _settings_sha256(walk)
    try:
        texts = _texts_sha256(walk, draft)
    except ShowNotesError:
        # Publishing will say what is wrong; what it is after it was mended is for the editor.
        texts = ""
    return Proof(
        texts=texts,
        show=show,
        drafted=drafted,
        templates=_templates_sha256(walk, is_own=False),
        own_templates=_templates_sha256(walk, is_own=True),
        program=__version__,
        scheme=SCHEME,
    )


def changed_since(walk: Walk, approval: Approval, draft: Callable[[], Material]) -> str | None:
    """What was changed after an approval so that other texts would be published; `None`: nothing.

    Args:
        walk: the episode, whose draft and decisions are as they were approved.
        approval: of them; one that is older than proofs is left as it is.
        draft: makes what its files are made of; asked only when it matters.

    Raises:
        ShowNotesError: its files cannot be made any more, as of a template that is wrong.
    """
    proof = approval.proof
    if proof is None or proof.scheme != SCHEME:
        return None
    show, drafted = _settings_sha256(walk)
    if proof.drafted != drafted:
        return "the show's settings were changed (sign-off, links or credits)"
    is_same_program = proof.program == __version__
    templates = _templates_sha256(walk, is_own=not is_same_program)
    changed = []
    if proof.show != show:
        changed.append("the show's settings")
    if templates != (proof.templates if is_same_program else proof.own_templates):
        changed.append("templates")
    # Not every change can be seen. What another program prints says nothing about it.
    if not changed or (is_same_program and _is_same_text(walk, approval, draft, show + templates)):
        return None
    return f"{' and '.join(changed)} were changed"


def _is_same_text(
    walk: Walk, approval: Approval, draft: Callable[[], Material], made_with: str
) -> bool:
    """Whether the same would be published: looked at once, for the desk asks often."""
    key = (walk.folder.path, approval.version, made_with)
    if key not in _looked_at:
        while len(_looked_at) >= MOST_LOOKED_AT:
            _looked_at.pop(next(iter(_looked_at)), None)
        _looked_at[key] = _texts_sha256(walk, draft)
    return approval.proof is not None and approval.proof.texts == _looked_at[key]


def _texts_sha256(walk: Walk, draft: Callable[[], Material]) -> str:
    """Hash of everything that would be published."""
    return content_sha256(printed_texts(walk, draft()))


def _settings_sha256(walk: Walk) -> tuple[str, str]:
    """Hash of the show's settings that are printed, and of those that the next draft would have."""
    episode = walk.folder.read("episode.json", Episode)
    show = walk.settings.show.get(episode.metadata.show or "", ShowSettings())
    printed = [show.publication, show.timezone, show.explicit, show.ai_content]
    drafted = [show.sign_off, [*show.links.items()], [*show.credits.items()]]
    return content_sha256(printed), content_sha256(drafted)


def _templates_sha256(walk: Walk, *, is_own: bool) -> str:
    from shownotes.adapters.pages import templates_sha256

    program = shipped("templates").resolve()
    folders = [
        folder
        for folder in template_folders(walk)
        if not (is_own and folder.resolve().is_relative_to(program))
    ]
    return templates_sha256(folders)
