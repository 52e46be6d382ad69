"""Templates into pages, with everything escaped for where it goes.

Why Jinja2: users know it, and a template can be replaced without touching the program. HTML is
autoescaped; Markdown, which Jinja2 does not escape, goes through `finalize`, so that every value a
`.md` template prints is escaped unless the template says `| raw`.
"""

import functools
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import fields, is_dataclass
from inspect import isroutine
from pathlib import Path
from typing import TYPE_CHECKING, Any

from shownotes.adapters.store import content_sha256, file_sha256
from shownotes.core.page import Page
from shownotes.core.site import Site
from shownotes.errors import TemplateError

if TYPE_CHECKING:
    from jinja2 import Environment

# Every ASCII punctuation mark that CommonMark gives a meaning, wherever it stands.
# Source: CommonMark 0.31.2, section 2.4 (backslash escapes).
_MARKS = re.compile(r"([\\`*_{}\[\]<>()#+!|~^=:$&@-])")
_LIST_NUMBER = re.compile(r"^(\d{1,9})([.)])(?=\s|$)")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_SCHEME = re.compile(r"^(?:https?:|mailto:|\.\.?/|#|/)", re.IGNORECASE)


class Raw(str):
    """Text that is Markdown already and is printed as it is."""

    __slots__ = ()


def as_raw(text: object) -> Raw:
    """Text that is Markdown already and is printed as it is."""
    return Raw("" if text is None else text)


def _flat(text: object) -> str:
    """Text on one line without control characters; none of what is empty."""
    return " ".join(_CONTROL.sub("", "" if text is None else str(text)).split())


def escape_markdown(text: object) -> Raw:
    """Text that a CommonMark reader shows exactly as given, on one line.

    Newlines become spaces: nothing from a transcript may begin a block of its own.
    """
    if isinstance(text, Raw):
        return text
    escaped = _MARKS.sub(_escape_mark, _flat(text))
    return Raw(_LIST_NUMBER.sub(r"\1\\\2", escaped))


def _escape_mark(match: re.Match[str]) -> str:
    """A backslash, where the mark could mean something; plain hyphens inside words stay."""
    mark, text, at = match.group(1), match.string, match.start()
    inside = 0 < at < len(text) - 1 and text[at - 1].isalnum() and text[at + 1].isalnum()
    if mark in "-+=:$@&!()" and inside and mark != "&":
        return mark
    if mark in "()!:$@^=+" and not _is_live(mark, text, at):
        return mark
    if mark == "-" and at > 0 and text[at - 1 : at + 2].strip() == "-" and "--" not in text:
        return mark
    return f"\\{mark}"


def _is_live(mark: str, text: str, at: int) -> bool:
    """Whether a mild mark could begin a link, an image, a list or a rule here."""
    if mark == "!":
        return text[at + 1 : at + 2] == "["
    if mark in "()":
        return at > 0 and text[at - 1] == "]"
    return mark in "+=" and at == 0


def comment_safe(text: object) -> Raw:
    """Text for inside an HTML comment of a Markdown file: it cannot end the comment."""
    return Raw(_flat(text).replace("--", "‐‐").replace("<", "‹").replace(">", "›"))


def safe_url(url: object) -> str:
    """A link's target when it is an ordinary one; empty for `javascript:` and its kind."""
    text = str(url).strip()
    return text if _SCHEME.match(text) else ""


def markdown_url(url: object) -> Raw:
    """A link's target inside `(<…>)`."""
    return Raw(re.sub(r"[<>\\\s]", lambda m: f"%{ord(m.group()):02X}", safe_url(url)))


def plain_text(text: object) -> str:
    """Text for a plain-text field: one line, no control characters, no angle brackets.

    YouTube refuses a description that holds `<` or `>`.
    """
    return _flat(text).replace("<", "‹").replace(">", "›")


# What templates have besides Jinja2's own filters; the first lines stand in docs/templates.md.
FILTERS: Mapping[str, Callable[[object], str]] = {
    "raw": as_raw,
    "md": escape_markdown,
    "comment": comment_safe,
    "url": safe_url,
    "mdurl": markdown_url,
    "plain": plain_text,
}


def render_notes(
    page: Page, template: str, folders: Sequence[Path], *, root: Path | None = None
) -> str:
    """One file of an episode from its template (`notes.md`, `notes.html`).

    Templates are looked for in `folders`, file by file; the first folder that has one wins.
    Messages name files inside `root` from there.

    Raises:
        TemplateError: missing or wrong; names the file and the line.
    """
    return _render(template, folders, root, page=page, notes=page.notes, h=page.h)


