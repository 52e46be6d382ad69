"""Mail handed in to a real SMTP server."""

import socket

import pytest

from shownotes.adapters.mail import MailServer, send_mail
from shownotes.errors import DeliveryError
from tests.mail_server import Mailbox, receiving


def send(box: Mailbox, *, subject: str = "Draft", user: str = "", password: str = "") -> None:
    server = MailServer(
        host="127.0.0.1", port=box.port, security="none", user=user, password=password
    )
    send_mail(
        server,
        id="abc",
        sender="Shownotes <shownotes@example.org>",
        to=["ann@example.org", "bo@example.org"],
        subject=subject,
        text="Kofi’s budget is ready.\n.\nA line after a dot.\n",
    )


def test_a_mail_arrives_as_it_was_written() -> None:
    with receiving() as box:
        send(box, subject="Kofi’s\r\nBcc: everybody@example.org")
    (mail,) = box.mails
    assert box.recipients == [["ann@example.org", "bo@example.org"]]
    assert mail["Subject"] == "Kofi’s Bcc: everybody@example.org"
    assert mail["Bcc"] is None
    assert mail["Message-ID"] == "<abc@example.org>"
    assert mail["Auto-Submitted"] == "auto-generated"
    lines = mail.get_content().splitlines()
    assert lines == ["Kofi’s budget is ready.", ".", "A line after a dot."]


def test_it_signs_in() -> None:
    with receiving(password="right") as box:
        send(box, user="robot", password="right")
        assert (len(box.mails), box.users) == (1, ["robot"])
        with pytest.raises(DeliveryError, match="535") as refused:
            send(box, user="robot", password="wrong-password")
        assert "wrong-password" not in str(refused.value)


def test_what_a_server_says_is_told() -> None:
    with receiving() as box:
        box.refuses = "552 Mailbox full"
        with pytest.raises(DeliveryError, match="552 Mailbox full"):
            send(box)


def test_no_server_and_no_encryption_are_told() -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        box = Mailbox(port=closed.getsockname()[1])
        with pytest.raises(DeliveryError, match=f"127.0.0.1:{box.port}"):
            send(box)
    with receiving() as box:
        server = MailServer(host="127.0.0.1", port=box.port, security="starttls")
        with pytest.raises(DeliveryError, match="STARTTLS"):
            send_mail(server, id="a", sender="a@b.c", to=["d@e.f"], subject="s", text="t")
    assert box.mails == []
