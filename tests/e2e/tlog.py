"""A verifier of the ledger that shares nothing with the node: RFC 6962, C2SP tlog-tiles, signed-note
and tlog-checkpoint, and the statement's text, with the standard library and the openssl command.

Run by itself it checks itself against the test vectors of RFC 6962's reference implementation and
against a naive tree.
"""

import base64
import hashlib
import random
import re
import subprocess
import tempfile
import os

TILE_WIDTH = 256
TREE_SIZE_MAX = (1 << 63) - 1


class Invalid(Exception):
    """What was checked does not hold; the text says what."""


def require(condition, what):
    if not condition:
        raise Invalid(what)


# --- RFC 6962 §2.1 ---

EMPTY_ROOT = hashlib.sha256(b"").digest()


def leaf_hash(leaf):
    return hashlib.sha256(b"\0" + leaf).digest()


def node_hash(left, right):
    return hashlib.sha256(b"\1" + left + right).digest()


def root_of(hashes):
    """MTH of a list of leaf hashes, with a stack of perfect subtrees."""
    stack = []  # (height, hash), heights falling
    for value in hashes:
        height = 0
        while stack and stack[-1][0] == height:
            value = node_hash(stack.pop()[1], value)
            height += 1
        stack.append((height, value))
    if not stack:
        return EMPTY_ROOT
    root = stack.pop()[1]
    while stack:
        root = node_hash(stack.pop()[1], root)
    return root


def check_inclusion(index, size, value, proof, root):
    """RFC 9162 §2.1.3.2."""
    require(0 <= index < size, f"index {index} is not in a tree of {size}")
    fn, sn = index, size - 1
    for sibling in proof:
        require(sn > 0, "the inclusion proof is too long")
        if fn & 1 or fn == sn:
            value = node_hash(sibling, value)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            value = node_hash(value, sibling)
        fn, sn = fn >> 1, sn >> 1
    require(sn == 0, "the inclusion proof is too short")
    require(value == root, "the inclusion proof leads to another root")


def check_consistency(old, old_root, new, new_root, proof):
    """RFC 9162 §2.1.4.2."""
    require(0 <= old <= new, f"{old} and {new} are no sizes of one tree")
    if old == new:
        require(not proof and old_root == new_root, "two roots of one size differ")
        return
    if old == 0:
        require(not proof and old_root == EMPTY_ROOT, "an empty tree begins every tree")
        return
    path = list(proof)
    if old & (old - 1) == 0:
        path.insert(0, old_root)
    require(path, "the consistency proof is empty")
    fn, sn = old - 1, new - 1
    while fn & 1:
        fn, sn = fn >> 1, sn >> 1
    first = second = path[0]
    for value in path[1:]:
        require(sn > 0, "the consistency proof is too long")
        if fn & 1 or fn == sn:
            first = node_hash(value, first)
            second = node_hash(value, second)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            second = node_hash(second, value)
        fn, sn = fn >> 1, sn >> 1
    require(sn == 0, "the consistency proof is too short")
    require(first == old_root, "the consistency proof contradicts the old root")
    require(second == new_root, "the consistency proof contradicts the new root")


# --- C2SP tlog-tiles ---

def tile_path(level, index, width=TILE_WIDTH):
    """Path of a tile, or with level "entries" of a bundle, below the log's prefix."""
    groups = []
    while True:
        groups.insert(0, f"{index % 1000:03d}")
        index //= 1000
        if index == 0:
            break
    number = "/".join(["x" + group for group in groups[:-1]] + groups[-1:])
    return f"tile/{level}/{number}" + ("" if width == TILE_WIDTH else f".p/{width}")


def tiles_of(size, level=0):
    """(index, width) of the tiles of a level in a tree of `size` leaves."""
    hashes = size >> (8 * level)
    full, rest = divmod(hashes, TILE_WIDTH)
    return [(i, TILE_WIDTH) for i in range(full)] + ([(full, rest)] if rest else [])


