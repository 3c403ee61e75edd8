"""Files that jobs make for people to fetch: put whole, fetched by an address that is good for a short time.

Those of jobs go by themselves after a day or two, reports after two years, so nothing may live in them alone. S3 and a
dictionary are the two forms.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from shared import aws
from shared.keys import Stage
from shared.spreadsheet import CONTENT_TYPE as CSV


class Files(Protocol):
    """Where the files of one stage lie."""

    def put(self, key: str, content: bytes, media: str = CSV) -> None:
        """Put a file, whatever was there."""

    def get(self, key: str) -> bytes | None:
        """A file's content; None if it is not there, or not any more."""

    def address(self, key: str, seconds: int) -> str:
        """Where whoever holds this address can fetch the file, for so long."""


class MemoryFiles:
    """Files in a dictionary."""

    def __init__(self) -> None:
        self.kept: dict[str, bytes] = {}

    def put(self, key: str, content: bytes, media: str = CSV) -> None:  # noqa: ARG002 - whoever reads it knows
        self.kept[key] = content

    def get(self, key: str) -> bytes | None:
        return self.kept.get(key)

    def address(self, key: str, seconds: int) -> str:  # noqa: ARG002 - memory forgets nothing
        return f"memory:{key}"


class S3Files:
    """Files in the stage's bucket."""

    def __init__(self, stage: Stage, clients: Callable[[str], Any] = aws.client) -> None:
        self._stage, self._clients = stage, clients

    @property
    def _bucket(self) -> str:
        return self._stage.files(aws.account_id(self._clients))

    def put(self, key: str, content: bytes, media: str = CSV) -> None:
        self._clients("s3").put_object(Bucket=self._bucket, Key=key, Body=content, ContentType=media)

    def get(self, key: str) -> bytes | None:
        s3 = self._clients("s3")
        try:
            content: bytes = s3.get_object(Bucket=self._bucket, Key=key)["Body"].read()
        except s3.exceptions.NoSuchKey:
            return None
        return content

    def address(self, key: str, seconds: int) -> str:
        there = {"Bucket": self._bucket, "Key": key}
        address: str = self._clients("s3").generate_presigned_url("get_object", Params=there, ExpiresIn=seconds)
        return address
