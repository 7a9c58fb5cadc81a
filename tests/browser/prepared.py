"""What every served product would do first: its code imported, its templates compiled. The forkserver does it once."""

import holidays  # noqa: F401
import uvicorn.lifespan.on
import uvicorn.loops.auto
import uvicorn.protocols.http.auto  # noqa: F401

from crm import (
    __main__,  # noqa: F401
    jobs,  # noqa: F401
)
from crm.app import operations, routers
from crm.commands import serve  # noqa: F401
from crm.templating import environment

routers()
operations()
for name in environment().list_templates(extensions=["html", "txt"]):
    environment().get_template(name)
