import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

// The page is served at `/` and its files at `/static-files/`; a server with a prefix puts it before these addresses.
export default defineConfig({
  plugins: [react()],
  base: "./",
  build: {
    outDir: "../src/headrace/server/static",
    emptyOutDir: true,
    target: ["chrome123", "firefox120", "safari17.5"],
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
  },
  experimental: {
    renderBuiltUrl: (name, { hostType }) => (hostType === "html" ? `/static-files/${name}` : { relative: true }),
  },
  server: {
    host: "127.0.0.1",
    proxy: Object.fromEntries(
      ["/ajax-api", "/get-artifact", "/model-versions", "/health", "/version"].map((path) => [
        path,
        { target: process.env.HEADRACE_UI_TARGET ?? "http://127.0.0.1:5000", headers: { origin: "" } },
      ]),
    ),
  },
});
