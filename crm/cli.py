"""``crm``: the command line, put together from ``crm/commands``."""

import typer

from crm.commands import (
    accounts,
    backtest,
    care,
    demo,
    duplicates,
    erase,
    flags,
    health,
    imports,
    nudge,
    plan,
    rules,
    serve,
    sync,
    working,
)

app = typer.Typer(
    name="crm",
    help="In Person keeps a log of how people were reached, and says once a week whom to ring, meet or write to.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)

app.command()(serve.serve)
app.command()(serve.migrate)
app.command()(demo.demo)
app.command()(care.backup)
app.command()(care.restore)
app.command()(care.doctor)
app.command("import")(imports.import_files)
app.command("export")(imports.export_folder)
app.command()(sync.sync)
app.command()(duplicates.duplicates)
app.command()(duplicates.merge)
app.command()(erase.erase)
app.command()(health.health)
app.command()(flags.flags)
app.command()(plan.plan)
app.command()(nudge.nudge)
app.command()(working.working)
app.command("backtest")(backtest.backtest_command)
app.add_typer(rules.rules, name="rules")
app.add_typer(sync.source, name="source")
app.add_typer(accounts.user, name="user")
app.add_typer(accounts.token, name="token")
