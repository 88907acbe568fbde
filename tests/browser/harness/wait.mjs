// Waiting for something to become true: looks often, gives up at a deadline and says what it saw last.

/** How long a thing may take on a slow machine, in milliseconds. */
export const PATIENCE = 45_000;
const LOOK_EVERY = 40;

/**
 * Calls `look` until it returns something truthy, and returns that.
 * Errors thrown by `look` count as "not yet": a page may be about to move on.
 */
export async function until(what, look, { timeout = PATIENCE } = {}) {
  const deadline = Date.now() + timeout;
  let last;
  for (;;) {
    try {
      last = await look();
      if (last) return last;
    } catch (error) {
      last = error;
    }
    if (Date.now() > deadline) {
      throw new Error(`waited ${timeout} ms for: ${what}; last seen: ${told(last)}`);
    }
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY));
  }
}

/** Waits for something that comes from elsewhere: synchronises by `wake` now and then meanwhile. */
export async function nudged(what, wake, look) {
  let woken = 0;
  await until(what, async () => {
    if (await look()) return true;
    if (Date.now() - woken > 500) {
      woken = Date.now();
      await wake();
    }
    return false;
  });
}

function told(value) {
  if (value instanceof Error) return value.message;
  const text = JSON.stringify(value);
  return text === undefined ? String(value) : text.slice(0, 2000);
}
