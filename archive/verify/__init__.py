"""Fixity: storage is read again and compared with manifests, records, CDXJ and index."""

from __future__ import annotations

from archive.verify.audit import verify
from archive.verify.healing import Healed, heal
from archive.verify.report import MOST, Finding, Kind, Report

__all__ = ["MOST", "Finding", "Healed", "Kind", "Report", "heal", "verify"]
