"""Asking a person for something, and the ways to be asked: on a terminal what is secret is typed unseen, from a pipe each answer is a line."""

import sys
from dataclasses import dataclass

import click

from scheduler.cli.output import fail


@dataclass(frozen=True, kw_only=True)
class Way:
    """How a person wants to give an account its credentials, as far as it was said: the options of `termbell login`."""

    token: bool = False
    no_browser: bool = False
    paste: bool = False
    device: bool = False
    port: int | None = None
    redirect: str | None = None

    @property
    def is_by_page(self) -> bool:
        return (
            self.no_browser
            or self.paste
            or self.device
            or self.port is not None
            or self.redirect is not None
        )


def asked(what: str, otherwise: str | None = None, unseen: bool = True) -> str:
    """The answer. It may be empty only where `otherwise` says what Enter stands for."""
    is_optional = otherwise is not None
    if sys.stdin.isatty():
        typed = click.prompt(
            what + (f" (Enter for {otherwise})" if is_optional else ""),
            hide_input=unseen,
            err=True,
            default="" if is_optional else None,
            show_default=False,
        )
    else:
        typed = sys.stdin.readline()
    if not str(typed).strip() and not is_optional:
        fail(f"no {what} was given")
    return str(typed).strip()
