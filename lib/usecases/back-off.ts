/** Waits a random part of a time that doubles with each attempt, so that whoever collided does not collide again. */
export const backOff = (attempt: number, firstMs = 20): Promise<void> =>
  new Promise((resolve) => {
    // eslint-disable-next-line no-restricted-properties -- jitter need not be unguessable
    setTimeout(resolve, Math.random() * firstMs * 2 ** attempt);
  });
