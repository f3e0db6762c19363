import { SendEmailCommand, type SESv2Client } from "@aws-sdk/client-sesv2";
import type { Mailer } from "../usecases/ports.ts";

export interface Sender {
  /** `"Bufete Ferrer" <avisos@example.com>`: the firm's name as the recipient sees it. */
  readonly name: string;
  readonly address: string;
  readonly replyTo: string | undefined;
  readonly configurationSet: string;
}

const utf8 = (Data: string) => ({ Data, Charset: "UTF-8" });
/** RFC 2047: a display name outside ASCII travels as an encoded word; it has no room for a line break or a second address. */
const encodedName = (name: string): string => `=?UTF-8?B?${Buffer.from(name, "utf8").toString("base64")}?=`;

/** Sends through SES. The event's id is a tag, so that SES's own events can be told which mail they speak of. */
export const mailerOf = (client: SESv2Client, sender: Sender): Mailer => ({
  async send({ to, subject, text, html, eventId }) {
    await client.send(new SendEmailCommand({
      FromEmailAddress: `${encodedName(sender.name)} <${sender.address}>`,
      Destination: { ToAddresses: [to] },
      ...(sender.replyTo && { ReplyToAddresses: [sender.replyTo] }),
      ConfigurationSetName: sender.configurationSet,
      EmailTags: [{ Name: "eventId", Value: eventId }],
      Content: { Simple: { Subject: utf8(subject), Body: { Text: utf8(text), Html: utf8(html) } } },
    }));
  },
});
