"""`maas-ft config show|list|path`: what is set, and where."""

from typing import TYPE_CHECKING

import click

from maas_client.cli._options import Choice, examples, output_option, takes_choice

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from maas_client.cli._output import Output
    from maas_client.settings import ResolvedSettings


@click.command(
    short_help="Show each setting and where it comes from.",
    epilog=examples("maas-ft config show", "maas-ft config show --profile prod"),
)
@takes_choice
def show(choice: Choice, output: "Output") -> None:
    """Show each setting and where it comes from; secrets are masked, nothing is sent."""
    import os

    from maas_client.cli._output import talk
    from maas_client.cli._target import find_target

    resolved = find_target(choice).resolved
    if resolved is None:
        _show_local(output)
        return
    for note in _notes(os.environ, resolved):
        talk(f"note: {note}")
    rows = [(setting.name, setting.shown, setting.origin) for setting in resolved.origins.values()]
    if output.is_json:
        settings = {name: {"value": value, "origin": origin} for name, value, origin in rows}
        output.document({"profile": resolved.profile, "profile_from": resolved.profile_from, "settings": settings})
        return
    if resolved.profile:
        rows.insert(0, ("profile", resolved.profile, resolved.profile_from or ""))
    output.table(
        ("SETTING", "VALUE", "FROM"),
        [(name, "-" if value is None else str(value), origin) for name, value, origin in rows],
    )


@click.command("list", epilog=examples("maas-ft config list"))
@output_option
def list_profiles(output: "Output") -> None:
    """List the profiles of the configuration file."""
    import os

    from maas_client.cli._output import talk
    from maas_client.settings.files import default_config_path, read_profiles

    path = default_config_path(os.environ)
    profiles, default = read_profiles(path) if path.exists() else ({}, None)
    keys = ("subscription_id", "resource_group", "workspace", "base_url")
    found = [
        {"name": name, "default": name == default, **{key: profile.get(key) for key in keys}}
        for name, profile in profiles.items()
    ]
    if output.is_json:
        output.document({"path": path, "profiles": found})
        return
    if not found:
        talk(f"{path} has no profiles. Write one: maas-ft config init")
        return
    output.table(
        ("PROFILE", "DEFAULT", "WORKSPACE", "RESOURCE GROUP", "SUBSCRIPTION"),
        [
            (
                str(each["name"]),
                "yes" if each["default"] else "",
                *(str(each[key] or "") for key in ("workspace", "resource_group", "subscription_id")),
            )
            for each in found
        ],
    )


@click.command("path", epilog=examples("maas-ft config path", "maas-ft config path --output json"))
@output_option
def show_path(output: "Output") -> None:
    """Print where the configuration file is, or would be."""
    import os

    from maas_client.settings.files import default_config_path

    path = default_config_path(os.environ)
    if output.is_json:
        output.document({"path": path, "exists": path.is_file()})
    else:
        output.text(str(path))


def _notes(environ: "Mapping[str, str]", resolved: "ResolvedSettings") -> "Iterator[str]":
    """Say what is set and has no effect."""
    from maas_client.cli._variables import without_meaning
    from maas_client.settings.files import default_config_path, read_profiles

    yield from without_meaning(environ)
    path = default_config_path(environ)
    if resolved.profile is None and path.is_file() and (default := read_profiles(path)[1]):
        yield f"The default profile {default!r} does not count: a variable MAAS_... says where jobs go."


def _show_local(output: "Output") -> None:
    import os

    from maas_client.cli._local import CLOCK, find_local, local_folder

    folder = local_folder(os.environ)
    server = find_local(folder)
    facts = {
        "folder": str(folder),
        "running": server is not None,
        "url": server.url if server else None,
        "pid": server.pid if server else None,
        "clock": CLOCK,
    }
    if output.is_json:
        output.document({"local": facts})
    else:
        output.pairs(facts)
