"""The pages made from several rooms."""

from crm.today import first_run, help_pages, open_pages, people, week
from crm.web.routing import Router

router = Router()
for part in (week, first_run, people, open_pages, help_pages):
    router.routes.extend(part.router.routes)
