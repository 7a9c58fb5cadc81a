"""How a request to somewhere else can fail, without a word of the address it went to."""

from enum import StrEnum


class Failure(StrEnum):
    """What was in the way."""

    FORBIDDEN = "forbidden"
    UNKNOWN_HOST = "unknown_host"
    UNREACHABLE = "unreachable"
    UNTRUSTED = "untrusted"
    SLOW = "slow"
    TOO_BIG = "too_big"
    TOO_MANY_HOPS = "too_many_hops"
    GARBLED = "garbled"


class Failed(Exception):
    """A request came to nothing. It carries no address: those may be secret."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(str(failure))
        self.failure = failure
