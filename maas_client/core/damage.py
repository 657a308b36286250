"""Answers that came whole as HTTP, and are broken as JSON: a cut that HTTP does not show, a byte that was turned.

An answer without a length ends where its connection ends, so that half of one is a whole one to HTTP. Such an answer
says as little as one that never came, and is repeated under the same conditions.
"""

from urllib.parse import urlsplit

import msgspec

from maas_client.core.io import Request, Response
from maas_client.errors import BrokenResponseError

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


def check_json(request: Request, accept: str, response: Response) -> None:
    """Refuse an answer that was asked for as JSON, says that it is JSON, and is not.

    What says to be something else, such as the page of a proxy, or is empty, is for the dialect to judge: repeating
    does not help there.

    Raises:
        BrokenResponseError: It is broken.
    """
    if "json" not in accept or "json" not in response.headers.get("content-type", "") or not response.body:
        return
    try:
        msgspec.json.decode(response.body.removeprefix(_BYTE_ORDER_MARK))
    except (msgspec.DecodeError, UnicodeDecodeError):
        host = urlsplit(request.url).netloc.rpartition("@")[2]
        raise BrokenResponseError(
            f"{host} sent an answer whose JSON is cut off or damaged.", operation=request.operation
        ) from None
    except RecursionError:
        return
