import { styleHash } from "./style.ts";

/**
 * The headers of every page, whatever its status. `bucketOrigin` is where downloads lie: Chromium applies `form-action` to the address
 * that a posted form is redirected to as well. No `sandbox`: it would make the posting page a stranger to its own cookie, and `tel:` links dead.
 *
 * @throws TypeError for anything that is no URL, so that a setting can not write a directive of its own.
 */
export const pageHeaders = (bucketOrigin: string): Record<string, string> => ({
  "content-type": "text/html; charset=utf-8",
  "content-security-policy": [
    "default-src 'none'",
    `style-src ${styleHash}`,
    "img-src data:",
    `form-action 'self' ${new URL(bucketOrigin).origin}`,
    "base-uri 'none'",
    "object-src 'none'",
    "frame-ancestors 'none'",
  ].join("; "),
  // The page's address is the key to it: no other site may learn it.
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
  "x-robots-tag": "noindex, nofollow, noarchive",
  "cache-control": "no-store",
  "strict-transport-security": "max-age=31536000; includeSubDomains",
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  "permissions-policy": "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()",
});
