"""Templates: where one is found, what it can use, and every way it can go wrong as a Problem.

A template is Jinja, run in a sandbox. Its blocks (`text`, `title`, `summary`, `first_comment`) are what it offers; one
without blocks is its text. `{% extends "shipped/announcement.j2" %}` reaches a shipped template past the person's own.
"""

import os
import re
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence, Sized
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from jinja2 import (
    ChoiceLoader,
    Environment,
    FileSystemLoader,
    PrefixLoader,
    StrictUndefined,
    Template,
)
from jinja2.exceptions import (
    SecurityError,
    TemplateError,
    TemplateNotFound,
    TemplateSyntaxError,
    UndefinedError,
)
from jinja2.runtime import Context
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.utils import missing

from scheduler.calendar.model import Draft
from scheduler.problems import Invalid, Place, Problem, did_you_mean
from scheduler.rendering.compiled import kept_in
from scheduler.rendering.filters import FILTERS, TESTS
from scheduler.rendering.media.cache import cache_folder

HERE = Path(__file__).parent
SHIPPED = next(
    (folder for folder in (HERE / "shipped", HERE.parents[1] / "templates") if folder.is_dir()),
    HERE / "shipped",
)
BLOCKS = ("text", "title", "summary", "first_comment")
LONGEST = 1_000_000  # characters that a template may make; also items and bits, by `*`
MEMORY = 512 * 1024 * 1024  # bytes that filling a template may take
ONE_LINE = ("title", "summary")
# What the person's own expressions can raise: 1 / 0, [][3], "a" + 1, an endless include, a file that is not UTF-8.
FAULTS = (
    TemplateError,
    ArithmeticError,
    LookupError,
    TypeError,
    ValueError,
    AttributeError,
    RecursionError,
    MemoryError,
    OSError,
)


class NameNotDefined(UndefinedError):
    """A name that no value has; its message is the name."""


class Unknown(StrictUndefined):
    """An undefined value that says what would have been there."""

    __slots__ = ()

    def __init__(
        self,
        hint: str | None = None,
        obj: Any = missing,
        name: str | None = None,
        exc: type[Any] = UndefinedError,
    ) -> None:
        super().__init__(
            hint,
            obj,
            name,
            NameNotDefined if obj is missing and not hint and exc is UndefinedError else exc,
        )

    @property
    def _undefined_message(self) -> str:
        if self._undefined_hint:
            return self._undefined_hint
        if self._undefined_obj is missing:
            return str(self._undefined_name)
        inside = self._undefined_obj
        known = (
            inside.keys()
            if isinstance(inside, Mapping)
            else getattr(inside, "__dataclass_fields__", ())
        )
        hint = (
            did_you_mean(str(self._undefined_name), map(str, known))
            if known
            else f"it is {inside!r:.60}"
        )
        return f"there is no '{self._undefined_name}' in it; {hint}"


class Sandbox(ImmutableSandboxedEnvironment):
    """Jinja's, which besides lets no expression grow without bound: `"x" * 10 ** 10` takes a moment to write, and the machine's memory."""

    intercepted_binops = frozenset({"*", "**"})

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        if operator == "*" and max(_times(left, right), _times(right, left)) > LONGEST:
            raise SecurityError(f"'*' would make more than {LONGEST:,} of it")
        if (
            operator == "**"
            and isinstance(left, int)
            and isinstance(right, int)
            and left.bit_length() * right > LONGEST
        ):
            raise SecurityError("'**' would make a number that is too large")
        return super().call_binop(context, operator, left, right)


def _times(what: Any, number: Any) -> int:
    """How long the product gets, in characters, items or bits."""
    if isinstance(what, int) and isinstance(number, int):
        return what.bit_length() + number.bit_length()
    return len(what) * number if isinstance(what, Sized) and isinstance(number, int) else 0


class OwnFiles(FileSystemLoader):
    """Files of a folder; not what a symbolic link in it leads to: a calendar that was copied from somebody may hold such links."""

    def get_source(
        self, environment: Environment, template: str
    ) -> tuple[str, str, Callable[[], bool]]:
        text, file, is_fresh = super().get_source(environment, template)
        if not any(
            Path(file).resolve().is_relative_to(Path(folder).resolve())
            for folder in self.searchpath
        ):
            raise SecurityError(
                f"'{template}' is a link that leads out of its folder; put the file itself there"
            )
        return text, file, is_fresh


