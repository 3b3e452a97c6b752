// An issuer that does as it is told: one command in JSON a line in, one answer a line out.
import { createInterface } from 'node:readline';
import { OAuth2Server } from 'oauth2-mock-server';
import { SignJWT, UnsecuredJWT, importJWK } from 'jose';

const server = new OAuth2Server();
const now = () => Math.floor(Date.now() / 1000);

const commands = {
  async start() {
    await server.start(0, '127.0.0.1');
    return { url: server.issuer.url };
  },
  async stop() {
    await server.stop();
    return {};
  },
  async key({ alg, kid }) {
    const jwk = await server.issuer.keys.generate(alg, { kid });
    return { n: jwk.n, x: jwk.x };
  },
  // The token as the server makes it, with these claims and these members of the header beside its own; null takes one out.
  async token({ kid, claims, header, expiresIn }) {
    const put = (target, changes) => {
      for (const [name, value] of Object.entries(changes ?? {})) {
        if (value === null) delete target[name];
        else target[name] = value;
      }
    };
    const scopesOrTransform = (head, payload) => { put(head, header); put(payload, claims); };
    return { token: await server.issuer.buildToken({ kid, expiresIn, scopesOrTransform }) };
  },
  async unsecured({ claims }) {
    return { token: new UnsecuredJWT({ iss: server.issuer.url, iat: now(), exp: now() + 300, ...claims }).encode() };
  },
  async hmac({ alg, kid, claims, secret }) {
    const payload = { iss: server.issuer.url, iat: now(), exp: now() + 300, ...claims };
    const key = new Uint8Array(Buffer.from(secret, 'base64'));
    return { token: await new SignJWT(payload).setProtectedHeader({ alg, kid, typ: 'JWT' }).sign(key) };
  },
  async jwks() {
    return { keys: server.issuer.keys.toJSON() };
  },
  async pem({ kid }) {
    const jwk = server.issuer.keys.toJSON().find((key) => key.kid === kid);
    const key = await importJWK(jwk, jwk.alg, { extractable: true });
    const { exportSPKI } = await import('jose');
    return { pem: await exportSPKI(key) };
  },
};

for await (const line of createInterface({ input: process.stdin })) {
  const command = JSON.parse(line);
  let answer;
  try {
    answer = await commands[command.do](command);
  } catch (error) {
    answer = { error: String(error) };
  }
  console.log(JSON.stringify(answer));
}
process.exit(0);
