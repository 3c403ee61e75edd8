"""The software bill of materials: every package that is shipped, or used to make and test what is, with its licence.

`make sbom` writes it as CycloneDX (1.6, JSON) from the hashed locks, which say what and which version, and from the
installed packages' own metadata, which say under which licence. `tests/infra/test_sbom.py` holds it against the locks.
"""

from __future__ import annotations

import hashlib
import json
import re
import tomllib
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.metadata import Distribution, distributions
from pathlib import Path
from typing import Any

from infra.locate import CONSOLE, MINISTACK, ROOT, SERVICES

FILE = ROOT / "docs" / "sbom.json"
SHIPPED = {service: ROOT / "services" / service / "requirements.txt" for service in SERVICES}
BESIDE = {name: ROOT / "requirements" / f"{name}.txt" for name in ("dev", "replay", "ministack")}
"""Locks of what stays here: development and tests, the replay of real receipts, the local AWS."""
FETCHED = {
    ROOT / "requirements" / "dynamodb-local.npm": ({"name": "Amazon DynamoDB Local License Agreement"}, "engines"),
    ROOT / "requirements" / "typescript.npm": ({"id": "Apache-2.0"}, "clients"),
}
"""What npm has and tests run here: its licence, and which tests those are."""
BUNDLED = ("chalice",)
"""Put into each bundle by the packager itself, from where it is installed."""

SPDX = {
    "Apache 2.0": "Apache-2.0",
    "Apache License 2.0": "Apache-2.0",
    "Apache Software License": "Apache-2.0",
    "MIT License": "MIT",
    "MIT license": "MIT",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
    "MPLv2.0": "MPL-2.0",
    "PSFL": "PSF-2.0",
}
"""What packages call their licences, and what SPDX does."""
NAMED = {
    "ansicon": "MPL-2.0",
    "axe-playwright-python": "MIT",
    "colorama": "BSD-3-Clause",
    "mpmath": "BSD-3-Clause",
    "python-dateutil": "Apache-2.0 OR BSD-3-Clause",
    "pywin32": "PSF-2.0",
    "segno": "BSD-3-Clause",
    "sympy": "BSD-3-Clause",
}
"""Those whose metadata do not say it well enough, or that are for another system, as their own licence files have it."""
_KNOWN = re.compile(r"(?:MIT|MIT-0|MIT-CMU|0BSD|Zlib|(?:Apache|MPL|PSF|CC0|BSD|CNRI)-[\w.-]+)(?: (?:AND|OR) [\w.-]+)*")
_PIN = re.compile(
    r"^([\w.-]+)(?:\[[^\]]*\])?==([\w.+!]+)(?: ; ([^\\\n]*\S))? \\\n((?:    --hash=\S+(?: \\)?\n?)+)", re.MULTILINE
)


class NoLicence(Exception):
    """A package of a lock that is not installed here, or does not say under which licence it is."""


@dataclass(frozen=True)
class Pin:
    """A package as a lock names it."""

    name: str
    version: str
    hashes: tuple[str, ...]

    @property
    def purl(self) -> str:
        return f"pkg:pypi/{self.name}@{self.version}"


def pins(lock: Path) -> list[Pin]:
    """What a lock pins."""
    found = _PIN.findall(lock.read_text())
    return [
        Pin(_normal(name), version, tuple(re.findall(r"sha256:(\w+)", hashes))) for name, version, _, hashes in found
    ]


def document(licence_of: Callable[[Pin], str]) -> dict[str, Any]:
    """The whole bill."""
    parts = sorted(_components(licence_of), key=lambda one: str(one["bom-ref"]))
    content = json.dumps(parts, sort_keys=True).encode()
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    return {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        # The same parts are the same bill.
        "serialNumber": f"urn:uuid:{uuid.UUID(bytes=hashlib.sha256(content).digest()[:16], version=4)}",
        "version": 1,
        "metadata": {
            "component": {
                "type": "application",
                "bom-ref": project["name"],
                "name": project["name"],
                "version": project["version"],
                "description": project["description"],
            }
        },
        "components": parts,
    }


