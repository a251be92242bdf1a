"""What the tests of the nabla command have in common."""
import re

S = 10**9
T0 = 1700000000
RECORDING = "".join(
    f"temperature,site=a value={20 + i * i / 8} {(T0 + i) * S}\n"
    f"plant.humidity;site=b {50 - i} {T0 + i}.5\n"
    f'{{"metric":"load","labels":{{"host":"c d"}},"value":{i},"time":{T0 + i}}}\n'
    for i in range(4))


def is_one_error(text):
    return re.fullmatch(r"nabla: error: [^\n]+\n", text) is not None


def harmless(text):
    """Line feeds are the only control characters."""
    return not [c for c in text if (ord(c) < 32 and c != "\n") or 127 <= ord(c) < 160]
