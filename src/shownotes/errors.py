"""Everything that can go wrong, as a tree. A message says what happened, to which file, what to do.

ShowNotesError
├── SettingsError            shownotes.toml, the environment or an argument is wrong
│   └── SidecarError         audio/<name>.toml is wrong
├── InputError               a file given to us cannot be used
│   ├── EpisodeNotFoundError     no such file or episode
│   ├── NoAudioError             an episode without an audio file of its own
│   ├── ForeignLinkError         a link in the in-tray that leads out of the working folder
│   ├── EmptyFileError           the file has no bytes
│   ├── NotAudioError            not a file FFmpeg's libraries can read
│   ├── NoSoundError             a video or container without a sound track
│   ├── BrokenAudioError         a sound track of which nothing could be decoded
│   ├── AudioChangedError        it was changed while it was being read (retryable)
│   ├── TruncatedAudioError      the file ends before its own header says it does, unreadably
│   └── TranscriptFileError      a transcript beside the audio cannot be read
├── ModelError               a speech or names model
│   ├── ModelMissingError        not on this machine
│   ├── ModelBrokenError         there, but cannot be loaded
│   └── ModelDownloadError       could not be fetched (retryable)
├── EngineError              the speech engine while at work (retryable)
│   ├── EngineDiedError          its process ended
│   ├── EngineTimeoutError       a window took longer than its deadline
│   └── DecoderError             what reads audio ended or waited in vain, not over the file
├── StoreError               the output folder
│   ├── FormatError              a file of ours is torn, foreign or from a newer version
│   ├── EpisodeBusyError         another run has this episode
│   ├── DiskFullError            no room, found before or while writing (retryable)
│   └── BackupError              a backup cannot be made, or not be used here
├── AlreadyUpError           `shownotes up` is running in this working folder
├── RunCancelledError        somebody asked for the work on an episode to stop
├── ReviewError              an editor's change
│   └── OutdatedChangeError      somebody else changed the same meanwhile
├── DeskError                the desk's server cannot do what it is asked
│   ├── AccountError             an editor's name, password, invitation or the desk's binding
│   └── UploadError              a file sent to the desk is refused
├── PublishingError          an episode cannot be published or taken back
│   ├── NotApprovedError         nobody has approved it
│   ├── ChangedSinceApprovalError    what would be published is not what was approved
│   ├── NotDueError              it was approved for a later time
│   ├── NotPublishedError        it is not published
│   └── StillPublishedError      it is published, and cannot be deleted before it is taken back
├── DeliveryError            a hook, another system or a mail server did not take what it was sent
├── FeedError                a podcast's feed, or what it offers, cannot be had
│   ├── AddressRefusedError      an address that is not asked: a private network, no http
│   ├── FetchError               the server does not answer, broke off or is busy (retryable)
│   ├── RefusedError             the server says no: not found, gone, not allowed
│   ├── NotAFeedError            what came is no feed
│   ├── EnclosureError           what is offered as audio is none, or too large
│   ├── TooSoonError             its server asked to be left alone until later
│   └── FeedBusyError            another run has this feed
├── TemplateError            a template cannot be rendered
├── DraftingError            a drafting server cannot be reached or understood (retryable)
└── FlowError                Prefect's server cannot be reached or started (retryable)
"""


class ShowNotesError(Exception):
    """Base of every error that Shownotes raises on purpose.

    Attributes:
        exit_code: what the command line exits with.
        retryable: whether the same attempt may succeed later without a change by a person.
    """

    exit_code = 1
    retryable = False


class SettingsError(ShowNotesError):
    """A setting is unknown, of the wrong type or out of range."""

    exit_code = 2


class SidecarError(SettingsError):
    """A sidecar `audio/<name>.toml` is not valid."""


class InputError(ShowNotesError):
    """A file given to us cannot be used."""

    exit_code = 3


class EpisodeNotFoundError(InputError):
    """No such audio file or episode."""


class NoAudioError(InputError):
    """The episode is a transcript alone, or tracks without their mix."""


class ForeignLinkError(InputError):
    """A link that would have a file read which nobody put into the working folder."""


class EmptyFileError(InputError):
    """The file has no bytes."""


class NotAudioError(InputError):
    """The file is not media that FFmpeg's libraries can read."""


class NoSoundError(InputError):
    """The file is readable media without a sound track."""


class BrokenAudioError(InputError):
    """There is a sound track, but nothing of it could be decoded."""


class TruncatedAudioError(InputError):
    """The file ends so early that it cannot be opened."""


class AudioChangedError(InputError):
    """The file was changed or replaced while it was being read."""

    retryable = True


class TranscriptFileError(InputError):
    """A transcript given beside the audio cannot be read."""


class ModelError(ShowNotesError):
    """A speech or names model cannot be used."""

    exit_code = 4


