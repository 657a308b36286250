"""`maas-ft`: people at a terminal. One file a noun; what is heavy is imported inside the commands.

stdout is data, stderr is talk. `--help` loads nothing but click.
"""
