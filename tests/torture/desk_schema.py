"""The desk's own routes as OpenAPI, made for the test alone: the desk ships without a schema.

FastAPI knows the paths; what a body holds is read by hand in the routes and is written down here.
"""

import warnings
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

Schema = dict[str, Any]
TEXT: Schema = {"type": "string", "maxLength": 60}
NAME: Schema = {"type": "string", "minLength": 1, "maxLength": 40}
TIME: Schema = {"anyOf": [{"type": "null"}, {"type": "number", "minimum": -1, "maximum": 300}]}
WORD: Schema = {"type": "integer", "minimum": -1, "maximum": 900}
CHANGE_ID: Schema = {"type": "string", "minLength": 8, "maxLength": 40}
SEEN: Schema = {"type": "integer", "minimum": 0, "maximum": 10**9}
KEYS = (
    "title", "hook", "sign_off", "date", "number", "summary", "key_points", "questions",
    "person/Mei Tanaka/role", "person/Mei Tanaka/name", "person/+a1b2c3/name", "person/+1/keep",
    "person//keep", "body/x/kind", "event/x/keep", "chapter/0/title", "chapter/0/start",
    "chapter/+60/title", "chapter/-1/keep", "chapter/+-1/title", "quote/0-5/keep",
    "quote/5-0/keep", "quote/0-5/speaker", "resource/x/url", "link/+ffffff/url",
    "link/+ffffff/text", "earlier/x/keep", "word/0", "voice/0", "nothing",
)  # fmt: skip


def _object(required: Sequence[str] = (), /, **properties: Schema) -> Schema:
    return {"type": "object", "properties": properties, "required": list(required)}


def _op(name: str, /, **properties: Schema) -> Schema:
    return _object(["op", *properties], op={"const": name}, **properties)


VALUE: Schema = {
    "anyOf": [
        {"type": "null"},
        TEXT,
        {"type": "boolean"},
        WORD,
        {"enum": ["guest", "host", "mentioned", "other", "2026-09-30", "https://example.org/"]},
        {"type": "array", "maxItems": 3, "items": _object(["text"], text=TEXT, start=TIME)},
    ]
}
OPS: Schema = {
    "type": "array",
    "minItems": 1,
    "maxItems": 4,
    "items": {
        "anyOf": [
            _op("text", first=WORD, last=WORD, text=TEXT),
            _op("split", at=WORD),
            _op("join", at=WORD),
            _op("time", at=WORD, edge={"enum": ["start", "end"]}, to=TIME),
            _op("voice", at=WORD, label=NAME),
            _op("speaker", label={"enum": ["AMARA", "KOFI", "X"]}, name=NAME),
            _op("sure", first=WORD, last=WORD, **{"is": {"type": "boolean"}}),
            _op("seen", check={"type": "string", "pattern": "^[0-9a-f]{12}$"}),
            _op("spelling", **{"from": NAME, "to": NAME, "glossary": {"type": "boolean"}}),
            _op("set", key={"enum": list(KEYS)}, value=VALUE),
            _op("set", key=TEXT, value=VALUE),
            _op("resolve", key={"enum": list(KEYS)}, take={"enum": ["mine", "machine"]}),
        ]
    },
}
_AT: Schema = {
    "enum": [
        None, "", "2026-10-25T06:00+01:00", "2026-10-25 06:00", "0001-01-01", "9999-12-31T23:59:59",
        "0001-01-01T00:00+23:59", "9999-12-31T23:59-23:59", "soon",
    ]
}  # fmt: skip
BODIES: Mapping[str, Schema] = {
    "changes": _object(["id", "seen", "ops"], id=CHANGE_ID, seen=SEEN, label=TEXT, ops=OPS),
    "undo": _object(["id", "seen"], id=CHANGE_ID, seen=SEEN),
    "redo": _object(["id", "seen"], id=CHANGE_ID, seen=SEEN),
    "approve": _object(["seen"], seen=SEEN),
    "withdraw": _object(),
    "publish": _object(["at"], at={"anyOf": [_AT, TEXT]}),
    "unpublish": _object(),
    "again": _object(
        ["start", "end"],
        start=TIME,
        end=TIME,
        model={"anyOf": [{"type": "null"}, TEXT]},
        glossary={"type": "array", "maxItems": 3, "items": TEXT},
    ),
    "retry": _object(),
}


def schema_of(app: FastAPI, *, episode_id: str, ids: Sequence[str] = ()) -> Schema:
    """The desk's routes and the bodies that they take; most ids are of an episode that is there."""
    with warnings.catch_warnings():
        # One function answers GET and HEAD.
        warnings.filterwarnings("ignore", "Duplicate Operation ID")
        schema = get_openapi(title="desk", version="1", routes=app.routes)
    for path, method, operation in _operations(schema):
        for parameter in operation.get("parameters", ()):
            if parameter["name"] == "episode_id":
                parameter["schema"] = {"enum": [episode_id, episode_id, *ids]}
        body = BODIES.get(path.rpartition("/")[2])
        if method == "post" and path.startswith("/api/") and body is not None:
            operation["requestBody"] = {
                "required": True,
                "content": {"application/json": {"schema": body}},
            }
        operation["responses"] = {"default": {"description": "whatever it says"}}
    return schema


def _operations(schema: Schema) -> Iterator[tuple[str, str, Schema]]:
    for path, methods in schema["paths"].items():
        for method, operation in methods.items():
            yield path, method, operation
