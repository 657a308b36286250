"""The ARM dialect over HTTP: one file per noun, routes as a table."""
