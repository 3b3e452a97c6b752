"""Submits events with stubs that grpcio-tools made, and checks each answer with nothing but hashlib: the digest of every member, what was
sent, and the path to the root of the head. The head's signature is checked by tests/e2e/client.py."""

import base64
import hashlib
import json
import sys

import grpc
from indelible.v1 import audit_pb2, audit_pb2_grpc

MEMBERS = "action actor changes correlation delivery occurred origin outcome raw submitter targets".split()


def unpadded(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=")


def sha256(data):
    return hashlib.sha256(data).digest()


def root_by(leaf, index, size, hashes):
    """RFC 9162, 2.1.3.2."""
    node, last = sha256(b"\0" + leaf), size - 1
    for sibling in hashes:
        assert last > 0
        if index & 1 or index == last:
            node = sha256(b"\1" + sibling + node)
            while not index & 1 and index:
                index, last = index >> 1, last >> 1
        else:
            node = sha256(b"\1" + node + sibling)
        index, last = index >> 1, last >> 1
    assert last == 0
    return node


def check(event, head, proof, claims, source, key):
    leaf = json.loads(event.leaf)
    assert sorted(leaf) == ["_sd", "_sd_alg", "received", "type"] and leaf["type"] == "indelible.event.v1"
    values = {}
    for member in event.members:
        digest = unpadded(sha256(unpadded(member.disclosure))).decode()
        assert digest in leaf["_sd"], digest
        salt, name, value = json.loads(member.disclosure)
        assert len(salt) == 22
        values[name] = value
    assert list(values) == MEMBERS
    for name, value in claims.items():
        assert values[name] == value, (name, values[name])
    assert values["delivery"]["source"] == source and values["delivery"]["key"] == key
    assert values["submitter"] == {"principal": "anonymous", "method": "none"}
    _, size, root, *_ = head.checkpoint.decode().split("\n")
    hashes = [proof.hashes[at : at + 32] for at in range(0, len(proof.hashes), 32)]
    assert root_by(event.leaf, event.index, int(size), hashes) == base64.b64decode(root)


channel = grpc.insecure_channel(sys.argv[1])
trail = audit_pb2_grpc.AuditTrailStub(channel)


def submission(claims, key):
    return audit_pb2.Submission(source="python", key=key, claims=json.dumps(claims).encode())


def claims(number):
    return {
        "action": {"name": "deploy \N{SNOWMAN} \U0001f511", "verb": "execute"},
        "actor": {"type": "user", "id": str(number), "claims": {"b": [1, -9007199254740991], "a": None}},
        "changes": [{"field": "replicas", "before": None, "after": number}],
    }


for number in range(70):
    reply = trail.Submit(audit_pb2.SubmitRequest(submission=submission(claims(number), f"key {number}")))
    assert (reply.event.index, reply.repeated, reply.at_least_once) == (number, False, False)
    check(reply.event, reply.head, reply.proof, claims(number), "python", f"key {number}")

again = trail.Submit(audit_pb2.SubmitRequest(submission=submission(claims(7), "key 7")))
assert again.repeated and again.event.index == 7
check(again.event, again.head, again.proof, claims(7), "python", "key 7")

try:
    trail.Submit(audit_pb2.SubmitRequest(submission=submission(claims(8), "key 7")))
    raise SystemExit("a conflict was taken")
except grpc.RpcError as error:
    assert error.code() == grpc.StatusCode.ALREADY_EXISTS, error

found = trail.Get(audit_pb2.GetEventRequest(index=33))
check(found.event, found.head, found.proof, claims(33), "python", "key 33")

for place, reply in enumerate(trail.Watch(audit_pb2.WatchRequest(start=0, filter=audit_pb2.EventFilter(actor="12")))):
    assert [event.index for event in reply.events] == [12]
    break

print("all of it holds")
