"""Templates into pages, with everything escaped for where it goes.

Why Jinja2: users know it, and a template can be replaced without touching the program. HTML is
autoescaped; Markdown, which Jinja2 does not escape, goes through `finalize`, so that every value a
`.md` template prints is escaped unless the template says `| raw`.
"""

import functools
import re
from collections.abc import Iterable, Mapping, Sequence
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


def escape_markdown(text: object) -> Raw:
    """Text that a CommonMark reader shows exactly as given, on one line.

    Newlines become spaces: nothing from a transcript may begin a block of its own.
    """
    if isinstance(text, Raw):
        return text
    flat = " ".join(_CONTROL.sub("", str(text)).split())
    escaped = _MARKS.sub(_escape_mark, flat)
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
    flat = " ".join(_CONTROL.sub("", str(text)).split())
    return Raw(flat.replace("--", "‐‐").replace("<", "‹").replace(">", "›"))


def safe_url(url: object) -> str:
    """A link's target when it is an ordinary one; empty for `javascript:` and its kind."""
    text = str(url).strip()
    return text if _SCHEME.match(text) else ""


def markdown_url(url: object) -> Raw:
    """A link's target inside `(<…>)`."""
    return Raw(re.sub(r"[<>\\\s]", lambda m: f"%{ord(m.group()):02X}", safe_url(url)))


def render_notes(page: Page, template: str, folders: Sequence[Path]) -> str:
    """One file of an episode from its template (`notes.md`, `notes.html`).

    Templates are looked for in `folders`, file by file; the first folder that has one wins.

    Raises:
        TemplateError: missing or wrong; names the file and the line.
    """
    return _render(template, folders, page=page, notes=page.notes, h=page.h)


def render_site(site: Site, headings: Mapping[str, str], folders: Sequence[Path]) -> str:
    """A show's index from its template `show.html`.

    Raises:
        TemplateError: missing or wrong; names the file and the line.
    """
    return _render("show.html", folders, site=site, h=headings)


def _render(template: str, folders: Sequence[Path], **context: object) -> str:
    import jinja2

    environment = _environment(tuple(folders), template)
    try:
        text = environment.get_template(template).render(**context)
    except jinja2.TemplateNotFound as error:
        looked = ", ".join(str(folder) for folder in folders)
        raise TemplateError(f"There is no template {error} in {looked}.") from error
    except jinja2.TemplateSyntaxError as error:
        raise TemplateError(
            f"{error.filename or template}, line {error.lineno}: {error.message}"
        ) from error
    except (
        jinja2.TemplateError,
        TypeError,
        ValueError,
        AttributeError,
        ArithmeticError,
        LookupError,
    ) as error:
        file, line = _where(error, folders)
        raise TemplateError(f"{file or template}, line {line}: {error}") from error
    return _tidied(text) if template.endswith((".md", ".txt")) else text


def _where(error: Exception, folders: Iterable[Path]) -> tuple[str, int]:
    """The template's line that failed: Jinja2 puts it into the traceback."""
    found, line = "", 0
    trace = error.__traceback__
    while trace is not None:
        name = trace.tb_frame.f_code.co_filename
        if any(Path(name).is_relative_to(folder) for folder in folders):
            found, line = name, trace.tb_lineno
        trace = trace.tb_next
    return found, line


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
    return tuple(
        (str(file), file.stat().st_mtime_ns)
        for folder in folders
        if folder.is_dir()
        for file in sorted(folder.rglob("*"))
        if file.is_file()
    )


@functools.lru_cache(maxsize=16)
def _made(
    folders: tuple[Path, ...], kind: str, _templates: tuple[tuple[str, int], ...]
) -> "Environment":
    import jinja2

    is_html, is_markdown = kind == "html", kind == "md"
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader([str(folder) for folder in folders]),
        autoescape=is_html,  # noqa: S701 -- Markdown is escaped by `finalize`, plain text has no marks
        finalize=_finalize_markdown if is_markdown else None,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters.update(
        raw=Raw,
        md=escape_markdown,
        comment=comment_safe,
        url=safe_url,
        mdurl=markdown_url,
        plain=plain_text,
    )
    return environment


def plain_text(text: object) -> str:
    """Text for a plain-text field: one line, no control characters, no angle brackets.

    YouTube refuses a description that holds `<` or `>`.
    """
    flat = " ".join(_CONTROL.sub("", str(text)).split())
    return flat.replace("<", "‹").replace(">", "›")


def _finalize_markdown(value: Any) -> Any:
    return escape_markdown(value)


def templates_sha256(folders: Sequence[Path]) -> str:
    """Hash of every template file that could be used."""
    files = [
        [folder_index, file.relative_to(folder).as_posix(), file_sha256(file)]
        for folder_index, folder in enumerate(folders)
        if folder.is_dir()
        for file in sorted(folder.rglob("*"))
        if file.is_file()
    ]
    return content_sha256(files)
