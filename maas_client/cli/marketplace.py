"""`maas-ft marketplace`."""

from typing import TYPE_CHECKING

import click

from maas_client.cli._lazy import Group
from maas_client.cli._options import Choice, examples, takes_choice, yes_option

if TYPE_CHECKING:
    from maas_client.cli._output import Output
    from maas_client.types import MarketplaceSubscription

MODEL = "azureml://registries/azureml-mistral/models/Ministral-3B"


@click.group(cls=Group, epilog=examples("maas-ft marketplace list --profile prod"))
def marketplace() -> None:
    """Subscriptions to models of other publishers; Phi needs none."""


@marketplace.command(epilog=examples(f"maas-ft marketplace create ministral \\\n    --model {MODEL}"))
@click.argument("name")
@click.option("--model", metavar="M", required=True, help="Id of the model.")
@yes_option
@takes_choice
def create(choice: Choice, output: "Output", *, name: str, model: str, yes: bool) -> None:
    """Subscribe to a model and wait until that counts."""
    from maas_client.cli._output import talk
    from maas_client.cli._target import confirm, find_target
    from maas_client.cli._watching import goes_on
    from maas_client.resources._names import model_to_subscribe

    if model_to_subscribe(model) is None:
        talk(f"{model} needs no subscription: deploy it as it is. Nothing was sent.")
        if output.is_json:
            output.document({"needed": False, "subscription": None})
        return
    target = find_target(choice)
    target.check()
    confirm(target, f"Subscribe to {model}? Its publisher bills its use through the Azure Marketplace.", yes=yes)
    with target.client() as client:
        poller = client.marketplace.begin_create(name, model=model)
        with goes_on("The subscription goes on.", f"maas-ft marketplace get {name}{choice.flags}", choice):
            subscription = poller.result()
    if output.is_json:
        output.document({"needed": True, "subscription": subscription})
    else:
        _show(subscription, output)


@marketplace.command("list", epilog=examples("maas-ft marketplace list --local"))
@takes_choice
def list_subscriptions(choice: Choice, output: "Output") -> None:
    """List the subscriptions of the workspace."""
    from maas_client.cli._target import open_client

    with open_client(choice) as client:
        found = list(client.marketplace.list())
    if output.is_json:
        output.document(found)
        return
    output.table(("NAME", "STATUS", "MODEL"), [(one.name, one.status.value, one.model) for one in found])


@marketplace.command(epilog=examples("maas-ft marketplace get ministral --profile prod"))
@click.argument("name")
@takes_choice
def get(choice: Choice, output: "Output", *, name: str) -> None:
    """Show a subscription."""
    from maas_client.cli._target import open_client

    with open_client(choice) as client:
        subscription = client.marketplace.get(name)
    if output.is_json:
        output.document(subscription)
    else:
        _show(subscription, output)


@marketplace.command(epilog=examples("maas-ft marketplace delete ministral --profile prod"))
@click.argument("name")
@yes_option
@takes_choice
def delete(choice: Choice, output: "Output", *, name: str, yes: bool) -> None:
    """End a subscription and wait until it is gone."""
    from maas_client.cli._deletion import delete_and_wait

    delete_and_wait(
        choice,
        output,
        name,
        question=f"End the subscription {name}?",
        find=lambda client: client.marketplace.get(name),
        begin=lambda client: client.marketplace.begin_delete(name),
        look="maas-ft marketplace get",
        done=f"Subscription {name} deleted.",
        yes=yes,
    )


def _show(subscription: "MarketplaceSubscription", output: "Output") -> None:
    output.pairs(
        {
            "subscription": subscription.name,
            "status": f"{subscription.status.value} ({subscription.raw_status}, {subscription.provisioning_state})",
            "model": subscription.model,
            "publisher": subscription.publisher,
            "offer": subscription.offer,
            "plan": subscription.plan,
            "created": subscription.created_at,
        }
    )
