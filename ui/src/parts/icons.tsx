import type { ReactNode, SVGProps } from "react";

const SHAPES = {
  flask: <path d="M6 2h4M7 2v4.2L3.3 12a1.3 1.3 0 0 0 1.1 2h7.2a1.3 1.3 0 0 0 1.1-2L9 6.2V2M5 10h6" />,
  box: <path d="m8 1.8 5.5 3v6.4L8 14.2l-5.5-3V4.8zM2.6 4.9 8 7.8l5.4-2.9M8 7.8v6.2" />,
  search: <path d="M7 12A5 5 0 1 0 7 2a5 5 0 0 0 0 10m3.6-1.4L14 14" />,
  plus: <path d="M8 3v10M3 8h10" />,
  trash: <path d="M2.5 4.5h11M6 4.5V2.7h4v1.8M4 4.5l.6 8.8h6.8l.6-8.8M6.6 7v4M9.4 7v4" />,
  restore: <path d="M3 8a5 5 0 1 0 1.6-3.7M3 2.5v3h3" />,
  close: <path d="m4 4 8 8M12 4l-8 8" />,
  check: <path d="m3 8.5 3.2 3.2L13 4.8" />,
  down: <path d="m4 6 4 4 4-4" />,
  right: <path d="m6 4 4 4-4 4" />,
  arrowUp: <path d="M8 13V3.5M4 7.2l4-4 4 4" />,
  arrowDown: <path d="M8 3v9.5M4 8.8l4 4 4-4" />,
  columns: <path d="M2.5 3h11v10h-11zM6.2 3v10M9.8 3v10" />,
  pin: <path d="M6 2h4l-.4 4.4L12 8.6v.9H4v-.9l2.4-2.2zM8 9.5V14" />,
  copy: <path d="M5.5 5.5h8v8h-8zM10.5 5.5v-3h-8v8h3" />,
  download: <path d="M8 2.5v8M4.8 7.4 8 10.6l3.2-3.2M3 13.5h10" />,
  file: <path d="M4 1.8h5l3 3v9.4H4zM9 1.8v3h3" />,
  folder: <path d="M1.8 3.5h4l1.4 1.6h7v7.4H1.8z" />,
  image: <path d="M2 3h12v10H2zM2 11l3.5-3.5 3 3 2-2L14 12M10.5 6.3h.01" />,
  table: <path d="M2 3h12v10H2zM2 6.3h12M2 9.6h12M7 3v10" />,
  chart: <path d="M2.5 2.5v11h11M4.8 10.5l2.6-3.4 2.4 1.8 3.4-4.6" />,
  list: <path d="M2.5 4h11M2.5 8h11M2.5 12h11" />,
  sun: <path d="M8 10.8a2.8 2.8 0 1 0 0-5.6 2.8 2.8 0 0 0 0 5.6M8 1.5v1.6M8 12.9v1.6M1.5 8h1.6M12.9 8h1.6M3.4 3.4l1.1 1.1M11.5 11.5l1.1 1.1M3.4 12.6l1.1-1.1M11.5 4.5l1.1-1.1" />,
  moon: <path d="M13.3 9.7A5.8 5.8 0 0 1 6.3 2.7a5.8 5.8 0 1 0 7 7" />,
  screen: <path d="M2 3h12v8H2zM5.5 13.5h5M8 11v2.5" />,
  code: <path d="m5.5 4.5-3.5 3.5 3.5 3.5M10.5 4.5 14 8l-3.5 3.5" />,
  more: <path d="M3.5 8h.01M8 8h.01M12.5 8h.01" strokeWidth="2" />,
  edit: <path d="m10.8 2.8 2.4 2.4L5.6 12.8l-3 .6.6-3z" />,
  child: <path d="M4 2.5v6.2h8M9.2 6l2.8 2.7-2.8 2.8" />,
  zoomOut: <path d="M7 12A5 5 0 1 0 7 2a5 5 0 0 0 0 10m3.6-1.4L14 14M4.8 7h4.4" />,
  clock: <path d="M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12M8 4.7V8l2.3 1.5" />,
  warning: <path d="M8 2.2 14.4 13H1.6zM8 6.4v3M8 11.2h.01" />,
  tag: <path d="M2.3 2.3h5.2l6.2 6.2-5.2 5.2-6.2-6.2zM5 5h.01" />,
} satisfies Record<string, ReactNode>;

export type IconName = keyof typeof SHAPES;

/** A picture of 16 by 16 that says nothing by itself: give its button a name. */
export function Icon({ name, size = 16, ...rest }: { name: IconName; size?: number } & SVGProps<SVGSVGElement>) {
  return (
    <svg
      width={size}
      height={size}
      viewBox="0 0 16 16"
      fill="none"
      stroke="currentColor"
      strokeWidth="1.4"
      strokeLinecap="round"
      strokeLinejoin="round"
      aria-hidden="true"
      {...rest}
    >
      {SHAPES[name]}
    </svg>
  );
}

/** The mark of the house: two waves. */
export function Mark() {
  return (
    <svg className="mark" viewBox="0 0 32 32" width="24" height="24" aria-hidden="true">
      <rect width="32" height="32" rx="7" />
      <path d="M5 12c4-4 7-4 11 0s7 4 11 0M5 21c4-4 7-4 11 0s7 4 11 0" />
    </svg>
  );
}
