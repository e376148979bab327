"""`pellucid`: the commands, and how they end."""

from __future__ import annotations

import os
import sys
from importlib import import_module

import click

from pellucid.cli.complaint import complain
from pellucid.errors import PellucidError, nearest

# Each is in the module of its name, which is loaded when it is called.
_COMMANDS = ("explain", "exercise", "check", "inspect", "translate", "generate", "train", "evaluate", "tokenizer")
_USAGE, _INTERRUPTED, _FAULT = 2, 130, 70


class _Commands(click.Group):
    """Finds commands without loading the others."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command:
        if cmd_name not in _COMMANDS:
            known = ", ".join(_COMMANDS)
            raise click.UsageError(
                f"{cmd_name!r} is no command{nearest(cmd_name, list(_COMMANDS))}; there are {known}."
            )
        command: click.Command = getattr(import_module(f"pellucid.cli.{cmd_name}"), cmd_name)
        return command


@click.group(cls=_Commands, invoke_without_command=True, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="pellucid", message="%(prog)s %(version)s")
@click.pass_context
def pellucid(context: click.Context) -> None:
    """A Transformer behind glass: every number of attention, worked out and proven.

    Without a command: a short tour, from sentence to weighted sum.
    """
    if context.invoked_subcommand is None:
        from pellucid.cli.output import deliver
        from pellucid.rendering.tour import tour

        deliver(tour(), "terminal", None)


def run(arguments: list[str] | None = None) -> None:
    """The console script: what a user can mend ends with one sentence and exit code 2."""
    try:
        sys.exit(pellucid.main(arguments, prog_name="pellucid", standalone_mode=False))
    except click.exceptions.Abort:
        sys.exit(_INTERRUPTED)
    except click.ClickException as error:
        complain(error.format_message())
        sys.exit(_USAGE)
    except PellucidError as error:
        complain(str(error))
        sys.exit(_USAGE)
    except BrokenPipeError:
        # Whoever read our output has had enough; the interpreter must not complain about it at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
    except MemoryError:
        complain("there is not enough memory for this; use fewer tokens or heads.")
        sys.exit(_USAGE)
    except Exception as error:
        if os.environ.get("PELLUCID_TRACEBACK"):
            raise
        complain(
            f"this is a fault of pellucid, not yours ({type(error).__name__}: {error}); please report it with "
            "what the same command prints under PELLUCID_TRACEBACK=1."
        )
        sys.exit(_FAULT)
