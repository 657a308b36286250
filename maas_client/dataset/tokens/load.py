"""The vocabularies that travel with the package: unpacked, and held against their digests."""

import hashlib
import lzma
from pathlib import Path

_DATA = Path(__file__).with_name("data")


def unpacked(name: str) -> bytes:
    """Return the content of a vocabulary file.

    Raises:
        ValueError: It is not the file that was packed.
    """
    data = lzma.decompress((_DATA / f"{name}.xz").read_bytes())
    if hashlib.sha256(data).hexdigest() != digest_of(name):
        raise ValueError(f"The vocabulary {name} of this installation is damaged: install the package again.")
    return data


def digest_of(name: str) -> str | None:
    """Return the digest that a vocabulary file should have once it is unpacked."""
    lines = (_DATA / "SHA256SUMS").read_text(encoding="utf-8").splitlines()
    return next((digest for digest, _, known in (line.partition("  ") for line in lines) if known == name), None)
