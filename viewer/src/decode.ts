// What runs beside the page? Getting and reading a file: the page gets ready to draw meanwhile.

import { fromBase64 } from "./base64";
import { type Column, FormatError, type Header, readFile } from "./format";

/** Where the file is: here, here as base64, or at an address. */
export type Source = { bytes: Uint8Array } | { base64: string } | { address: string };
/** What comes back; the first word is that the thread has begun. */
export type Answer = "begun" | { header: Header; columns: Map<string, Column> } | { refusal: string };

async function load(address: string): Promise<Uint8Array> {
  let answer: Response;
  try {
    answer = await fetch(address);
  } catch {
    throw new FormatError(`The replay at ${address} cannot be reached.`);
  }
  if (!answer.ok) throw new FormatError(`The replay at ${address} cannot be read: ${answer.status}.`);
  return new Uint8Array(await answer.arrayBuffer());
}

async function read(source: Source): Promise<Answer> {
  try {
    if ("bytes" in source) return await readFile(source.bytes);
    return await readFile("base64" in source ? fromBase64(source.base64) : await load(source.address));
  } catch (error) {
    return { refusal: error instanceof FormatError ? error.message : `The replay cannot be read: ${String(error)}` };
  }
}

function send(answer: Answer, moved: Transferable[] = []): void {
  self.postMessage(answer, { transfer: moved });
}

send("begun");
self.onmessage = async (event: MessageEvent<Source>) => {
  const answer = await read(event.data);
  const columns = typeof answer === "object" && "columns" in answer ? [...answer.columns.values()] : [];
  send(answer, columns.map((values) => values.buffer as ArrayBuffer));
};
