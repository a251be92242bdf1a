"""What users of other projects asked for in their reports, and nablad does: each test bears the number of the
report that it answers. Helpers and the signals of tests/data are test_trust.py's.
"""
import numpy
import pytest

import daemon
from test_trust import S, T0, ask_points, gradient, rates, replay, scrape, signal  # replay: a fixture


def lines(name, at):
    return "".join(f"{name} value={v!r} {t}\n" for t, v in at)


def kept(d, name, at):
    """{column: numbers} of every final point of a series whose rule keeps them, once the last one is there."""
    d.send(lines(name, at))
    last = at[-2][0] / 1e9  # the newest sample's point is not final
    series = daemon.eventually(lambda: (lambda x: x and x[0]["points"] and
                                        abs(x[0]["points"][-1][0] - last) < 1e-6 and x[0])(
        ask_points(d, **{"match[]": name})))
    return dict(zip(series["columns"], numpy.array(series["points"], dtype=float).T))


# ---- steps of the sensor

def test_home_assistant_31395_a_meter_with_coarse_steps(nablad):
    """home-assistant/core#31395: a gas meter reports often, but in steps so coarse that the change from one report to
    the next is almost always 0. Asked was the slope over the last hour instead of that between two reports."""
    flow = 0.3  # cubic metres an hour, told in steps of 0.01: one in two minutes
    at = [(T0 + 20 * S * k, round(numpy.floor(flow * 20 * k / 36) / 100 + 7312, 2)) for k in range(540)]
    d = nablad("series: [{match: gas, per: 1h, trend: 1h, resolution: 0.01, keep: 1d}]")
    got = kept(d, "gas", at)
    assert numpy.mean(got["rate"] == 0) > 0.6 and got["rate"].max() > 0.8  # what was complained of
    settled = got["trend"][180:]  # an hour
    assert numpy.abs(settled / flow - 1).max() < 0.05


