"""The Java commands that make and run a node."""

from pathlib import Path

from deploy.kafka.directory import Identity, NodeDirectory

LOG4J = Path(__file__).with_name("log4j2.properties")
HEAP_START_MB = 512

_QUICK_AND_SMALL = ("-Xshare:auto", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xmx256m")


def format_command(java: str, jars: Path, directory: NodeDirectory, identity: Identity) -> list[str]:
    """Make the data directory the node's own; does nothing to one that is already."""
    tool = [java, *_QUICK_AND_SMALL, "-cp", f"{jars}/*", "kafka.tools.StorageTool", "format"]
    tool += ["--config", str(directory.properties), "--cluster-id", identity.cluster_id]
    return [*tool, "--ignore-formatted", "--add-scram", identity.scram_credential()]


def broker_command(java: str, jars: Path, directory: NodeDirectory, heap_mb: int) -> list[str]:
    """Run the node until a signal ends it. Of its heap it takes at first little, at most `heap_mb`."""
    machine = ["-Xshare:auto", "-XX:+UseParallelGC", "-XX:+ExitOnOutOfMemoryError"]
    machine += [f"-Xms{min(HEAP_START_MB, heap_mb)}m", f"-Xmx{heap_mb}m", "-Djava.awt.headless=true"]
    logging = [f"-Dlog4j2.configurationFile={LOG4J}", f"-Dparley.kafka.log={directory.log}"]
    logging.append("-Dlog4j2.disable.jmx=true")
    return [java, *machine, *logging, "-cp", f"{jars}/*", "kafka.Kafka", str(directory.properties)]