def parse_bundle(data, width):
    """The entries of a bundle."""
    entries, at = [], 0
    for _ in range(width):
        require(at + 2 <= len(data), "the entry bundle is cut short")
        length = int.from_bytes(data[at:at + 2], "big")
        at += 2
        require(at + length <= len(data), "the entry bundle is cut short")
        entries.append(data[at:at + length])
        at += length
    require(at == len(data), "bytes follow the entry bundle")
    return entries


def read_leaves(fetch, size):
    """All leaves of the tree, by `fetch(path) -> bytes`."""
    leaves = []
    for index, width in tiles_of(size):
        leaves += parse_bundle(fetch(tile_path("entries", index, width)), width)
    return leaves


def check_tiles(fetch, leaves):
    """Every hash tile of the tree holds what the leaves give."""
    hashes = [leaf_hash(leaf) for leaf in leaves]
    level = 0
    while True:
        for index, width in tiles_of(len(leaves), level):
            expected = b"".join(hashes[index * TILE_WIDTH:index * TILE_WIDTH + width])
            path = tile_path(level, index, width)
            require(fetch(path) == expected, f"{path} is not what its leaves give")
        if len(hashes) < TILE_WIDTH:
            return
        hashes = [root_of(hashes[i:i + TILE_WIDTH])
                  for i in range(0, len(hashes) - TILE_WIDTH + 1, TILE_WIDTH)]
        level += 1


# --- C2SP signed-note and tlog-checkpoint ---

SIGNATURE_LINE = re.compile("— ([^ \\s+]+) ([A-Za-z0-9+/]+=*)")
ED25519, SM2_SM3 = b"\x01", b"\xffsm2-sm3"
ED25519_SPKI = bytes.fromhex("302a300506032b6570032100")
# SubjectPublicKeyInfo of id-ecPublicKey with SM2's curve (GB/T 32918.5, OID 1.2.156.10197.1.301).
SM2_SPKI = bytes.fromhex("3059301306072a8648ce3d020106082a811ccf5501822d034200")


class Vkey:
    """A verifier key line: name+hash+base64(type || key)."""

    def __init__(self, line):
        self.name, key_id, encoded = line.strip().split("+", 2)
        data = base64.b64decode(encoded, validate=True)
        digest = hashlib.sha256(self.name.encode() + b"\n" + data).digest()
        self.key_id = digest[:4]
        require(self.key_id.hex() == key_id, "the verifier key's hash is wrong")
        self.is_sm2 = data.startswith(SM2_SM3)
        require(self.is_sm2 or data.startswith(ED25519), "unknown type of key")
        self.key = data[len(SM2_SM3):] if self.is_sm2 else data[1:]
        require(len(self.key) == (65 if self.is_sm2 else 32), "the key has a wrong length")

    def verifies(self, text, signature):
        """Asks openssl, so that no arithmetic of ours is trusted."""
        with tempfile.TemporaryDirectory(prefix="idnode-tlog-") as directory:
            def file(name, data):
                path = os.path.join(directory, name)
                with open(path, "wb") as out:
                    out.write(data)
                return path

            prefix = SM2_SPKI if self.is_sm2 else ED25519_SPKI
            pem = base64.encodebytes(prefix + self.key).decode()
            key = file("key.pem",
                       f"-----BEGIN PUBLIC KEY-----\n{pem}-----END PUBLIC KEY-----\n".encode())
            signed, sig = file("text", text), file("sig", signature)
            if self.is_sm2:
                command = ["openssl", "dgst", "-sm3", "-sigopt", "distid:1234567812345678",
                           "-verify", key, "-signature", sig, signed]
            else:
                command = ["openssl", "pkeyutl", "-verify", "-pubin", "-inkey", key, "-rawin",
                           "-in", signed, "-sigfile", sig]
            return subprocess.run(command, capture_output=True, check=False).returncode == 0


