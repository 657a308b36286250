"""The special tokens of each tokenizer.

Sources: tokenizer.json and tokenizer_config.json of the models, from microsoft/onnxruntime-extensions@319f8d2 (MIT),
retrieved 2026-11-23; for Phi-3-small tokenization_phi3_small.py of the model, retrieved 2026-11-24.
"""

from maas_client.dataset.tokens.added import Added

# Source: tokenizer.json of Phi-3-mini-4k-instruct and Phi-3-medium-4k-instruct, which agree.
LLAMA_32K = (
    *(Added(content) for content in ("<unk>", "<s>", "<|endoftext|>")),
    *(
        Added(content, rstrip=True)
        for content in (
            "</s>",
            "<|assistant|>",
            "<|system|>",
            "<|end|>",
            "<|user|>",
            *(f"<|placeholder{number}|>" for number in range(1, 7)),
        )
    ),
)

# Source: tokenization_phi3_small.py; a text is read with allowed_special="all", so all of them count wherever written.
CL100K_PHI3 = tuple(
    Added(f"<|{name}|>")
    for name in (
        *("endoftext", "fim_prefix", "fim_middle", "fim_suffix", "endofprompt", "system", "user", "assistant", "end"),
        *(f"dummy_id_{number}" for number in range(87)),
    )
)

# Source: tokenizer_config.json of Phi-4.
CL100K_PHI4 = tuple(
    Added(f"<|{name}|>", lstrip=True, rstrip=True)
    for name in (
        *("endoftext", "fim_prefix", "fim_middle", "fim_suffix", "endofprompt", "im_start", "im_end", "im_sep"),
        *(f"dummy_{number}" for number in range(88)),
    )
)

# Source: tokenizer_config.json of Phi-4-mini-instruct.
O200K_PHI4_MINI = (
    *(Added(f"<|{name}|>") for name in ("endoftext", "endofprompt")),
    *(
        Added(f"<|{name}|>", rstrip=True)
        for name in (
            *("assistant", "end", "user", "system", "tag"),
            *("tool", "/tool", "tool_call", "/tool_call", "tool_response"),
        )
    ),
)
