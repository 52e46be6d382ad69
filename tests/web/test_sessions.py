"""Signing in and out, invitations and names, tried as people and as attackers do."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from shownotes.adapters import accounts, sign_ins
from shownotes.web.attempts import (
    FORGOTTEN_S,
    FREE_BY_ADDRESS,
    FREE_BY_NAME,
    LONGEST_BY_NAME_S,
    MOST_REMEMBERED,
    Attempts,
)
from shownotes.web.sessions import inside
from tests.web.small_desk import (
    ANN,
    OURS,
    PASSWORD,
    SmallDesk,
    add_editor,
    read_page,
    sign_in,
    small_desk,
)

# A clock that stands still: what a test waits for, it says.
NEVER = 1e9


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def forgiving() -> Attempts:
    """Attempts that are all long forgotten when the next one comes."""
    times = iter(range(10**9))
    return Attempts(clock=lambda: next(times) * NEVER)


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SmallDesk]:
    root = tmp_path_factory.mktemp("desk")
    add_editor(root)
    with small_desk(root, attempts=forgiving()) as running:
        yield running


def who(client: httpx.Client) -> str | None:
    answer = client.get("/api/who")
    return answer.json()["editor"] if answer.status_code == 200 else None


def cookie_of(client: httpx.Client) -> str:
    return next(value for name, value in client.cookies.items() if "session" in name)


def with_session(desk: SmallDesk, token: str) -> httpx.Client:
    name = f"shownotes-{desk.port}-session"
    return desk.client(headers={**OURS, "Cookie": f"{name}={token}"})


# --------------------------------------------------------------------------- signing in


def test_signing_in_and_out(desk: SmallDesk) -> None:
    client = desk.client(headers={"Origin": desk.url})
    answer = sign_in(client, ANN, PASSWORD, next="/episode/1")
    assert (answer.status_code, answer.headers["location"]) == (303, "/episode/1")
    assert who(client) == ANN
    stolen = cookie_of(client)
    # What a page of the desk bears in its sign-out form is made of the session.
    assert client.post("/logout", data={"csrf": "forged"}).status_code == 403
    assert who(client) == ANN
    page = client.get("/invite/none-at-all")
    assert page.status_code == 410
    csrf = read_csrf(desk, client)
    assert client.post("/logout", data={"csrf": csrf}).status_code == 303
    assert who(client) is None
    assert who(with_session(desk, stolen)) is None


def read_csrf(desk: SmallDesk, client: httpx.Client) -> str:
    token = accounts.invite(desk.root, "Form Reader")
    csrf = read_page(client.get(f"/invite/{token}"))["csrf"]
    accounts.remove(desk.root, "Form Reader")
    return csrf


def test_the_cookie_is_out_of_scripts_reach(desk: SmallDesk) -> None:
    answer = sign_in(desk.client(headers={"Origin": desk.url}), ANN, PASSWORD)
    cookies = answer.headers.get_list("set-cookie")
    session = next(c for c in cookies if c.startswith(f"shownotes-{desk.port}-session="))
    assert "HttpOnly" in session
    assert "SameSite=lax" in session
    assert "Path=/" in session
    assert "Max-Age=2592000" in session
    assert "Secure" not in session
    form = desk.client().get("/login").headers["set-cookie"]
    assert "HttpOnly" in form
    assert "SameSite=strict" in form


@pytest.mark.parametrize(
    ("name", "password"),
    [
        (ANN, "wrong horse battery staple"),
        (ANN, ""),
        ("", PASSWORD),
        ("Nobody", PASSWORD),
        (ANN + "\0", PASSWORD),
        ("ann lee' OR '1'='1", PASSWORD),
        ("x" * 30_000, "y" * 30_000),
    ],
)
def test_anything_else_does_not_sign_in(desk: SmallDesk, name: str, password: str) -> None:
    client = desk.client()
    answer = sign_in(client, name, password)
    assert answer.status_code == 401
    # The same answer for a name that nobody has: it tells nothing.
    assert read_page(answer)["error"] == "Name or password is not right."
    assert who(client) is None


def test_names_are_read_as_people_write_them(desk: SmallDesk) -> None:
    assert who(desk.signed_in("  ANN   lee ")) == ANN


def test_every_sign_in_has_a_session_of_its_own(desk: SmallDesk) -> None:
    """A session that an attacker has planted is not the one that is signed in."""
    client = with_session(desk, "planted")
    page = read_page(client.get("/login"))
    assert who(client) is None
    form = {"name": ANN, "password": PASSWORD, "csrf": page["csrf"]}
    answer = client.post("/login", data=form, headers={"Cookie": cookies(client)})
    assert answer.status_code == 303
    assert "planted" not in str(answer.headers.get_list("set-cookie"))
    assert who(with_session(desk, "planted")) is None
    first = desk.signed_in()
    old = cookie_of(first)
    sign_in_again(desk, first)
    assert cookie_of(first) != old
    assert who(with_session(desk, old)) is None


def cookies(client: httpx.Client) -> str:
    return "; ".join(f"{name}={value}" for name, value in client.cookies.items())


def sign_in_again(desk: SmallDesk, client: httpx.Client) -> None:
    form = {"name": ANN, "password": PASSWORD, "csrf": read_csrf(desk, client)}
    assert client.post("/login", data=form).status_code == 303


def test_an_old_cookie_is_worth_nothing(desk: SmallDesk) -> None:
    now = datetime.now(UTC)
    for days in (7, 31):
        token = sign_ins.open_session(desk.root, ANN, at=now - timedelta(days=days, minutes=1))
        assert who(with_session(desk, token)) is None
    token = sign_ins.open_session(desk.root, ANN, at=now - timedelta(days=6))
    assert who(with_session(desk, token)) == ANN


@pytest.mark.parametrize("token", ["", "x", "../../accounts", "%00", "é", "a" * 4000, '"; path=/'])
def test_forged_cookies(desk: SmallDesk, token: str) -> None:
    name = f"shownotes-{desk.port}-session"
    raw = f"{name}={token}".encode()
    assert desk.client(headers=[(b"Cookie", raw)]).get("/api/who").status_code == 401


def test_another_desks_cookie_is_not_ours(desk: SmallDesk, tmp_path: Path) -> None:
    add_editor(tmp_path)
    with small_desk(tmp_path) as other:
        token = cookie_of(other.signed_in())
    assert who(with_session(desk, token)) is None


@pytest.mark.parametrize(
    "to",
    [
        "https://evil.example/",
        "//evil.example/",
        "/\\evil.example/",
        "/\t/evil.example/",
        "javascript:alert(1)",
        "evil",
        "",
        "/a\r\nSet-Cookie: x=1",
        "/\u2028",
    ],
)
def test_nobody_is_led_away(desk: SmallDesk, to: str) -> None:
    assert inside(to) == "/"
    answer = sign_in(desk.client(), ANN, PASSWORD, next=to)
    assert answer.headers["location"] == "/"
    shown = read_page(desk.client().get("/login", params={"next": to}))
    assert shown["next"] == "/"


def test_forms_are_ours_and_this_browsers(desk: SmallDesk) -> None:
    mine, theirs = desk.client(), desk.client()
    mine.get("/login")
    stolen = read_page(theirs.get("/login"))["csrf"]
    form = {"name": ANN, "password": PASSWORD}
    for csrf in ("", "x", stolen):
        answer = mine.post("/login", data={**form, "csrf": csrf})
        assert answer.status_code == 403
        assert "open for too long" in read_page(answer)["error"]
    assert desk.client().post("/login", data={**form, "csrf": stolen}).status_code == 403
    assert theirs.post("/login", data={**form, "csrf": stolen}).status_code == 303


@pytest.mark.parametrize("body", [b"", b"\xff\xfe", b"&" * 1000, b"a=1&" * 1000, b"name"])
def test_forms_that_are_none(desk: SmallDesk, body: bytes) -> None:
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    for path in ("/login", "/logout", "/name", "/invite/x"):
        answer = desk.client().post(path, content=body, headers=headers)
        assert answer.status_code in {303, 403, 410}


def test_what_was_typed_is_text(desk: SmallDesk) -> None:
    answer = sign_in(desk.client(), "<script>alert(1)</script>", "x")
    assert "<script>" not in answer.text


# --------------------------------------------------------------------------- guessing


def test_guessing_at_a_name_is_slowed_down(tmp_path: Path) -> None:
    add_editor(tmp_path)
    clock = Clock()
    with small_desk(tmp_path, attempts=Attempts(clock)) as desk:
        client = desk.client()
        for _ in range(FREE_BY_NAME):
            assert sign_in(client, ANN, "guess").status_code == 401
        refused = sign_in(client, ANN, PASSWORD)
        assert refused.status_code == 429
        assert refused.headers["retry-after"] == "1"
        assert "Try again in 1 second" in read_page(refused)["error"]
        clock.now += 1.0
        assert sign_in(client, ANN, "guess").status_code == 401
        assert sign_in(client, ANN, "guess").headers["retry-after"] == "2"
        clock.now += 2.0
        assert sign_in(client, ANN, PASSWORD).status_code == 303
        # The name begins anew.
        assert sign_in(desk.client(), ANN, "guess").status_code == 401


def test_many_guesses_at_once_are_counted_before_they_are_judged(tmp_path: Path) -> None:
    add_editor(tmp_path)
    with small_desk(tmp_path, attempts=Attempts(Clock())) as desk:
        client = desk.client()
        csrf = read_page(client.get("/login"))["csrf"]
        form = {"name": ANN, "password": "guess", "csrf": csrf}

        def guess(_: int) -> int:
            return client.post("/login", data=form).status_code

        with ThreadPoolExecutor(20) as pool:
            told = list(pool.map(guess, range(40)))
        assert told.count(401) == FREE_BY_NAME
        assert told.count(429) == 40 - FREE_BY_NAME


def test_guessing_at_many_names_is_slowed_down(tmp_path: Path) -> None:
    add_editor(tmp_path)
    with small_desk(tmp_path, attempts=Attempts(Clock())) as desk:
        told = [sign_in(desk.client(), f"Editor {n}", "guess").status_code for n in range(12)]
        assert told == [401] * FREE_BY_ADDRESS + [429] * 2


def test_guessing_at_invitations_is_slowed_down(tmp_path: Path) -> None:
    add_editor(tmp_path)
    with small_desk(tmp_path, attempts=Attempts(Clock())) as desk:
        told = [desk.client().get(f"/invite/{n}").status_code for n in range(12)]
        assert told == [410] * FREE_BY_ADDRESS + [429] * 2


def test_waits_double_and_end() -> None:
    clock = Clock()
    attempts = Attempts(clock)
    waits = []
    for _ in range(20):
        if wait := attempts.begin(address="a", name="n"):
            waits.append(wait)
            clock.now += wait
            assert attempts.begin(address="a", name="n") == 0.0
    assert waits[:6] == [1, 2, 4, 8, 16, 32]
    assert waits == sorted(waits)


def test_nobody_can_lock_an_editor_out_for_long() -> None:
    """One address that guesses at a name is slowed down itself, and no longer counts."""
    clock = Clock()
    attempts = Attempts(clock)
    for _ in range(1000):
        attempts.begin(address="203.0.113.9", name="ann")
        clock.now += 60.0
    assert attempts.begin(address="198.51.100.7", name="ann") <= LONGEST_BY_NAME_S
    clock.now += LONGEST_BY_NAME_S
    assert attempts.begin(address="198.51.100.7", name="ann") == 0.0


def test_an_account_is_no_help_at_guessing_at_others() -> None:
    clock = Clock()
    attempts = Attempts(clock)
    total = 0.0
    for number in range(30):
        while wait := attempts.begin(address="a", name=f"victim {number}"):
            clock.now += wait
            total += wait
        while wait := attempts.begin(address="a", name="own"):
            clock.now += wait
            total += wait
        attempts.succeed(address="a", name="own")
    assert total > 3600.0


def test_an_ipv6_customer_is_one_address() -> None:
    attempts = Attempts(Clock())
    told = [attempts.begin(address=f"2001:db8::{n:x}") for n in range(12)]
    assert told[FREE_BY_ADDRESS:] == [1.0, 1.0]
    assert attempts.begin(address="2001:db8:0:1::1") == 0.0
    assert attempts.begin(address="not an address") == 0.0


def test_failures_are_forgotten_and_memory_has_an_end() -> None:
    clock = Clock()
    attempts = Attempts(clock)
    for _ in range(FREE_BY_ADDRESS):
        attempts.begin(address="a")
    clock.now += FORGOTTEN_S
    for _ in range(FREE_BY_ADDRESS):
        assert attempts.begin(address="a") == 0.0
    for number in range(MOST_REMEMBERED + 10):
        attempts.begin(address=str(number))
    assert len(attempts._records) == MOST_REMEMBERED


# --------------------------------------------------------------------------- invitations


def accept(client: httpx.Client, token: str, name: str, password: str) -> httpx.Response:
    page = read_page(client.get(f"/invite/{token}"))
    form = {"name": name, "password": password, "csrf": page.get("csrf", "")}
    return client.post(f"/invite/{token}", data=form)


def test_an_invitation_makes_an_account_and_signs_in(desk: SmallDesk) -> None:
    token = accounts.invite(desk.root, "Bo Rask")
    client = desk.client(headers={"Origin": desk.url})
    # Mail programs look at links before people do.
    for _ in range(3):
        assert desk.client().get(f"/invite/{token}").status_code == 200
    assert accept(client, token, "Bo Rask", PASSWORD).status_code == 303
    assert who(client) == "Bo Rask"
    other = desk.client()
    for answer in (other.get(f"/invite/{token}"), accept(other, token, "Eve", PASSWORD)):
        assert answer.status_code == 410
        assert "used already" in read_page(answer)["message"]
    assert who(other) is None
    accounts.remove(desk.root, "Bo Rask")
    assert who(client) is None


def test_an_invitation_is_used_once_by_two_at_once(desk: SmallDesk) -> None:
    token = accounts.invite(desk.root, "Cy")
    clients = [desk.client() for _ in range(4)]
    pages = [read_page(client.get(f"/invite/{token}")) for client in clients]

    def use(number: int) -> int:
        form = {"name": f"Cy {number}", "password": PASSWORD, "csrf": pages[number]["csrf"]}
        return clients[number].post(f"/invite/{token}", data=form).status_code

    with ThreadPoolExecutor(4) as pool:
        told = sorted(pool.map(use, range(4)))
    assert told[0] == 303
    assert set(told[1:]) <= {400, 410}
    (winner,) = (name for name in accounts.names(desk.root) if name != ANN)
    assert winner.startswith("Cy ")
    accounts.remove(desk.root, winner)


def test_an_invitation_says_what_is_wrong(desk: SmallDesk) -> None:
    token = accounts.invite(desk.root, "Di")
    client = desk.client()
    for name, password, told in (
        ("Di", "short", "at least 12"),
        ("", PASSWORD, "name is needed"),
        (ANN, PASSWORD, "Take another name"),
        ("Di\u202e", PASSWORD, "cannot be seen"),
    ):
        answer = accept(client, token, name, password)
        assert answer.status_code == 400
        page = read_page(answer)
        assert told in page["error"]
        assert page["token"] == token
    page = read_page(client.get(f"/invite/{token}"))
    form = {"name": "Di", "password": PASSWORD, "again": "other", "csrf": page["csrf"]}
    assert "not the same" in read_page(client.post(f"/invite/{token}", data=form))["error"]
    form = {"name": "Di", "password": PASSWORD, "csrf": "x"}
    assert client.post(f"/invite/{token}", data=form).status_code == 403
    accounts.remove(desk.root, "Di")


def test_an_old_invitation_does_not_open(desk: SmallDesk) -> None:
    token = accounts.invite(desk.root, "Ed", at=datetime.now(UTC) - timedelta(days=8))
    assert desk.client().get(f"/invite/{token}").status_code == 410
    assert accept(desk.client(), token, "Ed", PASSWORD).status_code == 410
    accounts.remove(desk.root, "Ed")


# --------------------------------------------------------------------------- without accounts


def test_a_desk_without_accounts_asks_for_a_name_once(tmp_path: Path) -> None:
    with small_desk(tmp_path) as desk:
        client = desk.client(headers={"Origin": desk.url})
        assert who(client) is None
        assert client.get("/login").headers["location"] == "/name"
        page = read_page(client.get("/name", params={"next": "/episode/1"}))
        form = {"csrf": page["csrf"], "next": page["next"]}
        for name in ("", "Ann\nLee", "x" * 100):
            answer = client.post("/name", data={**form, "name": name})
            assert answer.status_code == 400
        answer = client.post("/name", data={**form, "name": "Zoë  Ålund"})
        assert (answer.status_code, answer.headers["location"]) == (303, "/episode/1")
        assert who(client) == "Zoë Ålund"
        saved = dict(client.cookies)
    # Another start of the desk still knows who it is.
    with small_desk(tmp_path) as again:
        cookie = saved[f"shownotes-{desk.port}-name"]
        named = again.client(headers={"Cookie": f"shownotes-{again.port}-name={cookie}"})
        assert who(named) == "Zoë Ålund"
        text, _, signature = cookie.partition(".")
        for forged in (
            b"Ann".hex() + "." + signature,
            f"{text}.",
            text,
            f"{text}.{'0' * 64}",
            "." + signature,
            f"zz.{signature}",
        ):
            header = {"Cookie": f"shownotes-{again.port}-name={forged}"}
            assert who(again.client(headers=header)) is None


def test_a_name_from_elsewhere_is_not_taken(tmp_path: Path) -> None:
    with small_desk(tmp_path) as desk:
        client = desk.client()
        csrf = read_page(client.get("/name"))["csrf"]
        form = {"name": "Mallory", "csrf": csrf}
        evil = {"Origin": "https://evil.example"}
        assert client.post("/name", data=form, headers=evil).status_code == 403
        assert client.post("/name", data={**form, "csrf": ""}).status_code == 403
        assert who(client) is None
