"""Repositories, their tags and manifests, who may do what there."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from msr.api.shapes.kinds import Maybe, shape
from msr.api.shapes.scans import Component, License, OldSummary

REPOSITORY = {
    "id": UUID,
    "namespace": str,
    "namespaceType": str,
    "name": str,
    "shortDescription": str,
    "visibility": str,
    "scanOnPush": bool,
    "scanners": [str],
    "immutableTags": bool,
    "immutableTagPatterns": [str],
    "promotionsOnly": bool,
    "enableManifestLists": bool,
    "tagLimit": int,
    "pulls": int,
    "pushes": int,
}
ListedRepository = shape("ListedRepository", **REPOSITORY)
Repository = shape("Repository", **REPOSITORY, longDescription=str)
Repositories = shape("Repositories", repositories=[ListedRepository])

AccessTeam = shape("AccessTeam", id=UUID, name=str, clientUserIsMember=bool)
TeamAccess = shape("TeamAccess", accessLevel=str, team=AccessTeam)
NamespaceTeamAccess = shape(
    "NamespaceTeamAccess", namespace=str, accessLevel=str, team=AccessTeam
)
NamespaceTeams = shape("NamespaceTeams", namespace=str, teamAccessList=[TeamAccess])
RepositoryTeams = shape(
    "RepositoryTeams", repository=Repository, teamAccessList=[TeamAccess]
)

# --- Tags -------------------------------------------------------------------------

DockerfileLine = shape(
    "DockerfileLine",
    line=str,
    layerDigest=str,
    size=int,
    isEmpty=bool,
    mediaType=str,
    urls=[str],
)
Manifest = shape(
    "Manifest",
    digest=str,
    mediaType=Maybe(str, absent=True),
    size=Maybe(int, absent=True),
    os=Maybe(str, absent=True),
    osVersion=Maybe(str, absent=True),
    architecture=Maybe(str, absent=True),
    author=Maybe(str, absent=True),
    configDigest=Maybe(str, absent=True),
    configMediaType=Maybe(str, absent=True),
    createdAt=Maybe(datetime, absent=True),
    dockerfile=Maybe([DockerfileLine], absent=True),
)
PromotedFrom = shape(
    "PromotedFrom",
    promotionPolicyID=str,
    sourceRepository=str,
    sourceTag=str,
    string=str,
)
TAG = {
    "name": str,
    "digest": str,
    "author": str,
    "updatedAt": datetime,
    "createdAt": datetime,
    "hashMismatch": bool,
    "inNotary": bool,
    "manifest": Manifest,
    "promotion": Maybe(PromotedFrom, absent=True),
    "vuln_summary": Maybe(OldSummary, absent=True),
}
ListedTag = shape("ListedTag", **TAG)
Tag = shape(
    "Tag",
    **TAG,
    components=Maybe([Component], absent=True),
    licenses=Maybe([License], absent=True),
)
SigningKey = shape(
    "SigningKey",
    id=UUID,
    reference=str,
    namespace=Maybe(str),
    name=str,
    publicKey=str,
    fingerprint=str,
    createdAt=datetime,
    createdBy=str,
    retiredAt=Maybe(datetime),
)
SigningKeys = shape("SigningKeys", signingKeys=[SigningKey])
