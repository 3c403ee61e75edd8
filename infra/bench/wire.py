"""The calls that our code makes, written down and made again by nobody but boto3: the floor of each figure.

The very same calls, byte for byte, go to tables of their own, which have seen all that the others have, so that every
condition holds there as it did here. Reads of settings are left out: they come from a cache that is read again once a
second, however many requests there are in it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from botocore.exceptions import ClientError

from infra.engine import new_table

Call = tuple[str, dict[str, Any]]


class Names(NamedTuple):
    """The three tables of a shop."""

    ledger: str
    directory: str
    transient: str


def new_names(client: Any) -> Names:
    """Three fresh tables."""
    return Names(new_table(client).name, new_table(client, sort="S").name, new_table(client, sort="S").name)


class Recorder:
    """A DynamoDB client that keeps what it was asked."""

    def __init__(self, client: Any) -> None:
        self._client = client
        self.calls: list[Call] = []

    def __getattr__(self, operation: str) -> Callable[..., Any]:
        method = getattr(self._client, operation)

        def call(**asked: Any) -> Any:
            self.calls.append((operation, asked))
            return method(**asked)

        setattr(self, operation, call)
        return call

    def take(self) -> list[Call]:
        """What was asked since the last time."""
        taken, self.calls = self.calls, []
        return taken


def needed(calls: Sequence[Call], directory: str) -> list[Call]:
    """Those without the reads of settings."""
    return [(name, asked) for name, asked in calls if not _is_setting(asked, directory)]


def _is_setting(asked: Mapping[str, Any], directory: str) -> bool:
    """Members are in the directory, too, and are asked for each time."""
    if directory in asked.get("RequestItems", {}):
        return True
    is_read = asked.get("TableName") == directory and bool(asked.get("ConsistentRead"))
    return is_read and not asked.get("Key", {}).get("pk", {}).get("S", "").startswith("member#")


def elsewhere(calls: Sequence[Call], here: Names, there: Names) -> list[Call]:
    """The same calls to other tables."""
    renamed = dict(zip(here, there, strict=True))
    return [(name, _renamed(asked, renamed)) for name, asked in calls]


def _renamed(value: Any, names: Mapping[str, str]) -> Any:
    match value:
        case dict():
            return {names.get(key, key): _renamed(one, names) for key, one in value.items()}
        case list():
            return [_renamed(one, names) for one in value]
        case str():
            return names.get(value, value)
        case _:
            return value


def replay(client: Any, calls: Sequence[Call]) -> None:
    """Make the calls; a condition that failed there fails here, too."""
    for name, asked in calls:
        try:
            getattr(client, name)(**asked)
        except ClientError as error:
            if "ConditionalCheckFailed" not in str(error):
                raise
