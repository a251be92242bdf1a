"""Clients of /metrics in a loop: scrapers.py PORT CLIENTS. Says a line when each of them is being
answered, ends with its standard input, and then says how many whole answers there were.

What comes is thrown away by the kernel (MSG_TRUNC), so that the clients cost little beside the daemon.
"""
import contextlib
import socket
import sys
import threading

REQUEST = b"GET /metrics HTTP/1.1\r\nHost: bench\r\nConnection: close\r\n\r\n"


class Client(threading.Thread):
    def __init__(self, port):
        super().__init__(daemon=True)
        self.port, self.begun, self.over, self.answers = port, threading.Event(), False, 0

    def ask(self):
        with socket.create_connection(("127.0.0.1", self.port)) as sock:
            sock.sendall(REQUEST)
            sock.recv(1)
            self.begun.set()
            while not self.over and sock.recv(1 << 16, socket.MSG_TRUNC):
                pass
        self.answers += not self.over

    def run(self):
        while not self.over:
            with contextlib.suppress(ConnectionError):
                self.ask()


def main():
    clients = [Client(int(sys.argv[1])) for _ in range(int(sys.argv[2]))]
    for c in clients:
        c.start()
    for c in clients:
        c.begun.wait()
    print("streaming", flush=True)
    sys.stdin.read()
    for c in clients:
        c.over = True
    for c in clients:
        c.join()
    print(sum(c.answers for c in clients))


if __name__ == "__main__":
    main()
