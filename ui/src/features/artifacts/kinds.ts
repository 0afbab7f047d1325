/** How a file can be shown, by its name. */
import type { IconName } from "../../parts/icons";

export type Kind = "image" | "table" | "json" | "text" | "other";

const ICONS: Record<Kind, IconName> = { image: "image", table: "table", json: "code", text: "file", other: "file" };

const IMAGES: Record<string, string> = {
  png: "image/png",
  jpg: "image/jpeg",
  jpeg: "image/jpeg",
  gif: "image/gif",
  webp: "image/webp",
  bmp: "image/bmp",
  svg: "image/svg+xml",
};
const TEXTS =
  "txt log md markdown rst yaml yml toml ini cfg conf env py ipynb r js ts html htm xml css sh sql tex lock properties out err diff patch";
const NAMES = ["MLmodel", "MLproject", "Dockerfile", "Makefile", "LICENSE", "README", ".gitignore"];

export function kindOf(path: string): { kind: Kind; icon: IconName; type?: string } {
  const file = path.slice(path.lastIndexOf("/") + 1);
  const end = file.includes(".") ? file.slice(file.lastIndexOf(".") + 1).toLowerCase() : "";
  const kind: Kind =
    end in IMAGES
      ? "image"
      : end === "csv" || end === "tsv"
        ? "table"
        : end === "json" || end === "jsonl" || end === "geojson"
          ? "json"
          : NAMES.includes(file) || TEXTS.split(" ").includes(end)
            ? "text"
            : "other";
  return { kind, icon: ICONS[kind], type: IMAGES[end] };
}
