"""The database servers the other tests stand on."""

from __future__ import annotations

import shutil
from urllib.parse import urlsplit

import psycopg
import pymysql
import pytest

from tests import databases


def test_postgresql_gives_each_test_an_empty_database_of_its_own(postgresql_server: databases.DatabaseServer) -> None:
    with postgresql_server.database() as first, postgresql_server.database() as second:
        with psycopg.connect(first) as connection:
            connection.execute("CREATE TABLE notes (text TEXT)")
        with psycopg.connect(second) as connection:
            found = connection.execute("SELECT count(*) FROM pg_tables WHERE tablename = 'notes'").fetchone()
        assert found == (0,)


def test_mariadb_gives_each_test_an_empty_database_of_its_own(mysql_url: str) -> None:
    parts = urlsplit(mysql_url)
    connection = pymysql.connect(
        host=parts.hostname, port=parts.port or 0, user=parts.username, database=parts.path.strip("/")
    )
    with connection, connection.cursor() as cursor:
        cursor.execute("SHOW TABLES")
        assert not cursor.fetchall()


def test_a_missing_server_is_named_with_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda *_, **__: None)
    with pytest.raises(RuntimeError, match=r"apt-get install mariadb-server.*HEADRACE_TEST_MYSQL"):
        databases._binary("mariadbd", "mariadb-server", "/nowhere")
