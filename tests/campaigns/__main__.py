"""``./dev campaign [NAME]``: the long forms of the promises of reliability. Exit status 1 where one was broken.

Without a name it lists them. A file of this folder that holds a ``CAMPAIGN`` is one, under its own name.
"""

import argparse
import random
import sys
import time
from importlib import import_module
from pkgutil import iter_modules

import tests.campaigns
from tests import portal
from tests.campaigns.frame import BACKENDS, Asked, Campaign


def campaigns() -> dict[str, Campaign]:
    """Every campaign by its name."""
    names = sorted(found.name for found in iter_modules(tests.campaigns.__path__))
    modules = {name: import_module(f"tests.campaigns.{name}") for name in names if name != "__main__"}
    return {
        name.replace("_", "-"): module.CAMPAIGN
        for name, module in modules.items()
        if hasattr(module, "CAMPAIGN") and not name.startswith("test_")
    }


def say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def run(name: str, campaign: Campaign, asked: Asked) -> int:
    """Run one, say how it goes, and how it ended."""
    words = f"{campaign.promise} {name} on {asked.backend}"
    begun = time.monotonic()
    try:
        for line in campaign.run(asked):
            say(line)
    except AssertionError as broken:
        say(f"{words}: BROKEN after {time.monotonic() - begun:.0f} s: {broken}")
        return 1
    say(f"{words}: kept, {asked.times} {campaign.unit} in {time.monotonic() - begun:.0f} s")
    return 0


def listed(known: dict[str, Campaign]) -> None:
    for name, campaign in known.items():
        say(f"{name:16}{campaign.promise:5}{campaign.sentence} ({campaign.times} {campaign.unit})")
        if campaign.variants:
            say(f"{'':21}broken builds: {', '.join(campaign.variants)}")


def main(arguments: list[str]) -> int:
    """Read what is asked for and run it."""
    known = campaigns()
    parser = argparse.ArgumentParser(prog="./dev campaign", description=__doc__)
    parser.add_argument("name", nargs="?", choices=sorted(known))
    parser.add_argument("--times", type=int, help="how many; the long form's number otherwise")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--database", choices=BACKENDS, help="one of the two; otherwise both in turn")
    parser.add_argument("--variant", default="", help="a broken build, which must fail")
    asked = parser.parse_args(arguments)
    if asked.name is None:
        listed(known)
        return 0
    campaign = known[asked.name]
    if asked.variant and asked.variant not in campaign.variants:
        parser.error(f"the broken builds of {asked.name} are: {', '.join(campaign.variants) or 'none'}")
    backends = [one for one in campaign.backends if asked.database in (None, one)]
    if not backends:
        parser.error(f"{asked.name} does not run on {asked.database}")
    times = campaign.times if asked.times is None else asked.times
    with portal.opened:
        return max(
            run(asked.name, campaign, Asked(times, random.Random(asked.seed), backend, asked.variant))
            for backend in backends
        )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
