"""What every operation of `/api/v0` shares, and who may do what in a namespace."""

from __future__ import annotations

from accounts.api.accounts import (
    AccountRemoval,
    Language,
    UserSettings,
    UserSettingsForm,
    user_for,
)
from accounts.api.api_tokens import TokenDetail, TokenList
from accounts.api.ci_trusts import CITrustDetail, CITrustList
from accounts.api.conditional import require_unchanged
from accounts.api.enzi.rendering import account_of, account_of_user
from accounts.api.operation import Form, Operation, camel_case, no_such
from accounts.api.raw_body import raw_body
from accounts.api.robots import (
    RobotDetail,
    RobotList,
    RobotToken,
    RobotTokenList,
    robot_of,
)
from accounts.api.team_access import (
    AccessForm,
    NamespaceTeamAccess,
    NamespaceTeamAccessList,
    access_of,
    level_named,
    require_teams,
    team_named,
    teams_on,
)

__all__ = [
    "AccessForm",
    "AccountRemoval",
    "CITrustDetail",
    "CITrustList",
    "Form",
    "Language",
    "NamespaceTeamAccess",
    "NamespaceTeamAccessList",
    "Operation",
    "RobotDetail",
    "RobotList",
    "RobotToken",
    "RobotTokenList",
    "TokenDetail",
    "TokenList",
    "UserSettings",
    "UserSettingsForm",
    "access_of",
    "account_of",
    "account_of_user",
    "camel_case",
    "level_named",
    "no_such",
    "raw_body",
    "require_teams",
    "require_unchanged",
    "robot_of",
    "team_named",
    "teams_on",
    "user_for",
]
