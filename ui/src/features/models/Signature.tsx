/** What a model takes and gives. */

interface Column {
  name?: string;
  type?: unknown;
  required?: boolean;
  "tensor-spec"?: { dtype: string; shape: number[] };
  properties?: unknown;
}
export interface ModelSignature {
  inputs: Column[];
  outputs: Column[];
  params: (Column & { default?: unknown })[];
}

/**
 * The signature in the text of an MLmodel file, or null. The file is YAML, but the three lists in it are each
 * written as one JSON text between quotes, so that a YAML reader is not needed.
 */
export function readSignature(file: string): ModelSignature | null {
  const block = /^signature:\n((?:[ \t]+.*\n?)+)/m.exec(file)?.[1];
  if (!block) return null;
  const part = (name: string): Column[] => {
    const found = new RegExp(`^[ \\t]+${name}:[ \\t]*((?:.*)(?:\\n[ \\t]{3,}.*)*)`, "m").exec(block)?.[1]?.trim();
    if (!found || found === "null" || found === "~") return [];
    try {
      const value: unknown = JSON.parse(unquoted(found));
      return Array.isArray(value) ? (value as Column[]) : [];
    } catch {
      return [];
    }
  };
  return { inputs: part("inputs"), outputs: part("outputs"), params: part("params") };
}

/** The value of a YAML scalar that may be quoted and folded over several lines. */
function unquoted(text: string): string {
  const folded = text.replace(/\s*\\?\n\s*\\?/g, (fold) => (fold.includes("\\") ? "" : " "));
  if (folded.startsWith("'")) return folded.slice(1, -1).replaceAll("''", "'");
  if (folded.startsWith('"')) return JSON.parse(folded) as string;
  return folded;
}

export function Signature({ signature }: { signature: ModelSignature }) {
  const parts: [string, Column[]][] = [
    ["Inputs", signature.inputs],
    ["Outputs", signature.outputs],
    ["Params", signature.params],
  ];
  return (
    <section className="card" aria-label="Signature" data-testid="signature">
      <h2>Signature</h2>
      <div className="signature">
        {parts.map(
          ([title, columns]) =>
            columns.length > 0 && (
              <div key={title}>
                <h3 className="small soft">
                  {title} <span className="tab-count">{columns.length}</span>
                </h3>
                <div className="capped scroll" tabIndex={0} role="group" aria-label={title}>
                  <table className="list">
                    <tbody>
                      {columns.map((column, index) => (
                        <tr key={index}>
                          <td className="name">{column.name ?? <span className="faint">unnamed</span>}</td>
                          <td className="mono soft">{typeOf(column)}</td>
                          <td className="faint small">{column.required === false ? "optional" : ""}</td>
                        </tr>
                      ))}
                    </tbody>
                  </table>
                </div>
              </div>
            ),
        )}
      </div>
    </section>
  );
}

function typeOf(column: Column): string {
  const tensor = column["tensor-spec"];
  if (tensor) return `${tensor.dtype}[${tensor.shape.join(", ")}]`;
  return typeof column.type === "string" ? column.type : JSON.stringify(column.type ?? column.properties ?? "");
}
