"""The risk report: value at risk and expected shortfall of many models, beside what came."""

from seqmem.experiments.risk.page import risk_sections
from seqmem.experiments.risk.report import RiskReport, risk_report

__all__ = ["RiskReport", "risk_report", "risk_sections"]
