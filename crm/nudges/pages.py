"""The nudges' pages: what a mail's buttons open, one's next mail, the plan as a calendar, and the heartbeat."""

from crm.nudges import feed_pages, heartbeat_pages, link_pages, preview_pages
from crm.web.routing import Router

router = Router()
router.routes += link_pages.router.routes + heartbeat_pages.router.routes + feed_pages.router.routes
router.routes += preview_pages.router.routes
