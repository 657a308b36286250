"""Where the server listens, and by which names it may be called there."""

import os
import socket
from ipaddress import IPv6Address, ip_address

from maas_client.server.problem import OptionError, StartError

LOOPBACK = ("127.0.0.1", "::1", "localhost")
_EVERYWHERE = ("0.0.0.0", "::")  # noqa: S104 (compared with what was asked for)


def is_loopback(host: str) -> bool:
    """Say whether a host is one of those that only this machine reaches."""
    return host.lower() in LOOPBACK


def names(host: str) -> tuple[str, ...]:
    """Return the names and addresses by which a server at this host is called, the first of them in its URL."""
    if is_loopback(host):
        return (host.lower(), *(name for name in LOOPBACK if name != host.lower()))
    if host in _EVERYWHERE:
        return (socket.gethostname().lower(), *LOOPBACK)
    return (host.lower(), *LOOPBACK)


def written(name: str) -> str:
    """Return a name as it stands in a URL or a Host header."""
    return f"[{name}]" if ":" in name else name


def check_remote(host: str, *, allowed: bool, tls: bool, auth: str) -> None:
    """Refuse an address that others reach, unless all that protects the server there is asked for.

    Raises:
        OptionError: Something is missing; the hint says what.
    """
    if is_loopback(host):
        return
    lacking = [flag for flag, there in (("--allow-remote", allowed), ("--tls", tls)) if not there]
    if lacking:
        raise OptionError(
            f"--host {host} is not a loopback address ({', '.join(LOOPBACK)}): others could reach this server there.",
            f"If they are to, add {' and '.join(lacking)}; on this machine alone leave --host out.",
        )
    if auth == "off":
        raise OptionError(
            f"--auth off at --host {host} would open this server to everybody.", "Use --auth any or --auth strict."
        )


def bind(host: str, port: int) -> socket.socket:
    """Return a socket that is bound.

    Raises:
        StartError: The address cannot be had.
    """
    address = "127.0.0.1" if host.lower() == "localhost" else host
    family = socket.AF_INET6 if _is_v6(address) else socket.AF_INET
    # Named as TCP, or asyncio does not turn Nagle's algorithm off and every answer takes 40 ms more.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        if os.name == "posix":
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((address, port))
    except OSError as error:
        listener.close()
        raise StartError(
            f"Cannot listen on {host}:{port}: {error.strerror or error}.",
            "Choose another --port (0 takes a free one), or an address of this machine for --host.",
        ) from error
    return listener


def _is_v6(address: str) -> bool:
    try:
        return isinstance(ip_address(address), IPv6Address)
    except ValueError:
        return False
