// Where does a replay come from? A dropped or chosen file, an address, or the page itself.

import { FormatError } from "./format";
import { Replay } from "./replay";

/** Return what the page was opened with, or null. */
export async function openFromPage(): Promise<Replay | null> {
  const embedded = document.getElementById("replay")?.textContent?.trim();
  if (embedded) {
    let text: string;
    try {
      text = atob(embedded);
    } catch {
      throw new FormatError("The replay inside this page is damaged: it is not base64.");
    }
    return Replay.open(Uint8Array.from(text, (sign) => sign.charCodeAt(0)));
  }
  const address = new URLSearchParams(location.search).get("file");
  if (address === null) return null;
  let answer: Response;
  try {
    answer = await fetch(address);
  } catch {
    throw new FormatError(`The replay at ${address} cannot be reached.`);
  }
  if (!answer.ok) throw new FormatError(`The replay at ${address} cannot be read: ${answer.status}.`);
  return Replay.open(new Uint8Array(await answer.arrayBuffer()));
}

export async function openFile(file: File): Promise<Replay> {
  return Replay.open(new Uint8Array(await file.arrayBuffer()));
}
