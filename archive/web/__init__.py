"""The web server: raw snapshots, Memento, CDX, the API, pages and replay, over one collection.

Whatever answers by the thousand is a plain Starlette route; the JSON API is FastAPI. Nothing here
knows the crawler: what is given in (`Site`) is made by the command.
"""
