"""Hostile text in tags, sidecars, transcripts, feeds and the editor's fields: inert everywhere.

    python -m tests.torture.text [--count N] [--seed S]

Every text is put into every place where somebody else's text comes in. What comes out is read by
readers that we did not write, and opened in a real Chromium, where nothing may run, nothing may be
fetched and no link may lead anywhere but to a page or a mail. `count` is how many texts are tried.
"""

import json
import random
import re
import subprocess
import sys
import tempfile
import uuid
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit
from xml.etree import ElementTree

import feedparser
import html5lib
import srt
import webvtt
from markdown_it import MarkdownIt

from shownotes.adapters.encoding import encode
from shownotes.adapters.store import episode_folders
from shownotes.core.note_items import LISTS
from shownotes.model import Episode
from tests.audio_files import noise
from tests.feed_server import Item, Resource, audio_bytes, day, feed, serve_feeds
from tests.torture.arguments import Outcomes, arguments
from tests.web.desk_server import DeskServer

PART = "text"
COUNT = 12
# {url} is an address that nobody may ask for.
TEXTS = (
    '<script>window.hit = 1; fetch("{url}")</script>',
    '"><img src="{url}" onerror="window.hit = 1">',
    "' autofocus onfocus='window.hit = 1' x='",
    "</title></textarea></style></script><svg onload='window.hit = 1'>",
    '<iframe src="{url}"></iframe><object data="{url}"></object><embed src="{url}">',
    '<base href="{url}"><meta http-equiv="refresh" content="0;url={url}">',
    "<link rel=stylesheet href={url}><script src='{url}'></script>",
    "<style>@import url({url}); * {{ background: url({url}) }}</style>",
    "[a link](javascript:window.hit=1) ![a picture]({url}) <javascript:window.hit=1>",
    "<a href=' javascript:window.hit=1'>x</a> <a href=\"&#106;avascript:window.hit=1\">y</a>",
    "![x]({url} 'y') [x]: {url} [z][x]",
    "{{{{ 7 * 7 }}}} {{% raise %}} {{# no #}} {{{{ ''.__class__.__mro__ }}}}",
    "${{7*7}} #{{7*7}} <%= 7*7 %> %(x)s %s {{0.__class__}}",
    "---\n!!python/object/apply:os.system ['true']\n--- &a [*a, *a]",
    "\"\"\" ''' = [table] # toml\n[[x]]\ny = 1",
    "00:00:00.000 --> 99:59:59.999\nWEBVTT\n\nNOTE x\n\n1\n00:00:01,000 --> 00:00:02,000\nhit",
    "<c.red><v Nobody>--></v></c><00:00:01.000>&lrm;&nbsp;",
    ']]><!-- --> <![CDATA[ <?xml version="1.0"?> <!DOCTYPE x [<!ENTITY y SYSTEM "{url}">]> &y;',
    "<item><title>x</title><enclosure url='{url}'/></item></channel></rss>",
    '"}}, {{"hit": 1}}] \\u003cscript\\u003e \\" \\\\ \\n',
    "../../../../etc/passwd",
    "..\\..\\CON .hidden /absolute ~root nul: a\tb",
    "\u202egnp.exe\u202c \u200b\u2066\u2069 \ufeff \u2028 \u2029 e\u0301\u0301\u0301",
    "\x1b[2J\x1b]0;hit\x07 \x08\x08 \r\n bell\x07",
    "=cmd|'/c calc'!A1 @SUM(1) +1 -1",
    "a@example.org\r\nBcc: hit@example.org\r\n\r\n",
    "*" * 2_000 + "_" * 2_000 + "`" * 500 + "[" * 500 + "<" * 500,
    "&" * 1_000 + "&lt;script&gt;window.hit=1&lt;/script&gt;",
    "# heading\n> quote\n- item\n1. x\n\n    code\n\n```\nfence\n| a | b |\n|---|---|",
    "水" * 4_000,
    "<details open ontoggle='window.hit=1'><form action='{url}'><input type=submit></form>",
    "<math><mtext></form><form><mglyph><style></math><img src onerror='window.hit=1'>",
    "<noscript><p title=\"</noscript><img src=x onerror='window.hit=1'>\">",
)
WELCOME = (
    "Welcome to the River Show, I am Ann Lee.",
    "My guest is Kofi Asante, director of the River Board.",
    "How much water is there in the river now?",
    "Half of what there was, says the River Board.",
)
FIELDS = ("title", "hook", "sign_off")
# What an editor can write of each kind of thing, whether the machine found it or the editor did.
ATTRIBUTES = {
    "person": ("name", "title", "organization", "description", "link"),
    "body": ("name", "description"),
    "chapter": ("title",),
    "resource": ("name", "url"),
    "link": ("text", "url"),
}
ADDRESSES = ("person/Kofi Asante/link", "resource/+own/url", "link/+own/url")
OWN = ("person/+own", "body/+own", "resource/+own", "link/+own")
SCHEMES = ("", "http", "https", "mailto", "file")
FORBIDDEN = {"iframe", "object", "embed", "base", "form", "svg", "math", "style", "link", "meta"}
CONFIG = """[show."Ledger"]
site_url = "https://ledger.example.org"
audio_url = "https://cdn.example.org/{file}"
"""
PATIENCE_S = 600


