import { defineConfig } from "vite";

// Relative addresses, so that the page works from any folder of any server.
export default defineConfig({
  base: "./",
  build: {
    outDir: "../src/metammo/viewer_dist",
    emptyOutDir: true,
    chunkSizeWarningLimit: 1200,
    modulePreload: false,
    // One script and one style sheet: `inline.mjs` puts both into a page of their own.
    rollupOptions: { output: { inlineDynamicImports: true } },
  },
});