def split_note(note):
    """Text with its last line end, and the signatures as (name, key id, bytes)."""
    if isinstance(note, str):
        note = note.encode()
    at = note.rfind(b"\n\n")
    require(at >= 0, "the note has no signatures")
    signatures = []
    lines = note[at + 2:].decode()
    require(lines.endswith("\n"), "the last signature line has no end")
    for line in lines[:-1].split("\n"):
        match = SIGNATURE_LINE.fullmatch(line)
        require(match, f"no signature line: {line!r}")
        data = base64.b64decode(match.group(2), validate=True)
        require(len(data) > 4, "a signature is too short")
        signatures.append((match.group(1), data[:4], data[4:]))
    return note[:at + 1], signatures


def open_note(note, vkeys):
    """The text, once each of `vkeys` has signed it."""
    text, signatures = split_note(note)
    for vkey in vkeys:
        mine = [s for name, key_id, s in signatures
                if name == vkey.name and key_id == vkey.key_id]
        require(mine, f"{vkey.name} ({vkey.key_id.hex()}) has not signed")
        require(vkey.verifies(text, mine[0]), f"the signature of {vkey.name} is wrong")
    return text


def open_checkpoint(note, vkeys):
    """(size, root), once the note's signatures are checked."""
    lines = open_note(note, vkeys).decode().split("\n")
    require(len(lines) == 4 and lines[3] == "", "a checkpoint has three lines")
    require(lines[0] == vkeys[0].name, f"a checkpoint of {lines[0]}, not of {vkeys[0].name}")
    require(re.fullmatch("0|[1-9][0-9]{0,18}", lines[1]), "no tree size")
    root = base64.b64decode(lines[2], validate=True)
    require(len(root) == 32, "no root")
    return int(lines[1]), root


# --- idnode's leaf and statement ---

def parse_leaf(leaf):
    """identifier, commit time in ms, and the other fields by name."""
    fields = leaf.decode().split("\t")
    require(len(fields) == 7 and fields[0] == "1", f"no leaf of version 1: {leaf!r}")
    names = ("version", "identifier", "commit_ms", "content", "template", "application", "class")
    parsed = dict(zip(names, fields))
    parsed["commit_ms"] = int(parsed["commit_ms"])
    return parsed


def check_identifiers(leaves):
    """No identifier twice, whatever its ASCII case; the identifiers in order."""
    identifiers = [parse_leaf(leaf)["identifier"] for leaf in leaves]
    fold = str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ", "abcdefghijklmnopqrstuvwxyz")
    folded = [identifier.translate(fold) for identifier in identifiers]
    if len(set(folded)) != len(folded):
        seen = set()
        for identifier in folded:
            require(identifier not in seen, f"{identifier} is in the log twice")
            seen.add(identifier)
    return identifiers


def parse_statement(text):
    """First line's origin, single lines by name, and lists of rows by name."""
    lines = text.decode().split("\n")
    require(lines[-1] == "", "the statement's last line has no end")
    head = re.fullmatch("(.+) registration statement v1", lines[0])
    require(head, f"no statement: {lines[0]!r}")
    statement = {"origin": head.group(1), "rows": {}}
    for line in lines[1:-1]:
        name, value = line.split(": ", 1)
        if name.startswith("by-"):
            key, *figures = value.split(" ")
            statement["rows"].setdefault(name[3:], {})[key] = [int(f) for f in figures]
        else:
            require(name not in statement, f"{name} stands twice")
            statement[name] = value
    for name in ("tree-start", "tree-end"):
        size, root = statement[name].split(" ")
        statement[name] = (int(size), base64.b64decode(root, validate=True))
    return statement


def check_statement(statement):
    """The figures agree with each other and with the tree."""
    first_ever = int(statement["first-ever"])
    grown = statement["tree-end"][0] - statement["tree-start"][0]
    require(grown == first_ever, f"the tree grew by {grown}, the statement says {first_ever}")
    registrations = int(statement["registrations"])
    require(registrations == first_ever + int(statement["re-registrations"]),
            "registrations are not first-ever plus re-registrations")
    require(int(statement["net"]) == registrations - int(statement["deletions"]), "net is wrong")
    met = statement["target-met"] == "yes"
    require(met == (first_ever >= int(statement["target"])), "target-met is wrong")
    for name, rows in statement["rows"].items():
        for column, figure in enumerate(("first-ever", "registrations", "re-registrations",
                                         "deletions", "net")):
            total = sum(row[column] for row in rows.values())
            require(total == int(statement[figure]), f"by-{name} does not add up to {figure}")


