/** Words of the search language: how keys and values are quoted. */

/** A value between quotes. */
export function quoted(value: string): string {
  return value.includes("'") ? `"${value.replaceAll('"', "")}"` : `'${value}'`;
}

/** A key of metrics, params or tags, quoted only if it must be. */
export function key(kind: "metrics" | "params" | "tags" | "attributes", name: string): string {
  if (/^[A-Za-z_][\w.]*$/.test(name)) return `${kind}.${name}`;
  return name.includes("`") ? `${kind}."${name}"` : `${kind}.\`${name}\``;
}

/** What somebody types who only wants names that contain a word. Null if it is an expression. */
export function plainWords(text: string): string | null {
  const words = text.trim();
  if (!words || /[=<>()'"`]|\b(i?like|rlike|in|is|not|between|and|or)\b/i.test(words)) return null;
  return words;
}

/** The filter for names that contain the text. */
export function nameContains(field: string, text: string): string {
  return text.trim() ? `${field} ILIKE ${quoted(`%${text.trim()}%`)}` : "";
}
