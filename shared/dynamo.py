"""The store port on DynamoDB, through the low-level client."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, cast

from shared.errors import Unavailable
from shared.table import Collision, Item, Put, PutNew, Remove, Replace, Usage, Write


class DynamoTable:
    """A DynamoDB table through the low-level client."""

    def __init__(self, client: Any, name: str) -> None:
        self._client = client
        self.name = name
        self.usage = Usage()

    def get(self, pk: str, sk: int | str, *, consistent: bool = False) -> Item | None:
        answer = self._call("get_item", Key=_key(pk, sk), ConsistentRead=consistent)
        return load(answer["Item"]) if "Item" in answer else None

    def get_many(self, keys: Sequence[tuple[str, int | str]], *, consistent: bool = False) -> list[Item]:
        wanted, found = [_key(*key) for key in dict.fromkeys(keys)], list[Item]()
        while wanted:
            some, wanted = wanted[:_KEYS_MAX], wanted[_KEYS_MAX:]
            asked = {self.name: {"Keys": some, "ConsistentRead": consistent}}
            answer = self._call("batch_get_item", RequestItems=asked)
            found += [load(raw) for raw in answer["Responses"].get(self.name, [])]
            left = answer.get("UnprocessedKeys", {}).get(self.name, {}).get("Keys", [])  # too large, or too fast
            if len(left) == len(some):
                raise Unavailable
            wanted = left + wanted
        return found

    def newest(self, pk: str, *, upto: int | None = None, consistent: bool = False) -> Item | None:
        found = self.items(pk, upto=upto, newest_first=True, limit=1, consistent=consistent)
        return found[0] if found else None

    def items(
        self,
        pk: str,
        *,
        after: int | str | None = None,
        upto: int | str | None = None,
        newest_first: bool = False,
        limit: int = 1000,
        consistent: bool = False,
    ) -> list[Item]:
        condition, values = "pk = :pk", {":pk": {"S": pk}}
        if after is not None:
            condition += " AND sk > :after"
            values[":after"] = _dump_value(after)
        elif upto is not None:
            condition += " AND sk <= :upto"
            values[":upto"] = _dump_value(upto)
        asked: dict[str, Any] = {
            "KeyConditionExpression": condition,
            "ExpressionAttributeValues": values,
            "ScanIndexForward": not newest_first,
            "ConsistentRead": consistent,
        }
        found: list[Item] = []
        while len(found) < limit:
            answer = self._call("query", Limit=limit - len(found), **asked)
            found += [load(raw) for raw in answer["Items"]]
            if "LastEvaluatedKey" not in answer:
                break
            asked["ExclusiveStartKey"] = answer["LastEvaluatedKey"]
        return [one for one in found if upto is None or after is None or one["sk"] <= upto]

    def scan(self, *, after: tuple[str, int | str] | None, limit: int) -> list[Item]:
        start: dict[str, Any] = {} if after is None else {"ExclusiveStartKey": _key(*after)}
        found: list[Item] = []
        while len(found) < limit:
            answer = self._call("scan", Limit=limit - len(found), **start)
            found += [load(raw) for raw in answer["Items"]]
            if "LastEvaluatedKey" not in answer:
                break
            start = {"ExclusiveStartKey": answer["LastEvaluatedKey"]}
        return found

    def put_new(self, item: Item) -> Item | None:
        try:
            self._call(
                "put_item",
                Item=_dump(item),
                ConditionExpression="attribute_not_exists(pk)",
                ReturnValuesOnConditionCheckFailure="ALL_OLD",
            )
        except _ConditionFailed as failed:
            return None if failed.old == item else failed.old
        return None

    def put(self, item: Item) -> None:
        self._call("put_item", Item=_dump(item))

    def replace(self, item: Item, version: int) -> bool:
        try:
            self._call("put_item", Item=_dump(item), **_has_version(version))
        except _ConditionFailed as failed:
            return failed.old == item
        return True

    def delete(self, pk: str, sk: int | str) -> None:
        self._call("delete_item", Key=_key(pk, sk))

    def transact(self, writes: Sequence[Write]) -> None:
        try:
            self._call("transact_write_items", TransactItems=[self._part(write) for write in writes])
        except _Cancelled as cancelled:
            if all(_is_written(write, old) for write, old in zip(writes, cancelled.olds, strict=True)):
                return
            raise Collision({n: old for n, old in enumerate(cancelled.olds) if old is not None}) from None

    def _part(self, write: Write) -> dict[str, Any]:
        if isinstance(write, Remove):
            return {"Delete": {"TableName": self.name, "Key": _key(write.pk, write.sk)}}
        put: dict[str, Any] = {"TableName": self.name, "Item": _dump(write.item)}
        if isinstance(write, Replace):
            put |= _has_version(write.version)
        elif isinstance(write, PutNew):
            put |= {"ConditionExpression": "attribute_not_exists(pk)"}
        return {"Put": put if isinstance(write, Put) else put | {"ReturnValuesOnConditionCheckFailure": "ALL_OLD"}}

    def _call(self, operation: str, **asked: Any) -> dict[str, Any]:
        from botocore.exceptions import BotoCoreError, ClientError

        if operation not in _NAMES_ITS_TABLES:
            asked["TableName"] = self.name
        self.usage.round_trips += 1
        try:
            answer: dict[str, Any] = getattr(self._client, operation)(ReturnConsumedCapacity="TOTAL", **asked)
        except ClientError as error:
            raise self._translated(error) from error
        except BotoCoreError as error:  # no answer in time: what became of the call is not known
            raise Unavailable from error
        self._count(answer.get("ConsumedCapacity"), is_write=operation not in _READS)
        return answer

    def _count(self, capacity: Any, *, is_write: bool) -> None:
        parts = capacity if isinstance(capacity, list) else [capacity] if capacity else []
        units = sum(float(part.get("CapacityUnits", 0)) for part in parts)
        if is_write:
            self.usage.write_units += units
        else:
            self.usage.read_units += units

    def _translated(self, error: Any) -> Exception:
        code = error.response["Error"]["Code"]
        if code == "ConditionalCheckFailedException":
            self.usage.write_units += 1  # the engine charges a failed condition but does not report it
            return _ConditionFailed(load(error.response.get("Item", {})))
        if code == "TransactionCanceledException":
            reasons = error.response.get("CancellationReasons", [])
            codes = {reason["Code"] for reason in reasons}
            if codes <= _LOST_RACE:
                self.usage.write_units += 2 * len(reasons)
                return _Cancelled([_old(reason) for reason in reasons])
            if codes & _LASTING:
                return cast("Exception", error)
        # An answer that did not come from the engine itself, but from what stands before it, has no code of its own.
        is_broken = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0) >= 500
        if code in _TRANSIENT or is_broken:
            return Unavailable()
        return cast("Exception", error)


_READS = ("get_item", "batch_get_item", "query", "scan")
_NAMES_ITS_TABLES = ("transact_write_items", "batch_get_item")
_KEYS_MAX = 100  # so many may be asked for in one call
_LOST_RACE = frozenset({"None", "ConditionalCheckFailed", "TransactionConflict"})
_LASTING = frozenset({"ItemCollectionSizeLimitExceeded", "ValidationError"})
_TRANSIENT = frozenset(
    {
        "InternalServerError",
        "LimitExceededException",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "ServiceUnavailable",
        "ThrottlingException",
        "TransactionCanceledException",
        "TransactionConflictException",
        "TransactionInProgressException",
    }
)


class _ConditionFailed(Exception):
    def __init__(self, old: Item) -> None:
        super().__init__("condition failed")
        self.old = old


class _Cancelled(Exception):
    def __init__(self, olds: list[Item | None]) -> None:
        super().__init__("transaction cancelled")
        self.olds = olds


def _old(reason: dict[str, Any]) -> Item | None:
    """What stood where a part failed: {} for a conflict with nothing to show, None where the part was fine."""
    return None if reason["Code"] == "None" else load(reason.get("Item", {}))


def _is_written(write: Write, old: Item | None) -> bool:
    return isinstance(write, Put | Remove) or old == write.item


def _has_version(version: int) -> dict[str, Any]:
    return {
        "ConditionExpression": "version = :version",
        "ExpressionAttributeValues": {":version": {"N": str(version)}},
        "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
    }


def _key(pk: str, sk: int | str) -> dict[str, Any]:
    return {"pk": {"S": pk}, "sk": _dump_value(sk)}


def _dump(item: Item) -> dict[str, Any]:
    return {name: _dump_value(value) for name, value in item.items()}


def _dump_value(value: Any) -> dict[str, Any]:
    """DynamoDB's tagged form of a value."""
    match value:
        case str():
            return {"S": value}
        case bool():
            return {"BOOL": value}
        case int() | float():
            return {"N": repr(value)}
        case bytes():
            return {"B": value}
        case list() | tuple():
            return {"L": [_dump_value(one) for one in value]}
        case dict():
            return {"M": _dump(value)}
        case None:
            return {"NULL": True}
    raise TypeError(f"an item can't hold a {type(value).__name__}")


def load(raw: dict[str, Any], binary: Callable[[Any], bytes] = bytes) -> Item:
    """An item from DynamoDB's tagged form; a stream's image has its bytes in base 64."""
    return {name: _load_value(value, binary) for name, value in raw.items()}


def _load_value(tagged: dict[str, Any], binary: Callable[[Any], bytes]) -> Any:
    ((tag, value),) = tagged.items()
    match tag:
        case "S" | "BOOL":
            return value
        case "N":
            return int(value) if value.lstrip("-").isdigit() else float(value)
        case "B":
            return binary(value)
        case "L":
            return [_load_value(one, binary) for one in value]
        case "M":
            return load(value, binary)
        case "NULL":
            return None
    raise TypeError(f"an item can't hold a {tag}")
