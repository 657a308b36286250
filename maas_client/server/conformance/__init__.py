"""What the server takes and answers, held against a description of the wire while it runs; off unless asked for.

Theory of operation. `middleware` watches requests and answers go by, `documents` finds what an OpenAPI document says of
them, `check` compares the two, `known` explains what is known to differ, `record` writes one line of JSON for each
exchange. Nothing of it is imported by a server that was not asked to check: jsonschema costs a tenth of a second.
"""
