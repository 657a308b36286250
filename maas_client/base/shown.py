"""Text of others made safe to show: what would act, or show something else than there is, is written out."""

import re

# C0 but tab and line feed, DEL, C1, and what turns the direction of text: a terminal acts on them instead of showing
# them. Halves of surrogate pairs cannot be written at all.
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


def clean(text: str) -> str:
    """Write out the characters that would not show, as Python writes them in a string."""
    return _CONTROL.sub(lambda match: match[0].encode("unicode_escape").decode("ascii"), text)
