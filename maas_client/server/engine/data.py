"""From files to what is trained on: the service's filters, split and minimum, in its order."""

from array import array
from dataclasses import dataclass, field

from maas_client.server.engine.failure import RunFailedError
from maas_client.server.engine.hyperparameters import Hyperparameters
from maas_client.server.engine.plan import TrainingInput
from maas_client.server.engine.scan import Pair, Scan, scan

MIN_TRAINING_ROWS = 10
"""Source: azureml-acft-contrib-hf-nlp 0.0.91, `MIN_TRAINING_SAMPLE_GENERATIVE_TASKS`."""

NO_ASSISTANT_TOKENS = (
    "Unable to continue finetuning. No assistant tokens found after preprocessing.\n"
    "1. Please increase the :param `max_seq_len` to higher value and try again.\n"
    "2. This could also be an issue with ChatSpecialTokens. Please report the issue for resolution.\n"
)
"""Source: azureml-acft-contrib-hf-nlp 0.0.91, `preprocess_for_finetune.calculate_token_distribution`."""


@dataclass(frozen=True, slots=True)
class Part:
    """The training or the validation rows of a run; tokens are estimates, of one pass over the rows."""

    dialogs: int
    rows: int
    tokens: int
    assistant: int


@dataclass(frozen=True, slots=True)
class TrainingData:
    """What a run trains on; `pairs` are of training rows only."""

    training: Part
    validation: Part
    split: bool
    pairs: tuple[Pair, ...]
    complete: bool
    distinct: float
    digest: str


@dataclass(slots=True)
class Notes:
    """What is worth telling while a run goes on; kept when it fails."""

    warnings: list[str] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)


def read_data(training: TrainingInput, hyper: Hyperparameters, notes: Notes) -> TrainingData:
    """Read the files of a run and hold them to the service's rules.

    Rows are counted after the split. Rows without assistant tokens are dropped after the count.

    Raises:
        RunFailedError: A file cannot be read, too few rows are left, or none has assistant tokens.

    Source: azureml-acft-contrib-hf-nlp 0.0.91, `ChatCompletionDataset.validate` and `encode_dataset`.
    """
    train = _scan(training, "training", hyper, notes)
    accepted = len(train.tokens)
    if training.validation is None:
        boundary = split_at(accepted)
        first, second = _part(train, 0, boundary), _part(train, boundary, accepted)
        digest = train.digest
    else:
        boundary = accepted
        other = _scan(training, "validation", hyper, notes)
        first, second = _part(train, 0, accepted), _part(other, 0, len(other.tokens))
        digest = train.digest + other.digest
    _check(first, second)
    return TrainingData(
        training=first,
        validation=second,
        split=training.validation is None,
        pairs=tuple(pair for pair in train.pairs if pair.row < boundary),
        complete=train.complete,
        distinct=train.distinct,
        digest=digest,
    )


def split_at(rows: int) -> int:
    """Return how many of the first rows are for training when there is no validation file.

    80 percent, rounded down: of 12 rows 9, so that 13 are needed. The training package has two ways to cut, one
    rounds down and one to the nearest; a file that passes this one passes both.

    Source: azureml-acft-contrib-hf-nlp 0.0.91, `AzuremlDataset.load` and `_get_dataset_slice`; slices `train[:80%]`,
    `train[80%:100%]`.
    """
    return rows * 4 // 5


def _scan(training: TrainingInput, which: str, hyper: Hyperparameters, notes: Notes) -> Scan:
    path = training.training if which == "training" or training.validation is None else training.validation
    notes.lines.append(f"Loading {which} dataset")
    found = scan(path, hyper.max_seq_length, keep_answers=which == "training")
    notes.lines.extend(f"{which}: {problem}" for problem in found.problems)
    if found.skipped:
        # The missing space is the service's own.
        warning = (
            f"Total {found.skipped} json lines skipped in your dataset,due to either empty or invalid format of json."
        )
        notes.warnings.append(warning)
        notes.lines.append(f"WARNING {warning}")
    return found


def _part(found: Scan, start: int, stop: int) -> Part:
    dialogs = rows = tokens = assistant = 0
    for size, answer in zip(_cut(found.tokens, start, stop), _cut(found.assistant, start, stop), strict=True):
        dialogs += size > 0
        if answer:
            rows += 1
            tokens += size
            assistant += answer
    return Part(dialogs, rows, tokens, assistant)


def _cut(numbers: "array[int]", start: int, stop: int) -> memoryview:
    return memoryview(numbers)[start:stop]


def _check(first: Part, second: Part) -> None:
    if first.dialogs < MIN_TRAINING_ROWS:
        raise RunFailedError(
            f"Training dataset has {first.dialogs} non-null samples, which is fewer than {MIN_TRAINING_ROWS} samples, "
            "which is the min required to finetune. Please check your training dataset or provide a validation dataset"
            "(training dataset will be split if no validation dataset)."
        )
    if not second.dialogs:
        raise RunFailedError("Found no examples after data preprocessing for the validation dataset")
    if not first.rows or not second.rows:
        raise RunFailedError(NO_ASSISTANT_TOKENS)
