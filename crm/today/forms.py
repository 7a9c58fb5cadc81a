"""What the first run may send."""

from typing import Literal

from pydantic import Field
from starlette.datastructures import FormData

from crm.domain.budgets import LARGEST_BUDGET
from crm.domain.targets import TIERS
from crm.web.forms import Form


class FirstRun(Form):
    """How much fits into a week, and whether to plan it now."""

    call: int = Field(default=3, ge=0, le=LARGEST_BUDGET)
    in_person: int = Field(default=1, ge=0, le=LARGEST_BUDGET)
    by_hand: int = Field(default=2, ge=0, le=LARGEST_BUDGET)
    then: Literal["plan", "save"] = "save"


def marks(form: FormData) -> dict[int, str]:
    """Contact → tier, from the fields ``tier_<id>``; whatever is no id or no tier is left out."""
    found: dict[int, str] = {}
    for name, value in form.items():
        number = name.removeprefix("tier_")
        if (
            name.startswith("tier_")
            and number.isascii()
            and number.isdigit()
            and len(number) < 19
            and value in TIERS
        ):
            found[int(number)] = str(value)
    return found
