"""Omotenashi for integrators: points, coupons and check-ins of a shop, called by the rules of `docs/api.md`."""

from omotenashi_client.asking import Answer, NoAnswer, Patience, Refused, Request, Response, Unnamed
from omotenashi_client.client import Client, new_id
from omotenashi_client.outbox import Call, Damaged, Outbox, Sale, SameIdOtherContent
from omotenashi_client.till import GaveUp, Outcome, Till, upload

__all__ = [
    "Answer",
    "Call",
    "Client",
    "Damaged",
    "GaveUp",
    "NoAnswer",
    "Outbox",
    "Outcome",
    "Patience",
    "Refused",
    "Request",
    "Response",
    "Sale",
    "SameIdOtherContent",
    "Till",
    "Unnamed",
    "new_id",
    "upload",
]
