"""Names close to the one that was typed."""

from collections.abc import Iterable


def near(word: str, known: Iterable[str], *, limit: int = 3) -> list[str]:
    """Return at most `limit` known names that look like `word`, best first; case does not count."""
    from difflib import get_close_matches

    by_fold = {name.casefold(): name for name in known}
    folded = word.casefold()
    within = [name for fold, name in by_fold.items() if len(folded) > 2 and fold.startswith(folded)]
    close = [by_fold[match] for match in get_close_matches(folded, by_fold, n=limit, cutoff=0.5)]
    return list(dict.fromkeys(within + close))[:limit]
