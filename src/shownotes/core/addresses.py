"""Where things are once they are published: addresses made of the show's settings."""

from urllib.parse import quote

# What stands for the file's name in `[show.<name>] audio_url`.
FILE = "{file}"


def episode_page(site_url: str | None, folder: str) -> str | None:
    """The address of an episode's page on the show's site; `None` without a site."""
    return f"{site_url.rstrip('/')}/{quote(folder)}/" if site_url else None


def beside_page(site_url: str | None, folder: str, name: str) -> str | None:
    """The address of a file beside an episode's page."""
    page = episode_page(site_url, folder)
    return f"{page}{quote(name)}" if page else None


def audio_file(audio_url: str | None, name: str | None) -> str | None:
    """The address of the audio: the file's name put into the show's pattern."""
    if not audio_url or not name:
        return None
    if FILE in audio_url:
        return audio_url.replace(FILE, quote(name))
    return f"{audio_url.rstrip('/')}/{quote(name)}"
