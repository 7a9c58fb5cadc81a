"""Nothing of what was erased stays in the file of the database, or in its log."""

from crm.storage.database import Database
from crm.storage.faults import plain_faults


def wipe(database: Database) -> bool:
    """Write SQLite's file anew, without what was deleted; false where somebody else reads an older state still.

    Needs free space as large as the file. PostgreSQL does so by itself in its own time; nothing is done there.
    """
    if not database.is_sqlite:
        return True
    with database.alone(), plain_faults():
        connection = database.engine.raw_connection()
        try:
            cursor = connection.cursor()
            cursor.execute("VACUUM")
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            busy = cursor.fetchone()
            cursor.close()
        finally:
            connection.close()
    return busy is None or busy[0] == 0
