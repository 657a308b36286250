"""Which connections a URL uses: one pool per proxy, made when first needed.

Proxies come from the environment (`HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY`, `NO_PROXY`, or the system's settings) and
are never used for this machine itself. Certificates are always verified: against the file or folder that
`SSL_CERT_FILE` or `SSL_CERT_DIR` names, else against what the operating system trusts - where companies put the
authority of their proxy - and the usual public authorities.
"""

import os
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import ip_address
from threading import Lock
from typing import Generic, TypeVar
from urllib.request import getproxies, proxy_bypass

from maas_client.core.surroundings import Way
from maas_client.errors import ConfigurationError
from maas_client.transport._httpx import httpx

T = TypeVar("T")

MAX_CONNECTIONS = 32
"""Source: measured with httpx 0.28.1; above this its p99 latency grows faster than its throughput."""

LIMITS = httpx.Limits(max_connections=MAX_CONNECTIONS, max_keepalive_connections=MAX_CONNECTIONS, keepalive_expiry=30.0)


@dataclass(frozen=True, slots=True)
class Route(Generic[T]):
    """A pool, and the `host:port` of the proxy that it goes through, or `""`."""

    transport: T
    proxy: str


class Routes(Generic[T]):
    """The pools of one adapter."""

    def __init__(self, make: Callable[[ssl.SSLContext, httpx.Proxy | None], T]) -> None:
        self._make = make
        self._lock = Lock()
        self._by_origin: dict[tuple[bytes, bytes], Route[T]] = {}
        self._by_proxy: dict[tuple[str, str], Route[T]] = {}
        self._verifying: ssl.SSLContext | None = None

    def find(self, url: httpx.URL) -> Route[T]:
        """Return the route to a URL.

        Raises:
            ConfigurationError: The URL, a proxy variable or a certificate file is wrong.
        """
        origin = (url.raw_scheme, url.netloc)
        route = self._by_origin.get(origin)
        if route is None:
            with self._lock:
                route = self._by_origin[origin] = self._open(url)
        return route

    def describe(self, text: str) -> Way:
        """Say how requests to a URL travel; the pool is made, and nothing is sent.

        Raises:
            ConfigurationError: The URL, a proxy variable or a certificate file is wrong.
        """
        url = httpx.URL(text)
        route = self.find(url)
        return Way(
            proxy=route.proxy,
            proxy_variable=_proxy_for(url)[0],
            authorities=_authorities() if url.scheme == "https" else "",
            ignored_bundle="" if _named_authorities() else os.environ.get("REQUESTS_CA_BUNDLE", ""),
        )

    def transports(self) -> list[T]:
        """Return every pool made so far."""
        return [route.transport for route in self._by_proxy.values()]

    def _open(self, url: httpx.URL) -> Route[T]:
        if url.scheme not in {"http", "https"} or not url.host or (url.port or 0) > 65535:
            raise ConfigurationError(
                f"{url.scheme or '(no scheme)'}://{url.netloc.decode() or '(no host)'} is not an address of a service.",
                hint="An address begins with https:// and names a host, and its port is at most 65535.",
            )
        name, proxy_url = _proxy_for(url)
        key = (url.scheme, proxy_url)
        if key not in self._by_proxy:
            proxy = self._proxy(name, proxy_url) if proxy_url else None
            context = self._tls() if url.scheme == "https" else _verifies_nothing_as_valid()
            try:
                transport = self._make(context, proxy)
            except ImportError as error:
                raise ConfigurationError(
                    f"{name} names a SOCKS proxy, and the support for it is not installed.",
                    hint="Install it: pip install 'httpx[socks]'",
                ) from error
            self._by_proxy[key] = Route(transport, _host_of(proxy))
        return self._by_proxy[key]

    def _proxy(self, name: str, url: str) -> httpx.Proxy:
        try:
            proxy = httpx.Proxy(url if "://" in url else f"http://{url}")
        except (httpx.InvalidURL, ValueError):
            proxy = None
        if proxy is None or not proxy.url.host or "%" in proxy.url.host:
            # The value stays out of the message and of the chain: it may hold a password.
            raise ConfigurationError(
                f"{name} does not hold the address of a proxy.", hint="It looks like http://proxy.example:3128"
            ) from None
        if proxy.url.scheme == "https":
            proxy.ssl_context = self._tls()
        return proxy

    def _tls(self) -> ssl.SSLContext:
        if self._verifying is None:
            try:
                self._verifying = _trusted()
            except OSError as error:
                raise ConfigurationError(
                    "The CA certificates cannot be read.",
                    hint="Check that SSL_CERT_FILE names a PEM file, or SSL_CERT_DIR a folder of them.",
                ) from error
        return self._verifying


def _named_authorities() -> tuple[str, str] | None:
    """Return the variable that names the authorities to believe, and what it names."""
    for variable in ("SSL_CERT_FILE", "SSL_CERT_DIR"):
        if named := os.environ.get(variable):
            return variable, named
    return None


def _authorities() -> str:
    named = _named_authorities()
    return f"those of {named[0]} ({named[1]})" if named else "those of the operating system, and the usual public ones"


def _trusted() -> ssl.SSLContext:
    if _named_authorities():
        return httpx.create_ssl_context(trust_env=True)
    # Imported here, since only https needs them.
    import certifi
    import truststore

    context = truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    # A small container may have no authorities of its own.
    context.load_verify_locations(certifi.where())
    return context


def is_this_machine(host: str) -> bool:
    """Tell whether a host is this machine: a loopback address or a name reserved for it."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _proxy_for(url: httpx.URL) -> tuple[str, str]:
    if is_this_machine(url.host):
        return "", ""
    proxies = getproxies()
    for kind in (url.scheme, "all"):
        if proxies.get(kind):
            target = f"{url.host}:{url.port}" if url.port and ":" not in url.host else url.host
            return ("", "") if proxy_bypass(target) else (f"{kind.upper()}_PROXY", proxies[kind])
    return "", ""


def _host_of(proxy: httpx.Proxy | None) -> str:
    return proxy.url.netloc.decode("ascii") if proxy is not None else ""


def _verifies_nothing_as_valid() -> ssl.SSLContext:
    # For plain http: a pool wants a context; this one loads no CA file, so that TLS over it would fail closed.
    return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
