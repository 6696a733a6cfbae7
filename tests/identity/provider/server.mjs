// An OpenID provider for the tests (npm oidc-provider), on loopback and in memory.
//
//     node server.mjs ISSUER FOLDER KID...
//
// It prints `port N`. A line `keys KID...` on stdin publishes other keys at once, and is answered by the same line. The first
// key of a type is the one that it signs with by default. The key of a `kid` is in FOLDER/KID.jwk, and is made if it isn't
// there. `rsa-…` is for RS256, `ec-…` for ES256. The server ends when stdin does.
//
// The resource of a token says what is wanted: `urn:api:KID` is a JWT that is signed by this key, `urn:api:opaque` an opaque
// token, with an audience either. `:short` at the end makes the token end after two seconds.
import { Provider } from 'oidc-provider';
import { generateKeyPairSync } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const [issuer, folder, ...firstKeys] = process.argv.slice(2);

const algorithmOf = (kid) => (kid.startsWith('ec') ? 'ES256' : 'RS256');

function key(kid) {
  const file = join(folder, `${kid}.jwk`);
  if (!existsSync(file)) {
    const { privateKey } = kid.startsWith('ec')
      ? generateKeyPairSync('ec', { namedCurve: 'P-256' })
      : generateKeyPairSync('rsa', { modulusLength: 2048 });
    const jwk = { ...privateKey.export({ format: 'jwk' }), kid, alg: algorithmOf(kid), use: 'sig' };
    writeFileSync(file, JSON.stringify(jwk));
  }
  return JSON.parse(readFileSync(file, 'utf8'));
}

// The library's own memory forgets a token when a thousand others came.
const tokens = new Map();
class Memory {
  constructor(model) { this.model = model; }
  async upsert(id, payload) { tokens.set(`${this.model} ${id}`, payload); }
  async find(id) { return tokens.get(`${this.model} ${id}`); }
  async destroy(id) { tokens.delete(`${this.model} ${id}`); }
}

function resourceServer(resource) {
  const [kind, short] = resource.slice('urn:api:'.length).split(':');
  const server = { scope: 'read write', audience: 'urn:api', accessTokenTTL: short ? 2 : 3600 };
  return kind === 'opaque'
    ? { ...server, accessTokenFormat: 'opaque' }
    : { ...server, accessTokenFormat: 'jwt', jwt: { sign: { alg: algorithmOf(kind), kid: kind } } };
}

function provider(kids) {
  return new Provider(issuer, {
    adapter: Memory,
    jwks: { keys: kids.map(key) },
    clients: [
      { client_id: 'app', client_secret: 'app-secret', grant_types: ['client_credentials'], redirect_uris: [], response_types: [], scope: 'read write' },
      { client_id: 'gate', client_secret: 'gate secret: +/=%', grant_types: [], redirect_uris: [], response_types: [] },
    ],
    scopes: ['read', 'write'],
    ttl: { ClientCredentials: (_, token) => token.resourceServer?.accessTokenTTL ?? 3600 },
    features: {
      devInteractions: { enabled: false },
      clientCredentials: { enabled: true },
      introspection: { enabled: true, allowedPolicy: async () => true },
      revocation: { enabled: true, allowedPolicy: async (_, client, token) => client.clientId === token.clientId },
      resourceIndicators: { enabled: true, getResourceServerInfo: async (_, resource) => resourceServer(resource) },
    },
    extraTokenClaims: async () => ({ tenant: 'acme' }),
  }).callback();
}

let answer = provider(firstKeys);
const server = createServer((request, response) => answer(request, response));
server.listen(0, '127.0.0.1', () => console.log(`port ${server.address().port}`));

const lines = createInterface({ input: process.stdin });
lines.on('line', (line) => {
  answer = provider(line.split(' ').slice(1));
  console.log(line);
});
lines.on('close', () => process.exit());
