"""Checking what is published: documents → claims → findings, root cause first."""

from pellucid.checking.check import check_file
from pellucid.checking.report import Corrected, Finding, Report

__all__ = ["Corrected", "Finding", "Report", "check_file"]
