"""The window over a real socket: every row of both tables of the contract, with its counter.

What is expected of numbers is worked out by hand from small parabolas and lines.
"""
import pytest

from daemon import eventually

T0 = 1_700_000_000
NS = 1_000_000_000


def lines(pairs, name="w"):
    """[(seconds after T0, value)] -> Graphite lines."""
    return "".join(f"{name} {v} {T0 + t}\n" for t, v in pairs)


def window(rate):
    return [(float(s["time"]) - T0, s["value"]) for s in rate["window"]]


def read(d, selector="w"):
    """Without its age, which alone changes by itself."""
    r = d.rate(selector, time="unix")
    assert r.pop("age") >= 0
    return r


# -- what is known ------------------------------------------------------------------------------


def test_one_sample_is_warming(nablad):
    d = nablad()
    d.send(lines([(0, 5)]))
    r = read(d)
    assert r["state"] == "warming"
    assert r["rate"] is None and r["edge"] is None and r["accel"] is None
    assert window(r) == [(0, 5)]


def test_two_samples_have_an_edge(nablad):
    d = nablad()
    d.send(lines([(0, 5), (2, 8)]))
    r = read(d)
    assert r["state"] == "ok"
    assert r["edge"] == {"time": T0 + 2, "value": 1.5, "order": 1}
    assert r["rate"] is None and r["accel"] is None


def test_three_samples_have_everything(nablad):
    """t^2 at 0, 1, 3."""
    d = nablad()
    d.send(lines([(0, 0), (1, 1), (3, 9)]))
    r = read(d)
    assert r["state"] == "ok"
    assert r["unit"] == "1/s"
    assert r["rate"] == {"time": T0 + 1, "value": 2, "order": 2}
    assert r["edge"] == {"time": T0 + 3, "value": 4, "order": 1}
    assert r["accel"] == 2
    assert window(r) == [(0, 0), (1, 1), (3, 9)]


def test_edge_of_order_two(nablad):
    d = nablad("defaults: {edge_order: 2}")
    d.send(lines([(0, 0), (1, 1), (3, 9)]))
    assert read(d)["edge"] == {"time": T0 + 3, "value": 6, "order": 2}


def test_rates_slide_with_the_window(nablad):
    d = nablad()
    for n in range(2, 6):
        d.send(lines([(t, t * t) for t in range(n + 1)][n - 2 :]))
        assert read(d)["rate"] == {"time": T0 + n - 1, "value": 2 * (n - 1), "order": 2}


@pytest.mark.parametrize("per, suffix, unit, factor",
                         [("1s", "second", "1/s", 1), ("1m", "minute", "1/min", 60),
                          ("1h", "hour", "1/h", 3600)])
def test_rates_are_per_what_the_rule_says(nablad, per, suffix, unit, factor):
    d = nablad(f"defaults: {{per: {per}}}")
    d.send(lines([(0, 0), (1, 1), (3, 9)]))
    r = read(d)
    assert r["unit"] == unit
    assert r["rate"]["value"] == 2 * factor and r["edge"]["value"] == 4 * factor
    assert r["accel"] == 2 * factor**2
    assert d.metric(f"w_per_{suffix}") == 2 * factor


def test_a_constant_is_exactly_zero_whatever_the_spacing(nablad):
    d = nablad()
    d.send(lines([(0, 0.1), (0.3, 0.1), (1.07, 0.1)]))
    r = read(d)
    assert (r["rate"]["value"], r["edge"]["value"], r["accel"]) == (0, 0, 0)


def test_epoch_nanoseconds_cost_no_precision(nablad):
    """A kilohertz of exact slope 1: in epoch seconds as doubles this is wrong in the fourth digit."""
    d = nablad()
    t = T0 * NS
    d.send("".join(f"w value={k}i {t + k * 1_000_000}\n" for k in range(3)))
    assert d.rate("w")["rate"]["value"] == 1000
    assert d.rate("w")["rate"]["time"] == "2023-11-14T22:13:20.001000000Z"


# -- what arrives -------------------------------------------------------------------------------

PARABOLA = [(0, 0), (1, 1), (3, 9)]


def test_duplicate(nablad):
    d = nablad()
    d.send(lines(PARABOLA))
    before = read(d)
    d.send(lines(PARABOLA))
    assert read(d) == before
    assert d.happened("duplicate") == 3
    assert d.rejected() == 0


