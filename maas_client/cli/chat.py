"""`maas-ft chat`."""

import sys
from typing import TYPE_CHECKING

import click

from maas_client.cli._options import Choice, examples, takes_choice

if TYPE_CHECKING:
    from maas_client.cli._output import Output
    from maas_client.client import MaaSClient
    from maas_client.resources.chat import ChatParameters
    from maas_client.types import Message


@click.command(epilog=examples('maas-ft chat support-bot "How do I reset my password?" --local'))
@click.argument("name")
@click.argument("text")
@click.option("--system", metavar="TEXT", help="System message.")
@click.option("--max-tokens", type=click.IntRange(min=1), metavar="N", help="Longest answer, in tokens.")
@click.option("--temperature", type=click.FloatRange(0, 2), metavar="X", help="0 (always the likeliest) to 2.")
@takes_choice
def chat(
    choice: Choice,
    output: "Output",
    *,
    name: str,
    text: str,
    system: str | None,
    max_tokens: int | None,
    temperature: float | None,
) -> None:
    """Ask the deployment NAME; the answer comes on stdout piece by piece. TEXT "-" reads stdin."""
    from maas_client.cli._target import open_client

    asked = sys.stdin.read() if text == "-" else text
    if not asked.strip():
        raise click.UsageError("There is nothing to ask: the text is empty.")
    messages: list[Message] = [{"role": "user", "content": asked}]
    if system is not None:
        messages.insert(0, {"role": "system", "content": system})
    parameters: ChatParameters = {}
    if max_tokens is not None:
        parameters["max_tokens"] = max_tokens
    if temperature is not None:
        parameters["temperature"] = temperature
    with open_client(choice) as client:
        _answer(client, name, messages, parameters, output)


def _answer(
    client: "MaaSClient", name: str, messages: "list[Message]", parameters: "ChatParameters", output: "Output"
) -> None:
    from maas_client.cli._output import talk

    if output.is_json:
        completion = client.chat.create(name, messages=messages, **parameters)
        output.document(completion)
        return
    simulated = False
    written = ""
    try:
        for chunk in client.chat.stream(name, messages=messages, **parameters):
            simulated = simulated or chunk.simulated
            written = chunk.text or written
            output.text(chunk.text, end="")
    finally:
        if written and not written.endswith("\n"):
            output.text("")
    if simulated:
        talk("(simulated: no model answered)")
