"""`maas-ft chat`."""

import sys
from typing import TYPE_CHECKING, Any, cast

import click

from maas_client.cli._complete import deployment_names
from maas_client.cli._options import Choice, examples, parse_fields, takes_choice

if TYPE_CHECKING:
    from maas_client.cli._output import Output
    from maas_client.client import MaaSClient
    from maas_client.resources.chat import ChatParameters
    from maas_client.types import Message


@click.command(epilog=examples('maas-ft chat support-bot "How do I reset my password?" --local'))
@click.argument("name", shell_complete=deployment_names)
@click.argument("text")
@click.option("--system", metavar="TEXT", help="System message.")
@click.option("--max-tokens", type=click.IntRange(min=1), metavar="N", help="Longest answer, in tokens.")
@click.option("--temperature", type=click.FloatRange(0, 2), metavar="X", help="0 (always the likeliest) to 2.")
@click.option("--top-p", type=click.FloatRange(0, 1), metavar="X", help="Share of probability to draw from.")
@click.option("--stop", metavar="TEXT", multiple=True, help="Ends the answer; may be repeated.")
@click.option("--seed", type=int, metavar="N", help="Makes repeats alike, as far as the model can.")
@click.option("--frequency-penalty", type=click.FloatRange(-2, 2), metavar="X", help="-2 to 2.")
@click.option("--presence-penalty", type=click.FloatRange(-2, 2), metavar="X", help="-2 to 2.")
@click.option("--json-object", is_flag=True, help="Ask for an answer that is a JSON object.")
@click.option(
    "--set",
    "extra_body",
    metavar="K=V",
    multiple=True,
    callback=parse_fields,
    help="Another field of the request; V is JSON, or else text. May be repeated.",
)
@click.option(
    "--extra-parameters",
    type=click.Choice(["error", "drop", "pass-through"]),
    help="What becomes of fields that the service does not know; pass-through with --set.",
)
@takes_choice
def chat(
    choice: Choice,
    output: "Output",
    *,
    name: str,
    text: str,
    system: str | None,
    json_object: bool,
    stop: tuple[str, ...],
    **typed: Any,  # noqa: ANN401 - what click read
) -> None:
    """Ask the deployment NAME; the answer comes on stdout piece by piece. TEXT "-" reads stdin."""
    from maas_client.cli._target import open_client

    asked = sys.stdin.read() if text == "-" else text
    if not asked.strip():
        raise click.UsageError("There is nothing to ask: the text is empty.")
    messages: list[Message] = [{"role": "user", "content": asked}]
    if system is not None:
        messages.insert(0, {"role": "system", "content": system})
    if json_object:
        typed["response_format"] = {"type": "json_object"}
    typed["stop"] = list(stop)
    parameters = cast("ChatParameters", {key: value for key, value in typed.items() if value not in (None, [], {})})
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
