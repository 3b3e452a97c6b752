"""Reads OpenMetrics text on stdin with prometheus_client's strict parser; writes the samples as JSON."""

import json
import sys

from prometheus_client.openmetrics.parser import text_string_to_metric_families

families = {}
for family in text_string_to_metric_families(sys.stdin.read()):
    assert family.documentation, family.name
    families[family.name] = family.type
    for sample in family.samples:
        print(json.dumps([sample.name, sample.labels, sample.value]))
assert len(families) > 20, families
