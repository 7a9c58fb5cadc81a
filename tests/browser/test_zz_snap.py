import os,re,shutil
from pathlib import Path
from datetime import datetime
import time_machine
from starlette.testclient import TestClient
from crm import clock
from crm.app import create_app
from crm.storage.database import Database
from crm.storage.tables import user
from crm.web import sessions
from tests.browser.places import addresses
from tests.browser.product import MONDAY
from tests.portal import portal
from tests.web.site import settings
def test_snap(filled,tmp_path):
    shutil.copytree(filled, tmp_path, dirs_exist_ok=True)
    out=Path(os.environ["CRM_TEST_SNAP"]); out.mkdir(parents=True,exist_ok=True)
    with time_machine.travel(datetime.fromisoformat(MONDAY), tick=False):
        database = Database(f"sqlite:///{tmp_path / 'in-person.sqlite3'}")
        for who in ("nora@team.example",):
            with database.write() as connection:
                nora = connection.execute(user.select().where(user.c.email == who)).one()
                cookie = sessions.start(connection, nora.workspace_id, nora.id, clock.now())
            app = create_app(settings(), database)
            b = TestClient(app, base_url="http://testserver", headers={"Cookie": f"crm-session={cookie}"}); b.portal = portal()
            for place in [*addresses(tmp_path)]:
                r=b.get(place)
                t=re.sub(r"\s+"," ",r.text); t=re.sub(r">\s+",">",t); t=re.sub(r"\s+<","<",t)
                t=t.replace("><",">\n<")
                (out/(place.replace("/","_").replace("?","_")[:80]+".html")).write_text(f"{r.status_code}\n"+re.sub(r"[\w-]{40,}","TOKEN",t))
            anon = TestClient(app, base_url="http://testserver"); anon.portal=portal()
            for place in ("/sign-in","/forgotten","/nowhere","/people/999999"):
                r=anon.get(place); (out/("anon"+place.replace("/","_")+".html")).write_text(re.sub(r"\s+"," ",r.text))
        database.close()
