"""The worker's image as an engine runs it: what is in it, what it may do, how it starts and stops."""

from __future__ import annotations

import http.client
import json
import signal
import time
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest
from moto.server import ThreadedMotoServer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from docker import DockerClient
    from docker.models.containers import Container

PYTHON = "/opt/batchkit/bin/python3"
MAX_BYTES = 220_000_000
PATIENCE_SECONDS = 300

ABSENT = """
import importlib.util, json, sys
import batchkit.entry.worker
import image_variants, image_facts
foreign = ["click", "rich", "docker", "moto", "pip", "setuptools", "batchkit.cli", "batchkit.local"]
print(json.dumps({
    "installed": [name for name in foreign if importlib.util.find_spec(name)],
    "loaded": sorted(name for name in sys.modules if name.split(".")[0] in foreign),
}))
"""

UNCOMPILED = """
import os, sys
import batchkit.entry.worker
import image_variants, image_facts
specs = [module.__spec__ for module in list(sys.modules.values()) if getattr(module, "__spec__", None)]
sources = [spec for spec in specs if (spec.origin or "").endswith(".py") and spec.cached]
assert len(sources) > 200, len(sources)
print([spec.origin for spec in sources if not os.path.exists(spec.cached)])
"""

WRITES = """
import json, os, pathlib
def writes(folder):
    try:
        pathlib.Path(folder, "x").write_text("x")
        return True
    except OSError:
        return False
folders = ["/", "/etc", "/opt/batchkit", "/opt/batchkit/app", "/usr/lib", "/var", "/tmp"]
print(json.dumps({"user": os.getuid(), "group": os.getgid(), "writes": [f for f in folders if writes(f)]}))
"""

CODECS = """
from io import BytesIO
import numpy
from PIL import Image, ImageCms, features
for form in ("JPEG", "PNG", "WEBP", "AVIF", "TIFF"):
    body = BytesIO()
    Image.fromarray(numpy.full((8, 8, 3), 200, dtype="uint8")).save(body, form)
    assert Image.open(BytesIO(body.getvalue())).size == (8, 8), form
assert ImageCms.createProfile("sRGB") and features.check("littlecms2")
print(numpy.linalg.norm(numpy.ones(4)))
"""

# Pillow's module is chosen when Python starts; without the finder it is the one that came with the wheel.
RESIZERS = """
import json, subprocess, sys
code = '''
import hashlib, json, sys
if sys.argv[1] == "plain":
    sys.meta_path[:] = [finder for finder in sys.meta_path if type(finder).__module__ != "pillow_avx2"]
from PIL import Image, _imaging, features
round, straight = Image.radial_gradient("L"), Image.linear_gradient("L")
picture = Image.merge("RGB", [round, straight, round])
small = picture.resize((101, 67), Image.Resampling.LANCZOS)
from image_variants.resizers import installed
print(json.dumps([_imaging.__file__, list(small.tobytes()), next(iter(installed())), features.check("avif")]))
'''
command = [sys.executable, "-I", "-c", code]
runs = [subprocess.run([*command, way], capture_output=True, check=True) for way in ("", "plain")]
avx2 = "avx2" in open("/proc/cpuinfo").read()
print(json.dumps([avx2, *(json.loads(run.stdout) for run in runs)]))
"""

LIBVIPS = """
import json, pyvips
from PIL import Image
from image_variants.resizers import fastest
round, straight = Image.radial_gradient("L"), Image.linear_gradient("L")
picture = Image.merge("RGB", [round, straight, round]).resize((900, 600))
small = fastest().resize(picture, (300, 200), (0, 0, 900, 600))
plain = picture.resize((300, 200), Image.Resampling.LANCZOS)
pairs = zip(small.tobytes(), plain.tobytes(), strict=True)
print(json.dumps([fastest().name, pyvips.API_mode, max(abs(a - b) for a, b in pairs)]))
"""

