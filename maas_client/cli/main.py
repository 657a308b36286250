"""The command `maas-ft`: its commands, loaded when they are called, and the one way out of it."""

import os
import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from types import FrameType
from typing import Any, NoReturn

import click

from maas_client import __version__
from maas_client.cli._common import common_options
from maas_client.cli._lazy import LazyGroup

INTERRUPTED = 130
TERMINATED = 143
READER_LEFT = 141
"""As of a process that SIGPIPE ends: whoever read our output wants no more of it."""

COMMANDS = {
    "submit": ("maas_client.cli.submit:submit", "Check data, upload it, fine-tune a model on it, and watch."),
    "plan": ("maas_client.cli.plan:plan", "Decide on a job and show it; send nothing."),
    "apply": ("maas_client.cli.apply:apply", "Do what a plan says, if nothing moved since."),
    "runs": ("maas_client.cli.runs:runs", "What submit began here: list, show, resume, forget."),
    "jobs": ("maas_client.cli.jobs:jobs", "Fine-tuning jobs: list, watch, logs, cancel and more."),
    "deployments": ("maas_client.cli.deployments:deployments", "Models behind a URL: create, list, keys and more."),
    "marketplace": ("maas_client.cli.marketplace:marketplace", "Subscriptions to models of other publishers."),
    "models": ("maas_client.cli.models:models", "Base models and fine-tuned ones: list, get, download."),
    "data": ("maas_client.cli.data:data", "Training files: check, split, convert; all on this machine."),
    "files": ("maas_client.cli.files:files", "Training files at the service: upload."),
    "assets": ("maas_client.cli.assets:assets", "Uploaded files under a name and a version: list, create and more."),
    "advise": ("maas_client.cli.advise:advise", "Say where to train, and by which technique."),
    "chat": ("maas_client.cli.chat:chat", "Ask a deployment."),
    "doctor": ("maas_client.cli.doctor:doctor", "Look whether a job can be sent from here, and say what to do."),
    "serve": ("maas_client.cli.serve:serve", "Run the local reference server in the foreground."),
    "contract": ("maas_client.cli.contract:contract", "Try statements about the wire at any base URL."),
    "schema": ("maas_client.cli.schema:schema", "JSON Schemas of what --output json writes."),
    "completion": ("maas_client.cli.completion:completion", "A script that makes a shell complete commands and names."),
    "version": ("maas_client.cli.version:version", "Versions and places, for a report of an error."),
    "config": ("maas_client.cli.config:config", "Settings and profiles: set up, show, list."),
}


class Terminated(KeyboardInterrupt):
    """SIGTERM arrived: stop as for Ctrl-C, with another exit code."""


class Root(LazyGroup):
    """The top of the command line: every way out of it passes here."""

    def main(  # type: ignore[override] # click overloads it by the value of standalone_mode
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = True,  # noqa: FBT001, FBT002, RUF100 - click's own signature
        **extra: Any,  # noqa: ANN401 - click's own types
    ) -> int:
        """Run, tell errors on stderr, and exit with their code; without `standalone_mode` return the code."""
        try:
            result = super().main(args, prog_name, complete_var, standalone_mode=False, **extra)
            code = result if isinstance(result, int) else 0
        except click.ClickException as error:
            code = _refuse(error)
        except click.Abort:
            code = INTERRUPTED
        try:
            sys.stdout.flush()
        except BrokenPipeError:
            _let_reader_go()
            code = READER_LEFT
        if standalone_mode:
            sys.exit(code)
        return code

    def make_context(self, *args: Any, **kwargs: Any) -> click.Context:  # noqa: ANN401 - click's own types
        """Parse; the reader of `--help` may leave early too."""
        with _early_ends():
            return super().make_context(*args, **kwargs)

    def invoke(self, ctx: click.Context) -> Any:  # noqa: ANN401 - click's own types
        """Run the command; turn what it raises into words and an exit code."""
        with _early_ends():
            try:
                return super().invoke(ctx)
            except (click.Abort, click.exceptions.Exit, BrokenPipeError):
                raise
            except Exception as error:
                from maas_client.cli import _errors, _options

                code = _errors.tell(error, ctx.meta.get(_options.OUTPUT_KEY))
                if isinstance(error, click.ClickException):
                    raise
                ctx.exit(code)


@contextmanager
def _early_ends() -> Iterator[None]:
    try:
        yield
    except BrokenPipeError:
        _let_reader_go()
        raise click.exceptions.Exit(READER_LEFT) from None
    except KeyboardInterrupt as stop:
        click.echo("Interrupted.", err=True)
        raise click.exceptions.Exit(stop_code(stop)) from None


def stop_code(stop: KeyboardInterrupt) -> int:
    """Return the exit code of an interruption."""
    return TERMINATED if isinstance(stop, Terminated) else INTERRUPTED


def _let_reader_go() -> None:
    """Point stdout nowhere, so that the interpreter's last flush stays quiet too."""
    try:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)
    except (OSError, ValueError):
        return


def _refuse(error: click.ClickException) -> int:
    """Tell a usage error in the form of all other errors."""
    if isinstance(error, getattr(click.exceptions, "NoArgsIsHelpError", ())):  # not in click 8.1
        click.echo(error.format_message(), err=True)
        return error.exit_code
    click.echo(f"error: {error.format_message()}", err=True)
    context = getattr(error, "ctx", None)
    if isinstance(context, click.Context):
        click.echo(f"hint: {context.command_path} --help shows how to call it.", err=True)
    return error.exit_code


_HELP = """Fine-tune Phi models as a service, on Azure or on this machine.

\b
Try it without an account; nothing is really trained:
  maas-ft submit --local --deploy --model Phi-3-mini-4k-instruct \\
    --train train.jsonl

Exit codes: 0 done, 1 unexpected, 2 usage, 3 data, 4 sign-in or permission, 5 not found, 6 refused by the service,
7 job or deployment failed, 8 stopped waiting, 9 outcome of a write unknown, 10 service out of reach, 11 over the cost
limit or cost unknown, 130 interrupted, 143 terminated.
"""


@click.group(
    cls=Root,
    lazy=COMMANDS,
    help=_HELP,
    context_settings={"help_option_names": ["-h", "--help"]},
    no_args_is_help=True,
    params=common_options(),
)
@click.version_option(__version__, prog_name="maas-ft", help="Show the version; `maas-ft version` shows more.")
def root() -> None:
    """Hold the commands."""


_stopping = False


def _stop(number: int, _frame: FrameType | None) -> None:
    """Stop in order; whoever asks a second time waits for nothing more: the journal holds what was begun."""
    global _stopping  # noqa: PLW0603, RUF100 - a process has one way out
    if _stopping:
        os._exit(INTERRUPTED if number == signal.SIGINT else TERMINATED)
    _stopping = True
    raise Terminated if number == signal.SIGTERM else KeyboardInterrupt


def main() -> NoReturn:
    """Run `maas-ft` with the arguments of the process."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _stop)
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            # A terminal that cannot show a character must not end the program.
            reconfigure(errors="backslashreplace")
    try:
        root.main(prog_name="maas-ft")
    except KeyboardInterrupt as stop:
        sys.exit(stop_code(stop))
    sys.exit(0)
