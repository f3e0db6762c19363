/** The local cloud's time: the machine's, moved by as much as somebody asked. */
export interface MovableClock {
  (): Date;
  /** Milliseconds ahead of the machine. */
  offset: number;
}

export const movableClock = (offset = 0): MovableClock => {
  const clock: MovableClock = Object.assign(() => new Date(Date.now() + clock.offset), { offset });
  return clock;
};