def test_home_assistant_45822_no_spikes_from_a_step(nablad):
    """home-assistant/core#45822: a steady thermometer, every ten seconds and in steps of 0.1 degrees, gave 36 degrees
    an hour each time that it moved by one step. Asked was a rate without these spikes."""
    at = [(T0 + 10 * S * k, round(210 - k // 240) / 10) for k in range(1440)]  # a step in 40 minutes
    d = nablad("series: [{match: temperature, per: 1h, trend: 10m, resolution: 0.1, keep: 1d}]")
    got = kept(d, "temperature", at)
    assert numpy.abs(got["rate"]).max() == pytest.approx(18)  # the spike, spread over two intervals
    assert (numpy.abs(got["rate"]) < 3 * got["error"]).all()  # and it says of itself that it is none
    assert numpy.nanmax(numpy.abs(got["trend"])) < 0.5
    assert numpy.nanmean(got["trend"]) == pytest.approx(-0.15, abs=0.05)


# ---- silence

def silent(d, selector):
    return daemon.eventually(lambda: next((r for r in d.rates(selector) if r.get("silent")), None))


def test_home_assistant_53425_no_change_is_a_rate_of_zero(nablad):
    """home-assistant/core#53425: the rate of a meter that reports only changes kept its last value when nothing
    changed any more. Asked was that it returns to zero after a time that one sets."""
    d = nablad("series: [{match: gas, per: 1h, stale_after: 300ms, max_gap: 1h, on_silence: zero}]")
    d.send(lines("gas", [(T0 + 60 * S * k, 100 + k / 50) for k in range(5)]))
    reading = silent(d, "gas")
    assert (reading["state"], reading["rate"]["value"], reading["edge"]["value"]) == ("ok", 0, 0)
    assert "\ngas_per_hour 0\n" in d.get("/metrics")[2]


@pytest.mark.parametrize("pulses", [1, 2, 3, 10])
def test_telegraf_12027_zero_when_there_is_not_enough_to_measure(nablad, pulses):
    """influxdata/telegraf#12027: the pulses of an electricity meter come only while power is drawn. Asked was a rate
    of zero when none or only one came, in the place of no answer at all."""
    d = nablad("series: [{match: energy, per: 1h, stale_after: 300ms, max_gap: 1h, on_silence: zero}]")
    d.send(lines("energy", [(T0 + 3 * S * k, 500 + k / 1000) for k in range(pulses)]))
    reading = silent(d, "energy")
    assert (reading["state"], reading["rate"]["value"], reading["edge"]["value"]) == ("ok", 0, 0)
    assert "\nenergy_per_hour 0\n" in d.get("/metrics")[2]


# ---- counters

def test_telegraf_10668_a_fall_counts_from_zero(replay):
    """influxdata/telegraf#10668: a counter read by SNMP falls when its device restarts. Asked was that the value
    before is then taken as zero, so that no rate is negative."""
    values = [9_000, 9_600, 10_200, 300, 900, 1_500]
    words = replay("octets", "kind: counter", lines("octets", [(T0 + 60 * S * k, v) for k, v in enumerate(values)]))
    secants = [10, 10, 5, 10, 10]  # 300 - 0 in a minute
    want = [10] + [(a + b) / 2 for a, b in zip(secants, secants[1:])] + [10]
    numpy.testing.assert_allclose(rates(words), want, rtol=1e-12)


def test_prometheus_3746_nothing_is_extrapolated_and_nothing_lost(replay):
    """prometheus/prometheus#3746: rate() leaves out what was counted between two ranges and extrapolates the rest,
    so that a counter that seldom moves is told wrong by far. Asked was that rates add up to what was counted."""
    draw = numpy.random.default_rng(3746)
    counted = numpy.cumsum(draw.random(300) < 0.07)
    at = [(T0 + 15 * S * k, int(v)) for k, v in enumerate(counted)]
    words = replay("errors", "kind: counter", lines("errors", at))
    assert numpy.trapz(rates(words), dx=15) == pytest.approx(counted[-1] - counted[0], rel=1e-12)
    assert set(numpy.round(rates(words) * 30, 9)) <= {0, 1, 2}  # whole events in one or two intervals


@pytest.mark.parametrize("rule", ["kind: counter", "kind: counter, wrap: 64, max_rate: 100",
                                  "kind: counter, wrap: 32, max_rate: 100"])
def test_netdata_4962_a_restart_is_no_overflow(replay, rule):
    """netdata/netdata#4962: when a service was restarted and counted 0, 5, 7, the chart showed a huge value: the fall
    was taken for an overflow. Asked were the real numbers."""
    values = [800, 805, 810, 815, 0, 5, 7, 12]
    words = replay("events", rule, lines("events", [(T0 + S * k, v) for k, v in enumerate(values)]))
    assert len(words) == len(values)
    assert rates(words).min() >= 0 and rates(words).max() <= 5
    assert rates(words)[-2] == pytest.approx(3.5)  # 5 to 12 in two seconds


# ---- reports whose threads were not at hand: what is shown is the theme that they were named under

def test_home_assistant_155277_no_rate_across_an_outage(replay):
    """home-assistant/core#155277, by its number alone: a derivative after a time without samples. The first sample
    after three hours makes no rate with the last one before them."""
    at = signal("onchange")
    words = replay("onchange", "stale_after: 5m")
    numpy.testing.assert_allclose(rates(words)[:40], gradient(at[:40]), rtol=1e-9)
    numpy.testing.assert_allclose(rates(words)[40:], gradient(at[40:]), rtol=1e-9)
    diluted = 0.5 / (3 * 3600)
    assert numpy.abs(rates(words)).min() > 100 * diluted


def test_prometheus_9929_a_spike_between_two_scrapes(nablad):
    """prometheus/prometheus#9929, by its number alone: what happens between two scrapes is not lost. /metrics says the
    highest and the lowest rate since the scraper came."""
    d = nablad("series: [{match: load, extremes: true, max_gap: 1h}]")
    d.send(lines("load", [(T0 + S * k, 5.0) for k in range(5)]))
    scrape(d, "127.0.0.2")
    d.send(lines("load", [(T0 + S * (5 + k), v) for k, v in enumerate([5.0, 45.0, 5.0, 5.0, 5.0, 5.0])]))
    daemon.eventually(lambda: d.metric("nablad_points_total") == 10)
    text = scrape(d, "127.0.0.2")
    assert 'load_per_second_extreme{extreme="highest"} 20\n' in text
    assert "\nload_per_second 0\n" in text and 'load_per_second_extreme{extreme="lowest"} -20\n' in text


def test_grafana_82844_a_counter_that_began_anew(replay):
    """grafana/grafana#82844, by its number alone: rates of a counter that restarts. None is negative, none is as high
    as the counter stands, and the increase after the restart is in them."""
    at = signal("counter")[30:]
    words = replay("counter", "kind: counter", "".join(f"counter value={v:.0f}i {t}\n" for t, v in at))
    increases = [w - v if w >= v else w for (_, v), (_, w) in zip(at, at[1:])]
    assert rates(words).min() >= 0 and rates(words).max() < 2000
    assert numpy.trapz(rates(words), dx=10) == pytest.approx(sum(increases), rel=1e-9)
