"""Content safety, simulated: words that nobody writes by accident stand for what a real filter would find.

No classifier runs here. A text is flagged when it holds one of the marks below, so that a client's handling of the
filter can be tested with and without it, for prompts and for answers.

Source: Microsoft Learn, "Model inference API reference", which shows the refusal both flat and under `error`;
azure-rest-api-specs 2024-10-01-preview, `ContentSafetyStatus`.
"""

from collections.abc import Iterable

from maas_client.server.inference.problems import InferenceError

FLAGGED = "maas-simulated-violence"
"""In a prompt: it is refused, in the flat form. In an answer: it is cut there, and ends for `content_filter`."""
FLAGGED_NESTED = "maas-simulated-violence-nested"
"""In a prompt: it is refused, in the form under `error`."""


def check_prompt(texts: Iterable[str]) -> None:
    """Refuse a prompt that holds a mark.

    Raises:
        InferenceError: 400 with the code `content_filter`, in one of the two documented forms.
    """
    for text in texts:
        if FLAGGED in text:
            facts = {
                "status": 400,
                "code": "content_filter",
                "message": "The response was filtered",
                "param": "messages",
                "type": None,
            }
            raise InferenceError(400, "content_filter", {"error": facts} if FLAGGED_NESTED in text else facts)


def before_mark(text: str) -> str | None:
    """Return what of an answer comes before a mark; `None` if there is none in it."""
    at = text.find(FLAGGED)
    return None if at < 0 else text[:at]
