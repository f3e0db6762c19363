import { html, nameOf, oneLine, visible, type Html } from "../../text/html.ts";
import { wordsIn, type Catalogue } from "../../text/catalogue.ts";
import { formatDateTime } from "../../text/locale.ts";
import { mainButton } from "./brand.ts";
import { nonceField, pageOf, type PageView } from "./layout.ts";
import { waitFor } from "./wait.ts";

export type DoorProblem = "wrong_passcode" | "wrong_code" | "terms_required" | "form_expired" | "throttled";

/** The page that a link opens. It has no field for a document's name, number or size: those are shown to a person who opened, never to a scanner. */
export interface DoorView extends PageView {
  readonly senderName: string;
  readonly message?: string | undefined;
  readonly expiresAt: string;
  readonly asks: { readonly passcode: boolean; readonly code: boolean; readonly terms?: string | undefined };
  /** Takes `nonce`, `passcode`, `code` and `acceptTerms=true`. */
  readonly formAction: string;
  readonly nonce: string;
  /** Where a code is asked for by e-mail; takes `nonce`. */
  readonly codeAction?: string | undefined;
  /** A code has just been sent. */
  readonly codeSent?: boolean | undefined;
  readonly problem?: DoorProblem | undefined;
  readonly retryAfterSeconds?: number | undefined;
}

type Field = "passcode" | "code" | "acceptTerms";
const fieldOf = { wrong_passcode: "passcode", wrong_code: "code", terms_required: "acceptTerms", form_expired: undefined, throttled: undefined } as const satisfies Record<DoorProblem, Field | undefined>;

interface Wrong {
  readonly field: Field | undefined;
  readonly text: string;
}

const wrongIn = ({ problem, locale, retryAfterSeconds }: DoorView): Wrong | undefined => {
  if (problem === undefined) return undefined;
  const { problems } = wordsIn(locale).door;
  return { field: fieldOf[problem], text: problem === "throttled" ? problems.throttled(waitFor(retryAfterSeconds, locale)) : problems[problem] };
};

const summary = (wrong: Wrong, words: Catalogue["door"]): Html => html`<div class="alarm" role="alert">
<h2>${words.problem}</h2>
<p>${wrong.field === undefined ? wrong.text : html`<a href="#${wrong.field}">${wrong.text}</a>`}</p>
</div>`;

/** The error of a field stands above it, and the cursor in it. */
const said = (field: Field, wrong: Wrong | undefined): Html | undefined =>
  wrong?.field === field ? html`<p class="says" id="${field}-error">${wrong.text}</p>` : undefined;
const state = (field: Field, wrong: Wrong | undefined, hint: boolean): Html => {
  const isWrong = wrong?.field === field;
  const describedBy = [hint && `${field}-hint`, isWrong && `${field}-error`].filter((it) => it !== false).join(" ");
  return html`${describedBy !== "" && html` aria-describedby="${describedBy}"`}${isWrong && html` aria-invalid="true" autofocus`}`;
};
const groupClass = (field: Field, wrong: Wrong | undefined): string => (wrong?.field === field ? "ask wrong" : "ask");

const passcodeField = (words: Catalogue["door"], wrong: Wrong | undefined): Html => html`<div class="${groupClass("passcode", wrong)}">
<label for="passcode">${words.passcode}</label>
<p class="quiet" id="passcode-hint">${words.passcodeHint}</p>
${said("passcode", wrong)}
<input type="text" id="passcode" name="passcode" required autocomplete="off" autocapitalize="none" spellcheck="false"${state("passcode", wrong, true)}>
</div>`;

const codeField = (words: Catalogue["door"], wrong: Wrong | undefined, hint: string): Html => html`<div class="${groupClass("code", wrong)}">
<label for="code">${words.code}</label>
<p class="quiet" id="code-hint">${hint}</p>
${said("code", wrong)}
<input class="code" type="text" id="code" name="code" required inputmode="numeric" autocomplete="one-time-code"${state("code", wrong, true)}>
</div>`;

const termsField = (terms: string, words: Catalogue["door"], wrong: Wrong | undefined): Html => html`<div class="${groupClass("acceptTerms", wrong)}">
<h2>${words.terms}</h2>
<div class="terms" dir="auto">${visible(terms).trim()}</div>
${said("acceptTerms", wrong)}
<div class="tick"><input type="checkbox" id="acceptTerms" name="acceptTerms" value="true" required${state("acceptTerms", wrong, false)}><label for="acceptTerms">${words.acceptTerms}</label></div>
</div>`;

// A form of its own and before the other, so that Enter in any field opens the documents and never asks for one more code.
const codeRequest = (view: DoorView, words: Catalogue["door"]): Html | undefined =>
  !view.asks.code || view.codeAction === undefined
    ? undefined
    : html`<p${view.codeSent === true && html` class="note" role="status"`}>${view.codeSent === true ? words.codeSent : words.codeSource}</p>
<form method="post" action="${view.codeAction}">${nonceField(view.nonce)}<button class="second">${view.codeSent === true ? words.sendAnotherCode : words.sendCode}</button></form>`;

/** The door: who sends, until when, what is asked, one button. */
export const renderDoor = (view: DoorView): string => {
  const { firm, locale, senderName, message, asks } = view;
  const words = wordsIn(locale).door;
  const wrong = wrongIn(view);
  const title = words.title(oneLine(firm.name));
  const sender = oneLine(senderName) !== oneLine(firm.name) && html`<dt>${words.sender}</dt><dd>${nameOf(senderName)}</dd>`;
  return pageOf(view, wrong === undefined ? title : `${words.errorPrefix}: ${title}`, html`${wrong !== undefined && summary(wrong, words)}
<h1>${title}</h1>
<dl class="facts">${sender}<dt>${words.until}</dt><dd>${formatDateTime(view.expiresAt, locale, firm.timeZone)}</dd></dl>
${message !== undefined && visible(message).trim() !== "" && html`<blockquote class="letter" dir="auto" aria-label="${words.message}">${visible(message).trim()}</blockquote>`}
${codeRequest(view, words)}
<form method="post" action="${view.formAction}">
${nonceField(view.nonce)}
${asks.passcode && passcodeField(words, wrong)}
${asks.code && codeField(words, wrong, view.codeAction === undefined ? words.codeSource : words.codeHint)}
${asks.terms !== undefined && termsField(asks.terms, words, wrong)}
${mainButton(firm, words.open)}
</form>
<p class="quiet">${words.recorded}</p>`);
};
