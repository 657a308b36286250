"""Reproducible variety: numbers that depend on nothing but what the run is made from."""

import hashlib


class Seed:
    """A source of numbers without state: the same parts and key give the same number on every machine."""

    def __init__(self, *parts: str) -> None:
        digest = hashlib.blake2b(digest_size=32)
        for part in parts:
            raw = part.encode("utf-8", "surrogatepass")
            digest.update(len(raw).to_bytes(8, "big") + raw)
        self._key = digest.digest()

    def unit(self, name: str, index: int = 0) -> float:
        """Return a number in [0, 1)."""
        raw = hashlib.blake2b(f"{name}:{index}".encode(), key=self._key, digest_size=6).digest()
        return int.from_bytes(raw, "big") / 2**48

    def jitter(self, name: str, index: int = 0) -> float:
        """Return a number in [-1, 1)."""
        return 2 * self.unit(name, index) - 1
