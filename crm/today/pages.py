"""The pages made from several rooms."""

from crm.today import people
from crm.web.routing import Router

router = Router()
router.routes.extend(people.router.routes)
