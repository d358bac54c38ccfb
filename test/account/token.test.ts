import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from '@jest/globals';
import { SignJWT } from 'jose';
import { signAccessToken, verifyAccessToken } from '../../src/account/token.js';
import { newId } from '../../src/shared/ids.js';

const secret = Buffer.from('9d0f5c3ab1e84e6fa7c2d4b60c1f8e35');

function tokenUntil(sessionId: string, expiresAt: number): Promise<string> {
  return new SignJWT({ sid: sessionId })
    .setProtectedHeader({ alg: 'HS256', typ: 'at+jwt' })
    .setIssuer('laurel')
    .setAudience('laurel')
    .setSubject(newId())
    .setExpirationTime(expiresAt)
    .sign(secret);
}

test('a token that was good before is refused once it has expired', async () => {
  const sessionId = newId();
  const expiresAt = Math.floor(Date.now() / 1000) + 2;
  const token = await tokenUntil(sessionId, expiresAt);
  expect(await verifyAccessToken(secret, token)).toMatchObject({ sessionId });
  expect(await verifyAccessToken(secret, token)).toMatchObject({ sessionId });
  await sleep(expiresAt * 1000 - Date.now() + 20);
  await expect(verifyAccessToken(secret, token)).rejects.toMatchObject({ reason: 'TOKEN_EXPIRED' });
});

test('a token that was good for one secret is not for another', async () => {
  const sessionId = newId();
  const { token } = await signAccessToken(secret, newId(), sessionId);
  expect(await verifyAccessToken(secret, token)).toMatchObject({ sessionId });
  const other = Buffer.from('0a7d54c1e92b4f8896f1a3c85be7d246');
  await expect(verifyAccessToken(other, token)).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
});

test('a token that differs in any character from one that was good is refused', async () => {
  const { token } = await signAccessToken(secret, newId(), newId());
  await verifyAccessToken(secret, token);
  const forged = `${token.slice(0, -4)}${token.endsWith('AAAA') ? 'BBBB' : 'AAAA'}`;
  await expect(verifyAccessToken(secret, forged)).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
});
