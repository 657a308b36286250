"""A TCP proxy that breaks connections on purpose, as programs tell it to.

`actions` is the table of what it can do, `program` says to which connection, `streams` does it to bytes, `connection`
carries one connection, and `proxy` is the thread that users start.
"""