def test_replaced(nablad):
    d = nablad()
    with d.stream("w") as s:
        d.send(lines([(0, 0), (1, 1), (2, 4)]))
        s.wait_points(2)  # of t=0, by the forward edge, and of t=1
        d.send(lines([(2, 6)]))
        r = read(d)
        assert window(r) == [(0, 0), (1, 1), (2, 6)]
        assert r["rate"]["value"] == 3
        assert d.happened("replaced") == 1
        again = s.wait_points(3)[2]
    assert again["corrected"] is True and again["rate"] == 3
    assert again["time"] == "2023-11-14T22:13:21.000000000Z"


def test_late_inserted(nablad):
    """1, then 3 and 4: what lay between comes late; its own point and that of 3 follow."""
    d = nablad()
    with d.stream("w", time="unix") as s:
        d.send(lines([(1, 1), (3, 9), (4, 16)]))
        s.wait_points(2)
        d.send(lines([(2, 5)]))  # off the parabola, so that it shows
        r = read(d)
        assert window(r) == [(2, 5), (3, 9), (4, 16)]
        assert r["rate"] == {"time": T0 + 3, "value": 5.5, "order": 2}
        assert d.happened("late_inserted") == 1
        latest = {}
        eventually(lambda: latest.update({p["time"] - T0: p for p in s.points()})
                   or (2 in latest and latest[3]["corrected"]), "the corrected points")
    assert latest[1]["rate"] == 4 and latest[2]["rate"] == 4 and latest[3]["rate"] == 5.5
    assert latest[2]["corrected"] is False


def test_late_dropped(nablad):
    d = nablad()
    d.send(lines([(1, 1), (2, 4), (3, 9)]))
    before = read(d)
    d.send(lines([(0, 0), (0.5, 0.25)]))
    assert read(d) == before
    assert d.rejected("late_dropped") == 2


def test_at_the_window_start_with_another_value_replaces(nablad):
    d = nablad()
    d.send(lines([(1, 1), (2, 4), (3, 9)]))
    d.send(lines([(1, 2)]))
    r = read(d)
    assert window(r) == [(1, 2), (2, 4), (3, 9)]
    assert r["rate"]["value"] == 3.5
    assert d.happened("replaced") == 1 and d.rejected() == 0


def test_future(nablad):
    d = nablad("limits: {max_future: 1m}")
    d.send(lines([(0, 0), (1, 1), (2, 4)]))
    before = read(d)
    d.send("w 9 4102444800\n")  # 2100
    assert read(d) == before
    assert d.rejected("future") == 1


@pytest.mark.parametrize("bad", ["nan", "inf", "-inf"])
def test_not_finite_skipped(nablad, bad):
    """The gap is bridged by the irregular formula."""
    d = nablad("defaults: {on_nan: skip}")
    d.send(lines([(0, 0), (1, 1), (2, bad), (3, 9)]))
    r = read(d)
    assert r["rate"] == {"time": T0 + 1, "value": 2, "order": 2}
    assert d.rejected("not_finite") == 1


def test_not_finite_breaks(nablad):
    d = nablad("defaults: {on_nan: break}")
    d.send(lines([(0, 0), (1, 1), (2, 4), (3, "nan"), (4, 16)]))
    r = read(d)
    assert r["state"] == "warming" and window(r) == [(4, 16)]
    assert d.happened("nan_break") == 1


def test_not_finite_propagates(nablad):
    """JSON has no NaN: null, and the object says why."""
    d = nablad("defaults: {on_nan: propagate}")
    d.send(lines([(0, 0), (1, 1), (2, "nan")]))
    r = read(d)
    assert r["state"] == "ok"
    assert r["edge"]["value"] is None and r["rate"]["value"] is None
    assert r["why"]
    assert d.rejected() == 0
    d.send(lines([(3, 9), (4, 16), (5, 25)]))
    assert read(d)["rate"]["value"] == 8


def test_gap_restarts_the_window(nablad):
    d = nablad("defaults: {max_gap: 10s}")
    d.send(lines([(0, 0), (1, 1), (11, 121), (21.5, 7)]))  # 10 s is not longer than 10 s
    r = read(d)
    assert r["state"] == "warming" and window(r) == [(21.5, 7)]
    assert d.happened("gap_restart") == 1


def test_max_gap_is_stale_after_by_default(nablad):
    d = nablad("defaults: {stale_after: 20s}")
    d.send(lines([(0, 0), (20, 1), (41, 121)]))
    assert window(read(d)) == [(41, 121)]
    assert d.happened("gap_restart") == 1


