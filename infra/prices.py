"""What AWS asks, from a dated file: by region, each price with where and when it was seen."""

from __future__ import annotations

import math
from datetime import date
from itertools import pairwise
from pathlib import Path
from typing import Annotated

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from infra.locate import INFRA

OURS = INFRA / "prices.yaml"
NAMES = (
    "dynamodb_write", "dynamodb_read", "dynamodb_storage", "dynamodb_recovery", "lambda_request", "lambda_gb_second",
    "gateway_request", "transfer_out", "sqs_request", "sns_publish", "logs_taken", "logs_kept", "metric", "alarm",
    "secret", "secret_request", "s3_storage", "s3_put",
)  # fmt: skip

Dollars = Annotated[float, Field(ge=0, allow_inf_nan=False)]


class NoPrices(Exception):
    """A file that tells no prices; the message says why."""


class Price(BaseModel):
    """US dollars for so many; in steps, each up to so many a month."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    usd: Dollars | None = None
    steps: tuple[tuple[float | None, Dollars], ...] = ()
    per: Annotated[float, Field(gt=0)]
    source: str
    seen: str | date | int

    @model_validator(mode="after")
    def _is_one_of_both(self) -> Price:
        if (self.usd is None) == (not self.steps):
            raise ValueError("either usd or steps")
        ends = [math.inf if end is None else end for end, _ in self.steps]
        if ends and (ends[-1] < math.inf or any(one >= after for one, after in pairwise(ends))):
            raise ValueError("steps rise, and the last one has no end")
        return self

    def of(self, quantity: float) -> float:
        """What so many cost in a month."""
        if self.usd is not None:
            return quantity / self.per * self.usd
        sum_, begin = 0.0, 0.0
        for end, usd in self.steps:
            upto = quantity if end is None else min(quantity, end)
            sum_ += max(0.0, upto - begin) / self.per * usd
            begin = upto
        return sum_


class Prices(BaseModel):
    """The prices of some regions, as of a day."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    as_of: date
    regions: dict[str, dict[str, Price]]

    @model_validator(mode="after")
    def _has_every_price(self) -> Prices:
        for region, prices in self.regions.items():
            if missing := [name for name in NAMES if name not in prices]:
                raise ValueError(f"{region} lacks {', '.join(missing)}")
        return self

    def of(self, region: str) -> dict[str, Price]:
        """The prices of a region."""
        if region not in self.regions:
            raise NoPrices(f"There are no prices of {region!r}, only of {', '.join(self.regions)}.")
        return self.regions[region]


def read(path: Path = OURS) -> Prices:
    """The prices of a file."""
    try:
        return Prices.model_validate(yaml.safe_load(path.read_text("utf-8")))
    except FileNotFoundError:
        raise NoPrices(f"There is no file {path}.") from None
    except (yaml.YAMLError, UnicodeDecodeError):
        raise NoPrices(f"{path} is no YAML.") from None
    except ValidationError as wrong:
        first = wrong.errors()[0]
        where = ".".join(str(one) for one in first["loc"])
        raise NoPrices(f"{path}: {where or 'the file'}: {first['msg']}") from None
