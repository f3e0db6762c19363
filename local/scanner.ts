import { GetObjectCommand, type S3Client } from "@aws-sdk/client-s3";
import { randomUUID } from "node:crypto";
import type { Bus, BusEvent } from "./bus.ts";

/** What the next scans say: `auto` looks for the EICAR test file, `hold` says nothing, the others are GuardDuty's own words. */
export type ScanMode = "auto" | "hold" | "NO_THREATS_FOUND" | "THREATS_FOUND" | "UNSUPPORTED" | "FAILED";

export interface Scanner {
  mode: ScanMode;
  /** To be told of every event of the bucket. */
  see(event: BusEvent): Promise<void>;
}

/** https://www.eicar.org/download-anti-malware-testfile/ in two pieces, so that this file is not taken for the test file. */
const eicar = ["X5O!P%@AP[4\\PZX54(P^)7CC)7}$", "EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"].join("");

/** Stands in for GuardDuty Malware Protection: reads what was stored and says its verdict in GuardDuty's shape. */
export const startScanner = (s3: S3Client, bus: Bus): Scanner => {
  const verdictOn = async (Bucket: string, Key: string, VersionId: string): Promise<string> => {
    const { Body } = await s3.send(new GetObjectCommand({ Bucket, Key, VersionId }));
    let tail = "";
    for await (const chunk of Body as AsyncIterable<Uint8Array>) {
      // In Node.js the SDK's body is a readable stream of bytes.
      const text = tail + Buffer.from(chunk).toString("latin1");
      if (text.includes(eicar)) return "THREATS_FOUND";
      tail = text.slice(-eicar.length);
    }
    return "NO_THREATS_FOUND";
  };
  const scanner: Scanner = {
    mode: "auto",
    async see(event) {
      if (event["detail-type"] !== "Object Created" || scanner.mode === "hold") return;
      const { bucket, object } = event.detail as { bucket: { name: string }; object: { key: string; "version-id": string; etag: string } }; // our own S3 sends S3's documented shape
      const status = scanner.mode === "auto" ? await verdictOn(bucket.name, object.key, object["version-id"]) : scanner.mode;
      await bus.publish("default", {
        version: "0", id: randomUUID(), "detail-type": "GuardDuty Malware Protection Object Scan Result", source: "aws.guardduty", account: "000000000000",
        time: new Date().toISOString(), region: "eu-west-1", resources: [],
        detail: {
          schemaVersion: "1.0", scanStatus: "COMPLETED", resourceType: "S3_OBJECT",
          s3ObjectDetails: { bucketName: bucket.name, objectKey: object.key, eTag: object.etag, versionId: object["version-id"], s3Throttled: false },
          scanResultDetails: { scanResultStatus: status, threats: status === "THREATS_FOUND" ? [{ name: "EICAR-Test-File (not a virus)" }] : null },
        },
      });
    },
  };
  return scanner;
};