@dataclass(frozen=True, slots=True)
class Place:
    """A working folder, the address that nobody may ask for, and what is reported to."""

    root: Path
    url: str
    outcomes: Outcomes

    def run(self, *words: str, codes: Sequence[int] = (0,)) -> None:
        """A command of ours; one that ends otherwise, or with a traceback, has failed."""
        told = subprocess.run(
            [sys.executable, "-m", "shownotes.cli", *words, "--root", str(self.root)],
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
            timeout=PATIENCE_S,
        )
        said = told.stdout + told.stderr
        if told.returncode not in codes or "Traceback" in said:
            self.outcomes.fail(f"{' '.join(words)[:80]} ended with {told.returncode}", said)
        if "\x1b[2J" in said or "\x07" in said:
            self.outcomes.fail(f"{' '.join(words)[:80]} passes commands on to the terminal", said)


# --------------------------------------------------------------------------- in


def put_in(place: Place, texts: Sequence[str]) -> None:
    """Every text into tags, a sidecar and transcripts of four kinds."""
    audio = place.root / "audio"
    for number, text in enumerate(texts):
        one_line = " ".join(text.replace("\0", "").split())
        tags = dict.fromkeys(
            ("title", "artist", "album", "comment", "genre"), text.replace("\0", "")
        )
        encode(noise(2.0, seed=number), audio / f"tags-{number}.mp3", tags=tags)
        (audio / f"side-{number}.vtt").write_text(_vtt(WELCOME), encoding="utf-8")
        (audio / f"side-{number}.toml").write_text(_sidecar(text), encoding="utf-8")
        (audio / f"vtt-{number}.vtt").write_text(
            _vtt((*WELCOME, text, f"<v {one_line}>And so on.</v>")), encoding="utf-8"
        )
        (audio / f"srt-{number}.srt").write_text(_srt((*WELCOME, text)), encoding="utf-8")
        (audio / f"json-{number}.json").write_text(_json((*WELCOME, text), text), encoding="utf-8")
        (audio / f"edit-{number}.vtt").write_text(_vtt((*WELCOME, f"{number}.")), encoding="utf-8")


def _vtt(lines: Sequence[str]) -> str:
    cues = (
        f"00:00:{n * 3:02d}.000 --> 00:00:{n * 3 + 2:02d}.500\n{t}" for n, t in enumerate(lines)
    )
    return "WEBVTT\n\n" + "\n\n".join(cues) + "\n"


def _srt(lines: Sequence[str]) -> str:
    cues = (
        f"{n + 1}\n00:00:{n * 3:02d},000 --> 00:00:{n * 3 + 2:02d},500\n{t}"
        for n, t in enumerate(lines)
    )
    return "\n\n".join(cues) + "\n"


