// Makes single.html of the built page: script and style inside, so that it opens from disk.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const folder = new URL("../src/metammo/viewer_dist/", import.meta.url).pathname;
const read = (name) => readFileSync(join(folder, name), "utf-8");
let page = read("index.html");

const script = /<script type="module"[^>]*src="\.\/([^"]+)"[^>]*><\/script>/;
const style = /<link rel="stylesheet"[^>]*href="\.\/([^"]+)"[^>]*>/;
const [scriptTag, scriptName] = page.match(script) ?? [];
const [styleTag, styleName] = page.match(style) ?? [];
if (!scriptTag || !styleTag) throw new Error("index.html lacks the script or the style to inline");

// A closing tag inside the script's text would end it early. The replacements are functions, as
// `$&` and the like mean something in a replacement string.
const text = read(scriptName).replaceAll("</script", "<\\/script");
page = page.replace(styleTag, () => `<style>${read(styleName)}</style>`);
page = page.replace(scriptTag, () => "");
page = page.replace("</body>", () => `<script type="module">${text}</script>\n</body>`);
writeFileSync(join(folder, "single.html"), page);
