import { Suspense, useEffect, useRef } from "react";
import { Icon, type IconName, Mark } from "../parts/icons";
import { to, usePlace } from "../parts/router";
import { setTheme, type Theme, useTheme } from "../parts/theme";
import { Toasts } from "../parts/toast";
import { useConnection } from "../wire/connection";
import { address } from "../wire/send";
import { Boundary } from "./Boundary";
import { Room } from "./routes";

/** What surrounds every page: the rail, the state of the connection, and the page itself. */
export function Shell() {
  const place = usePlace();
  const room = place.segments[0] ?? "experiments";
  const key = place.segments.slice(0, 4).join("/");
  const main = useRef<HTMLElement>(null);
  const first = useRef(true);
  useEffect(() => {
    // A new page starts at its top, and a screen reader hears where it is.
    if (!first.current) main.current?.focus({ preventScroll: true });
    first.current = false;
  }, [place.segments[0], place.segments[1], place.segments[3]]);
  return (
    <div className="shell">
      <a className="skip" href="#main" onClick={(event) => { event.preventDefault(); main.current?.focus(); }}>
        Skip to content
      </a>
      <nav className="rail" aria-label="Main">
        <a className="brand" href={to([])} aria-label="Headrace, home">
          <Mark />
          <span>Headrace</span>
        </a>
        <RailLink icon="flask" label="Experiments" href={to(["experiments"])} current={room !== "models"} />
        <RailLink icon="box" label="Models" href={to(["models"])} current={room === "models"} />
        <div className="rail-foot">
          <a className="rail-link" href={address("docs")}>
            <Icon name="code" />
            <span>API</span>
          </a>
          <ThemeSwitch />
        </div>
      </nav>
      <main id="main" ref={main} tabIndex={-1}>
        <ConnectionBanner />
        <Boundary key={key}>
          <Suspense fallback={null}>
            <Room place={place} />
          </Suspense>
        </Boundary>
      </main>
      <Toasts />
    </div>
  );
}

function RailLink(props: { icon: IconName; label: string; href: string; current: boolean }) {
  return (
    <a className="rail-link" href={props.href} aria-current={props.current ? "true" : undefined}>
      <Icon name={props.icon} />
      <span>{props.label}</span>
    </a>
  );
}

const THEMES: [Theme, IconName, string][] = [
  ["light", "sun", "Light"],
  ["dark", "moon", "Dark"],
  ["system", "screen", "As the system"],
];

function ThemeSwitch() {
  const theme = useTheme();
  return (
    <div className="theme-switch" role="group" aria-label="Theme">
      {THEMES.map(([value, icon, label]) => (
        <button
          key={value}
          type="button"
          aria-label={label}
          title={label}
          aria-pressed={theme === value}
          onClick={() => setTheme(value)}
        >
          <Icon name={icon} size={14} />
        </button>
      ))}
    </div>
  );
}

function ConnectionBanner() {
  const state = useConnection();
  return (
    <div role="status" aria-live="polite">
      {state === "lost" && (
        <div className="offline" data-testid="offline">
          <Icon name="warning" />
          The server does not answer. What you see may be old; the page reconnects by itself.
        </div>
      )}
    </div>
  );
}
