"""How long `pgadvise fleet` takes for N databases of one PostgreSQL server, how much memory it takes, and how a store grows.

Each database has 40 tables with keys, some without an index, and 1,000 rows in each. The script runs

    pgadvise fleet --all --jobs JOBS --store sqlite:…

twice for each N, and prints for each N: seconds of the first and the second run, the peak memory of the fleet process and of the largest
check, the store's size after each run, and the seconds of `pgadvise history`. All N share one server and its caches, so the time on
servers of their own is shorter where the server is the bottleneck, and longer where the network is.

Usage: bench/run fleet [--jobs JOBS] [--store postgresql] [N …]    (default: 4 jobs, a SQLite store, N = 10 30 100)
Starts a PostgreSQL of its own (initdb and pg_ctl from pg_config's folder,
as user postgres when root runs this), and removes it at the end.
"""

import argparse
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time

PROGRAM = os.environ["PGADVISE"]
TABLES = 40
ROWS = 1000

TEMPLATE = """
SELECT format('CREATE TABLE t%s (id bigint PRIMARY KEY, parent_id bigint REFERENCES t%s (id), state text NOT NULL, '
  'created_at timestamptz NOT NULL DEFAULT now())', n, greatest(n - 1, 1)) FROM generate_series(1, {tables}) n \\gexec
SELECT format('INSERT INTO t%s SELECT i, i, ''s'' || i %% 7 FROM generate_series(1, {rows}) i', n)
  FROM generate_series(1, {tables}) n \\gexec
SELECT format('CREATE INDEX ON t%s (parent_id)', n) FROM generate_series(1, {tables}, 2) n \\gexec
ANALYZE
"""


def start_server(folder):
    """Returns the command that stops it."""
    binaries = subprocess.run(["pg_config", "--bindir"], text=True, stdout=subprocess.PIPE, check=True).stdout.strip()
    as_user = []
    if os.geteuid() == 0:
        shutil.chown(folder, "postgres")
        as_user = ["setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups"]
    data = f"{folder}/data"
    subprocess.run([*as_user, f"{binaries}/initdb", "-D", data, "-A", "trust", "-U", "postgres"], stdout=subprocess.DEVNULL, check=True)
    options = f"-c listen_addresses='' -k {folder} -c fsync=off"
    subprocess.run([*as_user, f"{binaries}/pg_ctl", "-D", data, "-s", "-w", "-l", f"{folder}/log", "-o", options, "start"], check=True)
    os.environ.update(PGHOST=folder, PGPORT="5432", PGUSER="postgres", PGDATABASE="postgres")
    return [*as_user, f"{binaries}/pg_ctl", "-D", data, "-m", "immediate", "-s", "stop"]


def sql(script, database=None):
    done = subprocess.run(["psql", "-qXAt", "-v", "ON_ERROR_STOP=1", "-d", database or os.environ["PGDATABASE"]], input=script, text=True,
                          stdout=subprocess.PIPE, check=True)
    return done.stdout.strip()


def high_water(pid):
    """Kilobytes; 0 once the process is gone."""
    try:
        for line in open(f"/proc/{pid}/status"):
            if line.startswith("VmHWM:"):
                return int(line.split()[1])
    except OSError:
        pass
    return 0


def run(words):
    """Returns seconds, and the peak memory in MB of the process and of the largest of it and its children."""
    start = time.monotonic()
    process = subprocess.Popen([PROGRAM, *words], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    own = [0]
    ended = threading.Event()

    def watch():
        while not ended.wait(0.02):
            own[0] = max(own[0], high_water(process.pid))

    errors = []
    threads = [threading.Thread(target=watch), threading.Thread(target=lambda: errors.append(process.stderr.read()))]
    for thread in threads:
        thread.start()
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.monotonic() - start
    ended.set()
    for thread in threads:
        thread.join()
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode not in (0, 1):
        sys.exit(f"{' '.join(words)}: exit code {process.returncode}\n{errors[0].decode()}")
    return seconds, own[0] / 1000, usage.ru_maxrss / 1000


def size_of(store):
    """Megabytes."""
    if store.startswith("sqlite:"):
        path = store.removeprefix("sqlite:")
        return sum(os.path.getsize(path + end) for end in ("", "-wal") if os.path.exists(path + end)) / 1e6
    return int(sql("SELECT sum(pg_total_relation_size(c.oid)) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
                   "WHERE n.nspname = 'pgadvise' AND c.relkind = 'r'", "store")) / 1e6


def measure(count, jobs, engine, folder):
    configuration = folder / "pgadvise/config.toml"
    configuration.parent.mkdir(exist_ok=True)
    host, port, user = (os.environ[name] for name in ("PGHOST", "PGPORT", "PGUSER"))
    configuration.write_text("".join(
        f'[databases.shop{n}]\nurl = "host={host} port={port} user={user} dbname=shop{n}"\n' for n in range(count)))
    store = f"sqlite:{folder}/store{count}.db"
    if engine == "postgresql":
        sql("DROP DATABASE IF EXISTS store")
        sql("CREATE DATABASE store")
        store = f"postgresql:///store?host={host}&port={port}&user={user}"
    fleet = ["fleet", "--all", "--jobs", str(jobs), "--store", store, "--fail-on", "never", "--format", "json"]
    first, own, largest = run(fleet)
    size_first = size_of(store)
    second, own_again, largest_again = run(fleet)
    size_second = size_of(store)
    history, _, _ = run(["history", "--store", store, "--format", "json"])
    print(f"{count:9} | {first:7.1f} s | {second:7.1f} s | {max(own, own_again):5.0f} MB | "
          f"{max(largest, largest_again):5.0f} MB | {size_first:6.1f} MB | {size_second:6.1f} MB | {history:6.2f} s", flush=True)


def measure_all(counts, arguments, folder):
    os.environ["XDG_CONFIG_HOME"] = folder
    sql("CREATE DATABASE bench_template")
    sql(TEMPLATE.format(tables=TABLES, rows=ROWS), "bench_template")
    print("databases | first run | second   | fleet    | check    | store     | twice     | history")
    have = 0
    for count in counts:
        for n in range(have, count):
            sql(f"CREATE DATABASE shop{n} TEMPLATE bench_template")
        have = count
        measure(count, arguments.jobs, arguments.store, pathlib.Path(folder))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("counts", nargs="*", type=int, metavar="N")
    parser.add_argument("--jobs", type=int, default=4)
    parser.add_argument("--store", choices=["sqlite", "postgresql"], default="sqlite")
    arguments = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # the server is stopped, too
    counts = sorted(arguments.counts or [10, 30, 100])
    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryDirectory() as of_server:
        stop = start_server(of_server)
        try:
            measure_all(counts, arguments, folder)
        finally:
            subprocess.run(stop, check=False)


if __name__ == "__main__":
    main()