def _components(licence_of: Callable[[Pin], str]) -> Iterator[dict[str, Any]]:
    used: dict[Pin, list[str]] = {}
    for name, lock in {**SHIPPED, **BESIDE}.items():
        for pin in pins(lock):
            used.setdefault(pin, []).append(name)
    for pin, users in used.items():
        is_shipped = pin.name in BUNDLED or any(user in SHIPPED for user in users)
        yield _component(pin, licence_of(pin), users, is_shipped=is_shipped)
    yield _drawing()
    for pinned, (licence, user) in FETCHED.items():
        name, hashed = pinned.read_text().split()
        package, _, version = name.partition("@")
        yield _of_npm(package, version, licence, hashed, "excluded", user)


def _component(pin: Pin, licence: str, users: list[str], *, is_shipped: bool) -> dict[str, Any]:
    part: dict[str, Any] = {
        "type": "library",
        "bom-ref": pin.purl,
        "name": pin.name,
        "version": pin.version,
        "scope": "required" if is_shipped else "excluded",
        "licenses": [_licence(licence)],
        "purl": pin.purl,
    }
    if is_shipped:  # of the others the lock knows them
        files = [{"alg": "SHA-256", "content": one} for one in pin.hashes]
        address = f"https://pypi.org/project/{pin.name}/{pin.version}/"
        part["externalReferences"] = [{"type": "distribution", "url": address, "hashes": files}]
    part["properties"] = [{"name": "omotenashi:in", "value": user} for user in users]
    return part


def _licence(expression: str) -> dict[str, Any]:
    return {"expression": expression} if " " in expression else {"license": {"id": expression}}


def _drawing() -> dict[str, Any]:
    """The library that draws QR codes on the console's pages."""
    said = (CONSOLE / "vendor" / "qrcode.LICENSE.txt").read_text()
    version = re.findall(r"version (\d[\d.]*\d)", said)[0]
    file = hashlib.sha256((CONSOLE / "vendor" / "qrcode.mjs").read_bytes()).hexdigest()
    return _of_npm("qrcode-generator", version, {"id": "MIT"}, file, "required", "console")


def _of_npm(name: str, version: str, licence: dict[str, str], hashed: str, scope: str, user: str) -> dict[str, Any]:
    return {
        "type": "library",
        "bom-ref": f"pkg:npm/{name}@{version}",
        "name": name,
        "version": version,
        "scope": scope,
        "hashes": [{"alg": "SHA-256", "content": hashed}],
        "licenses": [{"license": licence}],
        "purl": f"pkg:npm/{name}@{version}",
        "properties": [{"name": "omotenashi:in", "value": user}],
    }


# ---- licences -------------------------------------------------------------------------------------------------------


class Licences:
    """What installed packages say of their licences, in these folders."""

    def __init__(self, folders: list[str]) -> None:
        self._known: dict[str, dict[str, Distribution]] = {}
        for one in distributions(path=folders):
            self._known.setdefault(_normal(one.metadata["Name"]), {})[one.version] = one

    def __call__(self, pin: Pin) -> str:
        """The licence of a package; that of another version where this one is for another system or Python."""
        if pin.name in NAMED:
            return NAMED[pin.name]
        versions = self._known.get(pin.name, {})
        found = versions.get(pin.version) or next(iter(versions.values()), None)
        if found is None:
            raise NoLicence(f"{pin.name} is not installed")
        said = found.metadata.get_all("License-Expression", []) + found.metadata.get_all("License", [])
        kinds = [one.rpartition(" :: ")[2] for one in found.metadata.get_all("Classifier", []) if "License ::" in one]
        for one in (*said, *kinds):
            licence: str = SPDX.get(one, one)
            if _KNOWN.fullmatch(licence):
                return licence
        raise NoLicence(f"{pin.name} says {said or kinds or 'nothing'}: name its licence in infra/sbom.py")


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def installed() -> Licences:
    """Where this environment and the local AWS's keep their packages."""
    import sysconfig

    return Licences([sysconfig.get_path("purelib"), *map(str, MINISTACK.glob("lib/*/site-packages"))])


def text(bill: dict[str, Any]) -> str:
    """The bill with a line for each part, so that a change shows as what it is."""
    lines = [json.dumps(one, ensure_ascii=False) for one in bill["components"]]
    head = json.dumps({**bill, "components": []}, ensure_ascii=False, indent=1)
    return head.replace('"components": []', '"components": [\n  ' + ",\n  ".join(lines) + "\n ]") + "\n"


def main() -> None:
    """Write it."""
    FILE.write_text(text(document(installed())))


if __name__ == "__main__":
    main()