# One of three tasks needs more memory than the container has.
GREEDY = """
import json
from batchkit.job import Original, Output, Task
from batchkit.recipe import Recipe
from batchkit.worker.cell import Limits
from batchkit.worker.isolation import Isolated
class Greedy:
    version = "1"
    def plan(self, recipe):
        return [Task(name, "txt") for name in "abc"]
    def make(self, original, tasks):
        for task in tasks:
            if task.name == "b":
                kept = bytearray(900 * 2**20)
                kept[::4096] = b"x" * len(kept[::4096])
            yield Output(task.name, b"made", "text/plain")
tasks = tuple(Greedy().plan({}))
job, found = Isolated(Recipe("greedy", {}, Greedy(), tasks), lanes=1, limits=Limits()), []
try:
    for result in job.make(Original("key", b"body"), tasks):
        found.append(result.task)
except Exception as error:
    found.append(error.error_class)
print(json.dumps(found))
"""

# Listens as the worker does, and would work forever.
HANGING = """
import os, sys, time
from batchkit.entry import worker
from batchkit.worker import stop
with stop.listening() as flag:
    print("listening as", os.getpid(), flush=True)
    while not flag.requested:
        time.sleep(0.01)
raise SystemExit(75)
"""


def python(engine: DockerClient, image: str, code: str, **options: Any) -> str:
    """What `code` prints in a container as Batch starts it: read-only, without a network unless given."""
    answer = engine.containers.run(
        image,
        entrypoint=[PYTHON, "-I", "-c", code],
        remove=True,
        **{"read_only": True, "network_mode": "none", **options},
    )
    return answer.decode()


@pytest.fixture
def started(engine: DockerClient) -> Iterator[list[Container]]:
    """Containers that a test appends are removed after it."""
    containers: list[Container] = []
    yield containers
    for container in containers:
        container.remove(force=True)


@pytest.fixture
def s3() -> Iterator[str]:
    """An endpoint on this machine whose S3 has the bucket `photos`."""
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    with closing(http.client.HTTPConnection(host, port, timeout=PATIENCE_SECONDS)) as connection:
        connection.request("PUT", "/photos")
        assert connection.getresponse().status == 200
    yield f"http://{host}:{port}"
    server.stop()


def test_the_image_is_small(engine: DockerClient, worker_image: str) -> None:
    assert engine.images.get(worker_image).attrs["Size"] < MAX_BYTES


def test_it_resizes_with_avx2_where_the_processor_has_it_and_makes_the_same_pictures(
    engine: DockerClient, worker_image: str
) -> None:
    avx2, best, plain = json.loads(python(engine, worker_image, RESIZERS))

    assert best[0].endswith("_imaging_avx2.so") == avx2
    assert best[2] == ("pillow-simd" if avx2 else plain[2])
    assert not plain[0].endswith("_imaging_avx2.so")
    assert max(abs(a - b) for a, b in zip(best[1], plain[1], strict=True)) <= 2
    assert best[3]
    assert plain[3]


def test_without_a_compiler_libvips_resizes(engine: DockerClient, libvips_image: str) -> None:
    name, compiled, difference = json.loads(python(engine, libvips_image, LIBVIPS))

    assert (name, compiled) == ("libvips", True)
    assert difference <= 2
    assert engine.images.get(libvips_image).attrs["Size"] < MAX_BYTES


def test_the_kernel_s_kill_for_lack_of_memory_costs_an_item_and_not_the_worker(
    engine: DockerClient, worker_image: str
) -> None:
    found = json.loads(python(engine, worker_image, GREEDY, mem_limit="300m", memswap_limit="300m"))

    assert found[-1] == "OutOfMemory"
    assert "a" in found


def test_it_has_no_shell_no_pip_and_nothing_of_the_command_line(
    engine: DockerClient, worker_image: str
) -> None:
    found = json.loads(python(engine, worker_image, ABSENT))

    assert found == {"installed": [], "loaded": []}


def test_the_interpreter_is_the_first_process_with_no_shell_before_it(
    engine: DockerClient, worker_image: str
) -> None:
    config = engine.images.get(worker_image).attrs["Config"]

    assert config["Entrypoint"] == [PYTHON, "-I", "-m", "batchkit.entry.worker"]
    assert config["User"] == "10001:10001"


def test_it_runs_as_nobody_in_particular_and_writes_only_where_a_file_system_in_memory_is(
    engine: DockerClient, worker_image: str
) -> None:
    found = json.loads(python(engine, worker_image, WRITES, tmpfs={"/tmp": "size=16m,mode=1777"}))  # noqa: S108

    assert found == {"user": 10001, "group": 10001, "writes": ["/tmp"]}  # noqa: S108


