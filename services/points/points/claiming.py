"""What a member's points answer to a coupon that is reserved for them: they pay, or refuse by an entry. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from points import spending
from points.balances import Account, settle, spend_lots
from points.lots import pack_lots
from points.programme import Spending
from shared.chain import Decided, Step
from shared.errors import Conflict, Invalid, Refused
from shared.units import Points


@dataclass(frozen=True, slots=True)
class Claiming:
    """The price of a reserved coupon, as it was when the member claimed it, and what may be spent at a time now."""

    claim_id: str
    coupon_id: str
    price: Points
    spending: Spending
    zone: str

    @property
    def ref(self) -> tuple[str, str]:
        return "claim", self.claim_id


def pay_or_tell(account: Account, claiming: Claiming, at: datetime) -> Decided[Account]:
    """Spend the price; or refuse it by an entry of 0 points, so that it can't be paid any more once the coupon is gone.

    Either entry names the coupon, whose book acts on it.
    """
    account, steps = settle(account, at, claiming.zone)
    data = {"coupon_id": claiming.coupon_id}
    try:
        spending.check(claiming.spending, claiming.price, "/price_points")
        account, taken = spend_lots(account, claiming.price)
    except (Conflict, Invalid) as refused:
        return Decided(account, (*steps, Step("refused", ref=claiming.ref, data={**data, "code": _why(refused)})))
    paid = Step("spent", -claiming.price, ref=claiming.ref, data={**data, "lots": pack_lots(taken)})
    return Decided(account, (*steps, paid))


def _why(refused: Refused) -> str:
    """The code of a refusal, or of what is wrong with the price."""
    errors = refused.fields.get("errors")
    return str(errors[0]["code"]) if errors else refused.code
