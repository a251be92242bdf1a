"""InfluxDB's clients, unchanged: the influx command, python3-influxdb, and Telegraf's requests as it makes
them, replayed by curl."""
import gzip
import json
import subprocess

import influxdb
import numpy as np
import pytest

T0 = 1_700_000_000


def influx(d, *args, input=None):
    host, port = d.http_address
    return subprocess.run(["influx", "-host", host, "-port", str(port), *args], input=input,
                          capture_output=True, text=True, timeout=60)


def curl(*args, data=None):
    done = subprocess.run(["curl", "--silent", "--show-error", "--max-time", "60", *args], input=data,
                          capture_output=True, check=True)
    return done.stdout.decode()


def status_of(d, path, *args, data=b""):
    return curl("--output", "/dev/null", "--write-out", "%{http_code}", "--data-binary", "@-", *args,
                d.http + path, data=data)


def test_the_influx_command(nablad, tmp_path):
    d = nablad()
    assert influx(d, "-execute", "CREATE DATABASE plant").returncode == 0
    assert "plant" in influx(d, "-execute", "SHOW DATABASES").stdout.split()
    assert "autogen" in influx(d, "-execute", "SHOW RETENTION POLICIES ON plant").stdout
    for i in range(3):
        done = influx(d, "-database", "plant", "-precision", "s", "-execute",
                      f"INSERT temperature,room=a value={i * i} {T0 + i}")
        assert done.returncode == 0, done
    assert d.rate('temperature{room="a"}')["rate"]["value"] == 2
    refused = influx(d, "-database", "plant", "-execute", "INSERT temperature,room=b value=")
    assert "partial write" in refused.stderr + refused.stdout
    refused = influx(d, "-database", "plant", "-execute", "SELECT * FROM temperature")
    assert refused.returncode != 0 and "/api/v1/rates" in refused.stderr + refused.stdout


def test_an_import(nablad, tmp_path):
    d = nablad()
    file = tmp_path / "lines"
    file.write_text("# DDL\nCREATE DATABASE plant\n# DML\n# CONTEXT-DATABASE: plant\n" + "".join(
        f"speed,car=a value={i} {T0 + i}\n" for i in range(5000)))
    done = influx(d, "-import", "-path", str(file), "-precision", "s")
    assert "Processed 5000 inserts" in done.stdout + done.stderr and d.lines_total() == 5000
    assert d.rate("speed")["rate"]["value"] == 1


@pytest.mark.parametrize("packed", [False, True])
def test_python_influxdb(nablad, packed):
    d = nablad()
    host, port = d.http_address
    client = influxdb.InfluxDBClient(host, port, database="plant", gzip=packed)
    assert client.ping() == "1.8.0"
    client.create_database("plant")
    assert {"name": "plant"} in client.get_list_database()
    client.create_database("plant")
    rng = np.random.default_rng(1)
    t = np.cumsum(rng.integers(100, 2000, 50)) + T0 * 1000
    v = np.round(rng.normal(size=50), 6)
    points = [{"measurement": "speed", "tags": {"car": "a b"}, "time": int(ms),
               "fields": {"value": float(x), "driver": "nobody"}} for ms, x in zip(t, v)]
    with d.stream() as stream:
        assert client.write_points(points, time_precision="ms", batch_size=7)
        got = [p["rate"] for p in stream.wait_points(49)]
    np.testing.assert_allclose(got, np.gradient(v, (t - t[0]) / 1000)[:49], rtol=1e-9, atol=1e-12)
    with pytest.raises(influxdb.exceptions.InfluxDBClientError, match="partial write"):
        client.write(["a value=1", "b value="], params={"db": "plant"}, protocol="line")
    assert d.rate("a")["window"][-1]["value"] == 1


LINES = "".join(f"cpu,cpu=cpu0,host=h usage_idle={90 + i},usage_user={i}i {T0 + i}000000000\n"
                for i in range(3)).encode()
TELEGRAF = ["--header", "User-Agent: Telegraf/1.24", "--header", "Content-Type: text/plain; charset=utf-8",
            "--header", "Content-Encoding: gzip", "--header", "Transfer-Encoding: chunked"]


def test_telegraf(nablad):
    d = nablad()
    answer = curl("--data-urlencode", 'q=CREATE DATABASE "telegraf"', d.http + "/query")
    assert json.loads(answer) == {"results": [{"statement_id": 0}]}
    assert status_of(d, "/write?consistency=any&db=telegraf", *TELEGRAF, data=gzip.compress(LINES)) == "204"
    assert d.rate("cpu_usage_idle")["rate"]["value"] == 1 and d.rate("cpu_usage_user")["state"] == "ok"
    answer = json.loads(curl("--data-binary", "@-", *TELEGRAF, d.http + "/write?db=telegraf",
                             data=gzip.compress(LINES + b"cpu usage_idle=\n")))
    assert "partial write" in answer["error"] and "unable to parse" in answer["error"]


def test_telegraf_version_2(nablad):
    d = nablad()
    token = ["--header", "Authorization: Token secret"]
    path = "/api/v2/write?bucket=plant&org=o"
    assert status_of(d, path, *token, *TELEGRAF, data=gzip.compress(LINES)) == "204"
    assert d.rate("cpu_usage_idle")["rate"]["value"] == 1
    answer = json.loads(curl("--data-binary", "@-", *token, d.http + path, data=b"a value=1\nb\n"))
    assert answer["code"] == "invalid" and answer["line"] == 2 and "'b'" in answer["message"]
    assert status_of(d, path, "--header", "Content-Encoding: snappy", data=b"x") == "415"


def test_counted_as_lines_are(nablad):
    d = nablad("limits: {max_series: 2, max_future: 1m}")
    body = b"a value=1 1\n# c\n\nb value=1 1\nc value=1 1\na value=1 9000000000000000000\na\n"
    assert status_of(d, "/write", data=body) == "400"
    assert d.lines_total() == 5 and d.metric("nablad_samples_total") == 4
    assert d.rejected("series_limit") == d.rejected("future") == d.rejected("syntax") == 1
    door = "http://%s:%d" % d.http_address
    assert d.metric("nablad_listener_lines_total", listener=door) == 5
    assert d.metric("nablad_listener_bytes_total", listener=door) == len(body)
    assert d.events("line_refused")[0]["listener"] == door


def test_other_answers_come_meanwhile(nablad):
    """A body of many megabytes that took but a few to send."""
    d = nablad("http: {request_timeout: 5m}")
    lines = b"".join(b"a,x=%d value=%d\n" % (i % 1000, i) for i in range(1_000_000))
    answered = 0
    with subprocess.Popen(["curl", "--silent", "--max-time", "300", "--data-binary", "@-", "--header",
                           "Content-Encoding: gzip", "--write-out", "%{http_code}",
                           d.http + "/write"], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as post:
        post.stdin.write(gzip.compress(lines))
        post.stdin.close()
        while post.poll() is None or answered == 0:
            assert d.get("/-/healthy")[0] == 200
            answered += 1
        assert post.stdout.read() == b"204"
    assert d.lines_total() == 1_000_000 and len(d.rates()) == 1000
