"""What has been replayed into a stack: kept in a file beside the stack's own, so that a second run repeats the first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from infra import files
from infra.receipts import Slice


@dataclass
class Journal:
    """The replays of one stack. Another stack's file is as good as none: its data are gone, so its dates are free."""

    path: Path
    stack: str

    def begin(self, part: Slice, shift_weeks: int) -> int:
        """Note a slice before its first purchase is sent; the answer is the shift to use, the first one's for ever.

        With a shift that moves on, the same purchase id would carry another time after a week: `id_reused`.
        """
        kept = self._read()
        if kept is None:
            kept = {"stack": self.stack, "shift_weeks": shift_weeks, "slices": []}
        slices = [each for each in kept["slices"] if _slice(each) != part]
        kept["slices"] = [*slices, {**asdict(part), "is_done": False}]
        files.write_json(self.path, kept)
        return int(kept["shift_weeks"])

    def finish(self) -> None:
        """Note that all slices arrived and were verified."""
        kept = self._read()
        if kept is not None:
            files.write_json(self.path, {**kept, "slices": [{**each, "is_done": True} for each in kept["slices"]]})

    @property
    def slices(self) -> Sequence[Slice]:
        """All that was ever sent, or begun to be."""
        return [_slice(each) for each in (self._read() or {"slices": []})["slices"]]

    @property
    def unfinished(self) -> Sequence[Slice]:
        """What has to be sent: the slice just begun and any that was interrupted."""
        return [_slice(each) for each in (self._read() or {"slices": []})["slices"] if not each["is_done"]]

    @property
    def shift_weeks(self) -> int:
        """By how many weeks this stack's dates are moved, once a replay has begun."""
        return int((self._read() or {"shift_weeks": 0})["shift_weeks"])

    def _read(self) -> dict[str, Any] | None:
        kept: dict[str, Any] | None = files.read_json(self.path)
        return kept if kept is not None and kept["stack"] == self.stack else None


def _slice(kept: dict[str, Any]) -> Slice:
    return Slice(days=kept["days"], households=kept["households"])
