"""The pages made from several rooms."""

from crm.today import first_run, people, week
from crm.web.routing import Router

router = Router()
for part in (week, first_run, people):
    router.routes.extend(part.router.routes)