def _json(lines: Sequence[str], speaker: str) -> str:
    segments = [
        {"startTime": n * 3, "endTime": n * 3 + 2.5, "body": text, "speaker": speaker}
        for n, text in enumerate(lines)
    ]
    return json.dumps({"version": "1.0.0", "segments": segments})


def _sidecar(text: str) -> str:
    told = json.dumps(text).replace("\x7f", "\\u007f")
    person = f"{{ name = {told}, title = {told}, organization = {told} }}"
    return (
        f"title = {told}\nshow = {told}\nguests = [{person}]\nhosts = [{person}]\n"
        f"glossary = [{told}]\nchapters = [{{ start = 0, title = {told} }}]\n"
    )


def fetch(place: Place, texts: Sequence[str]) -> None:
    """Every text in a feed: titles, people, chapters, transcripts."""
    with serve_feeds() as server:
        items = []
        for number, text in enumerate(texts):
            clean = "".join(c for c in text if c in "\n\t" or ord(c) >= ord(" "))
            name, told = f"/feed-{number}.mp3", _escaped(clean)
            server.resources[name] = _audio(place.root, number)
            more = (
                f"<description>{told}</description><itunes:author>{told}</itunes:author>"
                f"<podcast:person role='guest'>{told}</podcast:person>"
                f"<psc:chapters><psc:chapter start='0' title=\"{told}\"/></psc:chapters>"
            )
            items.append(
                Item(clean, server.url + name, guid=f"{number}{clean}", date=day(1), more=more)
            )
        server.resources["/feed.xml"] = Resource(feed(items), mime="application/rss+xml")
        config = (
            f'[feeds]\nurls = ["{server.url}/feed.xml"]\nallow_private = true\n'
            f"take_at_first = {len(items)}\n"
        )
        _configure(place.root, config)
        place.run("feeds", "poll")
    _configure(place.root, "")


def _escaped(text: str) -> str:
    for sign, name in (("&", "amp"), ("<", "lt"), (">", "gt"), ('"', "quot")):
        text = text.replace(sign, f"&{name};")
    return text


def _audio(root: Path, number: int) -> Any:
    return Resource(audio_bytes(root / "feed.mp3", duration=2.0, seed=number), mime="audio/mpeg")


def _configure(root: Path, more: str) -> None:
    (root / "shownotes.toml").write_text(CONFIG + more, encoding="utf-8")


def edit(place: Place, desk: DeskServer, texts: Sequence[str]) -> None:
    """Every text into every field of an episode that an editor can fill."""
    client = desk.client()
    for folder in episode_folders(place.root / "output"):
        named = re.fullmatch(r"undated-edit-(\d+)", folder.name)
        if named is None:
            continue
        text = texts[int(named[1])]
        base = f"/api/episodes/{folder.read('episode.json', Episode).id}"
        data = client.get(base).json()
        word = data["segments"][0]["words"][0][0]
        fields = (
            f"{key}/{attribute}"
            for key in (*OWN, *sorted(_keys(data)))
            for attribute in ATTRIBUTES.get(key.partition("/")[0], ())
        )
        ops: list[dict[str, Any]] = [
            {"op": "set", "key": key, "value": text} for key in (*FIELDS, *fields)
        ]
        address = "https://ledger.example.org/" + "".join(text.split())
        ops += [{"op": "set", "key": key, "value": address} for key in ADDRESSES]
        ops += [{"op": "set", "key": key, "value": [{"text": text}]} for key in LISTS]
        ops.append({"op": "spelling", "from": "Kofi Asante", "to": text})
        ops.append({"op": "text", "first": word, "last": word, "text": " ".join(text.split())})
        ops += [
            {"op": "speaker", "label": speaker["label"], "name": text}
            for speaker in data["speakers"]
        ]
        seen = data["seq"]
        for op in ops:
            body = {"id": uuid.uuid4().hex, "seen": seen, "label": text[:100], "ops": [op]}
            told = client.post(f"{base}/changes", json=body)
            if told.is_success:
                seen = told.json()["seq"]
            if told.status_code not in (200, 400, 409, 422):
                place.outcomes.fail(f"{op.get('key', op['op'])}: {told.status_code}", told.text)
            place.outcomes.count(f"edits: {'taken' if told.is_success else 'refused'}")


