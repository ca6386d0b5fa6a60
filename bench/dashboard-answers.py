"""Prints for each panel of a dashboard (dashboards/) its title, its query and the first rows of the answer of a store or of Prometheus.

Usage: bench/run dashboard-answers [--rows N] [--days D] [--limit SECONDS] STORE
STORE: postgresql://… (with psql), clickhouse://USER@HOST:PORT/DATABASE (password: CLICKHOUSE_PASSWORD), or http://HOST:PORT of Prometheus.
--rows: rows of each answer (3). --days: the time range, the last D days of the store's query statistics (30); Prometheus has a range of an
hour until now. --limit: seconds for a query (600).
Exit code 1: a query failed, or had no rows.
"""

import argparse
import csv
import io
import json
import os
import pathlib
import re
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request

DASHBOARDS = pathlib.Path(__file__).resolve().parent.parent / "dashboards"
NEWEST = "SELECT max(bucket_start) FROM pgadvise.source"


class Failed(Exception):
    pass


def fetch(url, limit, body=None, headers=None):
    try:
        with urllib.request.urlopen(urllib.request.Request(url, body, headers or {}), timeout=limit) as answer:
            return answer.read().decode()
    except urllib.error.HTTPError as error:
        raise Failed(error.read().decode()[:500]) from error
    except OSError as error:
        raise Failed(str(error)) from error


class Postgres:
    dashboard = "history-postgresql.json"

    def __init__(self, url, limit):
        self.url, self.limit = url, limit

    def rows(self, sql):
        statement = f"COPY ({sql}) TO STDOUT (FORMAT csv, HEADER, DELIMITER E'\\t')"
        done = subprocess.run(
            ["psql", "-XqAt", "-v", "ON_ERROR_STOP=1", "-c", f"SET statement_timeout = '{self.limit}s'", "-c", statement, self.url],
            capture_output=True, text=True, check=False)
        if done.returncode:
            raise Failed(done.stderr.strip())
        return list(csv.reader(io.StringIO(done.stdout), delimiter="\t"))

    def panel_rows(self, target, first, last):
        return self.rows(re.sub(r"\$__unixEpochFilter\(([a-z_.]+)\)", rf"\1 >= {first} AND \1 <= {last}", target["rawSql"]))


class ClickHouse:
    dashboard = "history-clickhouse.json"

    def __init__(self, url, limit):
        parts = urllib.parse.urlsplit(url)
        self.limit, self.database = limit, parts.path.strip("/") or "pgadvise"
        self.url = f"http://{parts.hostname}:{parts.port or 8123}/?database={self.database}&default_format=TabSeparatedWithNames"
        self.headers = {"X-ClickHouse-User": urllib.parse.unquote(parts.username or "default"),
                        "X-ClickHouse-Key": urllib.parse.unquote(parts.password or "") or os.environ.get("CLICKHOUSE_PASSWORD", "")}

    def rows(self, sql):
        # The panels name the database that is the default.
        sql = sql.replace(" pgadvise.", f" `{self.database}`.")
        return [line.split("\t") for line in fetch(self.url, self.limit, sql.encode(), self.headers).splitlines()]

    def panel_rows(self, target, first, last):
        sql = target["rawSql"].replace("$__fromTime", f"toDateTime({first})").replace("$__toTime", f"toDateTime({last})")
        return self.rows(sql)


class Prometheus:
    dashboard = "runs-prometheus.json"

    def __init__(self, url, limit):
        self.url, self.limit = url.rstrip("/"), limit

    def panel_rows(self, target, _first, _last):
        now = time.time()
        query = {"query": target["expr"], "start": now - 3600, "end": now, "step": 1}
        answer = json.loads(fetch(f"{self.url}/api/v1/query_range?{urllib.parse.urlencode(query)}", self.limit))
        series = [[json.dumps(one["metric"], sort_keys=True), one["values"][-1][1], str(len(one["values"]))]
                  for one in answer["data"]["result"]]
        return [["labels", "last value", "values"]] + sorted(series, key=lambda one: (-float(one[1]), one[0]))


def store_of(url, limit):
    for scheme, kind in (("postgres", Postgres), ("clickhouse", ClickHouse), ("http", Prometheus)):
        if url.startswith(scheme):
            return kind(url, limit)
    sys.exit("STORE: postgresql://…, clickhouse://… or http://…")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=3)
    parser.add_argument("--days", type=int, default=30)
    parser.add_argument("--limit", type=int, default=600)
    parser.add_argument("store")
    arguments = parser.parse_args()
    store = store_of(arguments.store, arguments.limit)
    last = 0 if isinstance(store, Prometheus) else int(store.rows(NEWEST)[1][0]) + 3600
    status = 0
    for panel in json.loads((DASHBOARDS / store.dashboard).read_text())["panels"]:
        for target in panel["targets"]:
            print(f"## {panel['title']}\n{target.get('rawSql') or target.get('expr')}")
            begin = time.monotonic()
            try:
                header, *rows = store.panel_rows(target, last - arguments.days * 86400, last)
            except (Failed, ValueError) as error:
                status = 1
                print(f"FAILED: {error}\n")
                continue
            if not rows:
                status = 1
            print(f"{len(rows)} rows in {time.monotonic() - begin:.2f} s")
            for row in [header, *rows[: arguments.rows]]:
                print("  " + " | ".join(row)[:200])
            print(flush=True)
    return status


sys.exit(main())