class Templates:
    """The templates of the person's folders and, after them, the shipped ones. Each is compiled once."""

    def __init__(self, folders: Sequence[Path], shipped: Path = SHIPPED) -> None:
        self.folders = tuple(folders)
        self.shipped = shipped
        self._found: dict[tuple[str, str, str], Template] = {}
        own, ours = OwnFiles([*map(str, folders)]), FileSystemLoader(str(shipped))
        self._environment = Sandbox(
            loader=ChoiceLoader([own, PrefixLoader({"shipped": ours}), ours]),
            undefined=Unknown,
            trim_blocks=True,
            lstrip_blocks=True,
            keep_trailing_newline=False,
            auto_reload=False,
            cache_size=-1,
            bytecode_cache=kept_in(cache_folder().parent / "templates"),
        )
        self._environment.filters.update(FILTERS)
        self._environment.tests.update(TESTS)
        del self._environment.globals[
            "lipsum"
        ]  # nobody publishes it, and it makes as much as it is asked for

    def names(self) -> set[str]:
        """What `template:` of an entry may name."""
        return {
            file.name.partition(".")[0]
            for folder in (*self.folders, self.shipped)
            for file in folder.glob("[!_.]*.j2")
        }

    def blocks(self, draft: Draft, values: Mapping[str, Any]) -> dict[str, str]:
        """The draft's template, filled with `values`; without what is empty. Raises `Invalid`."""
        try:
            with bounded_memory(MEMORY):
                filled = _filled(self._template(draft), values)
        except FAULTS as fault:
            raise Invalid([self._problem(draft, fault, values)]) from fault
        return {name: tidied for name, text in filled.items() if (tidied := _tidied(name, text))}

    def _template(self, draft: Draft) -> Template:
        wanted = str(draft.content.template), draft.account.name, draft.account.account.platform
        if wanted not in self._found:
            self._found[wanted] = self._environment.get_template(self._path(*wanted))
        return self._found[wanted]

    def _path(self, name: str, account: str, platform: str) -> str:
        """The nearest folder counts first, then the most particular name in it."""
        if any(not piece.strip(".") for piece in re.split(r"[/\\]", name)):
            raise TemplateNotFound(name)
        for folder in (*self.folders, self.shipped):
            for candidate in (f"{name}.{account}.j2", f"{name}.{platform}.j2", f"{name}.j2"):
                if (folder / candidate).is_file():
                    return f"shipped/{candidate}" if folder == self.shipped else candidate
        raise TemplateNotFound(name)

    def _problem(self, draft: Draft, fault: BaseException, values: Mapping[str, Any]) -> Problem:
        place = self._place(fault) or draft.at("template")
        match fault:
            case TemplateNotFound():
                code = "unknown-template"
                said = f"no template called '{fault.name}'; {did_you_mean(str(fault.name), self.names())}"
            case NameNotDefined():
                code, said = (
                    "undefined-name",
                    f"'{fault.message}' is not defined; {did_you_mean(str(fault.message), values)}",
                )
            case UndefinedError():
                code, said = "undefined-name", str(fault.message)
            case TemplateSyntaxError():
                code, said = "template-syntax", f"the template cannot be read: {fault.message}"
            case UnicodeDecodeError():
                code, said = (
                    "template-syntax",
                    f"the template '{draft.content.template}' cannot be read: save it as UTF-8",
                )
            case RecursionError():
                code = "template-failed"
                said = 'the template includes itself without end; a shipped one is reached as "shipped/NAME.j2"'
            case MemoryError():
                code, said = (
                    "template-failed",
                    f"the template takes more than {MEMORY // 1024**2} MB of memory; look at what it repeats",
                )
            case _:
                code, said = (
                    "template-failed",
                    f"the template failed: {fault or type(fault).__name__}",
                )
        return Problem(code, f"{draft.entry}: {said}", place)

    def _place(self, fault: BaseException) -> Place | None:
        if isinstance(fault, TemplateSyntaxError) and fault.filename:
            return Place(self._shown(fault.filename), fault.lineno)
        lines = [
            Place(self._shown(file), line)
            for file, line in _frames(fault)
            if self._is_template(file)
        ]
        return lines[-1] if lines else None

    def _is_template(self, file: str) -> bool:
        return any(
            Path(file).is_relative_to(folder) for folder in (*self.folders, self.shipped)
        ) and not file.endswith(".py")

    def _shown(self, file: str) -> str:
        """The file as the person would name it."""
        if Path(file).is_relative_to(self.shipped) and self.shipped not in self.folders:
            return f"shipped/{Path(file).relative_to(self.shipped)}"
        return next(
            (
                os.path.relpath(file, folder.parent)
                for folder in self.folders
                if Path(file).is_relative_to(folder)
            ),
            file,
        )


@contextmanager
def bounded_memory(more: int) -> Iterator[None]:
    """Who asks for so much more memory in here gets a MemoryError, and the machine goes on. Only Linux can say how much there is already."""
    try:
        import resource

        used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    except (ImportError, OSError):
        yield
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    wanted = min(
        used + more, *(one for one in (soft, hard) if one != resource.RLIM_INFINITY), sys.maxsize
    )
    resource.setrlimit(resource.RLIMIT_AS, (wanted, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))


def _filled(template: Template, values: Mapping[str, Any]) -> dict[str, str]:
    """The whole template is run first, for what it sets, imports and extends; then each of its blocks."""
    context = template.new_context(dict(values))
    try:
        whole = "".join(template.root_render_func(context))
        blocks = {
            name: "".join(context.blocks[name][0](context))
            for name in BLOCKS
            if name in context.blocks
        }
    except FAULTS:
        template.environment.handle_exception()  # raises it again, with the template's lines in the traceback
    filled = blocks or {"text": whole}
    if any(len(text) > LONGEST for text in filled.values()):
        raise SecurityError(f"it makes more than {LONGEST:,} characters")
    return filled


def _frames(fault: BaseException) -> Iterator[tuple[str, int]]:
    step = fault.__traceback__
    while step:
        yield step.tb_frame.f_code.co_filename, step.tb_lineno
        step = step.tb_next


def _tidied(name: str, text: str) -> str:
    """Lines left empty by what was not given are gone, and so is the space around."""
    if name in ONE_LINE:
        return " ".join(text.split())
    return re.sub(r"\n{3,}", "\n\n", re.sub(r"[ \t]+$", "", text, flags=re.MULTILINE)).strip()
