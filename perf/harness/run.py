# SPDX-License-Identifier: Apache-2.0
"""What a device is given to measure with: the core, the time, the programs, a directory; and how a program is run."""
import dataclasses
import json
import os
import shutil
import signal
import subprocess

from .benchmark import Failed, Missing

PERF = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
ROOT = os.path.dirname(PERF)
BUILD = os.environ.get("AVS_BUILD_DIR", os.path.join(ROOT, "build", "release"))
SKIP = 77  # exit code of a program that cannot run here; its last line says why


@dataclasses.dataclass
class Run:
    cpu: int  # of the datapath that is measured
    seconds: float  # to measure, warm-up apart
    warmup: float
    build: str  # of ours
    directory: str  # for files; the same for all runs of the benchmark
    full: bool = False

    @property
    def other_cpu(self):
        """A core for what is not measured: the peer's main thread, a generator."""
        return next((cpu for cpu in sorted(os.sched_getaffinity(0)) if cpu != self.cpu), self.cpu)

    def program(self, name):
        """Path of a program of ours."""
        path = os.path.join(self.build, "bin", name)
        if not os.access(path, os.X_OK):
            raise Missing(f"{name} is not built: ./run build")
        return path

    def file(self, name):
        return os.path.join(self.directory, name)

    @staticmethod
    def exists(path):
        return os.path.exists(path)

    @staticmethod
    def tool(name, package=None):
        """Path of an installed program."""
        path = shutil.which(name) or shutil.which(name, path="/usr/sbin:/sbin")
        if path is None:
            raise Missing(f"{package or name} is not installed: ./run deps bench")
        return path

    @staticmethod
    def need_root():
        if os.getuid() != 0:
            raise Missing("needs root: sudo")

    def text(self, *command, timeout=600):
        """stdout of a command. Its process group is ended when it takes too long or we are interrupted."""
        command = [str(word) for word in command]
        environment = {**os.environ, "AVS_BUILD_DIR": self.build}
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True,
                              errors="replace", env=environment, start_new_session=True) as child:
            try:
                out, err = child.communicate(timeout=timeout)
            except BaseException as error:
                end_group(child)
                if isinstance(error, subprocess.TimeoutExpired):
                    raise Failed(f"{os.path.basename(command[0])} took more than {timeout} s") from None
                raise
        if child.returncode != 0:
            why = last_line(out) if child.returncode == SKIP else last_line(err) or last_line(out)
            kind = Missing if child.returncode == SKIP else Failed
            raise kind(why or f"{os.path.basename(command[0])} ended with {child.returncode}")
        return out

    def json(self, *command, timeout=600):
        """The JSON that a command prints as its last line."""
        line = last_line(self.text(*command, timeout=timeout))
        try:
            return json.loads(line)
        except ValueError:
            raise Failed(f"{os.path.basename(str(command[0]))} printed no JSON but '{line[:80]}'") from None


def last_line(text):
    lines = text.strip().splitlines()
    return lines[-1].strip() if lines else ""


def end_group(child):
    """TERM, so that a script can clean up behind itself; then KILL."""
    for number, wait in ((signal.SIGTERM, 15), (signal.SIGKILL, 5)):
        try:
            os.killpg(child.pid, number)
            child.communicate(timeout=wait)
            return
        except ProcessLookupError:
            return
        except subprocess.TimeoutExpired:
            pass
