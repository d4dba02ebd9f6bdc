"""`python -m deploy.kafka`: have the jars, run a broker in the foreground, pin the jars anew."""

import os
import signal
import sys
import tempfile
from pathlib import Path
from types import FrameType
from typing import Annotated

import typer

from deploy.kafka.embedded import EmbeddedKafka
from deploy.kafka.errors import KafkaUnavailable
from deploy.kafka.jars import ensure_jars
from deploy.kafka.maven import resolve
from deploy.kafka.pins import CHECKSUMS, sha256_of, write_checksums

LIVENESS_SECONDS = 1.0

app = typer.Typer(help="The embedded Apache Kafka.", no_args_is_help=True, add_completion=False)


@app.command()
def fetch() -> None:
    """Resolve the jars into the cache and check them, so that the first start is quick."""
    print(ensure_jars(os.environ))


@app.command()
def run(
    data_dir: Annotated[Path, typer.Option(help="Kept over restarts: cluster id, ports and topics.")],
    port: Annotated[int | None, typer.Option(help="PLAINTEXT port; a free one if not given.")] = None,
    sasl_ssl: Annotated[bool, typer.Option("--sasl-ssl", help="Open a SASL_SSL listener as well.")] = False,
    heap_mb: Annotated[int, typer.Option(min=256, help="The most heap that Java may take.")] = 1024,
) -> None:
    """Run one broker until Ctrl-C or SIGTERM; prints where to find it once it answers."""
    signal.signal(signal.SIGTERM, _interrupt)
    broker = EmbeddedKafka(data_dir, port=port, sasl_ssl=sasl_ssl, heap_mb=heap_mb)
    try:
        broker.start()
        for listener in broker.node.client_listeners:
            for name, value in broker.connection(listener).environment().items():
                print(f"{name}={value}", flush=True)
        while not broker.wait(LIVENESS_SECONDS):
            pass
        raise KafkaUnavailable(f"Kafka ended by itself: see {broker.directory.log}.")
    except KeyboardInterrupt:
        broker.stop()


@app.command()
def checksums() -> None:
    """Resolve the jars that pom.xml names and pin what came: review the difference before you commit it."""
    with tempfile.TemporaryDirectory() as directory:
        resolve(Path(directory), os.environ)
        write_checksums({jar.name: sha256_of(jar) for jar in Path(directory).glob("*.jar")})
    print(CHECKSUMS)


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def main() -> None:
    """Errors that the user can do something about are one sentence and exit code 1."""
    try:
        app()
    except KafkaUnavailable as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
