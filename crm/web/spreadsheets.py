"""A table as a file that spreadsheets open."""

import csv
import io
from collections.abc import Iterable, Sequence

from starlette.responses import Response


def csv_answer(name: str, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> Response:
    """The rows below their columns, as the file of that name. Whoever makes a cell sees to it that it is no formula."""
    file = io.StringIO(newline="")
    writer = csv.writer(file)
    writer.writerow(columns)
    writer.writerows(rows)
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    # The mark tells spreadsheets that the letters are UTF-8.
    return Response("\ufeff" + file.getvalue(), media_type="text/csv; charset=utf-8", headers=headers)
