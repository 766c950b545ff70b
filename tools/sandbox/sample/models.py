"""The records of the sample API, as it sends them."""

from pydantic import BaseModel, ConfigDict, Field, computed_field


class Record(BaseModel):
    """A read-only record; equal content means equal records."""

    model_config = ConfigDict(frozen=True)


class Person(Record):
    """An author or maintainer; `id` is the mail address, or a slug of the name without one."""

    id: str
    name: str
    email: str | None = None


class Requirement(Record):
    """One `Requires-Dist` line of a package.

    `applies` says whether its marker holds in this environment when no extra is asked for.
    """

    id: str
    package: str
    name: str
    specifier: str = ""
    extras: tuple[str, ...] = ()
    marker: str | None = None
    extra: str | None = None
    optional: bool = False
    applies: bool = True
    installed: bool = False
    installed_version: str | None = None


class InstalledFile(Record):
    """One file of a package; `size` is in bytes, and unknown for files made after installation."""

    path: str
    size: int | None = None
    sha256: str | None = None


class EntryPoint(Record):
    """Something a package offers by name; the group `console_scripts` holds its commands."""

    id: str
    package: str
    group: str
    name: str
    target: str


class Package(Record):
    """One installed distribution; `id` is its name, normalised as PEP 503 says."""

    id: str
    name: str
    version: str
    summary: str | None = None
    license: str | None = None
    license_id: str | None = None
    homepage: str | None = None
    requires_python: str | None = None
    author: str | None = None
    author_email: str | None = None
    keywords: tuple[str, ...] = ()
    classifiers: tuple[str, ...] = ()
    installer: str | None = None

    people: tuple[Person, ...] = Field(default=(), exclude=True)
    requirements: tuple[Requirement, ...] = Field(default=(), exclude=True)
    files: tuple[InstalledFile, ...] = Field(default=(), exclude=True)
    entry_points: tuple[EntryPoint, ...] = Field(default=(), exclude=True)
    modules: tuple[str, ...] = Field(default=(), exclude=True)
    extras: tuple[str, ...] = Field(default=(), exclude=True)

    @computed_field  # type: ignore[prop-decorator]  # mypy cannot see a decorated property
    @property
    def requires(self) -> tuple[str, ...]:
        """Identifiers of the installed packages that this one needs."""
        return tuple(sorted({r.name for r in self.requirements if r.applies and r.installed}))

    @computed_field  # type: ignore[prop-decorator]  # mypy cannot see a decorated property
    @property
    def maintainers(self) -> tuple[str, ...]:
        """Identifiers of the authors and maintainers."""
        return tuple(person.id for person in self.people)

    @computed_field  # type: ignore[prop-decorator]  # mypy cannot see a decorated property
    @property
    def requirement_count(self) -> int:
        """The number of requirements that the package states, optional ones too."""
        return len(self.requirements)

    @computed_field  # type: ignore[prop-decorator]  # mypy cannot see a decorated property
    @property
    def file_count(self) -> int:
        """The number of files that the installation recorded."""
        return len(self.files)

    @computed_field  # type: ignore[prop-decorator]  # mypy cannot see a decorated property
    @property
    def installed_bytes(self) -> int:
        """The sum of the recorded file sizes."""
        return sum(file.size or 0 for file in self.files)


class Group(Record):
    """Packages that have something in common: a licence, a topic, an import name."""

    id: str
    name: str
    packages: tuple[str, ...]

    @computed_field  # type: ignore[prop-decorator]  # mypy cannot see a decorated property
    @property
    def package_count(self) -> int:
        """The number of packages in the group."""
        return len(self.packages)


class Maintainer(Group):
    """A person, or a team, with the packages that name it as author or maintainer."""

    email: str | None = None


class Extra(Record):
    """An optional feature of a package, and the packages that it asks for."""

    id: str
    package: str
    name: str
    spec: str
    requires: tuple[str, ...]


class Environment(Record):
    """The Python environment as a whole."""

    id: str
    python_version: str
    implementation: str
    platform: str
    package_count: int
