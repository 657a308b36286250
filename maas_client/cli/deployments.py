"""`maas-ft deployments`."""

from typing import TYPE_CHECKING

import click

from maas_client.cli._complete import deployment_names, job_names, model_names
from maas_client.cli._lazy import Group
from maas_client.cli._options import Choice, content_safety_option, examples, tag_option, takes_choice, yes_option

if TYPE_CHECKING:
    from maas_client.cli._output import Output
    from maas_client.client import MaaSClient
    from maas_client.resources.deployments import KeyName
    from maas_client.types import Deployment


@click.group(cls=Group, epilog=examples("maas-ft deployments list --profile prod"))
def deployments() -> None:
    """Models behind a URL."""


@deployments.command(epilog=examples("maas-ft deployments create support-bot --job support-bot --local"))
@click.argument("name")
@click.option("--model", metavar="M", shell_complete=model_names, help="A base model, or the id of a fine-tuned one.")
@click.option("--job", metavar="J", shell_complete=job_names, help="Deploy the model of this job.")
@content_safety_option
@tag_option
@yes_option
@takes_choice
def create(
    choice: Choice,
    output: "Output",
    *,
    name: str,
    model: str | None,
    job: str | None,
    content_safety: bool | None,
    tags: dict[str, str],
    yes: bool,
) -> None:
    """Deploy a model and wait until it answers."""
    from maas_client.cli._target import confirm, find_target
    from maas_client.cli._watching import deploy, tell_deployed

    if (model is None) == (job is None):
        raise click.UsageError("Give one of --model and --job.")
    target = find_target(choice)
    target.check()
    confirm(target, f"Deploy {name}? Azure bills fine-tuned models by the hour.", yes=yes)
    with target.client() as client:
        wanted = model or _model_of(client, job or "")
        deployment = deploy(client, name, wanted, choice, tags=tags, content_safety=content_safety)
    show(deployment, output)
    tell_deployed(deployment, choice, emulator=target.is_emulator)


@deployments.command("list", epilog=examples("maas-ft deployments list --local"))
@takes_choice
def list_deployments(choice: Choice, output: "Output") -> None:
    """List the deployments of the workspace."""
    from maas_client.cli._target import open_client

    with open_client(choice) as client:
        found = list(client.deployments.list())
    if output.is_json:
        output.document(found)
        return
    output.table(
        ("NAME", "STATUS", "STATE", "MODEL"),
        [(one.name, one.status.value, one.endpoint_state or "", one.model) for one in found],
    )


@deployments.command(epilog=examples("maas-ft deployments get support-bot --local"))
@click.argument("name", shell_complete=deployment_names)
@takes_choice
def get(choice: Choice, output: "Output", *, name: str) -> None:
    """Show a deployment."""
    from maas_client.cli._target import open_client

    with open_client(choice) as client:
        show(client.deployments.get(name), output)


@deployments.command(epilog=examples("maas-ft deployments info support-bot --local"))
@click.argument("name", shell_complete=deployment_names)
@takes_choice
def info(choice: Choice, output: "Output", *, name: str) -> None:
    """Ask a deployment which model is behind it."""
    from maas_client.cli._target import open_client

    with open_client(choice) as client:
        found = client.chat.info(name)
    if output.is_json:
        output.document(found)
    else:
        simulated = "there is no model" if found.simulated else None
        facts = {"model": found.name, "type": found.type or None, "provider": found.provider or None}
        output.pairs({**facts, "simulated": simulated})


@deployments.command(epilog=examples("maas-ft deployments delete support-bot --local"))
@click.argument("name", shell_complete=deployment_names)
@yes_option
@takes_choice
def delete(choice: Choice, output: "Output", *, name: str, yes: bool) -> None:
    """Delete a deployment and wait until it is gone."""
    from maas_client.cli._deletion import delete_and_wait

    delete_and_wait(
        choice,
        output,
        name,
        question=f"Delete {name}? Requests to its URL will fail.",
        find=lambda client: client.deployments.get(name),
        begin=lambda client: client.deployments.begin_delete(name),
        look="maas-ft deployments get",
        done=f"Deployment {name} deleted.",
        yes=yes,
    )


@deployments.command(epilog=examples("maas-ft deployments update support-bot --tag stage=prod --local"))
@click.argument("name", shell_complete=deployment_names)
@tag_option
@takes_choice
def update(choice: Choice, output: "Output", *, name: str, tags: dict[str, str]) -> None:
    """Add tags to a deployment; none is taken away."""
    from maas_client.cli._target import open_client

    if not tags:
        raise click.UsageError("Give --tag.")
    with open_client(choice) as client:
        show(client.deployments.update(name, tags=tags), output)


@deployments.command(
    epilog=examples(
        "maas-ft deployments keys support-bot --show --output json",
        "maas-ft deployments keys support-bot --regenerate secondary --local",
    )
)
@click.argument("name", shell_complete=deployment_names)
@click.option("--show", "unmasked", is_flag=True, help="Print the keys themselves.")
@click.option("--regenerate", type=click.Choice(["primary", "secondary"]), help="Replace this key first.")
@yes_option
@takes_choice
def keys(
    choice: Choice, output: "Output", *, name: str, unmasked: bool, regenerate: "KeyName | None", yes: bool
) -> None:
    """Get the keys of a deployment; masked, unless --show is given."""
    from maas_client.cli._output import talk
    from maas_client.cli._target import confirm, find_target

    target = find_target(choice)
    target.check()
    if regenerate:
        confirm(target, f"Replace the {regenerate} key of {name}? Whoever uses it will be refused.", yes=yes)
    with target.client() as client:
        found = client.deployments.regenerate_key(name, regenerate) if regenerate else client.deployments.keys(name)
    pair = {"primary": found.primary, "secondary": found.secondary}
    shown = {key: value.get_secret_value() if unmasked else "********" for key, value in pair.items()}
    if output.is_json:
        output.document(shown)
    else:
        output.pairs(shown)
    if not unmasked:
        talk("--show prints the keys themselves.")


def _model_of(client: "MaaSClient", name: str) -> str:
    from maas_client.errors import ConfigurationError

    job = client.jobs.get(name)
    if job.fine_tuned_model is None:
        raise ConfigurationError(
            f"The job {name} has no model yet ({job.status.value}).", hint=f"Look at it: maas-ft jobs get {name}"
        )
    return job.fine_tuned_model


def show(deployment: "Deployment", output: "Output") -> None:
    """Write a deployment on stdout."""
    if output.is_json:
        output.document(deployment)
        return
    state = f", {deployment.endpoint_state}" if deployment.endpoint_state else ""
    output.pairs(
        {
            "deployment": deployment.name,
            "status": f"{deployment.status.value} ({deployment.raw_status}{state})",
            "model": deployment.model,
            "url": deployment.inference_uri,
            "region": deployment.location,
            "content safety": {True: "on", False: "off", None: None}[deployment.content_safety],
            "tags": deployment.tags,
            "created": deployment.created_at,
        }
    )