def _keys(node: Any) -> set[str]:
    """Registers that a page's data name."""
    if isinstance(node, dict):
        own = {node["key"]} if isinstance(node.get("key"), str) else set()
        return own.union(*(_keys(value) for value in node.values()))
    if isinstance(node, list):
        return set().union(*(_keys(value) for value in node))
    return set()


# --------------------------------------------------------------------------- out


def read_files(place: Place) -> None:
    """Everything that was written, by readers that we did not write."""
    for path in sorted((place.root / "output").rglob("*")):
        read = READERS.get(path.name, READERS.get(path.suffix))
        if read is None or not path.is_file() or "work" in path.relative_to(place.root).parts:
            continue
        text = path.read_text(encoding="utf-8")
        try:
            problems = list(read(text, path))
        except Exception as error:  # noqa: BLE001 -- whatever a reader cannot read is a failure
            problems = [repr(error)[:300]]
        for problem in problems:
            place.outcomes.fail(f"{path.relative_to(place.root)}: {problem}", text)
        place.outcomes.count(f"files read: {path.suffix}")


def inert(html: str) -> Iterator[str]:
    """What in a page could run, fetch or lead astray."""
    tree = html5lib.parse(html, namespaceHTMLElements=False)
    is_whole = "<html" in html[:400]
    for element in tree.iter():
        if not isinstance(element.tag, str):
            continue
        tag = element.tag.lower()
        if tag in FORBIDDEN and not (is_whole and tag in {"style", "link", "meta", "svg"}):
            yield f"a <{tag}>"
        if tag == "meta" and (element.get("http-equiv") or "").lower() == "refresh":
            yield "a refresh"
        if tag in {"script", "style"} and re.search(r"\bhit\b", element.text or ""):
            kind = element.get("type") or ""
            if "json" not in kind:
                yield f"a <{tag}> with a text of somebody's"
        for name, value in element.attrib.items():
            if str(name).lower().startswith("on"):
                yield f"an attribute {name}"
            if name in {"href", "src", "action", "data", "srcset"}:
                scheme = urlsplit(re.sub(r"[\x00-\x20]", "", value)).scheme.lower()
                if scheme not in SCHEMES and not (scheme == "data" and tag in {"link", "img"}):
                    yield f"{name} leads to {value[:60]}"
                if tag != "a" and "/nobody" in value:
                    yield f"{name} of <{tag}> fetches {value[:60]}"


def _html(text: str, _path: Path) -> Iterator[str]:
    yield from inert(text)


def _markdown(text: str, _path: Path) -> Iterator[str]:
    yield from inert(MarkdownIt("commonmark", {"html": True}).enable("table").render(text))


def _captions(text: str, path: Path) -> Iterator[str]:
    cues = list(webvtt.from_buffer(StringIO(text)))
    beside = path.with_suffix(".srt")
    others = list(srt.parse(beside.read_text(encoding="utf-8"))) if beside.exists() else cues
    if len(cues) != len(others):
        yield f"{len(cues)} captions, {len(others)} in SRT"
    if any(cue.start >= cue.end for cue in cues):
        yield "a caption that ends before it begins"


def _xml(text: str, path: Path) -> Iterator[str]:
    root = ElementTree.fromstring(text)
    if path.name == "feed.xml":
        told = feedparser.parse(text)
        if told.bozo:
            yield str(told.bozo_exception)
        if len(told.entries) != len(root.findall("./channel/item")):
            yield "items within items"
    for element in root.iter():
        if element.tag.endswith("encoded") and element.text:
            yield from inert(element.text)


def _data(text: str, _path: Path) -> Iterator[str]:
    json.loads(text)
    return
    yield


def _plain(text: str, _path: Path) -> Iterator[str]:
    strange = {c for c in text if (ord(c) < ord(" ") and c != "\n") or c == "\x7f"}
    if strange:
        yield f"control characters {strange!r}"


