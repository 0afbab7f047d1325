import { Icon } from "./icons";

/** A field to search a list by a part of its names. `label` is for who cannot see the page. */
export function SearchField(props: {
  label: string;
  placeholder: string;
  value: string;
  set: (text: string) => void;
  testid?: string;
}) {
  return (
    <label className="search-field">
      <Icon name="search" />
      <span className="hidden">{props.label}</span>
      <input
        className="field"
        type="search"
        placeholder={props.placeholder}
        data-testid={props.testid}
        value={props.value}
        onChange={(event) => props.set(event.target.value)}
      />
    </label>
  );
}
