"""The settings of a programme in about a hundred bytes: deflated, with a dictionary of what they are written with. Pure."""

from __future__ import annotations

import zlib

_WORDS = (
    b'"refund_expired":{"kind":"reissue"},"refund_expired":{"kind":"grace","days":30},"clawback":"refuse","clamp",'
    b'"pending":{"ec":{"days":14},"pos":"complete","payments":{"approval_above":,"pos_spend_needs_presence":false,'
    b'"receipt_claim_days":60,"premium_class":"premium","currency":"USD","zone":"Europe/Asia/America/",'
    b'"rounding":{"mode":"half_up","ceil","scope":"order"},"basis":{"tax":"incl","deduct_points_used":false},'
    b'"spending":{"min":100,"step":50,"max_share_bp":5000},"expiry":{"kind":"sliding","calendar_year","end_of_month",'
    b'"tiers":{"window":{"rolling_months":12},"levels":[{"name":"base","from":0},{"name":"silver","from":5000},'
    b'{"name":"gold","from":20000}]},"first_purchase":true,"actions":["review"],"store_ids":["categories":["'
    b'"channels":["ec","pos"],"from":"2026-01-01","until":"2026-12-31T15:00:00Z","tiers":["gold"]},'
    b'"cap":{"per_day":1000,"per_member":100},"lot":{"kind":"limited","expiry":{"kind":"fixed_days","n":30}}},'
    b'{"rule_id":"welcome","kind":"bonus","points":500,"when":{{"rule_id":"double","kind":"multiplier","factor":"2/1"},'
    b'{"earning":[{"rule_id":"base","kind":"base","points":1,"per_amount":200}]}'
)
"""What programmes are written with, so that a packed one holds only what is its own. Never change it: what was packed
is read with it. Another one would get another number in front."""

_DICTIONARIES = {b"\x01": _WORDS}


def pack(text: str) -> bytes:
    """The text in few bytes."""
    packer = zlib.compressobj(9, wbits=-15, zdict=_WORDS)
    return b"\x01" + packer.compress(text.encode()) + packer.flush()


def unpack(packed: bytes) -> str:
    """What `pack` packed."""
    return zlib.decompressobj(wbits=-15, zdict=_DICTIONARIES[packed[:1]]).decompress(packed[1:]).decode()
