"""The guard that `conftest.py` puts around every test."""

import socket
import subprocess
import sys
import urllib.error
import urllib.request
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import pytest


@pytest.mark.parametrize("host", ["example.org", "192.0.2.1", "2001:db8::1"])
def test_nothing_leaves_this_machine(host):
    with pytest.raises(urllib.error.URLError, match="may not leave"):
        urllib.request.urlopen(f"http://{f'[{host}]' if ':' in host else host}/", timeout=1)


def test_datagrams_do_not_leave_either():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as datagrams:
        with pytest.raises(ConnectionError, match="may not leave"):
            datagrams.sendto(b"x", ("192.0.2.1", 9))


def test_a_python_started_by_a_test_is_closed_too():
    code = "import socket; socket.create_connection(('192.0.2.1', 80), timeout=1)"
    child = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert "tests may not leave this machine" in child.stderr


def test_this_machine_can_talk_to_itself():
    class Hello(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(204)
            self.end_headers()

        def log_message(self, *arguments):
            pass

    with HTTPServer(("127.0.0.1", 0), Hello) as server:
        Thread(target=server.handle_request, daemon=True).start()
        with urllib.request.urlopen(f"http://localhost:{server.server_port}/", timeout=5) as answer:
            assert answer.status == 204
