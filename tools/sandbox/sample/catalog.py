"""The resources of the sample API, derived once from the packages, each in a stable order."""

from collections import defaultdict
from collections.abc import Iterable, Sequence

from tools.sandbox.sample.environment import describe_environment
from tools.sandbox.sample.metadata import slug
from tools.sandbox.sample.models import Extra, Group, Maintainer, Package, Person

COMMANDS = "console_scripts"


class Catalog:
    """The data behind the endpoints; it never changes once it is made."""

    def __init__(self, packages: Sequence[Package]) -> None:
        self.packages = sorted(packages, key=lambda package: package.id)
        self._by_id = {package.id: package for package in self.packages}
        self.environment = describe_environment(self.packages)
        self.licenses = _licenses(self.packages)
        self.maintainers = _maintainers(self.packages)
        self.topics = _topics(self.packages)
        self.modules = _modules(self.packages)
        self.extras = [extra for package in self.packages for extra in _extras(package)]
        self.requirements = [each for package in self.packages for each in package.requirements]
        self.entry_points = [each for package in self.packages for each in package.entry_points]
        self.commands = [point for point in self.entry_points if point.group == COMMANDS]

    def package(self, identifier: str) -> Package | None:
        """Return the package with this identifier."""
        return self._by_id.get(identifier)


def _licenses(packages: Iterable[Package]) -> list[Group]:
    return _groups(
        (package.license_id, package.license, package.id)
        for package in packages
        if package.license_id and package.license
    )


def _topics(packages: Iterable[Package]) -> list[Group]:
    return _groups(
        (slug(classifier), classifier, package.id)
        for package in packages
        for classifier in package.classifiers
    )


def _modules(packages: Iterable[Package]) -> list[Group]:
    return _groups(
        (module, module, package.id) for package in packages for module in package.modules
    )


def _groups(members: Iterable[tuple[str, str, str]]) -> list[Group]:
    names: dict[str, str] = {}
    packages: defaultdict[str, dict[str, None]] = defaultdict(dict)
    for identifier, name, package in members:
        names.setdefault(identifier, name)
        packages[identifier][package] = None
    return [
        Group(id=identifier, name=names[identifier], packages=tuple(packages[identifier]))
        for identifier in sorted(names)
    ]


def _maintainers(packages: Sequence[Package]) -> list[Maintainer]:
    persons: dict[str, Person] = {}
    for package in packages:
        for person in package.people:
            persons.setdefault(person.id, person)
    return [
        Maintainer(
            **person.model_dump(),
            packages=tuple(p.id for p in packages if person.id in p.maintainers),
        )
        for person in sorted(persons.values(), key=lambda person: person.id)
    ]


def _extras(package: Package) -> Iterable[Extra]:
    for name in package.extras:
        wanted = {
            requirement.name for requirement in package.requirements if requirement.extra == name
        }
        yield Extra(
            id=f"{package.id}:{name}",
            package=package.id,
            name=name,
            spec=f"{package.id}[{name}]",
            requires=tuple(sorted(wanted)),
        )
