"""One packaging for all tests of templates and bundles; it costs nothing when the packages are current."""

from __future__ import annotations

import pytest

from infra import package, template
from infra.locate import INFRA, SERVICES


@pytest.fixture(scope="session")
def packages() -> dict[str, package.Package]:
    package.package_all("local")
    return {service: package.Package(service, "local") for service in SERVICES}


@pytest.fixture(scope="session")
def templates(packages) -> dict[str, template.Template]:
    return {service: template.load(made.template) for service, made in packages.items()}


@pytest.fixture(scope="session")
def data() -> template.Template:
    return template.load(INFRA / "data.yaml")


@pytest.fixture(params=SERVICES)
def service(request) -> str:
    return request.param


@pytest.fixture
def whole(service, templates) -> template.Template:
    """The template of one service; a test that asks for it runs once for each."""
    return templates[service]
