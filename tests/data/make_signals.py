#!/usr/bin/python3
"""Signals as real sensors send them, from a fixed seed: `make_signals.py [FOLDER]` writes one file of Influx
lines a signal. tests/e2e/test_trust.py replays them, and works out what nablad must say of each; the freezer is
test_alerting.py's.

    heating   a thermometer with steps of 0.1 degrees, about every ten seconds, in water that warms up
    ramp      a level that rises evenly, with noise far larger than what it rises between two samples
    onchange  a meter that reports when its value changes, and falls silent when nothing does
    counter   packets in 32 bits: an overflow, and a restart at zero
    clock     a sender whose clock is set back by an hour, then right again
    outage    a gap of twenty minutes, then all that was buffered, in no order, and on
    dead      a sensor that stops, beside one that does not
    twins     two readings a millisecond apart, once a minute
    spikes    a thermometer with a bad contact: single readings far off, and one true step
    freezer   a door that does not close: warming to the very limit of -15, where it stays, noisily; then cold again
    wave      a float in a swell, every two seconds or so; three of its readings are no number
"""
import math
import pathlib
import random
import sys

S = 1_000_000_000
MS = 1_000_000
T0 = 1_700_000_000 * S


def line(name, value, t_ns):
    text = f"{value}i" if isinstance(value, int) else repr(value)
    return f"{name} value={text} {t_ns}\n"


def heating(draw):
    t = T0
    for _ in range(360):
        yield line("heating", round(10 * (60 - 40 * math.exp(-(t - T0) / S / 600))) / 10, t)
        t += draw.randrange(8 * S, 12 * S)


def ramp(draw):
    t = T0
    for _ in range(2000):
        yield line("ramp", round(5 + 0.01 * (t - T0) / S + draw.gauss(0, 0.2), 4), t)
        t += draw.randrange(S // 2, 3 * S // 2)


def onchange(draw):
    t, litres = T0, 100.0
    for _ in range(40):
        yield line("onchange", litres, t)
        litres += 0.5
        t += draw.randrange(3 * S, 20 * S)
    yield line("onchange", litres, t + 3 * 3600 * S)
    yield line("onchange", litres + 0.5, t + 3 * 3600 * S + 10 * S)


def counter(draw):
    t, packets = T0, 2**32 - 50_000
    for k in range(60):
        yield line("counter", packets, t)
        step = draw.randrange(900, 1100)
        packets = (packets + 10 * step) % 2**32
        if k == 40:
            packets = 120  # started anew
        t += 10 * S


def clock(draw):
    t, wrong = T0, 0
    for k in range(90):
        wrong = -3600 * S if k == 30 else 0 if k == 60 else wrong
        yield line("clock", round(20 + 0.1 * k, 3), t + wrong + draw.randrange(MS))
        t += 10 * S


def outage(draw):
    rows = [(T0 + 10 * S * k, round(4 + 0.02 * k, 4)) for k in range(240)]
    before, buffered, after = rows[:60], rows[60:180], rows[180:]
    draw.shuffle(buffered)
    for t, v in before + buffered + after:
        yield line("outage", v, t)


def dead(draw):
    for k in range(120):
        t = T0 + 10 * S * k
        if k < 30:
            yield line("dead", round(50 - 0.3 * k, 3), t)
        yield line("alive", round(50 - 0.3 * k, 3), t + draw.randrange(S))


def twins(draw):
    for k in range(30):
        v = 21.0 + 0.2 * k
        yield line("twins", round(v, 2), T0 + 60 * S * k)
        yield line("twins", round(v + draw.choice([0.1, -0.1]), 2), T0 + 60 * S * k + MS)


def spikes(draw):
    for k in range(120):
        v = 20 + 0.01 * k + (8 if k >= 80 else 0)
        v = {20: 127.9, 45: -40.0, 46: 3.0}.get(k, v)
        yield line("spikes", round(v, 3), T0 + 10 * S * k + draw.randrange(S))


def wave(draw):
    t = T0
    for k in range(60):
        v = 20 + 3 * math.sin(2 * math.pi * (t - T0) / S / 45)
        yield line("wave", math.nan if k in (20, 21, 40) else round(v, 3), t)
        t += draw.randrange(3 * S // 2, 5 * S // 2)


def freezer(draw):
    t, v = T0, -18.0
    for k in range(500):
        compressor = 0.3 * math.sin(2 * math.pi * k / 45)
        if 60 <= k < 380:
            v = -15 - 3 * math.exp(-(k - 60) / 25)
        elif k >= 380:
            v = -20 + 5 * math.exp(-(k - 380) / 25)
        noise = draw.gauss(0, 0.2) if v > -15.1 else draw.gauss(0, 0.08) + compressor
        yield line("freezer", round(v + noise, 1), t)
        t += draw.randrange(9 * S, 11 * S)


SIGNALS = [heating, ramp, onchange, counter, clock, outage, dead, twins, spikes, freezer, wave]


def main(folder):
    for signal in SIGNALS:
        text = "".join(signal(random.Random(signal.__name__)))
        (folder / f"{signal.__name__}.lines").write_text(text)


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else pathlib.Path(__file__).parent)
