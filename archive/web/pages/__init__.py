"""Pages for people: Jinja2 templates, a style sheet of our own, and htmx where it saves a reload.

No page needs a script, and none has one within: the policy of the pages forbids it.
"""
