#!/usr/bin/env python3
"""Makes tokens by a library that isn't ours: for every algorithm a good one, and one with a damaged signature.

    python3 -m venv /tmp/venv && /tmp/venv/bin/pip install jwcrypto
    /tmp/venv/bin/python tests/tokens/make.py

It writes `made.json` beside this script. The keys are those of `tests/keys`. The tokens are valid until 2100. ECDSA and PSS
are random, so each run makes other tokens.
"""

import base64
import importlib.metadata
import json
import pathlib

from jwcrypto import jwk, jws

HERE = pathlib.Path(__file__).resolve().parent
KEYS = HERE.parent / "keys"
KEY_OF = {
    "HS256": "oct32", "HS384": "oct48", "HS512": "oct64",
    "RS256": "rsa", "RS384": "rsa3072", "RS512": "rsa4096",
    "PS256": "rsa", "PS384": "rsa3072", "PS512": "rsa4096",
    "ES256": "p256", "ES384": "p384", "ES512": "p521",
    "EdDSA": "ed25519",
}
CLAIMS = {
    "iss": "https://id.example", "sub": "alice", "aud": ["api", "other"],
    "exp": 4102444800, "iat": 1700000000, "scope": "read write",
}


def read_key(name):
    pem = KEYS / f"{name}.pem"
    if pem.exists():
        return jwk.JWK.from_pem(pem.read_bytes())
    return jwk.JWK.from_json((KEYS / f"{name}.jwk").read_text())


def make(algorithm, key_name):
    key = read_key(key_name)
    header = {"alg": algorithm, "kid": key_name, "typ": "JWT"}
    token = jws.JWS(json.dumps(CLAIMS, separators=(",", ":")))
    token.allowed_algs = [algorithm]
    token.add_signature(key, alg=algorithm, protected=json.dumps(header, separators=(",", ":")))
    good = token.serialize(compact=True)
    signed, _, signature = good.rpartition(".")
    raw = bytearray(base64.urlsafe_b64decode(signature + "=="))
    raw[len(raw) // 2] ^= 0x10
    damaged = f"{signed}.{base64.urlsafe_b64encode(raw).rstrip(b'=').decode()}"
    check = jws.JWS()
    check.allowed_algs = [algorithm]
    check.deserialize(good, key)
    try:
        check.deserialize(damaged, key)
        raise SystemExit(f"{algorithm}: the damaged token is accepted")
    except jws.InvalidJWSSignature:
        pass
    return {"key": key_name, "good": good, "damaged": damaged}


names = ["jwcrypto", "cryptography"]
made = {
    "made_by": {name: importlib.metadata.version(name) for name in names},
    "tokens": {algorithm: make(algorithm, key) for algorithm, key in KEY_OF.items()},
}
(HERE / "made.json").write_text(json.dumps(made, indent=2) + "\n")
