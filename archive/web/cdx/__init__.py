"""The index of captures for the clients of other archives, in the two dialects that they speak.

A request goes through `parameters` (what is asked), `search` (captures as lines: found, filtered,
collapsed, counted), `forms` (lines as bytes); `dialects` holds what differs.
"""
