"""Makes the deployable package of each service with `chalice package`, and only when something has changed.

Each app is packaged in a process of its own (Chalice imports a module that is always called `app`) and from a
copy without caches, in which the links of `vendor/` have become real folders.
"""

from __future__ import annotations

import compileall
import hashlib
import json
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from py_compile import PycInvalidationMode
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from infra import files, gateway, roles, template
from infra.locate import BUILD, INFRA, ROOT, SERVICES

CACHES = ("__pycache__", "deployments", "*.pyc", ".mypy_cache", ".ruff_cache", ".pytest_cache")
REGION = "ap-northeast-1"
FUNCTIONS = {
    "points": ("APIHandler", "Authorizer", "Inbox", "Webhooks", "RelayLedger", "RelayDirectory", "Hourly"),
    "coupons": ("APIHandler", "Authorizer", "Inbox", "Codes", "Hourly"),
    "checkin": ("APIHandler", "Authorizer", "Inbox"),
}
"""The functions of each service by their logical ids, which are the ends of their names."""


class PackagingFailed(Exception):
    """`chalice package` did not succeed; the message is what it said."""


@dataclass(frozen=True)
class Package:
    """What `omo package` made of one service."""

    service: str
    stage: str

    @property
    def folder(self) -> Path:
        return BUILD / self.stage / self.service

    @property
    def template(self) -> Path:
        return self.folder / "template.json"

    @property
    def bundle(self) -> Path:
        return self.folder / "deployment.zip"

    @property
    def fingerprint(self) -> Path:
        return self.folder / "made-from.sha256"

    def is_current(self, fingerprint: str) -> bool:
        """Whether it was made from exactly what lies in the sources now."""
        made = self.template.exists() and self.bundle.exists() and self.fingerprint.exists()
        return made and self.fingerprint.read_text() == fingerprint


def package_all(stage: str = "local", *, is_here: bool | None = None) -> dict[str, bool]:
    """Package what has changed; says for each service whether it was packaged anew.

    Bundles for an AWS on this machine (`is_here`; so is the local stage) are for its own processor.
    """
    machine = architecture(is_here=stage == "local" if is_here is None else is_here)
    with files.alone(BUILD / stage / "lock"), ThreadPoolExecutor(2) as pool:
        anew = pool.map(lambda service: package(service, stage, machine), SERVICES)
        return dict(zip(SERVICES, anew, strict=True))


def package(service: str, stage: str, machine: str) -> bool:
    """Package one service unless its package is current."""
    made = Package(service, stage)
    fingerprint = made_from(service, stage, machine)
    if made.is_current(fingerprint):
        return False
    work = made.folder.with_name(f"{service}.work")
    shutil.rmtree(work, ignore_errors=True)
    project, out = work / "project", work / "out"
    _copy_project(service, machine, project)
    merge = work / "merge.json"
    merge.write_text(template.dump(merge_template(service, stage)))
    _run_chalice(project, stage, merge, out)
    _finish(out)
    _bring_bytecode(out / made.bundle.name, work / "unpacked")
    (out / made.fingerprint.name).write_text(fingerprint)
    shutil.rmtree(made.folder, ignore_errors=True)
    out.rename(made.folder)
    shutil.rmtree(work)
    return True


def merge_template(service: str, stage: str) -> template.Template:
    """What is laid over Chalice's own template: the common part, the service's, the roles, the gateway's answers."""
    common = template.load(INFRA / "service.yaml")
    api = {"RestAPI": {"Properties": {"GatewayResponses": gateway.gateway_responses()}}}
    stage_default = {"Parameters": {"Stage": {"Default": stage}}}
    merged = template.lay_over(common, template.load(INFRA / f"{service}.yaml"))
    made = template.lay_over(_named(service), roles.of(service))
    whole: template.Template = template.lay_over(merged, {"Resources": api | made, **stage_default})
    return whole


