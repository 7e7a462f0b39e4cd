"""Refuse every connection and look-up that would leave this machine; Python imports this when it starts."""

import ipaddress
import socket
import sys

EVENTS = {"socket.connect", "socket.sendto", "socket.sendmsg", "socket.getaddrinfo", "socket.gethostbyname"}


class ClosedNetworkError(ConnectionError):
    """Something in a test tried to reach another machine."""


def stays_here(host: str | bytes | None) -> bool:
    """True for this machine's own names and addresses (and for "", any of them)."""
    name = host.decode() if isinstance(host, bytes) else host
    if name in (None, "", "localhost", socket.gethostname()):
        return True
    try:
        address = ipaddress.ip_address(name)
    except ValueError:
        return False
    return address.is_loopback or address.is_unspecified


def guard(event: str, arguments: tuple) -> None:
    """An audit hook: it sees each call of Python's socket module before it happens."""
    if event not in EVENTS:
        return
    if event in ("socket.getaddrinfo", "socket.gethostbyname"):
        host = arguments[0]
    else:
        connection, address = arguments[0], arguments[-1]
        if connection.family not in (socket.AF_INET, socket.AF_INET6) or not address:
            return
        host = address[0]
    if not stays_here(host):
        raise ClosedNetworkError(f"tests may not leave this machine: {event} to {host!r}")


sys.addaudithook(guard)
