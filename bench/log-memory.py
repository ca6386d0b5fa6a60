"""How much memory reading a log takes, and how fast it is: makes a log of its own, reads it, prints a line, deletes it.

  bench/run log-memory [--size MB] [--templates N] [--sessions N] [--different] [--threads N] [--dir DIR]
  bench/run log-memory --write FILE [--size MB] [--templates N] [--sessions N] [--different]

Statements with parameters and with literals, half of them in loops, from sessions that all live as long as the log; with
--different each statement is another (--templates then counts for nothing). Memory is the peak of what is resident, mapped pages
included. A block of up to 256 MB is made and repeated, each time a day later.
"""
import argparse, json, os, random, subprocess, sys, tempfile, time

options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
options.add_argument("--size", type=int, default=400)
options.add_argument("--templates", type=int, default=5000)
options.add_argument("--sessions", type=int, default=2000)
options.add_argument("--different", action="store_true")
options.add_argument("--threads", type=int, default=2)
options.add_argument("--dir", default=None)
options.add_argument("--write", default=None, metavar="FILE", help="only makes the log")
options = options.parse_args()
program = os.environ["PGADVISE"]

DAY = "2026-01-01 "
MOST = 256 << 20
rng = random.Random(1)
made = 0


def word(number):
    """Letters: names that differ in digits alone have one fingerprint."""
    out = ""
    while True:
        out += chr(ord("a") + number % 26)
        number //= 26
        if not number:
            return "t_" + out


def statement(template):
    """The text of a call, and its parameters."""
    global made
    made += 1
    if options.different:
        return f"SELECT c{made}, note FROM t{rng.randrange(9999)} WHERE k{made % 7} = {made} AND state = 'open'", None
    table = word(template)
    if template % 2:
        return f"UPDATE {table} SET total = total + {rng.randrange(10**6)}, note = 'n{rng.randrange(10**6)}' WHERE id = {rng.randrange(10**6)}", None
    return (f'select "{table}"."id", "{table}"."name", "{table}"."created_at" from "{table}" where "{table}"."id" = $1 and "{table}"."state" = $2',
            f"$1 = '{rng.randrange(10**6)}', $2 = 'open'")


def block(size):
    """Records of all sessions, from midnight on."""
    micros, out, length = 0, [], 0
    step = 80_000_000_000 * 150 // max(size, 1)  # so that the block fits into a day
    while length < size:
        session = 10_000 + rng.randrange(options.sessions)
        loop = rng.random() < 0.05
        template = rng.randrange(options.templates)
        for _ in range(20 if loop else 1):
            micros += min(step, 900)
            seconds, rest = divmod(micros, 1_000_000)
            front = f"{DAY}{seconds // 3600 % 24:02}:{seconds // 60 % 60:02}:{seconds % 60:02}.{rest // 1000:03} UTC [{session}] app@shop "
            text, parameters = statement(template)
            kind = "execute <unnamed>" if parameters else "statement"
            line = f"{front}LOG:  duration: {rng.random() * 9:.3f} ms  {kind}: {text}\n"
            if parameters:
                line += f"{front}DETAIL:  parameters: {parameters}\n"
            out.append(line)
            length += len(line)
    return "".join(out).encode()


def write(path):
    with open(path, "wb") as file:
        left, day, body = options.size << 20, 0, None
        while left > 0:
            if body is None or options.different:
                body = block(min(left, MOST))
            stamp = time.strftime("%Y-%m-%d ", time.gmtime(1767225600 + 86400 * day)).encode()
            if len(body) > left:
                body = body[: body.rfind(b"\n", 0, left) + 1]
                left = 0
            file.write(body.replace(DAY.encode(), stamp) if day else body)
            left -= len(body)
            day += 1


if options.write:
    write(options.write)
    sys.exit()
with tempfile.TemporaryDirectory(dir=options.dir) as folder:
    log, answer = os.path.join(folder, "log"), os.path.join(folder, "answer")
    # In a process of its own: what a process had before it became another program counts as that one's peak.
    writer = os.fork()
    if writer == 0:
        write(log)
        os._exit(0)
    if os.waitpid(writer, 0)[1] != 0:
        sys.exit("log-memory: the log could not be written")
    size = os.path.getsize(log)
    before = time.monotonic()
    reader = subprocess.Popen([program, "digest", "--jobs", str(options.threads), "--format", "json", "-o", answer, log])
    _, status, usage = os.wait4(reader.pid, 0)
    seconds = time.monotonic() - before
    if status != 0:
        sys.exit("log-memory: pgadvise failed")
    peak = usage.ru_maxrss * 1024
    with open(answer) as file:
        report = json.load(file)

calls = sum(query["calls"] for query in report["queries"])
other = sum(query["calls"] for query in report["queries"] if query["fingerprint"] == "0" * 16)
print(f"{size / 1e6:.0f} MB, {calls} statements, {report['templates']} templates, {report['sessions']} sessions, {options.threads} threads: "
      f"{seconds:.1f} s, {size / 1e6 / seconds:.0f} MB/s, peak {peak / 1e6:.0f} MB; {other} statements summed up as other statements")
