// An issuer that does as it is told: one command in JSON a line in, one answer a line out.
import { createInterface } from 'node:readline';
import { OAuth2Server } from 'oauth2-mock-server';
import {
  CompactSign, EmbeddedJWK, SignJWT, UnsecuredJWT, calculateJwkThumbprint, compactVerify, createLocalJWKSet, exportJWK,
  generateKeyPair, importJWK, jwtVerify,
} from 'jose';

const server = new OAuth2Server();
const now = () => Math.floor(Date.now() / 1000);

const jobs = new Map();
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
  // A key of a job: its thumbprint.
  async job({ name, alg }) {
    const { publicKey, privateKey } = await generateKeyPair(alg, { extractable: true });
    const jwk = await exportJWK(publicKey);
    jobs.set(name, { alg, jwk, privateKey, privateJwk: await exportJWK(privateKey) });
    return { thumbprint: await calculateJwkThumbprint(jwk), jwk, privateJwk: jobs.get(name).privateJwk };
  },
  // Signs a text, with these members of the header beside its own.
  async sign({ name, payload, header }) {
    const { alg, jwk, privateKey } = jobs.get(name);
    const signer = new CompactSign(new TextEncoder().encode(payload));
    return { token: await signer.setProtectedHeader({ alg, typ: 'indelible-event+jws', jwk, ...header }).sign(privateKey) };
  },
  // Checks a signed text by the key in its header.
  async check({ text }) {
    const { payload, protectedHeader } = await compactVerify(text, EmbeddedJWK);
    const thumbprint = await calculateJwkThumbprint(protectedHeader.jwk);
    return { payload: new TextDecoder().decode(payload), thumbprint, typ: protectedHeader.typ };
  },
  // Checks a token as of a time in seconds, by a key set that was published then.
  async recheck({ text, jwks, at }) {
    const { payload } = await jwtVerify(text, createLocalJWKSet(JSON.parse(jwks)), { currentDate: new Date(at * 1000) });
    return { claims: payload };
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
