import { type FormEvent, type ReactNode, useEffect, useId, useRef } from "react";
import { Button, Failure } from "./basics";

/** A question in front of the page. The browser's own dialog: it keeps the focus and closes on Escape. */
export function Dialog(props: {
  title: string;
  action: string;
  danger?: boolean;
  busy?: boolean;
  error?: Error | null;
  onSubmit: () => void;
  onClose: () => void;
  children: ReactNode;
}) {
  const dialog = useRef<HTMLDialogElement>(null);
  const title = useId();
  useEffect(() => {
    dialog.current?.showModal();
  }, []);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    props.onSubmit();
  };
  return (
    <dialog
      ref={dialog}
      aria-labelledby={title}
      onClose={props.onClose}
      onClick={(event) => event.target === dialog.current && dialog.current?.close()}
    >
      <form onSubmit={submit}>
        <h2 id={title}>{props.title}</h2>
        {props.children}
        {props.error && <Failure error={props.error} />}
        <div className="actions end">
          <Button onClick={() => dialog.current?.close()}>Cancel</Button>
          <Button type="submit" look={props.danger ? "danger" : "primary"} disabled={props.busy}>
            {props.action}
          </Button>
        </div>
      </form>
    </dialog>
  );
}
