// Which key does what? One table: what is pressed, what is shown in the help.

export interface Key {
  keys: string[];
  label: string;
  text: string;
  act: () => void;
  /** Whether the key means this now; always, if it is left out. The first that does is taken. */
  when?: () => boolean;
  /** Under which heading the help lists it. */
  group?: string;
}

export function listen(keys: readonly Key[]): void {
  window.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    // An open dialog has the keyboard to itself; the browser closes it by Escape.
    if (document.querySelector("dialog[open]") !== null && event.key !== "?") return;
    const target = event.target as HTMLElement;
    // Fields, as those of a seat, take what is typed into them.
    if (target.closest("select, input[type=number]")) return event.key === "Escape" ? target.blur() : undefined;
    if (event.key === "Enter" && target.closest("button, label, dialog, a")) return;
    // A focused button answers to the space bar itself.
    if (event.key === " " && target.closest("button, label, dialog")) return;
    if (target.tagName === "INPUT" && event.key.startsWith("Arrow") && !event.shiftKey) return;
    const name = event.shiftKey && event.key.length > 1 ? `Shift+${event.key}` : event.key;
    const found = keys.find((key) => key.keys.includes(name) && (key.when?.() ?? true));
    if (found === undefined) return;
    event.preventDefault();
    found.act();
  });
}

export function helpText(keys: readonly Key[]): string {
  const tables = [...new Set(keys.map((key) => key.group ?? "Keys"))].map((group) => {
    const rows = keys.filter((key) => (key.group ?? "Keys") === group)
      .map((key) => `<tr><td><kbd>${key.label}</kbd></td><td>${key.text}</td></tr>`);
    return `<h2>${group}</h2><table><tbody>${rows.join("")}</tbody></table>`;
  });
  return tables.join("")
    + `<p class="soft">Drag to move, turn the wheel to zoom, click an agent to follow it.</p>`
    + `<form method="dialog"><button>Close</button></form>`;
}
