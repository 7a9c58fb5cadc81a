"""``crm`` and ``python -m crm``: run a command; 0 good, 1 failed, 2 wrong usage."""

import gc
import io
import os
import sys
from collections.abc import Sequence

gc.disable()  # whatever is imported stays: looking through it again and again took a sixth of the start

import typer
from typer._click.exceptions import (
    ClickException,
    NoArgsIsHelpError,
)  # Typer shows only BadParameter of these

from crm.cli import app
from crm.cli_support import complain
from crm.errors import Refusal, UsageError

gc.freeze()
gc.enable()


def run(arguments: Sequence[str] | None = None) -> int:
    """Carry out a command and return its exit status; what went wrong is said in one line."""
    try:
        return int(app(args=arguments, prog_name="crm", standalone_mode=False) or 0)
    except UsageError as refusal:
        complain(refusal.sentence)
        return 2
    except Refusal as refusal:
        complain(" ".join(dict.fromkeys([refusal.sentence, *refusal.fields.values()])))
        return 1
    except (KeyboardInterrupt, typer.Abort):
        return 130
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except OSError as fault:  # such as a full disk under the standard output
        complain(f"Not everything could be written or read: {fault.strerror or fault}.")
        return 1
    except typer.TyperException as fault:
        message = _words(fault)
        if isinstance(fault, NoArgsIsHelpError):
            typer.echo(message, err=True)
        else:
            complain(message)
        return fault.exit_code if isinstance(fault, ClickException) else 1


def _words(fault: typer.TyperException) -> str:
    said = fault.format_message() if isinstance(fault, ClickException) else str(fault)
    return said.replace("Value error, ", "")


def main() -> None:
    """The entry point of the installed command; letters that the terminal has not are written as escapes."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    sys.exit(run())


if __name__ == "__main__":
    main()
