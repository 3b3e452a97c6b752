"""A client of the log that shares no code with it: stubs from grpcio-tools, hashing from hashlib, Ed25519 from cryptography.

Run by tests/e2e/python.rs as: client.py HOST:PORT VKEY
"""

import base64
import hashlib
import sys

import grpc
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from indelible.v1 import log_pb2 as pb
from indelible.v1 import log_pb2_grpc as rpc


def leaf(entry):
    return hashlib.sha256(b"\x00" + entry).digest()


def node(left, right):
    return hashlib.sha256(b"\x01" + left + right).digest()


def open_checkpoint(note, vkey):
    """Size and root of a head, once the log's signature over it holds."""
    name, key_id, key = vkey.split("+", 2)
    text, signatures = note.decode().rsplit("\n\n", 1)
    text += "\n"
    (line,) = [line for line in signatures.splitlines() if line.startswith("\u2014 " + name + " ")]
    signature = base64.b64decode(line.split(" ")[2], validate=True)
    assert signature[:4].hex() == key_id
    Ed25519PublicKey.from_public_bytes(base64.b64decode(key)[1:]).verify(signature[4:], text.encode())
    origin, size, root = text.splitlines()
    assert origin == name
    return int(size), base64.b64decode(root, validate=True)


def split(hashes):
    assert len(hashes) % 32 == 0
    return [hashes[i : i + 32] for i in range(0, len(hashes), 32)]


def root_from_inclusion(index, size, hash, proof):
    """RFC 9162, 2.1.3.2."""
    fn, sn = index, size - 1
    for c in proof:
        assert sn > 0
        if fn & 1 or fn == sn:
            hash = node(c, hash)
            while fn & 1 == 0 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            hash = node(hash, c)
        fn, sn = fn >> 1, sn >> 1
    assert sn == 0
    return hash


def root_from_range(start, leaves, size, proof):
    """The recursion of docs/formats.md, range proof."""
    end, proof = start + len(leaves), list(proof)

    def walk(a, b):
        if b <= start or end <= a:
            return proof.pop(0)
        if b - a == 1:
            return leaves[a - start]
        k = 1 << (b - a - 1).bit_length() - 1
        left = walk(a, a + k)
        return node(left, walk(a + k, b))

    root = walk(0, size)
    assert not proof
    return root


def check_consistency(old_size, old_root, new_size, new_root, proof):
    """RFC 9162, 2.1.4.2."""
    if old_size == new_size:
        assert old_root == new_root and not proof
        return
    path = ([old_root] if old_size & (old_size - 1) == 0 else []) + proof
    fn, sn = old_size - 1, new_size - 1
    while fn & 1:
        fn, sn = fn >> 1, sn >> 1
    fr = sr = path[0]
    for c in path[1:]:
        assert sn > 0
        if fn & 1 or fn == sn:
            fr, sr = node(c, fr), node(c, sr)
            while fn & 1 == 0 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            sr = node(sr, c)
        fn, sn = fn >> 1, sn >> 1
    assert sn == 0 and fr == old_root and sr == new_root


def main(address, vkey):
    log = rpc.TransparencyLogStub(grpc.insecure_channel(address))
    size, root = open_checkpoint(log.GetTreeHead(pb.GetTreeHeadRequest()).head.checkpoint, vkey)
    assert size == 0 and root == hashlib.sha256(b"").digest()

    one = log.Append(pb.AppendRequest(entry=b"from python"))
    first_size, first_root = open_checkpoint(one.head.checkpoint, vkey)
    assert one.leaf_hash == leaf(b"from python")
    assert root_from_inclusion(one.index, first_size, leaf(b"from python"), split(one.proof.hashes)) == first_root

    entries = [b"entry %d" % i for i in range(300)]
    batch = log.AppendBatch(pb.AppendBatchRequest(entries=entries))
    size, root = open_checkpoint(batch.head.checkpoint, vkey)
    leaves = [leaf(entry) for entry in entries]
    assert batch.count == 300
    assert root_from_range(batch.first_index, leaves, size, split(batch.proof.hashes)) == root

    consistency = log.GetConsistencyProof(pb.GetConsistencyProofRequest(old_size=first_size, new_size=size))
    check_consistency(first_size, first_root, size, root, split(consistency.proof.hashes))

    streamed = [b"streamed %d" % i for i in range(500)]
    waiting = [leaf(entry) for entry in streamed]
    for ack in log.AppendStream(pb.AppendStreamRequest(entry=entry) for entry in streamed):
        size, root = open_checkpoint(ack.head.checkpoint, vkey)
        run, waiting = waiting[: ack.count], waiting[ack.count :]
        assert root_from_range(ack.first_index, run, size, split(ack.proof.hashes)) == root
    assert not waiting

    for index in (0, 1, 255, 256, 300, size - 1):
        answer = log.GetInclusionProof(pb.GetInclusionProofRequest(index=index))
        assert open_checkpoint(answer.head.checkpoint, vkey) == (size, root)
        assert root_from_inclusion(index, size, answer.leaf_hash, split(answer.proof.hashes)) == root

    found = [entry for part in log.GetEntries(pb.GetEntriesRequest(start=0, count=size)) for entry in part.entries]
    assert found == [b"from python"] + entries + streamed

    try:
        log.GetInclusionProof(pb.GetInclusionProofRequest(index=size))
        raise SystemExit("an index beyond the tree was answered")
    except grpc.RpcError as error:
        assert error.code() == grpc.StatusCode.OUT_OF_RANGE, error
    print("all of it holds, size", size)


if __name__ == "__main__":
    main(*sys.argv[1:])
