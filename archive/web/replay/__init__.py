"""The replay: archived pages as they looked, on an origin that has nothing else.

Nothing of a page is rewritten but what would get around the service worker (`disarming`): the
browser asks for addresses as the page wrote them, and the worker (`static/worker.js`) answers each
from the archive. Archived scripts never run; what is not archived is not asked for elsewhere.
"""
