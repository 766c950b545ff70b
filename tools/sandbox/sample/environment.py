"""Reads the installed distributions of the running interpreter."""

import platform
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from importlib.metadata import Distribution, distributions, packages_distributions

from packaging.requirements import InvalidRequirement
from packaging.requirements import Requirement as Spec
from packaging.utils import canonicalize_name

from tools.sandbox.sample.metadata import homepage, keywords, license_name, people, slug
from tools.sandbox.sample.models import (
    EntryPoint,
    Environment,
    InstalledFile,
    Package,
    Person,
    Requirement,
)

EXTRA_IN_MARKER = re.compile(r"""extra\s*==\s*["']([^"']+)["']""")


def installed_packages() -> list[Package]:
    """Return every distribution that this interpreter can import, by identifier.

    Of two with the same name, the one that comes first on the import path counts.
    """
    found: dict[str, Distribution] = {}
    for distribution in distributions():
        found.setdefault(canonicalize_name(distribution.name), distribution)
    versions = {name: distribution.version for name, distribution in found.items()}
    modules = _modules_by_package()
    return [_package(found[name], name, versions, modules.get(name, ())) for name in sorted(found)]


def describe_environment(packages: Iterable[Package]) -> Environment:
    """Return the interpreter and the machine that these packages are installed for."""
    implementation = platform.python_implementation()
    return Environment(
        id=slug(f"{implementation} {platform.python_version()} {platform.system()}"),
        python_version=platform.python_version(),
        implementation=implementation,
        platform=f"{platform.system()} {platform.machine()}",
        package_count=len(list(packages)),
    )


def _modules_by_package() -> Mapping[str, tuple[str, ...]]:
    modules: defaultdict[str, set[str]] = defaultdict(set)
    for module, owners in packages_distributions().items():
        for owner in owners:
            modules[canonicalize_name(owner)].add(module)
    return {name: tuple(sorted(found)) for name, found in modules.items()}


def _package(
    distribution: Distribution, name: str, versions: Mapping[str, str], modules: tuple[str, ...]
) -> Package:
    fields = _fields(distribution)
    metadata = distribution.metadata
    classifiers = tuple(metadata.get_all("Classifier") or ())
    license_ = license_name(fields.get("License-Expression"), fields.get("License"), classifiers)
    return Package(
        id=name,
        name=distribution.name,
        version=distribution.version,
        summary=fields.get("Summary"),
        license=license_,
        license_id=slug(license_),
        homepage=homepage(fields.get("Home-page"), metadata.get_all("Project-URL") or ()),
        requires_python=fields.get("Requires-Python"),
        author=fields.get("Author"),
        author_email=fields.get("Author-email"),
        keywords=keywords(fields.get("Keywords")),
        classifiers=classifiers,
        installer=(distribution.read_text("INSTALLER") or "").strip() or None,
        people=_people(fields),
        requirements=_requirements(name, distribution.requires or (), versions),
        files=_files(distribution),
        entry_points=_entry_points(name, distribution),
        modules=modules,
        extras=tuple(sorted(set(metadata.get_all("Provides-Extra") or ()))),
    )


def _fields(distribution: Distribution) -> dict[str, str]:
    """Return the first value of every metadata field that has one."""
    metadata = distribution.metadata
    return {key: metadata[key] for key in metadata if metadata[key]}


def _people(fields: Mapping[str, str]) -> tuple[Person, ...]:
    named = [
        *people(fields.get("Author"), fields.get("Author-email")),
        *people(fields.get("Maintainer"), fields.get("Maintainer-email")),
    ]
    first: dict[str, Person] = {}
    for person in named:
        first.setdefault(person.id, person)
    return tuple(first.values())


def _requirements(
    package: str, lines: Iterable[str], versions: Mapping[str, str]
) -> tuple[Requirement, ...]:
    seen: Counter[str] = Counter()
    requirements: list[Requirement] = []
    for line in lines:
        try:
            spec = Spec(line)
        except InvalidRequirement:
            # Old packages carry lines that the standard no longer allows; pip skips them too.
            continue
        name = canonicalize_name(spec.name)
        seen[name] += 1
        suffix = f":{seen[name]}" if seen[name] > 1 else ""
        requirements.append(_requirement(f"{package}:{name}{suffix}", package, spec, versions))
    return tuple(requirements)


def _requirement(
    identifier: str, package: str, spec: Spec, versions: Mapping[str, str]
) -> Requirement:
    name = canonicalize_name(spec.name)
    extra = EXTRA_IN_MARKER.search(str(spec.marker)) if spec.marker else None
    return Requirement(
        id=identifier,
        package=package,
        name=name,
        specifier=str(spec.specifier),
        extras=tuple(sorted(spec.extras)),
        marker=str(spec.marker) if spec.marker else None,
        extra=extra[1] if extra else None,
        optional=extra is not None,
        applies=spec.marker is None or spec.marker.evaluate({"extra": ""}),
        installed=name in versions,
        installed_version=versions.get(name),
    )


def _files(distribution: Distribution) -> tuple[InstalledFile, ...]:
    return tuple(
        InstalledFile(
            path=file.as_posix(), size=file.size, sha256=file.hash.value if file.hash else None
        )
        for file in sorted(distribution.files or ())
    )


def _entry_points(package: str, distribution: Distribution) -> tuple[EntryPoint, ...]:
    return tuple(
        EntryPoint(
            id=f"{package}:{point.group}:{point.name}",
            package=package,
            group=point.group,
            name=point.name,
            target=point.value,
        )
        for point in sorted(distribution.entry_points, key=lambda point: (point.group, point.name))
    )
