"""termbell platforms: what each adapter can and needs."""

from dataclasses import asdict

import click

from platforms.base import Platform
from platforms.registry import names, platform
from scheduler.cli.options import json_option
from scheduler.cli.output import emit, say


@click.command(short_help="What each platform can and needs.")
@json_option
def command(as_json: bool) -> None:
    """List the platforms with their limits, where these figures come from, and the keys an account has.

    \b
    Examples:
      termbell platforms
      termbell platforms --json
    """
    known = [platform(name) for name in names()]
    if as_json:
        emit({"platforms": [_plain(one) for one in known]})
        return
    for one in known:
        size = f"{one.limits.text} {one.limits.unit}" if one.limits.text else "no limit"
        say(f"{one.name:<12} text: {size}; images: {one.limits.images}; limits read {one.limits.checked} from {one.limits.source}")
        for row in (*one.settings, *one.options):
            say(f"    {row.name:<18} {row.meaning}" + (" (required)" if row.required else ""))
        for secret in (*one.secrets, *one.optional_secrets):
            say(f"    {secret:<18} a secret: `termbell login`")


def _plain(one: Platform) -> dict[str, object]:
    return {"name": one.name, "limits": asdict(one.limits), "secrets": list(one.secrets),
            "settings": [{"name": row.name, "meaning": row.meaning, "required": row.required, "default": row.default} for row in one.settings],
            "options": [{"name": row.name, "meaning": row.meaning} for row in one.options],
            "features": {"find": one.find is not None, "whoami": one.whoami is not None, "own_limits": one.ask_limits is not None,
                         "replies": one.limits.replies, "html": one.limits.html}}
