"""``/api/v1/me``: for whom a token acts."""

from pydantic import BaseModel

from crm.accounts.tokens import Scope
from crm.domain.principal import Role
from crm.web.api import ApiRouter, Call

router = ApiRouter()


class Token(BaseModel):
    """The token that asks."""

    name: str
    scopes: list[Scope]


class Me(BaseModel):
    """The user a token acts for."""

    id: int
    name: str
    email: str
    role: Role
    time_zone: str
    workspace: str
    workspace_time_zone: str
    token: Token


@router.get("/me", Me)
def me(call: Call) -> Me:
    """Who the token acts for, and what it may do."""
    bearer, principal = call.bearer, call.principal
    return Me(
        id=principal.user_id or 0,
        name=bearer.user_name,
        email=bearer.email,
        role=principal.role,
        time_zone=str(principal.user_zone),
        workspace=bearer.workspace,
        workspace_time_zone=str(principal.zone),
        token=Token(name=bearer.name, scopes=list(bearer.scopes)),
    )
