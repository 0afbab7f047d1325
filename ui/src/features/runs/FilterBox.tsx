import { type FormEvent, type KeyboardEvent, useEffect, useId, useRef, useState } from "react";
import { Button } from "../../parts/basics";
import { Icon } from "../../parts/icons";
import { Refusal } from "../../wire/send";

const SHOWN = 8;

/** The box for a filter in the search language, with names to choose from and the server's objection below it. */
export function FilterBox(props: {
  value: string;
  onApply: (value: string) => void;
  error: Error | null;
  names: () => string[];
}) {
  const [draft, setDraft] = useState(props.value);
  const [caret, setCaret] = useState(0);
  const [chosen, choose] = useState(-1);
  const [open, setOpen] = useState(false);
  const input = useRef<HTMLInputElement>(null);
  const id = useId();
  useEffect(() => setDraft(props.value), [props.value]);
  useFocusKey(input);

  const word = /[^\s()=<>!,]*$/.exec(draft.slice(0, caret))?.[0] ?? "";
  const inText = (draft.slice(0, caret).match(/['"]/g)?.length ?? 0) % 2 === 1;
  const offers =
    open && word && !inText
      ? props
          .names()
          .filter((name) => name !== word && name.toLowerCase().includes(word.toLowerCase()))
          .sort((a, b) => rank(a, word) - rank(b, word))
          .slice(0, SHOWN)
      : [];

  const take = (name: string) => {
    const start = caret - word.length;
    const next = `${draft.slice(0, start)}${name} ${draft.slice(caret).trimStart()}`;
    setDraft(next);
    setOpen(false);
    choose(-1);
    const at = start + name.length + 1;
    requestAnimationFrame(() => input.current?.setSelectionRange(at, at));
    setCaret(at);
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    setOpen(false);
    props.onApply(draft.trim());
  };
  const onKey = (event: KeyboardEvent) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step && offers.length) {
      event.preventDefault();
      choose((chosen + step + offers.length) % offers.length);
    } else if ((event.key === "Enter" || event.key === "Tab") && offers[chosen]) {
      event.preventDefault();
      take(offers[chosen]);
    } else if (event.key === "Escape" && offers.length) {
      event.preventDefault();
      setOpen(false);
    }
  };
  const shown = props.error && draft.trim() === props.value;
  return (
    <form className="filter" role="search" onSubmit={submit}>
      <div className="search-field">
        <Icon name="search" />
        <input
          ref={input}
          className="field mono"
          role="combobox"
          aria-label="Filter runs"
          aria-expanded={offers.length > 0}
          aria-controls={`${id}-offers`}
          aria-activedescendant={offers[chosen] ? `${id}-${chosen}` : undefined}
          aria-invalid={shown ? true : undefined}
          aria-describedby={shown ? `${id}-error` : undefined}
          autoComplete="off"
          spellCheck={false}
          placeholder={`metrics.accuracy > 0.9 and params.model = "tree"`}
          data-testid="filter-input"
          value={draft}
          onChange={(event) => {
            setDraft(event.target.value);
            setCaret(event.target.selectionStart ?? event.target.value.length);
            setOpen(true);
            choose(-1);
          }}
          onKeyDown={onKey}
          onSelect={(event) => setCaret(event.currentTarget.selectionStart ?? 0)}
          onBlur={() => setOpen(false)}
        />
        {(draft || props.value) && (
          <Button
            look="quiet"
            className="clear"
            icon="close"
            aria-label="Clear the filter"
            onClick={() => {
              setDraft("");
              props.onApply("");
              input.current?.focus();
            }}
          />
        )}
        <ul className="offers" id={`${id}-offers`} role="listbox" aria-label="Names" hidden={offers.length === 0}>
          {offers.map((name, index) => (
            <li
              key={name}
              id={`${id}-${index}`}
              role="option"
              aria-selected={index === chosen}
              onMouseDown={(event) => {
                event.preventDefault();
                take(name);
              }}
            >
              {name}
            </li>
          ))}
        </ul>
      </div>
      {shown && props.error && <Objection id={`${id}-error`} error={props.error} filter={props.value} input={input} />}
    </form>
  );
}

function rank(name: string, word: string): number {
  return name.startsWith(word) ? 0 : name.includes(`.${word}`) ? 1 : 2;
}

/** `/` goes to the box from anywhere on the page. */
function useFocusKey(input: React.RefObject<HTMLInputElement | null>) {
  useEffect(() => {
    const listener = (event: globalThis.KeyboardEvent) => {
      const target = event.target as HTMLElement;
      if (event.key !== "/" || target.closest("input, textarea, select, dialog")) return;
      event.preventDefault();
      input.current?.focus();
    };
    document.addEventListener("keydown", listener);
    return () => document.removeEventListener("keydown", listener);
  }, [input]);
}

/** The server's sentence, and the filter with a mark under the character it speaks of. */
function Objection(props: {
  id: string;
  error: Error;
  filter: string;
  input: React.RefObject<HTMLInputElement | null>;
}) {
  const sentence = props.error.message.split("\n")[0] ?? "";
  const found = props.error instanceof Refusal ? /at character (\d+)/.exec(sentence) : null;
  const letters = [...props.filter];
  const at = found ? Math.min(Number(found[1]) - 1, letters.length) : null;
  return (
    <div className="objection" id={props.id} role="alert" data-testid="filter-error">
      <p>{sentence}</p>
      {at !== null && (
        <button
          type="button"
          title="Go to this character"
          onClick={() => {
            const place = letters.slice(0, at).join("").length;
            props.input.current?.focus();
            props.input.current?.setSelectionRange(place, place + 1);
          }}
        >
          <pre data-testid="filter-caret" data-at={at + 1}>
            {letters.slice(0, at).join("")}
            <mark>{letters[at] ?? " "}</mark>
            {letters.slice(at + 1).join("")}
            {"\n"}
            {" ".repeat(at)}^
          </pre>
        </button>
      )}
    </div>
  );
}