# --- self-test ---

def naive_root(leaves):
    if not leaves:
        return EMPTY_ROOT
    if len(leaves) == 1:
        return leaf_hash(leaves[0])
    split = 1 << ((len(leaves) - 1).bit_length() - 1)
    return node_hash(naive_root(leaves[:split]), naive_root(leaves[split:]))


def naive_path(index, leaves):
    """PATH(m, D[n]) of RFC 6962 §2.1.1."""
    if len(leaves) <= 1:
        return []
    split = 1 << ((len(leaves) - 1).bit_length() - 1)
    if index < split:
        return naive_path(index, leaves[:split]) + [naive_root(leaves[split:])]
    return naive_path(index - split, leaves[split:]) + [naive_root(leaves[:split])]


def naive_proof(old, leaves, whole=True):
    """PROOF(m, D[n]) of RFC 6962 §2.1.2."""
    if old == len(leaves):
        return [] if whole else [naive_root(leaves)]
    split = 1 << ((len(leaves) - 1).bit_length() - 1)
    if old <= split:
        return naive_proof(old, leaves[:split], whole) + [naive_root(leaves[split:])]
    return naive_proof(old - split, leaves[split:], False) + [naive_root(leaves[:split])]


def fails(check, *arguments):
    try:
        check(*arguments)
    except Invalid:
        return True
    return False


