"""The embedded broker's life: it starts, ends, says why it could not, and never outlives its parent."""

import asyncio
import os
import select
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from hub.broker import BrokerError, EmbeddedBroker

WAIT_S = 15.0

PARENT = """
import asyncio, sys
from pathlib import Path
from hub.broker import EmbeddedBroker

async def main():
    async with EmbeddedBroker(data_dir=Path(sys.argv[1])) as broker:
        print(broker.pid, flush=True)
        await asyncio.Event().wait()

asyncio.run(main())
"""


async def can_connect(broker: EmbeddedBroker) -> bool:
    try:
        _, writer = await asyncio.open_connection(broker.host, broker.port)
    except OSError:
        return False
    writer.close()
    await writer.wait_closed()
    return True


async def test_it_accepts_connections_from_start_to_stop(tmp_path: Path) -> None:
    async with EmbeddedBroker(data_dir=tmp_path / "made when needed") as broker:
        assert broker.running
        assert await can_connect(broker)
    assert not broker.running
    assert not await can_connect(broker)


async def test_a_restart_keeps_the_port(tmp_path: Path) -> None:
    async with EmbeddedBroker(data_dir=tmp_path) as broker:
        port, pid = broker.port, broker.pid
        await broker.restart()
        assert (broker.port, await can_connect(broker)) == (port, True)
        assert broker.pid != pid


async def test_a_second_start_does_nothing(tmp_path: Path) -> None:
    async with EmbeddedBroker(data_dir=tmp_path) as broker:
        pid = broker.pid
        await broker.start()
        assert broker.pid == pid


async def test_a_taken_port_is_said_at_once(tmp_path: Path) -> None:
    async with EmbeddedBroker(data_dir=tmp_path / "a") as first:
        with pytest.raises(BrokerError, match=f"cannot listen on 127.0.0.1:{first.port}"):
            await EmbeddedBroker(data_dir=tmp_path / "b", port=first.port).start()


async def test_a_supervisor_sees_that_it_died_and_can_start_it_again(tmp_path: Path) -> None:
    async with EmbeddedBroker(data_dir=tmp_path) as broker:
        os.kill(broker.pid, signal.SIGKILL)
        async with asyncio.timeout(WAIT_S):
            assert await broker.wait() == -signal.SIGKILL
        assert not broker.running
        await broker.start()
        assert await can_connect(broker)


def test_it_ends_when_its_parent_is_killed(tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", PARENT, tmp_path], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        broker = os.pidfd_open(int(parent.stdout.readline()))
        parent.kill()
    ended, _, _ = select.select([broker], [], [], WAIT_S)
    os.close(broker)
    assert ended, "the broker outlived its parent"
