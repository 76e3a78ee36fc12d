"""Findings of the gate as JUnit XML, which CI services show beside a change."""

from __future__ import annotations

from collections.abc import Sequence
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from report.gate import Finding
from report.text import clean

NO_XML = {0xFFFE: None, 0xFFFF: None}


def junit(findings: Sequence[Finding], *, name: str) -> str:
    """One test case a finding, in one suite.

    Args:
        findings: Of a check.
        name: Of the study.
    """
    suite = Element(
        "testsuite",
        name=xml_text(name),
        tests=str(len(findings)),
        failures=str(sum(finding.outcome == "failed" for finding in findings)),
        skipped=str(sum(finding.outcome == "skipped" for finding in findings)),
    )
    for finding in findings:
        case = SubElement(
            suite, "testcase", classname=xml_text(f"{finding.dataset}.{finding.method}"), name=xml_text(finding.what)
        )
        if finding.outcome != "passed":
            tag = "failure" if finding.outcome == "failed" else "skipped"
            SubElement(case, tag, message=xml_text(finding.sentence))
    suites = Element("testsuites")
    suites.append(suite)
    indent(suites)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + tostring(suites, encoding="unicode") + "\n"


def xml_text(text: str) -> str:
    """Text without what XML 1.0 cannot hold, escaped or not."""
    return clean(text).translate(NO_XML)
