import { useState } from "react";
import { Button } from "../../parts/basics";
import { Popover } from "../../parts/popover";
import { type Field, GROUPS, type Group } from "./fields";

const LABELS: Record<Group, string> = { attributes: "Attributes", metrics: "Metrics", params: "Params", tags: "Tags" };

export interface Layout {
  columns: string[];
  pinned: string[];
}

/** Chooses the columns of the table, and which of them stay in view. */
export function ColumnPicker(props: {
  fields: Record<Group, Field[]>;
  layout: Layout;
  onChange: (layout: Layout) => void;
  onReset: () => void;
}) {
  return (
    <Popover label="Columns" icon="columns">
      {() => <Panel {...props} />}
    </Popover>
  );
}

function Panel(props: Parameters<typeof ColumnPicker>[0]) {
  const [search, setSearch] = useState("");
  const { layout, fields } = props;
  const wanted = search.toLowerCase();
  const toggle = (id: string) =>
    props.onChange(
      layout.columns.includes(id)
        ? { columns: without(layout.columns, id), pinned: without(layout.pinned, id) }
        : { ...layout, columns: [...layout.columns, id] },
    );
  const pin = (id: string) =>
    props.onChange(
      layout.pinned.includes(id)
        ? { ...layout, pinned: without(layout.pinned, id) }
        : { columns: layout.columns.includes(id) ? layout.columns : [...layout.columns, id], pinned: [...layout.pinned, id] },
    );
  const setGroup = (group: Field[], on: boolean) => {
    const ids = group.map((one) => one.id);
    const rest = layout.columns.filter((id) => !ids.includes(id));
    props.onChange({
      columns: on ? [...rest, ...ids] : rest,
      pinned: on ? layout.pinned : layout.pinned.filter((id) => !ids.includes(id)),
    });
  };
  return (
    <div className="columns-panel" data-testid="column-picker">
      <input
        className="field"
        type="search"
        aria-label="Search columns"
        placeholder="Search columns"
        value={search}
        onChange={(event) => setSearch(event.target.value)}
      />
      <div className="columns-list" tabIndex={-1}>
        {GROUPS.map((group) => {
          const shown = fields[group].filter((one) => one.label.toLowerCase().includes(wanted));
          if (!shown.length) return null;
          const all = shown.every((one) => layout.columns.includes(one.id));
          return (
            <fieldset key={group}>
              <legend>
                {LABELS[group]}
                <button type="button" className="text-button" onClick={() => setGroup(shown, !all)}>
                  {all ? "none" : "all"}
                </button>
              </legend>
              {shown.map((one) => (
                <div className="column-choice" key={one.id}>
                  <label>
                    <input
                      type="checkbox"
                      checked={layout.columns.includes(one.id)}
                      onChange={() => toggle(one.id)}
                      data-column={one.id}
                    />
                    <span className="clip" title={one.label}>
                      {one.label}
                    </span>
                  </label>
                  <Button
                    look="quiet"
                    icon="pin"
                    aria-label={`Pin ${one.label}`}
                    aria-pressed={layout.pinned.includes(one.id)}
                    onClick={() => pin(one.id)}
                  />
                </div>
              ))}
            </fieldset>
          );
        })}
      </div>
      <Button look="quiet" onClick={props.onReset}>
        Back to the usual columns
      </Button>
    </div>
  );
}

function without(ids: string[], id: string): string[] {
  return ids.filter((each) => each !== id);
}
