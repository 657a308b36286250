"""Text as the simulation sees it: estimated tokens, and words to compare by."""

import re
import unicodedata

# Scripts written without spaces: every character is a word of its own.
_UNSPACED = "\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff"
_WORD = re.compile(f"[{_UNSPACED}]|[^\\W_{_UNSPACED}]+")


def estimate_tokens(text: str) -> int:
    """Estimate how many tokens a Phi tokenizer would make of a text; an estimate, never a count.

    ASCII gives about four characters a token; a character outside it costs more, the more bytes UTF-8 needs for it:
    Cyrillic about 0.6 tokens, Chinese about one.
    """
    if text.isascii():
        return -(-len(text) // 4)
    extra = len(text.encode("utf-8", "surrogatepass")) - len(text)
    return -(-(2 * len(text) + 3 * extra) // 8)


def words(text: str) -> list[str]:
    """Split a text into comparable words: compatibility forms, case and punctuation do not count."""
    return _WORD.findall(unicodedata.normalize("NFKC", text).casefold())


def encodable(text: str) -> str:
    """Replace lone surrogates, which JSON can carry but UTF-8 cannot, with `?`."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode("utf-8")


def plain_text(content: object) -> str:
    """Return the text of a message's `content`: a string, or a list of parts with `text`; anything else is empty."""
    if isinstance(content, str):
        return content
    if not isinstance(content, list):
        return ""
    texts = (part.get("text") for part in content if isinstance(part, dict))
    return "\n".join(text for text in texts if isinstance(text, str))
