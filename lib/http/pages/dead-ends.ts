import { html, oneLine, type Html } from "../../text/html.ts";
import { wordsIn } from "../../text/catalogue.ts";
import { formatDateTime } from "../../text/locale.ts";
import { mainButton } from "./brand.ts";
import { callUs, nonceField, pageOf, type PageView } from "./layout.ts";
import { waitFor } from "./wait.ts";

/** Unknown, malformed and revoked links: one page, the same bytes, so that it tells nobody which of them it is. */
export const renderGone = (view: PageView): string => {
  const words = wordsIn(view.locale).gone;
  return pageOf(view, words.title, html`<h1>${words.title}</h1>
<p>${words.check}</p>
<p>${words.call(oneLine(view.firm.name))}</p>
${callUs(view.firm)}`);
};

export interface ExpiredView extends PageView {
  readonly expiredAt: string;
  /** Where a new link is asked for; takes `nonce`. Without it the page says whom to call. */
  readonly formAction?: string | undefined;
  readonly nonce?: string | undefined;
  /** A new link has just been asked for. */
  readonly requested?: boolean | undefined;
}

const renewal = ({ firm, locale, formAction, nonce }: ExpiredView): Html => {
  const words = wordsIn(locale).expired;
  if (formAction === undefined) return html`<p>${words.call(oneLine(firm.name))}</p>${callUs(firm)}`;
  return html`<form method="post" action="${formAction}">${nonce !== undefined && nonceField(nonce)}${mainButton(firm, words.renew)}</form>
<p class="quiet">${words.renewHint}</p>`;
};

/** A link that was good until an instant, and the way to a new one. */
export const renderExpired = (view: ExpiredView): string => {
  const { firm, locale, expiredAt, requested } = view;
  const words = wordsIn(locale).expired;
  if (requested === true) return pageOf(view, words.requested, html`<h1>${words.requested}</h1><p>${words.requestedHint}</p>`);
  return pageOf(view, words.title, html`<h1>${words.title}</h1>
<p>${words.when(formatDateTime(expiredAt, locale, firm.timeZone))} ${words.why}</p>
${renewal(view)}`);
};

export type TroubleKind = "throttled" | "unavailable" | "internal" | "not_available_yet" | "no_downloads_left" | "method_not_allowed";

export interface TroubleView extends PageView {
  readonly kind: TroubleKind;
  readonly requestId: string;
  readonly retryAfterSeconds?: number | undefined;
  /** The page to return to. */
  readonly back?: string | undefined;
}

/** What went wrong, what to do, and what to say when calling. */
export const renderTrouble = (view: TroubleView): string => {
  const { firm, locale, kind, requestId, retryAfterSeconds, back } = view;
  const words = wordsIn(locale).trouble;
  const { title, body } = words[kind];
  return pageOf(view, title, html`<h1>${title}</h1>
<p>${body(waitFor(retryAfterSeconds, locale))}</p>
${back !== undefined && html`<p><a href="${back}">${words.back}</a></p>`}
<p>${wordsIn(locale).firm.help}</p>
${callUs(firm)}
<p class="quiet">${words.reference} <span class="reference">${oneLine(requestId)}</span></p>`);
};
