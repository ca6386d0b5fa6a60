"""Does an OpenTelemetry Collector receive what `pgadvise check --otlp` sends?

Builds a collector of the receiver otlp and the exporter debug (bench/otlp-collector) from Debian's packages golang-go and
golang-opentelemetry-collector-dev (sid), sends a run with findings, and compares the log records and the metrics that the collector prints
with --format otlp-logs and otlp-metrics of the same run. Exit code 1: something did not arrive.

Usage: bench/run otlp-received [--collector FILE] [--build-only]
--collector: built already; where --build-only writes it.
"""

import argparse
import collections
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
CONFIG = """receivers: {otlp: {protocols: {http: {endpoint: "127.0.0.1:0"}}}}
exporters: {debug: {verbosity: detailed}}
service:
  telemetry: {metrics: {level: none}}
  pipelines:
    logs: {receivers: [otlp], exporters: [debug]}
    metrics: {receivers: [otlp], exporters: [debug]}
"""


def build(to):
    environment = os.environ | {"GO111MODULE": "off", "GOPATH": "/usr/share/gocode", "GOFLAGS": "-p=1", "CGO_ENABLED": "0"}
    subprocess.run(["go", "build", "-o", str(to), str(ROOT / "bench/otlp-collector/main.go")], env=environment, check=True)


def wait_for(path, pattern, process):
    end = time.monotonic() + 60
    while time.monotonic() < end and process.poll() is None:
        if found := re.search(pattern, path.read_text()):
            return found.group(1)
        time.sleep(0.1)
    sys.exit(f"the collector did not print {pattern}:\n{path.read_text()}")


def arrived(text):
    """What the exporter debug printed: bodies and attributes of log records, metrics with their numbers of points and their units."""
    bodies = collections.Counter(re.findall(r"^Body: Str\((.*?)\)$\n(?=Attributes:|Trace ID:)", text, re.M | re.S))
    metrics = {}
    for part in text.split("Metric #")[1:]:
        name = re.search(r"-> Name: (.*)", part).group(1)
        metrics[name] = (re.search(r"-> Unit: (.*)", part).group(1), part.count("NumberDataPoints #"))
    return bodies, metrics


def sent(logs, metrics):
    records = [record for resource in logs["resourceLogs"] for scope in resource["scopeLogs"] for record in scope["logRecords"]]
    found = [metric for resource in metrics["resourceMetrics"] for scope in resource["scopeMetrics"] for metric in scope["metrics"]]
    return (collections.Counter(record["body"]["stringValue"] for record in records),
            {metric["name"]: (metric["unit"], len(metric["gauge"]["dataPoints"])) for metric in found},
            collections.Counter(attribute["key"] for record in records for attribute in record["attributes"]))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--collector", type=pathlib.Path)
    parser.add_argument("--build-only", action="store_true")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        collector = arguments.collector or folder / "collector"
        if not collector.exists():
            build(collector)
        if arguments.build_only:
            return 0
        return compare(os.environ["PGADVISE"], collector.resolve(), folder)


def compare(program, collector, folder):
    (folder / "config.yaml").write_text(CONFIG)
    log = folder / "collector.log"
    with log.open("w") as out:
        process = subprocess.Popen([collector, "--config", folder / "config.yaml"], stdout=out, stderr=out)
    try:
        port = wait_for(log, r'Starting HTTP server.*"endpoint": "127\.0\.0\.1:([1-9][0-9]*)"', process)
        check = subprocess.run(
            [program, "check", "--schema", ROOT / "fixtures/snapshot/schema.sql", "--fail-on", "never", "-q",
             "--otlp", f"http://127.0.0.1:{port}", "--format", "otlp-logs", "-o", folder / "logs.json",
             "--format", "otlp-metrics", "-o", folder / "metrics.json"],
            check=False, timeout=120, capture_output=True, text=True)
        time.sleep(1)  # the exporter prints after the answer
    finally:
        process.terminate()
        process.wait(30)
    text = log.read_text()
    bodies, metrics = arrived(text)
    sent_bodies, sent_metrics, attributes = sent(json.loads((folder / "logs.json").read_text()),
                                                 json.loads((folder / "metrics.json").read_text()))
    print(f"pgadvise: exit code {check.returncode} {check.stderr}")
    print(f"log records: {sum(sent_bodies.values())} sent, {sum((bodies & sent_bodies).values())} arrived with their text")
    print(f"metrics: {len(sent_metrics)} sent, {sum(metrics.get(name) == one for name, one in sent_metrics.items())} arrived with "
          f"their unit and points, of {sum(points for _, points in sent_metrics.values())} points")
    missing = {key: f"{text.count(f'-> {key}: ')} of {count}" for key, count in attributes.items()
               if text.count(f"-> {key}: ") < count}
    print(f"attributes of the records: {len(attributes)} names; missing: {missing or 'none'}")
    complete = check.returncode == 0 and sent_bodies and bodies == sent_bodies and metrics == sent_metrics and not missing
    if not complete:
        print(text)
    return 0 if complete else 1


sys.exit(main())
