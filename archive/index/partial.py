"""The mark of an index that was begun beside objects that it does not know: the old one was lost.

It is a table of its own, which a rebuilt index does not have.
"""

from __future__ import annotations

from sqlalchemy import Column, Integer, MetaData, Table
from sqlalchemy.schema import CreateTable

mark = Table("partial", MetaData(), Column("id", Integer, primary_key=True))
make_mark = CreateTable(mark, if_not_exists=True)