def self_test_trees(rng):
    # Roots of the leaves below, from the reference implementation (certificate-transparency).
    leaves = [bytes.fromhex(h) for h in ("", "00", "10", "2021", "3031", "40414243",
                                         "5051525354555657", "606162636465666768696a6b6c6d6e6f")]
    roots = {1: "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
             2: "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
             8: "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"}
    for size, root in roots.items():
        assert root_of([leaf_hash(leaf) for leaf in leaves[:size]]).hex() == root, size
    for size in list(range(1, 40)) + [255, 256, 257, 600]:
        leaves = [bytes([rng.randrange(256) for _ in range(4)]) for _ in range(size)]
        root = root_of([leaf_hash(leaf) for leaf in leaves])
        assert root == naive_root(leaves)
        for index in {0, size // 2, size - 1}:
            path = naive_path(index, leaves)
            check_inclusion(index, size, leaf_hash(leaves[index]), path, root)
            assert fails(check_inclusion, index, size, leaf_hash(b"other"), path, root)
            assert fails(check_inclusion, index, size, leaf_hash(leaves[index]), path + [root],
                         root)
            if path:
                assert fails(check_inclusion, index, size, leaf_hash(leaves[index]), path[:-1],
                             root)
        for old in {0, 1, size // 2, size - 1, size}:
            old_root = naive_root(leaves[:old])
            proof = naive_proof(old, leaves) if old else []
            check_consistency(old, old_root, size, root, proof)
            assert fails(check_consistency, old, leaf_hash(b"x"), size, root, proof)
            assert fails(check_consistency, old, old_root, size, leaf_hash(b"x"), proof) \
                or old == 0


def self_test_tiles(rng):
    assert tile_path(0, 0) == "tile/0/000"
    assert tile_path(0, 1234067) == "tile/0/x001/x234/067"
    assert tile_path(1, 0, 17) == "tile/1/000.p/17"
    assert tile_path("entries", 1234) == "tile/entries/x001/234"
    assert tiles_of(70000, 1) == [(0, 256), (1, 17)]
    leaves = [str(rng.random()).encode() for _ in range(1000)]
    store = {}
    for index, width in tiles_of(len(leaves)):
        part = leaves[index * TILE_WIDTH:index * TILE_WIDTH + width]
        store[tile_path("entries", index, width)] = b"".join(
            len(leaf).to_bytes(2, "big") + leaf for leaf in part)
        store[tile_path(0, index, width)] = b"".join(leaf_hash(leaf) for leaf in part)
    store[tile_path(1, 0, 3)] = b"".join(
        naive_root(leaves[i:i + TILE_WIDTH]) for i in range(0, 768, TILE_WIDTH))
    assert read_leaves(store.__getitem__, len(leaves)) == leaves
    check_tiles(store.__getitem__, leaves)
    store["tile/1/000.p/3"] = bytes(96)
    assert fails(check_tiles, store.__getitem__, leaves)
    assert fails(parse_bundle, b"\0\2a", 1) and fails(parse_bundle, b"\0\1ab", 1)


def self_test_notes():
    def openssl(*arguments):
        return subprocess.run(["openssl", *arguments], capture_output=True, check=True).stdout

    with tempfile.TemporaryDirectory(prefix="idnode-tlog-") as directory:
        name = "idnode.example/88.108"
        text = f"{name}\n0\n{base64.b64encode(EMPTY_ROOT).decode()}\n".encode()
        path = os.path.join(directory, "text")
        with open(path, "wb") as file:
            file.write(text)
        note, vkeys = text + b"\n", []
        for kind, prefix in ((["-algorithm", "ed25519"], ED25519), (["-algorithm", "SM2"], SM2_SM3)):
            key = os.path.join(directory, "key.pem")
            openssl("genpkey", *kind, "-out", key)
            spki = openssl("pkey", "-in", key, "-pubout", "-outform", "DER")
            public = spki[-32:] if prefix == ED25519 else spki[-65:]
            key_id = hashlib.sha256(name.encode() + b"\n" + prefix + public).digest()[:4]
            vkeys.append(Vkey(f"{name}+{key_id.hex()}+"
                              f"{base64.b64encode(prefix + public).decode()}"))
            if prefix == ED25519:
                signature = openssl("pkeyutl", "-sign", "-inkey", key, "-rawin", "-in", path)
            else:
                signature = openssl("dgst", "-sm3", "-sigopt", "distid:1234567812345678", "-sign",
                                    key, path)
            note += f"— {name} {base64.b64encode(key_id + signature).decode()}\n".encode()
    assert open_checkpoint(note, vkeys) == (0, EMPTY_ROOT)
    assert fails(open_checkpoint, note.replace(b"\n0\n", b"\n1\n"), vkeys)
    assert fails(open_checkpoint, note.split("—".encode())[0], vkeys)


def self_test_statements():
    text = b"""o.example registration statement v1
month: 2026-11
tree-start: 0 47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=
tree-end: 3 47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=
first-ever: 3
registrations: 4
re-registrations: 1
deletions: 2
net: 2
by-day: 2026-11-01 3 4 1 2 2 1
target: 15000000
target-met: no
"""
    check_statement(parse_statement(text))
    for good, bad in ((b"first-ever: 3", b"first-ever: 4"), (b"net: 2", b"net: 3"),
                      (b"target-met: no", b"target-met: yes"), (b"01 3 4", b"01 2 4"),
                      (b"tree-end: 3", b"tree-end: 2"), (b"registrations: 4", b"registrations: 5")):
        assert fails(check_statement, parse_statement(text.replace(good, bad, 1))), bad
    leaf = b"1\t88.1.2/SN1\t1764000000000\tx\t\t\tproduct"
    assert check_identifiers([leaf]) == ["88.1.2/SN1"]
    assert fails(check_identifiers, [leaf, leaf.replace(b"SN1", b"sn1")])
    assert fails(parse_leaf, b"2" + leaf[1:])


def self_test():
    seed = random.SystemRandom().randrange(1 << 32)
    print(f"seed {seed}")
    rng = random.Random(seed)
    self_test_trees(rng)
    self_test_tiles(rng)
    self_test_notes()
    self_test_statements()
    print("tlog.py: all well")


if __name__ == "__main__":
    self_test()
