import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import { Connection } from "../src/live/connection";

/** A socket that does what the test says. */
class Socket {
  static readonly OPEN = 1;
  static made: Socket[] = [];
  readyState = 1;
  binaryType = "";
  sent: string[] = [];
  onopen = () => {};
  onclose = () => {};
  onmessage = (_: { data: unknown }) => {};

  constructor(readonly address: string) {
    Socket.made.push(this);
  }

  send(text: string): void {
    this.sent.push(text);
  }

  close(): void {
    this.readyState = 3;
    this.onclose();
  }
}

function open() {
  const [messages, troubles] = [[] as unknown[], [] as (string | null)[]];
  const connection = new Connection("ws://here/live", {
    onMessage: (message) => messages.push(message),
    onTrouble: (text) => troubles.push(text),
  });
  connection.open();
  return { connection, messages, troubles };
}

describe("a connection", () => {
  beforeEach(() => {
    Socket.made = [];
    vi.stubGlobal("WebSocket", Socket);
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
    vi.unstubAllGlobals();
  });

  it("is opened anew when the server goes away, and says so", () => {
    const { troubles } = open();
    Socket.made[0]!.onopen();
    expect(troubles).toEqual([null]);
    Socket.made[0]!.close();
    expect(troubles.at(-1)).toMatch(/not there. Trying again/);
    vi.advanceTimersByTime(500);
    Socket.made[1]!.close();
    vi.advanceTimersByTime(999);
    expect(Socket.made.length).toBe(2);
    vi.advanceTimersByTime(1);
    Socket.made[2]!.onopen();
    expect([Socket.made.length, troubles.at(-1)]).toEqual([3, null]);
  });

  it("is given up when the server says what cannot be", () => {
    const { messages, troubles } = open();
    Socket.made[0]!.onmessage({ data: '{"kind":"error","text":"no"}' });
    expect(messages).toEqual([{ kind: "error", text: "no" }]);
    Socket.made[0]!.onmessage({ data: new ArrayBuffer(3) });
    expect(troubles.at(-1)).toMatch(/cut short.* Reload/);
    vi.advanceTimersByTime(60_000);
    Socket.made[0]!.onmessage({ data: '{"kind":"error","text":"late"}' });
    expect([Socket.made.length, messages.length]).toEqual([1, 1]);
  });

  it("sends only to a server that listens", () => {
    const { connection } = open();
    connection.send({ do: "take", agent: 3 });
    Socket.made[0]!.readyState = 3;
    connection.send({ do: "leave" });
    expect(Socket.made[0]!.sent).toEqual(['{"do":"take","agent":3}']);
  });
});
