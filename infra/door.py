"""The local stack's door: who tries the pages gets in by one click, as one of the sample members or with a sample key.

It gives nothing that lies closed on this machine: the local AWS has no accounts, so whoever reaches it reads and
writes every table. A stage in the cloud has no such server (`docs/decisions/0045-a-door-for-visitors.md`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote, urlsplit

from infra import files, issuer
from infra.locate import Home

PLACE = "/door/"
TOKEN_SECONDS = 8 * 3600
"""As long as somebody tries things out."""


def sign(local: Mapping[str, Any]) -> dict[str, Any]:
    """What stands at the door: the members and the names of the keys that are let in, and where a visitor stands."""
    seed = local["seed"]
    return {"members": seed.get("member_ids", []), "keys": sorted(local["keys"]), "place": seed.get("place")}


def opened(path: str, local: Mapping[str, Any], home: Home) -> str | None:
    """The token or the secret that lies behind a path, `/door/members/ID` or `/door/keys/NAME`; None for no such one.

    Any member's token can be had, as with `omo token`: one who is nobody yet may become a member.
    """
    kind, _, name = unquote(path.removeprefix(PLACE)).partition("/")
    if not path.startswith(PLACE) or not name:
        return None
    if kind == "members":
        port = urlsplit(local["issuer"]).port
        assert port
        return issuer.mint(home.issuer_key, port, name, TOKEN_SECONDS)
    if kind == "keys":
        secrets = files.read_json(home.keys) or local["keys"]
        return secrets.get(name) if isinstance(secrets.get(name), str) else None
    return None
