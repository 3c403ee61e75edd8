"""One request to an address that a stranger may have chosen: public addresses only, once, without following anything.

The name is resolved once, every address that it has must be public, and the connection goes to one of exactly those: so
a name that changes between the look and the connection leads nowhere.
"""

from __future__ import annotations

import http.client
import ipaddress
import socket
import ssl
import threading
from collections.abc import Mapping
from typing import NamedTuple
from urllib.parse import SplitResult, urlsplit

TRY_SECONDS = 5.0
WHOLE_SECONDS = 8.0
"""However slowly an answer drips in, it is cut off here."""
_TRANSLATED = tuple(map(ipaddress.ip_network, ("64:ff9b::/96", "64:ff9b:1::/48", "2002::/16", "2001::/32")))
"""Addresses of version 6 that lead to one of version 4, which may be anybody's."""


class NotAllowed(ValueError):
    """An address that we send nothing to."""


class Unresolved(NotAllowed):
    """A name that leads nowhere, for now."""


class Told(NamedTuple):
    """What a request met: a status, or how the line broke."""

    status: int | None
    error: str | None = None

    @property
    def is_taken(self) -> bool:
        return self.status is not None and 200 <= self.status < 300


def check(url: str, *, is_local: bool) -> None:
    """Raise `NotAllowed` for what is no address of the public web. On a local stack this machine's own are good, too."""
    try:
        _addresses(_split(url), is_local=is_local)
    except Unresolved:
        return  # it may come up later; then it is looked at again


def post(url: str, headers: Mapping[str, str], body: bytes, *, is_local: bool) -> Told:
    """Send once; never raises for anything that the other side does."""
    try:
        parts = _split(url)
        address = _addresses(parts, is_local=is_local)[0]
    except NotAllowed as refused:
        return Told(None, str(refused))
    connection = _Pinned(parts, address)
    watch = threading.Timer(WHOLE_SECONDS, connection.cut)
    watch.daemon = True
    watch.start()
    try:
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        connection.request("POST", target, body, dict(headers))
        status = connection.getresponse().status
    except (OSError, http.client.HTTPException, ValueError) as error:
        return Told(None, type(error).__name__)
    finally:
        watch.cancel()
        connection.close()
    if connection.was_cut:  # what had come until then is no answer
        return Told(None, "TimeoutError")
    return Told(status, None if 200 <= status < 300 else "redirected" if 300 <= status < 400 else f"status {status}")


def _split(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise NotAllowed("not an address") from None
    if parts.scheme not in ("https", "http") or not parts.hostname or port == 0:
        raise NotAllowed("an https address")
    if parts.username is not None or parts.password is not None or parts.fragment:
        raise NotAllowed("an address without user, password and fragment")
    return parts


def _addresses(parts: SplitResult, *, is_local: bool) -> list[str]:
    """The addresses of a name, if every one of them may be sent to."""
    try:
        found = socket.getaddrinfo(parts.hostname, _port(parts), type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        if parts.scheme != "https":
            raise NotAllowed("an https address") from None
        raise Unresolved("the name leads nowhere") from None
    addresses = [str(one[4][0]) for one in found]
    for address in addresses:
        is_own = is_local and _is_loopback(address)
        if parts.scheme != "https" and not is_own:
            raise NotAllowed("an https address")
        if not is_own and not is_public(address):
            raise NotAllowed("a public address")
    return addresses


def is_public(address: str) -> bool:
    """Whether an IP address is one of the public internet, whatever it is wrapped in."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address) and ip.ipv4_mapped is not None:
        ip = ip.ipv4_mapped
    return (
        ip.is_global and not ip.is_multicast and not any(ip in one for one in _TRANSLATED if one.version == ip.version)
    )


def _is_loopback(address: str) -> bool:
    return ipaddress.ip_address(address.partition("%")[0]).is_loopback


def _port(parts: SplitResult) -> int:
    return parts.port or (443 if parts.scheme == "https" else 80)


class _Pinned(http.client.HTTPConnection):
    """A connection to one address, for the name that was asked for."""

    def __init__(self, parts: SplitResult, address: str) -> None:
        assert parts.hostname is not None
        super().__init__(parts.hostname, parts.port, timeout=TRY_SECONDS)
        self.default_port = 443 if parts.scheme == "https" else 80  # so that the header Host names no usual port
        self.port = _port(parts)
        self.was_cut = False
        self._where = (address, self.port)
        self._tls = ssl.create_default_context() if parts.scheme == "https" else None

    def connect(self) -> None:
        self.sock = socket.create_connection(self._where, TRY_SECONDS)
        if self._tls is not None:
            self.sock = self._tls.wrap_socket(self.sock, server_hostname=self.host)

    def cut(self) -> None:
        """End it from outside."""
        self.was_cut = True
        if self.sock is not None:
            try:
                self.sock.shutdown(socket.SHUT_RDWR)
            except OSError:
                return
