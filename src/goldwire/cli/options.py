"""Options that are heard or refused: one that takes one value is given once, and none is passed over."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, TypeVar

import typer
import typer.core

F = TypeVar("F", bound=Callable[..., Any])
TWICE = 2


class Command(typer.core.TyperCommand):
    """A command that refuses an option with one value that is given with two.

    The parser by itself takes the last, without a word.
    """

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Look at everything that was given, then parse as usual."""
        if not ctx.resilient_parsing:  # which is for completion in a shell, of half a line
            for fault in self._doubled(ctx, args):
                ctx.fail(fault)
        return super().parse_args(ctx, args)

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
