import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import type { FileInfo } from "../../generated/calls";
import { Empty, Failure, Skeleton } from "../../parts/basics";
import { bytes } from "../../parts/format";
import { Icon } from "../../parts/icons";
import { fileUrl, type Owner } from "../../wire/files";
import { send } from "../../wire/send";
import { kindOf } from "./kinds";
import { Preview } from "./Preview";
import "./artifacts.css";

type Href = (path: string) => string;

/** The files of a run or a model: a tree, and what is in the chosen file. */
export function ArtifactsView({ owner, path, href }: { owner: Owner; path: string; href: Href }) {
  const top = useFolder(owner, "");
  const chosen = useChosen(owner, path);
  if (top.error) return <Failure error={top.error} retry={() => void top.refetch()} />;
  if (!top.data) return <Skeleton />;
  if (top.data.length === 0) {
    return (
      <Empty title="No artifacts" code={`headrace.log_artifact("model.png")\nheadrace.log_text("hello", "notes.txt")\nheadrace.log_dict({"lr": 0.1}, "config.json")`}>
        Files appear here when they are logged inside a run:
      </Empty>
    );
  }
  return (
    <div className="artifacts card">
      <nav className="tree scroll" aria-label="Files" data-testid="artifact-tree">
        <Folder owner={owner} folder="" path={path} href={href} />
      </nav>
      <div className="preview" data-testid="artifact-preview">
        {chosen === "folder" && <p className="none faint">Choose a file to see what is in it.</p>}
        {chosen && chosen !== "folder" && (
          <Preview key={path} url={fileUrl(owner, path)} path={path} size={chosen.file_size} />
        )}
      </div>
    </div>
  );
}

function useFolder(owner: Owner, folder: string, enabled = true) {
  return useQuery({
    queryKey: ["artifacts", owner, folder],
    queryFn: async ({ signal }) => {
      const files: FileInfo[] = [];
      let token: string | undefined;
      do {
        const found =
          "run" in owner
            ? await send("ListArtifacts", { run_id: owner.run, path: folder || undefined, page_token: token }, signal)
            : await send(
                "ListLoggedModelArtifacts",
                { model_id: owner.model, artifact_directory_path: folder || undefined, page_token: token },
                signal,
              );
        files.push(...(found.files ?? []));
        token = found.next_page_token || undefined;
      } while (token);
      return files.sort((a, b) => Number(b.is_dir) - Number(a.is_dir) || a.path.localeCompare(b.path));
    },
    enabled,
  });
}

/** What the path in the address points at, looked up in its own folder. */
function useChosen(owner: Owner, path: string): FileInfo | "folder" | null {
  const parent = path.includes("/") ? path.slice(0, path.lastIndexOf("/")) : "";
  const listed = useFolder(owner, parent, path !== "");
  if (path === "") return "folder";
  const found = listed.data?.find((file) => file.path === path);
  if (found?.is_dir) return "folder";
  return found ?? (listed.data ? { path, is_dir: false } : null);
}

function Folder({ owner, folder, path, href }: { owner: Owner; folder: string; path: string; href: Href }) {
  const listed = useFolder(owner, folder);
  if (listed.error) return <Failure error={listed.error} retry={() => void listed.refetch()} />;
  return (
    <ul>
      {listed.data?.map((file) => (
        <li key={file.path}>
          {file.is_dir ? (
            <SubFolder owner={owner} folder={file.path} path={path} href={href} />
          ) : (
            <a href={href(file.path)} aria-current={file.path === path ? "page" : undefined} data-testid="artifact">
              <Icon name={kindOf(file.path).icon} size={14} />
              <span className="clip">{name(file.path)}</span>
              {file.file_size !== undefined && <span className="size">{bytes(Number(file.file_size))}</span>}
            </a>
          )}
        </li>
      ))}
      {listed.data?.length === 0 && <li className="faint none">empty</li>}
    </ul>
  );
}

function SubFolder({ owner, folder, path, href }: { owner: Owner; folder: string; path: string; href: Href }) {
  const [open, setOpen] = useState(path === folder || path.startsWith(`${folder}/`));
  return (
    <>
      <button type="button" aria-expanded={open} onClick={() => setOpen(!open)} data-testid="artifact-folder">
        <Icon name={open ? "down" : "right"} size={12} />
        <Icon name="folder" size={14} />
        <span className="clip">{name(folder)}</span>
      </button>
      {open && <Folder owner={owner} folder={folder} path={path} href={href} />}
    </>
  );
}

function name(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}
