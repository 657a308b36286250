"""The least that a server of one SQLite row can be: Starlette on uvicorn; run with the peers' Python and a port."""

import sqlite3
import sys
import tempfile

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route


def main(port: int, state: str) -> None:
    row = sys.stdin.buffer.read()
    database = sqlite3.connect(f"{state}/bare.db", isolation_level=None)
    database.execute("CREATE TABLE jobs (name TEXT PRIMARY KEY, body BLOB NOT NULL)")
    database.execute("INSERT INTO jobs VALUES ('j', ?)", (row,))

    async def get(request: Request) -> Response:
        found = database.execute("SELECT body FROM jobs WHERE name=?", (request.path_params["name"],)).fetchone()
        return Response(found[0], media_type="application/json")

    app = Starlette(routes=[Route("/jobs/{name}", get)])
    uvicorn.run(app, port=port, loop="uvloop", http="httptools", log_level="warning", access_log=False)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        main(int(sys.argv[1]), folder)
