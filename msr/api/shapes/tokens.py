"""Access tokens, robots and what they may do."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from msr.api.shapes.kinds import Maybe, shape

_TOKEN = {
    "hashedToken": str,
    "tokenLabel": str,
    "isActive": bool,
    "lastUsed": datetime,
    "createdAt": datetime,
    "generatedBy": str,
    "creatorUa": str,
    "username": str,
    "prefix": str,
    "scopes": [str],
    "namespace": Maybe(str),
    "expiresAt": Maybe(datetime),
    "revokedAt": Maybe(datetime),
}
AccessToken = shape("AccessToken", **_TOKEN)
NewAccessToken = shape("NewAccessToken", token=str, **_TOKEN)

Robot = shape(
    "Robot",
    id=UUID,
    name=str,
    username=str,
    namespace=str,
    description=str,
    responsible=str,
    isInCare=bool,
    isActive=bool,
    expiresAt=datetime,
    createdAt=datetime,
)
Robots = shape("Robots", robots=[Robot])
RobotGrant = shape("RobotGrant", repository=Maybe(str), accessLevel=str)
RobotAccess = shape("RobotAccess", robot=str, access=[RobotGrant])

CITrust = shape(
    "CITrust",
    id=UUID,
    robot=str,
    issuer=str,
    claims=dict,
    scopes=[str],
    tokenSeconds=int,
    createdBy=str,
    createdAt=datetime,
)
CITrusts = shape("CITrusts", ciTrusts=[CITrust])
