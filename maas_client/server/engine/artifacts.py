"""The files of the output model: in the shape of a PEFT adapter, small, valid, and marked as simulated."""

import json
import struct
from collections.abc import Mapping

from maas_client.server.engine.data import TrainingData
from maas_client.server.engine.plan import TrainingInput
from maas_client.server.engine.seed import Seed

ANSWERS_FILE = "maas_answers.json"

_NOTE = "Simulated by the maas_client reference server. Nothing was trained: these weights are noise."
_RANK, _WIDTH = 8, 4


def make_artifacts(training: TrainingInput, data: TrainingData, seed: Seed) -> dict[str, bytes]:
    """Return the files of the output model by name.

    Source: azureml-acft-contrib-hf-nlp 0.0.91 (PEFT adapter: `adapter_config.json` with `peft_version` and
    `base_model`, `.safetensors`); pipeline `oss_chat_completion_pipeline` 0.0.29 (r 8, alpha 128, dropout 0).
    """
    adapter = {
        "peft_type": "LORA",
        "peft_version": "0.0.0+simulated",
        "task_type": "CAUSAL_LM",
        "base_model": training.model,
        "base_model_name_or_path": training.model,
        "r": 8,
        "lora_alpha": 128,
        "lora_dropout": 0.0,
        "bias": "none",
        "target_modules": ["simulated"],
        "inference_mode": True,
        "simulated": True,
    }
    facts = {
        "simulated": True,
        "note": _NOTE,
        "job": training.job_name,
        "base_model": training.model,
        "training_rows": data.training.rows,
        "validation_rows": data.validation.rows,
        "token_counts": "estimate",
        "answers": ANSWERS_FILE,
        "answers_indexed": len(data.pairs),
        "answers_complete": data.complete,
    }
    return {
        "adapter_config.json": _json(adapter),
        "adapter_model.safetensors": _safetensors(seed),
        "maas_simulated.json": _json(facts),
        ANSWERS_FILE: _answers(data),
    }


def _answers(data: TrainingData) -> bytes:
    # Questions and answers only: weights follow from them, and are worked out by whoever loads the file.
    document = {
        "format": 1,
        "simulated": True,
        "complete": data.complete,
        "answers": [{"line": pair.line, "user": pair.user, "answer": pair.answer} for pair in data.pairs],
    }
    return _json(document)


def _safetensors(seed: Seed) -> bytes:
    """Write two tiny tensors.

    Source: huggingface/safetensors, README "Format": u64 little-endian header size, JSON header, data.
    """
    header: dict[str, Mapping[str, object]] = {"__metadata__": {"format": "pt", "simulated": "true", "note": _NOTE}}
    numbers: list[float] = []
    for name, shape in (("lora_A", [_RANK, _WIDTH]), ("lora_B", [_WIDTH, _RANK])):
        start = 4 * len(numbers)
        numbers += [0.01 * seed.jitter(name, index) for index in range(shape[0] * shape[1])]
        header[f"base_model.model.simulated.{name}.weight"] = {
            "dtype": "F32",
            "shape": shape,
            "data_offsets": [start, 4 * len(numbers)],
        }
    raw = json.dumps(header, separators=(",", ":")).encode("ascii")
    raw += b" " * (-len(raw) % 8)
    return struct.pack("<Q", len(raw)) + raw + struct.pack(f"<{len(numbers)}f", *numbers)


def _json(document: Mapping[str, object]) -> bytes:
    return json.dumps(document, indent=1).encode("ascii")
