"""What the sample API says about packages: read from real metadata, in one form."""

from importlib.metadata import version

import httpx
import pytest

from tools.sandbox.sample.app import create_app
from tools.sandbox.sample.catalog import Catalog
from tools.sandbox.sample.environment import installed_packages
from tools.sandbox.sample.metadata import homepage, keywords, license_name, people, slug
from tools.sandbox.sample.models import EntryPoint, InstalledFile, Package, Person, Requirement

ADA = Person(id="ada@example.org", name="Ada", email="ada@example.org")
PACKAGES = [
    Package(
        id="web-kit",
        name="Web.Kit",
        version="2.0",
        license="MIT",
        license_id="mit",
        classifiers=("Topic :: Internet",),
        people=(ADA,),
        requirements=(
            Requirement(id="web-kit:base", package="web-kit", name="base", installed=True),
            Requirement(
                id="web-kit:fast",
                package="web-kit",
                name="fast",
                extra="speed",
                optional=True,
                applies=False,
            ),
        ),
        files=(InstalledFile(path="web.py", size=10), InstalledFile(path="web.pyc")),
        entry_points=(
            EntryPoint(
                id="web-kit:console_scripts:web",
                package="web-kit",
                group="console_scripts",
                name="web",
                target="web:main",
            ),
            EntryPoint(
                id="web-kit:plugins:web",
                package="web-kit",
                group="plugins",
                name="web",
                target="web:plug",
            ),
        ),
        modules=("web",),
        extras=("speed",),
    ),
    Package(
        id="base",
        name="base",
        version="1.0",
        license="MIT",
        license_id="mit",
        classifiers=("Topic :: Internet",),
        people=(ADA,),
        modules=("base",),
    ),
]


async def get(path: str) -> dict[str, object]:
    transport = httpx.ASGITransport(app=create_app(PACKAGES, auth="none"))
    async with httpx.AsyncClient(transport=transport, base_url="http://sample.test") as client:
        body: dict[str, object] = (await client.get(path)).json()
        return body


async def test_a_package_is_sent_without_what_has_an_endpoint_of_its_own() -> None:
    assert await get("/api/v1/packages/web-kit") == {
        "id": "web-kit",
        "name": "Web.Kit",
        "version": "2.0",
        "summary": None,
        "license": "MIT",
        "license_id": "mit",
        "homepage": None,
        "requires_python": None,
        "author": None,
        "author_email": None,
        "keywords": [],
        "classifiers": ["Topic :: Internet"],
        "installer": None,
        "requires": ["base"],
        "maintainers": ["ada@example.org"],
        "requirement_count": 2,
        "file_count": 2,
        "installed_bytes": 10,
    }


@pytest.mark.parametrize(
    "query,names",
    [
        ("", ["base", "fast"]),
        ("?optional=true", ["fast"]),
        ("?optional=false", ["base"]),
        ("?installed=true", ["base"]),
        ("?installed=true&optional=true", []),
    ],
)
async def test_requirements_can_be_filtered(query: str, names: list[str]) -> None:
    body = await get(f"/api/v1/packages/web-kit/requirements{query}")

    assert isinstance(body["items"], list)
    assert [item["name"] for item in body["items"]] == names
    assert body["total"] == len(names)


async def test_packages_can_be_filtered_by_license() -> None:
    assert (await get("/api/v1/packages?license_id=mit"))["total"] == 2
    assert (await get("/api/v1/packages?license_id=other"))["total"] == 0


async def test_the_environment_is_one_object() -> None:
    assert (await get("/api/v1/environment"))["package_count"] == 2


def test_what_packages_share_becomes_resources_of_their_own() -> None:
    catalog = Catalog(PACKAGES)

    assert [package.id for package in catalog.packages] == ["base", "web-kit"]
    assert [(each.id, each.packages) for each in catalog.licenses] == [("mit", ("base", "web-kit"))]
    assert [(each.id, each.package_count) for each in catalog.maintainers] == [(ADA.id, 2)]
    assert [each.name for each in catalog.topics] == ["Topic :: Internet"]
    assert [each.id for each in catalog.modules] == ["base", "web"]
    assert [(each.spec, each.requires) for each in catalog.extras] == [
        ("web-kit[speed]", ("fast",))
    ]
    assert [each.target for each in catalog.commands] == ["web:main"]


