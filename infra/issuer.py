"""The local OpenID Connect issuer: a key pair made anew with the stack, and a small server for its public half.

It stands in for the shop's login. Tokens are minted by `omo token`, never by the server.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import json
import time
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from infra import files

AUDIENCE = "omotenashi"


def address(port: int) -> str:
    """The issuer's name, which is where it answers."""
    return f"http://127.0.0.1:{port}"


def settings(port: int) -> list[dict[str, Any]]:
    """What the services are told about it in `OMO_ISSUERS`."""
    here = address(port)
    return [
        {
            "issuer": here,
            "audience": AUDIENCE,
            "audience_claim": "aud",
            "jwks_uri": f"{here}/jwks.json",
            "local": True,
        }
    ]


def make_key(path: Path) -> None:
    """A new RSA key, readable by its owner only."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    form = serialization.PrivateFormat.PKCS8
    files.write_private(path, key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption()))


def mint(key_file: Path, port: int, member_id: str, ttl_seconds: int, audience: str = AUDIENCE) -> str:
    """A member's token; with a negative time to live one that has expired."""
    key = _read(key_file)
    now = int(time.time())
    claims = {
        "iss": address(port),
        "sub": member_id,
        "aud": audience,
        "iat": min(now, now + ttl_seconds),
        "exp": now + ttl_seconds,
        "jti": str(uuid.uuid4()),
    }
    return jwt.encode(claims, key, algorithm="RS256", headers={"kid": _kid(key)})


def documents(key_file: Path, port: int) -> dict[str, bytes]:
    """What the server answers, by path."""
    key = _read(key_file)
    public = jwt.algorithms.RSAAlgorithm.to_jwk(key.public_key(), as_dict=True)
    jwks = {"keys": [{**public, "kid": _kid(key), "use": "sig", "alg": "RS256"}]}
    here = address(port)
    discovery = {
        "issuer": here,
        "jwks_uri": f"{here}/jwks.json",
        "id_token_signing_alg_values_supported": ["RS256"],
        "response_types_supported": ["id_token"],
        "subject_types_supported": ["public"],
    }
    return {
        "/.well-known/openid-configuration": json.dumps(discovery).encode(),
        "/jwks.json": json.dumps(jwks).encode(),
    }


def make_server(key_file: Path, port: int) -> ThreadingHTTPServer:
    """The server on loopback; port 0 takes a free one (then the documents name that one)."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = server.documents.get(self.path)
            self.send_response(200 if body else 404)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body or b"")))
            self.end_headers()
            self.wfile.write(body or b"")

        def log_message(self, format: str, *args: Any) -> None:
            """Quiet: every authorizer asks."""

    class Server(ThreadingHTTPServer):
        daemon_threads = True
        documents: dict[str, bytes]

    server = Server(("127.0.0.1", port), Handler)
    server.documents = documents(key_file, server.server_address[1])
    return server


def _read(path: Path) -> rsa.RSAPrivateKey:
    key = serialization.load_pem_private_key(path.read_bytes(), password=None)
    assert isinstance(key, rsa.RSAPrivateKey)
    return key


def _kid(key: rsa.RSAPrivateKey) -> str:
    public = key.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return base64.urlsafe_b64encode(hashlib.sha256(public).digest()[:12]).decode()


def main() -> None:
    """Serve until stopped."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--key", type=Path, required=True)
    parser.add_argument("--port", type=int, required=True)
    asked = parser.parse_args()
    make_server(asked.key, asked.port).serve_forever()


if __name__ == "__main__":
    main()