def test_stale_then_expired(nablad):
    d = nablad("defaults: {stale_after: 300ms, expire_after: 2s, max_gap: 1h}")
    with d.stream("w", time="unix") as s:
        d.send(lines(PARABOLA))
        last = s.wait_points(3)[2]  # the backward edge, once it is silent
    assert last["time"] == T0 + 3 and last["rate"] == 4 and last["order"] == 1
    eventually(lambda: d.happened("staled") == 1, "staled")
    assert not [m for m in d.metrics() if m[0] == "w_per_second"]
    eventually(lambda: d.rates("w") == [], "expired")
    assert d.happened("expired") == 1
    assert d.metric("nablad_series") == 0


def test_stale_state_is_shown(nablad):
    d = nablad("defaults: {stale_after: 300ms, expire_after: 1h}")
    d.send(lines(PARABOLA))
    d.wait_state("w", "stale")
    assert d.rates("w", state="ok") == [] and len(d.rates("w", state="stale")) == 1


def test_a_stale_series_starts_anew(nablad):
    d = nablad("defaults: {stale_after: 300ms, expire_after: 1h, max_gap: 1h}")
    d.send(lines(PARABOLA))
    d.wait_state("w", "stale")
    d.send(lines([(5, 1), (6, 2), (7, 3)]))
    with d.stream("w", time="unix") as s:
        d.send(lines([(8, 4)]))
        assert s.wait_points(1)[0]["rate"] == 1  # nothing of the parabola is left
    assert d.happened("staled") >= 1


def test_a_series_that_goes_on_is_not_stale(nablad):
    d = nablad("defaults: {stale_after: 400ms, expire_after: 800ms}")
    d.send(lines([(0, 0)], "quiet"))
    n = [0]

    def probe():  # until the quiet one has gone stale and was forgotten, this one goes on
        d.send(lines([(n[0] * 0.1, n[0])], "busy"))
        n[0] += 1
        return not d.rates("quiet")

    eventually(probe, "quiet expired")
    assert d.rate("busy")["state"] != "stale"


def test_counter_reset(nablad):
    """100, 110, 4 (counted from zero: 114): never a negative spike."""
    d = nablad('series: [{match: \'{__name__=~".*_total"}\', kind: counter}]')
    d.send(lines([(0, 100), (10, 110), (20, 4)], "c_total"))
    r = read(d, "c_total")
    assert r["rate"]["value"] == pytest.approx(0.7, rel=1e-15)
    assert r["edge"]["value"] == pytest.approx(0.4, rel=1e-15)
    assert d.happened("counter_reset") == 1
    d.send(lines([(0, 100), (10, 110), (20, 4)], "gauge"))
    assert read(d, "gauge")["edge"]["value"] == pytest.approx(-10.6, rel=1e-15)


def test_series_limit(nablad):
    d = nablad("limits: {max_series: 3}")
    d.send("".join(lines([(0, 0)], f"s{n}") for n in range(5)))
    assert d.metric("nablad_series") == 3
    assert d.rejected("series_limit") == 2
    d.send("".join(lines([(1, 1), (2, 4)], f"s{n}") for n in range(5)))  # those that exist go on
    assert [d.rate(f"s{n}")["rate"]["value"] for n in range(3)] == [2, 2, 2]
    assert d.rejected("series_limit") == 6


def test_room_for_new_series_after_expiry(nablad):
    d = nablad("{limits: {max_series: 1}, defaults: {stale_after: 100ms, expire_after: 200ms}}")
    d.send(lines([(0, 0)], "first"))
    eventually(lambda: d.metric("nablad_series") == 0, "expiry")
    d.send(lines([(0, 0)], "second"))
    assert len(d.rates("second")) == 1


def test_every_cause_has_its_counter_from_the_start(nablad):
    """A counter that appears with its first increment is one that no rate can be taken of."""
    d = nablad()
    text = d.get("/metrics")[2]
    for reason in ("syntax", "bad_value", "bad_timestamp", "line_too_long", "unterminated",
                   "string_value", "bad_name", "not_finite", "future", "late_dropped",
                   "series_limit"):
        assert f'nablad_rejected_total{{reason="{reason}"}} 0\n' in text
    for event in ("duplicate", "replaced", "late_inserted", "gap_restart", "nan_break",
                  "counter_reset", "staled", "expired"):
        assert f'nablad_events_total{{event="{event}"}} 0\n' in text
