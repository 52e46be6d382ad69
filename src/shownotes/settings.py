"""shownotes.toml, the environment, sidecars -> `Settings`, `Sidecar`. No side effects.

Why pydantic-settings: it is in the tree already (Prefect), it checks every key and type, and it
layers arguments over environment over file over defaults in the order we document.

Precedence: arguments > environment (`SHOWNOTES_SECTION__KEY`) > sidecar > show > file > defaults.
"""

import difflib
import ipaddress
import re
import tomllib
from pathlib import Path
from typing import Any, ClassVar, Literal
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from shownotes.core.timecodes import MOST_TIME_S
from shownotes.errors import SettingsError, SidecarError
from shownotes.model import GivenChapter, GivenPerson, GivenTrack, Metadata

CONFIG_NAME = "shownotes.toml"
# A name or an address as it stands in a Host header, with or without a port.
_HOST = re.compile(r"(?:[A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?")


class _Section(BaseModel):
    """A table of the configuration; unknown keys are errors."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Paths(_Section):
    """`[paths]`: relative to the folder of shownotes.toml."""

    audio: str = "audio"
    output: str = "output"
    templates: str = "templates"
    # Whether links in the in-tray may lead out of the working folder.
    follow_links: bool = False

    @field_validator("audio", "output", "templates")
    @classmethod
    def _is_path(cls, value: str) -> str:
        if not value.strip() or any(ord(c) < ord(" ") for c in value):
            raise ValueError(f"{value!r} is not the name of a folder")
        return value


class AudioSettings(_Section):
    """`[audio]`: prepare."""

    measure_loudness: bool = True


class SpeechSettings(_Section):
    """`[speech]`: transcribe."""

    model: str = "auto"
    device: Literal["auto", "cpu", "cuda"] = "auto"
    download: Literal["ask", "always", "never"] = "ask"
    language: str | None = None
    # `draft` is quicker and hears worse: one beam instead of `beam_size`, pieces side by side.
    profile: Literal["usual", "draft"] = "usual"
    beam_size: int = Field(default=5, ge=1, le=20)
    # Half-minutes that are heard side by side; 0: eight on a GPU and in drafts, else one by one.
    batch_size: int = Field(default=0, ge=0, le=64)
    window_s: float = Field(default=300.0, ge=120.0, le=600.0)
    threads: int = Field(default=0, ge=0, le=256)
    deadline_factor: float = Field(default=20.0, gt=0.0)
    min_language_probability: float = Field(default=0.7, ge=0.0, le=1.0)


class SpeakersSettings(_Section):
    """`[speakers]`: attribute."""

    # Off: only speakers of a transcript, of separate tracks or of two channels are told apart.
    tell_apart: bool = True
    # How many people speak at most, where it is known; 0 when it is not.
    most: int = Field(default=0, ge=0, le=20)
    # Model files for sherpa-onnx, which then tells the voices of a mix apart; both or neither.
    segmentation_model: str = ""
    embedding_model: str = ""

    @model_validator(mode="after")
    def _both_models(self) -> "SpeakersSettings":
        if bool(self.segmentation_model) != bool(self.embedding_model):
            raise ValueError("segmentation_model and embedding_model go together")
        return self


class NamesSettings(_Section):
    """`[names]`: identify."""

    # Several are merged; of two that disagree the first counts.
    pipelines: dict[str, str | tuple[str, ...]] = {"en": "bundled"}


class ChapterSettings(_Section):
    """`[chapters]`: divide."""

    min_length_s: float = Field(default=30.0, ge=10.0)
    target_length_s: float = Field(default=180.0, ge=30.0)


class DraftingSettings(_Section):
    """`[drafting]`: a language model that words hook and summaries. Off without an endpoint."""

    endpoint: str = ""
    model: str = ""
    timeout_s: float = Field(default=120.0, gt=0.0)
    # Characters of transcript that are sent at most.
    most_characters: int = Field(default=60_000, ge=1_000)

    @model_validator(mode="after")
    def _is_named(self) -> "DraftingSettings":
        if self.endpoint and not self.model:
            raise ValueError("an endpoint needs the name of a model")
        return self


class PrefectSettings(_Section):
    """`[prefect]`: how the command line runs the flow, and where the server of `up` listens."""

    server_start_timeout_s: float = Field(default=120.0, gt=0.0)
    # Another address than this machine's own needs PREFECT_SERVER_API_AUTH_STRING.
    host: str = Field(default="127.0.0.1", min_length=1)
    port: int = Field(default=4200, ge=0, le=65535)


class SchedulesSettings(_Section):
    """`[schedules]`: what `shownotes up` does by itself, and when."""

    # Episodes at a time; 0: a quarter of the free cores, and at least one.
    slots: int = Field(default=0, ge=0, le=64)
    # One run looks at the in-tray for so long, then the next one takes over.
    watch_every_s: int = Field(default=300, ge=10, le=86_400)
    publish_every_min: int = Field(default=5, ge=1, le=59)
    house_keeping_at: str = "03:30"
    timezone: str = "UTC"
    # Working files of published episodes are removed after so many days.
    keep_work_days: float = Field(default=30.0, ge=0.0)
    keep_trash_days: float = Field(default=30.0, ge=0.0)
    warn_free_gb: float = Field(default=5.0, ge=0.0)

    @field_validator("house_keeping_at")
    @classmethod
    def _is_clock_time(cls, value: str) -> str:
        if not re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", value):
            raise ValueError("write a time of the day, such as 03:30")
        return value

    @field_validator("timezone")
    @classmethod
    def _is_timezone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError) as error:
            raise ValueError("write a time zone such as Europe/Oslo") from error
        return value


class DropSettings(_Section):
    """`[drop]`: when a file in the in-tray is taken to be whole."""

    # Seconds in which nothing about it has changed, over so many looks.
    rest_s: float = Field(default=10.0, gt=0.0)
    looks: int = Field(default=3, ge=2, le=1000)
    look_every_s: float = Field(default=2.0, gt=0.0, le=60.0)
    # A file that looks cut short is taken anyway after so much rest, and its draft says so.
    patience_s: float = Field(default=600.0, ge=0.0)


class DeskSettings(_Section):
    """`[desk]`: where the editor's desk listens, and by what names it may be called."""

    # Any address but this machine's own needs accounts (docs/remote.md).
    host: str = Field(default="127.0.0.1", min_length=1)
    port: int = Field(default=8765, ge=0, le=65535)
    # Names beside the machine's own under which browsers may ask for the desk.
    allowed_hosts: tuple[str, ...] = ()
    # Addresses or networks whose X-Forwarded-* headers are believed.
    trusted_proxies: tuple[str, ...] = ()
    most_upload_mb: int = Field(default=4096, ge=1)
    # Where editors reach the desk from outside; invitations begin with it.
    public_url: str = ""
    # Keep how the named voices of approved episodes sound, to suggest them in the show's next ones.
    remember_voices: bool = True

    @field_validator("allowed_hosts")
    @classmethod
    def _are_hosts(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for name in value:
            if not _HOST.fullmatch(name):
                raise ValueError(
                    f"{name!r} is not a host such as desk.example.org or 10.0.0.5:8765"
                )
        return tuple(name.lower() for name in value)

    @field_validator("trusted_proxies")
    @classmethod
    def _are_networks(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for network in value:
            ipaddress.ip_network(network, strict=False)
        return value

    @field_validator("public_url")
    @classmethod
    def _is_origin(cls, value: str) -> str:
        found = re.fullmatch(r"(https?)://([^/?#]+)/?", value, re.IGNORECASE)
        if value and not (found and _HOST.fullmatch(found[2])):
            raise ValueError(f"{value!r} is not an address such as https://desk.example.org")
        return value.rstrip("/").lower()


def _is_address(value: str) -> str:
    parts = urlsplit(value)
    if value and not (parts.scheme in ("http", "https") and parts.hostname):
        raise ValueError("write a whole address, such as https://example.org/hook")
    if parts.username or parts.password:
        raise ValueError("no names and passwords in addresses; secrets come by the environment")
    return value


class PublishSettings(_Section):
    """`[publish]`: what is published, and who is told. Secrets come from the environment."""

    audio: bool = True
    command: tuple[str, ...] = ()
    command_timeout_s: float = Field(default=300.0, gt=0.0)
    webhook: str = ""
    wordpress_url: str = ""
    wordpress_user: str = ""
    retries: int = Field(default=4, ge=0, le=20)

    _addresses = field_validator("webhook", "wordpress_url")(_is_address)

    @model_validator(mode="after")
    def _is_safe(self) -> "PublishSettings":
        if self.wordpress_url and not self.wordpress_user:
            raise ValueError("wordpress_url needs a wordpress_user")
        parts = urlsplit(self.wordpress_url)
        if parts.scheme == "http" and parts.hostname not in ("127.0.0.1", "::1", "localhost"):
            raise ValueError("wordpress_url must be https://: a password is sent there")
        return self


class LogsSettings(_Section):
    """`[logs]`: `output/.logs/shownotes.jsonl`, a line an event."""

    # Old files that are kept beside the one that is written.
    keep: int = Field(default=5, ge=0, le=1000)
    most_mb: float = Field(default=10.0, gt=0.0)


class NotifySettings(_Section):
    """`[notify]`: who is told of failures and of drafts. Secrets come from the environment."""

    about: tuple[Literal["failures", "drafts"], ...] = ("failures", "drafts")
    webhook: str = ""
    mail_to: tuple[str, ...] = ()
    mail_from: str = ""
    smtp_host: str = "127.0.0.1"
    smtp_port: int = Field(default=587, ge=1, le=65535)
    smtp_user: str = ""
    smtp_security: Literal["starttls", "tls", "none"] = "starttls"
    # What happens within so many minutes of a mail goes into the next one, all together.
    mail_every_min: float = Field(default=15.0, ge=0.0)

    _webhook = field_validator("webhook")(_is_address)

    @model_validator(mode="after")
    def _is_safe(self) -> "NotifySettings":
        if self.mail_to and not self.mail_from:
            raise ValueError("mail_to needs a mail_from")
        if any("@" not in name or len(name.split()) != 1 for name in self.mail_to):
            raise ValueError("mail_to are addresses, such as ops@example.org")
        is_here = self.smtp_host in ("127.0.0.1", "::1", "localhost")
        if self.smtp_user and self.smtp_security == "none" and not is_here:
            raise ValueError('smtp_security = "none" would send a password in the open')
        return self


def _is_feed(value: str | None) -> str | None:
    """A feed's address; one of a private feed may hold a name and a password."""
    if value is None:
        return None
    try:
        parts = urlsplit(value)
        is_whole = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_whole = False
    if not is_whole or any(c.isspace() for c in value):
        raise ValueError("write a feed's whole address, such as https://example.org/feed.xml")
    return value


class FeedsSettings(_Section):
    """`[feeds]`: podcasts whose new episodes are fetched. Nothing is asked while none is set."""

    # Besides `[show.<name>] feed`.
    urls: tuple[str, ...] = ()
    # Whose transcript stands: ours, the publisher's, or ours with the differences pointed out.
    transcript: Literal["ours", "publisher", "compare"] = "ours"
    poll_every_min: int = Field(default=60, ge=15, le=10_080)
    # How many episodes of a feed are taken when it is seen for the first time; `backfill` gets
    # the others.
    take_at_first: int = Field(default=1, ge=0, le=100)
    most_mb: int = Field(default=2048, ge=1)
    # Addresses of this machine and of private networks may be asked. Those of the machine's
    # neighbours on the wire (169.254.*) never are.
    allow_private: bool = False

    @field_validator("urls")
    @classmethod
    def _are_feeds(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for url in value:
            _is_feed(url)
        return value


def _is_link(value: str | None) -> str | None:
    """An address that a reader's program may open; `javascript:` and its kind are none."""
    if value is None:
        return None
    try:
        parts = urlsplit(value)
        is_link = parts.scheme == "mailto" or bool(
            parts.scheme in ("http", "https") and parts.hostname
        )
    except ValueError:
        is_link = False
    if not is_link or any(c.isspace() or ord(c) < ord(" ") for c in value):
        raise ValueError(f"write a whole address, such as https://example.org/about: {value!r}")
    return value


def _are_links(value: dict[str, str]) -> dict[str, str]:
    for address in value.values():
        _is_link(address)
    return value


class PersonSettings(_Section):
    """A person as the producer writes one."""

    name: str = Field(min_length=1)
    title: str | None = None
    organization: str | None = None
    link: str | None = None

    _link = field_validator("link")(_is_link)

    def given(self) -> GivenPerson:
        """The noun for this entry."""
        return GivenPerson(
            name=self.name, title=self.title, organization=self.organization, link=self.link
        )


def _named(value: object) -> object:
    """Accept `"Ann Lee"` for `{name = "Ann Lee"}` in lists of people."""
    if isinstance(value, list):
        return [{"name": item} if isinstance(item, str) else item for item in value]
    return value


class ShowSettings(_Section):
    """`[show.<name>]`: what is the same for every episode of a show."""

    publication: str | None = None
    # What the show is about, for its site and feed.
    description: str | None = None
    hosts: tuple[PersonSettings, ...] = ()
    sign_off: str | None = None
    links: dict[str, str] = Field(default_factory=dict)
    cover: str | None = None
    language: str | None = None
    timezone: str | None = None
    glossary: tuple[str, ...] = ()
    site_url: str | None = None
    audio_url: str | None = None
    category: str | None = None
    explicit: bool = False
    author: str | None = None
    owner_email: str | None = None
    # What the feed says of machines' part in the notes; nothing while it is not set.
    ai_content: bool | None = None
    # Who makes the show, by role: { Producer = "Ann Lee" }.
    credits: dict[str, str] = Field(default_factory=dict)
    # Where the show is published already: new episodes are fetched from there.
    feed: str | None = None

    _feed = field_validator("feed")(_is_feed)
    _addresses = field_validator("site_url", "audio_url")(_is_link)
    _links = field_validator("links")(_are_links)

    _people = field_validator("hosts", mode="before")(_named)


class Settings(BaseSettings):
    """Everything that can be set. `root` is the working folder."""

    model_config = SettingsConfigDict(
        env_prefix="SHOWNOTES_", env_nested_delimiter="__", extra="forbid", frozen=True
    )
    # Read from the environment by tests and the wheel, and not settings of ours.
    foreign_env: ClassVar[tuple[str, ...]] = (
        "SHOWNOTES_CHROMIUM",
        "SHOWNOTES_ROOT",
        "SHOWNOTES_DRAFTING_KEY",
        "SHOWNOTES_WEBHOOK_SECRET",
        "SHOWNOTES_WORDPRESS_PASSWORD",
        "SHOWNOTES_SMTP_PASSWORD",
    )

    root: Path = Path()
    paths: Paths = Paths()
    audio: AudioSettings = AudioSettings()
    speech: SpeechSettings = SpeechSettings()
    speakers: SpeakersSettings = SpeakersSettings()
    names: NamesSettings = NamesSettings()
    chapters: ChapterSettings = ChapterSettings()
    drafting: DraftingSettings = DraftingSettings()
    publish: PublishSettings = PublishSettings()
    prefect: PrefectSettings = PrefectSettings()
    schedules: SchedulesSettings = SchedulesSettings()
    drop: DropSettings = DropSettings()
    desk: DeskSettings = DeskSettings()
    logs: LogsSettings = LogsSettings()
    notify: NotifySettings = NotifySettings()
    feeds: FeedsSettings = FeedsSettings()
    show: dict[str, ShowSettings] = Field(default_factory=dict)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Environment above the file, whose values arrive as init arguments."""
        return (env_settings, init_settings)

    @property
    def audio_folder(self) -> Path:
        """The in-tray."""
        return self.root / self.paths.audio

    @property
    def output_folder(self) -> Path:
        """One folder an episode."""
        return self.root / self.paths.output

    @property
    def templates_folder(self) -> Path:
        """Where the working folder's own templates lie, if any."""
        return self.root / self.paths.templates

    def value(self, key: str) -> object:
        """The value of a dotted key such as `speech.beam_size`, as plain data."""
        node: Any = self
        for part in key.split("."):
            node = getattr(node, part)
        return node.model_dump(mode="json") if isinstance(node, BaseModel) else node

    def with_values(self, changes: dict[str, object]) -> "Settings":
        """A copy with dotted keys replaced (command-line arguments), checked like the file.

        Raises:
            SettingsError: a value is not allowed.
        """
        data = self.model_dump()
        for key, value in changes.items():
            *parents, last = key.split(".")
            node = data
            for part in parents:
                node = node.get(part, {})
            node[last] = value
        checked = {}
        for name in {key.split(".")[0] for key in changes}:
            section = _section(name)
            try:
                checked[name] = section.model_validate(data[name])
            except ValidationError as error:
                raise SettingsError(_explain(error, f"[{name}]", section)) from error
        return self.model_copy(update=checked)


def _section(name: str) -> type[BaseModel]:
    field = Settings.model_fields.get(name)
    kind = field.annotation if field else None
    if not (isinstance(kind, type) and issubclass(kind, BaseModel)):
        raise SettingsError(f"[{name}] cannot be set on the command line.")
    return kind


class Sidecar(_Section):
    """`audio/<stem>.toml`: what the producer knows about one episode. Wins over tags and show.

    `tracks` says whose the files of a folder of tracks are: `{"mic1.wav" = "Ada Obi"}`.
    """

    title: str | None = None
    show: str | None = None
    season: int | None = Field(default=None, ge=0)
    number: int | None = Field(default=None, ge=0)
    date: str | None = None
    language: str | None = None
    hosts: tuple[PersonSettings, ...] = ()
    guests: tuple[PersonSettings, ...] = ()
    glossary: tuple[str, ...] = ()
    chapters: tuple[dict[str, float | str], ...] = ()
    tracks: dict[str, str] = Field(default_factory=dict)
    model: str | None = None
    # What the episode is recognised by, whatever its file is called: its feed's guid.
    feed_id: str | None = Field(default=None, min_length=1)

    _people = field_validator("hosts", "guests", mode="before")(_named)

    @field_validator("date", mode="before")
    @classmethod
    def _iso_date(cls, value: object) -> object:
        """TOML dates are dates; we keep `YYYY-MM-DD`."""
        return value.isoformat()[:10] if hasattr(value, "isoformat") else value

    @field_validator("date")
    @classmethod
    def _is_date(cls, value: str | None) -> str | None:
        import datetime

        if value is not None:
            datetime.date.fromisoformat(value)
        return value

    @field_validator("chapters")
    @classmethod
    def _are_chapters(
        cls, value: tuple[dict[str, float | str], ...]
    ) -> tuple[dict[str, float | str], ...]:
        for chapter in value:
            if set(chapter) != {"start", "title"}:
                raise ValueError("every chapter needs exactly `start` and `title`")
            seconds(chapter["start"])
        return value

    def metadata(self) -> Metadata:
        """The noun for this sidecar."""
        return Metadata(
            title=self.title,
            show=self.show,
            season=self.season,
            number=self.number,
            date=self.date,
            language=self.language,
            hosts=tuple(person.given() for person in self.hosts),
            guests=tuple(person.given() for person in self.guests),
            glossary=self.glossary,
            chapters=tuple(
                GivenChapter(start=seconds(c["start"]), title=str(c["title"]))
                for c in self.chapters
            ),
            tracks=tuple(GivenTrack(file=f, name=n) for f, n in self.tracks.items()),
            model=self.model,
            feed_id=self.feed_id,
        )


def seconds(value: float | str) -> float:
    """`754.5`, `"12:34"` or `"1:02:03.5"` as seconds.

    Raises:
        ValueError: not a time.
    """
    if isinstance(value, (int, float)):
        # Not a number is in no range.
        if not 0 <= value < MOST_TIME_S:
            raise ValueError(f"{value} is not a time in an episode")
        return float(value)
    total = 0.0
    parts = value.strip().split(":")
    if not 1 <= len(parts) <= 3 or not all(p.replace(".", "", 1).isdecimal() for p in parts):
        raise ValueError(f"{value!r} is not a time such as 12:34 or 1:02:03")
    for part in parts:
        total = total * 60 + float(part)
    if total >= MOST_TIME_S:
        raise ValueError(f"{value!r} is not a time in an episode")
    return total


def find_root(start: Path) -> Path | None:
    """The nearest folder at or above `start` that holds shownotes.toml."""
    for folder in (start.resolve(), *start.resolve().parents):
        if (folder / CONFIG_NAME).is_file():
            return folder
    return None


def load_settings(root: Path) -> Settings:
    """Read `root/shownotes.toml` under the environment.

    Raises:
        SettingsError: unreadable file, unknown key (names the nearest known one), wrong value.
    """
    path = root / CONFIG_NAME
    data = _read_toml(path, SettingsError) if path.is_file() else {}
    if "root" in data:
        raise SettingsError(f"{path}: `root` cannot be set; it is the folder of this file.")
    try:
        return Settings(**data, root=root)
    except ValidationError as error:
        raise SettingsError(_explain(error, str(path))) from error


def load_sidecar(path: Path) -> Sidecar:
    """Read a sidecar.

    Raises:
        SidecarError: unreadable file, unknown key (names the nearest known one), wrong value.
    """
    data = _read_toml(path, SidecarError)
    try:
        return Sidecar.model_validate(data)
    except ValidationError as error:
        raise SidecarError(_explain(error, str(path), Sidecar)) from error


def _read_toml(path: Path, kind: type[SettingsError]) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise kind(f"{path} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise kind(f"{path} is not UTF-8 text; save it as UTF-8 and try again.") from error
    except (ValueError, RecursionError) as error:
        # Python's reader gives up on what is nested a thousand deep, and on endless numbers.
        raise kind(f"{path} is not valid TOML: {error}.") from error


def _explain(error: ValidationError, where: str, top: type[BaseModel] = Settings) -> str:
    """One line a wrong key: what is wrong and, for an unknown key, the nearest known one."""
    lines = []
    for item in error.errors(include_url=False):
        location = [str(part) for part in item["loc"]]
        key = ".".join(location)
        if item["type"] == "extra_forbidden":
            near = difflib.get_close_matches(location[-1], _known_keys(top, location), n=1)
            hint = f" Did you mean `{near[0]}`?" if near else ""
            lines.append(f"`{key}` is not a setting.{hint}")
        else:
            # Addresses of private feeds hold passwords, and messages go into logs.
            is_secret = "feed" in location or location[:2] == ["feeds", "urls"]
            found = "" if is_secret else f" (found {item['input']!r})"
            lines.append(f"`{key}`: {item['msg']}{found}.")
    return f"{where}: " + " ".join(lines)


def _known_keys(top: type[BaseModel], location: list[str]) -> list[str]:
    node: type[BaseModel] = top
    if location[0] == "show" and len(location) > 2:
        node = ShowSettings
    elif location[0] in {"hosts", "guests"} or "hosts" in location[:-1]:
        node = PersonSettings
    elif len(location) > 1:
        annotation = top.model_fields[location[0]].annotation
        if isinstance(annotation, type) and issubclass(annotation, BaseModel):
            node = annotation
    return list(node.model_fields)
