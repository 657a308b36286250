"""`maas-ft config init`: ask for a workspace, try it, and write it down as a profile."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from maas_client.cli._options import examples, output_option

if TYPE_CHECKING:
    from collections.abc import Mapping

    from maas_client.cli._output import Output
    from maas_client.settings.azure_cli import AzureCli, Subscription

_FIRST = "default"
_EXAMPLES = (
    "maas-ft config init",
    "maas-ft config init prod --subscription ID --resource-group G --workspace W",
    "maas-ft config init box --base-url http://127.0.0.1:8800 --emulator",
)


@click.command(short_help="Write a profile: ask for a workspace, and try it.", epilog=examples(*_EXAMPLES))
@click.argument("name", metavar="[PROFILE]", required=False)
@click.option("--subscription", metavar="ID", help="Azure subscription; asked for if left out.")
@click.option("--resource-group", metavar="G", help="Resource group of the workspace; asked for if left out.")
@click.option("--workspace", metavar="W", help="Workspace or hub project; asked for if left out.")
@click.option("--cloud", metavar="C", help="AzureCloud, AzureChinaCloud or AzureUSGovernment.")
@click.option("--base-url", metavar="URL", help="Of a resource manager that is not the cloud's own.")
@click.option("--emulator", is_flag=True, help="--base-url is a reference server on this machine.")
@click.option("--journal-dir", metavar="D", help="Keep the runs of this profile in a folder of their own.")
@click.option("--default/--no-default", default=None, help="Whether it counts where no profile is named.")
@click.option("--verify/--no-verify", default=True, show_default=True, help="Ask the workspace for its jobs first.")
@click.option("--force", is_flag=True, help="Replace a profile of this name.")
@output_option
def init(
    output: "Output",
    *,
    name: str | None,
    subscription: str | None,
    resource_group: str | None,
    workspace: str | None,
    cloud: str | None,
    base_url: str | None,
    emulator: bool,
    journal_dir: str | None,
    default: bool | None,
    verify: bool,
    force: bool,
) -> None:
    """Write a profile into the configuration file; nothing else in the file changes.

    What is not given is asked for, with what the Azure CLI and a config.json know as a suggestion. Without a terminal
    it has to be given. No secret is ever asked for or written: sign-in is azure-identity's, `az login` for one.
    """
    import os

    from maas_client.cli._output import talk
    from maas_client.settings.files import default_config_path, read_profiles
    from maas_client.settings.writing import write_profile

    path = default_config_path(os.environ)
    known = read_profiles(path)[0] if path.exists() else {}
    answers = _Answers()
    name = _checked_name(name or answers.ask("Name of the profile", "PROFILE", _free(known)))
    if name in known and not force:
        raise click.UsageError(f"{path} has a profile {name!r} already; --force replaces it.")
    target = _target(answers, subscription, resource_group, workspace, cloud, emulator=emulator)
    extra = {"base_url": base_url, "emulator": emulator or None, "journal_dir": _absolute(journal_dir)}
    values = {key: value for key, value in (target | extra).items() if value is not None}
    if default is None:
        default = not known if not answers.can_ask else answers.confirm("Use it where no profile is named?", not known)
    _refuse_wrong(values)
    if verify:
        _verify(values)
        talk(f"{values['workspace']} answers.")
    write_profile(path, name, values, force=force, default=default)
    talk(f"Profile {name} written to {path}.")
    flag = "" if default else f" --profile {name}"
    talk(f"See what counts: maas-ft config show{flag}")
    if output.is_json:
        output.document({"path": path, "profile": name, "default": default, "verified": verify, "settings": values})


class _Answers:
    """Asks whoever sits at the terminal; without one, says which option is missing."""

    def __init__(self) -> None:
        from maas_client.cli._output import can_ask

        self.can_ask = can_ask()

    def ask(self, question: str, option: str, suggestion: str | None = None) -> str:
        """Ask until there is an answer."""
        if not self.can_ask:
            raise click.UsageError(f"Nobody can be asked here: give {option}.")
        answer: str = click.prompt(question, default=suggestion, err=True, value_proc=_stripped)
        return answer

    def confirm(self, question: str, suggestion: bool) -> bool:  # noqa: FBT001, RUF100 - what click takes
        """Ask yes or no."""
        return click.confirm(question, default=suggestion, err=True)


def _stripped(text: str) -> str:
    if not text.strip():
        raise click.BadParameter("An answer is needed.")
    return text.strip()


def _target(
    answers: _Answers,
    subscription: str | None,
    resource_group: str | None,
    workspace: str | None,
    cloud: str | None,
    *,
    emulator: bool,
) -> dict[str, str | None]:
    """Fill in what was not given."""
    import os

    from maas_client.settings.azure_cli import read_azure_cli
    from maas_client.settings.files import find_azureml_config

    near = find_azureml_config(Path.cwd())
    here = near[1] if near else {}
    az = read_azure_cli(os.environ)
    if emulator:
        # The workspace that a reference server has from the beginning.
        subscription = subscription or "00000000-0000-4000-8000-000000000000"
        resource_group, workspace = resource_group or "maas-local", workspace or "maas-local"
    asked = subscription or _subscription(answers, az, here.get("subscription_id"))
    chosen = _resolve(asked, az.subscriptions)
    own = next((each for each in az.subscriptions if each.id == chosen), None)
    if cloud is None and own is not None and own.cloud != "AzureCloud":
        cloud = own.cloud
    group = resource_group or answers.ask(
        "Resource group", "--resource-group", here.get("resource_group") or az.resource_group
    )
    name = workspace or answers.ask("Workspace", "--workspace", here.get("workspace_name") or az.workspace)
    return {"subscription_id": chosen, "resource_group": group, "workspace": name, "cloud": cloud}


def _subscription(answers: _Answers, az: "AzureCli", near: str | None) -> str:
    """Ask for a subscription, and list those that the Azure CLI knows."""
    from maas_client.cli._output import complain

    found = az.subscriptions
    if answers.can_ask and found:
        complain("Subscriptions that the Azure CLI knows:")
        for number, each in enumerate(found, 1):
            complain(f"  {number}  {each.id}  {each.name}")
    suggestion = near or (found[0].id if found else None)
    return answers.ask("Subscription", "--subscription", suggestion)


def _resolve(answer: str, found: "tuple[Subscription, ...]") -> str:
    """Return the id of a subscription that is given by its id, its name, or its number in the list."""
    named = [each.id for each in found if answer.casefold() in (each.id.casefold(), each.name.casefold())]
    if not named and answer.isdecimal() and 1 <= int(answer) <= len(found):
        named = [found[int(answer) - 1].id]
    if len(named) > 1:
        raise click.UsageError(f"{len(named)} subscriptions are named {answer!r}: give the id.")
    return named[0] if named else answer


def _free(known: "dict[str, dict[str, object]]") -> str | None:
    return None if _FIRST in known else _FIRST


def _checked_name(name: str) -> str:
    if not name.isprintable() or name != name.strip():
        raise click.UsageError(f"{name!r} is no name for a profile: use letters, digits, - and _.")
    return name


def _absolute(folder: str | None) -> str | None:
    return None if folder is None else str(Path(folder).expanduser().absolute())


def _refuse_wrong(values: "Mapping[str, str | bool]") -> None:
    """Read the values as a profile's would be read."""
    from maas_client.settings import load_settings

    load_settings(profile=None, overrides=values, environ={"MAAS_SERVICE": "azureml"}, cwd=Path("/"), config_path=None)


def _verify(values: "Mapping[str, str | bool]") -> None:
    """Ask the workspace for the first page of its jobs.

    Raises:
        MaaSError: It does not answer, or refuses; nothing was written.
    """
    import logging

    from maas_client.client import MaaSClient
    from maas_client.errors import MaaSError

    for name in ("maas_client", "azure"):
        logging.getLogger(name).addHandler(logging.NullHandler())
    settings = {key: value for key, value in values.items() if key != "journal_dir"}
    try:
        with MaaSClient(**settings, max_retries=1) as client:  # type: ignore[arg-type] # read as settings before
            next(iter(client.jobs.list().by_page()), None)
    except MaaSError as error:
        unwritten = "Nothing was written; --no-verify writes the profile all the same."
        error.hint = f"{error.hint} {unwritten}" if error.hint else unwritten
        raise
