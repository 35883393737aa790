// Where does a replay come from? A dropped or chosen file, an address, or the page itself.

import type { Answer, Source } from "./decode";
import Decoder from "./decode?worker&inline";
import { FormatError } from "./format";
import { find } from "./page";
import { Replay } from "./replay";

/** Return what the page was opened with, or null; `onBegin` is called once that is being read. */
export async function openFromPage(onBegin: () => void): Promise<Replay | null> {
  const base64 = document.getElementById("replay")?.textContent;
  if (base64) return read({ base64 }, onBegin);
  const file = new URLSearchParams(location.search).get("file");
  return file === null ? null : read({ address: new URL(file, location.href).href }, onBegin);
}

export async function openFile(file: File): Promise<Replay> {
  return read({ bytes: new Uint8Array(await file.arrayBuffer()) });
}

/** Read a file in a thread of its own. */
async function read(source: Source, onBegin: () => void = () => {}): Promise<Replay> {
  find("progress").hidden = false;
  const worker = new Decoder();
  try {
    const answer = await new Promise<Exclude<Answer, "begun">>((resolve, reject) => {
      worker.onmessage = ({ data }: MessageEvent<Answer>) => (data === "begun" ? onBegin() : resolve(data));
      worker.onerror = (event) => reject(new Error(event.message));
      worker.postMessage(source, "bytes" in source ? [source.bytes.buffer as ArrayBuffer] : []);
    });
    if ("refusal" in answer) throw new FormatError(answer.refusal);
    return new Replay(answer.header, answer.columns);
  } finally {
    worker.terminate();
    find("progress").hidden = true;
  }
}