class ModelMissingError(ModelError):
    """The model is not on this machine.

    Attributes:
        model: its name, where `shownotes models fetch` can get it.
    """

    def __init__(self, message: str, *, model: str | None = None) -> None:
        super().__init__(message)
        self.model = model


class ModelBrokenError(ModelError):
    """The model is there but cannot be loaded."""


class ModelDownloadError(ModelError):
    """The model could not be fetched."""

    retryable = True


class EngineError(ShowNotesError):
    """The speech engine failed while at work."""

    exit_code = 5
    retryable = True


class EngineDiedError(EngineError):
    """The speech engine's process ended."""


class EngineTimeoutError(EngineError):
    """A window took longer than its deadline."""


class DecoderError(EngineError):
    """The process that reads audio was ended, or its disk did not answer; the file may be good."""


class StoreError(ShowNotesError):
    """The output folder cannot be read or written."""

    exit_code = 6


class FormatError(StoreError):
    """A file of ours is torn, not ours, or written by a newer version."""


class EpisodeBusyError(StoreError):
    """Another run is working on this episode."""

    exit_code = 7


class DiskFullError(StoreError):
    """There is not enough room on the disk."""

    retryable = True


class BackupError(StoreError):
    """A backup cannot be made, is damaged or foreign, or would overwrite what is newer here."""


class AlreadyUpError(ShowNotesError):
    """`shownotes up` is running in this working folder; one is enough."""

    exit_code = 7


class RunCancelledError(ShowNotesError):
    """Somebody asked for the work on an episode to stop; what was finished of it is kept."""

    exit_code = 13


class ReviewError(ShowNotesError):
    """An editor's change cannot be made."""

    exit_code = 10


class OutdatedChangeError(ReviewError):
    """Somebody else, or the same editor in another tab, changed the same meanwhile.

    Attributes:
        keys: the registers that it concerns.
    """

    def __init__(self, message: str, *, keys: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.keys = keys


class DeskError(ShowNotesError):
    """The desk's server cannot do what it is asked."""

    exit_code = 15


class AccountError(DeskError):
    """An editor's name, password or invitation is not right, or the desk would stand open."""


class UploadError(DeskError):
    """A file sent to the desk is refused.

    Attributes:
        status: the HTTP status that says so.
    """

    def __init__(self, message: str, *, status: int = 400) -> None:
        super().__init__(message)
        self.status = status


class PublishingError(ShowNotesError):
    """An episode cannot be published, or not be taken back."""

    exit_code = 11


class NotApprovedError(PublishingError):
    """Nobody has approved the episode."""


class ChangedSinceApprovalError(PublishingError):
    """What would be published now is not what was approved."""


class NotDueError(PublishingError):
    """The episode was approved for a later time."""


class NotPublishedError(PublishingError):
    """The episode is not published, so that there is nothing to take back."""


class StillPublishedError(PublishingError):
    """The episode is published, and has to be taken back before it can be deleted."""


class DeliveryError(ShowNotesError):
    """A hook, another system or a mail server did not take what it was sent.

    Attributes:
        attempts: how often it was tried.
    """

    exit_code = 12

    def __init__(self, message: str, *, attempts: int = 1) -> None:
        super().__init__(message)
        self.attempts = attempts


class FeedError(ShowNotesError):
    """A podcast's feed, or what it offers, cannot be had. Messages never hold whole addresses."""

    exit_code = 14


class AddressRefusedError(FeedError):
    """An address that is not asked: in a private network, or not http."""


class FetchError(FeedError):
    """The server does not answer, broke off or is busy.

    Attributes:
        wait_s: for how long it asks not to be asked again; then nothing is tried in this run.
    """

    retryable = True

    def __init__(self, message: str, *, wait_s: float | None = None) -> None:
        super().__init__(message)
        self.wait_s = wait_s
        self.retryable = wait_s is None


class RefusedError(FeedError):
    """The server says no.

    Attributes:
        status: the HTTP status that says so.
    """

    def __init__(self, message: str, *, status: int) -> None:
        super().__init__(message)
        self.status = status


class NotAFeedError(FeedError):
    """What came is no feed that can be read."""


class EnclosureError(FeedError):
    """What is offered as audio is none, or larger than is allowed."""


class TooSoonError(FeedError):
    """The feed's server asked to be left alone until later, so that it was not asked."""


class FeedBusyError(FeedError):
    """Another run is working on this feed."""

    exit_code = 7


class TemplateError(ShowNotesError):
    """A template cannot be found or rendered."""

    exit_code = 8


class DraftingError(ShowNotesError):
    """A drafting server cannot be reached, refuses or cannot be understood."""

    exit_code = 4
    retryable = True


class FlowError(ShowNotesError):
    """Prefect's server cannot be reached or started; the episode itself is not to blame."""

    exit_code = 9
    retryable = True
