"""Where a run comes from, read off this process and Git's own files."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from headrace.base.errors import BadRequest
from headrace.tracking import context


def _git(folder: Path, *arguments: str) -> str:
    identity = ["-c", "user.name=n", "-c", "user.email=e@x", "-c", "commit.gpgsign=false"]
    done = subprocess.run(["git", *identity, *arguments], cwd=folder, check=True, capture_output=True, text=True)
    return done.stdout.strip()


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    folder = tmp_path / "repository"
    (folder / "deep").mkdir(parents=True)
    (folder / "deep" / "train.py").write_text("")
    _git(folder, "init", "-q", "-b", "main")
    _git(folder, "add", ".")
    _git(folder, "commit", "-qm", "first")
    return folder


def test_the_commit_is_that_of_the_checked_out_branch(repository: Path) -> None:
    assert context.commit_of(repository / "deep" / "train.py") == _git(repository, "rev-parse", "HEAD")


def test_a_packed_branch_is_found(repository: Path) -> None:
    _git(repository, "pack-refs", "--all")
    assert not (repository / ".git" / "refs" / "heads" / "main").exists()
    assert context.commit_of(repository) == _git(repository, "rev-parse", "HEAD")


def test_a_detached_head_is_a_commit(repository: Path) -> None:
    _git(repository, "checkout", "-q", "--detach")
    assert context.commit_of(repository) == _git(repository, "rev-parse", "HEAD")


def test_a_worktree_has_a_commit_of_its_own(repository: Path, tmp_path: Path) -> None:
    _git(repository, "worktree", "add", "-q", "-b", "other", str(tmp_path / "other"))
    _git(tmp_path / "other", "commit", "-q", "--allow-empty", "-m", "second")
    assert context.commit_of(tmp_path / "other") == _git(tmp_path / "other", "rev-parse", "HEAD")
    _git(tmp_path / "other", "pack-refs", "--all")
    assert context.commit_of(tmp_path / "other") == _git(tmp_path / "other", "rev-parse", "HEAD")
    assert context.commit_of(repository) != context.commit_of(tmp_path / "other")


def test_a_branch_without_commits_has_none(tmp_path: Path) -> None:
    _git(tmp_path, "init", "-q")
    assert context.commit_of(tmp_path) is None


@pytest.mark.parametrize("said", ["", "ref: refs/heads/none", "ref: HEAD", "not a hash", "gitdir: nowhere"])
def test_what_git_did_not_write_is_no_commit(tmp_path: Path, said: str) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git" / "HEAD").write_text(said)
    assert context.commit_of(tmp_path) is None


def test_there_is_no_commit_outside_of_a_repository(tmp_path: Path) -> None:
    assert context.commit_of(tmp_path / "train.py") is None


def test_a_git_file_that_leads_nowhere_is_no_repository(tmp_path: Path) -> None:
    (tmp_path / ".git").write_text("something else")
    assert context.commit_of(tmp_path) is None
    (tmp_path / ".git").write_text("gitdir: nowhere")
    assert context.commit_of(tmp_path) is None


def test_what_the_script_says_wins() -> None:
    found = context.resolve_tags({"mlflow.user": "me", "own": 1})
    assert found["mlflow.user"] == "me"
    assert found["own"] == 1
    assert found["mlflow.source.type"] == "LOCAL"


def test_the_environment_may_add_tags(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_RUN_CONTEXT", '{"team": "a"}')
    assert context.resolve_tags()["team"] == "a"
    monkeypatch.setenv("MLFLOW_RUN_CONTEXT", "team=a")
    with pytest.raises(BadRequest, match="JSON"):
        context.resolve_tags()


def test_the_branch_and_the_remote_are_noted_without_credentials(repository: Path) -> None:
    _git(repository, "remote", "add", "origin", "https://me:secret@host.example/x.git")
    _git(repository, "remote", "add", "other", "git@host.example:y.git")
    tags = context.git.tags_of(repository / "deep" / "train.py")
    assert tags["mlflow.source.git.branch"] == "main"
    assert tags["mlflow.source.git.repoURL"] == "https://host.example/x.git"
    _git(repository, "remote", "remove", "origin")
    assert context.git.tags_of(repository)["mlflow.source.git.repoURL"] == "git@host.example:y.git"


def test_a_detached_head_has_no_branch(repository: Path) -> None:
    _git(repository, "checkout", "-q", "--detach")
    assert set(context.git.tags_of(repository)) == {"mlflow.source.git.commit"}


def test_a_worktree_has_the_remote_of_its_repository(repository: Path, tmp_path: Path) -> None:
    _git(repository, "remote", "add", "origin", "ssh://git@host.example/x.git")
    _git(repository, "worktree", "add", "-q", "-b", "other", str(tmp_path / "other"))
    tags = context.git.tags_of(tmp_path / "other")
    assert tags["mlflow.source.git.branch"] == "other"
    assert tags["mlflow.source.git.repoURL"] == "ssh://git@host.example/x.git"
