"""Whether a ClickHouse store on a cluster keeps each fact once: two shards, of which the first has two replicas, on this machine.

Starts ZooKeeper and three processes of Debian 12's clickhouse-server (18.16), uploads runs of many targets with `cluster=main`, and prints
what it checked: the rows on each shard, a repeated upload, a replica that was down and comes back, a shard that is down. A store needs
24.8: a gateway between pgadvise and the first server claims that version and rewrites what 18.16 does not know. The script
prints each such rewrite and the views that 18.16 cannot create, with the number of statements.

Usage: bench/run clickhouse-cluster [--packages FOLDER]
FOLDER: where clickhouse-server, clickhouse-common, zookeeper and the libraries are unpacked (dpkg -x); default: /. Needs a Java runtime and
slf4j-api and slf4j-simple (libslf4j-java).
"""

import argparse
import collections
import http.server
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.parse
import urllib.request

TARGETS = 40
SCHEMA = "\n".join(
    ["CREATE TABLE owners (id bigint PRIMARY KEY);"]
    + [f"CREATE TABLE t{i} (id bigint PRIMARY KEY, owner_id bigint REFERENCES owners (id));" for i in range(20)]
)
# What 18.16 does not know: a pattern, what the gateway writes instead, and the name of it.
REWRITES = [
    (r"LowCardinality\((\w+)\)", r"\1", "LowCardinality without a setting"),
    (r" CODEC\(ZSTD\(1\)\)", "", "codecs of a column"),
    (r"toDateTime64\((\w+), 0, 'UTC'\)", r"toDateTime(\1, 'UTC')", "DateTime64"),
    (r"\(cluster_tables\)", "", ""),
    (r"CREATE OR REPLACE VIEW", "CREATE VIEW IF NOT EXISTS", "CREATE OR REPLACE VIEW"),
    (r"NOT is_temporary AND ", "", "system.tables.is_temporary"),
    (r"clusterAllReplicas\('main', system\.parts\)", "system.parts", "clusterAllReplicas"),
]
PARAMETERS = {
    "insert_deduplication_token": ("", "insert_deduplication_token"),
    "distributed_foreground_insert": ("insert_distributed_sync", "distributed_foreground_insert under this name"),
    "async_insert": ("", "async_insert"),
    "max_partitions_per_insert_block": ("", "max_partitions_per_insert_block"),
    "wait_end_of_query": ("wait_end_of_query", ""),
}

rewritten = collections.Counter()
impossible = collections.Counter()
reasons = {}


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def request(port, sql, parameters=None):
    """The answer of a server; raises HTTPError with the server's text."""
    query = urllib.parse.urlencode(parameters or {})
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/?{query}", sql.encode(), timeout=90) as answer:
        return answer.read().decode()


def named_rows(sql):
    """INSERT … FORMAT JSONCompactEachRow, which 18.16 only writes, as JSONEachRow."""
    head, _, body = sql.partition(" FORMAT JSONCompactEachRow\n")
    names = re.search(r"\(([^)]*)\)$", head).group(1).split(", ")
    rows = (json.dumps(dict(zip(names, json.loads(line)))) for line in body.splitlines())
    rewritten["input in the format JSONCompactEachRow"] += 1
    return head + " FORMAT JSONEachRow\n" + "\n".join(rows)


def rewrite(sql):
    if sql.startswith("CREATE OR REPLACE VIEW"):
        sql = re.sub(r"\b(FROM|JOIN) (\w+)", r"\1 facts.\2", sql)
        rewritten["tables of a view's own database in ON CLUSTER"] += 1
    for pattern, by, what in REWRITES:
        sql, count = re.subn(pattern, by, sql)
        if count:
            rewritten[what] += 1
    if "{uuid}" in sql:
        table = re.search(r"EXISTS (\w+)", sql).group(1)
        sql = sql.replace("{uuid}", table)
        rewritten["the macro {uuid}"] += 1
    return named_rows(sql) if " FORMAT JSONCompactEachRow\n" in sql else sql


