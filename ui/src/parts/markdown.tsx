/** The part of Markdown that notes are written in. It makes elements, never HTML text: nothing in a note can run. */
import { Fragment, type ReactNode } from "react";

type Block =
  | { kind: "heading"; level: number; text: string }
  | { kind: "code"; text: string }
  | { kind: "list"; ordered: boolean; items: string[] }
  | { kind: "quote"; text: string }
  | { kind: "rule" }
  | { kind: "paragraph"; text: string };

export function Markdown({ text }: { text: string }) {
  return (
    <div className="markdown">
      {blocks(text).map((block, index) => (
        <Fragment key={index}>{drawn(block)}</Fragment>
      ))}
    </div>
  );
}

function blocks(text: string): Block[] {
  const found: Block[] = [];
  const lines = text.replace(/\r\n?/g, "\n").split("\n");
  let at = 0;
  const gather = (fits: (line: string) => boolean) => {
    const start = at;
    while (at < lines.length && fits(lines[at]!)) at += 1;
    return lines.slice(start, at);
  };
  while (at < lines.length) {
    const line = lines[at]!;
    const heading = /^(#{1,6})\s+(.*)$/.exec(line);
    if (!line.trim()) at += 1;
    else if (heading) {
      found.push({ kind: "heading", level: heading[1]!.length, text: heading[2]! });
      at += 1;
    } else if (line.startsWith("```")) {
      at += 1;
      found.push({ kind: "code", text: gather((each) => !each.startsWith("```")).join("\n") });
      at += 1;
    } else if (/^\s*([-*_])(\s*\1){2,}\s*$/.test(line)) {
      found.push({ kind: "rule" });
      at += 1;
    } else if (ITEM.test(line)) {
      const items = gather((each) => ITEM.test(each)).map((each) => each.replace(ITEM, ""));
      found.push({ kind: "list", ordered: /^\s*\d/.test(line), items });
    } else if (line.startsWith(">")) {
      found.push({ kind: "quote", text: gather((each) => each.startsWith(">")).map((each) => each.replace(/^>\s?/, "")).join("\n") });
    } else found.push({ kind: "paragraph", text: gather(plain).join("\n") });
  }
  return found;
}

const ITEM = /^\s*(?:[-*+]|\d+[.)])\s+/;

function plain(line: string): boolean {
  return Boolean(line.trim()) && !/^(#{1,6}\s|```|>)/.test(line) && !ITEM.test(line);
}

function drawn(block: Block): ReactNode {
  switch (block.kind) {
    case "heading":
      return <p className={`heading level-${block.level}`}>{inline(block.text)}</p>;
    case "code":
      return <pre tabIndex={0}>{block.text}</pre>;
    case "list": {
      const items = block.items.map((item, index) => <li key={index}>{inline(item)}</li>);
      return block.ordered ? <ol>{items}</ol> : <ul>{items}</ul>;
    }
    case "quote":
      return <blockquote>{inline(block.text)}</blockquote>;
    case "rule":
      return <hr />;
    case "paragraph":
      return <p>{inline(block.text)}</p>;
  }
}

const INLINE = /(`[^`]+`)|\*\*([^*]+)\*\*|\*([^*\s][^*]*)\*|\[([^\]]+)\]\((https?:\/\/[^\s)]+|#[^\s)]*)\)|(https?:\/\/[^\s<>)]+)/g;

function inline(text: string): ReactNode[] {
  const parts: ReactNode[] = [];
  let at = 0;
  for (const found of text.matchAll(INLINE)) {
    const [whole, code, strong, emphasis, label, href, bare] = found;
    parts.push(text.slice(at, found.index));
    parts.push(
      <Fragment key={found.index}>
        {code && <code>{code.slice(1, -1)}</code>}
        {strong && <strong>{strong}</strong>}
        {emphasis && <em>{emphasis}</em>}
        {(href || bare) && (
          <a href={href ?? bare} rel="noreferrer noopener" target={href?.startsWith("#") ? undefined : "_blank"}>
            {label ?? bare}
          </a>
        )}
      </Fragment>,
    );
    at = found.index + whole.length;
  }
  parts.push(text.slice(at));
  return parts;
}
