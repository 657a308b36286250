"""How bytes travel: the only floor that knows httpx, clocks, threads, files and credentials.

Import the adapter you need, and only when a client is made: `httpx_async.AsyncIO` or `httpx_sync.SyncIO`.
"""
