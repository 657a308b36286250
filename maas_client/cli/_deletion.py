"""Deleting something, and waiting until it is gone."""

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from maas_client.cli._options import Choice
    from maas_client.cli._output import Output
    from maas_client.client import MaaSClient
    from maas_client.resources._poller import Poller


def delete_and_wait(
    choice: "Choice",
    output: "Output",
    name: str,
    *,
    question: str,
    find: "Callable[[MaaSClient], object]",
    begin: "Callable[[MaaSClient], Poller[None]]",
    look: str,
    done: str,
    yes: bool,
) -> None:
    """Ask, delete, wait, and say so.

    Args:
        choice: Where.
        output: Of the command.
        name: Of what is deleted.
        question: To be answered first.
        find: Gets it first: the service calls a deletion of what was never there done.
        begin: Begins the deletion.
        look: The command that shows whether it is still there.
        done: What to say at the end.
        yes: Do not ask.

    Raises:
        NotFoundError: There is nothing of this name.
    """
    from maas_client.cli._output import talk
    from maas_client.cli._target import confirm, find_target
    from maas_client.cli._watching import goes_on

    target = find_target(choice)
    target.check()
    confirm(target, question, yes=yes)
    with target.client() as client:
        find(client)
        poller = begin(client)
        with goes_on("The deletion goes on.", f"{look} {name}{choice.flags}", choice):
            poller.result()
    if output.is_json:
        output.document({"name": name, "deleted": True})
    else:
        talk(done)
