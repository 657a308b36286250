"""Rebuild the vocabularies that travel with the package from the npm packages that carry them, and compare.

    python tests/recipes/vocabularies.py            compare; exit code 1 if anything differs
    python tests/recipes/vocabularies.py --write    write them

Needs npm. What is compared is the content, not the compressed bytes: compressors differ from version to version.
"""

import base64
import hashlib
import lzma
import re
import struct
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

DATA = Path(__file__).parents[2] / "maas_client" / "dataset" / "tokens" / "data"
LLAMA, CL100K = "llama-tokenizer-js@1.2.2", "gpt-tokenizer@4.0.0"
# Of SentencePiece's own enumeration of piece types.
NORMAL, UNKNOWN, CONTROL, BYTE = 1, 2, 3, 6


def fetch(package: str, member: str) -> bytes:
    """Return one file of an npm package."""
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(["npm", "pack", "--silent", package], cwd=folder, check=True, stdout=subprocess.DEVNULL)
        with tarfile.open(next(Path(folder).glob("*.tgz"))) as archive:
            file = archive.extractfile(f"package/{member}")
            assert file is not None
            return file.read()


def varint(number: int) -> bytes:
    out = bytearray()
    while number > 127:
        out.append(number & 127 | 128)
        number >>= 7
    return bytes((*out, number))


def whole(field: int, number: int) -> bytes:
    return varint(field << 3) + varint(number)


def chunk(field: int, data: bytes) -> bytes:
    return varint(field << 3 | 2) + varint(len(data)) + data


def piece(number: int, text: bytes) -> bytes:
    """Encode a piece.

    Of the ordinary ones the earlier is merged first, but runs of spaces only when nothing else is left to merge: so the
    order of merges has it (they are the last of tokenizer.json), and the scores of `ggml-vocab-phi-3.gguf` (-1e9).
    """
    kind = UNKNOWN if number == 0 else CONTROL if number < 3 else BYTE if number < 259 else NORMAL
    spaces = not text.decode("utf-8").strip("\u2581") and len(text) > 3
    score = 0.0 if kind != NORMAL else -1e9 if spaces else -float(number - 259)
    return chunk(1, chunk(1, text) + varint(2 << 3 | 5) + struct.pack("<f", score) + whole(3, kind))


def sentencepiece_model(pieces: list[bytes]) -> bytes:
    """Write a SentencePiece model: BPE with byte fallback that leaves spaces as they are and adds none in front."""
    trainer = whole(3, 2) + whole(4, len(pieces)) + whole(35, 1) + whole(40, 0) + whole(41, 1) + whole(42, 2)
    normalizer = chunk(1, b"identity") + whole(3, 0) + whole(4, 0) + whole(5, 1)
    body = b"".join(piece(number, text) for number, text in enumerate(pieces))
    return body + chunk(2, trainer) + chunk(3, normalizer)


def build() -> dict[str, bytes]:
    """Return file names and contents, uncompressed."""
    script = fetch(LLAMA, "llama-tokenizer.js").decode("utf-8")
    found = re.search(r'llama_vocab_base64 = "([^"]+)"', script)
    assert found is not None
    pieces = base64.b64decode(found[1]).split(b"\n")
    assert len(pieces) == 32_000
    return {
        "llama-32k.model": sentencepiece_model(pieces),
        "cl100k_base.tiktoken": fetch(CL100K, "data/cl100k_base.tiktoken"),
    }


def main() -> int:
    built = build()
    sums = "".join(f"{hashlib.sha256(data).hexdigest()}  {name}\n" for name, data in sorted(built.items()))
    if "--write" in sys.argv:
        for name, data in built.items():
            packed = lzma.compress(data, preset=9 | lzma.PRESET_EXTREME)
            (DATA / f"{name}.xz").write_bytes(packed)
            print(f"{name}: {len(data):,} bytes, {len(packed):,} packed")
        (DATA / "SHA256SUMS").write_text(sums, encoding="utf-8")
        return 0
    same = (DATA / "SHA256SUMS").read_text(encoding="utf-8") == sums
    for name, data in built.items():
        same = same and lzma.decompress((DATA / f"{name}.xz").read_bytes()) == data
    print("the same" if same else "DIFFERENT")
    return 0 if same else 1


if __name__ == "__main__":
    sys.exit(main())
