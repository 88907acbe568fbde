// The phone's own bundle, as its holder uses it.

import { PASSWORD } from './township.mjs';

/** Signs in and waits for the first synchronisation. */
export async function signIn(page, user) {
  await page.getByTestId('login-user').fill(user);
  await page.getByTestId('login-password').fill(PASSWORD);
  await page.getByTestId('login-submit').click();
  await page.waitForFunction(() => document.querySelector('[data-testid=lamp]')?.dataset.state === 'ok');
}

/** Brotli is offered to secure origins only; this name counts as one. */
export function secure(origin) {
  return `${origin.replace('127.0.0.1', 'localhost')}/`;
}
