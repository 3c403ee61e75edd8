"""What is in the zips that Lambda gets, and what makes them anew."""

from __future__ import annotations

import re
import shutil
import zipfile
from importlib.util import MAGIC_NUMBER, cache_from_source, source_hash

import pytest

from infra import package
from infra.locate import ROOT, SERVICES
from shared import auth


@pytest.fixture
def names(service, packages) -> set[str]:
    with zipfile.ZipFile(packages[service].bundle) as bundle:
        return set(bundle.namelist())


def test_a_bundle_holds_the_app_its_package_and_all_of_shared(service, names):
    assert "app.py" in names
    for folder, home in ((service, ROOT / "services" / service / service), ("shared", ROOT / "shared")):
        sources = {f"{folder}/{path.relative_to(home)}" for path in home.rglob("*.py")}
        assert sources
        assert sources <= names


def test_every_module_brings_the_bytecode_of_its_very_source(service, packages, names):
    """Valid as it stands (flag 1: nobody asks the source), so it must be right."""
    with zipfile.ZipFile(packages[service].bundle) as bundle:
        for name in (name for name in names if name.endswith(".py")):
            head = bundle.read(cache_from_source(name))[:16]
            flags = (1).to_bytes(4, "little")
            assert head == MAGIC_NUMBER + flags + source_hash(bundle.read(name)), name
    assert len([name for name in names if name.endswith(".pyc")]) == len(
        [name for name in names if name.endswith(".py")]
    )


def test_a_bundle_holds_no_other_service(service, names):
    assert not [name for name in names if name.split("/")[0] in set(SERVICES) - {service}]


ZIP_MAX_MB, OURS_MAX_MB = 11.5, 1.1


def test_a_bundle_is_no_larger_than_it_was(service, packages):
    """Lambda fetches and unpacks it before anything starts; ours is what grows with our code."""
    bundle = packages[service].bundle
    with zipfile.ZipFile(bundle) as opened:
        ours = [one for one in opened.infolist() if one.filename.startswith((f"{service}/", "shared/", "app"))]
    assert bundle.stat().st_size <= ZIP_MAX_MB * 1e6
    assert sum(one.compress_size for one in ours) <= OURS_MAX_MB * 1e6


def test_a_bundle_leaves_boto3_to_the_runtime(names):
    assert not [name for name in names if name.startswith(("boto3/", "botocore/"))]


SECRETS = re.compile(
    rb"omo_[a-z0-9]{1,16}_[0-9A-Za-z]{12}_[0-9A-Za-z]{49}|AKIA[0-9A-Z]{16}|whsec_[\w+/]{20}|BEGIN [A-Z ]*PRIVATE KEY"
)
"""Keys of ours and of AWS, secrets of webhooks, private keys."""


def secrets_in(bundle):
    with zipfile.ZipFile(bundle) as opened:
        return {name: found[0] for name in opened.namelist() if (found := SECRETS.findall(opened.read(name)))}


def test_a_bundle_holds_no_secret_and_nothing_of_a_local_stack(service, packages, names):
    ours = {
        name for name in secrets_in(packages[service].bundle) if name.split("/")[0] in (service, "shared", "app.py")
    }
    assert ours == set()
    assert not [
        name for name in names if name.startswith((".omo", ".env", ".git", ".chalice")) or name.endswith(".pem")
    ]


@pytest.mark.parametrize("secret", [auth.new_secret("prod", auth.new_key_id()), "AKIA" + "B" * 16, "whsec_" + "c" * 32])
def test_control_a_secret_in_a_bundle_is_found(tmp_path, secret):
    with zipfile.ZipFile(tmp_path / "made.zip", "w") as made:
        made.writestr("shared/fine.py", "x = 1")
        made.writestr("shared/careless.py", f"KEY = '{secret}'")
    assert set(secrets_in(tmp_path / "made.zip")) == {"shared/careless.py"}


def test_compiled_parts_fit_the_runtime_of_the_template(service, names, templates):
    runtime = templates[service]["Resources"]["APIHandler"]["Properties"]["Runtime"]
    tag = runtime.replace("python", "cpython-").replace(".", "")
    compiled = [name for name in names if name.startswith("pydantic_core/") and name.endswith(".so")]
    assert compiled
    assert all(tag in name for name in compiled)


def test_vendor_folders_are_links_so_that_nothing_is_kept_twice(service):
    vendor = ROOT / "services" / service / "vendor"
    assert {link.name for link in vendor.iterdir()} == {service, "shared"}
    assert (vendor / "shared").resolve() == ROOT / "shared"
    assert (vendor / service).resolve() == ROOT / "services" / service / service
    assert all(link.is_symlink() for link in vendor.iterdir())


def test_an_unchanged_service_is_not_packaged_again(packages):
    assert packages
    assert package.package_all("local") == dict.fromkeys(SERVICES, False)


def test_a_changed_source_makes_a_package_anew(monkeypatch, tmp_path, service):
    for folder in ("services", "shared", "infra"):
        shutil.copytree(ROOT / folder, tmp_path / folder, symlinks=True, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(package, "ROOT", tmp_path)
    monkeypatch.setattr(package, "INFRA", tmp_path / "infra")
    before = package.made_from(service, "local", "arm64")
    assert package.made_from(service, "local", "arm64") == before
    (tmp_path / "shared" / "keys.py").write_text("changed = True\n")
    assert package.made_from(service, "local", "arm64") != before


LOCKS = sorted(ROOT.glob("requirements/*.txt")) + sorted(ROOT.glob("services/*/requirements.txt"))


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: str(lock.relative_to(ROOT)))
def test_a_lock_pins_and_hashes_everything_and_names_no_machine(lock):
    text = lock.read_text()
    assert not re.search(r"https?:|file:|--(extra-)?index|--find-links|\s/\w", text)
    pins = re.findall(r"^[A-Za-z0-9][^#\n]*$", text, re.MULTILINE)
    assert pins
    for pin in pins:
        assert re.match(r"[\w.-]+(\[[\w,]+\])?==[\w.+!]+( ; .*)? \\$", pin), pin
    assert text.count("--hash=sha256:") >= len(pins)


def test_services_are_bundled_with_what_the_tests_run_with(service):
    pins = {line.split(" ")[0] for line in (ROOT / "services" / service / "requirements.txt").read_text().splitlines()}
    tested = {line.split(" ")[0] for line in (ROOT / "requirements" / "dev.txt").read_text().splitlines()}
    assert {pin for pin in pins if "==" in pin} <= tested
