/** Rows of a CSV or TSV text, as RFC 4180 has them; at most `limit` of them. */
export function parseCsv(text: string, separator: "," | "\t", limit: number): { rows: string[][]; more: boolean } {
  const rows: string[][] = [];
  let row: string[] = [];
  let value = "";
  let at = text.charCodeAt(0) === 0xfeff ? 1 : 0;
  while (at < text.length) {
    if (text[at] === '"' && value === "") {
      const [inside, next] = quotedValue(text, at + 1);
      value = inside;
      at = next;
      continue;
    }
    const sign = text[at]!;
    at += 1;
    if (sign === separator) {
      row.push(value);
      value = "";
    } else if (sign === "\n" || sign === "\r") {
      if (sign === "\r" && text[at] === "\n") at += 1;
      row.push(value);
      value = "";
      rows.push(row);
      row = [];
      if (rows.length >= limit) return { rows, more: at < text.length };
    } else value += sign;
  }
  if (value !== "" || row.length) rows.push([...row, value]);
  return { rows, more: false };
}

function quotedValue(text: string, start: number): [string, number] {
  let value = "";
  let at = start;
  for (;;) {
    const end = text.indexOf('"', at);
    if (end < 0) return [value + text.slice(at), text.length];
    value += text.slice(at, end);
    if (text[end + 1] !== '"') return [value, end + 1];
    value += '"';
    at = end + 2;
  }
}
