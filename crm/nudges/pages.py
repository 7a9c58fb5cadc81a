"""The nudges' pages: what a mail's buttons open, and the heartbeat."""

from crm.nudges import heartbeat_pages, link_pages
from crm.web.routing import Router

router = Router()
router.routes += link_pages.router.routes + heartbeat_pages.router.routes
