"""The jobs with tokens: their keys, policies and requests, and Envoy's own filter for the same."""

import json
import pathlib
import subprocess
import time

import gateway
import policies

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
ISSUER, AUDIENCE = "https://id.bench.test", "api"

# The algorithms, each with the private key that signs by it (tests/keys). ES512 is for the floods.
KEYS = {"RS256": "rsa.pem", "PS256": "rsa.pem", "ES256": "p256.pem", "EdDSA": "ed25519.pem", "HS256": "oct32.jwk",
        "ES512": "p521.pem"}

# The number of tokens that a filter has seen before. Each is of another consumer.
SEEN = policies.CONSUMERS


class Signer:
    """Makes keys and tokens with the program of crates/signing."""

    def __init__(self, program):
        self.program = program
        self.now = int(time.time())

    def run(self, *arguments, **more):
        return subprocess.run([self.program, *arguments], check=True, capture_output=True, text=True, **more).stdout

    def jwk(self, algorithm):
        """The key of an algorithm as a verifier gets it."""
        key = json.loads(self.run(ROOT / "tests" / "keys" / KEYS[algorithm]))
        return {**key, "kid": f"bench-{algorithm.lower()}", "alg": algorithm, "use": "sig"}

    def tokens(self, algorithm, count):
        """This number of tokens, all different. They take the consumers in turn."""
        payloads = "\n".join(policies.dumps(self.claims(number)) for number in range(count))
        header = {"alg": algorithm, "typ": "JWT", "kid": f"bench-{algorithm.lower()}"}
        key = ROOT / "tests" / "keys" / KEYS[algorithm]
        return self.run(key, algorithm, policies.dumps(header), input=payloads).split()

    def claims(self, number):
        return {
            "iss": ISSUER, "aud": [AUDIENCE, "account"], "sub": subject(number),
            "iat": self.now, "nbf": self.now, "exp": self.now + 86_400,
            "jti": f"{number:08x}-52c1-4f0b-9a3e-6d7e5b1f0c44", "azp": "bench-web",
            "scope": "openid profile orders:read orders:write", "email": f"{subject(number)}@bench.test",
            "roles": ["reader", "writer"],
        }


def subject(number):
    """The subject of a token, which is its consumer's name."""
    return f"consumer-{number % policies.CONSUMERS:06}"


def gate(jwk):
    """J2 and J3: J1 with tokens in the place of keys."""
    policy = policies.gate(consumers=0)
    names = [subject(number) for number in range(policies.CONSUMERS)]
    policy["consumers"] = [{"name": name, "credentials": [{"jwt": {"claim": name}}]} for name in names]
    # The bound for floods is for the job `flood`. Here it would refuse what is to be measured.
    policy["providers"] = {"keys": {"jwt": {**provider([jwk]), "verificationShare": "100%"}}}
    return policy


def provider(jwks):
    return {"issuer": ISSUER, "audiences": [AUDIENCE], "keys": {"inline": {"keys": jwks}}, "consumer": {"claim": "sub"}}


def native(jwk, cached=False):
    """Envoy's own filter: it verifies the same, removes the token, and writes the subject into the consumer's header."""
    written = {
        "issuer": ISSUER, "audiences": [AUDIENCE], "forward": False,
        "local_jwks": {"inline_string": json.dumps({"keys": [jwk]})},
        "from_headers": [{"name": "authorization", "value_prefix": "Bearer "}],
        "claim_to_headers": [{"header_name": "x-consumer-name", "claim_name": "sub"}],
    }
    if cached:
        written["jwt_cache_config"] = {"jwt_cache_size": 2 * SEEN}
    config = {"@type": gateway.FILTERS + "http.jwt_authn.v3.JwtAuthentication", "providers": {"corp": written},
              "rules": [{"match": {"prefix": "/"}, "requires": {"provider_name": "corp"}}]}
    return [{"name": "jwt", "typed_config": config}]


def requests(made):
    """J1's requests with these tokens in the place of keys."""
    return [each._replace(header="authorization", credential=f"Bearer {token}", consumer=subject(number))
            for number, (each, token) in enumerate(zip(policies.requests(len(made)), made))]
