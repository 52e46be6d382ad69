"""The nouns: frozen values that steps exchange. No I/O, no third-party import.

Times are seconds (float) from the first sample a browser's player plays, half-open `[start, end)`.
"""

from dataclasses import dataclass, field
from enum import StrEnum


class State(StrEnum):
    """Where an episode stands; derived from the files in its folder, never stored as truth."""

    WAITING = "waiting"
    QUEUED = "queued"
    PROCESSING = "processing"
    FAILED = "failed"
    DRAFT = "draft"
    IN_REVIEW = "in_review"
    APPROVED = "approved"
    CHANGED_SINCE_APPROVAL = "changed_since_approval"
    PUBLISHED = "published"


class WaitsFor(StrEnum):
    """What an episode in `State.WAITING` waits for, where that is not simply its turn."""

    MODEL = "model"
    # It was cancelled: somebody has to ask for it again.
    RETRY = "retry"


class PersonRole(StrEnum):
    """Podcasting 2.0's roles, and `mentioned` for those who are only talked about."""

    HOST = "host"
    GUEST = "guest"
    MENTIONED = "mentioned"


class OrganizationKind(StrEnum):
    """What sort of body an organization is. "Agency" is a kind, not a class."""

    GOVERNMENT_AGENCY = "government_agency"
    INTERGOVERNMENTAL = "intergovernmental"
    COMPANY = "company"
    NGO = "ngo"
    UNIVERSITY = "university"
    MEDIA = "media"
    POLITICAL = "political"
    OTHER = "other"


class Flag(StrEnum):
    """Why an editor should look at a passage. Flagged text is kept, never deleted."""

    TEXT_IN_SILENCE = "text_in_silence"
    LOOP = "loop"
    STOCK_PHRASE = "stock_phrase"
    TOO_FAST = "too_fast"
    LOW_CONFIDENCE = "low_confidence"
    ESTIMATED_TIMES = "estimated_times"


