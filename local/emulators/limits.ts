/** How long a process may take to end after SIGTERM before it is killed. DynamoDB Local was measured at 340 ms, the Node.js ones at 20 ms. */
export const KILL_AFTER_MS = 3_000;

/** How long an emulator may take until it answers. DynamoDB Local needs 1.4 s on two cores, and far more when tests keep them busy. */
export const READY_WITHIN_MS = 60_000;
