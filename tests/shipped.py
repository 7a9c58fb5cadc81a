"""What ships, by its key."""

from crm.domain.channels import SHIPPED
from crm.domain.rules import ALL, Rule

SHIPPED_KEYS = tuple(channel.key for channel in SHIPPED)


def one_rule(key: str) -> Rule:
    """The rule of that key as it ships."""
    return next(rule for rule in ALL if rule.key == key)
