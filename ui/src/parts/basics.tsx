/** Small pieces that every page uses. */
import { type ButtonHTMLAttributes, Fragment, type ReactNode, useEffect, useState } from "react";
import { Refusal } from "../wire/send";
import { Icon, type IconName } from "./icons";

type ButtonProps = ButtonHTMLAttributes<HTMLButtonElement> & {
  icon?: IconName;
  look?: "plain" | "primary" | "quiet" | "danger";
};

/** A button. With an icon only, give it an `aria-label`. */
export function Button({ icon, look = "plain", className = "", children, ...rest }: ButtonProps) {
  const label = rest["aria-label"];
  return (
    <button
      type="button"
      className={`button ${look} ${children ? "" : "square"} ${className}`}
      title={children ? undefined : label}
      {...rest}
    >
      {icon && <Icon name={icon} />}
      {children}
    </button>
  );
}

/** The way down to this page. The last crumb is the page itself. */
export function Breadcrumbs({ items }: { items: { label: ReactNode; href?: string }[] }) {
  return (
    <nav aria-label="Breadcrumbs" className="breadcrumbs">
      <ol>
        {items.map((item, index) => (
          <li key={index}>
            {index > 0 && <Icon name="right" size={12} />}
            {item.href ? <a href={item.href}>{item.label}</a> : <span aria-current="page">{item.label}</span>}
          </li>
        ))}
      </ol>
    </nav>
  );
}

/** A page: its crumbs, its name, what can be done, and what it shows. */
export function Page(props: {
  crumbs?: { label: ReactNode; href?: string }[];
  title: ReactNode;
  about?: ReactNode;
  actions?: ReactNode;
  fill?: boolean;
  children: ReactNode;
}) {
  return (
    <div className={props.fill ? "page fill" : "page"}>
      <header className="page-head">
        {props.crumbs && <Breadcrumbs items={props.crumbs} />}
        <div className="page-title">
          <h1>{props.title}</h1>
          {props.actions && <div className="actions">{props.actions}</div>}
        </div>
        {props.about}
      </header>
      {props.children}
    </div>
  );
}

/** Tabs that are links: each one has an address. */
export function Tabs({ items }: { items: { label: string; href: string; current: boolean; count?: number }[] }) {
  return (
    <nav className="tabs" aria-label="Views">
      {items.map((item) => (
        <a key={item.href} href={item.href} aria-current={item.current ? "page" : undefined}>
          {item.label}
          {item.count !== undefined && <span className="tab-count">{item.count}</span>}
        </a>
      ))}
    </nav>
  );
}

/** What went wrong, in the server's own words, and a way on. */
export function Failure({ error, retry }: { error: Error; retry?: () => void }) {
  const refusal = error instanceof Refusal ? error : null;
  return (
    <div className="notice bad" role="alert">
      <Icon name="warning" />
      <div>
        <p>{error.message}</p>
        {refusal?.code && <p className="faint mono small">{refusal.code}</p>}
      </div>
      {retry && (
        <Button look="quiet" onClick={retry}>
          Try again
        </Button>
      )}
    </div>
  );
}

/** A grey shape of what is coming; it waits a moment so that fast answers do not flicker. */
export function Skeleton({ rows = 6 }: { rows?: number }) {
  const [shown, show] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => show(true), 150);
    return () => clearTimeout(timer);
  }, []);
  return (
    <div className="skeleton" role="status" aria-label="Loading">
      {shown && Array.from({ length: rows }, (_, index) => <div key={index} />)}
    </div>
  );
}

/** Nothing is here yet, and how to change that. */
export function Empty({ title, children, code }: { title: string; children?: ReactNode; code?: string }) {
  return (
    <div className="empty">
      <h2>{title}</h2>
      {children && <p>{children}</p>}
      {code && <Code text={code} />}
    </div>
  );
}

/** A few lines to copy. */
export function Code({ text }: { text: string }) {
  return (
    <div className="code">
      <pre tabIndex={0}>{text}</pre>
      <Copy text={text} />
    </div>
  );
}

/** Copies a text; says so for a moment. */
export function Copy({ text, label = "Copy" }: { text: string; label?: string }) {
  const [done, say] = useState(false);
  useEffect(() => {
    if (!done) return;
    const timer = setTimeout(() => say(false), 1500);
    return () => clearTimeout(timer);
  }, [done]);
  return (
    <Button
      look="quiet"
      className="copy"
      icon={done ? "check" : "copy"}
      aria-label={done ? "Copied" : label}
      onClick={() => void navigator.clipboard?.writeText(text).then(() => say(true))}
    />
  );
}

/** An identifier that is easily copied. */
export function Id({ value, short = false }: { value: string; short?: boolean }) {
  return (
    <span className="id">
      <code title={value}>{short ? value.slice(0, 8) : value}</code>
      <Copy text={value} label="Copy id" />
    </span>
  );
}

/** Names and values, one below the other. */
export function Facts({ items }: { items: [string, ReactNode][] }) {
  return (
    <dl className="facts">
      {items.map(([name, value]) => (
        <Fragment key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </Fragment>
      ))}
    </dl>
  );
}
