import { type ReactNode, useId, useRef, useState } from "react";
import { Button } from "./basics";
import type { IconName } from "./icons";

/** A button that opens a small panel below itself. The browser closes it on Escape or a click elsewhere. */
export function Popover(props: {
  label: string;
  icon?: IconName;
  quiet?: boolean;
  iconOnly?: boolean;
  children: (close: () => void) => ReactNode;
}) {
  const id = useId();
  const panel = useRef<HTMLDivElement>(null);
  const button = useRef<HTMLSpanElement>(null);
  const [open, setOpen] = useState(false);
  const place = () => {
    const here = button.current?.getBoundingClientRect();
    const shape = panel.current;
    if (!here || !shape) return;
    const left = Math.min(here.left, innerWidth - shape.offsetWidth - 12);
    const below = here.bottom + 4;
    const fits = below + shape.offsetHeight < innerHeight - 8;
    shape.style.left = `${Math.max(8, left)}px`;
    shape.style.top = `${fits ? below : Math.max(8, innerHeight - shape.offsetHeight - 8)}px`;
  };
  return (
    <span ref={button} className="popover-anchor">
      <Button
        icon={props.icon}
        look={props.quiet ? "quiet" : "plain"}
        popoverTarget={id}
        aria-expanded={open}
        aria-label={props.iconOnly ? props.label : undefined}
      >
        {props.iconOnly ? undefined : props.label}
      </Button>
      <div
        ref={panel}
        id={id}
        popover="auto"
        className="popover"
        role="group"
        aria-label={props.label}
        onToggle={(event) => {
          const opened = event.newState === "open";
          setOpen(opened);
          if (!opened) return;
          requestAnimationFrame(() => {
            place();
            panel.current?.querySelector<HTMLElement>("input, button, a")?.focus();
          });
        }}
      >
        {open && props.children(() => panel.current?.hidePopover())}
      </div>
    </span>
  );
}
