#!/usr/bin/env python3
"""Verifies an export of the ledger from the specifications alone: RFC 6962, c2sp.org/signed-note, c2sp.org/tlog-checkpoint.

Usage: verify.py EXPORT PUBLIC_KEY. Needs the package `cryptography`, for Ed25519.
"""

import base64
import hashlib
import json
import sys

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey


def open_note(note, vkey):
    name, key_hash, encoded = vkey.split("+", 2)
    key = base64.b64decode(encoded, validate=True)
    assert key[0] == 1, "not an Ed25519 key"
    key_id = hashlib.sha256(name.encode() + b"\n" + key).digest()[:4]
    assert key_id.hex() == key_hash, "the key's hash is wrong"
    text, signatures = note.rsplit("\n\n", 1)
    text += "\n"
    for line in signatures.splitlines():
        dash, signer, encoded = line.split(" ")
        signature = base64.b64decode(encoded, validate=True)
        if (dash, signer, signature[:4]) == ("\u2014", name, key_id):
            Ed25519PublicKey.from_public_bytes(key[1:]).verify(signature[4:], text.encode())
            origin, size, root = text.splitlines()[:3]
            assert origin == name
            return int(size), base64.b64decode(root, validate=True)
    raise AssertionError("not signed by this key")


def root_of(hashes):
    if not hashes:
        return hashlib.sha256(b"").digest()
    if len(hashes) == 1:
        return hashes[0]
    split = 1 << ((len(hashes) - 1).bit_length() - 1)
    return hashlib.sha256(b"\x01" + root_of(hashes[:split]) + root_of(hashes[split:])).digest()


def main(path, vkey):
    with open(path, "rb") as file:
        lines = file.read().split(b"\n")
    assert lines.pop() == b"", "the last line is cut off"
    size, root = open_note(json.loads(lines[0])["checkpoint"], vkey)
    hashes, tiles = [], []
    for line in lines[1:]:
        value = json.loads(line)
        if "hashes" in value:
            data = base64.b64decode(value["hashes"])
            tiles += [data[at : at + 32] for at in range(0, len(data), 32)]
        elif "checkpoint" in value:
            assert open_note(value["checkpoint"], vkey) == (len(hashes), root_of(hashes)), "an older checkpoint"
        else:
            assert value["id"] == len(hashes), f"entry {len(hashes)} is missing"
            hashes.append(hashlib.sha256(b"\x00" + line).digest())
    for entry, (listed, computed) in enumerate(zip(tiles, hashes)):
        assert listed == computed, f"entry {entry} was changed"
    assert len(hashes) == len(tiles) == size, "the end is missing"
    assert root_of(hashes) == root, "the root is another one"
    print(f"good: {size} entries")


if __name__ == "__main__":
    main(sys.argv[1], open(sys.argv[2]).read().strip())
