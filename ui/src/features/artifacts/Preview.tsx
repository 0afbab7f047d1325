import { useQuery } from "@tanstack/react-query";
import { useEffect, useMemo, useState } from "react";
import { Copy, Failure, Skeleton } from "../../parts/basics";
import { bytes, counted } from "../../parts/format";
import { Icon } from "../../parts/icons";
import { Markdown } from "../../parts/markdown";
import { get } from "../../wire/send";
import { Hex } from "./Hex";
import { kindOf } from "./kinds";
import { Lines } from "./Lines";
import { Table } from "./Table";

/** So much of a text is read for a preview. */
const TEXT_BYTES = 4_000_000;
const IMAGE_BYTES = 50_000_000;
const HEX_BYTES = 2_048;

/** What is in a file, as well as a browser can show it without running anything of it. */
export function Preview({ url, path, size }: { url: string; path: string; size?: number }) {
  const { kind, type } = kindOf(path);
  return (
    <>
      <div className="preview-head">
        <h2 className="clip" title={path}>
          {path}
        </h2>
        <Copy text={path} label="Copy path" />
        {size !== undefined && <span className="faint small">{bytes(Number(size))}</span>}
        <a className="button" href={url} download={path.slice(path.lastIndexOf("/") + 1)}>
          <Icon name="download" /> Download
        </a>
      </div>
      <div className="preview-body" tabIndex={0} role="group" aria-label="Content of the file">
        {kind === "image" && type ? (
          <Picture url={url} type={type} path={path} />
        ) : (
          <Content url={url} path={path} binary={kind === "other"} />
        )}
      </div>
    </>
  );
}

/** The image as a blob of the type its name says: an SVG loaded this way runs no script. */
function Picture({ url, type, path }: { url: string; type: string; path: string }) {
  const bytesOf = useBytes(url, IMAGE_BYTES);
  const [source, setSource] = useState<string | null>(null);
  const [broken, setBroken] = useState(false);
  useEffect(() => {
    if (!bytesOf.data) return;
    const made = URL.createObjectURL(new Blob([bytesOf.data.bytes], { type }));
    setSource(made);
    return () => URL.revokeObjectURL(made);
  }, [bytesOf.data, type]);
  if (bytesOf.error) return <Failure error={bytesOf.error} retry={() => void bytesOf.refetch()} />;
  if (broken) return <p className="none">This file is not an image that the browser can show.</p>;
  if (!source) return <Skeleton />;
  return <img src={source} alt={path} data-testid="preview-image" onError={() => setBroken(true)} />;
}

function Content({ url, path, binary }: { url: string; path: string; binary: boolean }) {
  const found = useBytes(url, TEXT_BYTES);
  const text = useMemo(() => (found.data ? decode(found.data.bytes) : null), [found.data]);
  if (found.error) return <Failure error={found.error} retry={() => void found.refetch()} />;
  if (!found.data) return <Skeleton />;
  if (found.data.bytes.length === 0) return <p className="none faint">The file is empty.</p>;
  if (text === null || (binary && text.includes("\0"))) return <Hex bytes={found.data.bytes.subarray(0, HEX_BYTES)} />;
  const cut = found.data.cut ? `Only the first ${bytes(TEXT_BYTES)} are shown.` : null;
  return (
    <>
      {cut && <p className="none small soft">{cut}</p>}
      <Text text={text} path={path} />
    </>
  );
}

function Text({ text, path }: { text: string; path: string }) {
  const { kind } = kindOf(path);
  const [raw, showRaw] = useState(false);
  const pretty = useMemo(() => (kind === "json" ? indented(text) : null), [kind, text]);
  if (kind === "table") return <Table text={text} separator={path.toLowerCase().endsWith(".tsv") ? "\t" : ","} />;
  if (/\.(md|markdown)$/i.test(path)) {
    return (
      <>
        <div className="segmented preview-mode" role="group" aria-label="Show as">
          <button type="button" aria-pressed={!raw} onClick={() => showRaw(false)}>
            Page
          </button>
          <button type="button" aria-pressed={raw} onClick={() => showRaw(true)}>
            Text
          </button>
        </div>
        {raw ? <Lines text={text} kind="text" label={path} /> : <div className="preview-page"><Markdown text={text} /></div>}
      </>
    );
  }
  return (
    <>
      {kind === "json" && pretty === null && !path.endsWith("l") && (
        <p className="none small soft">This is not valid JSON; shown as it is.</p>
      )}
      <Lines text={pretty ?? text} kind={pretty === null ? "text" : "json"} label={`${path}, ${counted(text.length, "character")}`} />
    </>
  );
}

function indented(text: string): string | null {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return null;
  }
}

function decode(data: Uint8Array): string | null {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(data, { stream: true });
  } catch {
    return null;
  }
}

/** The first bytes of a file. Reading stops at the limit, whatever the file's size. */
function useBytes(url: string, limit: number) {
  return useQuery({
    queryKey: ["bytes", url, limit],
    queryFn: async ({ signal }) => {
      const response = await get(url, { signal });
      if (Number(response.headers.get("content-length") ?? limit + 1) <= limit) {
        return { bytes: new Uint8Array(await response.arrayBuffer()), cut: false };
      }
      const reader = response.body!.getReader();
      const parts: Uint8Array[] = [];
      let size = 0;
      for (;;) {
        const { done, value } = await reader.read();
        if (done) break;
        parts.push(value);
        size += value.length;
        if (size > limit) {
          await reader.cancel();
          break;
        }
      }
      const joined = new Uint8Array(size);
      let at = 0;
      for (const part of parts) {
        joined.set(part, at);
        at += part.length;
      }
      return { bytes: joined.slice(0, limit), cut: size > limit };
    },
    staleTime: 60_000,
    gcTime: 60_000,
    refetchOnWindowFocus: false,
  });
}
