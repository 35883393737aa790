import { defineConfig } from "vite";

// Relative addresses, so that the page works from any folder of any server.
export default defineConfig({
  base: "./",
  resolve: {
    alias: [
      // Pixi asks on loading whether a 2D canvas can blend, for its renderer without WebGL. That is
      // never used here, and the answer takes a third of a second: the GPU has to start first.
      {
        find: /^.*\/canUseNewCanvasBlendModes\.mjs$/,
        replacement: new URL("src/world/blend.ts", import.meta.url).pathname,
      },
    ],
  },
  build: {
    outDir: "../src/metammo/viewer_dist",
    emptyOutDir: true,
    chunkSizeWarningLimit: 1200,
    modulePreload: false,
    // One script and one style sheet: `inline.mjs` puts both into a page of their own.
    rollupOptions: { output: { inlineDynamicImports: true } },
  },
});