def gateway(to):
    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_):
            pass

        def do_POST(self):
            sql = self.rfile.read(int(self.headers["Content-Length"])).decode()
            given = urllib.parse.parse_qsl(urllib.parse.urlsplit(self.path).query)
            parameters = {}
            for name, value in given:
                name, what = PARAMETERS.get(name, (name, ""))
                if what:
                    rewritten[what] += 1
                if name:
                    parameters[name] = value
            status, text = 200, "24.8.1.1\n"
            if sql != "SELECT version()":
                try:
                    text = request(to, rewrite(sql), parameters)
                except urllib.error.HTTPError as error:
                    status, text = error.code, error.read().decode()
                    view = re.match(r"CREATE OR REPLACE VIEW (\w+)", sql)
                    if view:
                        impossible[view.group(1)] += 1
                        reasons.setdefault(view.group(1), text[:200])
                        status, text = 200, ""
            body = text.encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server.server_address[1]


class Cluster:
    """ZooKeeper and three servers: 0 and 1 are replicas of the first shard, 2 is the second shard."""

    def __init__(self, packages, folder):
        self.packages, self.folder = packages, folder
        self.keeper_port = free_port()
        self.http = [free_port() for _ in range(3)]
        self.tcp = [free_port() for _ in range(3)]
        self.between = [free_port() for _ in range(3)]
        self.processes = [None] * 3
        config = folder / "zoo.cfg"
        config.write_text(
            f"dataDir={folder}/keeper\nclientPort={self.keeper_port}\nclientPortAddress=127.0.0.1\n"
            "tickTime=1000\nadmin.enableServer=false\n"
        )
        jars = ":".join([f"{packages}/usr/share/java/*", "/usr/share/java/slf4j-api.jar", "/usr/share/java/slf4j-simple.jar"])
        self.keeper = subprocess.Popen(
            ["java", "-Xmx256m", "-cp", jars, "org.apache.zookeeper.server.quorum.QuorumPeerMain", str(config)],
            stdout=(folder / "keeper.log").open("w"),
            stderr=subprocess.STDOUT,
        )
        self.wait_for(self.keeper_port)
        for i in range(3):
            self.start(i)

    @staticmethod
    def wait_for(port, seconds=60):
        end = time.time() + seconds
        while time.time() < end:
            with socket.socket() as one:
                if one.connect_ex(("127.0.0.1", port)) == 0:
                    return
            time.sleep(0.2)
        raise SystemExit(f"clickhouse-cluster: nothing listens on port {port}")

    def start(self, i):
        home = self.folder / f"server{i}"
        home.mkdir(exist_ok=True)
        replica = "<replica><host>127.0.0.1</host><port>{}</port></replica>"
        shards = [[0, 1], [2]]
        cluster = "".join(
            "<shard><internal_replication>true</internal_replication>"
            + "".join(replica.format(self.tcp[j]) for j in shard)
            + "</shard>"
            for shard in shards
        )
        (home / "users.xml").write_text(
            "<yandex><profiles><default/></profiles><users><default><password/><networks><ip>127.0.0.1</ip>"
            "</networks><profile>default</profile><quota>default</quota></default></users><quotas><default/></quotas></yandex>"
        )
        (home / "config.xml").write_text(
            f"""<yandex><logger><level>warning</level><log>{home}/log</log><errorlog>{home}/errors</errorlog></logger>
<listen_host>127.0.0.1</listen_host><http_port>{self.http[i]}</http_port><tcp_port>{self.tcp[i]}</tcp_port>
<interserver_http_port>{self.between[i]}</interserver_http_port><interserver_http_host>127.0.0.1</interserver_http_host>
<path>{home}/data/</path><tmp_path>{home}/tmp/</tmp_path><mark_cache_size>67108864</mark_cache_size>
<users_config>{home}/users.xml</users_config><default_profile>default</default_profile><default_database>default</default_database>
<remote_servers><main>{cluster}</main></remote_servers>
<zookeeper><node><host>127.0.0.1</host><port>{self.keeper_port}</port></node></zookeeper>
<macros><shard>{0 if i < 2 else 1}</shard><replica>server{i}</replica></macros>
<distributed_ddl><path>/clickhouse/task_queue/ddl</path></distributed_ddl></yandex>"""
        )
        libraries = f"{self.packages}/usr/lib/x86_64-linux-gnu"
        self.processes[i] = subprocess.Popen(
            [f"{self.packages}/usr/sbin/clickhouse-server", f"--config-file={home}/config.xml"],
            cwd=home,
            env={**os.environ, "LD_LIBRARY_PATH": libraries},
            stdout=(home / "out").open("w"),
            stderr=subprocess.STDOUT,
        )
        self.wait_for(self.http[i])

    def kill(self, i):
        self.processes[i].send_signal(signal.SIGKILL)
        self.processes[i].wait()

    def end(self):
        for one in [*self.processes, self.keeper]:
            if one and one.poll() is None:
                one.kill()
                one.wait()

    def value(self, sql, server=0):
        return request(self.http[server], sql, {"database": "facts", "skip_unavailable_shards": "0"}).strip()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--packages", default="/")
    arguments = parser.parse_args()
    folder = pathlib.Path(tempfile.mkdtemp(prefix="clickhouse-cluster-"))
    failed = []

    def check(what, seen, expected):
        print(f"{'ok ' if seen == expected else 'BAD'} {what}: {seen}" + ("" if seen == expected else f", expected {expected}"))
        if seen != expected:
            failed.append(what)

    cluster = None
    try:
        (folder / "schema.sql").write_text(SCHEMA)
        cluster = Cluster(arguments.packages.rstrip("/"), folder)
        port = gateway(cluster.http[0])
        url = f"clickhouse://127.0.0.1:{port}/facts?cluster=main"

        def upload(i):
            return subprocess.run(
                [os.environ["PGADVISE"], "check", "--schema", "schema.sql", "--store", url, "--store-as", f"db{i:02}", "-q", "--fail-on", "never"],
                cwd=folder,
                capture_output=True,
                text=True,
                check=False,
            )

        def rows(table="finding_event_rows"):
            return cluster.value(f"SELECT count() FROM {table} FINAL")

        first = upload(0)
        if first.returncode:
            raise SystemExit(f"clickhouse-cluster: the first upload failed: {first.stderr}{reasons}")
        for i in range(1, TARGETS):
            done = upload(i)
            if done.returncode:
                raise SystemExit("clickhouse-cluster: " + done.stderr)
        events = int(rows())
        check("runs through the Distributed table", rows("run_rows"), str(TARGETS))
        local = [int(cluster.value("SELECT count() FROM run_rows_local FINAL", i)) for i in range(3)]
        check("runs of the two shards together", local[0] + local[2], TARGETS)
        check("both shards have some", local[0] > 0 and local[2] > 0, True)
        check("replicas of the first shard agree", local[1], local[0])
        targets = [int(cluster.value("SELECT uniqExact(target) FROM finding_event_rows_local", i)) for i in (0, 2)]
        check("targets with events on either shard, none on both", sum(targets), TARGETS)
        for table in ("finding_event_rows", "run_rows"):
            columns = cluster.value(
                f"SELECT arrayStringConcat(groupArray(name), ', ') FROM system.columns WHERE database = 'facts' AND table = '{table}'")
            request(cluster.http[0], f"INSERT INTO {table} SELECT {columns} FROM {table}", {"database": "facts", "insert_distributed_sync": "1"})
        check("events after all rows were inserted again", rows(), str(events))
        cluster.kill(1)
        done = upload(TARGETS)
        check("an upload while a replica is down", done.returncode, 0)
        cluster.start(1)
        for _ in range(100):
            if cluster.value("SELECT count() FROM run_rows_local FINAL", 1) == cluster.value("SELECT count() FROM run_rows_local FINAL"):
                break
            time.sleep(0.2)
        check("runs on the replica that came back", cluster.value("SELECT count() FROM run_rows_local FINAL", 1),
              cluster.value("SELECT count() FROM run_rows_local FINAL"))
        cluster.kill(2)
        refused = 0
        for i in range(TARGETS + 1, TARGETS + 7):
            refused += upload(i).returncode == 2
        print(f"    uploads with exit code 2 while the second shard is down: {refused} of 6")
        try:
            rows("run_rows")
            check("an answer while a shard is down", "an answer", "an error")
        except urllib.error.HTTPError as error:
            check("an answer while a shard is down", "an error", "an error")
            print("    " + error.read().decode().strip()[:150])
        print("\n18.16 lacks, with the statements that the gateway rewrote:")
        for what, count in sorted(rewritten.items()):
            if what:
                print(f"    {what}: {count}")
        print("views that 18.16 cannot create: " + ", ".join(sorted(impossible)))
    finally:
        if cluster:
            cluster.end()
        if failed:
            print(f"kept: {folder}", file=sys.stderr)
        else:
            shutil.rmtree(folder)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