READERS = {
    ".html": _html,
    ".md": _markdown,
    ".vtt": _captions,
    ".xml": _xml,
    ".json": _data,
    ".txt": _plain,
}


def open_pages(place: Place, desk: DeskServer, browser: Any) -> None:
    """Every page in Chromium, those of the desk and those on the disk."""
    context = browser.new_context()
    desk.sign_in(context)
    asked: list[str] = []

    def judge(route: Any) -> None:
        address = route.request.url
        if address.startswith((desk.url, "file://", "data:", "blob:")):
            route.continue_()
        else:
            asked.append(address)
            route.abort()

    context.route("**/*", judge)
    page = context.new_page()
    said: list[str] = []
    page.on("dialog", lambda dialog: (said.append(dialog.message), dialog.dismiss()))
    ids = [f.read("episode.json", Episode).id for f in episode_folders(place.root / "output")]
    addresses = [
        f"{desk.url}/",
        f"{desk.url}/search?q=hit",
        *(f"{desk.url}/?filter={quote(text[:100])}" for text in TEXTS),
        *(f"{desk.url}/episode/{number}" for number in ids),
        *(p.as_uri() for p in sorted((place.root / "output").rglob("*.html"))),
    ]
    for address in addresses:
        page.goto(address, wait_until="load")
        if page.evaluate("window.hit !== undefined") or said or asked:
            place.outcomes.fail(f"{address}: ran, said {said}, asked {asked[:3]}", page.content())
            said.clear()
            asked.clear()
        place.outcomes.count(f"pages opened: {'desk' if address.startswith('http') else 'disk'}")
    context.close()


# --------------------------------------------------------------------------- all of it


def try_texts(root: Path, outcomes: Outcomes, texts: Sequence[str], browser: Any) -> None:
    """Put texts in everywhere, publish, and look at all that comes out."""
    for name in ("audio", "output"):
        (root / name).mkdir(parents=True)
    _configure(root, "")
    with ExitStack() as stack:
        # The address that nobody may ask for is one where it would show.
        server = stack.enter_context(serve_feeds())
        place = Place(root, f"{server.url}/nobody", outcomes)
        filled = [text.format(url=place.url) for text in texts]
        put_in(place, filled)
        fetch(place, filled)
        # Codes 0 and those of some files that were refused, with sentences.
        place.run("process", "--no-prefect", codes=(0, 1))
        made = episode_folders(root / "output")
        outcomes.count("episodes made", len(made))
        if len(made) < 5 * len(texts):
            outcomes.fail(f"only {len(made)} episodes of {len(texts)} texts were made")
        read_files(place)
        desk = DeskServer(root, "", made[0])
        desk.start()
        stack.callback(desk.stop)
        edit(place, desk, filled)
        for folder in made:
            place.run("approve", folder.name, codes=(0, 10, 11))
        place.run("publish", codes=(0, 1))
        place.run("site")
        place.run("status")
        place.run("lint", codes=(0, 1, 2))
        read_files(place)
        open_pages(place, desk, browser)
        if server.seen:
            outcomes.fail(f"somebody asked for {[asked.path for asked in server.seen][:5]}")
    outside = [path.name for path in root.parent.iterdir() if path != root]
    if outside:
        outcomes.fail(f"written beside the working folder: {outside}")


def main() -> None:
    """Try them."""
    from playwright.sync_api import sync_playwright

    from tests.conftest import BROWSER_FLAGS, _find_browser

    given = arguments(PART, count=COUNT)
    texts = random.Random(given.seed).sample(TEXTS, min(given.count, len(TEXTS)))
    with (
        tempfile.TemporaryDirectory() as folder,
        Outcomes(PART, given) as outcomes,
        sync_playwright() as playwright,
    ):
        path = _find_browser(playwright)
        if path is None:
            outcomes.fail("there is no Chromium")
            return
        flags = [*BROWSER_FLAGS, "--no-sandbox"]
        browser = playwright.chromium.launch(executable_path=path, args=flags)
        try_texts(Path(folder) / "work", outcomes, texts, browser)
        browser.close()


if __name__ == "__main__":
    main()