def test_even_with_a_writable_root_the_user_cannot_change_the_program(
    engine: DockerClient, worker_image: str
) -> None:
    found = json.loads(python(engine, worker_image, WRITES, read_only=False))

    assert found["writes"] == ["/tmp"]  # noqa: S108


def test_every_module_that_a_worker_imports_is_compiled(engine: DockerClient, worker_image: str) -> None:
    assert python(engine, worker_image, UNCOMPILED).strip() == "[]"


def test_the_codecs_and_the_arithmetic_survived_the_trimming(engine: DockerClient, worker_image: str) -> None:
    assert python(engine, worker_image, CODECS).strip() == "2.0"


def test_without_a_job_it_exits_as_misconfigured_and_says_what_to_do(
    engine: DockerClient, worker_image: str, started: list[Container]
) -> None:
    started.append(engine.containers.run(worker_image, detach=True, read_only=True, network_mode="none"))

    code = started[0].wait(timeout=PATIENCE_SECONDS)["StatusCode"]

    line = json.loads(started[0].logs())
    assert code == 78
    assert "upload" in line["expected"]
    assert line["fix"]


def test_without_an_environment_it_exits_as_misconfigured_and_names_what_is_missing(
    engine: DockerClient, worker_image: str, started: list[Container]
) -> None:
    command = ["upload", "a" * 64, "bucket", "key.jpg", "etag", "1", "00AA", "2026-11-23T12:00:00Z"]
    started.append(engine.containers.run(worker_image, command, detach=True, read_only=True))

    code = started[0].wait(timeout=PATIENCE_SECONDS)["StatusCode"]

    assert code == 78
    assert b"BATCHKIT_UPLOADS" in started[0].logs()


def test_the_first_process_handles_sigterm(
    engine: DockerClient, worker_image: str, started: list[Container]
) -> None:
    started.append(
        engine.containers.run(worker_image, entrypoint=[PYTHON, "-I", "-c", HANGING], detach=True, init=False)
    )
    wait_for(started[0], b"listening as 1")

    started[0].kill(signal.SIGTERM)

    assert started[0].wait(timeout=PATIENCE_SECONDS)["StatusCode"] == 75


def test_it_tells_how_fast_it_starts(engine: DockerClient, worker_image: str) -> None:
    answer = engine.containers.run(
        worker_image,
        entrypoint=[PYTHON, "-I", "/opt/batchkit/start.py"],
        remove=True,
        read_only=True,
        network_mode="none",
    )

    times = json.loads(answer)
    assert set(times) == {"process", "imports", "jobs", "clients", "sum"}
    print(f"start in milliseconds: {times}")


def test_it_tells_how_long_the_first_call_takes(engine: DockerClient, worker_image: str, s3: str) -> None:
    answer = engine.containers.run(
        worker_image,
        ["photos"],
        entrypoint=[PYTHON, "-I", "/opt/batchkit/start.py"],
        environment={
            "AWS_ENDPOINT_URL": s3,
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
        },
        remove=True,
        read_only=True,
        network_mode="host",
    )

    times = json.loads(answer)
    assert set(times) == {"process", "imports", "jobs", "clients", "first_call", "sum"}
    print(f"start to the first answer of S3 in milliseconds: {times}")


def test_its_labels_say_what_it_is_made_from(
    engine: DockerClient, worker_image: str, base_image: str
) -> None:
    labels = engine.images.get(worker_image).labels

    assert labels["org.opencontainers.image.base.name"] == base_image
    assert labels["org.opencontainers.image.base.digest"] == engine.images.get(base_image).id
    assert {"org.opencontainers.image.version", "batchkit.job.image-variants"} <= set(labels)


def wait_for(container: Container, text: bytes) -> None:
    """Until the container has printed `text`."""
    until = time.monotonic() + PATIENCE_SECONDS
    while text not in container.logs():
        if time.monotonic() > until:
            pytest.fail(f"no {text!r} in: {container.logs()!r}")
        time.sleep(0.05)
