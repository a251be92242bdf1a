"""What the kernel had no room for is counted to the datagram: received and dropped are what was sent."""
import os
import signal
import socket
import time

import pytest

SENT = 3000


def wait_for(condition):
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


@pytest.mark.parametrize("threads", [1, 2])
def test_datagrams_dropped_by_the_kernel_are_counted(nablad, threads):
    d = nablad(f"ingest: {{receive_buffer: 32KiB, threads: {threads}}}")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.connect(d.udp)
        os.kill(d.proc.pid, signal.SIGSTOP)
        for i in range(SENT):
            sender.send(f"drops,i={i % 10} value={i} {1_700_000_000 + i}000000000\n".encode() * 5)
        os.kill(d.proc.pid, signal.SIGCONT)
        wait_for(lambda: d.metric("nablad_listener_datagrams_total", listener=f"udp://{d.udp[0]}:{d.udp[1]}")
                 + d.metric("nablad_udp_kernel_drops_total") == SENT)
    assert 0 < d.metric("nablad_udp_kernel_drops_total") < SENT
    assert d.metric("nablad_lines_total") % 5 == 0


def test_nothing_is_dropped_while_there_is_room(nablad):
    d = nablad()
    d.send_udp("room value=1\n")
    wait_for(lambda: d.metric("nablad_lines_total") == 1)
    assert d.metric("nablad_udp_kernel_drops_total") == 0
