"""Reads catalogues of public bodies: the bundled one, and what a show adds to it."""

import tomllib
from collections.abc import Iterator, Sequence
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from shownotes.core.catalogue import Catalogue, make_catalogue
from shownotes.errors import SettingsError
from shownotes.model import CatalogueEntry, OrganizationKind

DATA = Path(str(resources.files("shownotes"))) / "data"
BUNDLED = DATA / "public_bodies.toml"
# Names alone, by kind or label: what everybody has heard of.
WELL_KNOWN = (DATA / "well_known_companies.toml", DATA / "well_known_bodies.toml")
THINGS = DATA / "well_known_things.toml"
# What a show's folder under `shows/` may hold.
SHOW_FILE = "bodies.toml"


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Annotated[str, Field(min_length=2)]
    aliases: tuple[Annotated[str, Field(min_length=2)], ...] = ()
    kind: OrganizationKind
    jurisdiction: str = ""
    does: Annotated[str, Field(max_length=90)] = ""
    url: str | None = None
    source: str | None = None

    @model_validator(mode="after")
    def _has_source(self) -> "_Body":
        if bool(self.url) != bool(self.source):
            raise ValueError("`url` stands only together with `source`, the page that states it")
        return self


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid")

    body: tuple[_Body, ...] = ()


def load_catalogue(additions: Sequence[Path] = ()) -> Catalogue:
    """The bundled catalogue with the bodies of further files, which win.

    Raises:
        SettingsError: a file is not one; the message says where.
    """
    files = tuple((path, path.stat().st_mtime_ns) for path in additions if path.is_file())
    return _load(files)


@cache
def _load(files: tuple[tuple[Path, int], ...]) -> Catalogue:
    paths = [BUNDLED, *(path for path, _ in files)]
    bodies = [body for path in paths for body in _read(path)]
    things = {name: label for label, names in read_listed(THINGS).items() for name in names}
    return make_catalogue(bodies, well_known=_read_well_known(), things=things)


def read_listed(path: Path) -> dict[str, list[str]]:
    """Well-known names by kind or label: a text of one name a line for each."""
    listed = tomllib.loads(path.read_text(encoding="utf-8"))
    return {kind: names.strip().split("\n") for kind, names in listed.items()}


def _read_well_known() -> Iterator[CatalogueEntry]:
    for path in WELL_KNOWN:
        for kind, names in read_listed(path).items():
            for name in names:
                yield CatalogueEntry(name=name, kind=OrganizationKind(kind))


def _read(path: Path) -> Iterator[tuple[CatalogueEntry, Sequence[str]]]:
    try:
        data = _File.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SettingsError(f"{path} cannot be read as a catalogue of bodies: {error}.") from error
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise SettingsError(f"{path}: `{where}`: {first['msg']}.") from error
    for body in data.body:
        entry = CatalogueEntry(
            name=body.name,
            kind=body.kind,
            jurisdiction=body.jurisdiction,
            does=body.does,
            url=body.url,
            source=body.source,
        )
        yield entry, body.aliases
