"""What a user may do, what was found by name, and what the portal says of itself."""

from __future__ import annotations

from msr.api.msr_settings import SETTINGS
from msr.api.shapes.enzi import Account
from msr.api.shapes.kinds import Maybe, shape
from msr.api.shapes.repositories import AccessTeam, Repository

Language = shape("Language", language=str)
UserSettings = shape("UserSettings", ContentCacheUUID=str)
RepositoryAccess = shape("RepositoryAccess", accessLevel=str, repository=Repository)
TeamRepositories = shape(
    "TeamRepositories", team=AccessTeam, repositoryAccessList=[RepositoryAccess]
)
UserAccess = shape("UserAccess", accessLevel=str, user=Account, repository=Repository)
Autocomplete = shape(
    "Autocomplete",
    repositoryResults=Maybe([Repository], absent=True),
    accountResults=Maybe([Account], absent=True),
)
DockerRepository = shape(
    "DockerRepository",
    name=str,
    description=str,
    is_official=bool,
    is_trusted=bool,
    star_count=int,
)
DockerSearch = shape(
    "DockerSearch", num_results=int, query=str, results=[DockerRepository]
)
Alert = shape(
    "Alert", **{"id": str, "class": str, "message": str, "url": str, "img": str}
)
Features = shape(
    "Features",
    scanningEnabled=bool,
    scanningLicensed=bool,
    promotionLicensed=bool,
    mirroringLicensed=bool,
    metadataStoreOptedIn=bool,
    onlineGCEnabled=bool,
    db_version=int,
    ucpHost=str,
)
Settings = shape("Settings", **{name: one.kind for name, one in SETTINGS.items()})
Version = shape("Version", version=str)
