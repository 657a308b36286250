"""Chat completions of a serverless endpoint, whole and streamed.

Source: learn.microsoft.com "Azure AI Model Inference REST API" 2024-05-01-preview; azure-ai-inference 1.0.0b9.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from pydantic import ValidationError

from maas_client.backends.azureml._wire import Facts, decode_object, encode_query, part, read_object, required, text
from maas_client.backends.azureml.deployments import DeploymentFlows
from maas_client.core.error_map import request_id_of
from maas_client.core.flow import Flow
from maas_client.core.io import Request
from maas_client.core.redact import redact_text
from maas_client.errors import AuthenticationError, BrokenResponseError, ConflictError, ResponseError
from maas_client.types import ChatChunk, ChatCompletion, Deployment, MessageInput, ModelInfo

INFERENCE_VERSION = "2024-05-01-preview"
_QUERY = encode_query({"api-version": INFERENCE_VERSION})
END_OF_STREAM = "[DONE]"


class ChatFlows:
    """Flows that ask a deployment."""

    def __init__(self, facts: Facts, deployments: DeploymentFlows) -> None:
        self._facts = facts
        self._deployments = deployments

    def complete(
        self, deployment: Deployment | str, messages: Sequence[MessageInput], parameters: Mapping[str, Any]
    ) -> Flow[ChatCompletion]:
        """Ask for a whole answer. A key that was changed meanwhile is asked for again, once."""
        request = yield from self.request(deployment, messages, parameters)
        try:
            response = yield request
        except AuthenticationError:
            request = yield from self.request(self.forget_key(deployment), messages, parameters)
            response = yield request
        body = read_object(request, response)
        try:
            return ChatCompletion.model_validate(body | {"simulated": body.get("maas_simulated") is True})
        except ValidationError as error:
            raise ResponseError(
                f"The answer is not a chat completion: {error.errors()[0]['msg']}.",
                path="$." + ".".join(map(str, error.errors()[0]["loc"])),
                operation=request.operation,
                request_id=request_id_of(response.headers),
            ) from None

    def request(
        self,
        deployment: Deployment | str,
        messages: Sequence[MessageInput],
        parameters: Mapping[str, Any],
        *,
        stream: bool = False,
    ) -> Flow[Request]:
        """Find out URL and key, and make the request; the caller sends it.

        Fields that the specification does not name are passed through unless something else is asked for, as
        azure-ai-inference 1.0.0b9 does with its `model_extras`.
        """
        base, key = yield from self._endpoint(deployment)
        named = {key: value for key, value in parameters.items() if key not in {"extra_body", "extra_parameters"}}
        extra = parameters.get("extra_body") or {}
        mode = parameters.get("extra_parameters") or ("pass-through" if extra else None)
        body = {"messages": list(messages), **named, **extra} | ({"stream": True} if stream else {})
        headers = {
            "content-type": "application/json",
            "accept": "text/event-stream" if stream else "application/json",
        }
        return Request(
            operation="Chat_Stream" if stream else "Chat_Complete",
            method="POST",
            url=f"{base}/chat/completions?{_QUERY}",
            headers=headers if mode is None else {**headers, "extra-parameters": mode},
            body=msgspec.json.encode(body),
            key=key,
        )

    def info(self, deployment: Deployment | str) -> Flow[ModelInfo]:
        """Ask for the model behind a deployment. A key that was changed meanwhile is asked for again, once."""
        request = yield from self._info_request(deployment)
        try:
            response = yield request
        except AuthenticationError:
            request = yield from self._info_request(self.forget_key(deployment))
            response = yield request
        body = read_object(request, response)
        return ModelInfo(
            name=required(request, body, "model_name"),
            type=text(body.get("model_type")) or "",
            provider=text(body.get("model_provider_name")) or "",
            simulated=body.get("maas_simulated") is True,
        )

    def _info_request(self, deployment: Deployment | str) -> Flow[Request]:
        base, key = yield from self._endpoint(deployment)
        return Request(operation="Chat_GetModelInfo", method="GET", url=f"{base}/info?{_QUERY}", key=key)

    def _endpoint(self, deployment: Deployment | str) -> Flow[tuple[str, str]]:
        """Find out a deployment's base URL and its key."""
        known = deployment if isinstance(deployment, Deployment) and deployment.inference_uri else None
        name = deployment if isinstance(deployment, str) else deployment.name
        if known is None:
            known = yield from self._deployments.get(name)
        if known.inference_uri is None:
            raise ConflictError(
                f"The deployment {name!r} is not ready: {known.raw_status}, {known.endpoint_state or 'no endpoint'}.",
                status=409,
                operation="Chat_Complete",
                hint="Wait for it: `poller.result()`, or `maas-ft deployments get`.",
            )
        key = self._facts.keys.get(name)
        if key is None:
            key = (yield from self._deployments.keys(name)).primary.get_secret_value()
            self._facts.keys[name] = key
        return known.inference_uri.rstrip("/"), key

    def forget_key(self, deployment: Deployment | str) -> Deployment | str:
        """Forget the key that was refused, so that the next request asks for it anew."""
        self._facts.keys.pop(deployment if isinstance(deployment, str) else deployment.name, None)
        return deployment


def parse_chunk(data: str) -> ChatChunk | None:
    """Read one event of a streamed answer; `None` at its end.

    Raises:
        BrokenResponseError: The event is an error: the status was sent long ago, so it comes where a chunk would.
        ResponseError: The event is neither a chunk nor the end.
    """
    if data.strip() == END_OF_STREAM:
        return None
    try:
        body = decode_object(data.encode())
        chunk = ChatChunk.model_validate(body | {"simulated": body.get("maas_simulated") is True})
    except ValueError as error:  # pydantic's ValidationError is a ValueError
        raise ResponseError(f"The stream holds {data[:80]!r}, which is no chunk.", operation="Chat_Stream") from error
    if failure := body.get("error"):
        reason = text(part(body, "error").get("message")) or str(failure)
        raise BrokenResponseError(f"The answer broke off: {redact_text(reason)[:300]}", operation="Chat_Stream")
    return chunk
