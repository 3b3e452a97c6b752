"""Recomputes leaves of an events log from their disclosures, with sd-jwt's hashing and rfc8785's canonical form.

Run by tests/it/foreign.rs as: recompute.py LEAVES.json
"""

import base64
import json
import sys

import rfc8785
from sd_jwt.common import SDJWTCommon


def main():
    common = SDJWTCommon(serialization_format="compact")
    leaves = json.load(open(sys.argv[1], encoding="utf-8"))
    for case in leaves:
        leaf = json.loads(case["leaf"])
        digests = []
        for text in case["disclosures"]:
            assert "=" not in text
            d = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
            salt, name, value = parsed = json.loads(d)
            assert len(base64.urlsafe_b64decode(salt + "==")) == 16
            assert rfc8785.dumps(parsed) == d, (name, value)
            digests.append(common._b64hash(text.encode("ascii")))
        assert leaf["_sd"] == sorted(digests)
        assert leaf["_sd_alg"] == "sha-256"
        assert rfc8785.dumps(leaf) == case["leaf"].encode("utf-8")
        if leaf["type"] == "indelible.event.v1":
            assert sorted(leaf) == ["_sd", "_sd_alg", "received", "type"] and len(digests) == 11
        else:
            assert sorted(leaf) == ["_sd", "_sd_alg", "erased", "received", "type"] and len(digests) == 2
    print(len(leaves), "leaves hold")


main()
