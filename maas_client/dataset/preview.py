"""One row as the model is given it: template, tokens, what is trained on, and what is cut off."""

from dataclasses import dataclass

from maas_client.catalog import CatalogModel
from maas_client.dataset.paths import FilePaths
from maas_client.dataset.profile import Profile
from maas_client.dataset.row import Row
from maas_client.dataset.rows import ReadRow, read_rows
from maas_client.dataset.tokens import Conversations, Precision
from maas_client.errors import ConfigurationError, DatasetError


@dataclass(frozen=True, slots=True)
class ShownToken:
    """One token.

    Attributes:
        text: The characters it stands for.
        special: True for a special token.
        trained: True if the loss counts it.
        cut: True if it does not fit.
    """

    text: str
    special: bool
    trained: bool
    cut: bool


@dataclass(frozen=True, slots=True)
class Preview:
    """One row as the model is given it.

    Attributes:
        file: The file.
        line: Where the row stands, 1 for the first line.
        model: Id of the base model.
        precision: `exact`; or `estimate`, and then the tokens shown are those of another vocabulary.
        limit: Tokens of a row that training keeps.
        tokens: In order.
        left_out: Roles of messages that the template does not render.
    """

    file: str
    line: int
    model: str
    precision: Precision
    limit: int
    tokens: tuple[ShownToken, ...]
    left_out: tuple[str, ...]


def preview(paths: FilePaths, *, model: CatalogModel, row: int = 1, tokenizer_json: str | None = None) -> Preview:
    """Show one row.

    Args:
        paths: The files, as `check` takes them.
        model: The base model.
        row: Which row, 1 for the first that is not blank.
        tokenizer_json: The model's own tokenizer.json.

    Raises:
        ConfigurationError: There is no such row, or the tokenizer.json cannot be used.
        DatasetError: The row holds no conversation.
    """
    read = _row(paths, row)
    decoded = Row(read.decoded.value, Profile(model=model)) if read.decoded.read else None
    if decoded is None or not decoded.conversations:
        raise DatasetError(
            f"{read.file}:{read.line}: the row holds no conversation.", hint=f"See: maas-ft data check {read.file}"
        )
    conversations = Conversations(model, tokenizer_json)
    messages = [message for message in decoded.conversations[0].messages if isinstance(message, dict)]
    shown: list[ShownToken] = []
    for stretch in conversations.stretches(messages):
        texts = [stretch.text] if stretch.special else conversations.tokenizer.vocabulary.tokens(stretch.text)
        for text in texts:
            shown.append(ShownToken(text, stretch.special, stretch.trained, len(shown) >= conversations.limit))
    return Preview(
        file=str(read.file),
        line=read.line,
        model=model.id,
        precision=conversations.tokenizer.precision,
        limit=conversations.limit,
        tokens=tuple(shown),
        left_out=tuple(dict.fromkeys(conversations.left_out(messages))),
    )


def _row(paths: FilePaths, wanted: int) -> ReadRow:
    count = 0
    for count, read in enumerate(read_rows(paths), start=1):
        if count == wanted:
            return read
    raise ConfigurationError(
        f"There is no row {wanted:,}: the files have {count:,} rows.", hint="Give a smaller --row."
    )