# --------------------------------------------------------------------------- audio and episode


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A stretch of audio."""

    start: float
    end: float

    @property
    def duration(self) -> float:
        """Length in seconds."""
        return self.end - self.start


@dataclass(frozen=True, slots=True, kw_only=True)
class Loudness:
    """EBU R128 measurements of the untouched audio.

    Source: EBU Tech 3341/3342.
    """

    integrated_lufs: float
    range_lu: float
    true_peak_dbtp: float


@dataclass(frozen=True, slots=True, kw_only=True)
class AudioFile:
    """One version of an episode's audio as it lies in `audio/`.

    Attributes:
        path: relative to the working folder, with forward slashes.
        packets_sha256: hash of the sound track's packets; changed tags do not change it.
        decoded_s: seconds that were really decoded.
        declared_s: seconds that the container claims, `None` when it says nothing.
        broken_packets: packets that could not be decoded, each losing only itself.
        browser_playable: whether a browser plays and seeks this file exactly as it is.
    """

    path: str
    size_bytes: int
    modified_ns: int
    inode: int
    packets_sha256: str
    container: str
    codec: str
    channels: int
    sample_rate_hz: int
    decoded_s: float
    declared_s: float | None
    broken_packets: int = 0
    browser_playable: bool = True
    loudness: Loudness | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenPerson:
    """A person named by the producer in a sidecar or the show's settings."""

    name: str
    title: str | None = None
    organization: str | None = None
    link: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenChapter:
    """A chapter made by the creator (sidecar or file tags); these always win."""

    start: float
    title: str


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenTrack:
    """Whose a track is, as the producer said it."""

    file: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Metadata:
    """What the producer said about the episode: tags, under the show, under the sidecar."""

    title: str | None = None
    show: str | None = None
    season: int | None = None
    number: int | None = None
    date: str | None = None
    language: str | None = None
    hosts: tuple[GivenPerson, ...] = ()
    guests: tuple[GivenPerson, ...] = ()
    glossary: tuple[str, ...] = ()
    chapters: tuple[GivenChapter, ...] = ()
    tracks: tuple[GivenTrack, ...] = ()
    model: str | None = None
    feed_id: str | None = None
    sign_off: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """Something a person should know about an episode.

    Attributes:
        code: stable name, e.g. `truncated`, `silent`, `broken_packets`, `demo_model`.
        message: what happened, for a person.
    """

    code: str
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Track:
    """One person's recording of a conversation that was recorded on separate tracks.

    Attributes:
        path: relative to the working folder.
        speaker: the name by the producer, the file's name or its tags, else `Speaker 1` and so on.
        offset_s: where its beginning lies on the episode's timeline, in seconds.
        drift: by how much its clock runs slow against the episode's, as a share.
        is_placed: its place was found by its sound; else it was taken to begin with the others.
        speech: when this person speaks, on the episode's timeline.
        working_audio: on the episode's timeline, silent where the person does not speak; relative
            to the episode's folder.
    """

    path: str
    speaker: str
    working_audio: str
    offset_s: float = 0.0
    drift: float = 0.0
    is_placed: bool = False
    speech: tuple[Span, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Episode:
    """`episode.json`: who the episode is, its audio, and what prepare measured.

    Attributes:
        id: permanent random hex id.
        key: what the episode is recognised by: `feed:…`, `show:…#number` or `file:…`.
        versions: every audio version seen, newest last; the last one is current.
        speech: where somebody speaks (voice activity), for cuts and checks.
        working_audio: relative to the episode's folder.
        listening_copy: what browsers play in place of the audio, relative to the episode's folder;
            `None` when they play and seek the audio itself.
        transcript_path: an imported transcript, relative to the working folder.
        tracks: where everybody was recorded apart; empty for a mix alone.
    """

    id: str
    key: str
    folder: str
    metadata: Metadata
    versions: tuple[AudioFile, ...] = ()
    duration: float = 0.0
    speech: tuple[Span, ...] = ()
    working_audio: str | None = None
    listening_copy: str | None = None
    transcript_path: str | None = None
    transcript_sha256: str | None = None
    tracks: tuple[Track, ...] = ()
    warnings: tuple[Notice, ...] = ()

    @property
    def audio(self) -> AudioFile | None:
        """The current audio version, `None` for a transcript that came alone."""
        return self.versions[-1] if self.versions else None


# --------------------------------------------------------------------------- transcript


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """A spoken word with its punctuation and without surrounding space.

    Attributes:
        probability: the recogniser's, `None` when imported.
        is_estimated: its times were spread over the segment, not measured.
    """

    text: str
    start: float
    end: float
    probability: float | None = None
    is_estimated: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """A stretch of speech as the recogniser or the imported file cut it."""

    start: float
    end: float
    text: str
    words: tuple[Word, ...] = ()
    speaker: str | None = None
    flags: tuple[Flag, ...] = ()
    avg_logprob: float | None = None
    no_speech_probability: float | None = None
    compression_ratio: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Transcript:
    """`transcript.json`.

    Attributes:
        language: ISO 639-1 code.
        model: name of the speech model, or `imported`.
        is_demo: made by the bundled demo model on whatever audio.
    """

    language: str
    segments: tuple[Segment, ...]
    duration: float
    model: str
    language_probability: float | None = None
    is_demo: bool = False
    warnings: tuple[Notice, ...] = ()

    @property
    def word_count(self) -> int:
        """Number of words in all segments."""
        return sum(len(segment.words) for segment in self.segments)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sentence:
    """A sentence over the transcript's words; made by `core.sentences`, never stored as truth.

    Attributes:
        segment: index of the segment in which it begins.
        pause_before: seconds of no speech before it.
    """

    index: int
    text: str
    start: float
    end: float
    segment: int
    speaker: str | None = None
    pause_before: float = 0.0
    words: tuple[Word, ...] = ()

    @property
    def evidence(self) -> "Evidence":
        """The sentence as what says so."""
        return Evidence(text=self.text, start=self.start, end=self.end)


# --------------------------------------------------------------------------- speakers


class SpeakersFrom(StrEnum):
    """How it was found out who speaks when."""

    LABELS = "labels"
    TRACKS = "tracks"
    STEREO = "stereo"
    VOICES = "voices"
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """Words in a row by one speaker.

    Attributes:
        speaker: a label of the file that came with the episode, or a track's name; else
            `Speaker 1`, `Speaker 2` … in order of appearance.
        confidence: from 0 to 1, that the words are this speaker's.
    """

    start: float
    end: float
    speaker: str
    confidence: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class VoicePrint:
    """What a speaker's voice is like, to know it again in another episode of the show.

    Attributes:
        seconds: how long the speaker speaks in all.
        sound: of `adapters.voice_prints`.
    """

    label: str
    seconds: float
    sound: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Turns:
    """`turns.json`: who speaks when. Without turns nobody is told apart.

    Attributes:
        voices: of the speakers who speak for long enough.
    """

    turns: tuple[Turn, ...]
    source: SpeakersFrom = SpeakersFrom.NOTHING
    warnings: tuple[Notice, ...] = ()
    voices: tuple[VoicePrint, ...] = ()


# --------------------------------------------------------------------------- names


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """The sentence and time that says so.

    Attributes:
        text: the sentence.
        start: when it begins, in seconds.
        end: when it ends, in seconds.
    """

    text: str
    start: float
    end: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Speaker:
    """A speaker whose name is known, and what says so."""

    label: str
    name: str
    evidence: tuple[Evidence, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """A value in the episode's own words, with what says so.

    Attributes:
        value: the words.
        evidence: `None` only for values that the producer gave (sidecar, settings).
        is_drafted: a language model's words for it, not the episode's own.
    """

    value: str
    evidence: Evidence | None
    is_drafted: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Mention:
    """An occurrence in the transcript of somebody or something.

    Attributes:
        label: spaCy's stock English label (PERSON, ORG, EVENT, GPE, …) or ROLE.
        sentence: index into `core.sentences.split(transcript)`.
        start_char: offset into that sentence's text; `end_char` half-open.
        role_scores: the learned role signal for a PERSON, by `PersonRole` value; empty when the
            pipeline has none.
    """

    text: str
    label: str
    sentence: int
    start_char: int
    end_char: int
    start: float
    end: float
    role_scores: dict[str, float] = field(default_factory=dict)


class Spelling(StrEnum):
    """Whose spelling of a name it is; the transcript's own wording is kept beside it."""

    TRANSCRIPT = "transcript"
    GLOSSARY = "glossary"
    PRODUCER = "producer"


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody named. `title` is what they are by profession; `None` when nobody said it.

    Attributes:
        name: as it is printed.
        role: what they are in the episode.
        evidence: where the name is said; `None` for one that only the producer gave.
        title: what they are by profession.
        organization: whom they speak for.
        description: what else is said of them.
        link: their page, as the producer gave it.
        mentions: every place where they are named.
        confidence: from 0 to 1, that the role is right.
        spelling_variants: how the transcript has the name, where not as in `name`.
        spelled_by: whose spelling `name` is.
    """

    name: str
    role: PersonRole
    evidence: Evidence | None
    title: Fact | None = None
    organization: Fact | None = None
    description: Fact | None = None
    link: str | None = None
    mentions: tuple[Evidence, ...] = ()
    confidence: float = 1.0
    spelling_variants: tuple[str, ...] = ()
    spelled_by: Spelling = Spelling.TRANSCRIPT


@dataclass(frozen=True, slots=True, kw_only=True)
class CatalogueEntry:
    """What the catalogue of public bodies knows of one; not said in the episode.

    Attributes:
        name: its full name.
        kind: what sort of body it is.
        jurisdiction: ISO 3166-1 alpha-2 or 3166-2, `EU`, or `INT` for international bodies.
        does: what it does, in the catalogue's words.
        url: its address, only together with `source`, the page on which the address was read.
        source: that page.
    """

    name: str
    kind: OrganizationKind
    jurisdiction: str = ""
    does: str = ""
    url: str | None = None
    source: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Organization:
    """A body named. `description` is what it does, in the episode's own words, or `None`.

    Attributes:
        name: as it is printed.
        kind: what sort of body it is.
        evidence: where it is named; `None` for one that only the producer gave.
        acronym: its short form, where one was said.
        description: what it does, as the episode says it.
        is_sponsor: whether it is named as a sponsor.
        mentions: every place where it is named.
        confidence: from 0 to 1, that it is a body of this kind.
        catalogue: what the catalogue knows of it, where it is one of its bodies.
        spelling_variants: how the transcript has the name, where not as in `name`.
        spelled_by: whose spelling `name` is.
    """

    name: str
    kind: OrganizationKind
    evidence: Evidence | None
    acronym: str | None = None
    description: Fact | None = None
    is_sponsor: bool = False
    mentions: tuple[Evidence, ...] = ()
    confidence: float = 1.0
    catalogue: CatalogueEntry | None = None
    spelling_variants: tuple[str, ...] = ()
    spelled_by: Spelling = Spelling.TRANSCRIPT

    @property
    def beside(self) -> str | None:
        """What is printed in brackets: the acronym, or what an acronym stands for."""
        entry = self.catalogue
        if self.acronym is None and entry and self.name.isupper() and entry.name != self.name:
            return entry.name
        return self.acronym


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """A happening (summit, forum, storm): not an organization, however it sounds.

    Attributes:
        name: as it was said.
        evidence: where it is named.
    """

    name: str
    evidence: Evidence


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """`names.json`.

    Attributes:
        speakers: the speakers of `turns.json` whose names were said.
        was_searched: false when no names pipeline exists for the transcript's language.
    """

    people: tuple[Person, ...]
    organizations: tuple[Organization, ...]
    events: tuple[Event, ...] = ()
    speakers: tuple[Speaker, ...] = ()
    pipeline: str = ""
    was_searched: bool = True
    warnings: tuple[Notice, ...] = ()

    def with_role(self, role: PersonRole) -> tuple[Person, ...]:
        """The people who have this role, in order of first mention."""
        return tuple(person for person in self.people if person.role is role)

    @property
    def agencies(self) -> tuple[Organization, ...]:
        """Public bodies: government agencies and intergovernmental ones."""
        public = (OrganizationKind.GOVERNMENT_AGENCY, OrganizationKind.INTERGOVERNMENTAL)
        return tuple(o for o in self.organizations if o.kind in public and not o.is_sponsor)


# --------------------------------------------------------------------------- chapters and notes


@dataclass(frozen=True, slots=True, kw_only=True)
class Chapter:
    """A topic of the episode; `is_given` when the creator made it.

    Attributes:
        start: when it begins, in seconds.
        end: when it ends, in seconds.
        title: what it is about.
        is_given: whether the creator made it.
        evidence: the sentence that the title came from.
    """

    start: float
    end: float
    title: str
    is_given: bool = False
    evidence: Evidence | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Topics:
    """`topics.json`."""

    chapters: tuple[Chapter, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Quote:
    """Verbatim words of the transcript.

    Attributes:
        text: the words, without quotation marks.
        start: when they begin, in seconds.
        end: when they end, in seconds.
        speaker: who says them, where that is known by name.
    """

    text: str
    start: float
    end: float
    speaker: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """Something mentioned that listeners may want to find.

    Attributes:
        text: what is printed.
        url: where it leads.
        evidence: where it is mentioned.
        episode: the folder of the episode it leads to, for one of ours.
    """

    text: str
    url: str | None
    evidence: Evidence | None = None
    episode: str | None = None


class ResourceKind(StrEnum):
    """What sort of thing listeners may want to look up."""

    STUDY = "study"
    REPORT = "report"
    BOOK = "book"
    ARTICLE = "article"
    LAW = "law"
    FILM = "film"
    PODCAST = "podcast"
    WEBSITE = "website"
    DATASET = "dataset"
    OTHER = "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    """A study, report, book or the like that is spoken of.

    Attributes:
        name: in the episode's own words.
        kind: what sort of thing it is.
        evidence: where it is spoken of; `None` for one that only the producer gave.
        url: only where it was said or given; never looked up.
    """

    name: str
    kind: ResourceKind
    evidence: Evidence | None
    url: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Credit:
    """Who made the episode besides those who speak; without evidence where the show says it.

    Attributes:
        role: what they did, as it is printed.
        name: who.
        evidence: where it is said.
    """

    role: str
    name: str
    evidence: Evidence | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Soundbite:
    """A stretch of 15 to 120 s worth hearing alone; whole sentences, around a quote.

    Attributes:
        title: the words it is about.
        start: when it begins, in seconds.
        end: when it ends, in seconds.

    Source: podcast-namespace docs/tags/soundbite.md.
    """

    title: str
    start: float
    end: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """A rule of a platform or format that the notes break.

    Attributes:
        rule: stable name, e.g. `app_bytes`, `chapter_title_length`.
        target: the file or the platform that it concerns.
        message: what is wrong, for a person.
        source: the specification or page that says so.
        fix: what the editor can do.
        is_error: the target refuses or cuts it; else it is only advised against.
        start: when, in seconds, where it concerns a place in the audio.
    """

    rule: str
    target: str
    message: str
    source: str
    fix: str
    is_error: bool = True
    start: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """Something for the editor to look at before approving.

    Attributes:
        code: stable name, e.g. `low_confidence`, `missing_title`, `unresolved_link`.
        message: what to look at, for a person.
        start: when, in seconds, where it concerns a place in the audio.
        end: until when, in seconds.
    """

    code: str
    message: str
    start: float | None = None
    end: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ShowNotes:
    """`draft.json`: the machine's notes. Every `Fact` carries the sentence it came from.

    Attributes:
        title: of the episode.
        show: its name, as given.
        number: of the episode.
        date: as `2026-09-30`; `page.date` is the same as people write it.
        language: ISO 639-1 code, such as `en`.
        duration: of the audio, in seconds; `page.length` is the same for people.
        hook: one line that makes somebody listen.
        summary: what the episode is about, in a few sentences.
        narrative: how it begins, in the episode's own sentences.
        questions: what the episode answers.
        key_points: what it claims.
        quotes: sayings worth printing.
        hosts: who leads the talk.
        guests: who else speaks.
        mentioned: people who are only talked about.
        agencies: public bodies.
        organizations: bodies besides the agencies and the show itself.
        events: summits, storms and the like.
        chapters: in order, the first one from the beginning.
        earlier_episodes: those that this one speaks of.
        links: the show's, from its settings.
        sign_off: the last words.
        long_summary: a longer summary, of the whole episode.
        resources: studies, books, laws and the like.
        credits: who made it besides those who speak.
        soundbites: stretches worth hearing alone.
        season: of the episode.
        checks: what an editor should look at; none on a published page.
        warnings: what happened while it was made; none on a published page.
    """

    title: str
    show: str | None
    number: int | None
    date: str | None
    language: str
    duration: float
    hook: Fact | None
    summary: tuple[Fact, ...]
    narrative: tuple[Fact, ...]
    questions: tuple[Fact, ...]
    key_points: tuple[Fact, ...]
    quotes: tuple[Quote, ...]
    hosts: tuple[Person, ...]
    guests: tuple[Person, ...]
    mentioned: tuple[Person, ...]
    agencies: tuple[Organization, ...]
    organizations: tuple[Organization, ...]
    events: tuple[Event, ...]
    chapters: tuple[Chapter, ...]
    earlier_episodes: tuple[Link, ...]
    links: tuple[Link, ...]
    sign_off: Fact | None
    long_summary: tuple[Fact, ...] = ()
    resources: tuple[Resource, ...] = ()
    credits: tuple[Credit, ...] = ()
    soundbites: tuple[Soundbite, ...] = ()
    season: int | None = None
    checks: tuple[Check, ...] = ()
    warnings: tuple[Notice, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RenderedFile:
    """A file that render wrote, and the hash of what it wrote."""

    name: str
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendered:
    """`render.json`: which files in the folder are ours, and as we left them."""

    files: tuple[RenderedFile, ...]


# --------------------------------------------------------------------------- status


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """`status.json`: what a list shows, at most 4 KB.

    Attributes:
        error: what went wrong, or what it waits for, in words.
        error_kind: the error's name in `errors.py`.
        waits_for: what has to happen before it can go on.
        model: the speech model that it waits for.
    """

    state: State
    title: str
    duration: float = 0.0
    step: str | None = None
    audio_done: float = 0.0
    error: str | None = None
    error_kind: str | None = None
    retryable: bool = False
    guests: tuple[str, ...] = ()
    agencies: tuple[str, ...] = ()
    chapters: int = 0
    checks: int = 0
    took_s: float = 0.0
    kept_edits: tuple[str, ...] = ()
    audio_path: str | None = None
    waits_for: WaitsFor | None = None
    model: str | None = None
    updated_at: str = ""
