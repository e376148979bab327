"""`pellucid`: the commands, and how they end."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib import import_module
from typing import Any

import click

from pellucid.cli.complaint import complain
from pellucid.errors import PellucidError, nearest

# Each is in the module of its name, which is loaded when it is called.
_COMMANDS = ("explain", "diff", "exercise", "check", "translate", "generate", "train", "evaluate", "tokenizer")
_USAGE, _INTERRUPTED, _FAULT, _READER_GONE = 2, 130, 70, 141


class _ReaderGoneError(Exception):
    """Whoever read our output has closed it; no `OSError`, which click would end with exit code 1."""


@contextmanager
def _readers_may_go() -> Iterator[None]:
    try:
        yield
    except BrokenPipeError:
        raise _ReaderGoneError from None


class _Commands(click.Group):
    """Finds commands without loading the others."""

    def make_context(
        self, info_name: str | None, args: list[str], parent: click.Context | None = None, **extra: Any
    ) -> click.Context:
        with _readers_may_go():  # helps are printed here
            return super().make_context(info_name, args, parent, **extra)

    def invoke(self, ctx: click.Context) -> Any:
        with _readers_may_go():
            return super().invoke(ctx)

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
    """The console script: what a user can mend ends with one sentence and exit code 2.

    Whoever reads our output may have had enough, as `head` has: that ends the command quietly, with the exit code of
    a program that was ended by it, which no command uses for anything else.
    """
    try:
        code = _outcome(arguments)
        if sys.stdout is not None:
            sys.stdout.flush()
    except (BrokenPipeError, _ReaderGoneError):
        _let_go()
        code = _READER_GONE
    sys.exit(code)


def _outcome(arguments: list[str] | None) -> int | None:
    """The exit code; what went wrong has been said."""
    try:
        code: int | None = pellucid.main(arguments, prog_name="pellucid", standalone_mode=False)
        return code
    except click.exceptions.Abort:
        return _INTERRUPTED
    except click.ClickException as error:
        complain(error.format_message())
        return _USAGE
    except PellucidError as error:
        complain(str(error))
        return _USAGE
    except MemoryError:
        complain("there is not enough memory for this; use fewer tokens or heads.")
        return _USAGE
    except (BrokenPipeError, _ReaderGoneError):
        raise
    except Exception as error:
        if os.environ.get("PELLUCID_TRACEBACK"):
            raise
        complain(
            f"this is a fault of pellucid, not yours ({type(error).__name__}: {error}); please report it with "
            "what the same command prints under PELLUCID_TRACEBACK=1."
        )
        return _FAULT


def _let_go() -> None:
    """Whatever is still to be written goes nowhere, so that the interpreter does not complain about it at its end."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (sys.stdout, sys.stderr):
        with suppress(AttributeError, OSError, ValueError):  # closed, or none of the system's
            stream.flush()
            continue
        with suppress(AttributeError, OSError, ValueError):
            os.dup2(nowhere, stream.fileno())
