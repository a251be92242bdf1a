"""nabla, the command: itself, `check`, and the manual pages."""
import re
import subprocess

import pytest

from cli_words import RECORDING, S, is_one_error
import daemon

# -- the command itself -----------------------------------------------------------------------------

@pytest.mark.parametrize("args", [["--help"], ["rates", "--help"], ["send", "-h"],
                                  ["check", "--help"]])
def test_help(nabla, args):
    done = nabla(*args)
    assert done.returncode == 0 and done.stderr == ""
    assert "Usage: nabla" in done.stdout
    assert all(len(line) <= 100 for line in done.stdout.splitlines())


def test_version(nabla):
    done = nabla("--version")
    assert (done.returncode, done.stderr) == (0, "")
    assert re.fullmatch(r"nabla \d+\.\d+\.\d+\n", done.stdout)


@pytest.mark.parametrize("args, says", [
    ([], "nabla --help"),
    (["raets"], "did you mean rates?"),
    (["chek"], "did you mean check?"),
    (["gradients-of-all"], "nabla --help"),
    (["\x1b[2J"], "unknown command \\x1b[2J"),
    (["-x"], "unknown option -x"),
    (["--verison"], "did you mean --version?"),
    (["rates", "--wacth"], "did you mean --watch?"),
    (["rates", "--url"], "--url needs a value"),
    (["rates", "--json=3"], "takes no value"),
    (["rates", "--limit", "0"], "--limit 0"),
    (["rates", "--limit", "many"], "--limit many"),
    (["rates", "--watch=0"], "--watch=0"),
    (["rates", "--watch"], "needs a terminal"),
    (["rates", "--watch", "--json"], "exclude"),
    (["rates", "--url", "ftp://127.0.0.1/"], "ftp"),
    (["send"], "one FILE"),
    (["send", "a", "b"], "one FILE"),
    (["send", "no-such-file"], "No such file"),
    (["send", "-", "--repeat", "2"], "standard input"),
    (["send", "-", "--repeat", "0"], "--repeat 0"),
    (["send", "-", "--speed", "fast"], "--speed fast"),
    (["send", "-", "--to", "http://x"], "--to http://x"),
    (["send", "-", "--precision", "h"], "--precision h"),
    (["check"], "check config"),
    (["check", "config", "--no-such"], "--no-such"),
    (["check", "rules"], "needs a FILE"),
    (["check", "ruels", "x"], "check rules"),
    (["test"], "test rules"),
    (["test", "rules"], "needs a FILE"),
    (["check", "config"], "needs a FILE"),
])
def test_bad_usage(nabla, args, says):
    done = nabla(*args)
    assert done.returncode == 2 and done.stdout == ""
    assert is_one_error(done.stderr) and says in done.stderr


def test_full_disk(nablad, nabla):
    d = nablad()
    d.send(RECORDING)
    with open("/dev/full", "w") as full:
        done = subprocess.run([daemon.NABLA, "rates", "--url", d.http], stdout=full,
                              stderr=subprocess.PIPE, text=True, timeout=30)
    assert done.returncode == 1 and is_one_error(done.stderr), done


# -- check ------------------------------------------------------------------------------------------

def test_check_config(nabla, run_nablad, tmp_path):
    good, bad = tmp_path / "good.yaml", tmp_path / "bad.yaml"
    good.write_text("limits: {max_series: 10}\n")
    bad.write_text("limits:\n  max_seris: 10\nhttp:\n  listen: nowhere\n")
    done = nabla("check", "config", good)
    assert (done.returncode, done.stdout, done.stderr) == (0, f"{good}: ok\n", "")
    done = nabla("check", "config", good, bad)
    assert done.returncode == 2 and done.stdout == f"{good}: ok\n"
    *faults, error = done.stderr.splitlines()
    assert [f.split(" ")[0] for f in faults] == [f"{bad}:2:3:", f"{bad}:4:11:"]
    assert "did you mean" in faults[0] and is_one_error(error + "\n")
    checked = run_nablad("--config", bad, "--check")
    assert checked.returncode != 0
    assert all(fault in checked.stderr for fault in faults)


