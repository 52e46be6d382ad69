"""Mail through the producer's own mail server.

Why smtplib: it is in Python, and one text to one server needs nothing more.
"""

import email.utils
import smtplib
import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from email.message import EmailMessage

from shownotes.errors import DeliveryError

PASSWORD_VARIABLE = "SHOWNOTES_SMTP_PASSWORD"  # noqa: S105 -- the name of one
TIMEOUT_S = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class MailServer:
    """Where mail is handed in.

    Attributes:
        security: `starttls`, `tls` from the first byte, or `none`.
        user: signs in where there is one.
    """

    host: str
    port: int
    security: str = "starttls"
    user: str = ""
    password: str = ""


def send_mail(
    server: MailServer,
    *,
    id: str,  # noqa: A002 -- as a webhook's
    sender: str,
    to: Sequence[str],
    subject: str,
    text: str,
) -> None:
    """Hand in one mail.

    Args:
        server: where.
        id: the same when it is sent again, so that mail programs show it once.
        sender: an address, or a name and an address.
        to: addresses.
        subject: one line.
        text: plain text.

    Raises:
        DeliveryError: it was not taken, or not for everybody.
    """
    message = EmailMessage()
    message["From"] = _one_line(sender)
    message["To"] = ", ".join(to)
    message["Subject"] = _one_line(subject)[:200]
    message["Date"] = email.utils.localtime()
    domain = email.utils.parseaddr(sender)[1].rpartition("@")[2] or "localhost"
    message["Message-ID"] = f"<{id}@{domain}>"
    # Out-of-office programs answer no mail that says so. Source: RFC 3834.
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(text)
    try:
        with _connect(server) as connection:
            refused = connection.send_message(message)
    except (smtplib.SMTPException, OSError) as error:
        raise DeliveryError(
            f"The mail server {server.host}:{server.port} did not take a mail: {_said(error)}. "
            "Mend [notify] smtp_..., or the server."
        ) from error
    if refused:
        raise DeliveryError(f"{server.host} refused mail for {', '.join(sorted(refused))}.")


def _connect(server: MailServer) -> smtplib.SMTP:
    context = ssl.create_default_context()
    if server.security == "tls":
        connection: smtplib.SMTP = smtplib.SMTP_SSL(
            server.host, server.port, timeout=TIMEOUT_S, context=context
        )
    else:
        connection = smtplib.SMTP(server.host, server.port, timeout=TIMEOUT_S)
    try:
        if server.security == "starttls":
            connection.starttls(context=context)
        if server.user:
            connection.login(server.user, server.password)
    except BaseException:
        connection.close()
        raise
    return connection


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _said(error: Exception) -> str:
    """What a server said, without the text of the mail that some errors repeat."""
    if isinstance(error, smtplib.SMTPResponseException):
        told = error.smtp_error
        words = told.decode("utf-8", "replace") if isinstance(told, bytes) else str(told)
        return f"{error.smtp_code} {_one_line(words)[:200]}"
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return f"it refuses {', '.join(sorted(error.recipients))}"
    return _one_line(str(error))[:200] or type(error).__name__