def _named(service: str) -> template.Template:
    """Functions with names that alarms can say, and logs that end."""
    found: template.Template = {}
    for function in FUNCTIONS[service]:
        name = f"omo-${{Stage}}-{service}-{function}"
        found[function] = {"DependsOn": f"{function}Logs", "Properties": {"FunctionName": {"Fn::Sub": name}}}
        kept = {"LogGroupName": {"Fn::Sub": f"/aws/lambda/{name}"}, "RetentionInDays": {"Ref": "LogDays"}}
        found[f"{function}Logs"] = {"Type": "AWS::Logs::LogGroup", "Properties": kept}
    return found


def made_from(service: str, stage: str, machine: str) -> str:
    """The hash of everything that goes into a package."""
    digest = hashlib.sha256(repr((sys.version_info[:3], machine, version("chalice"), stage)).encode())
    for path in _sources(service):
        digest.update(f"\n{path.relative_to(ROOT)}\n".encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()


def architecture(*, is_here: bool) -> str:
    """Bundles run where they are deployed: on this machine, else on arm64, which costs a fifth less."""
    if not is_here:
        return "arm64"
    return "arm64" if platform.machine() in ("arm64", "aarch64") else "x86_64"


def _sources(service: str) -> Iterator[Path]:
    home = ROOT / "services" / service
    yield from (home / "app.py", home / "requirements.txt", home / ".chalice" / "config.json")
    yield from (INFRA / "service.yaml", INFRA / f"{service}.yaml")
    yield from (INFRA / "grants.yaml", INFRA / "roles.py")
    yield from (INFRA / "package.py", INFRA / "gateway.py", INFRA / "template.py")
    for folder in (home / service, ROOT / "shared"):
        yield from sorted(
            path
            for path in folder.rglob("*")
            if path.is_file() and not any(path.match(cache) for cache in CACHES) and "__pycache__" not in path.parts
        )


def _copy_project(service: str, machine: str, project: Path) -> None:
    shutil.copytree(ROOT / "services" / service, project, ignore=shutil.ignore_patterns(*CACHES))
    config = project / ".chalice" / "config.json"
    settings = json.loads(config.read_text())
    settings["lambda_architecture"] = machine
    config.write_text(json.dumps(settings))


def _run_chalice(project: Path, stage: str, merge: Path, out: Path) -> None:
    command = [
        str(Path(sys.executable).with_name("chalice")),
        *("--project-dir", str(project), "package", "--stage", stage),
        *("--template-format", "json", "--merge-template", str(merge), str(out)),
    ]
    # The app is imported for packaging: its queue names carry the stage. Chalice insists on a region.
    environment = {
        **os.environ,
        "OMO_STAGE": stage,
        "AWS_DEFAULT_REGION": os.environ.get("AWS_DEFAULT_REGION", REGION),
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    done = subprocess.run(command, env=environment, cwd=project, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise PackagingFailed(f"{' '.join(command)}\n{done.stdout}{done.stderr}")


def _finish(out: Path) -> None:
    made = out / "sam.json"
    whole = template.load(made)
    definition = whole["Resources"]["RestAPI"]["Properties"]["DefinitionBody"]
    gateway.answer_every_method(definition)
    gateway.name_allowed_origin(definition)
    (out / "template.json").write_text(template.dump(whole))
    made.unlink()


def _bring_bytecode(bundle: Path, unpacked: Path) -> None:
    """Put each module's bytecode beside it, valid as it stands.

    A function's folder can't be written, so that without it every start compiles every module: half of an import's time.
    """
    with ZipFile(bundle) as made:
        made.extractall(unpacked)
    unchecked = PycInvalidationMode.UNCHECKED_HASH  # the times of a bundle's files are Chalice's choice
    compileall.compile_dir(unpacked, quiet=2, stripdir=str(unpacked), invalidation_mode=unchecked)
    with ZipFile(bundle, "a", ZIP_DEFLATED) as made:
        for path in sorted(unpacked.rglob("*.pyc")):
            entry = ZipInfo(path.relative_to(unpacked).as_posix())
            entry.external_attr = 0o644 << 16  # whoever runs it is not who made it
            entry.compress_type = ZIP_DEFLATED
            made.writestr(entry, path.read_bytes())