def test_check_config_shipped(nabla):
    path = daemon.ROOT / "config" / "nablad.yaml"
    assert nabla("check", "config", path).stdout == f"{path}: ok\n"


def test_check_rules(nabla, tmp_path):
    good, bad, conf = tmp_path / "rules.yaml", tmp_path / "bad.yaml", tmp_path / "nablad.yaml"
    good.write_text("groups: [{name: g, rules: [{alert: A, match: a, when: rate > 2/min}]}]")
    bad.write_text("groups: [{name: g, rules: [{alert: A, match: a, when: rate > 10m}]}]")
    fault = f"{bad}:1:60: when: a rate cannot be compared with a duration\n"
    assert nabla("check", "rules", good).stdout == f"{good}: ok, 1 rule\n"
    done = nabla("check", "rules", good, bad)
    assert done.returncode == 2 and done.stdout == f"{good}: ok, 1 rule\n"
    assert done.stderr.startswith(fault)
    conf.write_text("rules: [rules.yaml, bad.yaml]")
    done = nabla("check", "config", conf)
    assert done.returncode == 2 and done.stderr.startswith(fault)


def test_check_config_missing(nabla):
    done = nabla("check", "config", "no-such-file")
    assert done.returncode == 2 and "no-such-file" in done.stderr


# -- the manual pages -------------------------------------------------------------------------------

MAN = daemon.ROOT / "docs" / "man"


def page_text(name):
    """A page's source with its macros' blanks taken out: Fl - watch is --watch in it."""
    return re.sub(r"(?m)^\.It Fl (\w) , -", r"-\1, --", (MAN / name).read_text()).replace("Fl -", "--")


@pytest.mark.parametrize("command, page", [
    ([daemon.NABLA], "nabla.1"), ([daemon.NABLA, "rates"], "nabla-rates.1"),
    ([daemon.NABLA, "alerts"], "nabla-alerts.1"),
    ([daemon.NABLA, "send"], "nabla-send.1"), ([daemon.NABLA, "check"], "nabla-check.1"),
    ([daemon.NABLA, "test"], "nabla-test.1"), ([daemon.NABLA, "state"], "nabla-state.1"),
    ([daemon.NABLAD], "nablad.8")])
def test_pages_have_the_options_that_help_has(command, page):
    text = subprocess.run([*command, "--help"], capture_output=True, text=True).stdout
    of_help = set(re.findall(r"(?m)^ +(?:-\w, )?(--[a-z-]+)", text))
    of_page = set(re.findall(r"--[a-z-]+[a-z]", page_text(page)))
    assert of_help and of_help == of_page


def test_page_has_the_keys_of_the_configuration():
    """Each key, and the default that the shipped file has for it."""
    import yaml
    page = (MAN / "nablad.yaml.5").read_text()
    defaults = dict(re.findall(r"(?m)^\.It Cm (\w+)(?: Pq (\S+))?$", page))
    conf = yaml.load((daemon.ROOT / "config" / "nablad.yaml").read_text(), yaml.BaseLoader)
    for section, keys in conf.items():
        assert f".Ss {section}\n" in page
        for key, value in keys.items() if isinstance(keys, dict) else ():
            assert key in defaults, f"{section}.{key}"
    assert conf["ingest"]["listeners"][0].keys() <= defaults.keys()
    flat = {**conf["http"], **conf["limits"], **conf["log"], **conf["defaults"],
            "shutdown_timeout": conf["shutdown_timeout"]}
    twice = ("max_connections", "max_connections_per_address")  # of ingest and of http
    for key in twice:
        flat.pop(key)
    for key, value in flat.items():
        assert re.search(rf"(?m)^\.It Cm {key} Pq {re.escape(str(value) or 'none')}$", page), key
    for section in ("ingest", "http"):
        for key in twice:
            assert f".It Cm {key} Pq {conf[section][key]}\n" in page


def test_pages_are_clean():
    pages = sorted(page.name for page in MAN.iterdir())
    assert len(pages) == 12
    done = subprocess.run(["mandoc", "-T", "lint", *pages], cwd=MAN, capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("", "")
