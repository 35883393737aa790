// How does the page stay with the server? One socket, opened anew when it is lost.

import { FormatError } from "../format";
import { type BinaryMessage, type Command, decodeBinary, decodeText, type TextMessage } from "./messages";

/** Pauses before the next attempts, milliseconds; the last is kept. */
const PAUSES = [500, 1000, 2000, 4000];

export interface Listener {
  onMessage: (message: BinaryMessage | TextMessage) => void;
  /** Called with what to tell the person; null: all is well. */
  onTrouble: (text: string | null) => void;
}

export class Connection {
  private socket: WebSocket | null = null;
  private attempts = 0;

  constructor(private readonly address: string, private readonly listener: Listener) {}

  open(): void {
    const socket = new WebSocket(this.address);
    this.socket = socket;
    socket.binaryType = "arraybuffer";
    socket.onopen = () => {
      this.attempts = 0;
      this.listener.onTrouble(null);
    };
    socket.onmessage = (event) => this.receive(socket, event.data as ArrayBuffer | string);
    socket.onclose = () => this.retry(socket);
  }

  /** Send a command; what is said while nobody listens is lost. */
  send(command: Command): void {
    if (this.socket?.readyState === WebSocket.OPEN) this.socket.send(JSON.stringify(command));
  }

  private receive(socket: WebSocket, data: ArrayBuffer | string): void {
    if (socket !== this.socket) return;
    try {
      this.listener.onMessage(typeof data === "string" ? decodeText(data) : decodeBinary(new Uint8Array(data)));
    } catch (error) {
      // What is wrong once is wrong again: no second attempt.
      this.socket = null;
      socket.close();
      const text = error instanceof FormatError ? error.message : String(error);
      this.listener.onTrouble(`${text} Reload the page to try again.`);
    }
  }

  private retry(socket: WebSocket): void {
    if (socket !== this.socket) return;
    const pause = PAUSES[Math.min(this.attempts++, PAUSES.length - 1)]!;
    this.listener.onTrouble("The server is not there. Trying again …");
    setTimeout(() => this.open(), pause);
  }
}
