"""Requests made up from the desk's own schema, and bodies that no schema would make up."""

import json
import random
import time
from typing import Any

import httpx
import schemathesis
from hypothesis import HealthCheck, given, seed, settings
from schemathesis import GenerationMode

from tests.torture.arguments import Outcomes
from tests.torture.desk_attacks import ANY, Desk, check
from tests.torture.desk_schema import BODIES, KEYS, schema_of

# As they stand in a body: what JSON allows and programs do not expect.
ODD = (
    "NaN", "Infinity", "-Infinity", "1e400", "1" + "0" * 400, "-0", "0.1e-400", '"\\ud800"',
    '"\\u0000"', '"\\u007f"', '"\\u2028"', '"\\ud83d\\ude00"', '"\\udc00\\ud800"', "true", "null",
    "[]", "{}", "[[]]", '{"text": 1}', '""', '"' + "x" * 6000 + '"', '"\\n"', "1.0", '"1"',
    '[{"text": "\\ud800", "start": 1}]', '[{"text": "x", "start": 1e400}]',
    '[{"text": "x", "start": NaN}]', '[{"text": "x", "start": ' + "9" * 400 + "}]",
    '{"text": "x", "ids": [0]}', "9" * 5000, '"person/\\ud800/name"', '"person/\\u0000/name"',
    '"link/+ffffff/url"', '"body/x#2/keep"', '"chapter/+999999999/title"', "[" * 900 + "]" * 900,
)  # fmt: skip
FIELDS = {
    "text": ("first", "last", "text"),
    "split": ("at",),
    "join": ("at",),
    "time": ("at", "edge", "to"),
    "voice": ("at", "label"),
    "speaker": ("label", "name"),
    "sure": ("first", "last", "is"),
    "seen": ("check", "is"),
    "spelling": ("from", "to", "glossary"),
    "set": ("key", "value"),
    "resolve": ("key", "take"),
}
LIKELY = ("0", "1", "5", "60", '"x"', '"AMARA"', '"Mei Tanaka"', '"start"', "true", "null", "12.5")


def by_schema(desk: Desk, outcomes: Outcomes, *, count: int, number: int) -> None:
    """What schemathesis makes of every route: right bodies and wrong ones."""
    made = schema_of(desk.app, episode_id=desk.episode_id, ids=("nobody", "..", "0" * 32))
    schema = schemathesis.openapi.from_dict(made)
    with desk.client() as client:
        for found in schema.get_all_operations():
            operation = found.ok()
            modes = (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)
            cases = [operation.as_strategy(generation_mode=mode) for mode in modes]

            @seed(number)
            @settings(
                max_examples=count,
                database=None,
                deadline=None,
                suppress_health_check=list(HealthCheck),
            )
            @given(cases[0] | cases[1])
            def attempt(case: Any) -> None:
                told = case.as_transport_kwargs(base_url=desk.url)
                kept = {key: told[key] for key in ("method", "url", "params", "json", "headers")
                        if told.get(key) is not None}  # fmt: skip
                if "/logout" in kept["url"]:
                    return
                content = json.dumps(kept.pop("json")).encode() if "json" in kept else None
                try:
                    answer = client.request(**kept, content=content)
                except (httpx.InvalidURL, httpx.LocalProtocolError, UnicodeEncodeError):
                    # What the client will not send is no attack.
                    return
                what = f"schema: {case.method} {case.path}"
                check(outcomes, what, answer, *ANY)

            attempt()


def _value(rng: random.Random) -> str:
    return rng.choice(ODD if rng.random() < 0.45 else LIKELY)


def operation(rng: random.Random) -> str:
    """One operation, with fields that hold anything."""
    name = rng.choice(list(FIELDS))
    fields = {field: _value(rng) for field in FIELDS[name] if rng.random() < 0.95}
    if "key" in fields and rng.random() < 0.8:
        fields["key"] = json.dumps(rng.choice(KEYS))
    inner = "".join(f', "{field}": {value}' for field, value in fields.items())
    return f'{{"op": "{name}"{inner}}}'


def body(rng: random.Random, number: int) -> str:
    """A change with odd operations, or odd itself."""
    ops = ", ".join(operation(rng) for _ in range(rng.choice([1, 1, 1, 2, 3])))
    fields = {"id": f'"odd-{number:06d}"', "seen": "1000000", "ops": f"[{ops}]", "label": '"odd"'}
    if rng.random() < 0.15:
        fields[rng.choice([*fields, "draft"])] = _value(rng)
    return "{" + ", ".join(f'"{field}": {value}' for field, value in fields.items()) + "}"


def _post(client: httpx.Client, path: str, content: bytes) -> httpx.Response:
    """Once more where the server has closed the connection before."""
    try:
        return client.post(path, content=content)
    except httpx.TransportError:
        return client.post(path, content=content)


def by_oddity(
    desk: Desk, outcomes: Outcomes, *, count: int, number: int, most_s: float = 300.0
) -> None:
    """Bodies that no schema makes up: halves of characters, numbers without end, any depth."""
    rng, until = random.Random(number), time.monotonic() + most_s
    base = f"/api/episodes/{desk.episode_id}"
    with desk.client() as client:
        for index in range(count):
            if time.monotonic() > until:
                break
            if rng.random() < 0.85:
                path, content = f"{base}/changes", body(rng, index)
            else:
                route = rng.choice(list(BODIES))
                names = BODIES[route]["properties"]
                told = {name: _value(rng) for name in names}
                path = f"{base}/{route}"
                content = "{" + ", ".join(f'"{n}": {v}' for n, v in told.items()) + "}"
            answer = _post(client, path, content.encode("utf-8", "surrogatepass"))
            what = f"odd: POST {path.rpartition('/')[2]} {content[:120]}"
            check(outcomes, what, answer, *ANY)
            if answer.status_code >= 500 or index % 50 == 0:
                page = client.get(base)
                check(outcomes, f"odd: the episode after {content[:120]}", page, 200)