def render_site(
    site: Site, headings: Mapping[str, str], folders: Sequence[Path], *, root: Path | None = None
) -> str:
    """A show's index from its template `show.html`.

    Raises:
        TemplateError: missing or wrong; names the file and the line.
    """
    return _render("show.html", folders, root, site=site, h=headings)


def render_desk(
    template: str, folders: Sequence[Path], *, root: Path | None = None, **context: object
) -> str:
    """A page of the editor's desk; what is `as_markup` already is not escaped again.

    Raises:
        TemplateError: missing or wrong; names the file and the line.
    """
    return _render(template, folders, root, **context)


def as_markup(html: str) -> str:
    """HTML that was made and escaped elsewhere, for a template of the desk."""
    from markupsafe import Markup

    return Markup(html)  # noqa: S704  # nosec B704


def _render(template: str, folders: Sequence[Path], root: Path | None, **context: object) -> str:
    from shownotes.adapters.template_faults import FAULTS, Setting, explain

    environment = _environment(tuple(folders), template)
    try:
        text = environment.get_template(template).render(**context)
    except FAULTS as error:
        setting = Setting(
            environment=environment,
            template=template,
            folders=tuple(folders),
            root=root,
            context=context,
        )
        raise explain(error, setting) from error
    return _tidied(text) if template.endswith((".md", ".txt")) else text


def _tidied(text: str) -> str:
    """No more than one empty line in a row; templates need not count theirs."""
    lines = [line.rstrip() for line in text.splitlines()]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip() + "\n"


def _environment(folders: tuple[Path, ...], template: str) -> "Environment":
    """The environment for a kind of file, kept as long as the same templates lie there."""
    kind = template.rsplit(".", 1)[-1]
    return _made(folders, kind, _listing(folders))


def _listing(folders: Sequence[Path]) -> tuple[tuple[str, int], ...]:
    """Every template with its time: what a kept environment must not outlive."""
    listing = []
    for _, file in _files(folders):
        with suppress(FileNotFoundError):
            listing.append((str(file), file.stat().st_mtime_ns))
    return tuple(listing)


def _files(folders: Sequence[Path]) -> Iterator[tuple[Path, Path]]:
    """Every template and the folder that it lies in; one may vanish as soon as it is handed out."""
    for folder in folders:
        if folder.is_dir():
            yield from ((folder, file) for file in sorted(folder.rglob("*")) if file.is_file())


@functools.lru_cache(maxsize=16)
def _made(
    folders: tuple[Path, ...], kind: str, _templates: tuple[tuple[str, int], ...]
) -> "Environment":
    import jinja2

    from shownotes.adapters.template_faults import Absent

    environment = jinja2.Environment(  # nosec B701
        # Some editors begin a UTF-8 file with a mark of their own.
        loader=jinja2.FileSystemLoader([str(folder) for folder in folders], encoding="utf-8-sig"),
        autoescape=kind == "html",  # noqa: S701 -- Markdown is escaped by `finalize`, plain text has no marks
        finalize=_finalize_markdown if kind == "md" else _finalize,
        undefined=Absent,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters.update(FILTERS)
    return environment


def _finalize(value: Any) -> Any:
    """What is printed of a value: nothing of an empty one, and never a noun as Python shows it."""
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if is_dataclass(value):
        names = ", ".join(f"`{part.name}`" for part in fields(value))
        kind = type(value).__name__
        raise TypeError(f"a whole {kind} cannot be printed. Print one of its fields: {names}.")
    if isinstance(value, tuple | list):
        raise TypeError("a list cannot be printed. Go through it with {% for %}, or `| join`.")
    if isroutine(value):
        raise TypeError(f"`{value.__name__}` cannot be printed: it is a thing to call.")
    return value


def _finalize_markdown(value: Any) -> Any:
    return escape_markdown(_finalize(value))


def templates_sha256(folders: Sequence[Path]) -> str:
    """Hash of every template file that could be used."""
    files = []
    for folder, file in _files(folders):
        try:
            sha256 = file_sha256(file)
        except FileNotFoundError:  # an editor has just renamed it
            continue
        except OSError as error:
            raise TemplateError(f"{file} cannot be read: {error.strerror or error}.") from error
        files.append([folders.index(folder), file.relative_to(folder).as_posix(), sha256])
    return content_sha256(files)
