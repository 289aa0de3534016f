"""Options that all commands have, and options that are heard or refused.

One that takes one value is given once, and none is passed over.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, TypeVar

import typer
import typer.core

from goldwire import __version__
from goldwire.cli import defaults, files
from goldwire.cli.output import Level, detail, say, speaking

F = TypeVar("F", bound=Callable[..., Any])
TWICE = 2


LEVELS = "goldwire.levels"  # in what contexts share: the set of levels that were asked for
PROJECT = "goldwire.project"  # and where defaults come from


class Command(typer.core.TyperCommand):
    """A command with the options that all have, and the defaults of the project.

    It refuses an option with one value that is given with two: the parser by itself takes the last, without
    a word.
    """

    def __init__(self, *args: Any, **settings: Any) -> None:
        super().__init__(*args, **settings)
        self.params += common()

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Look at everything that was given, then parse as usual."""
        if ctx.resilient_parsing:  # which is for completion in a shell, of half a line
            return super().parse_args(ctx, args)
        for fault in self._doubled(ctx, args):
            ctx.fail(fault)
        known = {param.name: param for param in self.params if param.name}
        if not {"-h", "--help", "-V", "--version"} & {*args}:
            ctx.meta[PROJECT], ctx.default_map = defaults.of(known)
        rest = super().parse_args(ctx, args)
        places = [name for name, param in known.items() if param.type.name in files.PLACES]
        files.settle(ctx, places, lambda name: _written(known[name], None))
        if ctx.params.get("measure") and _is_of_project(ctx, "suite"):
            ctx.params["suite"] = None  # measures that are named are those that are wanted
        return rest

    def invoke(self, ctx: Any) -> Any:
        """Run the command, as talkative as it was asked to be."""
        levels = ctx.meta.get(LEVELS, set())
        if len(levels) > 1:
            ctx.fail("--quiet and --verbose exclude each other; leave one out")
        with speaking(next(iter(levels), None)), files.sending(ctx):
            for param in self.params:
                if param.name and _is_of_project(ctx, param.name) and ctx.params[param.name] is not None:
                    detail(f"{_written(param, None)} {ctx.params[param.name]}: from {ctx.meta[PROJECT]}")
            return super().invoke(ctx)

    def _doubled(self, ctx: Any, args: list[str]) -> Iterator[str]:
        """What is wrong with options that are given more than once, each in a line."""
        options: list[Any] = [option for option in self.params if _is_single(option)]
        parser = self.make_parser(ctx)
        for option in options:
            for spellings, value in _spellings(option):
                parser.add_option(
                    obj=option,
                    opts=spellings,
                    dest=option.name,
                    action="append" if value is None else "append_const",
                    nargs=option.nargs,
                    const=value,
                )
        written: Mapping[str, Any] = parser.parse_args(args=list(args))[0]
        for option in options:
            values = written.get(option.name) or []
            if len(values) >= TWICE and not option.is_flag:
                told = ", ".join(map(_text, values))
                yield f"{spelt(option)} was given {_times(values)}: {told}; give it once"
            elif len(set(values)) > 1:
                yield f"{option.opts[0]} and {option.secondary_opts[0]} were both given; give one of them"


def _show_version(_ctx: Any, _param: Any, wanted: bool) -> None:
    if wanted:
        say(f"goldwire {__version__}")
        raise typer.Exit


def common() -> list[Any]:
    """The options that every command has besides its own."""
    return [
        _flag(["-q", "--quiet"], "Say nothing on standard error but errors.", _setting("quiet")),
        _flag(["-v", "--verbose"], "Say more: requests, and where defaults come from.", _setting("verbose")),
        _flag(["-V", "--version"], "Show the version and stop.", _show_version),
    ]


def _flag(spellings: list[str], told: str, heard: Callable[[Any, Any, bool], None]) -> Any:
    return typer.core.TyperOption(
        param_decls=spellings, is_flag=True, expose_value=False, is_eager=True, callback=heard, help=told
    )


def _setting(level: Level) -> Callable[[Any, Any, bool], None]:
    def hear(ctx: Any, _param: Any, value: bool) -> None:
        if value:
            ctx.meta.setdefault(LEVELS, set()).add(level)

    return hear


def _is_single(option: Any) -> bool:
    """Whether an option has one value; a flag without an opposite may be given as often as one likes."""
    if option.param_type_name != "option" or option.multiple or option.count:
        return False
    return not option.is_flag or bool(option.secondary_opts)


def _spellings(option: Any) -> Iterator[tuple[list[str], str | None]]:
    """How an option is written, and the value that each way stands for, where it stands for one."""
    if not option.is_flag:
        yield option.opts, None
        return
    yield option.opts, "yes"
    yield option.secondary_opts, "no"


def _times(values: list[Any]) -> str:
    return "twice" if len(values) == TWICE else f"{len(values)} times"


def _text(value: Any) -> str:
    return value if isinstance(value, str) else " ".join(map(str, value))


def spelt(option: Any) -> str:
    """An option as people write it: in full."""
    return str(max(option.opts, key=len))


class Top(typer.core.TyperGroup):
    """The program itself, with the options that every command has."""

    def __init__(self, *args: Any, **settings: Any) -> None:
        super().__init__(*args, **settings)
        self.params += common()


class App(typer.Typer):
    """A set of commands, all of which are a `Command`."""

    def command(self, name: str | None = None, **settings: Any) -> Callable[[F], F]:
        """Add a command, as `Typer.command` does."""
        return super().command(name, **{"cls": Command, **settings})


# ---------------------------------------------------------------- options that depend on others
def given(ctx: typer.Context, names: Iterable[str]) -> list[str]:
    """Those of some parameters that were given on the command line, as they are written there."""
    written = {param.name: param for param in ctx.command.params}
    found = [name for name in names if (source := ctx.get_parameter_source(name)) and _is_given(source)]
    return [_written(written[name], ctx.params.get(name)) for name in found]


def _is_given(source: Any) -> bool:
    return bool(source.name == "COMMANDLINE")


def _is_of_project(ctx: Any, name: str) -> bool:
    source = ctx.get_parameter_source(name)
    return bool(source and source.name == "DEFAULT_MAP" and (ctx.default_map or {}).get(name) is not None)


def _written(param: Any, value: Any) -> str:
    if param.param_type_name == "argument":
        return str(param.metavar or param.name).strip("[]…")
    if param.is_flag and value is False and param.secondary_opts:
        return str(param.secondary_opts[0])
    return spelt(param)


def refuse(ctx: typer.Context, names: Iterable[str], where: str) -> None:
    """Refuse parameters that were given and would be passed over; `where` says when that is.

    Wrong use, as a misspelt option is: exit 2.
    """
    found = given(ctx, names)
    if found:
        verb, them = ("has", "it") if len(found) == 1 else ("have", "them")
        ctx.fail(f"{', '.join(found)} {verb} no effect {where}; leave {them} out")
