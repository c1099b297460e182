"""What stands between the network and the handlers: who may ask, from where, and how much.

Pure ASGI, put around the application by `guarding.guarded`. Handlers see of it only
`archive.web.authority` and `archive.web.grants`.
"""
