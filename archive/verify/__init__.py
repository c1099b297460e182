"""Fixity: storage is read again and compared with manifests, records, CDXJ and index."""

from __future__ import annotations

from archive.verify.audit import verify
from archive.verify.report import MOST, Finding, Kind, Report

__all__ = ["MOST", "Finding", "Kind", "Report", "verify"]
