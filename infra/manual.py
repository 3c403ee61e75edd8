"""The pages that are made of the code: every command with its options, every setting with its limits.

`python -m infra.manual` (`make pages`) writes them anew; a test holds them to what would be written now.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from infra import cli, manual_settings
from infra.examples import EXAMPLES
from infra.locate import ROOT

DOCS = ROOT / "docs"
_MADE = "<!-- Made by `make pages`; what is changed here by hand goes. -->\n"


def pages() -> dict[Path, str]:
    """Every page that is made, with its text."""
    return {DOCS / "commands.md": _MADE + commands(), DOCS / "settings.md": _MADE + manual_settings.page()}


def commands() -> str:
    """The reference of the command line."""
    return "\n".join([*_head(), *(line for command in cli.COMMANDS for line in _command(command))])


def _head() -> Iterator[str]:
    yield "# The command line\n"
    yield "`omo` lies in `.venv/bin/` after `make setup`. Each command ends with 0 only on success, with 1 when it failed and 2"
    yield "when it was called wrongly, and tells it in words, or with `--json` as one JSON document. `omo COMMAND --help` says what"
    yield "stands here. `--dir DIR` is the folder of another stack (`$OMO_HOME`, else `.omo`).\n"
    yield "| command | |"
    yield "|---|---|"
    yield from (f"| [`{one.name}`](#omo-{one.name.replace(' ', '-')}) | {_cell(one.says)} |" for one in cli.COMMANDS)
    yield ""


def _command(command: cli.Command) -> Iterator[str]:
    yield f"## omo {command.name}\n"
    yield f"{command.says[0].upper()}{command.says[1:]}.\n"
    yield f"```\n{_usage(command)}\n```\n"
    if command.arguments:
        yield "| | |"
        yield "|---|---|"
        yield from (f"| {_names(names, said)} | {_says(said)} |" for names, said in command.arguments)
        yield ""
    yield "```sh"
    yield from EXAMPLES[command.name]
    yield "```\n"


def _usage(command: cli.Command) -> str:
    words = [f"omo {command.name}"]
    for names, said in command.arguments:
        shown = " ".join([names[-1], _value(said)]).strip() if names[0].startswith("-") else _place(names[0], said)
        is_needed = said.get("required", not names[0].startswith("-") and said.get("nargs") not in ("?", "*"))
        words.append(shown if is_needed else f"[{shown}]")
    return " ".join([*words, "[--json] [--dir DIR]"])


def _place(name: str, said: dict[str, Any]) -> str:
    shown = str(said.get("metavar") or ("|".join(said["choices"]) if "choices" in said else name.upper()))
    return f"{shown} …" if said.get("nargs") in ("*", "+") else shown


def _value(said: dict[str, Any]) -> str:
    """What stands behind an option: nothing behind one that is said or not."""
    if str(said.get("action", "")).startswith("store_"):
        return ""
    if "metavar" in said:
        return str(said["metavar"])
    if "choices" in said:
        return "|".join(map(str, said["choices"]))
    return str(getattr(said.get("type"), "__name__", "VALUE")).upper()


def _names(names: Sequence[str], said: dict[str, Any]) -> str:
    if not names[0].startswith("-"):
        return f"`{_place(names[0], said)}`"
    value = f" {_value(said)}".rstrip()
    return ", ".join(f"`{name}{value}`" for name in names).replace("|", "\\|")


def _says(said: dict[str, Any]) -> str:
    parts = [_cell(str(said["help"]))] if said.get("help") not in (None, argparse.SUPPRESS) else []
    if "choices" in said:
        parts.append("one of " + ", ".join(f"`{one}`" for one in said["choices"]))
    if said.get("default") not in (None, False, [], ()) and "default" not in str(said.get("help")):
        parts.append(f"default: `{said['default']}`")
    return "; ".join(parts)


def _cell(text: str) -> str:
    return text.replace("%%", "%").replace("|", "\\|")


def main() -> None:
    """Write every page that is not what it would be."""
    for path, text in pages().items():
        if not path.exists() or path.read_text("utf-8") != text:
            path.write_text(text, "utf-8")
            print(f"{path.relative_to(ROOT)} is written anew.")


if __name__ == "__main__":
    main()
