"""Blobs on object storage that speaks the S3 API: s3://BUCKET/PREFIX?endpoint=https://…&region=…

Credentials come the usual ways of the AWS SDK (AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, a
profile, the machine's role). `endpoint` names another service than AWS (MinIO, OSS, COS, OBS by
their S3 endpoints); with `style=path` the bucket is in the path. boto3 is the extra `s3`.
"""

from __future__ import annotations

import base64
import hashlib
import urllib.parse
from typing import TYPE_CHECKING, Any

from danshu.kernel.errors import InputError, NotAvailable, ProgramError
from danshu.kernel.limits import RETRY_AFTER_S

if TYPE_CHECKING:
    from pathlib import Path

_TIMEOUT_S = 30


class S3:
    """A bucket and the beginning of its objects' names."""

    def __init__(self) -> None:
        self._client: Any = None
        self._bucket = ""
        self._prefix = ""
        self._errors: tuple[type[Exception], ...] = ()

    def open(self, url: str) -> None:
        """Name bucket and prefix; the first request tells whether the service is there."""
        parts = urllib.parse.urlsplit(url)
        if parts.scheme != "s3" or not parts.netloc:
            raise InputError("archive_url", "object storage is named as s3://BUCKET/PREFIX")
        try:
            import boto3
            from botocore.config import Config
            from botocore.exceptions import BotoCoreError, ClientError
        except ImportError as error:
            raise ProgramError("object storage needs the extra: pip install danshu[s3]") from error
        chosen = dict(urllib.parse.parse_qsl(parts.query))
        self._errors = (BotoCoreError, ClientError)
        self._bucket = parts.netloc
        self._prefix = parts.path.strip("/")
        try:
            self._client = boto3.session.Session().client(
                "s3",
                endpoint_url=chosen.get("endpoint"),
                region_name=chosen.get("region"),
                config=Config(
                    connect_timeout=_TIMEOUT_S,
                    read_timeout=_TIMEOUT_S,
                    retries={"mode": "standard"},
                    # services that are not AWS know no trailers of chunks
                    request_checksum_calculation="when_required",
                    response_checksum_validation="when_required",
                    s3={"addressing_style": chosen.get("style", "auto")},
                ),
            )
        except (*self._errors, ValueError) as error:
            raise InputError("archive_url", f"the archive cannot be opened: {error}") from error

    def put(self, name: str, path: Path) -> None:
        """Upload a file; the service checks its SHA-256 (x-amz-checksum-sha256)."""
        try:
            with path.open("rb") as body:
                digest = base64.b64encode(hashlib.file_digest(body, "sha256").digest())
                body.seek(0)
                self._client.put_object(
                    Bucket=self._bucket,
                    Key=self._key(name),
                    Body=body,
                    ChecksumSHA256=digest.decode(),
                )
        except self._errors as error:
            raise self._missing(name, error) from error

    def size(self, name: str) -> int:
        """Ask for the object's head."""
        try:
            head = self._client.head_object(Bucket=self._bucket, Key=self._key(name))
        except self._errors as error:
            if _status(error) == 404:
                return -1
            raise self._missing(name, error) from error
        return int(head["ContentLength"])

    def read(self, name: str, start: int, end: int) -> bytes:
        """Read a range (RFC 9110 §14.2)."""
        if start >= end:
            return b""
        try:
            got = self._client.get_object(
                Bucket=self._bucket, Key=self._key(name), Range=f"bytes={start}-{end - 1}"
            )
            body: bytes = got["Body"].read()
        except self._errors as error:
            raise self._missing(name, error) from error
        return body

    def remove(self, name: str) -> None:
        """Delete the object."""
        try:
            self._client.delete_object(Bucket=self._bucket, Key=self._key(name))
        except self._errors as error:
            raise self._missing(name, error) from error

    def _key(self, name: str) -> str:
        return f"{self._prefix}/{name}" if self._prefix else name

    def _missing(self, name: str, error: Exception) -> NotAvailable:
        return NotAvailable(f"archive: {name}: {error}", RETRY_AFTER_S)


def _status(error: Exception) -> int:
    said: Any = getattr(error, "response", {})
    return int(said.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
