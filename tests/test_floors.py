"""The floors of the house, and the libraries' doors: read from the imports of every file."""

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import scheduler

HERE = Path(__file__).parent.parent
FILES = sorted(file for part in ("platforms", "scheduler") for file in (HERE / part).rglob("*.py"))
# From the ground up. A module imports what is on its own floor or below.
FLOORS = (
    "platforms",
    "scheduler.problems",
    "scheduler.config",
    "scheduler.calendar",
    "scheduler.rendering",
    "scheduler.store",
    "scheduler.engine",
    "scheduler.cli",
)
# Reading YAML, which config.yaml and the calendar share, and some of its keys; files of the state folder, which the store and what is above it write;
# the digests of files, which are made where media are made ready and compared where they leave.
BESIDE_CONFIG = (
    "scheduler.checking",
    "scheduler.checks",
    "scheduler.dates",
    "scheduler.guarding",
    "scheduler.yaml_files",
    "scheduler.private_files",
    "scheduler.digests",
    "scheduler.media_hosts",
)
DOORS = {
    "requests": (
        "scheduler/engine/http.py",
        "scheduler/engine/credentials.py",
        "scheduler/engine/fetching.py",
    ),
    "jwt": ("platforms/signing.py",),
    "requests_oauthlib": ("platforms/signing.py", "scheduler/engine/credentials.py"),
    "oauthlib": ("scheduler/engine/signing_in.py",),
    "urllib3": (
        "scheduler/engine/http.py",
        "scheduler/engine/fetching.py",
    ),  # to platforms; on behalf of a calendar
    "websockets": ("scheduler/engine/relays.py",),
    "btclib_secp256k1": ("platforms/signing.py",),
    "apprise": ("scheduler/engine/telling.py",),
    "prometheus_client": ("scheduler/engine/metrics.py",),
    "keyring": ("scheduler/engine/credentials.py",),
    "obstore": ("scheduler/engine/hosts.py",),
    "smtplib": ("scheduler/engine/mail.py",),
    "apscheduler": ("scheduler/engine/clock.py",),
    "watchfiles": ("scheduler/engine/watching.py",),
    "sqlalchemy": ("scheduler/store/",),
    "alembic": ("scheduler/store/",),
    "sqlite3": ("scheduler/store/",),
    "jinja2": ("scheduler/rendering/",),
    "PIL": ("scheduler/rendering/",),
    "pypdf": ("scheduler/rendering/media/documents.py",),
    "pi_heif": ("scheduler/rendering/media/",),
    "imageio_ffmpeg": ("scheduler/rendering/media/",),
    "click": ("scheduler/cli/",),
}


def name_of(file: Path) -> str:
    return ".".join(file.relative_to(HERE).with_suffix("").parts).removesuffix(".__init__")


def imports(file: Path) -> Iterator[str]:
    """Every module that is imported anywhere in the file; of `from a import b` both a and a.b, as b may be a module."""
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file}: an import says the whole name"
            yield node.module or ""
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def floor(module: str) -> int:
    """The floor's number; -1 for what is not ours or has no floor (`scheduler`, which holds the version)."""
    if module.startswith(BESIDE_CONFIG):
        return FLOORS.index("scheduler.config")
    return next(
        (
            number
            for number, name in enumerate(FLOORS)
            if module == name or module.startswith(name + ".")
        ),
        -1,
    )


@pytest.mark.parametrize("file", FILES, ids=name_of)
def test_a_module_imports_only_what_is_on_its_floor_or_below(file: Path):
    mine = floor(name_of(file))
    if name_of(file) == "scheduler.__main__":
        mine = len(FLOORS)

    assert [module for module in imports(file) if floor(module) > mine] == []


@pytest.mark.parametrize("file", FILES, ids=name_of)
def test_every_module_has_a_floor(file: Path):
    assert name_of(file) in ("scheduler", "scheduler.__main__") or floor(name_of(file)) >= 0


@pytest.mark.parametrize(
    "file",
    [file for file in FILES if file.parent.name == "platforms" and file.stem != "signing"],
    ids=name_of,
)
def test_an_adapter_imports_the_standard_library_the_base_and_no_more_than_another_adapter(
    file: Path,
):
    foreign = {
        module
        for module in imports(file)
        if module.partition(".")[0] not in {*sys.stdlib_module_names, "platforms"}
    }

    assert foreign == set()
    assert file.name == "registry.py" or "platforms.registry" not in set(imports(file))


@pytest.mark.parametrize("library", DOORS)
def test_a_library_has_one_door(library: str):
    users = {
        str(file.relative_to(HERE))
        for file in FILES
        if any(module.partition(".")[0] == library for module in imports(file))
    }

    assert {user for user in users if not user.startswith(DOORS[library])} == set()


def test_the_floors_are_those_that_the_package_describes():
    drawn = re.findall(r"^    (\w+)(?:  .*)?$", scheduler.__doc__ or "", re.MULTILINE)

    assert drawn[::-1] == [
        name.removeprefix("scheduler.") for name in FLOORS if name != "scheduler.problems"
    ]
