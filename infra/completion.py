"""Shell completion: what can come next on the command line, written down for bash, zsh and fish.

It is made from the parser itself, so it can't fall behind. Each script is a table, from the words that stand already to
those that may follow; where none is known, a shell offers files.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Place:
    """A command, or a group of them: which words may follow, each with what it means, and which options with values."""

    words: Mapping[str, str] = field(default_factory=dict)
    options: Mapping[str, str] = field(default_factory=dict)
    values: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # of options that take one: none known, files


def places(parser: argparse.ArgumentParser, at: str = "") -> Iterator[tuple[str, Place]]:
    """Every place of the command line, by the words that lead there."""
    words: dict[str, str] = {}
    options: dict[str, str] = {}
    values: dict[str, tuple[str, ...]] = {}
    below: list[tuple[str, argparse.ArgumentParser]] = []
    for action in parser._actions:  # noqa: SLF001 - argparse has no other way to tell what it knows
        says = (action.help or "").replace("%%", "%")
        if isinstance(action, argparse._SubParsersAction):  # noqa: SLF001
            about = {one.dest: one.help or "" for one in action._choices_actions}  # noqa: SLF001
            words |= {name: about.get(name, "") for name in action.choices}
            below += [(f"{at} {name}".strip(), more) for name, more in action.choices.items()]
        elif action.option_strings:
            options |= dict.fromkeys(action.option_strings, says)
            if action.nargs != 0:
                values |= dict.fromkeys(action.option_strings, tuple(map(str, action.choices or ())))
        elif action.choices:
            words |= dict.fromkeys(map(str, action.choices), "")
    yield at, Place(words, options, values)
    for path, more in below:
        yield from places(more, path)


def script(shell: str, parser: argparse.ArgumentParser) -> str:
    """The script for a shell."""
    return SHELLS[shell](dict(places(parser)))


# ---- bash -----------------------------------------------------------------------------------------------------------

_BASH = """\
# Completion of omo for bash.
_omo() {{
  local at="" word cur="${{COMP_WORDS[COMP_CWORD]}}" before="" candidates="" n
  (( COMP_CWORD > 1 )) && before="${{COMP_WORDS[COMP_CWORD-1]}}"
  for (( n = 1; n < COMP_CWORD; n++ )); do
    word="${{COMP_WORDS[n]}}"
    case "${{at:+$at }}$word" in
      {paths}) at="${{at:+$at }}$word" ;;
    esac
  done
  case "$at|$before" in
{values}
  esac
  case "$at" in
{places}
  esac
  COMPREPLY=( $(compgen -W "$candidates" -- "$cur") )
}}
complete -o bashdefault -o default -F _omo omo
"""


def _bash(found: Mapping[str, Place]) -> str:
    paths = "|".join(f'"{path}"' for path in found if path)
    values, table = [], []
    for path, place in found.items():
        for option, known in place.values.items():
            then = f'COMPREPLY=( $(compgen -W "{" ".join(known)}" -- "$cur") )' if known else "COMPREPLY=()"
            values.append(f'    "{path}|{option}") {then}; return ;;')
        table.append(f'    "{path}") candidates="{" ".join([*place.words, *place.options])}" ;;')
    return _BASH.format(paths=paths, values="\n".join(values), places="\n".join(table))


# ---- zsh ------------------------------------------------------------------------------------------------------------

_ZSH = """\
#compdef omo
# Completion of omo for zsh.
_omo() {{
  local at="" word n
  local -a candidates
  for (( n = 2; n < CURRENT; n++ )); do
    word="${{words[n]}}"
    case "${{at:+$at }}$word" in
      ({paths}) at="${{at:+$at }}$word" ;;
    esac
  done
  case "$at|${{words[CURRENT-1]}}" in
{values}
  esac
  case "$at" in
{places}
  esac
  _describe -t words omo candidates
  [[ "${{words[CURRENT]}}" == -* ]] || _files
}}
if [[ "$funcstack[1]" == _omo ]]; then _omo "$@"; else compdef _omo omo; fi
"""


def _zsh(found: Mapping[str, Place]) -> str:
    paths = "|".join(f'"{path}"' for path in found if path)
    values, table = [], []
    for path, place in found.items():
        for option, known in place.values.items():
            then = f"compadd -- {' '.join(known)}" if known else "_files"
            values.append(f'    ("{path}|{option}") {then}; return ;;')
        told = " ".join(_quoted(f"{_plain(word)}:{says}") for word, says in {**place.words, **place.options}.items())
        table.append(f'    ("{path}") candidates=({told}) ;;')
    return _ZSH.format(paths=paths, values="\n".join(values), places="\n".join(table))


def _plain(word: str) -> str:
    return word.replace(":", "\\:")


def _quoted(text: str) -> str:
    """A text that no shell reads anything into."""
    return "'" + text.replace("'", "'\\''") + "'"


# ---- fish -----------------------------------------------------------------------------------------------------------

_FISH = """\
# Completion of omo for fish.
function __omo_at
  set -l at
  for word in (commandline -opc)[2..-1]
    switch "$at $word"
      case {paths}
        set at "$at $word"
    end
  end
  test "$at" = "$argv[1]"
end
"""


def _fish(found: Mapping[str, Place]) -> str:
    lines = [_FISH.format(paths=" ".join(f'" {path}"' for path in found if path)).rstrip("\n")]
    for path, place in found.items():
        here = f"complete -c omo -n '__omo_at \"{' ' + path if path else ''}\"'"
        lines += [f"{here} -f -a {_of_fish(word)} -d {_of_fish(says)}" for word, says in place.words.items()]
        for option, says in place.options.items():
            name = f"-l {option[2:]}" if option.startswith("--") else f"-s {option[1:]}"
            known = place.values.get(option)
            takes = "" if known is None else f" -x -a {_of_fish(' '.join(known))}" if known else " -r"
            lines.append(f"{here} {name}{takes} -d {_of_fish(says)}")
    return "\n".join(lines) + "\n"


def _of_fish(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


SHELLS: Mapping[str, Callable[[Mapping[str, Place]], str]] = {"bash": _bash, "zsh": _zsh, "fish": _fish}
