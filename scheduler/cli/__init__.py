"""The command `termbell`: one file here for each of its commands, imported only when it runs.

The short help stands in the table below, so that `termbell --help` imports none of them. Here is also the rim where what a
command could not handle becomes a message and an exit code: 0 done, 1 something failed or is wrong with the calendar,
2 used wrongly, 3 something is in doubt, 75 another process is at it (sysexits.h: try again later).
"""

import errno
import io
import sys
from importlib import import_module

import click
from click.shell_completion import CompletionItem

from scheduler import __version__

COMMANDS = {
    "init": "Write a first configuration, calendar and template folder.",
    "check": "Everything that is wrong, with file and line.",
    "preview": "The dry run: what will be published where, and when.",
    "run": "Publish what is due: as a daemon, or once.",
    "publish": "Publish one entry now.",
    "status": "What became of each delivery.",
    "retry": "Let a failed, missed, held or cancelled delivery go out now.",
    "cancel": "Take a delivery out of the plan.",
    "release": "Publish, or drop, held posts of the past.",
    "resolve": "Say how a delivery in doubt, or in your hands, ended.",
    "accounts": "The accounts, and whether they can publish.",
    "login": "Give an account its credentials.",
    "logout": "Forget an account's credentials.",
    "platforms": "What each platform takes and needs.",
    "schema": "JSON Schemas of the files, for editors.",
    "backup": "Copy the store, also while the daemon runs.",
    "restore": "Bring a backup of the store back.",
    "doctor": "Find what stalls, and what to do about it.",
}
EXPECTED = {  # errors that say all there is to say; a raised one's module is loaded, so that none is imported for this
    "platforms.base": ("PublishError",),
    "scheduler.store": ("NewerSchema", "StoreFailed", "WrongStatus"),
    "scheduler.store.identity": ("ElsewhereError",),
    "scheduler.engine.alone": ("AlreadyRunning",),
    "scheduler.engine.signing_in": ("NotSignedIn",),
}


class Commands(click.Group):
    """A group whose commands are files beside this one."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = import_module(f"scheduler.cli.{cmd_name}").command
        command.name = cmd_name
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        named = [
            CompletionItem(name, help=what)
            for name, what in COMMANDS.items()
            if name.startswith(incomplete)
        ]
        return named + click.Command.shell_complete(self, ctx, incomplete)

    def invoke(self, ctx: click.Context) -> object:
        for stream in (sys.stdout, sys.stderr):
            if isinstance(stream, io.TextIOWrapper):
                stream.reconfigure(
                    errors="replace"
                )  # a terminal without our signs gets question marks and no traceback
        try:
            return super().invoke(ctx)
        except (click.ClickException, click.exceptions.Exit, click.Abort):
            raise
        except Exception as fault:
            if isinstance(fault, OSError) and fault.errno == errno.EPIPE:
                raise  # whoever read our output has gone; click ends quietly
            _report(fault)
            raise SystemExit(1) from None


def _report(fault: Exception) -> None:
    """Says what a command could not handle. What nobody expected is our own fault, and logged whole."""
    from scheduler.cli.output import fail, problems
    from scheduler.engine.logs import hidden
    from scheduler.problems import Invalid

    if isinstance(fault, Invalid):
        problems(fault.problems)
    elif isinstance(fault, _expected()):
        fail(hidden(str(fault)), getattr(fault, "exit_code", 1))
    elif isinstance(fault, OSError):
        fail(hidden(f"{fault.filename}: {fault.strerror}" if fault.filename else str(fault)))
    else:
        _log_whole(fault)


def _expected() -> tuple[type[Exception], ...]:
    loaded = {name: sys.modules[name] for name in EXPECTED if name in sys.modules}
    return tuple(
        getattr(module, kind) for name, module in loaded.items() for kind in EXPECTED[name]
    )


def _log_whole(fault: Exception) -> None:
    import logging

    from scheduler.engine.logs import set_up

    if not logging.getLogger().handlers:
        set_up(sys.stderr, tuple)
    logging.getLogger("termbell").critical(
        "this is a fault of termbell; please report it with what follows", exc_info=fault
    )


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="termbell")
def main() -> None:
    """Publish an educator's content calendar on time, once, everywhere.

    \b
    Examples:
      termbell init my-calendar        a first calendar, with a web site to publish to
      termbell preview                 what would go out; nothing leaves
      termbell run                     publish each post when it is due
    \b
    Completion, e.g. for bash (or zsh, fish), in your shell's start file:
      eval "$(_TERMBELL_COMPLETE=bash_source termbell)"
    """