def test_the_installed_packages_are_read() -> None:
    packages = {package.id: package for package in installed_packages()}

    httpx_package = packages["httpx"]
    assert httpx_package.version == version("httpx")
    assert {"anyio", "certifi", "httpcore", "idna"} <= set(httpx_package.requires)
    assert httpx_package.license_id == "bsd-3-clause"
    assert httpx_package.installed_bytes > 100_000
    assert "httpx" in httpx_package.modules
    requirement = next(each for each in httpx_package.requirements if each.name == "h2")
    assert (requirement.extra, requirement.optional, requirement.applies) == ("http2", True, False)
    assert list(packages) == sorted(packages)


def test_identifiers_are_unique_and_references_lead_somewhere() -> None:
    catalog = Catalog(installed_packages())

    for items in (catalog.requirements, catalog.entry_points, catalog.maintainers, catalog.extras):
        identifiers = [item.id for item in items]
        assert len(set(identifiers)) == len(identifiers)
    licenses = {each.id for each in catalog.licenses}
    maintainers = {each.id for each in catalog.maintainers}
    for package in catalog.packages:
        assert package.license_id in licenses
        assert maintainers.issuperset(package.maintainers)
        assert all(catalog.package(name) for name in package.requires)


@pytest.mark.parametrize(
    "names,addresses,expected",
    [
        (None, None, []),
        ("Ada", None, [("ada", "Ada")]),
        ("Ada, Bob", None, [("ada", "Ada"), ("bob", "Bob")]),
        ("Ada", "Ada@X.org", [("ada@x.org", "Ada")]),
        ("Ada and friends, Ltd", "a@x.org", [("a@x.org", "Ada and friends, Ltd")]),
        ("Ada, Bob", "a@x.org, b@x.org", [("a@x.org", "Ada"), ("b@x.org", "Bob")]),
        (None, "Ada <a@x.org>, b@x.org", [("a@x.org", "Ada"), ("b@x.org", "b@x.org")]),
        (None, '"Ada, Countess" <a@x.org>', [("a@x.org", "Ada, Countess")]),
        ("Bernát Gábor", None, [("bernat-gabor", "Bernát Gábor")]),
        ("李", None, []),
    ],
)
def test_people(names: str | None, addresses: str | None, expected: list[tuple[str, str]]) -> None:
    assert [(person.id, person.name) for person in people(names, addresses)] == expected


@pytest.mark.parametrize(
    "expression,text,classifiers,expected",
    [
        ("MIT", "other", (), "MIT"),
        (None, "BSD", ("License :: OSI Approved :: BSD License",), "BSD"),
        (None, "x" * 65, ("License :: OSI Approved :: BSD License",), "BSD License"),
        (None, "first\nsecond", (), "Unknown"),
        (None, None, ("Topic :: Internet",), "Unknown"),
    ],
)
def test_license_name(
    expression: str | None, text: str | None, classifiers: tuple[str, ...], expected: str
) -> None:
    assert license_name(expression, text, classifiers) == expected


def test_homepage() -> None:
    urls = ["Changes, https://x.org/changes", "Source Code, https://x.org/source"]

    assert homepage("https://x.org", urls) == "https://x.org"
    assert homepage(None, urls) == "https://x.org/source"
    assert homepage(None, urls[:1]) == "https://x.org/changes"
    assert homepage(None, []) is None


def test_keywords() -> None:
    assert keywords("http client") == ("http", "client")
    assert keywords("http client, web,") == ("http client", "web")
    assert keywords(None) == ()


def test_slug() -> None:
    assert slug("  PSF-2.0 (Python)") == "psf-2-0-python"
