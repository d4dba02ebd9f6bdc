"""A process that a supervisor can keep running: says that it is ready, or ends as it is told to."""

import os
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer


class Ready(BaseHTTPRequestHandler):
    """Answers every question with 200."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Stay quiet."""


def main() -> None:
    sys.stderr.write(f"line of {os.environ['PARLEY_NAME']}\n")
    if status := os.environ.get("PARLEY_EXIT"):
        sys.stderr.write("PARLEY_COLOUR is not set\n")
        sys.exit(int(status))
    HTTPServer(("127.0.0.1", int(os.environ["PARLEY_HEALTH_PORT"])), Ready).serve_forever()


if __name__ == "__main__":
    main()
