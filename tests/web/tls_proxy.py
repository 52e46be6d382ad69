"""A proxy that ends TLS and passes requests on, as Caddy and nginx do, in a thread."""

import datetime
import ipaddress
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

NAME = "desk.example.org"


@dataclass
class Proxy:
    """A running proxy; its certificate is for `NAME` and 127.0.0.1."""

    port: int
    certificate: Path


def make_certificate(folder: Path) -> tuple[Path, Path]:
    """A self-signed certificate and its key, good for a day."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, NAME)])
    now = datetime.datetime.now(datetime.UTC)
    names = [x509.DNSName(NAME), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    (folder / "cert.pem").write_bytes(certificate.public_bytes(pem))
    private = key.private_bytes(
        pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (folder / "key.pem").write_bytes(private)
    return folder / "cert.pem", folder / "key.pem"


@contextmanager
def tls_proxy(
    folder: Path, upstream: int, *, is_bare: bool = False, address: str = "127.0.0.1"
) -> Iterator[Proxy]:
    """Run one before a server on 127.0.0.1.

    Args:
        folder: for certificate and key.
        upstream: port of the server.
        is_bare: says nothing of where requests come from, and puts the server's own name into
            Host, as nginx does that is told no more than `proxy_pass`.
        address: that it asks the server from.
    """
    certificate, key = make_certificate(folder)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    listening = socket.create_server(("127.0.0.1", 0))
    threads: list[threading.Thread] = []

    def serve() -> None:
        while True:
            try:
                plain, client = listening.accept()
            except OSError:
                return
            thread = threading.Thread(
                target=_pass_on,
                args=(context, plain, client[0], (upstream, address), is_bare),
                daemon=True,
            )
            threads.append(thread)
            thread.start()

    accepting = threading.Thread(target=serve, daemon=True)
    accepting.start()
    try:
        yield Proxy(listening.getsockname()[1], certificate)
    finally:
        listening.shutdown(socket.SHUT_RDWR)
        listening.close()
        for thread in [accepting, *threads]:
            thread.join(30)


def _pass_on(
    context: ssl.SSLContext,
    plain: socket.socket,
    client: str,
    upstream: tuple[int, str],
    is_bare: bool,
) -> None:
    port, address = upstream
    with plain, suppress(OSError), context.wrap_socket(plain, server_side=True) as browser:
        head = b""
        while b"\r\n\r\n" not in head:
            data = browser.recv(65536)
            if not data:
                return
            head += data
        head, _, rest = head.partition(b"\r\n\r\n")
        with socket.create_connection(("127.0.0.1", port), source_address=(address, 0)) as server:
            server.sendall(_rewritten(head, client, port, is_bare) + rest)
            back = threading.Thread(target=_pump, args=(server, browser))
            back.start()
            _pump(browser, server)
            back.join(30)


def _rewritten(head: bytes, client: str, upstream: int, is_bare: bool) -> bytes:
    """One request a connection; where it comes from is added at the end of what it says itself."""
    first, *lines = head.split(b"\r\n")
    kept = [line for line in lines if not line.lower().startswith(b"connection:")]
    if is_bare:
        kept = [line for line in kept if not line.lower().startswith(b"host:")]
        kept.append(f"Host: 127.0.0.1:{upstream}".encode())
    else:
        said = [line for line in kept if line.lower().startswith(b"x-forwarded-for:")]
        before = b"".join(line.partition(b":")[2].strip() + b", " for line in said)
        kept = [line for line in kept if not line.lower().startswith(b"x-forwarded-")]
        kept += [b"X-Forwarded-For: " + before + client.encode(), b"X-Forwarded-Proto: https"]
    return b"\r\n".join([first, *kept, b"Connection: close", b"", b""])


def _pump(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(65536):
            target.sendall(data)
    with suppress(OSError):
        target.shutdown(socket.SHUT_RDWR)
