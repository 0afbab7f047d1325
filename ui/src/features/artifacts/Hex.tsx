const PER_LINE = 16;

/** The first bytes of what is not text, as numbers and letters. */
export function Hex({ bytes }: { bytes: Uint8Array }) {
  const lines: string[] = [];
  for (let at = 0; at < bytes.length; at += PER_LINE) {
    const part = [...bytes.subarray(at, at + PER_LINE)];
    const numbers = part.map((byte) => byte.toString(16).padStart(2, "0")).join(" ");
    const letters = part.map((byte) => (byte > 31 && byte < 127 ? String.fromCharCode(byte) : "·")).join("");
    lines.push(`${at.toString(16).padStart(6, "0")}  ${numbers.padEnd(PER_LINE * 3)} ${letters}`);
  }
  return (
    <>
      <p className="none small soft">This is not text. Its first {bytes.length} bytes:</p>
      <pre className="hex" tabIndex={0} data-testid="preview-hex">
        {lines.join("\n")}
      </pre>
    </>
  );
}
